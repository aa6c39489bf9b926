package handlers

import (
	"context"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// suggestSlots puts free times into the form; what was typed stays.
func (h *Handlers) suggestSlots(ctx context.Context, r *Request) (Reply, error) {
	meta, in := view.ReadChangeForm(r.View)
	if len(in.Services) == 0 {
		return Reply{}, models.Refusef("Choose the services first, and the start from which to look: then Gatehouse can suggest a slot.")
	}
	var c *models.Change
	if meta.Mode == view.ModeEdit {
		kept, err := h.Store.Change(ctx, h.Workspace, meta.Change)
		if err != nil {
			return Reply{}, err
		}
		c = kept
	}
	ahead, f, err := h.Store.Outlook(ctx, h.Workspace, r.User, in, c)
	if err == nil && !ahead.Misfit() { // none were looked for, since the time fits
		ahead.Slots, _, err = h.Store.Slots(ctx, h.Workspace, r.User, in, c)
	}
	if err != nil {
		return Reply{}, err
	}
	modal := view.ChangeFormWithSlots(meta, in, ahead, f)
	return Reply{View: &modal}, nil
}

// takeSlot fills the form with the chosen time.
func (h *Handlers) takeSlot(ctx context.Context, r *Request) (Reply, error) {
	w, ok := view.ParseSlotValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	meta, in := view.ReadChangeForm(r.View)
	in.Start, in.End, meta.Slot = w.Start, w.End, w.Start.Unix()
	meta.FilledIn(in)
	modal := h.formAhead(ctx, r.User, meta, in)
	return Reply{View: &modal}, nil
}

// offerSlot says a rule's no to whoever wanted to submit or start a change, and
// offers the next free time where that would turn it into a yes.
func (h *Handlers) offerSlot(ctx context.Context, r *Request, id models.ChangeID, no *models.Refusal) (Reply, error) {
	c, f, err := h.loadAround(ctx, r.User, id)
	if err != nil || !c.CanMove(f) {
		return Reply{}, no // which is the answer, whether there is more to say or not
	}
	slots, _, err := h.Store.Slots(ctx, h.Workspace, r.User, models.InputOf(c), c)
	if err != nil || len(slots.Free) == 0 {
		return Reply{}, no
	}
	return say(view.RefusalWithSlot(no.Aloud(), c, slots.Free[0])), nil
}

// moveToSlot moves a change to the time that a refusal offered.
func (h *Handlers) moveToSlot(ctx context.Context, r *Request) (Reply, error) {
	id, seen, w, ok := view.ParseMoveValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	reply, err := h.decide(ctx, r, id, view.ActionMove, "", func(c *models.Change, f models.Facts) error { return c.MoveTo(w, seen, f) })
	if refusal, refused := models.AsRefusal(err); refused && !refusal.Settled {
		return h.offerSlot(ctx, r, id, refusal) // somebody took it meanwhile
	}
	return reply, err
}
