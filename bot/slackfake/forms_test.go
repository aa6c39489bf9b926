package slackfake

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// formApp opens a form with one input and a button on /change.
func formApp(t *testing.T) (*bench, *Actor) {
	t.Helper()
	b := start(t, nil)
	if out := b.open(with(modal(input("in", typed, true), actions(press)), "notify_on_close", true)); out["ok"] != true {
		t.Fatal(out)
	}
	return b, b.As("ana")
}

func TestAcknowledgementsOfAForm(t *testing.T) {
	next := modal(section("next"))
	for name, c := range map[string]struct {
		body  any
		code  string
		views int
		errs  map[string]string
	}{
		"empty closes":          {nil, "", 0, nil},
		"empty object closes":   {obj{}, "", 0, nil},
		"clear":                 {obj{"response_action": "clear"}, "", 0, nil},
		"errors":                {obj{"response_action": "errors", "errors": obj{"in": "No."}}, "", 1, map[string]string{"in": "No."}},
		"update":                {obj{"response_action": "update", "view": next}, "", 1, nil},
		"push":                  {obj{"response_action": "push", "view": next}, "", 2, nil},
		"errors, unknown block": {obj{"response_action": "errors", "errors": obj{"nope": "No."}}, "invalid_response", 1, nil},
		"errors, not an input":  {obj{"response_action": "errors", "errors": obj{"a": "No."}}, "invalid_response", 1, nil},
		"errors, empty":         {obj{"response_action": "errors", "errors": obj{}}, "invalid_response", 1, nil},
		"update without a view": {obj{"response_action": "update"}, "invalid_response", 1, nil},
		"update, bad view":      {obj{"response_action": "update", "view": modal()}, "invalid_response", 1, nil},
		"close is no action":    {obj{"response_action": "close"}, "invalid_response", 1, nil},
		"not JSON":              {"thanks", "invalid_response", 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b, ana := formApp(t)
			b.on("view_submission", func(seen) (int, any) { return 200, c.body })
			r := ana.Submit(Fields{"in": "typed"})
			if r.Code != c.code || len(ana.Views()) != c.views || !cmp.Equal(r.Errors, c.errs) {
				t.Errorf("%+v with %d views", r, len(ana.Views()))
			}
			if c.code != "" && !strings.Contains(r.Error, "trouble connecting") {
				t.Errorf("she reads %q", r.Error)
			}
			if v, ok := ana.View(); ok && c.views == 1 && v.Values["in"] != nil && v.Values["in"]["v"]["value"] != "typed" {
				t.Errorf("what she typed is lost: %v", v.Values)
			}
		})
	}
}

func TestTheStackOfViews(t *testing.T) {
	b, ana := formApp(t)
	first, _ := ana.View()
	for n := 2; n <= 3; n++ {
		b.on("block_actions", func(s seen) (int, any) {
			b.must("views.push", obj{"trigger_id": s.payload["trigger_id"], "view": modal(section("s"), actions(press))})
			return 200, nil
		})
		if r := ana.Press("Go"); !r.OK || len(ana.Views()) != n {
			t.Fatalf("push %d: %+v, %d views", n, r, len(ana.Views()))
		}
	}
	b.on("block_actions", func(s seen) (int, any) {
		b.refused("push_limit_reached", "views.push", obj{"trigger_id": s.payload["trigger_id"], "view": modal(section("s"))})
		b.refused("push_limit_reached", "views.open", obj{"trigger_id": s.payload["trigger_id"], "view": modal(section("s"))})
		return 200, nil
	})
	ana.Press("Go")
	b.refused("invalid_trigger_id", "views.push", obj{"trigger_id": b.trigger("ana"), "view": modal(section("s"))})
	top, _ := ana.View()
	raw := objOf(b.last("block_actions").payload, "view")
	if raw["root_view_id"] != first.ID || raw["id"] != top.ID || raw["previous_view_id"] == nil {
		t.Errorf("the view of a push: %v", raw)
	}
	if r := ana.Close(); !r.OK || len(ana.Views()) != 2 || b.count("view_closed") != 0 {
		t.Errorf("close: %d views, %d view_closed", len(ana.Views()), b.count("view_closed"))
	}
	if r := ana.CloseAll(); !r.OK || len(ana.Views()) != 0 {
		t.Errorf("%+v", r)
	}
	if p := b.last("view_closed").payload; p["is_cleared"] != true || objOf(p, "view")["id"] != first.ID {
		t.Errorf("view_closed: %v", p)
	}
	b.refused("not_found", "views.update", obj{"view_id": first.ID, "view": modal(section("s"))})
}

func TestUpdatesOfAViewKeepWhatWasTyped(t *testing.T) {
	b, ana := formApp(t)
	v, _ := ana.View()
	if err := ana.Fill(Fields{"in": "typed"}); err != nil {
		t.Fatal(err)
	}
	b.refused("hash_conflict", "views.update", obj{"view_id": v.ID, "hash": "1.old", "view": modal(section("s"))})
	b.must("views.update", obj{"view_id": v.ID, "hash": v.Hash, "view": modal(section("more"), input("in", typed, true))})
	if now, _ := ana.View(); now.Hash == v.Hash || now.Values["in"]["v"]["value"] != "typed" {
		t.Errorf("%+v", now)
	}
	b.refused("hash_conflict", "views.update", obj{"view_id": v.ID, "hash": v.Hash, "view": modal(section("s"))})
	b.must("views.update", obj{"view_id": v.ID, "view": modal(input("in2", with(typed, "initial_value", "fresh"), true))})
	if now, _ := ana.View(); now.Values["in2"]["v"]["value"] != "fresh" || now.Values["in"] != nil {
		t.Errorf("%+v", now.Values)
	}
	b.refused("invalid_arguments", "views.update", obj{"view": modal(section("s"))})
	b.must("views.update", obj{"view_id": v.ID, "view": with(modal(section("s")), "external_id", "one")})
	out := b.call("views.open", obj{"trigger_id": b.trigger("ben"), "view": with(modal(section("s")), "external_id", "one")})
	if out["error"] != "duplicate_external_id" {
		t.Errorf("the same external_id: %v", out)
	}
	b.must("views.update", obj{"external_id": "one", "view": with(modal(section("by name")), "external_id", "one")})
}

func TestTheClientChecksAFormBeforeItIsSent(t *testing.T) {
	b := start(t, nil)
	ana := b.As("ana")
	b.open(modal(
		input("need", typed, false),
		input("short", with(typed, "max_length", 3), true),
		input("long", with(typed, "min_length", 3), true),
		input("num", obj{"type": "number_input", "action_id": "v", "is_decimal_allowed": false, "max_value": "9"}, true),
		input("mail", obj{"type": "email_text_input", "action_id": "v"}, true),
		input("link", obj{"type": "url_text_input", "action_id": "v"}, true),
		input("many", obj{"type": "multi_static_select", "action_id": "v", "max_selected_items": 1, "options": []any{opt(1), opt(2)}}, true)))
	r := ana.Submit(Fields{"need": "  ", "short": "🙂🙂🙂🙂", "long": "ab", "num": "10", "mail": "nobody", "link": "here", "many": []string{"v1", "v2"}})
	for _, id := range []string{"need", "short", "long", "num", "mail", "link", "many"} {
		if r.Errors[id] == "" {
			t.Errorf("no complaint beside %s", id)
		}
	}
	if b.count("view_submission") != 0 {
		t.Error("the app was asked")
	}
	if v, _ := ana.View(); len(v.Errors) != 7 {
		t.Errorf("the view shows %v", v.Errors)
	}
	if err := ana.Fill(Fields{"many": "v3"}); err == nil {
		t.Error("an option that is not there was chosen")
	}
	r = ana.Submit(Fields{"need": "x", "short": "🙂🙂🙂", "long": nil, "num": 9, "mail": "a@example.com", "link": "https://example.com", "many": "v2"})
	if !r.OK || b.count("view_submission") != 1 {
		t.Errorf("%+v", r)
	}
}

func TestSuggestions(t *testing.T) {
	b := start(t, nil)
	ana := b.As("ana")
	b.open(modal(input("svc", obj{"type": "external_select", "action_id": "e"}, false)))
	for name, c := range map[string]struct {
		body any
		ok   bool
	}{
		"options":        {obj{"options": []any{opt(1)}}, true},
		"none":           {obj{"options": []any{}}, true},
		"groups":         {obj{"option_groups": []any{obj{"label": text("plain_text", "g"), "options": []any{opt(1)}}}}, true},
		"101":            {obj{"options": many(101, opt)}, false},
		"both":           {obj{"options": []any{opt(1)}, "option_groups": []any{}}, false},
		"empty":          {nil, false},
		"bad option":     {obj{"options": []any{obj{"text": "x"}}}, false},
		"duplicate":      {obj{"options": []any{opt(1), opt(1)}}, false},
		"unknown answer": {obj{"options": []any{opt(1)}, "more": 1}, false},
	} {
		b.on("block_suggestion", func(seen) (int, any) { return 200, c.body })
		if r := ana.Suggest("svc", "abc"); r.OK != c.ok {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := ana.Suggest("svc", "ab"); r.OK {
		t.Error("fewer than three characters were sent")
	}
	p := b.last("block_suggestion").payload
	if p["value"] != "abc" || p["action_id"] != "e" || p["block_id"] != "svc" || p["view"] == nil || objOf(p, "container")["type"] != "view" {
		t.Errorf("%v", p)
	}
	b.on("block_suggestion", func(seen) (int, any) {
		return 200, obj{"options": []any{obj{"text": text("plain_text", "Payments"), "value": "payments"}}}
	})
	if r := ana.Submit(Fields{"svc": "Payments"}); !r.OK {
		t.Errorf("%+v", r)
	}
	b.must("views.publish", obj{"user_id": ana.ID(), "view": obj{"type": "home", "blocks": []any{actions(press, with(sel([]any{opt(1)}), "action_id", "s"))}}})
	v, _ := ana.HomeView()
	if r := ana.PressIn(v, "Go"); !r.OK {
		t.Errorf("%+v", r)
	}
	if p := b.last("block_actions").payload; objOf(p, "view")["type"] != "home" || p["response_url"] != nil || p["hash"] != v.Hash {
		t.Errorf("%v", p)
	}
}

func TestAFormMayAskForAConversationToAnswerIn(t *testing.T) {
	b := start(t, nil)
	ana := b.As("ana")
	b.open(modal(input("where", obj{"type": "conversations_select", "action_id": "c", "response_url_enabled": true}, false)))
	if r := ana.Submit(Fields{"where": "#random"}); !r.OK {
		t.Fatalf("%+v", r)
	}
	list := listOf(b.last("view_submission").payload, "response_urls")
	if len(list) != 1 || list[0].(obj)["channel_id"] != "C0RANDOM0" || list[0].(obj)["block_id"] != "where" {
		t.Fatalf("%v", list)
	}
	resp, err := http.Post(strOf(list[0].(obj), "response_url"), "application/json", strings.NewReader(`{"response_type":"in_channel","text":"hello"}`))
	if err != nil || resp.StatusCode != 200 || len(b.Messages("random")) != 1 {
		t.Errorf("%v %v", resp, err)
	}
}

func TestValuesInInputBlocksStayInTheForm(t *testing.T) {
	b := start(t, nil)
	b.open(modal(input("quiet", sel([]any{opt(1)}), true), with(input("loud", sel([]any{opt(1)}), true), "dispatch_action", true)))
	v, _ := b.As("ana").View()
	for _, block := range []string{"quiet", "loud"} {
		out := b.act(obj{"user": "U0ANA0000", "type": "click", "view_id": v.ID, "block_id": block, "action_id": "s", "selected_option": opt(1)})
		if out["ok"] != true {
			t.Errorf("%s: %v", block, out)
		}
	}
	p := b.last("block_actions").payload
	if b.count("block_actions") != 1 || listOf(p, "actions")[0].(obj)["block_id"] != "loud" {
		t.Errorf("%d actions were sent", b.count("block_actions"))
	}
	state := objOf(objOf(p, "view"), "state")["values"].(obj)
	if objOf(objOf(objOf(state, "quiet"), "s"), "selected_option")["value"] != "v1" {
		t.Errorf("state: %v", state)
	}
}
