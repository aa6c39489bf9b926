package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// Door is the kind of thing that came in.
type Door string

// What can come in from Slack.
const (
	DoorSlash    Door = "slash"
	DoorClick    Door = "click"
	DoorForm     Door = "form"
	DoorShortcut Door = "shortcut"
	DoorOptions  Door = "options"
	DoorEvent    Door = "event"
	doorNone     Door = "" // nothing to do but acknowledge
)

// Request is one thing that a person did, or Slack told, by either door.
type Request struct {
	Door Door
	Name string // command, action id, callback id or event type: what routes are found by
	Key  string // the same for Slack's retries of one act; "" when it needs none

	Workspace   models.WorkspaceID
	User        models.UserID
	Channel     string
	Trigger     string // opens one modal within 3 s
	ResponseURL string // "" when there is none (Home, modals, global shortcuts)
	Text        string // what was typed after a command, or into a select
	Value       string // of the button
	View        slack.View
	Message     slack.Message // the one a message shortcut was used on
	Domain      string        // of the workspace, for links
	Event       json.RawMessage
}

// Reply is what the person who acted gets to see; the zero Reply is a plain
// acknowledgement.
type Reply struct {
	Say     *view.Message // one private line
	SayAt   string        // response URL for it, when the request itself has none
	Errors  map[string]string
	View    *slack.ModalViewRequest // replaces the form that was sent
	Options *slack.OptionsResponse
}

func say(m view.Message) Reply { return Reply{Say: &m} }

var errNotSlack = errors.New("not a payload that Slack sends")

// parseSlash reads a slash command from its named fields.
func parseSlash(field func(string) string) (*Request, error) {
	r := &Request{
		Door: DoorSlash, Name: field("command"), Workspace: models.WorkspaceID(field("team_id")),
		User: models.UserID(field("user_id")), Channel: field("channel_id"), Domain: field("team_domain"),
		Trigger: field("trigger_id"), ResponseURL: field("response_url"), Text: field("text"),
	}
	if r.Name == "" || r.User == "" || r.Workspace == "" {
		return nil, fmt.Errorf("slash command without command, user or team: %w", errNotSlack)
	}
	r.Key = key("slash", r.Trigger)
	return r, nil
}

// parseInteraction reads the JSON of a click, form, shortcut or options
// request. Kinds that Gatehouse has no use for come back without a door.
func parseInteraction(payload []byte) (*Request, error) {
	var in slack.InteractionCallback
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, fmt.Errorf("interaction: %w: %w", errNotSlack, err)
	}
	r := &Request{
		Workspace: models.WorkspaceID(in.Team.ID), User: models.UserID(in.User.ID), Channel: in.Channel.ID,
		Trigger: in.TriggerID, ResponseURL: in.ResponseURL, View: in.View, Message: in.Message, Domain: in.Team.Domain,
	}
	if in.User.TeamID != "" && r.Workspace == "" {
		r.Workspace = models.WorkspaceID(in.User.TeamID)
	}
	switch in.Type {
	case slack.InteractionTypeBlockActions:
		if len(in.ActionCallback.BlockActions) == 0 {
			return r, nil
		}
		action := in.ActionCallback.BlockActions[0]
		r.Door, r.Name, r.Value = DoorClick, action.ActionID, action.Value
		r.Key = key("click", in.TriggerID)
	case slack.InteractionTypeViewSubmission:
		r.Door, r.Name = DoorForm, in.View.CallbackID
		r.Key = key("form", in.View.ID)
	case slack.InteractionTypeShortcut, slack.InteractionTypeMessageAction:
		r.Door, r.Name = DoorShortcut, in.CallbackID
	case slack.InteractionTypeBlockSuggestion:
		r.Door, r.Name, r.Text = DoorOptions, in.ActionID, in.Value
	}
	return r, nil
}

// eventEnvelope is the outer shape of everything the Events API sends.
type eventEnvelope struct {
	Type      string          `json:"type"`
	Challenge string          `json:"challenge"`
	TeamID    string          `json:"team_id"`
	EventID   string          `json:"event_id"`
	Event     json.RawMessage `json:"event"`
}

// parseEvent reads an Events API callback.
func parseEvent(body []byte) (*Request, eventEnvelope, error) {
	var envelope eventEnvelope
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, envelope, fmt.Errorf("event: %w: %w", errNotSlack, err)
	}
	var inner struct {
		Type string          `json:"type"`
		User json.RawMessage `json:"user"` // an id, or the whole user in user_change
	}
	if len(envelope.Event) > 0 {
		if err := json.Unmarshal(envelope.Event, &inner); err != nil {
			return nil, envelope, fmt.Errorf("event: %w: %w", errNotSlack, err)
		}
	}
	r := &Request{Door: DoorEvent, Name: inner.Type, Key: envelope.EventID,
		Workspace: models.WorkspaceID(envelope.TeamID), User: userOf(inner.User), Event: envelope.Event}
	return r, envelope, nil
}

func userOf(raw json.RawMessage) models.UserID {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		return models.UserID(id)
	}
	var user struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(raw, &user) // an event without a user has none
	return models.UserID(user.ID)
}

func key(what, id string) string {
	if id == "" {
		return ""
	}
	return what + ":" + id
}

// firstInput is a block of the sent form that an error can stand beside.
func (r *Request) firstInput() string {
	for _, block := range r.View.Blocks.BlockSet {
		if input, ok := block.(*slack.InputBlock); ok {
			return input.BlockID
		}
	}
	return ""
}

// link is the address of the message that a message shortcut was used on.
func (r *Request) link() string {
	if r.Domain == "" || r.Message.Timestamp == "" {
		return ""
	}
	return fmt.Sprintf("https://%s.slack.com/archives/%s/p%s", r.Domain, r.Channel, strings.ReplaceAll(r.Message.Timestamp, ".", ""))
}
