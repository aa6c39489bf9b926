# Everything a contributor needs. `make test` and `make demo` set up what is
# missing on a Debian machine when run as root, and say what to do elsewhere.
export CGO_ENABLED ?= 0
RECORD := $(CURDIR)/bin/recorded
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: demo test contract race lint bench prove build setup clean

demo: ## try Gatehouse in a browser
	go run ./cmd/gatehouse demo

build: ## a static binary in bin/
	go build -trimpath -ldflags="-s -w" -o bin/gatehouse ./cmd/gatehouse

setup: ## PostgreSQL and Chromium, which the tests need
	@.ci/setup

test: setup ## the whole suite, on both engines and in a browser
	@rm -rf $(RECORD) && mkdir -p $(RECORD)
	go vet ./...
	GATEHOUSE_RECORD_DIR=$(RECORD) go test -count=1 -timeout 20m ./...

contract: ## everything the last `make test` sent to Slack, against Slack's published types and limits
	@.ci/contract $(RECORD)

race: setup ## both doors, the stand-in and the Slack client, under the race detector
	CGO_ENABLED=1 go test -race -count=1 ./bot/slackapi ./bot/slackfake ./handlers

lint: ## gofmt, vet and staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

bench: setup ## decisions a second, beside a bare handler with one INSERT
	go test -run '^$$' -bench . -benchtime 3s ./bot/... ./models/...

prove: setup ## every figure in full, on both engines, into docs/proof.md
	.ci/prove

clean:
	rm -rf bin
