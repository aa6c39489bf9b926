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
	return h.decide(ctx, r, "Your approval is recorded.", func(c *models.Change, seen models.Revision, f models.Facts) error {
		return c.Approve(seen, f)
	})
}

func (h *Handlers) withdraw(ctx context.Context, r *Request) (Reply, error) {
	return h.decide(ctx, r, "Your approval is withdrawn.", func(c *models.Change, _ models.Revision, f models.Facts) error {
		return c.Withdraw(f)
	})
}

func (h *Handlers) start(ctx context.Context, r *Request) (Reply, error) {
	return h.decide(ctx, r, "Started.", func(c *models.Change, seen models.Revision, f models.Facts) error {
		return c.Start(seen, f)
	})
}

// decide is the way of every one-click decision.
func (h *Handlers) decide(ctx context.Context, r *Request, did string, rule func(*models.Change, models.Revision, models.Facts) error) (Reply, error) {
	id, seen, ok := view.ParseValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	h.know(ctx, r.User)
	res, err := h.Store.UpdateChange(ctx, h.command(r), id, func(c *models.Change, f models.Facts) error { return rule(c, seen, f) })
	return h.outcome(ctx, r, res, err, did, "")
}

func (h *Handlers) outcome(ctx context.Context, r *Request, res store.Result, err error, did, at string) (Reply, error) {
	reply := Reply{SayAt: at}
	if err != nil {
		return reply, err
	}
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return reply, err
	}
	reply.Say = ref(view.Outcome(res.Change, did, f))
	return reply, nil
}

// askReason opens the form in which a decision gets its reason.
func askReason(kind string) handle {
	return func(h *Handlers, ctx context.Context, r *Request) (Reply, error) {
		_, seen, _ := view.ParseValue(r.Value)
		return h.fill(ctx, r, view.ReasonTitle(kind), func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
			return view.ReasonForm(kind, c, seen, f, r.ResponseURL), nil
		})
	}
}

// giveReason takes a rejection, a request for changes, a cancellation or a
// rollback, with its reason.
func (h *Handlers) giveReason(ctx context.Context, r *Request) (Reply, error) {
	kind, id, seen, reason, at := view.ReadReasonForm(r.View)
	h.know(ctx, r.User)
	if kind == view.ReasonRollback {
		return h.rollBack(ctx, r, id, reason, at)
	}
	decisions := map[string]struct {
		did  string
		rule func(*models.Change, models.Facts) error
	}{
		view.ReasonReject: {"You rejected it.", func(c *models.Change, f models.Facts) error { return c.Reject(reason, seen, f) }},
		view.ReasonAsk:    {"You asked for changes.", func(c *models.Change, f models.Facts) error { return c.AskForChanges(reason, seen, f) }},
		view.ReasonCancel: {"It is cancelled.", func(c *models.Change, f models.Facts) error { return c.Cancel(reason, f) }},
	}
	decision, ok := decisions[kind]
	if !ok {
		return Reply{SayAt: at}, errButton
	}
	res, err := h.Store.UpdateChange(ctx, h.command(r), id, decision.rule)
	return h.outcome(ctx, r, res, err, decision.did, at)
}

// rollBack ends running work as rolled back; of a closed change it makes a
// linked one that may start at once.
func (h *Handlers) rollBack(ctx context.Context, r *Request, id models.ChangeID, reason, at string) (Reply, error) {
	c, err := h.Store.Change(ctx, h.Workspace, id)
	if err != nil {
		return Reply{SayAt: at}, err
	}
	if c.State == models.Closed {
		res, err := h.Store.CreateRollback(ctx, h.command(r), id, reason)
		return h.outcome(ctx, r, res, err, "It may start at once.", at)
	}
	res, err := h.Store.UpdateChange(ctx, h.command(r), id, func(c *models.Change, f models.Facts) error { return c.RollBack(reason, f) })
	return h.outcome(ctx, r, res, err, "It is recorded as rolled back.", at)
}

func (h *Handlers) askCompletion(ctx context.Context, r *Request) (Reply, error) {
	return h.fill(ctx, r, "Complete change", func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
		return view.CompleteForm(c, f, r.ResponseURL), nil
	})
}

func (h *Handlers) complete(ctx context.Context, r *Request) (Reply, error) {
	id, done, at, problems := view.ReadCompleteForm(r.View)
	if len(problems) > 0 {
		return Reply{SayAt: at}, &models.Refusal{Text: "Nothing is recorded yet.", Fields: problems}
	}
	h.know(ctx, r.User)
	res, err := h.Store.UpdateChange(ctx, h.command(r), id, func(c *models.Change, f models.Facts) error { return c.Complete(done, f) })
	return h.outcome(ctx, r, res, err, "The outcome is recorded.", at)
}

func (h *Handlers) askReview(ctx context.Context, r *Request) (Reply, error) {
	return h.fill(ctx, r, "Record review", func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
		return view.ReviewForm(c, f, r.ResponseURL), nil
	})
}

func (h *Handlers) review(ctx context.Context, r *Request) (Reply, error) {
	id, findings, at := view.ReadReviewForm(r.View)
	h.know(ctx, r.User)
	res, err := h.Store.UpdateChange(ctx, h.command(r), id, func(c *models.Change, f models.Facts) error { return c.Review(findings, f) })
	return h.outcome(ctx, r, res, err, "The review is recorded.", at)
}
