package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// postgresConns is room for the workers' transactions, the requests beside them
// and the one connection that River's listener keeps for good.
const postgresConns = 20

// migrationLock is the advisory lock that replicas take turns with. The number
// is arbitrary and must never change.
const migrationLock = 7_140_276_331

type postgresEngine struct {
	options Options
	pool    *pgxpool.Pool
	sql     *sql.DB
	river   *river.Client[pgx.Tx]
	version string
}

func (e *postgresEngine) name() string { return "PostgreSQL " + e.version }

func (e *postgresEngine) open(ctx context.Context, cfg *gorm.Config) (*gorm.DB, error) {
	pc, err := e.config()
	if err != nil {
		return nil, err
	}
	if e.pool, err = pgxpool.NewWithConfig(ctx, pc); err != nil {
		return nil, fmt.Errorf("open database pool: %w", err)
	}
	if err := e.pool.QueryRow(ctx, "SHOW server_version").Scan(&e.version); err != nil {
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	e.version, _, _ = strings.Cut(e.version, " ")
	e.sql = stdlib.OpenDBFromPool(e.pool)
	db, err := gorm.Open(gormpostgres.New(gormpostgres.Config{Conn: e.sql}), cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return db, nil
}

func (e *postgresEngine) config() (*pgxpool.Config, error) {
	pc, err := pgxpool.ParseConfig(e.options.URL)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	switch {
	case e.options.MaxConns > 0:
		pc.MaxConns = int32(e.options.MaxConns)
	case !strings.Contains(e.options.URL, "pool_max_conns"):
		pc.MaxConns = postgresConns
	}
	if pc.MaxConns < 3 { // a migration holds its lock on one and works on another
		return nil, fmt.Errorf("the database pool needs at least 3 connections, not %d", pc.MaxConns)
	}
	params := pc.ConnConfig.RuntimeParams
	if params["application_name"] == "" {
		params["application_name"] = "gatehouse"
	}
	if e.options.ReadOnly {
		params["default_transaction_read_only"] = "on"
	}
	pc.AfterConnect = timesInUTC
	return pc, nil
}

// timesInUTC makes times come back in UTC, as they do from SQLite.
func timesInUTC(_ context.Context, c *pgx.Conn) error {
	c.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

// migrate polls for its turn. Waiting inside the database would hold a snapshot
// for which a CREATE INDEX CONCURRENTLY of the replica at work waits in turn.
func (e *postgresEngine) migrate(ctx context.Context, log *slog.Logger) error {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("wait for a connection to migrate with: %w", err)
	}
	defer conn.Release()
	for got := false; !got; {
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", migrationLock).Scan(&got); err != nil {
			return fmt.Errorf("take the migration lock: %w", err)
		}
		if !got {
			if err := pause(ctx, 50*time.Millisecond); err != nil {
				return fmt.Errorf("wait for another replica to migrate: %w", err)
			}
		}
	}
	defer func() { // a lock that cannot be given back must not live on in the pool
		if _, err := conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migrationLock); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
	}()
	if err := migrate(ctx, e.sql, "postgres", riverpgxv5.New(e.pool), log); err != nil {
		return err
	}
	return e.dropSearchIndexes(ctx)
}

// searchIndexes serve people who search jobs by content. Nobody does here, and
// keeping them up to date made a decision a sixth more expensive.
var searchIndexes = []string{"river_job_args_index", "river_job_metadata_index"}

func (e *postgresEngine) dropSearchIndexes(ctx context.Context) error {
	for _, index := range searchIndexes {
		if _, err := e.pool.Exec(ctx, "DROP INDEX IF EXISTS "+index); err != nil {
			return fmt.Errorf("drop %s: %w", index, err)
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (e *postgresEngine) startRiver(cfg *river.Config) (err error) {
	e.river, err = river.NewClient(riverpgxv5.New(e.pool), cfg)
	return err
}

func (e *postgresEngine) newRiver(cfg *river.Config) (Runner, error) {
	return river.NewClient(riverpgxv5.New(e.pool), cfg)
}

// deadlocked reports whether the database broke off a transaction that waited
// for another which waited for it. SQLite's take turns.
func deadlocked(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "40P01"
}

// readClock takes the best of three: the shorter the way there and back, the
// less room there is for doubt about when the database looked at its clock.
func (e *postgresEngine) readClock(ctx context.Context) (reading, error) {
	var best reading
	for try := range 3 {
		var at time.Time
		var us int64
		begin := time.Now()
		err := e.pool.QueryRow(ctx, "SELECT clock_timestamp(), offset_us FROM clock WHERE id = 1").Scan(&at, &us)
		took := time.Since(begin)
		if err != nil {
			return reading{}, err
		}
		if try == 0 || took < best.doubt {
			best = reading{skew: at.Sub(begin.Add(took / 2)), doubt: took}
		}
		best.offset = time.Duration(us) * time.Microsecond
	}
	return best, nil
}

func (e *postgresEngine) close() error {
	var err error
	if e.sql != nil {
		err = e.sql.Close()
	}
	if e.pool != nil {
		e.pool.Close()
	}
	return err
}
