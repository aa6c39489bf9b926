// Package storetest gives tests real databases: a file of SQLite and a
// PostgreSQL server of the test process's own, both migrated. Only tests import
// it. A machine without PostgreSQL fails the test instead of skipping it.
package storetest

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gatehousehq/gatehouse/models/store"
)

// Engines are the databases that every test of the store runs on.
var Engines = []store.Engine{store.SQLite, store.Postgres}

// Each runs test once per engine, as a subtest on a fresh, migrated database.
// open opens that database with a movable clock, fails the test when it cannot,
// and closes the store when the test ends; on PostgreSQL it may be called
// several times for several replicas.
func Each(t *testing.T, test func(t *testing.T, open func(opts ...func(*store.Options)) *store.Store)) {
	t.Helper()
	for _, engine := range Engines {
		t.Run(string(engine), func(t *testing.T) {
			test(t, Opener(t, engine))
		})
	}
}

// Opener is what Each hands to its test, for one engine and one fresh database.
func Opener(t testing.TB, engine store.Engine) func(opts ...func(*store.Options)) *store.Store {
	t.Helper()
	url := URL(t, engine)
	return func(opts ...func(*store.Options)) *store.Store {
		t.Helper()
		o := store.Options{URL: url, MovableClock: true, MaxConns: 12, Logger: Logger(t)}
		for _, set := range opts {
			set(&o)
		}
		s, err := store.Open(context.Background(), o)
		if err != nil {
			t.Fatalf("open store: %v", err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Errorf("close store: %v", err)
			}
		})
		return s
	}
}

// URL makes a fresh, migrated database for one test and says where it is. It
// goes with the test.
func URL(t testing.TB, engine store.Engine) string {
	t.Helper()
	if engine == store.Postgres {
		return server(t, fast).clone(t)
	}
	path := EmptyURL(t, engine)
	file, err := sqliteTemplate()
	if err == nil {
		err = os.WriteFile(path, file, 0o600)
	}
	if err != nil {
		t.Fatalf("make SQLite template: %v", err)
	}
	return path
}

// EmptyURL is URL before any migration, for tests of the migrations.
func EmptyURL(t testing.TB, engine store.Engine) string {
	t.Helper()
	if engine == store.Postgres {
		return server(t, fast).create(t, "")
	}
	return filepath.Join(t.TempDir(), "gatehouse.db")
}

// DurableURL is URL on a PostgreSQL that waits for its disk at every commit, as
// production does: benchmarks measure nothing without it. SQLite always waits.
func DurableURL(t testing.TB, engine store.Engine) string {
	t.Helper()
	if engine == store.Postgres {
		return server(t, durable).clone(t)
	}
	return URL(t, engine)
}

// sqliteTemplate is a migrated file, made once a process.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "gatehouse-tpl-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "gatehouse.db")
	if err := migrate(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrate(url string) error {
	s, err := store.Open(context.Background(), store.Options{URL: url, MaxConns: 4, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return s.Close()
}

// Logger writes warnings and worse to the test's own output, and nothing once
// the test has ended.
func Logger(t testing.TB) *slog.Logger {
	w := &output{t: t}
	t.Cleanup(w.end)
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

type output struct {
	mu sync.Mutex
	t  testing.TB
}

func (o *output) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.t != nil {
		o.t.Log(string(bytes.TrimSpace(line)))
	}
	return len(line), nil
}

func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.t = nil
}
