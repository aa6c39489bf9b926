package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/models"
)

// The door through which decisions go talks to the database in as few round
// trips as it can, because they are what a decision costs: statements are sent
// in batches, begin travels with the first and commit with the jobs.

// stmt is one statement of a batch, with ? for arguments.
type stmt struct {
	sql  string
	args []any
	each func(scanner) error // called for every row; nil when there are none
}

type scanner interface{ Scan(dest ...any) error }

// batch is an open transaction. Statements of one do see those before them.
type batch interface {
	do(ctx context.Context, statements ...stmt) error
	// enqueue adds jobs, at the latest with the commit.
	enqueue(ctx context.Context, jobs []river.InsertManyParams) error
}

// errUnsure wraps what went wrong while committing: the database may or may not
// have done it.
type errUnsure struct{ error }

func (e errUnsure) Unwrap() error { return e.error }

// door opens a transaction, waiting its turn as transact does.
func (e *sqliteEngine) door(ctx context.Context, fn func(batch) error) error {
	if err := e.takeTurn(ctx); err != nil {
		return err
	}
	defer e.passOn()
	tx, err := e.sql.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := fn(sqliteBatch{tx, e.river}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return errUnsure{fmt.Errorf("commit: %w", err)}
	}
	return nil
}

// read runs statements that see one and the same state of the database.
func (e *sqliteEngine) read(ctx context.Context, statements ...stmt) error {
	tx, err := e.sql.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return sqliteBatch{tx, e.river}.do(ctx, statements...)
}

type sqliteBatch struct {
	tx    *sql.Tx
	river *river.Client[*sql.Tx]
}

func (b sqliteBatch) do(ctx context.Context, statements ...stmt) error {
	for _, s := range statements {
		if err := b.one(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (b sqliteBatch) one(ctx context.Context, s stmt) error {
	if s.each == nil {
		_, err := b.tx.ExecContext(ctx, s.sql, s.args...)
		return err
	}
	rows, err := b.tx.QueryContext(ctx, s.sql, s.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := s.each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (b sqliteBatch) enqueue(ctx context.Context, jobs []river.InsertManyParams) error {
	_, err := b.river.InsertManyFastTx(ctx, b.tx, jobs)
	return err
}

// A transaction that a deadlock ended is run anew, up to retries times, a moment
// later: the one that was let go on must come to what it waited for first.
const (
	retries = 2
	aMoment = 20 * time.Millisecond
)

func (e *postgresEngine) door(ctx context.Context, fn func(batch) error) error {
	err := e.oneDoor(ctx, fn)
	for n := 0; n < retries && deadlocked(err) && pause(ctx, aMoment) == nil; n++ {
		err = e.oneDoor(ctx, fn)
	}
	return err
}

// oneDoor runs its transaction on a connection of its own, without database/sql
// between, so that begin and commit need no round trip of theirs.
func (e *postgresEngine) oneDoor(ctx context.Context, fn func(batch) error) error {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("wait for a connection: %w", err)
	}
	defer conn.Release() // closes it should a rollback have failed
	b := &postgresBatch{connTx: connTx{conn.Conn()}, river: e.river}
	b.queue(stmt{sql: "begin"})
	if err := fn(b); err != nil {
		b.rollback(ctx)
		return err
	}
	b.queue(stmt{sql: "commit"})
	switch tag, err := b.flush(ctx); {
	case err == nil && tag.String() == "COMMIT":
		return nil
	case err == nil:
		return errors.New("commit: the transaction had failed before")
	default:
		b.rollback(ctx)
		if _, ok := errors.AsType[*pgconn.PgError](err); ok {
			return fmt.Errorf("commit: %w", err) // the server said no
		}
		return errUnsure{fmt.Errorf("commit: %w", err)}
	}
}

func (e *postgresEngine) read(ctx context.Context, statements ...stmt) error {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("wait for a connection: %w", err)
	}
	defer conn.Release()
	b := &postgresBatch{connTx: connTx{conn.Conn()}}
	b.queue(stmt{sql: "begin isolation level repeatable read read only"})
	b.queue(statements...)
	b.queue(stmt{sql: "commit"})
	if _, err := b.flush(ctx); err != nil {
		b.rollback(ctx)
		return err
	}
	return nil
}

// postgresBatch keeps statements until they have to be sent. To River it is a
// transaction whose inserts and notifications leave with the next batch.
type postgresBatch struct {
	connTx
	river  *river.Client[pgx.Tx]
	queued []stmt
	begun  bool
}

func (b *postgresBatch) queue(statements ...stmt) { b.queued = append(b.queued, statements...) }

func (b *postgresBatch) do(ctx context.Context, statements ...stmt) error {
	b.queue(statements...)
	_, err := b.flush(ctx)
	return err
}

// flush sends what is queued and reads every answer; the tag is the last one's.
func (b *postgresBatch) flush(ctx context.Context) (tag pgconn.CommandTag, err error) {
	var out pgx.Batch
	for _, s := range b.queued {
		out.Queue(dollars(s.sql), s.args...)
	}
	b.begun = true
	answers := b.c.SendBatch(ctx, &out)
	defer func() { err = errors.Join(err, answers.Close()) }()
	sent := b.queued
	b.queued = nil
	for _, s := range sent {
		rows, err := answers.Query()
		if err != nil {
			return tag, err
		}
		for rows.Next() && err == nil && s.each != nil {
			err = s.each(rows)
		}
		rows.Close()
		if err := errors.Join(err, rows.Err()); err != nil {
			return tag, err
		}
		tag = rows.CommandTag()
	}
	return tag, nil
}

// rollback must happen even when ctx has ended; a connection on which it fails
// is not used again.
func (b *postgresBatch) rollback(ctx context.Context) {
	if !b.begun || b.c.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if _, err := b.c.Exec(ctx, "rollback"); err != nil {
		_ = b.c.Close(ctx)
	}
}

func (b *postgresBatch) enqueue(ctx context.Context, jobs []river.InsertManyParams) error {
	_, err := b.river.InsertManyFastTx(ctx, b, jobs)
	return err
}

// CopyFrom is how River inserts jobs. For a handful of rows a copy costs more
// round trips than all the rest, so they become one insert of the batch.
func (b *postgresBatch) CopyFrom(_ context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	var args []any
	n := 0
	for ; rows.Next(); n++ {
		values, err := rows.Values()
		if err != nil {
			return 0, err
		}
		args = append(args, values...)
	}
	b.queue(stmt{sql: insertSQL(table.Sanitize(), columns, n), args: args})
	return int64(n), rows.Err()
}

// Exec is how River notifies its workers.
func (b *postgresBatch) Exec(_ context.Context, q string, args ...any) (pgconn.CommandTag, error) {
	b.queue(stmt{sql: q, args: args})
	return pgconn.CommandTag{}, nil
}

// insertSQL is INSERT for n rows.
func insertSQL(table string, columns []string, n int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",") + ")"
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES " +
		strings.TrimSuffix(strings.Repeat(row+",", n), ",")
}

// dollars numbers the question marks, as PostgreSQL wants them. The program has
// few different statements, so each is rewritten once.
func dollars(q string) string {
	if done, ok := rewritten.Load(q); ok {
		return done.(string)
	}
	done := rewrite(q)
	rewritten.Store(q, done)
	return done
}

var rewritten sync.Map // string → string

func rewrite(q string) string {
	if !strings.Contains(q, "?") {
		return q
	}
	var out strings.Builder
	out.Grow(len(q) + 32)
	n := 0
	for part := range strings.SplitSeq(q, "?") {
		if n > 0 {
			out.WriteString("$")
			out.WriteString(strconv.Itoa(n))
		}
		out.WriteString(part)
		n++
	}
	return out.String()
}

// nextNumber gives the next of a workspace's counters. It stays locked until
// the transaction ends, so a number that is not used is given again.
func nextNumber(ws models.WorkspaceID, name string, n *int64) stmt {
	return nextNumbers(ws, name, 1, n)
}

// nextNumbers gives as many at once, and last the highest of them.
func nextNumbers(ws models.WorkspaceID, name string, many int, last *int64) stmt {
	return stmt{
		sql: `INSERT INTO counters (workspace_id, name, value) VALUES (?, ?, ?)
			ON CONFLICT (workspace_id, name) DO UPDATE SET value = counters.value + excluded.value RETURNING value`,
		args: []any{ws, name, many},
		each: func(row scanner) error { return row.Scan(last) },
	}
}
