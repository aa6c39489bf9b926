package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite"
)

// sqliteConns is the measured best: one can deadlock against itself, many spend
// their time waiting for the one write lock.
const sqliteConns = 4

// sqliteTimes make equal instants equal text and let max(at) come back as a time.
const sqliteTimes = "&_time_format=sqlite&_timezone=UTC&_texttotime=1"

type sqliteEngine struct {
	options Options
	path    string
	lock    *fileLock
	sql     *sql.DB
	river   *river.Client[*sql.Tx]
	// writing lets one transaction of ours at a time to the file's write lock:
	// waiting here is fair and ends with the context, waiting inside SQLite is
	// a series of naps.
	writing chan struct{}
}

func (e *sqliteEngine) name() string { return "SQLite" }

func sqlitePath(address string) string {
	p := strings.TrimPrefix(strings.TrimPrefix(address, "file://"), "file:")
	if p == "" {
		return DefaultFile
	}
	return p
}

func (e *sqliteEngine) open(_ context.Context, cfg *gorm.Config) (*gorm.DB, error) {
	e.writing = make(chan struct{}, 1)
	if err := e.prepareFile(); err != nil {
		return nil, err
	}
	var err error
	if e.sql, err = sql.Open("sqlite", e.dsn()); err != nil {
		return nil, fmt.Errorf("open %s: %w", e.path, err)
	}
	e.sql.SetMaxOpenConns(sqliteConns)
	e.sql.SetMaxIdleConns(sqliteConns)
	db, err := gorm.Open(dialector{gormsqlite.Dialector{Conn: e.sql}}, cfg)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", e.path, err)
	}
	return db, nil
}

// prepareFile makes sure that the file is there and ours. What it holds is
// evidence, so nobody else on the machine may read it.
func (e *sqliteEngine) prepareFile() error {
	if e.options.ReadOnly {
		if _, err := os.Stat(e.path); err != nil {
			return fmt.Errorf("there is no database at %s yet: start Gatehouse once, or check the database URL (%w)", e.path, err)
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(e.path), 0o700); err != nil {
		return fmt.Errorf("make the database's folder: %w", err)
	}
	f, err := os.OpenFile(e.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the database file: %w", err)
	}
	_ = f.Close()
	if real, err := filepath.EvalSymlinks(e.path); err == nil {
		e.path = real // one file, one lock, whatever the name it was reached by
	}
	e.lock, err = lockFile(e.path)
	return err
}

func (e *sqliteEngine) dsn() string {
	name := "file:" + (&url.URL{Path: e.path}).EscapedPath()
	const always = "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)" + sqliteTimes
	if e.options.ReadOnly {
		return name + always + "&mode=ro&_pragma=query_only(1)"
	}
	return name + always + "&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
}

func (e *sqliteEngine) migrate(ctx context.Context, log *slog.Logger) error {
	if err := migrate(ctx, e.sql, "sqlite", riversqlite.New(e.sql), log); err != nil {
		return err
	}
	return e.takeOver(ctx)
}

// takeOver takes up at once what a process before us died over. The file is
// ours alone, so whoever held a lane or worked on a job is gone, and waiting
// for a lease to end or for a rescue would only delay messages.
func (e *sqliteEngine) takeOver(ctx context.Context) error {
	for _, q := range []string{
		"DELETE FROM lanes",
		"UPDATE river_job SET state = 'available' WHERE state = 'running'",
	} {
		if _, err := e.sql.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("take over from the process before: %w", err)
		}
	}
	return nil
}

func (e *sqliteEngine) startRiver(cfg *river.Config) (err error) {
	e.river, err = river.NewClient(riversqlite.New(e.sql), cfg)
	return err
}

func (e *sqliteEngine) newRiver(cfg *river.Config) (Runner, error) {
	return river.NewClient(riversqlite.New(e.sql), cfg)
}

// readClock asks only for the offset: file and process share one machine, so
// the database's clock is this one.
func (e *sqliteEngine) readClock(ctx context.Context) (reading, error) {
	var us int64
	err := e.sql.QueryRowContext(ctx, "SELECT offset_us FROM clock WHERE id = 1").Scan(&us)
	return reading{offset: time.Duration(us) * time.Microsecond}, err
}

func (e *sqliteEngine) close() error {
	var err error
	if e.sql != nil {
		err = e.sql.Close()
	}
	return errors.Join(err, e.lock.release())
}

// dialector is GORM's SQLite dialect over the pure-Go driver, whose errors the
// stock dialect does not understand.
type dialector struct{ gormsqlite.Dialector }

// Translate turns SQLite's extended result codes into GORM's errors.
func (d dialector) Translate(err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch e.Code() {
	case 1555, 2067: // primary key, unique
		return gorm.ErrDuplicatedKey
	case 787: // foreign key
		return gorm.ErrForeignKeyViolated
	case 275: // check
		return gorm.ErrCheckConstraintViolated
	}
	return err
}
