package handlers

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

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
	ID   string // of this very act: the same for Slack's retries of it; "" when it needs none
	Key  string // what the store does once: as ID, but one per form, however often it is sent

	Command     Command // of a slash command, whatever the manifest calls it
	Workspace   models.WorkspaceID
	User        models.UserID
	Channel     string
	Trigger     string // opens one modal within 3 s
	ResponseURL string // "" when there is none (Home, modals, global shortcuts)
	Text        string // what was typed after a command, or into a select
	Value       string // of the button
	View        slack.View
	Inputs      []string // block ids of the form's inputs, in order
	Message     message  // the one that was clicked, or a message shortcut was used on
	Domain      string   // of the workspace, for links
	Event       json.RawMessage

	spent  atomic.Bool // the trigger was used
	opened atomic.Bool // a modal shows that the request was heard
}

type message struct {
	Text     string          `json:"text"`
	TS       string          `json:"ts"`
	Metadata json.RawMessage `json:"metadata"` // any app's, so it is read only where it must be ours
}

// Reply is what the person who acted gets to see; the zero Reply is a plain
// acknowledgement.
type Reply struct {
	Say     *view.Message // one private line
	SayAt   string        // response URL for it, when the request itself has none
	Errors  map[string]string
	View    *slack.ModalViewRequest // takes the place of the modal that was used
	Options *view.Options
	Then    func() // what is done once the answer is out
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
	r.ID = id("slash", r.Trigger)
	r.Key = r.ID
	return r, nil
}

// interaction is what Gatehouse reads of a click, form, shortcut or options
// request. Slack's own types would refuse a whole payload over one element
// they don't know, such as one in a message of somebody else's app.
type interaction struct {
	Type        string `json:"type"`
	CallbackID  string `json:"callback_id"`
	TriggerID   string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
	ActionID    string `json:"action_id"`
	Value       string `json:"value"`
	Team        struct {
		ID     string `json:"id"`
		Domain string `json:"domain"`
	} `json:"team"`
	User struct {
		ID     string `json:"id"`
		TeamID string `json:"team_id"`
	} `json:"user"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
	Actions []struct {
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
		URL      string `json:"url"`
		Selected struct {
			Value string `json:"value"`
		} `json:"selected_option"` // of a menu
	} `json:"actions"`
	Message message  `json:"message"`
	View    sentView `json:"view"`
}

type sentView struct {
	ID         string           `json:"id"`
	Type       slack.ViewType   `json:"type"`
	Hash       string           `json:"hash"`
	CallbackID string           `json:"callback_id"`
	Metadata   string           `json:"private_metadata"`
	State      *slack.ViewState `json:"state"`
	Blocks     []struct {
		Type    string `json:"type"`
		BlockID string `json:"block_id"`
	} `json:"blocks"`
}

// parseInteraction reads the JSON of a click, form, shortcut or options
// request. Kinds that Gatehouse has no use for come back without a door.
func parseInteraction(payload []byte) (*Request, error) {
	var in interaction
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, fmt.Errorf("interaction: %w: %w", errNotSlack, err)
	}
	r := &Request{
		Workspace: models.WorkspaceID(in.Team.ID), User: models.UserID(in.User.ID), Channel: in.Channel.ID,
		Trigger: in.TriggerID, ResponseURL: in.ResponseURL, Message: in.Message, Domain: in.Team.Domain,
	}
	if r.Workspace == "" {
		r.Workspace = models.WorkspaceID(in.User.TeamID)
	}
	r.see(in.View)
	switch in.Type {
	case "block_actions":
		if len(in.Actions) == 0 || in.Actions[0].URL != "" { // a link opens by itself
			return r, nil
		}
		r.Door, r.Name, r.Value = DoorClick, view.RouteOf(in.Actions[0].ActionID), in.Actions[0].Value
		if r.Value == "" {
			r.Value = in.Actions[0].Selected.Value
		}
		r.ID = id("click", in.TriggerID)
	case "view_submission":
		r.Door, r.Name = DoorForm, in.View.CallbackID
		r.Key = id("form", in.View.ID) // the same however often the form is sent
		r.ID = id(r.Key, fingerprint([]any{in.View.State, in.View.Metadata}))
	case "shortcut", "message_action":
		r.Door, r.Name = DoorShortcut, in.CallbackID
		r.ID = id("shortcut", in.TriggerID)
	case "block_suggestion":
		r.Door, r.Name, r.Text = DoorOptions, in.ActionID, in.Value
	}
	if r.Key == "" {
		r.Key = r.ID
	}
	return r, nil
}

// see takes the modal or Home tab in which the person acted.
func (r *Request) see(v sentView) {
	r.View = slack.View{ID: v.ID, Type: v.Type, Hash: v.Hash, CallbackID: v.CallbackID, PrivateMetadata: v.Metadata, State: v.State}
	for _, block := range v.Blocks {
		if block.Type == "input" {
			r.Inputs = append(r.Inputs, block.BlockID)
		}
	}
}

// fingerprint tells one filling of a form from another.
func fingerprint(s any) string {
	filled, _ := json.Marshal(s) // it was read from JSON just now; keys come out sorted
	sum := sha256.Sum256(filled)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
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
	r := &Request{Door: DoorEvent, Name: inner.Type, ID: id("event", envelope.EventID),
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

// id joins the parts of a name; without one of them there is none.
func id(what, which string) string {
	if what == "" || which == "" {
		return ""
	}
	return what + ":" + which
}

// link is the address of the message that a message shortcut was used on.
func (r *Request) link() string {
	if r.Domain == "" || r.Message.TS == "" {
		return ""
	}
	return fmt.Sprintf("https://%s.slack.com/archives/%s/p%s", r.Domain, r.Channel, strings.ReplaceAll(r.Message.TS, ".", ""))
}
