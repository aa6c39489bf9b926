package store

import (
	"context"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/gatehousehq/gatehouse/models"
)

// What the tests, which live outside the package because storetest imports it,
// may see of its inside.

func (s *Store) InTx(ctx context.Context, fn func(tx *gorm.DB, enq func(...river.InsertManyParams)) error) error {
	return s.inTx(ctx, func(tx *gorm.DB, enq enqueue) error { return fn(tx, enq) })
}

func (s *Store) DB() *gorm.DB { return s.db }

func (s *Store) Kind() Engine { return s.kind }

func (s *Store) ClockSkew() time.Duration {
	l := s.clock.lead.Load()
	return l.ahead - l.offset
}

// SetBack moves business time back, as a database's clock is that ran ahead.
func (s *Store) SetBack(ctx context.Context, d time.Duration) error {
	if err := s.Exec(ctx, "UPDATE clock SET offset_us = offset_us - ? WHERE id = 1", d.Microseconds()); err != nil {
		return err
	}
	return s.clock.refresh(ctx)
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
		&templateRow{}, &templateVersionRow{}, &freezeRow{}, &maintenanceRow{}, &releaseRow{}, &releaseItemRow{}, &scheduleRow{}, &lookRow{}, &reminderRow{}, &tokenRow{}, &checklistRow{}, &asBuiltRow{}}
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

// CountQueries says how many statements fn reads with, by either way to the
// database. Nobody else may use the store meanwhile.
func (s *Store) CountQueries(fn func()) int {
	n, was := 0, s.engine
	s.engine = counting{was, &n}
	defer func() { s.engine = was }()
	query := s.db.Callback().Query()
	_ = query.Before("gorm:query").Register("count", func(*gorm.DB) { n++ })
	defer func() { _ = query.Remove("count") }()
	fn()
	return n
}

// SpoilReminders has the rules panic on one change.
func (s *Store) SpoilReminders(id models.ChangeID) (mend func()) {
	was := s.judge
	s.judge = func(r *reminding, l lookRow, said []models.Reminder) ([]models.Reminder, time.Time, bool) {
		if l.RecordKind == models.RecordChange && l.RecordID == int64(id) {
			panic("made by the test")
		}
		return was(r, l, said)
	}
	return func() { s.judge = was }
}

// PlantReleases keeps releases as they are, by no door.
func (s *Store) PlantReleases(ctx context.Context, list ...*models.Release) error {
	rows := make([]releaseRow, len(list))
	var items []releaseItemRow
	for n, r := range list {
		rows[n] = rowOfRelease(r, time.Time{})
		for k := range r.Items {
			items = append(items, rowOfItem(r, &r.Items[k]))
		}
	}
	var out []stmt
	for part := range slices.Chunk(rows, rowsAtOnce) {
		out = append(out, releases.insert(part))
	}
	for part := range slices.Chunk(items, rowsAtOnce) {
		out = append(out, releaseItems.insert(part))
	}
	return s.engine.door(ctx, func(b batch) error { return b.do(ctx, out...) })
}
