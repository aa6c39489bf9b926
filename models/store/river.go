package store

import (
	"context"
	"log/slog"
	"slices"

	"github.com/riverqueue/river"
)

// DeliverArgs wakes the outbox for one delivery. The row is the truth; the job
// only says that it is time to look.
type DeliverArgs struct {
	DeliveryID int64 `json:"delivery_id"`
}

// Kind is the job's name in River's tables. It must never change.
func (DeliverArgs) Kind() string { return "deliver" }

// Runner is a working River client, whichever database it works on.
type Runner interface {
	// Start begins to work and returns; jobs run until ctx ends or Stop.
	Start(ctx context.Context) error
	// Stop waits for running jobs, or until ctx ends.
	Stop(ctx context.Context) error
	// StopAndCancel cancels the running jobs' contexts and then waits.
	StopAndCancel(ctx context.Context) error
	// Stopped is closed when a stop, asked for or not, is complete.
	Stopped() <-chan struct{}
	// Subscribe tells of jobs that ended, until the returned func is called.
	Subscribe(kinds ...river.EventKind) (<-chan *river.Event, func())
}

// NewRiver builds a working client on this database from cfg (queues, workers,
// periodic jobs, retry policy), which it does not change. The store adds its
// clock, and its logger where cfg has none. Stop it before closing the store.
func (s *Store) NewRiver(cfg *river.Config) (Runner, error) {
	return s.engine.newRiver(s.riverConfig(cfg))
}

func (s *Store) riverConfig(cfg *river.Config) *river.Config {
	own := river.Config{}
	if cfg != nil {
		own = *cfg
	}
	if own.Logger == nil {
		own.Logger = quiet(s.log, s.clock.movable)
	}
	if own.ReindexerIndexNames == nil {
		own.ReindexerIndexNames = slices.DeleteFunc(river.ReindexerIndexNamesDefault(),
			func(name string) bool { return slices.Contains(searchIndexes, name) })
	}
	own.Test.Time = s.clock
	return &own
}

// quiet passes on warnings and worse. On a clock that is moved only errors:
// each jump ends the leader's term, and River warns of that.
func quiet(log *slog.Logger, moved bool) *slog.Logger {
	least := slog.LevelWarn
	if moved {
		least = slog.LevelError
	}
	return slog.New(atLeast{log.Handler(), least})
}

type atLeast struct {
	slog.Handler
	least slog.Level
}

func (a atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= a.least && a.Handler.Enabled(ctx, l)
}
func (a atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{a.Handler.WithAttrs(attrs), a.least}
}
func (a atLeast) WithGroup(n string) slog.Handler { return atLeast{a.Handler.WithGroup(n), a.least} }
