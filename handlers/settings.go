package handlers

import (
	"context"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// policy shows which approvals are asked for.
func (h *Handlers) policy(ctx context.Context, r *Request) (Reply, error) {
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	return say(view.Policy(f)), nil
}

// me shows what a person set for themself, with a button to change it.
func (h *Handlers) me(ctx context.Context, r *Request) (Reply, error) {
	h.know(ctx, r.User)
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	return say(view.Me(f)), nil
}

// askMe opens the form with what is set.
func (h *Handlers) askMe(ctx context.Context, r *Request) (Reply, error) {
	return h.fillWith(ctx, r, "You in Gatehouse", func() (slack.ModalViewRequest, error) {
		f, err := h.facts(ctx, r.User)
		return view.MeForm(f, r.ResponseURL), err
	})
}

// saveMe keeps what was filled in. Whom to ask in whose place follows at once.
func (h *Handlers) saveMe(ctx context.Context, r *Request) (Reply, error) {
	in, at := view.ReadMeForm(r.View)
	h.know(ctx, r.User)
	if in.Delegate != "" {
		h.know(ctx, in.Delegate)
	}
	err := h.Store.SaveOwn(ctx, h.command(r), func(f models.Facts) (models.Own, []models.Event, error) { return models.SetOwn(in, f) })
	if err != nil {
		return Reply{SayAt: at}, err
	}
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{SayAt: at}, err
	}
	return Reply{Say: ref(view.Me(f)), SayAt: at}, nil
}
