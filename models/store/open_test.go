package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

var ctx = context.Background()

// runEight starts eight processes on one empty database at the same moment, and
// ends them once each has said how it went.
func runEight(t *testing.T, url string) []*process {
	t.Helper()
	all := make([]*process, 8)
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { all[i], errs[i] = runChild(url) })
	}
	wg.Wait()
	for _, p := range all {
		if p != nil {
			_ = p.cmd.Process.Kill()
			_ = p.end()
		}
	}
	must(t, errors.Join(errs...))
	return all
}

func TestEightReplicasStartOnAnEmptyPostgres(t *testing.T) {
	rounds := proof.N(1, 10)
	bad := 0
	for range rounds {
		url := storetest.EmptyURL(t, store.Postgres)
		for range 2 { // an empty database first, then a migrated one
			for i, p := range runEight(t, url) {
				if p.says != "up\n" {
					bad++
					t.Errorf("replica %d says %q", i, p.says)
				}
			}
		}
	}
	proof.Record(t, proof.Row{What: "replicas that start eight at once, on an empty and on a migrated database: all come up",
		Where: "PostgreSQL", Tried: 16 * rounds, Bad: bad})
}

func TestOfEightOnSQLiteOneRunsAndSevenNameIt(t *testing.T) {
	rounds := proof.N(1, 25)
	bad := 0
	for range rounds {
		all := runEight(t, storetest.EmptyURL(t, store.SQLite))
		var winner, up int
		for _, p := range all {
			if p.says == "up\n" {
				winner = p.cmd.Process.Pid
				up++
			}
		}
		for _, p := range all {
			want := fmt.Sprintf("held by %d: ", winner)
			if p.cmd.Process.Pid != winner && (up != 1 || !strings.HasPrefix(p.says, want)) {
				bad++
				t.Errorf("%d have the file; want %q first, got %q", up, want, p.says)
			}
		}
	}
	proof.Record(t, proof.Row{What: "of eight processes started at once one runs and seven say who holds the file",
		Where: "SQLite", Tried: 8 * rounds, Bad: bad})
}

func TestSecondOpenerOfAFileIsToldWhoHasIt(t *testing.T) {
	url := storetest.URL(t, store.SQLite)
	first := startChild(t, url)
	_, err := store.Open(ctx, store.Options{URL: "file:" + url})
	held, ok := errors.AsType[*store.HeldError](err)
	if !ok || held.PID != first.cmd.Process.Pid || time.Since(held.Since) > time.Minute {
		t.Fatalf("want the holder %d, got %v", first.cmd.Process.Pid, err)
	}
	for _, word := range []string{fmt.Sprint(held.PID), "Stop that one first", "postgres://"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	link := filepath.Join(t.TempDir(), "other-name.db")
	if err := os.Symlink(url, link); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(ctx, store.Options{URL: link}); !errors.As(err, &held) {
		t.Errorf("another name of the same file: %v", err)
	}
}

func TestLockGoesWithAKilledProcess(t *testing.T) {
	url := storetest.URL(t, store.SQLite)
	first := startChild(t, url)
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.end()
	s, err := store.Open(ctx, store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestReadOnlyOpensBesideAWriterAndCannotWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		reading := func(o *store.Options) { o.ReadOnly = true }
		writer := open()
		reader := open(reading)
		if err := writer.DB().Exec("INSERT INTO counters VALUES ('T1', 'change', 4)").Error; err != nil {
			t.Fatal(err)
		}
		var n int
		if err := reader.DB().Raw("SELECT value FROM counters").Scan(&n).Error; err != nil || n != 4 {
			t.Errorf("read beside the writer: %d, %v", n, err)
		}
		if err := reader.DB().Exec("DELETE FROM counters").Error; err == nil {
			t.Error("a read-only store wrote")
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		alone := open(reading)
		if err := alone.DB().Raw("SELECT value FROM counters").Scan(&n).Error; err != nil || n != 4 {
			t.Errorf("read with no writer: %d, %v", n, err)
		}
	})
}

func TestReadOnlyWantsAMigratedDatabase(t *testing.T) {
	for _, engine := range storetest.Engines {
		_, err := store.Open(ctx, store.Options{URL: storetest.EmptyURL(t, engine), ReadOnly: true})
		if err == nil || !strings.Contains(err.Error(), "start Gatehouse once") {
			t.Errorf("%s: %v", engine, err)
		}
	}
}

func TestAddressesThatCannotWorkAreRefusedInWords(t *testing.T) {
	for url, want := range map[string]string{
		"mysql://root@host/db":           `starts with "mysql://"`,
		"file::memory:":                  "forget everything",
		"postgres://u:hush@h:notaport/":  "database URL",
		filepath.Join(os.DevNull, "x/y"): "folder",
	} {
		_, err := store.Open(ctx, store.Options{URL: url})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestAnyFileNameWorks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder", "what?&100%#ä.db")
	s, err := store.Open(ctx, store.Options{URL: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Errorf("%v, %d bytes", info.Mode(), info.Size())
	}
}

func TestDeadlineInterruptsAQuery(t *testing.T) {
	endless := map[store.Engine]string{
		store.SQLite:   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n",
		store.Postgres: "SELECT count(*) FROM pg_sleep(60)",
	}
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		begin := time.Now()
		var n int
		err := s.DB().WithContext(short).Raw(endless[s.Kind()]).Scan(&n).Error
		if took := time.Since(begin); err == nil || took > 5*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		if err := s.Ping(ctx); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}
