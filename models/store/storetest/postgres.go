package storetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// folder is how a server's folder is called: the number that follows is the
// process that owns it.
const folder = "gatehouse-pgtest-"

var errMissing = errors.New("PostgreSQL is not installed, and these tests need it: run `apt-get update && apt-get install -y --no-install-recommends postgresql`, or set PGBIN to the folder that holds initdb and postgres")

// postgres is one throw-away server; it dies with the test process.
type postgres struct {
	port     int
	count    atomic.Int64
	template func() error
}

// The two kinds of server, each started at first use: one that never waits for
// its disk, for tests, and one that does so at every commit, for benchmarks.
var (
	fast    = sync.OnceValues(func() (*postgres, error) { return start("fsync=off", "full_page_writes=off") })
	durable = sync.OnceValues(func() (*postgres, error) { return start("fsync=on", "synchronous_commit=on") })
)

func server(t testing.TB, started func() (*postgres, error)) *postgres {
	t.Helper()
	p, err := started()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *postgres) url(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", p.port, database)
}

// clone copies the migrated template, which is made at first use.
func (p *postgres) clone(t testing.TB) string {
	t.Helper()
	if err := p.template(); err != nil {
		t.Fatalf("make PostgreSQL template: %v", err)
	}
	return p.create(t, " TEMPLATE tpl STRATEGY file_copy")
}

func (p *postgres) create(t testing.TB, how string) string {
	t.Helper()
	name := fmt.Sprintf("t%d", p.count.Add(1))
	if err := p.admin("CREATE DATABASE " + name + how); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if err := p.admin("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return p.url(name)
}

func (p *postgres) admin(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, p.url("postgres"))
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, sql)
	return err
}

func start(settings ...string) (*postgres, error) {
	sweep()
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", folder+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	if err := launch(bin, dir, port, settings); err != nil {
		return nil, err
	}
	p := &postgres{port: port}
	p.template = sync.OnceValue(func() error {
		if err := p.admin("CREATE DATABASE tpl"); err != nil {
			return err
		}
		return migrate(p.url("tpl"))
	})
	return p, p.await()
}

// launch makes a cluster in dir and starts the server on it. The death signal
// follows the thread that started a child, so one thread starts both and stays.
func launch(bin, dir string, port int, settings []string) error {
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	args := []string{"-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-k", dir,
		"-c", "max_connections=200", "-c", "shared_buffers=64MB"}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	pg := exec.Command(filepath.Join(bin, "postgres"), args...)
	for _, cmd := range []*exec.Cmd{initdb, pg} {
		cmd.Dir = dir // the caller's folder may be closed to the account below
		if err := dieWithUs(cmd, dir); err != nil {
			return err
		}
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	pg.Stdout, pg.Stderr = log, log
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if out, err := initdb.CombinedOutput(); err != nil {
			started <- fmt.Errorf("initdb: %w: %s", err, out)
			return
		}
		err := pg.Start()
		started <- err
		if err == nil {
			_ = pg.Wait()
		}
	}()
	return <-started
}

// await returns when the server answers.
func (p *postgres) await() error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := p.admin("SELECT 1")
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("throw-away PostgreSQL does not answer: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// binaries finds initdb and postgres: $PGBIN, then Debian's newest, then PATH.
func binaries() (string, error) {
	dirs := []string{os.Getenv("PGBIN")}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(debian, func(a, b string) int { return version(b) - version(a) })
	dirs = append(dirs, debian...)
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, d := range dirs {
		if _, err := os.Stat(filepath.Join(d, "initdb")); d != "" && err == nil {
			return d, nil
		}
	}
	return "", errMissing
}

func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// sweep removes the folders of test processes that are gone. Their servers went
// with them.
func sweep() {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), folder+"*"))
	for _, dir := range old {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), folder), "-")
		n, err := strconv.Atoi(pid)
		if err == nil && !alive(n) {
			_ = os.RemoveAll(dir)
		}
	}
}
