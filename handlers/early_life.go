package handlers

import (
	"context"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// earlyLifeOf answers "/checklist REL-3 support": how early-life support stands.
func (h *Handlers) earlyLifeOf(ctx context.Context, r *Request, id models.ReleaseID, _ string) (Reply, error) {
	rel, f, err := h.loadRelease(ctx, r.User, id)
	if err != nil {
		return Reply{}, err
	}
	return say(view.EarlyLife(rel, f)), nil
}

func (h *Handlers) showEarlyLife(ctx context.Context, r *Request) (Reply, error) {
	return h.fillRelease(ctx, r, "Early-life support", func(rel *models.Release, _ view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		return view.EarlyLifeModal(rel, f), nil
	})
}

// earlyLifeStep is the way of every step that takes one click. In the window of
// early-life support the new state takes its place.
func earlyLifeStep(rule func(*models.Release, view.ReleaseRef, models.ReleaseFacts) error) handle {
	press := pressRelease(view.EarlyLifeOutcome, rule)
	return func(h *Handlers, ctx context.Context, r *Request) (Reply, error) {
		reply, err := press(h, ctx, r)
		ref, ok := view.ParseReleaseRef(r.Value)
		if err != nil || !ok || r.View.ID == "" || r.View.Type != slack.VTModal {
			return reply, err
		}
		rel, f, err := h.loadRelease(ctx, r.User, ref.ID)
		if err != nil {
			return reply, nil // what was done is recorded, and said in words
		}
		modal := view.EarlyLifeModal(rel, f)
		return Reply{View: &modal}, nil
	}
}

// askSupport opens the form to begin early-life support or to extend it.
func (h *Handlers) askSupport(ctx context.Context, r *Request) (Reply, error) {
	return h.fillRelease(ctx, r, "Early-life support", func(rel *models.Release, _ view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		return view.SupportForm(r.Name, rel, f, r.ResponseURL), nil
	})
}

func (h *Handlers) support(ctx context.Context, r *Request) (Reply, error) {
	meta, days, reason := view.ReadSupportForm(r.View)
	return h.moveRelease(ctx, r, meta.Release, meta.ResponseURL, meta.Kind, view.EarlyLifeOutcome,
		func(rel *models.Release, f models.ReleaseFacts) error {
			if meta.Kind == view.ActionExtend {
				return rel.Extend(days, reason, f)
			}
			return rel.BeginEarlyLife(days, f)
		})
}

func (h *Handlers) askIncident(ctx context.Context, r *Request) (Reply, error) {
	return h.fillRelease(ctx, r, "Report incident", func(rel *models.Release, _ view.ReleaseRef, _ models.ReleaseFacts) (slack.ModalViewRequest, error) {
		return view.IncidentForm(rel, r.ResponseURL), nil
	})
}

func (h *Handlers) reportIncident(ctx context.Context, r *Request) (Reply, error) {
	meta, ref, priority, note := view.ReadIncidentForm(r.View)
	return h.moveRelease(ctx, r, meta.Release, meta.ResponseURL, view.ActionReportIncident, view.EarlyLifeOutcome,
		func(rel *models.Release, f models.ReleaseFacts) error {
			return rel.ReportIncident(ref, priority, note, f)
		})
}
