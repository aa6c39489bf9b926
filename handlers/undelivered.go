package handlers

import (
	"context"
	"errors"
	"strconv"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// sendAgain takes up a message that could not be delivered, once its cause is mended.
func (h *Handlers) sendAgain(ctx context.Context, r *Request) (Reply, error) {
	return h.mendOne(ctx, r, h.Store.Retry)
}

// giveUp discards one that nobody needs any more.
func (h *Handlers) giveUp(ctx context.Context, r *Request) (Reply, error) {
	return h.mendOne(ctx, r, h.Store.Discard)
}

func (h *Handlers) mendOne(ctx context.Context, r *Request, mend func(context.Context, store.Command, int64) error) (Reply, error) {
	id, err := strconv.ParseInt(r.Value, 10, 64)
	if err != nil {
		return Reply{}, errButton
	}
	return h.mendDeliveries(ctx, r, func(ctx context.Context, cmd store.Command) error { return mend(ctx, cmd, id) })
}

// sendAllAgain takes up all that could not be delivered.
func (h *Handlers) sendAllAgain(ctx context.Context, r *Request) (Reply, error) {
	return h.mendDeliveries(ctx, r, func(ctx context.Context, cmd store.Command) error {
		_, err := h.Store.RetryAll(ctx, cmd)
		return err
	})
}

// mendDeliveries shows the outcome in the Home from which it was asked for.
func (h *Handlers) mendDeliveries(ctx context.Context, r *Request, mend func(context.Context, store.Command) error) (Reply, error) {
	h.know(ctx, r.User)
	f, err := h.Store.Facts(ctx, h.Workspace, r.User)
	if err != nil {
		return Reply{}, err
	}
	if err := models.MayMendDeliveries(f); err != nil {
		return Reply{}, err
	}
	err = mend(ctx, store.Command{Workspace: h.Workspace, Actor: r.User})
	h.Log.InfoContext(ctx, "somebody took up what could not be delivered", "delivery", r.Value, "by", r.User, "how", r.Name, "error", err)
	if errors.Is(err, store.ErrNotFound) {
		err = models.Refusef("This was taken up or discarded already, so nothing was done. The Home is brought up to date.")
	}
	return Reply{}, errors.Join(err, h.publishHome(ctx, r.User))
}

// publishHome shows a person's App Home as it is now.
func (h *Handlers) publishHome(ctx context.Context, u models.UserID) error {
	data, f, err := h.Store.Home(ctx, h.Workspace, u)
	if err != nil {
		return err
	}
	_, err = h.Slack.PublishHome(ctx, string(u), view.Home(view.HomeData(data), h.commands(), f), "")
	return err
}
