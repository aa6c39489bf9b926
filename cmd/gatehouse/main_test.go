package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models/files"
)

// run calls the command line as a person would.
func run(t *testing.T, args ...string) (string, string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := root()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&errs)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), errs.String(), err
}

func TestTheManifestInDeployIsTheOneThatTheRoutesMake(t *testing.T) {
	out, link, err := run(t, "manifest")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("../../deploy/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != out {
		t.Error("deploy/manifest.json is stale; run: go run ./cmd/gatehouse manifest > deploy/manifest.json")
	}
	if !strings.Contains(link, "https://api.slack.com/apps?new_app=1&manifest_json=") || !strings.Contains(link, "users:read") {
		t.Errorf("no link that creates the app, or no reasons for the permissions:\n%s", link)
	}
}

func TestTheExampleServicesFileIsAccepted(t *testing.T) {
	source, err := os.ReadFile("../../deploy/services.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := files.ReadCatalog(source); err != nil {
		t.Errorf("deploy/services.yaml is refused:\n%v", err)
	}
}

func TestHelpConfigListsEveryVariable(t *testing.T) {
	out, _, err := run(t, "help", "config")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"GATEHOUSE_SLACK_BOT_TOKEN (or …_FILE)", "GATEHOUSE_MODE", "GATEHOUSE_DATABASE_URL", "GATEHOUSE_CHANGES_CHANNEL", "GATEHOUSE_LOG_LEVEL"} {
		if !strings.Contains(out, name) {
			t.Errorf("%s is not in the table:\n%s", name, out)
		}
	}
}

func TestServeNamesEveryProblemAtOnce(t *testing.T) {
	t.Setenv("GATEHOUSE_MODE", "carrier-pigeon")
	t.Setenv("GATEHOUSE_CHANGES_CHANNEL", "#changes")
	_, _, err := run(t, "serve")
	if err == nil {
		t.Fatal("serve started without a token")
	}
	for _, name := range []string{"GATEHOUSE_SLACK_BOT_TOKEN is missing", "GATEHOUSE_MODE", "carrier-pigeon", "GATEHOUSE_CHANGES_CHANNEL"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q is not named in:\n%v", name, err)
		}
	}
}

func TestServeEndsCleanlyWhileItWaitsForSlack(t *testing.T) {
	for name, value := range map[string]string{"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "CHANGES_CHANNEL": "C0CHANGES", "SLACK_API_URL": "http://127.0.0.1:1/api/"} {
		t.Setenv("GATEHOUSE_"+name, value)
	}
	t.Setenv("GATEHOUSE_DATA_DIR", t.TempDir())
	t.Setenv("GATEHOUSE_RECORD_DIR", "") // put back afterwards: `make test` sets it, for the stand-in alone
	if err := os.Unsetenv("GATEHOUSE_RECORD_DIR"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
	defer stop()
	cmd := root()
	cmd.SetArgs([]string{"serve"})
	if err := cmd.ExecuteContext(ctx); err != nil {
		t.Errorf("told to stop, it complains: %v", err)
	}
}

func TestEveryViewCanBePrinted(t *testing.T) {
	list, _, err := run(t, "views")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(list)
	if len(names) < 10 {
		t.Fatalf("only %d views", len(names))
	}
	out, _, err := run(t, "views", names[0])
	if err != nil || !strings.Contains(out, "{") {
		t.Errorf("view %s: %v\n%s", names[0], err, out)
	}
	if _, _, err := run(t, "views", "no-such-view"); err == nil {
		t.Error("an unknown view was printed")
	}
}
