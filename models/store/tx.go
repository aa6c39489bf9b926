package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"gorm.io/gorm"
)

// enqueue asks for jobs that exist if and only if the transaction commits. They
// are collected and inserted together just before the commit.
type enqueue func(jobs ...river.InsertManyParams)

// rawTx is the driver's own transaction under GORM's, for River.
type rawTx interface {
	insert(ctx context.Context, jobs []river.InsertManyParams) error
	complete(ctx context.Context, job *river.Job[DeliverArgs]) error
}

// inTx runs fn in one transaction: everything written through tx and every job
// enqueued is there together or not at all. An error or a panic rolls back. fn
// must use tx, never s.db: the pool may have no second connection to give.
func (s *Store) inTx(ctx context.Context, fn func(tx *gorm.DB, enq enqueue) error) error {
	return s.engine.transact(ctx, s.db, func(tx *gorm.DB, raw rawTx) error {
		var jobs []river.InsertManyParams
		if err := fn(tx, func(more ...river.InsertManyParams) { jobs = append(jobs, more...) }); err != nil || len(jobs) == 0 {
			return err
		}
		if err := raw.insert(ctx, jobs); err != nil {
			return fmt.Errorf("enqueue %d jobs: %w", len(jobs), err)
		}
		return nil
	})
}

// takeTurn waits for the other writers of this process.
func (e *sqliteEngine) takeTurn(ctx context.Context) error {
	select {
	case e.writing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for other writers: %w", ctx.Err())
	}
}

func (e *sqliteEngine) passOn() { <-e.writing }

func (e *sqliteEngine) transact(ctx context.Context, db *gorm.DB, fn func(*gorm.DB, rawTx) error) error {
	if err := e.takeTurn(ctx); err != nil {
		return err
	}
	defer e.passOn()
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		raw, ok := tx.Statement.ConnPool.(*sql.Tx)
		if !ok {
			return fmt.Errorf("transaction is a %T, not a *sql.Tx", tx.Statement.ConnPool)
		}
		return fn(tx, sqliteTx{raw, e.river})
	})
}

type sqliteTx struct {
	tx    *sql.Tx
	river *river.Client[*sql.Tx]
}

func (t sqliteTx) insert(ctx context.Context, jobs []river.InsertManyParams) error {
	_, err := t.river.InsertManyFastTx(ctx, t.tx, jobs)
	return err
}

func (t sqliteTx) complete(ctx context.Context, job *river.Job[DeliverArgs]) error {
	_, err := river.JobCompleteTx[*riversqlite.Driver](ctx, t.tx, job)
	return err
}

// transact pins one connection, so that River can write on the very connection
// on which database/sql has begun GORM's transaction.
func (e *postgresEngine) transact(ctx context.Context, db *gorm.DB, fn func(*gorm.DB, rawTx) error) error {
	return db.WithContext(ctx).Connection(func(db *gorm.DB) error {
		conn, ok := db.Statement.ConnPool.(*sql.Conn)
		if !ok {
			return fmt.Errorf("connection is a %T, not a *sql.Conn", db.Statement.ConnPool)
		}
		return db.Transaction(func(tx *gorm.DB) error {
			return fn(tx, postgresTx{conn, e.river})
		})
	})
}

type postgresTx struct {
	conn  *sql.Conn
	river *river.Client[pgx.Tx]
}

func (t postgresTx) insert(ctx context.Context, jobs []river.InsertManyParams) error {
	return t.raw(func(tx pgx.Tx) error {
		_, err := t.river.InsertManyFastTx(ctx, tx, jobs)
		return err
	})
}

func (t postgresTx) complete(ctx context.Context, job *river.Job[DeliverArgs]) error {
	return t.raw(func(tx pgx.Tx) error {
		_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	})
}

func (t postgresTx) raw(fn func(pgx.Tx) error) error {
	return t.conn.Raw(func(dc any) error {
		c, ok := dc.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("driver connection is a %T, not pgx's", dc)
		}
		return fn(connTx{c.Conn()})
	})
}

// connTx is a pgx.Tx over a connection on which somebody else has begun: it
// reads and writes, and leaves beginning and ending to them.
type connTx struct{ c *pgx.Conn }

var errOuter = errors.New("the transaction is owned by the caller")

func (connTx) Begin(context.Context) (pgx.Tx, error) { return nil, errOuter }
func (connTx) Commit(context.Context) error          { return errOuter }
func (connTx) Rollback(context.Context) error        { return errOuter }
func (connTx) LargeObjects() pgx.LargeObjects        { return pgx.LargeObjects{} }
func (t connTx) Conn() *pgx.Conn                     { return t.c }

func (t connTx) Exec(ctx context.Context, q string, args ...any) (pgconn.CommandTag, error) {
	return t.c.Exec(ctx, q, args...)
}

func (t connTx) Query(ctx context.Context, q string, args ...any) (pgx.Rows, error) {
	return t.c.Query(ctx, q, args...)
}

func (t connTx) QueryRow(ctx context.Context, q string, args ...any) pgx.Row {
	return t.c.QueryRow(ctx, q, args...)
}

func (t connTx) Prepare(ctx context.Context, name, q string) (*pgconn.StatementDescription, error) {
	return t.c.Prepare(ctx, name, q)
}

func (t connTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.c.SendBatch(ctx, b)
}

func (t connTx) CopyFrom(ctx context.Context, table pgx.Identifier, cols []string, rows pgx.CopyFromSource) (int64, error) {
	return t.c.CopyFrom(ctx, table, cols, rows)
}
