package handlers

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// errButton: a button of ours always carries a readable value.
var errButton = errors.New("unreadable button value")

// approve records one person's yes to the revision that their card showed.
func (h *Handlers) approve(ctx context.Context, r *Request) (Reply, error) {
	return h.press(ctx, r, func(c *models.Change, seen models.Revision, f models.Facts) error { return c.Approve(seen, f) })
}

func (h *Handlers) withdraw(ctx context.Context, r *Request) (Reply, error) {
	return h.press(ctx, r, func(c *models.Change, _ models.Revision, f models.Facts) error { return c.Withdraw(f) })
}

func (h *Handlers) start(ctx context.Context, r *Request) (Reply, error) {
	return h.press(ctx, r, func(c *models.Change, seen models.Revision, f models.Facts) error { return c.Start(seen, f) })
}

// press is the way of every decision that takes one click.
func (h *Handlers) press(ctx context.Context, r *Request, rule func(*models.Change, models.Revision, models.Facts) error) (Reply, error) {
	id, seen, ok := view.ParseValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	reply, err := h.decide(ctx, r, id, r.Name, "", func(c *models.Change, f models.Facts) error { return rule(c, seen, f) })
	if refusal, refused := models.AsRefusal(err); refused && !refusal.Settled && planning[r.Name] {
		return h.offerSlot(ctx, r, id, refusal)
	}
	return reply, err
}

// planning are the buttons that lay claim to a time.
var planning = map[string]bool{view.ActionSubmit: true, view.ActionStart: true, view.ActionStartNow: true,
	view.ActionOverride: true, view.ActionMoreTime: true, view.ActionMove: true}

// decide lets a rule move the change, and says what came of it. did is the
// button that stands for the decision.
func (h *Handlers) decide(ctx context.Context, r *Request, id models.ChangeID, did, at string, rule store.Move) (Reply, error) {
	h.know(ctx, r.User)
	cmd := h.command(r)
	cmd.Calendar = planning[did]
	res, err := h.Store.UpdateChange(ctx, cmd, id, rule)
	h.refreshFor(ctx, err)
	return h.outcome(ctx, r, res, err, did, at)
}

// refreshFor has Slack asked again when facts were too old to decide on.
func (h *Handlers) refreshFor(ctx context.Context, err error) {
	if r, refused := models.AsRefusal(err); refused && r.Refresh {
		if err := h.Store.WantGroups(ctx); err != nil {
			h.Log.WarnContext(ctx, "could not have groups read again", "error", err)
		}
	}
}

// outcome never fails once the decision is kept: what it shows beside it may
// be a moment old.
func (h *Handlers) outcome(ctx context.Context, r *Request, res store.Result, err error, did, at string) (Reply, error) {
	reply := Reply{SayAt: at}
	if err != nil {
		return reply, err
	}
	f := res.Facts
	if f.Directory == nil {
		f = h.glance(ctx, r.User)
	}
	reply.Say = ref(view.Outcome(res.Change, did, f))
	return reply, nil
}

// reasoned are the decisions that a reason goes with, by the kind of form that
// asks for it.
var reasoned = map[string]struct {
	did  string
	rule func(reason string, seen models.Revision) store.Move
}{
	view.ReasonReject: {view.ActionReject, func(reason string, seen models.Revision) store.Move {
		return func(c *models.Change, f models.Facts) error { return c.Reject(reason, seen, f) }
	}},
	view.ReasonAsk: {view.ActionAsk, func(reason string, seen models.Revision) store.Move {
		return func(c *models.Change, f models.Facts) error { return c.AskForChanges(reason, seen, f) }
	}},
	view.ReasonCancel: {view.ActionCancel, func(reason string, _ models.Revision) store.Move {
		return func(c *models.Change, f models.Facts) error { return c.Cancel(reason, f) }
	}},
	view.ReasonStartNow: {view.ActionStartNow, func(reason string, seen models.Revision) store.Move {
		return func(c *models.Change, f models.Facts) error { return c.StartNow(reason, seen, f) }
	}},
	view.ReasonIncident: {view.ActionIncident, func(reason string, _ models.Revision) store.Move {
		return func(c *models.Change, f models.Facts) error { return c.LinkIncident(reason, f) }
	}},
	view.ReasonHold: {view.ActionHold, func(reason string, _ models.Revision) store.Move {
		return func(c *models.Change, f models.Facts) error { return c.Hold(reason, f) }
	}},
	view.ReasonLift: {view.ActionLift, func(reason string, _ models.Revision) store.Move {
		return func(c *models.Change, f models.Facts) error { return c.LiftHold(reason, f) }
	}},
	view.ReasonOverride: {view.ActionOverride, func(reason string, seen models.Revision) store.Move {
		return func(c *models.Change, f models.Facts) error { return c.Override(reason, seen, f) }
	}},
	view.ReasonRollback: {view.ActionRollback, func(reason string, _ models.Revision) store.Move {
		return func(c *models.Change, f models.Facts) error { return c.RollBack(reason, f) }
	}},
}

// futile is why a form would be refused whatever somebody writes in it: what
// its rule says to an empty one, unless that is about what is not written yet.
// Who is not known well enough is asked about when the form is sent.
func futile(rule store.Move, c *models.Change, f models.Facts) error {
	trial := *c
	err := rule(&trial, f)
	if r, refused := models.AsRefusal(err); refused && len(r.Fields) == 0 && !r.Refresh {
		return err
	}
	return nil
}

// giveReason takes a rejection, a request for changes, a cancellation or a
// rollback, with its reason.
func (h *Handlers) giveReason(ctx context.Context, r *Request) (Reply, error) {
	kind, id, seen, reason, at := view.ReadReasonForm(r.View)
	decision, ok := reasoned[kind]
	if !ok {
		return Reply{SayAt: at}, errors.New("unreadable reason form")
	}
	if kind == view.ReasonRollback {
		if reply, closed, err := h.rollBackClosed(ctx, r, id, reason, at); closed || err != nil {
			return reply, err
		}
	}
	return h.decide(ctx, r, id, decision.did, at, decision.rule(reason, seen))
}

// rollBackClosed makes a linked change that undoes one that is closed already
// and may start at once. Before that, rolling back is an outcome of the change
// itself.
func (h *Handlers) rollBackClosed(ctx context.Context, r *Request, id models.ChangeID, reason, at string) (reply Reply, closed bool, err error) {
	c, err := h.Store.Change(ctx, h.Workspace, id)
	if err != nil || c.State != models.Closed {
		return Reply{SayAt: at}, false, err
	}
	h.know(ctx, r.User)
	res, err := h.Store.CreateRollback(ctx, h.command(r), id, reason)
	reply, err = h.outcome(ctx, r, res, err, view.ActionRollback, at)
	return reply, true, err
}

func (h *Handlers) complete(ctx context.Context, r *Request) (Reply, error) {
	id, done, at, problems := view.ReadCompleteForm(r.View)
	if len(problems) > 0 {
		return Reply{SayAt: at}, &models.Refusal{Text: "Nothing is recorded yet.", Fields: problems}
	}
	return h.decide(ctx, r, id, view.ActionComplete, at, func(c *models.Change, f models.Facts) error { return c.Complete(done, f) })
}

func (h *Handlers) extend(ctx context.Context, r *Request) (Reply, error) {
	id, until, reason, at := view.ReadExtendForm(r.View)
	return h.decide(ctx, r, id, view.ActionMoreTime, at, func(c *models.Change, f models.Facts) error { return c.Extend(until, reason, f) })
}

func (h *Handlers) review(ctx context.Context, r *Request) (Reply, error) {
	id, review, at := view.ReadReviewForm(r.View)
	return h.decide(ctx, r, id, view.ActionReview, at, func(c *models.Change, f models.Facts) error { return c.Review(review, f) })
}

// askDelegate opens the form in which an approver hands their decision on, or
// says why there is none of theirs.
func (h *Handlers) askDelegate(ctx context.Context, r *Request) (Reply, error) {
	return h.fill(ctx, r, "Delegate", func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
		if err := c.CanDelegate(f); err != nil {
			return slack.ModalViewRequest{}, err
		}
		return view.DelegateForm(c, f, r.ResponseURL), nil
	})
}

// delegate hands the decision on.
func (h *Handlers) delegate(ctx context.Context, r *Request) (Reply, error) {
	id, to, at := view.ReadDelegateForm(r.View)
	if to != "" {
		h.know(ctx, to) // whether they may decide is judged on what Slack says now
	}
	return h.decide(ctx, r, id, view.ActionDelegate, at, func(c *models.Change, f models.Facts) error { return c.Delegate(to, f) })
}

// why answers "/change why 4".
func (h *Handlers) why(ctx context.Context, r *Request) (Reply, error) {
	id, ok := h.changeNamed(ctx, r.Text)
	if !ok {
		return Reply{}, models.Refusef("Say which change: `%s why 4`.", h.ChangeCommand)
	}
	c, f, err := h.loadAround(ctx, r.User, id)
	if err != nil {
		return Reply{}, err
	}
	return say(view.Why(c, models.Explain(c, f), f)), nil
}
