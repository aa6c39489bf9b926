package handlers

import (
	"context"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// said words what came of a move of a release for whoever made it.
type said func(r *models.Release, did string, f models.ReleaseFacts) view.Message

// moveRelease lets a rule move the release, and says what came of it.
func (h *Handlers) moveRelease(ctx context.Context, r *Request, id models.ReleaseID, at, did string, words said, rule store.ReleaseMove) (Reply, error) {
	return h.onRelease(ctx, r, id, at, rule, func(rel *models.Release, f models.ReleaseFacts) view.Message { return words(rel, did, f) })
}

// meet is the way of every step of a meeting that takes one click.
func meet(rule func(*models.Release, view.ReleaseRef, models.ReleaseFacts) error) handle {
	return pressRelease(view.HandoverOutcome, rule)
}

func pressRelease(words said, rule func(*models.Release, view.ReleaseRef, models.ReleaseFacts) error) handle {
	return func(h *Handlers, ctx context.Context, r *Request) (Reply, error) {
		ref, ok := view.ParseReleaseRef(r.Value)
		if !ok {
			return Reply{}, errButton
		}
		return h.moveRelease(ctx, r, ref.ID, "", r.Name, words, func(rel *models.Release, f models.ReleaseFacts) error { return rule(rel, ref, f) })
	}
}

// handoverOf answers "/checklist REL-3 handover": it shows the meeting that is
// under way, the form to schedule one, or the record of the last.
func (h *Handlers) handoverOf(ctx context.Context, r *Request, id models.ReleaseID, _ string) (Reply, error) {
	r.Value = view.ReleaseRef{ID: id}.Value()
	return h.askHandover(ctx, r)
}

func (h *Handlers) askHandover(ctx context.Context, r *Request) (Reply, error) {
	return h.fillRelease(ctx, r, "Handover", func(rel *models.Release, _ view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		m := rel.LastMeeting()
		switch err := rel.CanSchedule(f); {
		case rel.InSession() != nil:
			return *shown("Handover", view.HandoverPrompt(rel, m, f)), nil
		case err != nil && m != nil && m.Decision != nil:
			return view.HandoverRecord(rel, m, f), nil
		case err != nil:
			return slack.ModalViewRequest{}, err
		}
		return view.HandoverForm(rel, rel.Suggested(f), f, r.ResponseURL), nil
	})
}

func (h *Handlers) schedule(ctx context.Context, r *Request) (Reply, error) {
	meta, in := view.ReadHandoverForm(r.View)
	h.meetPeople(ctx, r.User, in.Guests...)
	return h.moveRelease(ctx, r, meta.Release, meta.ResponseURL, view.ActionHandover, view.HandoverOutcome,
		func(rel *models.Release, f models.ReleaseFacts) error { return rel.Schedule(in, f) })
}

// meetPeople has Slack asked about those whom Gatehouse does not know yet.
func (h *Handlers) meetPeople(ctx context.Context, by models.UserID, list ...models.UserID) {
	f := h.glance(ctx, by)
	for _, u := range list {
		if _, known := f.People[u]; !known && u != "" {
			h.know(ctx, u)
		}
	}
}

func (h *Handlers) askVote(ctx context.Context, r *Request) (Reply, error) {
	return h.fillRelease(ctx, r, "Vote", func(rel *models.Release, ref view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		m, _, err := rel.MayVote(ref.No, f)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		return view.VoteForm(rel, m, f, r.ResponseURL), nil
	})
}

func (h *Handlers) vote(ctx context.Context, r *Request) (Reply, error) {
	meta, choice, comment := view.ReadVoteForm(r.View)
	return h.moveRelease(ctx, r, meta.Release, meta.ResponseURL, view.ActionVote, view.HandoverOutcome,
		func(rel *models.Release, f models.ReleaseFacts) error {
			return rel.Vote(meta.Meeting, choice, comment, f)
		})
}

// askConditions opens the form only for who may send it, and when the votes are
// known: what stands in it was talked about.
func (h *Handlers) askConditions(ctx context.Context, r *Request) (Reply, error) {
	h.know(ctx, r.User)
	return h.fillRelease(ctx, r, "Conditions", func(rel *models.Release, ref view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		m, err := rel.MayDecide(ref.No, true, f)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		list, err := rel.Proposed(f)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		return view.ConditionsForm(rel, m, list, f, r.ResponseURL), nil
	})
}

func (h *Handlers) acceptWithConditions(ctx context.Context, r *Request) (Reply, error) {
	meta, list := view.ReadConditionsForm(r.View)
	var owners []models.UserID
	for _, in := range list {
		owners = append(owners, in.Owner)
	}
	h.meetPeople(ctx, r.User, owners...)
	return h.moveRelease(ctx, r, meta.Release, meta.ResponseURL, view.ActionConditions, view.HandoverOutcome,
		func(rel *models.Release, f models.ReleaseFacts) error {
			return rel.AcceptWithConditions(meta.Meeting, list, f)
		})
}

// askPutOff opens the form to decline or to adjourn.
func (h *Handlers) askPutOff(ctx context.Context, r *Request) (Reply, error) {
	h.know(ctx, r.User)
	return h.fillRelease(ctx, r, view.PutOffTitle(r.Name), func(rel *models.Release, ref view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		m, err := rel.MayDecide(ref.No, false, f)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		return view.PutOffForm(r.Name, rel, m, rel.NextMeeting(f), r.ResponseURL), nil
	})
}

func (h *Handlers) putOff(ctx context.Context, r *Request) (Reply, error) {
	meta, reason, next := view.ReadPutOffForm(r.View)
	return h.moveRelease(ctx, r, meta.Release, meta.ResponseURL, meta.Kind, view.HandoverOutcome,
		func(rel *models.Release, f models.ReleaseFacts) error {
			if meta.Kind == view.ActionAdjourn {
				return rel.Adjourn(meta.Meeting, reason, next, f)
			}
			return rel.Decline(meta.Meeting, reason, next, f)
		})
}

// handoverRecord shows minutes and certificate of a meeting that ended.
func (h *Handlers) handoverRecord(ctx context.Context, r *Request) (Reply, error) {
	return h.fillRelease(ctx, r, "Handover", func(rel *models.Release, ref view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		m, known := rel.Meeting(ref.No)
		if !known || m.Decision == nil {
			return slack.ModalViewRequest{}, models.Refusef("No handover of %s has been decided yet, so there are no minutes. They stand under its card when it is.", rel.ID)
		}
		return view.HandoverRecord(rel, m, f), nil
	})
}
