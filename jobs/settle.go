package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// tokenDead is how long nothing is sent after Slack has said that the app was
// removed. The tick asks again in the last minute of it.
const (
	tokenDead = 5 * time.Minute
	askAgain  = time.Minute
)

// settle writes down how a call ended: a.doubtful then says whether it, or one
// before it, may have arrived. It does so even when the process is
// told to stop meanwhile: what Slack said must not be forgotten.
func (a *attempt) settle(ctx context.Context, sent store.Sent, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err == nil {
		a.count()
		return a.sent(ctx, sent)
	}
	e, ok := errors.AsType[*slackapi.Error](err)
	if !ok {
		return err // ours, not Slack's
	}
	if e.Method == slackapi.MethodPost || e.Method == slackapi.MethodShare {
		a.doubtful = e.Kind == slackapi.MayHaveHappened
	}
	switch e.Kind {
	case slackapi.Later:
		return a.later(ctx, e)
	case slackapi.MayHaveHappened:
		return a.doubt(ctx, e)
	}
	return a.refused(ctx, e)
}

func (a *attempt) count() {
	a.removed.Store(false)
	switch {
	case a.row.Kind == models.DeliverHome:
		a.Counts.Published.Add(1)
	case a.row.TS != "":
		a.Counts.Edited.Add(1)
	default:
		a.Counts.Posted.Add(1)
	}
}

// sent completes our own job in the same transaction, so that a crash after it
// can't run the job again.
func (a *attempt) sent(ctx context.Context, sent store.Sent) error {
	if err := a.cfg.Store.MarkSent(ctx, a.row, sent, a.job); err != nil {
		a.doubtful = a.posts() // Slack has it, and we may not know
		return fmt.Errorf("mark delivery %d sent: %w", a.row.ID, err)
	}
	return nil
}

// later: it certainly did not happen.
func (a *attempt) later(ctx context.Context, e *slackapi.Error) error {
	now := a.cfg.Store.Now()
	if e.Trouble != slackapi.Busy {
		return a.putOff(ctx, now.Add(a.cfg.Times.backoff(a.row.Attempts)), e.Error())
	}
	a.Counts.Limited.Add(1)
	until := now.Add(e.RetryAfter)
	if err := a.pace.hold(ctx, e.Scope(), until); err != nil {
		return fmt.Errorf("hold %s: %w", e.Method, err)
	}
	a.log.InfoContext(ctx, "Slack asks to slow down", "slack", e)
	return a.putOff(ctx, until, e.Error())
}

// doubt: it may be there. What can be repeated without harm is repeated; a new
// message is looked for first.
func (a *attempt) doubt(ctx context.Context, e *slackapi.Error) error {
	wait := a.cfg.Times.backoff(a.row.Attempts)
	if a.doubtful {
		a.Counts.Doubtful.Add(1)
		wait = max(wait, a.cfg.Times.Doubt)
	}
	return a.putOff(ctx, a.cfg.Store.Now().Add(wait), e.Error())
}

// refused: a person has to change something first.
func (a *attempt) refused(ctx context.Context, e *slackapi.Error) error {
	digest := a.row.Kind == models.DeliverDigest
	quiet := a.row.Kind == models.DeliverNote || a.row.Kind == models.DeliverHome || digest
	switch {
	case e.Trouble == slackapi.AppRemoved:
		until, err := a.tokenDied(ctx, e)
		if err != nil {
			return err
		}
		return a.putOff(ctx, until, e.Error())
	case a.row.Kind == models.DeliverCopy:
		return superseded(e.Error())(a, ctx) // it was deleted, or can't be edited where it stands
	case e.Trouble == slackapi.PersonGone && quiet:
		return superseded(e.Error())(a, ctx) // nobody is left to read it, and nobody has to act
	case digest && a.row.TS != "":
		return superseded(e.Error())(a, ctx) // it would only shrink
	}
	return a.park(ctx, e.Words().String(), e.Error())
}

// tokenDied stops every call of every replica; the tick asks Slack again before
// the hold ends. It is said once, not for every message that waits.
func (j *Jobs) tokenDied(ctx context.Context, e *slackapi.Error) (until time.Time, err error) {
	until = j.cfg.Store.Now().Add(tokenDead)
	if err := j.pace.hold(ctx, slackapi.Scope{Method: everything}, until); err != nil {
		return until, fmt.Errorf("hold everything: %w", err)
	}
	if !j.removed.Swap(true) {
		j.log.ErrorContext(ctx, "Slack does not accept the app's token; nothing is sent until it does", "slack", e)
	}
	return until, nil
}

// park sets the row aside with a reason for an admin, who can have it retried.
func (a *attempt) park(ctx context.Context, reason, why string) error {
	a.Counts.Parked.Add(1)
	a.log.ErrorContext(ctx, "a message can't be delivered until somebody changes something", "delivery", a.row.ID,
		"kind", a.row.Kind, "channel", a.row.Channel, "user", a.row.UserID, "why", why)
	if err := a.cfg.Store.MarkDead(ctx, a.row, reason, why); err != nil {
		return err
	}
	if err := a.cfg.Store.TellMenders(ctx, a.row.WorkspaceID); err != nil {
		a.log.WarnContext(ctx, "could not bring the homes of admins up to date", "delivery", a.row.ID, "error", err)
	}
	return nil
}

// putOff waits. It decides nothing: what is in doubt stays so.
func (a *attempt) putOff(ctx context.Context, until time.Time, why string) error {
	if a.doubtful || a.calling && a.posts() {
		return a.cfg.Store.MarkUncertain(ctx, a.row, until, why)
	}
	return a.cfg.Store.MarkRetry(ctx, a.row, until, why)
}
