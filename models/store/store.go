// Package store keeps everything Gatehouse knows, on SQLite or PostgreSQL. It
// is the only package that speaks SQL: GORM and River's insert-only client live
// here, and every change of state goes through a door that writes the record,
// its audit events and its deliveries in one transaction. It never decides what
// is allowed (models do) and never says how anything looks (views do).
package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/gatehousehq/gatehouse/models"
)

// DefaultFile is the SQLite file used when Options.URL is empty.
const DefaultFile = "gatehouse.db"

// Options say which database to open and how.
type Options struct {
	// URL is a postgres:// address, or the path of a SQLite file (with or
	// without "file:" before it). Empty means DefaultFile in the working folder.
	URL string
	// Logger hears of slow queries and of a clock that cannot be read. Nil is
	// slog.Default.
	Logger *slog.Logger
	// ReadOnly opens beside a running process: it takes no lock, applies no
	// migration, and the database itself refuses to write.
	ReadOnly bool
	// MaxConns bounds the PostgreSQL pool, which River and GORM share; 0 means
	// the address's pool_max_conns, else 20. SQLite always uses four.
	MaxConns int
	// MovableClock allows Jump. Demo and tests set it; without it a database
	// whose clock was moved is refused.
	MovableClock bool
}

// Engine names a database product.
type Engine string

// The two engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Store is an open database. It is safe for use by many goroutines.
type Store struct {
	engine engine
	kind   Engine
	db     *gorm.DB
	clock  *Clock
	dirs   directories
	log    *slog.Logger
	judge  judgement // what is due of a record

	stop  context.CancelFunc
	done  sync.WaitGroup
	close func() error
}

// engine is what differs between the two databases.
type engine interface {
	name() string
	// open connects, and for a writer takes the lock that SQLite needs.
	open(ctx context.Context, cfg *gorm.Config) (*gorm.DB, error)
	// migrate brings the schema up to date; replicas that start together wait
	// for each other.
	migrate(ctx context.Context, log *slog.Logger) error
	// startRiver builds the insert-only client that transactions use.
	startRiver(cfg *river.Config) error
	// newRiver builds a working client.
	newRiver(cfg *river.Config) (Runner, error)
	// transact runs fn in one transaction.
	transact(ctx context.Context, db *gorm.DB, fn func(*gorm.DB, rawTx) error) error
	// door is transact for decisions: no GORM, few round trips. fn is called
	// again when the database broke the transaction off so that another could go
	// on; nothing of it is kept by then.
	door(ctx context.Context, fn func(batch) error) error
	// read runs statements that see one state of the database.
	read(ctx context.Context, statements ...stmt) error
	// readClock says what the database's clock shows and how far it was moved.
	readClock(ctx context.Context) (reading, error)
	close() error
}

// Open opens the database, brings its schema up to date and reads its clock.
// It returns a *HeldError when another process has the SQLite file, and a
// sentence for people when the address, the schema or the clock does not fit.
// The caller closes the Store, after stopping every Runner made from it.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	eng, kind, err := pick(o)
	if err != nil {
		return nil, err
	}
	s := &Store{engine: eng, kind: kind, log: o.Logger, judge: (*reminding).judge, dirs: directories{last: map[models.WorkspaceID]*models.Directory{}}}
	s.close = sync.OnceValue(s.closeAll)
	s.clock = newClock(eng.readClock, o)
	if err := s.open(ctx, o); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	var err error
	if s.db, err = s.engine.open(ctx, gormConfig(s.clock, s.log)); err != nil {
		return err
	}
	if o.ReadOnly {
		err = checkSchema(ctx, s.db)
	} else {
		err = s.engine.migrate(ctx, s.log)
	}
	if err != nil {
		return err
	}
	if err := s.clock.refresh(ctx); err != nil {
		return err
	}
	if err := s.engine.startRiver(s.riverConfig(nil)); err != nil {
		return fmt.Errorf("build job client: %w", err)
	}
	bg, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.done.Go(func() { s.clock.follow(bg) })
	return nil
}

// pick tells the engines apart by the look of the address.
func pick(o Options) (engine, Engine, error) {
	scheme, _, has := strings.Cut(o.URL, "://")
	switch {
	case has && (scheme == "postgres" || scheme == "postgresql"):
		return &postgresEngine{options: o}, Postgres, nil
	case has && scheme != "file":
		return nil, "", fmt.Errorf("the database URL starts with %q: use postgres://… for PostgreSQL or the path of a file for SQLite", scheme+"://")
	case strings.Contains(o.URL, ":memory:"):
		return nil, "", fmt.Errorf("an in-memory database would forget everything: give the path of a file")
	}
	return &sqliteEngine{options: o, path: sqlitePath(o.URL)}, SQLite, nil
}

// Close waits for the store's own goroutine, closes every connection and lets
// go of the SQLite file. Stop all Runners first: Close waits for theirs too. A
// second call does nothing and returns what the first did.
func (s *Store) Close() error { return s.close() }

func (s *Store) closeAll() error {
	if s.stop != nil {
		s.stop()
	}
	s.done.Wait()
	if err := s.engine.close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// Engine says which database this is: "SQLite" or "PostgreSQL 15.18".
func (s *Store) Engine() string { return s.engine.name() }

// Ping asks the database for a sign of life.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.db.WithContext(ctx).Exec("SELECT 1").Error; err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Now is business time: the database's clock plus the offset that a demo or a
// test has moved it by, in UTC and whole microseconds, which both engines keep
// exactly. It asks no query; see Clock for how exact it is.
func (s *Store) Now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }

// Clock is the same clock in the shape River wants it.
func (s *Store) Clock() *Clock { return s.clock }
