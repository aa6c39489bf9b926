package bot

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/handlers"
)

// Scope is one permission that Gatehouse asks a workspace for, and why.
type Scope struct{ Name, Why string }

// Scopes are the least that Gatehouse needs.
var Scopes = []Scope{
	{"commands", "the slash command and the two shortcuts"},
	{"chat:write", "cards in channels, and messages to people"},
	{"files:write", "the calendar entry of a handover, and the certificate of an acceptance"},
	{"im:write", "opening a direct message with somebody"},
	{"im:history", "answering who writes to Gatehouse, and finding out whether a message arrived"},
	{"users:read", "names, time zones, and whether an account is deactivated or a guest"},
	{"usergroups:read", "who belongs to a user group that is a team, or whose approval the policy asks for"},
	{"channels:read", "telling whether Gatehouse was invited to a channel"},
	{"groups:read", "the same for a private channel"},
}

// LookupScopes are optional: with them a post whose reply was lost is looked
// up before it is repeated, so that no card ever stands twice.
var LookupScopes = []Scope{
	{"channels:history", "looking up whether a card arrived in a public channel"},
	{"groups:history", "the same in a private channel"},
}

// ManifestOptions say for which installation the manifest is.
type ManifestOptions struct {
	Mode      Mode
	PublicURL string                      // http mode only
	Commands  map[handlers.Command]string // what they are called, "/change"; a missing one has its own name
	Lookup    bool                        // ask for LookupScopes too
}

// commandWhat says what each slash command is for.
var commandWhat = map[handlers.Command]string{
	handlers.CommandChange:    "Raise, approve and follow changes",
	handlers.CommandChecklist: "Bring releases into production: checklist and handover",
	handlers.CommandGatehouse: "Services, roles and settings",
}

// named is what a command is called in this installation.
func (o ManifestOptions) named(c handlers.Command) string {
	return cmp.Or(o.Commands[c], "/"+string(c))
}

// botEvents are the event subscriptions behind the routes of package handlers.
var botEvents = map[string]string{"app_home_opened": "app_home_opened", "user_change": "user_change", "message": "message.im",
	"subteam_members_changed": "subteam_members_changed", "subteam_updated": "subteam_updated"}

// Manifest is the app's manifest as Slack takes it (schema version 2), made
// from the same tables that requests are routed by. In http mode it fails
// without a public address.
func Manifest(o ManifestOptions) ([]byte, error) {
	u, err := url.Parse(o.PublicURL)
	if o.Mode == ModeHTTP && (err != nil || !strings.HasPrefix(u.Scheme, "http") || u.Host == "" || u.RawQuery != "") {
		return nil, fmt.Errorf("the public address is %q; in http mode it should look like https://gatehouse.example.com", o.PublicURL)
	}
	for _, c := range handlers.Commands {
		if !commandShape.MatchString(o.named(c)) {
			return nil, fmt.Errorf("the command is %q; it should look like /%s", o.named(c), c)
		}
	}
	return json.MarshalIndent(object{
		"_metadata": object{"major_version": 2, "minor_version": 1},
		"display_information": object{
			"name": "Gatehouse", "description": "Protects production: every change raised, assessed, approved, carried out and reviewed.",
			"background_color": "#1f3a5f",
		},
		"features":     o.features(),
		"oauth_config": object{"scopes": object{"bot": o.scopes()}},
		"settings":     o.settings(),
	}, "", "  ")
}

type object map[string]any

// with adds the address of one of our doors; in socket mode there is none.
func (m object) with(key string, o ManifestOptions, path string) object {
	if o.Mode == ModeHTTP {
		m[key] = strings.TrimRight(o.PublicURL, "/") + path
	}
	return m
}

func (o ManifestOptions) features() object {
	var commands []any
	for _, c := range handlers.Commands {
		command := object{"command": o.named(c), "description": commandWhat[c], "usage_hint": usageHint(c), "should_escape": false}
		commands = append(commands, command.with("url", o, handlers.PathCommands))
	}
	return object{
		"app_home":       object{"home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": false},
		"bot_user":       object{"display_name": "Gatehouse", "always_online": true},
		"slash_commands": commands,
		"shortcuts": []any{
			object{"name": "Raise a change", "type": "global", "callback_id": view.ShortcutNew, "description": "Opens the form for a new change"},
			object{"name": "Raise a change", "type": "message", "callback_id": view.ShortcutMessage, "description": "Opens the form with this message as background"},
		},
	}
}

func (o ManifestOptions) scopes() []string {
	scopes := Scopes
	if o.Lookup {
		scopes = slices.Concat(Scopes, LookupScopes)
	}
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = s.Name
	}
	return names
}

func (o ManifestOptions) settings() object {
	var subscribed []string
	for _, event := range handlers.Routes()[handlers.DoorEvent] {
		subscribed = append(subscribed, botEvents[event])
	}
	return object{
		"event_subscriptions":    object{"bot_events": subscribed}.with("request_url", o, handlers.PathEvents),
		"interactivity":          object{"is_enabled": true}.with("request_url", o, handlers.PathInteractions).with("message_menu_options_url", o, handlers.PathOptions),
		"org_deploy_enabled":     false,
		"socket_mode_enabled":    o.Mode == ModeSocket,
		"token_rotation_enabled": false,
	}
}

// ManifestLink opens Slack's page for a new app with the manifest filled in.
func ManifestLink(manifest []byte) string {
	var compact any
	_ = json.Unmarshal(manifest, &compact) // it was marshalled just now
	short, _ := json.Marshal(compact)
	// %20, not +: who reads it may take + for what it is.
	return "https://api.slack.com/apps?new_app=1&manifest_json=" + strings.ReplaceAll(url.QueryEscape(string(short)), "+", "%20")
}

func usageHint(c handlers.Command) string {
	words := handlers.Verbs(c)
	switch c {
	case handlers.CommandChange:
		words = append(words, "CHG-4")
	case handlers.CommandChecklist:
		words = append(words, "REL-3")
	}
	return strings.Join(words, " | ")
}
