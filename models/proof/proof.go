// Package proof gives tests their size and writes down what the full ones
// showed. A test runs the same code in both sizes: short in `make test`, full
// in `make prove`, whose rows become docs/proof.md. Only tests import it.
package proof

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// Full reports whether the figures are to be shown in full.
func Full() bool { return os.Getenv("GATEHOUSE_PROVE") == "full" }

// N is the size of this run.
func N(short, full int) int {
	if Full() {
		return full
	}
	return short
}

// Check is [rapid.Check]. A short run draws the same everywhere, so that a fault
// is red for all or for nobody, and not for whoever draws it; a full run draws
// anew each time. -rapid.seed goes before either.
func Check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	if !Full() && flag.Lookup("rapid.seed").Value.String() == "0" {
		if err := flag.Set("rapid.seed", "1"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, property)
}

// Row is one line of docs/proof.md.
type Row struct {
	What  string // what was tried, as a sentence
	Where string // "SQLite", "PostgreSQL", "both", "pure"; the engines' own names will do
	Tried int    // how often
	Seed  string // how to get the same run again; "" = nothing is random
	Bad   int    // lost, doubled, wrongly accepted: what must be 0
	Note  string // what else was seen, or what was skipped and why
}

var mu sync.Mutex

// Record appends the row to the file named by GATEHOUSE_PROOF, if any, and
// fails the test when anything bad was counted.
func Record(t testing.TB, r Row) {
	t.Helper()
	r.Where = strings.NewReplacer("sqlite", "SQLite", "postgres", "PostgreSQL").Replace(r.Where)
	t.Logf("%s (%s): tried %d, bad %d. %s", r.What, r.Where, r.Tried, r.Bad, r.Note)
	if r.Bad != 0 {
		t.Errorf("%s (%s): %d of %d were bad", r.What, r.Where, r.Bad, r.Tried)
	}
	path := os.Getenv("GATEHOUSE_PROOF")
	if path == "" {
		return
	}
	mu.Lock()
	defer mu.Unlock()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatalf("open the proof: %v", err)
	}
	defer func() { _ = f.Close() }()
	cell := strings.NewReplacer("|", "\\|", "\n", " ")
	_, err = fmt.Fprintf(f, "| %s | %s | %d | %d | %s | %s |\n", cell.Replace(r.What), r.Where, r.Tried, r.Bad, bound(r), cell.Replace(strings.TrimSpace(r.Seed+" "+r.Note)))
	if err != nil {
		t.Fatalf("write the proof: %v", err)
	}
}

// bound is what n clean trials say of the failure rate: below 3/n with 95 %
// confidence (the rule of three).
func bound(r Row) string {
	if r.Bad > 0 || r.Tried == 0 {
		return "-"
	}
	return fmt.Sprintf("< %.2g %%", 300/float64(r.Tried))
}
