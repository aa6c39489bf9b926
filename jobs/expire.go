package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// Bounds of one tick; what is left over is next tick's.
const (
	expireBatch = 200
	wakeBatch   = 500
)

type tickArgs struct{}

func (tickArgs) Kind() string { return "tick" }

// ticker ends what is over, has what comes round, and wakes deliveries whose own job was lost.
type ticker struct {
	river.WorkerDefaults[tickArgs]
	*Jobs
}

func (t *ticker) Work(ctx context.Context, _ *river.Job[tickArgs]) error { return t.Tick(ctx) }

// expire does what has fallen due: the next of ECAB is asked, or a change ends.
// It goes through the same door as every decision. Its key makes replicas that
// tick at once, or a tick that is run again, one.
func (t *ticker) expire(ctx context.Context) error {
	due, err := t.cfg.Store.DueChanges(ctx, t.cfg.Store.Now(), expireBatch)
	if err != nil {
		return fmt.Errorf("look for what is due: %w", err)
	}
	var errs []error
	for _, d := range due {
		cmd := store.Command{Workspace: d.Workspace, Key: fmt.Sprintf("due/%s/%d", d.ID, d.DueAt.UnixMicro())}
		var r store.Result
		err := t.guarded(ctx, cmd.Key, func() (err error) {
			r, err = t.cfg.Store.UpdateChange(ctx, cmd, d.ID, func(c *models.Change, f models.Facts) error { return c.Elapse(f) })
			return err
		})
		switch _, refused := models.AsRefusal(err); {
		case refused: // somebody was faster
		case err != nil:
			errs = append(errs, fmt.Errorf("carry out what is due for %s: %w", d.ID, err))
		case r.Repeat, r.Change == nil: // it rests after a panic
		case r.Change.State == models.Expired:
			t.Counts.Expired.Add(1)
		case len(r.Events) > 0:
			t.Counts.Escalated.Add(1)
		}
	}
	return errors.Join(errs...)
}

// elapse does what has fallen due in releases: briefs, meetings that begin,
// waivers and conditions that run out, early-life support. It is bounded and
// keyed as expire is.
func (t *ticker) elapse(ctx context.Context) error {
	due, err := t.cfg.Store.DueReleases(ctx, t.cfg.Store.Now(), expireBatch)
	if err != nil {
		return fmt.Errorf("look for due releases: %w", err)
	}
	var errs []error
	for _, d := range due {
		cmd := store.Command{Workspace: d.Workspace, Key: fmt.Sprintf("due/%s/%d", d.ID, d.DueAt.UnixMicro())}
		err := t.guarded(ctx, cmd.Key, func() error {
			_, err := t.cfg.Store.UpdateRelease(ctx, cmd, d.ID, func(r *models.Release, f models.ReleaseFacts) error { return r.Elapse(f) })
			return err
		})
		if _, refused := models.AsRefusal(err); err != nil && !refused {
			errs = append(errs, fmt.Errorf("carry out what is due for %s: %w", d.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (t *ticker) wake(ctx context.Context) error {
	ahead, err := t.cfg.Store.WakeAhead(ctx, t.cfg.Workspace)
	if err != nil {
		return err
	}
	if ahead > 0 {
		t.log.WarnContext(ctx, "the database's clock was set back; waking what waited for the time that it showed before", "count", ahead)
	}
	before := t.cfg.Store.Now().Add(-t.cfg.Times.Overdue)
	stuck, err := t.cfg.Store.Stuck(ctx, t.cfg.Workspace, before, wakeBatch)
	if err != nil {
		return fmt.Errorf("look for overdue deliveries: %w", err)
	}
	ids := overdue(stuck, before)
	if len(ids) == 0 {
		return nil
	}
	t.Counts.Woken.Add(int64(len(ids)))
	t.log.WarnContext(ctx, "deliveries are overdue; waking them", "count", len(ids), "first", ids[0])
	if err := t.cfg.Store.Enqueue(ctx, ids...); err != nil {
		return fmt.Errorf("wake deliveries: %w", err)
	}
	return nil
}

// overdue keeps one a lane, since whoever wakes serves all that is due in it,
// and leaves out what has only just become due after a wait: its own job is on
// the way, and a second one for every wait would pile up.
func overdue(stuck []store.Row, before time.Time) []int64 {
	var out []int64
	lanes := map[string]bool{}
	for _, row := range stuck {
		if !due(row).After(before) && !lanes[row.Conversation] {
			lanes[row.Conversation] = true
			out = append(out, row.ID)
		}
	}
	return out
}

// probe asks Slack about a dead token, shortly before the hold on everything
// would end; no message has to find out.
func (t *ticker) probe(ctx context.Context) error {
	now := t.cfg.Store.Now()
	until, err := t.cfg.Store.HeldUntil(ctx, t.cfg.Workspace, everything, "", now)
	if err != nil || until.IsZero() || until.Sub(now) > askAgain {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, t.cfg.Times.Call)
	defer cancel()
	_, err = t.cfg.Slack.AuthTest(ctx)
	if e, ok := errors.AsType[*slackapi.Error](err); ok && e.Trouble == slackapi.AppRemoved {
		_, err := t.tokenDied(ctx, e)
		return err
	}
	return nil // alive again, or not to be reached: the messages will tell
}
