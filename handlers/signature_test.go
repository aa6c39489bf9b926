package handlers_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/handlers"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// approval is a click as Slack sends it, which would approve the change.
func (w *house) approval(c *models.Change, by models.UserID, trigger string) []byte {
	return payload(map[string]any{
		"type": "block_actions", "trigger_id": trigger, "response_url": "",
		"team": map[string]any{"id": workspace, "domain": "test"}, "user": map[string]any{"id": by, "team_id": workspace},
		"actions": []any{map[string]any{"type": "button", "action_id": "change.approve", "block_id": "b", "value": value(c)}},
	})
}

// value is a button's value, written out so that a change of its form is seen.
func value(c *models.Change) string { return fmt.Sprintf("%d:%s", c.ID, c.Revision) }

// payload is an interaction's body.
func payload(v any) []byte { return []byte(url.Values{"payload": {toJSON(v)}}.Encode()) }

// signed is a request that Slack signed at that moment.
func (w *house) signed(path, kind string, at time.Time, body []byte) *http.Request {
	w.t.Helper()
	r, err := w.Request(w.url+path, kind, at, body)
	must(w.t, err)
	return r
}

// send posts a request and returns status and body.
func (w *house) send(r *http.Request) (int, string) {
	w.t.Helper()
	res, err := client.Do(r)
	must(w.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	must(w.t, err)
	return res.StatusCode, string(body)
}

// client keeps no connection open between requests.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// mutation spoils a signed request in one way; it returns the new body.
type mutation struct {
	name  string
	spoil func(r *rand.Rand, h http.Header, body []byte) []byte
}

const (
	signature = "X-Slack-Signature"
	timestamp = "X-Slack-Request-Timestamp"
)

var mutations = []mutation{
	{"a bit of the body", func(r *rand.Rand, _ http.Header, b []byte) []byte { return flip(r, b) }},
	{"a bit of the signature", func(r *rand.Rand, h http.Header, b []byte) []byte {
		h.Set(signature, printable(flip(r, []byte(h.Get(signature)))))
		return b
	}},
	{"another digit in the signature", func(r *rand.Rand, h http.Header, b []byte) []byte {
		s := []byte(h.Get(signature))
		i := 3 + r.IntN(len(s)-3)
		s[i] = "0123456789abcdef"[(strings.IndexByte("0123456789abcdef", s[i])+1+r.IntN(15))%16]
		h.Set(signature, string(s))
		return b
	}},
	{"upper-case signature", func(_ *rand.Rand, h http.Header, b []byte) []byte {
		h.Set(signature, "v0="+strings.ToUpper(h.Get(signature)[3:]))
		return b
	}},
	{"another second", func(r *rand.Rand, h http.Header, b []byte) []byte {
		at, _ := strconv.ParseInt(h.Get(timestamp), 10, 64)
		h.Set(timestamp, strconv.FormatInt(at+1+r.Int64N(200), 10))
		return b
	}},
	{"timestamp that is read alike", func(r *rand.Rand, h http.Header, b []byte) []byte {
		h.Set(timestamp, []string{"+", "0", "00"}[r.IntN(3)]+h.Get(timestamp))
		return b
	}},
	{"timestamp that is no number", func(r *rand.Rand, h http.Header, b []byte) []byte {
		h.Set(timestamp, []string{"now", "1e9", "0x66666666", "9223372036854775808", "-1", "1.5", h.Get(timestamp) + ".0"}[r.IntN(7)])
		return b
	}},
	{"no signature", func(_ *rand.Rand, h http.Header, b []byte) []byte { h.Del(signature); return b }},
	{"no timestamp", func(_ *rand.Rand, h http.Header, b []byte) []byte { h.Del(timestamp); return b }},
	{"empty signature", func(_ *rand.Rand, h http.Header, b []byte) []byte { h.Set(signature, ""); return b }},
	{"empty timestamp", func(_ *rand.Rand, h http.Header, b []byte) []byte { h.Set(timestamp, ""); return b }},
	{"two signatures, the good one first", func(_ *rand.Rand, h http.Header, b []byte) []byte {
		h.Add(signature, "v0="+strings.Repeat("0", 64))
		return b
	}},
	{"two signatures, the good one last", func(_ *rand.Rand, h http.Header, b []byte) []byte {
		h[signature] = []string{"v0=" + strings.Repeat("0", 64), h.Get(signature)}
		return b
	}},
	{"the same signature twice", func(_ *rand.Rand, h http.Header, b []byte) []byte { h.Add(signature, h.Get(signature)); return b }},
	{"two timestamps", func(_ *rand.Rand, h http.Header, b []byte) []byte { h.Add(timestamp, "1"); return b }},
	{"another version", func(r *rand.Rand, h http.Header, b []byte) []byte {
		h.Set(signature, []string{"v1=", "v0:", "V0=", "", "v00=", "v0 ="}[r.IntN(6)]+h.Get(signature)[3:])
		return b
	}},
	{"shorter signature", func(r *rand.Rand, h http.Header, b []byte) []byte {
		s := h.Get(signature)
		h.Set(signature, s[:r.IntN(len(s))])
		return b
	}},
	{"longer signature", func(r *rand.Rand, h http.Header, b []byte) []byte {
		h.Set(signature, h.Get(signature)+strings.Repeat("0", 1+r.IntN(5)))
		return b
	}},
	{"shorter body", func(r *rand.Rand, _ http.Header, b []byte) []byte { return b[:r.IntN(len(b))] }},
	{"longer body", func(r *rand.Rand, _ http.Header, b []byte) []byte {
		return append(slices.Clone(b), []string{"&x=1", " ", "\n", "\x00", "&payload={}"}[r.IntN(5)]...)
	}},
	{"the form in another order", func(_ *rand.Rand, _ http.Header, b []byte) []byte { return append([]byte("a=b&"), b...) }},
	{"no body", func(*rand.Rand, http.Header, []byte) []byte { return nil }},
}

func flip(r *rand.Rand, b []byte) []byte {
	out := slices.Clone(b)
	out[r.IntN(len(out))] ^= 1 << r.IntN(7)
	return out
}

// printable keeps what a header can carry, and different from what it was.
func printable(b []byte) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, string(b))
}

func TestNoSpoiltSignatureIsAccepted(t *testing.T) {
	w := build(t, plan{})
	c := w.raise()
	tries, seed := proof.N(500, 10_000), uint64(20261122)
	r := rand.New(rand.NewPCG(seed, 1))
	accepted := 0
	for i := range tries {
		m := mutations[i%len(mutations)]
		body := w.approval(c, ben, fmt.Sprintf("trigger-%d", i))
		good := w.signed(handlers.PathInteractions, formType, time.Now(), body)
		header := good.Header.Clone()
		spoilt := m.spoil(r, header, body)
		if slices.Equal(header.Values(signature), good.Header.Values(signature)) && slices.Equal(header.Values(timestamp), good.Header.Values(timestamp)) && bytes.Equal(spoilt, body) {
			continue // the spoiling changed nothing
		}
		req, err := http.NewRequest(http.MethodPost, w.url+handlers.PathInteractions, bytes.NewReader(spoilt))
		must(t, err)
		req.Header = header
		if status, _ := w.send(req); status != http.StatusUnauthorized {
			accepted++
			t.Errorf("%s: status %d", m.name, status)
		}
	}
	for _, forger := range []string{"", "0123456789abcdef0123456789abcdee", "wrong"} { // other secrets
		other, err := slackfake.New(slackfake.Config{SigningSecret: forger})
		must(t, err)
		defer other.Close()
		req, err := other.Request(w.url+handlers.PathInteractions, formType, time.Now(), w.approval(c, ben, "forged"))
		must(t, err)
		tries++
		if status, _ := w.send(req); status != http.StatusUnauthorized {
			accepted++
			t.Errorf("a signature by the secret %q: status %d", forger, status)
		}
	}
	if got := w.change(c.ID); len(got.Approvals) != 0 {
		t.Errorf("a forged click was recorded: %+v", got.Approvals)
	}
	if status, _ := w.send(w.signed(handlers.PathInteractions, formType, time.Now(), w.approval(c, ben, "real"))); status != http.StatusOK {
		t.Fatalf("an unspoilt request got status %d, so nothing is proven", status)
	}
	w.until("the real click counts", func() bool { return len(w.change(c.ID).Counting()) == 1 })
	proof.Record(t, proof.Row{What: "Spoilt, forged or re-headed signatures; accepted ones are bad", Where: "SQLite", Tried: tries, Seed: fmt.Sprint(seed), Bad: accepted,
		Note: fmt.Sprintf("%d kinds of spoiling, over real HTTP", len(mutations)+1)})
}

func TestOldAndFutureRequestsAreRefused(t *testing.T) {
	w := build(t, plan{})
	c := w.raise()
	for _, off := range []time.Duration{-24 * time.Hour, -6 * time.Minute, -5*time.Minute - 2*time.Second, 5*time.Minute + 3*time.Second, time.Hour} {
		status, _ := w.send(w.signed(handlers.PathInteractions, formType, time.Now().Add(off), w.approval(c, ben, "t"+off.String())))
		if status != http.StatusUnauthorized {
			t.Errorf("a request %s off got status %d", off, status)
		}
	}
	if n := len(w.change(c.ID).Approvals); n != 0 {
		t.Fatalf("%d approvals came from outside the window", n)
	}
	for _, off := range []time.Duration{-4 * time.Minute, 4 * time.Minute} {
		if status, _ := w.send(w.signed(handlers.PathInteractions, formType, time.Now().Add(off), w.approval(c, ben, "t"+off.String()))); status != http.StatusOK {
			t.Errorf("a request %s off got status %d", off, status)
		}
	}
}

func TestReplayedRequestsHaveNoSecondEffect(t *testing.T) {
	w := build(t, plan{})
	c := w.raise()
	replays := proof.N(10, 200)
	bodies := map[string][]byte{
		"click":   w.approval(c, ben, "trigger-of-the-click"),
		"command": slash("/change "+c.ID.String(), "trigger-of-the-command", w.url),
	}
	click := w.signed(handlers.PathInteractions, formType, time.Now(), bodies["click"])
	command := w.signed(handlers.PathCommands, formType, time.Now(), bodies["command"])
	_, firstAnswer := w.send(command)
	for range replays {
		again, err := w.Request(click.URL.String(), formType, time.Now(), bodies["click"])
		must(t, err)
		again.Header = click.Header.Clone() // byte for byte the same request
		if status, body := w.send(again); status != http.StatusOK || body != "" {
			t.Fatalf("a replayed click got %d %q", status, body)
		}
		repeat, err := w.Request(command.URL.String(), formType, time.Now(), bodies["command"])
		must(t, err)
		repeat.Header = command.Header.Clone()
		if status, body := w.send(repeat); status != http.StatusOK || body != firstAnswer {
			t.Fatalf("a replayed command got %d %s", status, body)
		}
	}
	given := 0
	for _, e := range w.events(c.ID) {
		if e.Kind == models.EventApprovalGiven {
			given++
		}
	}
	dms := len(w.DM("ben"))
	proof.Record(t, proof.Row{What: "Replayed requests inside the window: second effects", Where: "SQLite", Tried: 2 * replays, Bad: given - 1 + max(0, dms-1)})
}

// slash is a command's body.
func slash(typed, trigger, responseURL string) []byte {
	command, text, _ := strings.Cut(typed, " ")
	return []byte(url.Values{"command": {command}, "text": {text}, "team_id": {string(workspace)}, "team_domain": {"test"}, "channel_id": {"C0GENERAL"},
		"user_id": {string(ben)}, "trigger_id": {trigger}, "response_url": {responseURL}}.Encode())
}
