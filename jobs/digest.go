package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/schedule"
	"github.com/gatehousehq/gatehouse/models/store"
)

// roundBatch bounds the rounds of one tick; what is left over is the next one's.
const roundBatch = 200

// rounds has what comes round at its time: one round for all the times that
// were missed, and none for those missed too long ago. Replicas that tick at
// once, a tick that is run again and a clock that is set back are one.
func (t *ticker) rounds(ctx context.Context) error {
	s := t.cfg.Store
	now := s.Now()
	due, err := s.DueSchedules(ctx, t.cfg.Workspace, now, roundBatch)
	if err != nil || len(due) == 0 {
		return err
	}
	d, err := s.Directory(ctx, t.cfg.Workspace)
	if err != nil {
		return err
	}
	var errs []error
	for _, sch := range due {
		name := fmt.Sprintf("round %s for %s", sch.Kind, sch.Target)
		if err := t.guarded(ctx, name, func() error { return t.round(ctx, sch, models.Facts{Directory: d, Now: now}) }); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func (t *ticker) round(ctx context.Context, sch models.Schedule, f models.Facts) error {
	now := f.Now
	line, err := schedule.Parse(sch.Cron, sch.Zone)
	if err != nil { // it was valid when it was saved: zones come and go
		t.log.ErrorContext(ctx, "a schedule can't be read any more; it rests for a day", "kind", sch.Kind, "target", sch.Target, "error", err)
		_, err = t.cfg.Store.Fire(ctx, sch, now.Add(24*time.Hour), nil)
		return err
	}
	turn := line.Turn(sch.NextAt, now, sch.SkipAfter)
	list := roundOf(sch, turn.Slot, f)
	why := ""
	switch {
	case sch.NextAt.After(now):
		why = "the clock was set back, so it was planned anew"
	case turn.Slot.IsZero():
		why = "its time was longer ago than " + sch.SkipAfter.String()
	case slices.Contains(f.Settings.Hours.Holidays, turn.Slot.In(sch.Location()).Format(time.DateOnly)):
		why, list = "it is a holiday", nil
	case turn.Merged > 0 || turn.Stale:
		why = "missed times were merged into the last, and stale ones dropped"
	}
	fired, err := t.cfg.Store.Fire(ctx, sch, turn.Next, list)
	if err != nil || !fired {
		return err
	}
	if why != "" {
		t.log.InfoContext(ctx, "a schedule did not run as planned", "kind", sch.Kind, "target", sch.Target, "planned", sch.NextAt, "reason", why)
	}
	if len(list) > 0 {
		t.Counts.Rounds.Add(1)
	}
	return nil
}

// roundOf is what one time of a schedule delivers. A person has chosen when
// theirs comes; what missed that time waits for their hours.
func roundOf(sch models.Schedule, slot time.Time, f models.Facts) []models.Delivery {
	if slot.IsZero() {
		return nil
	}
	d := models.Delivery{Kind: models.DeliverDigest, Record: sch.Ref(), Key: sch.SlotKey(slot), User: sch.Person()}
	switch {
	case d.User == "":
		d.Channel = models.ChannelID(sch.Target)
	case f.Now.Sub(slot) > late:
		d.NotBefore = f.Settings.Hours.Next(f.Person(d.User), f.Now)
	}
	return []models.Delivery{d}
}

// drawDigest: what is posted late says what is due now. A digest shrinks to one
// line when the next one comes, or when nothing is due any more.
func (a *attempt) drawDigest(ctx context.Context) (drawing, error) {
	over := drawing{Message: view.DigestOver(a.row.CreatedAt), record: "digest"}
	sch, err := a.cfg.Store.ScheduleByID(ctx, a.row.WorkspaceID, a.row.RecordID)
	gone := errors.Is(err, store.ErrNotFound)
	if err != nil && !gone {
		return over, err
	}
	later := gone
	if !gone {
		over.Message = view.DigestOver(a.row.CreatedAt.In(sch.Location()))
		if later, err = a.cfg.Store.LaterRound(ctx, a.row); err != nil {
			return over, err
		}
		if a.row.TS == "" && !sch.NextAt.After(a.cfg.Store.Now()) && sch.SlotKey(sch.NextAt) != a.row.Key {
			later = true // another begins in a moment
		}
	}
	switch {
	case later && a.row.TS != "":
		return over, nil
	case later:
		return drawing{not: superseded("the digest was turned off, or a newer one came")}, nil
	}
	d, f, err := a.cfg.Store.Digest(ctx, sch)
	switch {
	case err != nil:
		return over, err
	case !d.Empty():
		return drawing{Message: view.Digest(d, f), record: "digest", from: f.Settings.Hours.Next(f.Person(sch.Person()), f.Now)}, nil
	case a.row.TS != "":
		return over, nil
	}
	return drawing{not: superseded("nothing is due")}, nil
}

// unsureDigest: a digest that may have arrived is not sent twice where nobody
// may look for it; an admin sees it.
func (a *attempt) unsureDigest(ctx context.Context) error {
	const reason = "Slack did not confirm this digest, and Gatehouse may not look into the channel, so it was not sent a second time."
	return a.park(ctx, reason, reason)
}
