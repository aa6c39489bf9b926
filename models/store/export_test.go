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

func (s *Store) InJobTx(ctx context.Context, job *river.Job[DeliverArgs], fn func(tx *gorm.DB) error) error {
	return s.inJobTx(ctx, job, func(tx *gorm.DB, _ enqueue) error { return fn(tx) })
}

func (s *Store) DB() *gorm.DB { return s.db }

func (s *Store) Kind() Engine { return s.kind }

func (s *Store) LookAtClock(ctx context.Context) error { return s.clock.refresh(ctx) }

func (s *Store) ClockSkew() time.Duration {
	return time.Duration(s.clock.ahead.Load() - s.clock.offset.Load())
}
