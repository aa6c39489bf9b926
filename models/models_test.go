package models

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// spellings are how people write the number n of a change.
var spellings = []string{
	"%d", "#%d", "chg%d", "CHG%d", "Chg-%d", "CHG-%d", "chg-%d", "chg_%d", "chg %d", "chg#%d", "chg:%d", "CHG‑%d", "CHG–%d",
	" CHG-%d ", "CHG-%d.", "CHG-%d,", "CHG-%d?", "(CHG-%d)", "[CHG-%d]", "<CHG-%d>", "*CHG-%d*", "_%d_", "`CHG-%d`", "\"CHG-%d\"", "“CHG-%d”", "%d!", "CHG-00%d",
	"<https://acme.slack.com/archives/C1/p1700000000000100|CHG-%d>", "https://gatehouse.example/changes/CHG-%d", "<https://gatehouse.example/chg%d>",
	"\u200f%d", "\u2067CHG-%d\u2069", "https://gatehouse.example/CHG-%d/", "https://gatehouse.example/?id=chg-%d", "https://gatehouse.example/#CHG-%d",
}

func TestAChangeIsFoundInEverySpelling(t *testing.T) {
	ids := []int64{1, 2, 9, 10, 42, 99, 100, 999, 1000, 12345, 999999999999}
	for n := int64(3); len(ids) < 50; n = n*7%100003 + 1 {
		ids = append(ids, n)
	}
	tried := 0
	for _, spelling := range spellings {
		for _, id := range ids {
			text := fmt.Sprintf(spelling, id)
			if strings.Contains(spelling, "00%d") && id > 9999999999 {
				continue // thirteen digits are no number of ours
			}
			tried++
			if got, ok := ParseChangeID(text); !ok || got != ChangeID(id) {
				t.Errorf("%q is %v, %v", text, got, ok)
			}
		}
	}
	t.Logf("%d spellings × %d ids: %d read right", len(spellings), len(ids), tried)
}

func TestWhatIsNoChangeIsNotTakenForOne(t *testing.T) {
	for _, text := range []string{
		"", " ", "#", "chg", "CHG-", "CHG-0", "0", "000", "-4", "+4", "4.5", "4,5", "1e3", "0x4", "4 5", "CHG-4 CHG-5", "CHG-4a", "a4", "chgg4", "chg--4",
		"REL-3", "INC-12", "mine", "list", "new", "1234567890123", "CHG-99999999999999999999", "٤", "４", "⁴", "CHG-④", "½",
		"<@U4>", "<#C4|general>", "<!channel>", "<!date^1700000000^{date}|4>", "U0123", "p1700000000000100", "1700000000.000100",
		"https://acme.slack.com/archives/C1/p1700000000000100", "https://github.com/acme/api/pull/42", "https://acme.example/issues/42",
		"<https://github.com/acme/api/pull/42|42>", "<https://github.com/acme/api/pull/42|#42>", "https://acme.slack.com/archives/C1/p1?thread_ts=1700000000", "http://4", "https://4/",
		"CHG-4\x00", "CHG\n-4", "CHG-4; drop table changes", strings.Repeat("4", 4000),
	} {
		if id, ok := ParseChangeID(text); ok {
			t.Errorf("%q is taken for %s", text, id)
		}
	}
}

func FuzzParseChangeID(f *testing.F) {
	for _, spelling := range spellings {
		f.Add(fmt.Sprintf(spelling, 42))
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := ParseChangeID(text)
		if ok != (id > 0) {
			t.Fatalf("%q: %d, %v", text, id, ok)
		}
		if again, same := ParseChangeID(id.String()); ok && (!same || again != id) {
			t.Fatalf("%s reads back as %s", id, again)
		}
	})
}

func TestTheRulesImportTheStandardLibraryOnly(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	if got := strings.Fields(string(out)); len(got) != 1 || !strings.HasSuffix(got[0], "/gatehouse/models") {
		t.Errorf("models depends on %v", got)
	}
	for _, banned := range []string{"net/http", "database/sql", "os"} {
		imports, err := exec.Command("go", "list", "-f", "{{join .Imports \" \"}}", ".").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range strings.Fields(string(imports)) {
			if path == banned {
				t.Errorf("a rule imports %s", path)
			}
		}
	}
}
