package handlers_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/bot"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/handlers"
)

// seen are the ids that views carry, by the door that they lead to.
type seen map[handlers.Door]map[string]bool

func (s seen) add(door handlers.Door, id string) {
	if s[door] == nil {
		s[door] = map[string]bool{}
	}
	s[door][id] = true
}

// walk collects the ids of one view.
func (s seen) walk(v any) {
	switch v := v.(type) {
	case []any:
		for _, part := range v {
			s.walk(part)
		}
	case map[string]any:
		kind, _ := v["type"].(string)
		action, _ := v["action_id"].(string)
		switch {
		case kind == "button", kind == "overflow":
			s.add(handlers.DoorClick, action)
		case strings.HasSuffix(kind, "external_select"):
			s.add(handlers.DoorOptions, action)
		case kind == "input" && v["dispatch_action"] == true:
			element, _ := v["element"].(map[string]any)
			id, _ := element["action_id"].(string)
			s.add(handlers.DoorClick, view.RouteOf(id))
		case kind == "modal" && v["submit"] != nil:
			callback, _ := v["callback_id"].(string)
			s.add(handlers.DoorForm, callback)
		}
		for _, part := range v {
			s.walk(part)
		}
	}
}

func TestNoButtonIsDead(t *testing.T) {
	files, err := filepath.Glob("../bot/view/testdata/*.json")
	must(t, err)
	if len(files) < 100 {
		t.Fatalf("only %d golden files", len(files))
	}
	found := seen{}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		must(t, err)
		var v any
		must(t, json.Unmarshal(raw, &v))
		found.walk(v)
	}
	routes := handlers.Routes()
	for door, all := range map[handlers.Door][]string{
		handlers.DoorClick: view.AllActions(), handlers.DoorForm: view.AllForms(), handlers.DoorOptions: view.AllSelects(),
		handlers.DoorShortcut: {view.ShortcutNew, view.ShortcutMessage},
	} {
		if diff := cmp.Diff(slices.Sorted(slices.Values(all)), routes[door]); diff != "" {
			t.Errorf("%s: what views can carry and what has a route differ (-views +routes):\n%s", door, diff)
		}
		if door == handlers.DoorShortcut {
			continue // shortcuts stand in the manifest, not in a view
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(found[door])), routes[door]); diff != "" {
			t.Errorf("%s: what the golden files carry and what has a route differ (-goldens +routes):\n%s", door, diff)
		}
	}
}

// manifest is the part of an app's manifest that routes show in.
type manifest struct {
	Features struct {
		Shortcuts []struct {
			Type, Name string
			Callback   string `json:"callback_id"`
		}
		Commands []struct {
			Command, URL string
			Hint         string `json:"usage_hint"`
		} `json:"slash_commands"`
	}
	Settings struct {
		Events struct {
			URL string   `json:"request_url"`
			Bot []string `json:"bot_events"`
		} `json:"event_subscriptions"`
		Interactivity struct {
			URL     string `json:"request_url"`
			Options string `json:"message_menu_options_url"`
		}
	}
}

func TestTheManifestListsTheSameRoutes(t *testing.T) {
	raw, err := bot.Manifest(bot.ManifestOptions{Mode: bot.ModeHTTP, PublicURL: "https://gatehouse.example.com"})
	must(t, err)
	var m manifest
	must(t, json.Unmarshal(raw, &m))
	routes := handlers.Routes()

	var shortcuts []string
	for _, s := range m.Features.Shortcuts {
		shortcuts = append(shortcuts, s.Callback)
	}
	if diff := cmp.Diff(routes[handlers.DoorShortcut], slices.Sorted(slices.Values(shortcuts))); diff != "" {
		t.Errorf("shortcuts (-routes +manifest):\n%s", diff)
	}
	var events []string
	for _, e := range m.Settings.Events.Bot {
		name, _, _ := strings.Cut(e, ".") // message.im arrives as message
		events = append(events, name)
	}
	if diff := cmp.Diff(routes[handlers.DoorEvent], slices.Sorted(slices.Values(events))); diff != "" {
		t.Errorf("events (-routes +manifest):\n%s", diff)
	}
	if len(m.Features.Commands) != len(handlers.Commands) {
		t.Fatalf("commands: %+v", m.Features.Commands)
	}
	for i, c := range handlers.Commands {
		listed := m.Features.Commands[i]
		if listed.Command != "/"+string(c) {
			t.Errorf("command %d is %s, not /%s", i, listed.Command, c)
		}
		for _, verb := range handlers.Verbs(c) {
			if !strings.Contains(listed.Hint, verb) {
				t.Errorf("the hint of %s does not name %q: %s", listed.Command, verb, listed.Hint)
			}
		}
	}
	const base = "https://gatehouse.example.com"
	for what, got := range map[string]string{
		base + handlers.PathCommands: m.Features.Commands[0].URL, base + handlers.PathInteractions: m.Settings.Interactivity.URL,
		base + handlers.PathOptions: m.Settings.Interactivity.Options, base + handlers.PathEvents: m.Settings.Events.URL,
	} {
		if what != got {
			t.Errorf("the manifest sends Slack to %q, and the door is at %q", got, what)
		}
	}
}
