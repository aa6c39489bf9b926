package handlers

import (
	"context"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// loadRelease reads a release with what stands around it, for showing.
func (h *Handlers) loadRelease(ctx context.Context, u models.UserID, id models.ReleaseID) (*models.Release, models.ReleaseFacts, error) {
	r, err := h.Store.Release(ctx, h.Workspace, id)
	if err != nil {
		return nil, models.ReleaseFacts{}, err
	}
	f, err := h.Store.FactsAroundRelease(ctx, r, u)
	return r, f, err
}

// fillRelease is fill for the button of a release.
func (h *Handlers) fillRelease(ctx context.Context, r *Request, title string,
	draw func(*models.Release, view.ReleaseRef, models.ReleaseFacts) (slack.ModalViewRequest, error)) (Reply, error) {
	ref, ok := view.ParseReleaseRef(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	return h.fillWith(ctx, r, title, func() (slack.ModalViewRequest, error) {
		rel, f, err := h.loadRelease(ctx, r.User, ref.ID)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		return draw(rel, ref, f)
	})
}

// releaseWhy opens what makes a release amber or red.
func (h *Handlers) releaseWhy(ctx context.Context, r *Request) (Reply, error) {
	return h.fillRelease(ctx, r, "Why", func(rel *models.Release, _ view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		return view.ReleaseWhyModal(rel, f), nil
	})
}
