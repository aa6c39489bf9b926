package handlers

import (
	"context"

	"github.com/gatehousehq/gatehouse/bot/view"
)

// snooze puts off one thing that the person was reminded of. Their message
// shows it as soon as it is drawn again.
func (h *Handlers) snooze(ctx context.Context, r *Request) (Reply, error) {
	what, by, ok := view.ParseSnooze(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	until, err := h.Store.SnoozeReminder(ctx, h.command(r), what, by)
	if err != nil {
		return Reply{}, err
	}
	return say(view.Snoozed(until)), nil
}
