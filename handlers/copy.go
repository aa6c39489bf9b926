package handlers

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/gatehousehq/gatehouse/models"
)

// saw reports the message that was clicked, in case it is a copy that Gatehouse
// does not know of: the click counts all the same, and the copy is put right.
func (h *Handlers) saw(ctx context.Context, r *Request) {
	var ours struct {
		Payload struct {
			DeliveryID string `json:"delivery_id"`
		} `json:"event_payload"`
	}
	_ = json.Unmarshal(r.Message.Metadata, &ours) // without an id there is nothing to do
	id, err := strconv.ParseInt(ours.Payload.DeliveryID, 10, 64)
	if err != nil || r.Door != DoorClick || r.Workspace != h.Workspace {
		return // no message of the outbox: a Home, a modal, a private answer
	}
	if err := h.Store.SawMessage(ctx, r.Workspace, id, models.ChannelID(r.Channel), r.Message.TS); err != nil {
		h.Log.WarnContext(ctx, "could not note which message was clicked", "delivery", id, "error", err)
	}
}
