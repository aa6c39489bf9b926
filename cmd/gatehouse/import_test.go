package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehousehq/gatehouse/bot"
	"github.com/gatehousehq/gatehouse/models/store"
)

func TestServicesAreImportedFromTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GATEHOUSE_DATA_DIR", dir)
	config, _ := bot.LoadConfig()
	s, err := store.Open(t.Context(), store.Options{URL: config.StoreURL()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.EnsureWorkspace(t.Context(), "T1", "Acme", "U0BOT"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("services.csv", "slug,team,team_group,tier\npay,payments,S0PAY,1\nweb,payments,,2\n")
	for _, step := range []struct {
		args []string
		want string
	}{
		{[]string{"--owner", "U0CHI", "--dry-run", good}, "Dry run, nothing was changed: 2 services added, 0 changed, 0 the same; 1 teams changed."},
		{[]string{"--owner", "U0CHI", good}, "+ pay\n    Name: \"\" → \"pay\"\n    Tier: \"\" → \"1\""},
		{[]string{"--owner", "U0CHI", good}, "Done: 0 services added, 0 changed, 2 the same; 0 teams changed."},
		{[]string{write("tier.csv", "slug,tier\npay,0\n")}, "~ pay\n    Tier: \"1\" → \"0\"\nDone: 0 services added, 1 changed, 0 the same; 0 teams changed."},
	} {
		out, _, err := run(t, append([]string{"import", "services"}, step.args...)...)
		if err != nil || !strings.Contains(out, step.want) {
			t.Errorf("%v: %v\n%s", step.args, err, out)
		}
	}
	for name, want := range map[string]string{
		write("bad.csv", "slug,tier,owner,team\na,x,U0CHI,payments\nb,1,U0CHI,nonsuch\nc,1,,payments\n"): "3 lines are wrong, so nothing was changed:\nline 2: tier: expected a whole number from 0 to 3, not \"x\"\nline 3: b: there is no team \"nonsuch\"",
		filepath.Join(dir, "nonsuch.csv"): "no such file",
	} {
		if _, _, err := run(t, "import", "services", name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
