package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/models/store"
)

// deliverer sends what the outbox holds. A job names one row and ends well
// only once that row is sent, superseded or parked; until then it snoozes,
// which spends no attempt. Whoever holds a lane serves all that is due in it,
// most urgent first, and the other jobs of the lane find their rows done.
type deliverer struct {
	river.WorkerDefaults[store.DeliverArgs]
	*Jobs
}

// lane is one conversation, held by this replica's worker until it lets go or
// its lease ends on the machine's clock.
type lane struct {
	conversation, owner string
}

func (d *deliverer) Work(ctx context.Context, job *river.Job[store.DeliverArgs]) error {
	row, err := d.cfg.Store.Delivery(ctx, job.Args.DeliveryID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil // pruned
	case err != nil:
		return fmt.Errorf("load delivery %d: %w", job.Args.DeliveryID, err)
	case row.WorkspaceID != d.cfg.Workspace:
		return river.JobSnooze(maxBackoff) // its token is elsewhere
	}
	if wait, done := d.rest(row); done || wait > 0 {
		return snooze(wait, done)
	}
	l := lane{row.Conversation, fmt.Sprintf("%s/%d/%08x", d.cfg.Owner, job.ID, rand.Uint32())}
	wire := d.cfg.Store.WireNow()
	got, err := d.cfg.Store.TakeLane(ctx, row.WorkspaceID, l.conversation, l.owner, wire.Add(d.cfg.Times.Lease), wire)
	if err != nil {
		return fmt.Errorf("take lane: %w", err)
	}
	if !got {
		return river.JobSnooze(stayAway(job.Metadata))
	}
	defer d.letGo(ctx, l)
	more, err := d.serve(ctx, l, job)
	if err != nil && !errors.Is(err, store.ErrLaneLost) {
		return err
	}
	if row, err = d.cfg.Store.Delivery(ctx, row.ID); err != nil {
		return fmt.Errorf("load delivery %d: %w", job.Args.DeliveryID, err)
	}
	wait, done := d.rest(row)
	if !more && wait <= 0 { // an older row of its record, which waits, goes first
		wait = stayAway(job.Metadata)
	}
	return snooze(wait, done)
}

// rest is how long a row can be left alone, or that nothing is left to do.
func (d *deliverer) rest(r store.Row) (wait time.Duration, done bool) {
	if !r.Open() {
		return 0, true
	}
	return max(0, due(r).Sub(d.cfg.Store.Now())), false
}

// due is when a row may be sent; the zero time when it always might.
func due(r store.Row) time.Time { return later(at(r.NotBefore), at(r.RetryAt)) }

func at(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// stayAway is how long a job keeps off a lane in which it can do nothing, most
// often because another serves it, this job's row included. The longer it has
// waited, the longer it stays away: of the many jobs of a long lane one is then
// always about to look.
func stayAway(metadata []byte) time.Duration {
	var m struct {
		Snoozes int `json:"snoozes"`
	}
	_ = json.Unmarshal(metadata, &m) // River's own; without it the wait is short
	d := time.Duration(min(m.Snoozes+1, 20)) * time.Second
	return d/2 + rand.N(d)
}

func snooze(wait time.Duration, done bool) error {
	if done {
		return nil
	}
	return river.JobSnooze(wait)
}

// serve works on the lane until nothing is due, or until its turn is over or
// the process is to stop; then there may be more.
func (d *deliverer) serve(ctx context.Context, l lane, job *river.Job[store.DeliverArgs]) (more bool, err error) {
	end := time.Now().Add(d.cfg.Times.Turn)
	for d.quit.Err() == nil && ctx.Err() == nil && time.Now().Before(end) {
		row, ok, err := d.cfg.Store.NextInLane(ctx, d.cfg.Workspace, l.conversation, d.cfg.Store.Now())
		if err != nil {
			return false, fmt.Errorf("look for the next in lane: %w", err)
		}
		if !ok {
			return false, nil
		}
		a := &attempt{deliverer: d, lane: l, row: row, wanted: row.Wanted, end: end}
		if row.ID == job.Args.DeliveryID {
			a.job = job
		}
		if err := a.run(ctx); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (d *deliverer) letGo(ctx context.Context, l lane) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := d.cfg.Store.ReleaseLane(ctx, d.cfg.Workspace, l.conversation, l.owner); err != nil {
		d.log.WarnContext(ctx, "could not give a lane back; its lease will end", "conversation", l.conversation, "error", err)
	}
}
