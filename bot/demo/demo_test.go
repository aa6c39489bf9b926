package demo

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestADemoStoppedWhileItSetsUpBeginsAnew: Ctrl-C is pressed soonest when
// nothing seems to happen.
func TestADemoStoppedWhileItSetsUpBeginsAnew(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	impatient := writes(func(said string) {
		if strings.Contains(said, "Raising") {
			cancel()
		}
	})
	if err := Run(ctx, Options{Addr: "127.0.0.1:0", Data: dir, Mode: "socket", Out: impatient}); err != nil {
		t.Fatalf("the interrupted start: %v", err)
	}
	var told string
	for _, try := range []string{"the first whole start", "one that finds all there"} {
		var said strings.Builder
		ctx, cancel := context.WithCancel(context.Background())
		if err := Run(ctx, Options{Addr: "127.0.0.1:0", Data: dir, Mode: "socket", Out: &said, Ready: func(string) { cancel() }}); err != nil {
			t.Fatalf("%s: %v", try, err)
		}
		books := regexp.MustCompile(`with [1-9]\d* changes`).FindString(said.String())
		if books == "" || told != "" && books != told {
			t.Errorf("%s has %q on its books, before that %q", try, books, told)
		}
		told = books
	}
}

func TestADemoLeavesADatabaseThatIsNotItsOwnAlone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "gatehouse.db")
	if err := os.WriteFile(file, []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := Run(context.Background(), Options{Addr: "127.0.0.1:0", Data: dir, Mode: "socket", Out: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "no demo has kept whole") {
		t.Errorf("it says %v", err)
	}
	entries, _ := os.ReadDir(dir)
	if raw, _ := os.ReadFile(file); string(raw) != "somebody's" || len(entries) != 1 {
		t.Errorf("the directory was touched: %q, %v", raw, entries)
	}
}

func TestAnUnknownModeIsRefused(t *testing.T) {
	err := Run(context.Background(), Options{Addr: "127.0.0.1:0", Mode: "pigeon", Out: io.Discard})
	if err == nil || err.Error() != `--mode is "pigeon"; it should be socket or http` {
		t.Errorf("it says %v", err)
	}
}

// writes hears what is printed.
type writes func(string)

func (w writes) Write(p []byte) (int, error) {
	w(string(p))
	return len(p), nil
}
