package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
	"github.com/gatehousehq/gatehouse/models/store"
)

func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPolicyValidateNamesTheLine(t *testing.T) {
	out, _, err := run(t, "policy", "validate", written(t, string(files.DefaultPolicy)))
	if err != nil || !strings.Contains(out, "version 2 is in order") || strings.Contains(out, "note:") {
		t.Errorf("%v\n%s", err, out)
	}
	_, _, err = run(t, "policy", "validate", written(t, "version: 1\nrules:\n  - name: all\n    require: [1 of boss]\n"))
	if err == nil || !strings.Contains(err.Error(), `line 4: nobody holds "boss"`) {
		t.Error(err)
	}
	out, _, err = run(t, "policy", "validate", written(t, "version: 1\nrules:\n  - {name: all, require: []}\n  - {name: late, when: {type: [normal]}, require: [1 of cab]}\n"))
	if err != nil || !strings.Contains(out, `rule 2, "late", never matches`) {
		t.Errorf("%v\n%s", err, out)
	}
	if _, _, err := run(t, "policy", "validate", "no-such-file"); err == nil {
		t.Error("a file that is not there is in order")
	}
}

func TestPolicyReplayReadsBesideAServingProcess(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GATEHOUSE_DATA_DIR", dir)
	t.Setenv("GATEHOUSE_DATABASE_URL", "")
	ctx := t.Context()
	s, err := store.Open(ctx, store.Options{URL: filepath.Join(dir, "gatehouse.db")}) // stays open, as serve does
	fine := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	fine(err)
	t.Cleanup(func() { _ = s.Close() })
	fine(s.EnsureWorkspace(ctx, "T1", "Acme", "UBOT"))
	_, err = s.ImportCatalog(ctx, "T1", store.Catalog{Teams: []models.Team{{ID: "web", Name: "Web", Members: []models.UserID{"U1", "U2"}}},
		Services: []models.Service{{Slug: "shop", Name: "Shop", Tier: 3, Team: "web", Owner: "U2", OpsLead: "U2"}}})
	fine(err)
	_, err = s.ActivatePolicy(ctx, "T1", 2, files.DefaultPolicy, files.Policy)
	fine(err)
	start := s.Now().Add(14 * 24 * time.Hour).Truncate(time.Minute)
	_, err = s.CreateChange(ctx, store.Command{Workspace: "T1", Actor: "U1"}, func(c *models.Change, f models.Facts) error {
		return c.Raise(models.Input{Title: "New banner", Services: []models.Slug{"shop"}, Environment: models.Production, Start: start, End: start.Add(time.Hour),
			Plan: "Switch the flag.", Check: "The banner shows on all pages.", Rollback: "When it does not: switch it off (1 minute).",
			Risk: models.RiskAnswers{Users: models.ReachOneTeam, Rehearsed: models.Yes, RollbackTested: models.Yes, Reversible: models.Yes, DoneBefore: models.TimesOften, Peak: models.No, Parties: models.No}}, f)
	})
	fine(err)
	draft := strings.Replace(string(files.DefaultPolicy), "require: [1 of peer]\n  - name: production, medium", "require: [1 of peer, 2 of cab]\n  - name: production, medium", 1)
	out, _, err := run(t, "policy", "replay", written(t, draft))
	if err != nil || !strings.Contains(out, "1 changes of the last 90 days") || !strings.Contains(out, "1 need more") || !strings.Contains(out, "2 approvals added, 0 removed") {
		t.Errorf("%v\n%s", err, out)
	}
	t.Log(out)
	out, _, err = run(t, "policy", "show")
	if err != nil || out != string(files.DefaultPolicy) {
		t.Errorf("%v\n%s", err, out)
	}
	if _, _, err := run(t, "policy", "replay", "--days", "0", written(t, draft)); err == nil {
		t.Error("0 days were replayed")
	}
}
