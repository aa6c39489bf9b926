package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/models"
)

// How often a store looks at the database's clock again: a fixed clock only
// drifts, a movable one may have been moved by another process.
const (
	lookAtFixed   = time.Minute
	lookAtMovable = 250 * time.Millisecond
)

// Clock shows business time: the machine's clock, corrected by how far the
// database's clock was measured to be from it, plus the offset row that a demo
// or a test moves. Replicas therefore agree to within half a round trip to the
// database, whatever their own clocks show. Its times keep Go's monotonic
// reading, which River needs to measure durations. It serves as River's
// Config.Test.Time, and its Now as a func() time.Time.
type Clock struct {
	lead    atomic.Pointer[lead]
	looking sync.Mutex // an older look never comes to stand over a newer one: time would run back
	moved   atomic.Pointer[chan struct{}]
	movable bool
	follows bool // whether the offset row is believed, whatever it says
	read    func(context.Context) (reading, error)
	log     *slog.Logger
}

// lead is what to add to the machine's clock, both parts of one look.
type lead struct {
	ahead  time.Duration // in all
	offset time.Duration // the part of it that somebody moved
}

// reading is one look at the database's clock.
type reading struct {
	skew   time.Duration // database minus machine
	doubt  time.Duration // the round trip: skew is right to within half of it
	offset time.Duration
}

var errMoved = errors.New("this database's clock was moved by a demo or a test, so it must not serve: use another database, or start it with `gatehouse demo`")

func newClock(read func(context.Context) (reading, error), o Options) *Clock {
	c := &Clock{read: read, movable: o.MovableClock, follows: o.MovableClock || o.ReadOnly, log: o.Logger}
	c.lead.Store(&lead{})
	moved := make(chan struct{})
	c.moved.Store(&moved)
	return c
}

// Now is business time, without a query.
func (c *Clock) Now() time.Time { return time.Now().Add(c.lead.Load().ahead) }

// NowOrNil is Now; River takes it as the time to write and to compare with.
func (c *Clock) NowOrNil() *time.Time {
	now := c.Now()
	return &now
}

// Offset is how far the clock was moved ahead; zero outside demo and tests.
func (c *Clock) Offset() time.Duration { return c.lead.Load().offset }

// Moved is closed when somebody moves the clock, so that who sits out a while
// of business time looks at it again.
func (c *Clock) Moved() <-chan struct{} { return *c.moved.Load() }

// wire is the database's clock as if nobody had moved it.
func (c *Clock) wire() time.Time {
	l := c.lead.Load()
	return time.Now().Add(l.ahead - l.offset)
}

func (c *Clock) refresh(ctx context.Context) error {
	c.looking.Lock()
	defer c.looking.Unlock()
	r, err := c.read(ctx)
	if err != nil {
		return fmt.Errorf("read the database's clock: %w", err)
	}
	if r.offset != 0 && !c.follows {
		return errMoved
	}
	old := c.lead.Swap(&lead{ahead: r.skew + r.offset, offset: r.offset})
	if old.offset != r.offset {
		next := make(chan struct{})
		close(*c.moved.Swap(&next))
	}
	return nil
}

// follow keeps looking until ctx ends. A look that fails keeps the last answer.
func (c *Clock) follow(ctx context.Context) {
	every := lookAtFixed
	if c.movable {
		every = lookAtMovable
	}
	for pause(ctx, every) == nil {
		look, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := c.refresh(look)
		cancel()
		switch {
		case err == nil || ctx.Err() != nil:
		case errors.Is(err, errMoved):
			c.log.ErrorContext(ctx, "the database's clock was moved while serving; keeping the old time", "error", err)
		default:
			c.log.WarnContext(ctx, "cannot read the database's clock; keeping the last reading", "error", err)
		}
	}
}

// LookAtClock reads the database's clock now, instead of within a minute: whoever
// is about to conclude that it was set back must not go by an old reading.
func (s *Store) LookAtClock(ctx context.Context) error { return s.clock.refresh(ctx) }

// Jump moves business time ahead by d for every process on this database: this
// one at once, others with a movable clock within a second. It needs
// Options.MovableClock, and time never runs backwards. Call it only while no
// request is open.
func (s *Store) Jump(ctx context.Context, d time.Duration) error {
	if !s.clock.movable {
		return errors.New("this clock cannot be moved: only a demo or a test may do that")
	}
	if d < 0 {
		return errors.New("the clock only moves ahead")
	}
	err := s.db.WithContext(ctx).Exec("UPDATE clock SET offset_us = offset_us + ? WHERE id = 1", d.Microseconds()).Error
	if err != nil {
		return fmt.Errorf("move the clock: %w", err)
	}
	before := s.clock.Now()
	if err := s.clock.refresh(ctx); err != nil {
		return err
	}
	return s.wakePassed(ctx, before)
}

// wakePassed wakes what a jump has passed over: River looks for what is due
// every five seconds of the machine's clock, however far the business time went.
func (s *Store) wakePassed(ctx context.Context, before time.Time) error {
	var ids []int64
	now := s.Now()
	err := s.db.WithContext(ctx).Model(&Row{}).Where(openStates).Where(isDue, now, now).
		Where("not_before > ? OR retry_at > ?", before, before).Order("id").Pluck("id", &ids).Error
	if err != nil {
		return fmt.Errorf("find what the clock has passed over: %w", err)
	}
	return s.Enqueue(ctx, ids...)
}

// ClockSlack is how far ahead what was done may lie without meaning that a clock
// was set back: replicas' clocks differ.
const ClockSlack = 10 * time.Minute

// LongestWait is longer than any call or delivery waits for Slack: it asks for
// an hour at most, as slackapi takes it.
const LongestWait = time.Hour + ClockSlack

// WakeAhead wakes the deliveries, [MostMended] in a transaction, and lifts the
// holds, that began to wait in what is time to come again, or until when no wait
// leads: the database's clock was ahead, and was set back. A lane that was taken
// then is free within a minute, which leaves its owner the time for a call that is
// under way. What is planned for later, such as a reader's morning, stays so. It
// tells how many deliveries it woke.
func (s *Store) WakeAhead(ctx context.Context, ws models.WorkspaceID) (all int, err error) {
	for {
		n, err := s.wakeAhead(ctx, ws)
		all += n
		if err != nil || n < MostMended {
			return all, err
		}
	}
}

func (s *Store) wakeAhead(ctx context.Context, ws models.WorkspaceID) (woken int, err error) {
	now, wire := s.Now(), s.WireNow()
	const ahead = openStates + " AND (retry_at > ? OR updated_at > ?)"
	limits := []any{now.Add(LongestWait), now.Add(ClockSlack)}
	err = s.engine.door(ctx, func(b batch) error {
		var wake []river.InsertManyParams
		err := b.do(ctx,
			stmt{sql: "DELETE FROM slack_holds WHERE workspace_id = ? AND (until > ? OR set_at > ?)", args: append([]any{ws}, limits...)},
			stmt{sql: "UPDATE lanes SET until = ? WHERE workspace_id = ? AND until > ?", args: []any{wire.Add(time.Minute), ws, wire.Add(ClockSlack)}},
			stmt{sql: "UPDATE deliveries SET retry_at = NULL, updated_at = ? WHERE id IN (SELECT id FROM deliveries WHERE workspace_id = ? AND " + ahead + " ORDER BY id LIMIT ?)" +
				" AND " + ahead + " RETURNING id", // once more: another replica may have been here meanwhile
				args: slices.Concat([]any{now, ws}, limits, []any{MostMended}, limits), each: func(x scanner) error {
					var id int64
					err := x.Scan(&id)
					wake = append(wake, wakeUp(id, time.Time{}, now))
					return err
				}})
		if woken = len(wake); err != nil || woken == 0 {
			return err
		}
		return b.enqueue(ctx, wake)
	})
	if err != nil {
		return 0, fmt.Errorf("wake what waits for a clock that was set back: %w", err)
	}
	return woken, nil
}
