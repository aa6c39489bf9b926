package slackfake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// LeastScopes are the bot scopes a plain bot asks for; the token carries them until a manifest is installed.
var LeastScopes = []string{"app_mentions:read", "channels:read", "chat:write", "commands", "files:write", "groups:read",
	"im:history", "im:write", "usergroups:read", "users:read"}

// app is the installed app: who it is, what it may do and where its doors are.
type app struct {
	id, name, botUser, botID string
	scopes                   []string
	gone                     bool // uninstalled: its tokens are dead
	manifest                 manifest
}

func newApp(cfg Config) app {
	return app{id: "A0FAKE0001", name: "app", botUser: "U0FAKEBOT0", botID: "B0FAKEBOT0", scopes: slices.Clone(cfg.Scopes)}
}

// manifest is Slack's app manifest v2. Every key that Slack knows is here, so that an unknown one is refused.
type manifest struct {
	Metadata struct {
		Major int `json:"major_version"`
		Minor int `json:"minor_version"`
	} `json:"_metadata"`
	Display struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Long        string `json:"long_description"`
		Color       string `json:"background_color"`
	} `json:"display_information"`
	Features struct {
		AppHome *struct {
			Home     bool  `json:"home_tab_enabled"`
			Messages *bool `json:"messages_tab_enabled"`
			ReadOnly *bool `json:"messages_tab_read_only_enabled"`
		} `json:"app_home"`
		Bot *struct {
			Name   string `json:"display_name"`
			Online bool   `json:"always_online"`
		} `json:"bot_user"`
		Shortcuts  []shortcut `json:"shortcuts"`
		Commands   []command  `json:"slash_commands"`
		Unfurl     []string   `json:"unfurl_domains"`
		Agent      any        `json:"agent_view"`
		Assistant  any        `json:"assistant_view"`
		Steps      any        `json:"workflow_steps"`
		RichPrevs  any        `json:"rich_previews"`
		SearchFeat any        `json:"search"`
	} `json:"features"`
	OAuth struct {
		Redirects []string `json:"redirect_urls"`
		Scopes    struct {
			Bot          []string `json:"bot"`
			User         []string `json:"user"`
			BotOptional  []string `json:"bot_optional"`
			UserOptional []string `json:"user_optional"`
		} `json:"scopes"`
		PKCE  bool `json:"pkce_enabled"`
		Token bool `json:"token_management_enabled"`
	} `json:"oauth_config"`
	Settings struct {
		Events *struct {
			URL        string   `json:"request_url"`
			Bot        []string `json:"bot_events"`
			User       []string `json:"user_events"`
			MetaEvents []any    `json:"metadata_subscriptions"`
		} `json:"event_subscriptions"`
		Interactivity struct {
			Enabled    bool   `json:"is_enabled"`
			URL        string `json:"request_url"`
			OptionsURL string `json:"message_menu_options_url"`
		} `json:"interactivity"`
		Org      bool     `json:"org_deploy_enabled"`
		Socket   bool     `json:"socket_mode_enabled"`
		Rotation bool     `json:"token_rotation_enabled"`
		Hosted   bool     `json:"is_hosted"`
		IPRanges []string `json:"allowed_ip_address_ranges"`
		Webhooks any      `json:"incoming_webhooks"`
		SIWS     any      `json:"siws_links"`
		Runtime  string   `json:"function_runtime"`
		MCP      bool     `json:"is_mcp_enabled"`
	} `json:"settings"`
}

type shortcut struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	CallbackID  string `json:"callback_id"`
	Description string `json:"description"`
}

type command struct {
	Command     string `json:"command"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description"`
	UsageHint   string `json:"usage_hint"`
	Escape      bool   `json:"should_escape"`
}

// Install makes the app what its manifest (JSON) says: name, commands, shortcuts, URLs, events, scopes, Socket Mode.
// A manifest that Slack would refuse is refused with every problem in words, and nothing changes.
func (s *Server) Install(raw []byte) error {
	var m manifest
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return fmt.Errorf("the manifest is not one that Slack knows: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var o obj
	_ = json.Unmarshal(raw, &o)
	s.rec.add(record{Method: "apps.manifest.validate", Args: obj{"manifest": o}})
	if err := errors.Join(m.problems()...); err != nil {
		return err
	}
	s.app.manifest, s.app.scopes, s.app.gone = m, slices.Clone(m.OAuth.Scopes.Bot), false
	s.app.name = m.Display.Name
	if m.Features.Bot != nil {
		s.app.name = m.Features.Bot.Name
	}
	s.touch("state", "")
	return nil
}

// eventScopes are the scopes that event subscriptions need; events not named here need none.
var eventScopes = map[string]string{"app_mention": "app_mentions:read", "message.im": "im:history", "message.channels": "channels:history",
	"message.groups": "groups:history", "message.mpim": "mpim:history", "reaction_added": "reactions:read", "team_join": "users:read",
	"user_change": "users:read", "subteam_members_changed": "usergroups:read", "subteam_updated": "usergroups:read", "subteam_created": "usergroups:read",
	"member_joined_channel": "channels:read", "member_left_channel": "channels:read", "channel_archive": "channels:read",
	"channel_unarchive": "channels:read", "channel_rename": "channels:read", "channel_deleted": "channels:read", "channel_left": "channels:read",
	"app_home_opened": "", "app_uninstalled": "", "tokens_revoked": "", "group_left": "groups:read", "group_archive": "groups:read"}

var (
	commandShape = regexp.MustCompile(`^/[^\s/]{1,31}$`)
	colorShape   = regexp.MustCompile(`(?i)^#([0-9a-f]{3}|[0-9a-f]{6})$`)
)

func (m manifest) problems() []error {
	var out []error
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			out = append(out, fmt.Errorf("manifest: "+format, args...))
		}
	}
	short := func(what, v string, most int) {
		bad(letters(v) <= most, "%s has %d characters, at most %d allowed", what, letters(v), most)
	}
	link := func(what, v string) {
		u, err := url.Parse(v)
		bad(m.Settings.Socket && v == "" || err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "", "%s needs a URL unless Socket Mode is on (got %q)", what, v)
		short(what, v, 3000)
	}
	d, f, set := m.Display, m.Features, m.Settings
	bad(d.Name != "", "display_information.name is missing")
	short("display_information.name", d.Name, 35)
	short("display_information.description", d.Description, 140)
	bad(d.Long == "" || letters(d.Long) >= 175 && letters(d.Long) <= 4000, "display_information.long_description needs 175 to 4,000 characters")
	bad(d.Color == "" || colorShape.MatchString(d.Color), "background_color %q is not a hex colour", d.Color)
	if f.Bot != nil {
		bad(f.Bot.Name != "", "features.bot_user.display_name is missing")
		short("features.bot_user.display_name", f.Bot.Name, 80)
	}
	bad(len(f.Commands) <= 50, "%d slash commands, at most 50 allowed", len(f.Commands))
	bad(len(f.Shortcuts) <= 10, "%d shortcuts, at most 10 allowed", len(f.Shortcuts))
	bad(len(f.Unfurl) <= 5, "%d unfurl domains, at most 5 allowed", len(f.Unfurl))
	for _, c := range f.Commands {
		bad(commandShape.MatchString(c.Command), "command %q must start with / and have at most 32 characters without spaces", c.Command)
		bad(c.Description != "", "command %s needs a description", c.Command)
		short("description of "+c.Command, c.Description, 2000)
		short("usage_hint of "+c.Command, c.UsageHint, 1000)
		link("command "+c.Command, c.URL)
	}
	for _, c := range f.Shortcuts {
		bad(c.Type == "global" || c.Type == "message", "shortcut %q must be global or message", c.Name)
		bad(c.Name != "" && c.CallbackID != "" && c.Description != "", "shortcut %q needs name, callback_id and description", c.Name)
		short("shortcut name", c.Name, 24)
		short("shortcut callback_id", c.CallbackID, 255)
		short("shortcut description", c.Description, 150)
	}
	scopes := m.OAuth.Scopes.Bot
	bad(len(scopes) <= 255, "%d bot scopes, at most 255 allowed", len(scopes))
	bad(len(f.Commands)+len(f.Shortcuts) == 0 || slices.Contains(scopes, "commands"), "slash commands and shortcuts need the scope commands")
	bad(len(scopes) == 0 || f.Bot != nil, "bot scopes need features.bot_user")
	for _, u := range m.OAuth.Redirects {
		bad(strings.HasPrefix(u, "https://") && !strings.Contains(u, "#"), "redirect URL %q must be https without #", u)
	}
	if set.Interactivity.Enabled {
		link("interactivity", set.Interactivity.URL)
		short("message_menu_options_url", set.Interactivity.OptionsURL, 3000)
	}
	if set.Events != nil {
		link("event_subscriptions", set.Events.URL)
		bad(len(set.Events.Bot) <= 100, "%d bot events, at most 100 allowed", len(set.Events.Bot))
		for _, e := range set.Events.Bot {
			need, known := eventScopes[e]
			bad(known, "event %q is not one that this stand-in knows", e)
			bad(need == "" || slices.Contains(scopes, need), "event %s needs the scope %s", e, need)
		}
	}
	return out
}

// command finds an installed slash command.
func (a *app) command(name string) (command, bool) {
	i := slices.IndexFunc(a.manifest.Features.Commands, func(c command) bool { return c.Command == name })
	if i < 0 {
		return command{}, false
	}
	return a.manifest.Features.Commands[i], true
}

func (a *app) subscribed(event string) bool {
	return a.manifest.Settings.Events != nil && slices.Contains(a.manifest.Settings.Events.Bot, event)
}

// optionsURL is where external selects ask; Slack falls back to nothing, so an app without it gets no options.
func (a *app) optionsURL() string { return a.manifest.Settings.Interactivity.OptionsURL }
