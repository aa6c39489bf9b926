package store_test

import (
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm/schema"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

func TestRowStructsAndSQLAgree(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		kept := map[string]bool{}
		for _, row := range store.Rows() {
			parsed, err := schema.Parse(row, &sync.Map{}, schema.NamingStrategy{})
			must(t, err)
			kept[parsed.Table] = true
			columns, err := s.DB().Migrator().ColumnTypes(row)
			must(t, err)
			var have []string
			for _, c := range columns {
				have = append(have, c.Name())
			}
			want := slices.DeleteFunc(slices.Clone(parsed.DBNames), func(n string) bool { return n == "" })
			slices.Sort(have)
			slices.Sort(want)
			if !slices.Equal(have, want) {
				t.Errorf("%s: struct has %v, SQL has %v", parsed.Table, want, have)
			}
			if err := s.DB().Limit(1).Find(row).Error; err != nil {
				t.Errorf("read %s: %v", parsed.Table, err)
			}
		}
		tables, err := s.DB().Migrator().GetTables()
		must(t, err)
		for _, name := range tables {
			plain := name == "clock" || name == "counters" || strings.HasPrefix(name, "river_") || strings.HasPrefix(name, "gatehouse_") || strings.HasPrefix(name, "sqlite_")
			if !plain && !kept[name] {
				t.Errorf("table %s has no row struct", name)
			}
		}
	})
}

func TestMigrationsAreTwins(t *testing.T) {
	names := func(engine string) (out []string) {
		files, err := fs.Glob(os.DirFS("migrations"), engine+"/*.sql")
		must(t, err)
		last := int64(0)
		for _, f := range files {
			number, err := goose.NumericComponent(f)
			if must(t, err); number <= last || !strings.HasPrefix(filepath.Base(f), fmt.Sprintf("%04d_", number)) {
				t.Errorf("%s follows number %d", f, last)
			}
			last = number
			out = append(out, filepath.Base(f))
		}
		return out
	}
	if a, b := names("postgres"), names("sqlite"); len(a) == 0 || !slices.Equal(a, b) {
		t.Errorf("%v and %v", a, b)
	}
}

func TestAuditLogCannotBeRewritten(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		raise(t, s, ws)
		before := count(t, s, "events")
		attempts := []string{"UPDATE events SET actor = 'U_OTHER'", "DELETE FROM events", "UPDATE events SET reason = '' WHERE id = 1"}
		if s.Kind() == store.Postgres {
			attempts = append(attempts, "TRUNCATE events")
		}
		for _, q := range attempts {
			if err := s.DB().Exec(q).Error; err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", q, err)
			}
		}
		if after := count(t, s, "events"); after != before || before == 0 {
			t.Errorf("%d events became %d", before, after)
		}
	})
}

// cutter stands between the store and PostgreSQL. Armed, it cuts the next
// connection that commits: before the server hears of it, or after it has
// answered.
type cutter struct {
	listener      net.Listener
	server        string
	before, after atomic.Bool
	cuts          atomic.Int32
}

func cut(t *testing.T, address string) (*cutter, string) {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	c := &cutter{listener: l, server: u.Host}
	u.Host = l.Addr().String()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { c.pass(client) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return c, u.String()
}

func (c *cutter) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	var wg sync.WaitGroup
	wg.Go(func() { c.copy(server, client, []byte("river_job"), &c.before) })
	wg.Go(func() { c.copy(client, server, []byte("COMMIT\x00"), &c.after) })
	wg.Wait()
}

// copy passes bytes on until the armed sign is seen, which it swallows, and then
// hangs up on both.
func (c *cutter) copy(to, from net.Conn, sign []byte, armed *atomic.Bool) {
	defer func() { _ = to.Close(); _ = from.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if slices.Contains(split(buf[:n], len(sign)), string(sign)) && armed.CompareAndSwap(true, false) {
			c.cuts.Add(1)
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// split is every run of n bytes in b.
func split(b []byte, n int) []string {
	var out []string
	for i := 0; i+n <= len(b); i++ {
		out = append(out, string(b[i:i+n]))
	}
	return out
}

func TestCommitWhoseAnswerIsLostIsFoundOut(t *testing.T) {
	address := storetest.URL(t, store.Postgres)
	proxy, through := cut(t, address)
	s, err := store.Open(ctx, store.Options{URL: through, MovableClock: true, Logger: storetest.Logger(t)})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	furnish(t, s, ws, quorum(1, 10))

	// The commit happened and only its answer was lost: it is told as a repeat.
	c := raise(t, s, ws)
	cmd := store.Command{Workspace: ws, Actor: cab(0), Key: "answer lost"}
	r, err := s.UpdateChange(ctx, cmd, c.ID, func(c *models.Change, f models.Facts) error {
		proxy.after.Store(true)
		return c.Approve(c.Revision, f)
	})
	if err != nil || !r.Repeat || len(r.Change.Approvals) != 1 || len(r.Events) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	// Without a key nobody can tell, and the error says so.
	cmd = store.Command{Workspace: ws, Actor: cab(1)}
	_, err = s.UpdateChange(ctx, cmd, c.ID, func(c *models.Change, f models.Facts) error {
		proxy.after.Store(true)
		return c.Approve(c.Revision, f)
	})
	if err == nil {
		t.Error("a lost answer was taken for a yes")
	}
	// The server never heard of the commit: it is told as not carried out, and
	// the same key carries it out.
	fresh := raise(t, s, ws)
	cmd = store.Command{Workspace: ws, Actor: cab(0), Key: "never heard"}
	_, err = s.UpdateChange(ctx, cmd, fresh.ID, func(c *models.Change, f models.Facts) error {
		proxy.after.Store(false)
		proxy.before.Store(true)
		return c.AskForChanges("Say how long it takes.", c.Revision, f)
	})
	if err == nil || proxy.cuts.Load() != 3 {
		t.Errorf("%d cuts, %v", proxy.cuts.Load(), err)
	}
	kept, err := s.Change(ctx, ws, fresh.ID)
	must(t, err)
	if len(kept.Approvals) != 0 || kept.State != models.AwaitingApproval {
		t.Errorf("half of it was kept: %s, %d decisions", kept.State, len(kept.Approvals))
	}
	r, err = s.UpdateChange(ctx, cmd, fresh.ID, func(c *models.Change, f models.Facts) error {
		return c.AskForChanges("Say how long it takes.", c.Revision, f)
	})
	if err != nil || r.Repeat || r.Change.State != models.ChangesRequested {
		t.Errorf("again: %+v, %v", r, err)
	}
}
