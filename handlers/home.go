package handlers

import (
	"context"
	"encoding/json"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/view"
)

// homeOpened publishes the App Home of whoever opened it; from then on it is
// kept up to date by deliveries.
func (h *Handlers) homeOpened(ctx context.Context, r *Request) (Reply, error) {
	var event struct {
		Tab string `json:"tab"`
	}
	if err := json.Unmarshal(r.Event, &event); err != nil || event.Tab == "messages" {
		return Reply{}, err
	}
	h.know(ctx, r.User)
	if err := h.Store.MarkSeesHome(ctx, h.Workspace, r.User); err != nil {
		return Reply{}, err
	}
	return Reply{}, h.publishHome(ctx, r.User)
}

// userChanged keeps people's facts fresh: a deactivated approver must not be
// asked, nor their click counted. Slack tells of everybody in the workspace;
// those whom Gatehouse never met are none of its business.
func (h *Handlers) userChanged(ctx context.Context, r *Request) (Reply, error) {
	h.forget(r.User)
	if _, known := h.glance(ctx, r.User).People[r.User]; !known {
		return Reply{}, nil
	}
	return Reply{}, h.confirm(ctx, r.User)
}

// groupsChanged has the members of Slack groups read again: somebody may have
// got or lost the right to decide.
func (h *Handlers) groupsChanged(ctx context.Context, _ *Request) (Reply, error) {
	return Reply{}, h.Store.WantGroups(ctx)
}

// messageToBot answers whoever writes to Gatehouse directly: silence would
// look broken, and nothing typed in a message ever decides anything.
func (h *Handlers) messageToBot(ctx context.Context, r *Request) (Reply, error) {
	var event struct {
		Channel     string `json:"channel"`
		ChannelType string `json:"channel_type"`
		Subtype     string `json:"subtype"`
		BotID       string `json:"bot_id"`
	}
	if err := json.Unmarshal(r.Event, &event); err != nil {
		return Reply{}, err
	}
	if event.ChannelType != "im" || event.Subtype != "" || event.BotID != "" || r.User == "" {
		return Reply{}, nil
	}
	m := view.MessageAnswer(h.ChangeCommand)
	_, err := h.Slack.Post(ctx, slackapi.Message{Channel: event.Channel, Text: m.Text, Blocks: m.Blocks})
	return Reply{}, err
}
