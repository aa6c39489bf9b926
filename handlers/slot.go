package handlers

import (
	"context"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// suggestSlots puts free times above the form; what was typed stays.
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
	slots, f, err := h.Store.Slots(ctx, h.Workspace, r.User, in, c)
	if err != nil {
		return Reply{}, err
	}
	modal := view.ChangeFormWithSlots(meta, in, slots, f)
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
	modal := view.ChangeForm(meta, in, h.glance(ctx, r.User), meta.Resets)
	return Reply{View: &modal}, nil
}
