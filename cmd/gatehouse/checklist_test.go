package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAChecklistIsCheckedWithTheLinesOfItsFaults(t *testing.T) {
	source, _, err := run(t, "checklist", "print")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "own.yaml")
	for _, test := range []struct{ from, to, want string }{
		{"", "", "service-transition, version 1: Service transition. Of 52 items these are mandatory:\n  tier 0: 45\n  tier 1: 43\n  tier 2: 41\n  tier 3: 41\n"},
		{"due: 30", "due: soon", "line 24: expected a whole number from 0 to 260, not \"soon\""},
	} {
		if err := os.WriteFile(path, []byte(strings.Replace(source, test.from, test.to, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		out, _, err := run(t, "checklist", "validate", path)
		if err != nil {
			out = err.Error()
		}
		if !strings.Contains(out, test.want) {
			t.Errorf("it says\n%s\nwant\n%s", out, test.want)
		}
	}
	if _, _, err := run(t, "checklist", "validate", "no-such-file"); err == nil {
		t.Error("a file that is not there is accepted")
	}
}
