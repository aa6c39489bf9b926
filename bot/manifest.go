package bot

import (
	"encoding/json"
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
	{"im:write", "opening a direct message with somebody"},
	{"im:history", "answering who writes to Gatehouse, and finding out whether a message arrived"},
	{"users:read", "names, time zones, and whether an account is deactivated or a guest"},
	{"channels:read", "telling whether Gatehouse was invited to a channel"},
}

// LookupScopes are optional: with them a post whose reply was lost is looked
// up before it is repeated, so that no card ever stands twice.
var LookupScopes = []Scope{
	{"channels:history", "looking up whether a card arrived in a public channel"},
	{"groups:history", "the same in a private channel"},
}

// ManifestOptions say for which installation the manifest is.
type ManifestOptions struct {
	Mode          Mode
	PublicURL     string // http mode only
	ChangeCommand string
	Lookup        bool // ask for LookupScopes too
}

// botEvents are the event subscriptions behind the routes of package handlers.
var botEvents = map[string]string{"app_home_opened": "app_home_opened", "user_change": "user_change", "message": "message.im"}

// Manifest is the app's manifest as Slack takes it (schema version 2), made
// from the same tables that requests are routed by.
func Manifest(o ManifestOptions) ([]byte, error) {
	base := strings.TrimSuffix(o.PublicURL, "/")
	at := func(path string) string {
		if o.Mode == ModeHTTP {
			return base + path
		}
		return ""
	}
	set := func(m map[string]any, key, value string) map[string]any {
		if value != "" {
			m[key] = value
		}
		return m
	}
	scopes := Scopes
	if o.Lookup {
		scopes = slices.Concat(Scopes, LookupScopes)
	}
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = s.Name
	}
	var subscribed []string
	for _, event := range handlers.Routes()[handlers.DoorEvent] {
		subscribed = append(subscribed, botEvents[event])
	}
	slices.Sort(subscribed)
	command := set(map[string]any{
		"command": o.ChangeCommand, "description": "Raise, approve and follow changes", "usage_hint": usageHint(), "should_escape": false,
	}, "url", at(handlers.PathCommands))
	interactivity := set(set(map[string]any{"is_enabled": true}, "request_url", at(handlers.PathInteractions)),
		"message_menu_options_url", at(handlers.PathOptions))
	return json.MarshalIndent(map[string]any{
		"_metadata": map[string]any{"major_version": 2, "minor_version": 1},
		"display_information": map[string]any{
			"name": "Gatehouse", "description": "Protects production: every change raised, assessed, approved, carried out and reviewed.",
			"background_color": "#1f3a5f",
		},
		"features": map[string]any{
			"app_home":       map[string]any{"home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": false},
			"bot_user":       map[string]any{"display_name": "Gatehouse", "always_online": true},
			"slash_commands": []any{command},
			"shortcuts": []any{
				map[string]any{"name": "Raise a change", "type": "global", "callback_id": view.ShortcutNew, "description": "Opens the form for a new change"},
				map[string]any{"name": "Raise a change", "type": "message", "callback_id": view.ShortcutMessage, "description": "Opens the form with this message as background"},
			},
		},
		"oauth_config": map[string]any{"scopes": map[string]any{"bot": names}},
		"settings": map[string]any{
			"event_subscriptions":    set(map[string]any{"bot_events": subscribed}, "request_url", at(handlers.PathEvents)),
			"interactivity":          interactivity,
			"org_deploy_enabled":     false,
			"socket_mode_enabled":    o.Mode == ModeSocket,
			"token_rotation_enabled": false,
		},
	}, "", "  ")
}

// ManifestLink opens Slack's page for a new app with the manifest filled in.
func ManifestLink(manifest []byte) string {
	var compact any
	_ = json.Unmarshal(manifest, &compact) // it was marshalled just now
	short, _ := json.Marshal(compact)
	return "https://api.slack.com/apps?new_app=1&manifest_json=" + url.QueryEscape(string(short))
}

func usageHint() string {
	return strings.Join(append(slices.Clone(handlers.Routes()[handlers.DoorSlash]), "CHG-4"), " | ")
}
