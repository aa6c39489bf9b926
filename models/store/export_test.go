package store

import (
	"context"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"
)

// What the tests, which live outside the package because storetest imports it,
// may see of its inside.

func (s *Store) InTx(ctx context.Context, fn func(tx *gorm.DB, enq func(...river.InsertManyParams)) error) error {
	return s.inTx(ctx, func(tx *gorm.DB, enq enqueue) error { return fn(tx, enq) })
}

func (s *Store) DB() *gorm.DB { return s.db }

func (s *Store) Kind() Engine { return s.kind }

func (s *Store) LookAtClock(ctx context.Context) error { return s.clock.refresh(ctx) }

func (s *Store) ClockSkew() time.Duration {
	l := s.clock.lead.Load()
	return l.ahead - l.offset
}

// SlowClock is a clock each of whose looks at offset ends only when it is let.
func SlowClock(offset func() time.Duration, let <-chan struct{}) (now func() time.Duration, look func() error) {
	c := newClock(func(context.Context) (reading, error) {
		r := reading{offset: offset()}
		<-let
		return r, nil
	}, Options{MovableClock: true})
	return c.Offset, func() error { return c.refresh(context.Background()) }
}

// Rows are an empty one of every row struct.
func Rows() []any {
	return []any{&changeRow{}, &approvalRow{}, &changeServiceRow{}, &revisionRow{}, &eventRow{}, &commandRow{}, &workspaceRow{},
		&personRow{}, &teamRow{}, &serviceRow{}, &roleRow{}, &policyRow{}, &Row{}, &laneRow{}, &holdRow{},
		&templateRow{}, &templateVersionRow{}, &freezeRow{}, &maintenanceRow{}, &releaseRow{}, &releaseItemRow{}, &scheduleRow{}, &lookRow{}, &reminderRow{}, &asBuiltRow{}}
}

// Exec is a statement of its own, by the shortest way to the database.
func (s *Store) Exec(ctx context.Context, q string, args ...any) error {
	if e, ok := s.engine.(*postgresEngine); ok {
		_, err := e.pool.Exec(ctx, dollars(q), args...)
		return err
	}
	_, err := s.engine.(*sqliteEngine).sql.ExecContext(ctx, q, args...)
	return err
}

// counting counts the statements that are read.
type counting struct {
	engine
	n *int
}

func (c counting) read(ctx context.Context, statements ...stmt) error {
	*c.n += len(statements)
	return c.engine.read(ctx, statements...)
}

// CountQueries says how many statements fn reads with. Nobody else may use the
// store meanwhile.
func (s *Store) CountQueries(fn func()) int {
	n, was := 0, s.engine
	s.engine = counting{was, &n}
	defer func() { s.engine = was }()
	fn()
	return n
}
