package slackfake

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSignatureOfTheDocs: the vector on Slack's page about verifying requests.
func TestSignatureOfTheDocs(t *testing.T) {
	s, err := New(Config{SigningSecret: "8f742231b10e8888abcd99yyyzzz85a5", Record: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	body := "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	h := http.Header{}
	s.Sign(h, time.Unix(1531420618, 0), []byte(body))
	if got, want := h.Get("X-Slack-Signature"), "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCommandsArriveSignedWithEveryField(t *testing.T) {
	b := start(t, nil)
	var raw []byte
	inner := b.app.Config.Handler
	b.app.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(raw))
		inner.ServeHTTP(w, r)
	})
	if r := b.As("ana").Slash("#changes", "/change new for @ben & #changes, #secret <!channel>"); !r.OK || r.Status != 200 {
		t.Fatalf("%+v", r)
	}
	got := b.last("slash")
	mac := hmac.New(sha256.New, []byte("fake-signing-secret"))
	_, _ = fmt.Fprintf(mac, "v0:%s:%s", got.header.Get("X-Slack-Request-Timestamp"), raw)
	if want := "v0=" + hex.EncodeToString(mac.Sum(nil)); got.header.Get("X-Slack-Signature") != want {
		t.Errorf("signature %q, want %q", got.header.Get("X-Slack-Signature"), want)
	}
	if ct := got.header.Get("Content-Type"); ct != "application/x-www-form-urlencoded" {
		t.Errorf("content type %q", ct)
	}
	for _, k := range []string{"token", "team_id", "team_domain", "channel_id", "channel_name", "user_id", "user_name", "command", "response_url", "trigger_id", "api_app_id", "is_enterprise_install"} {
		if got.form.Get(k) == "" {
			t.Errorf("field %s is missing", k)
		}
	}
	if want := "new for <@U0BEN0000|ben> &amp; <#C0CHANGES|changes>, <#C0SECRET0|> &lt;!channel&gt;"; got.form.Get("text") != want {
		t.Errorf("text %q, want %q", got.form.Get("text"), want)
	}
}

func TestWhatAPersonSeesOfACommand(t *testing.T) {
	b := start(t, nil)
	ana := b.As("ana")
	if r := ana.Slash("#changes", "/nope"); r.Code != "unknown_command" || b.count("slash") != 0 {
		t.Errorf("unknown command: %+v", r)
	}
	for name, c := range map[string]struct {
		status int
		body   any
		code   string
		shown  string // ephemeral text
	}{
		"silent":             {200, nil, "", ""},
		"plain text":         {200, "hello", "", "hello"},
		"json":               {200, obj{"response_type": "ephemeral", "text": "hi"}, "", "hi"},
		"bad blocks":         {200, obj{"text": "t", "blocks": []any{obj{"type": "nope"}}}, "invalid_command_response", ""},
		"bad response_type":  {200, obj{"text": "t", "response_type": "public"}, "invalid_command_response", ""},
		"server error":       {500, nil, "http_service_error", ""},
		"created is not 200": {201, nil, "http_service_error", ""},
	} {
		b.on("slash", func(seen) (int, any) { return c.status, c.body })
		before := len(b.Ephemerals("ana"))
		if r := ana.Slash("#changes", "/change"); r.Code != c.code || (c.code == "") != r.OK {
			t.Errorf("%s: %+v", name, r)
		}
		now := b.Ephemerals("ana")
		if c.shown == "" && len(now) != before || c.shown != "" && (len(now) != before+1 || now[len(now)-1].Text != c.shown) {
			t.Errorf("%s: she sees %+v", name, now)
		}
	}
	b.on("slash", func(seen) (int, any) { return 200, obj{"response_type": "in_channel", "text": "for all"} })
	ana.Slash("#changes", "/change list")
	var texts []string
	for _, m := range b.Messages("changes") {
		texts = append(texts, m.Text)
	}
	if diff := cmp.Diff([]string{"/change list", "for all"}, texts); diff != "" {
		t.Error(diff)
	}
}

func TestLateAndUnreachableApps(t *testing.T) {
	b := start(t, func(c *Config) { c.AckBudget = 50 * time.Millisecond })
	ana := b.As("ana")
	late := func(s seen) (int, any) { <-s.gone; return 200, nil }
	for _, kind := range []string{"slash", "block_actions", "view_submission", "block_suggestion"} {
		b.on(kind, late)
	}
	if r := ana.Slash("#changes", "/change"); r.Code != "operation_timeout" || !strings.Contains(r.Error, "within 3 seconds") {
		t.Errorf("slash: %+v", r)
	}
	b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "t", "blocks": []any{actions(press)}})
	if r := ana.Click(b.Messages("changes")[0], "Go"); !strings.HasPrefix(r.Error, "⚠") {
		t.Errorf("button: %+v", r)
	}
	if out := b.open(modal(input("in", typed, true), input("ext", obj{"type": "external_select", "action_id": "e", "min_query_length": 0}, true))); out["ok"] != true {
		t.Fatal(out)
	}
	if r := ana.Submit(nil); !strings.Contains(r.Error, "trouble connecting") || len(ana.Views()) != 1 {
		t.Errorf("modal: %+v", r)
	}
	if r := ana.Suggest("ext", ""); r.OK {
		t.Errorf("options: %+v", r)
	}
	if n := strings.Count(b.log.String(), `"answer":"late"`); n != 4 {
		t.Errorf("%d late acknowledgements are recorded", n)
	}
	b.app.Close()
	if r := ana.Slash("#changes", "/change"); r.Code != "dispatch_failed" {
		t.Errorf("unreachable: %+v", r)
	}
}

func TestTriggersLiveThreeSecondsAndOnce(t *testing.T) {
	b := start(t, nil)
	view := modal(section("s"))
	id := b.trigger("ana")
	b.refused("invalid_arguments", "views.open", obj{"trigger_id": id, "view": modal()})
	b.must("views.open", obj{"trigger_id": id, "view": view})
	b.refused("exchanged_trigger_id", "views.open", obj{"trigger_id": id, "view": view})
	b.refused("invalid_trigger_id", "views.open", obj{"trigger_id": "1.2.3", "view": view})
	b = start(t, func(c *Config) { c.TriggerLife = time.Nanosecond })
	b.refused("expired_trigger_id", "views.open", obj{"trigger_id": b.trigger("ana"), "view": view})
}

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

func TestPayloadsAreComplete(t *testing.T) {
	b := start(t, nil)
	ana := b.As("ana")
	b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "card", "metadata": obj{"event_type": "e", "event_payload": obj{}},
		"blocks": []any{obj{"type": "section", "block_id": "pick", "text": text("mrkdwn", "s"), "accessory": sel([]any{opt(1), opt(2)})}, actions(press, obj{"type": "overflow", "action_id": "menu", "options": []any{opt(7)}})}})
	m := b.Messages("changes")[0]
	if r := ana.Choose(m, "pick", "v2"); !r.OK {
		t.Fatalf("%+v", r)
	}
	if r := ana.Click(m, "Go"); !r.OK {
		t.Fatalf("%+v", r)
	}
	p := b.last("block_actions").payload
	for _, k := range []string{"type", "user", "api_app_id", "token", "container", "trigger_id", "team", "channel", "message", "state", "response_url", "actions"} {
		if p[k] == nil {
			t.Errorf("%s is missing", k)
		}
	}
	want := obj{"type": "message", "message_ts": m.TS, "channel_id": "C0CHANGES", "is_ephemeral": false}
	if diff := cmp.Diff(want, p["container"]); diff != "" {
		t.Error(diff)
	}
	state := objOf(objOf(objOf(p, "state"), "values"), "pick")
	if got := strOf(objOf(objOf(state, "s"), "selected_option"), "value"); got != "v2" {
		t.Errorf("an earlier choice is not in state: %v", state)
	}
	action := listOf(p, "actions")[0].(obj)
	if action["block_id"] != "a" || action["action_id"] != "go" || action["value"] != "v" || action["type"] != "button" || action["action_ts"] == nil {
		t.Errorf("action: %v", action)
	}
	if objOf(p, "message")["ts"] != m.TS || objOf(objOf(p, "message"), "metadata")["event_type"] != "e" {
		t.Errorf("message: %v", p["message"])
	}
	if r := ana.Click(m, "o"); !r.OK {
		t.Fatalf("overflow: %+v", r)
	}
	if got := objOf(listOf(b.last("block_actions").payload, "actions")[0].(obj), "selected_option")["value"]; got != "v7" {
		t.Errorf("overflow: %v", got)
	}
	b.must("chat.postEphemeral", obj{"channel": "C0CHANGES", "user": ana.ID(), "text": "t", "blocks": []any{actions(press)}})
	if r := ana.Click(b.Ephemerals("ana")[0], "Go"); !r.OK {
		t.Fatalf("%+v", r)
	}
	if p := b.last("block_actions").payload; p["message"] != nil || objOf(p, "container")["is_ephemeral"] != true {
		t.Errorf("an ephemeral message comes without its content: %v", p)
	}
	if r := ana.Shortcut("raise"); !r.OK || b.last("shortcut").payload["trigger_id"] == nil || b.last("shortcut").payload["response_url"] != nil {
		t.Errorf("shortcut: %+v", r)
	}
	if r := ana.MessageShortcut("from_message", m); !r.OK || objOf(b.last("message_action").payload, "message")["text"] != "card" {
		t.Errorf("message shortcut: %+v", r)
	}
	if r := ana.Shortcut("nope"); r.OK {
		t.Error("an unknown shortcut ran")
	}
}

func TestStaleAndDeletedMessages(t *testing.T) {
	b := start(t, nil)
	ana := b.As("ana")
	b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "card", "blocks": []any{actions(press)}})
	old := b.Messages("changes")[0]
	b.must("chat.update", obj{"channel": "C0CHANGES", "ts": old.TS, "text": "done", "blocks": []any{section("done")}})
	if r := ana.Click(old, "Go"); !r.OK {
		t.Errorf("a click on the card as it was: %+v", r)
	}
	if got := listOf(b.last("block_actions").payload, "actions")[0].(obj)["value"]; got != "v" {
		t.Errorf("value %v", got)
	}
	if m, _ := b.Message("changes", old.TS); ana.Click(m, "Go").OK {
		t.Error("a button that is gone was pressed")
	}
	if err := b.Delete(old); err != nil {
		t.Fatal(err)
	}
	if r := ana.Click(old, "Go"); r.OK || !strings.Contains(r.Error, "deleted") {
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

func TestResponseURLs(t *testing.T) {
	b := start(t, nil)
	ana := b.As("ana")
	post := func(to string, body obj) (int, obj) {
		t.Helper()
		resp, err := http.Post(to, "application/json", bytes.NewReader(mustJSON(t, body)))
		if err != nil {
			t.Fatal(err)
		}
		var out obj
		decode(t, resp, &out)
		return resp.StatusCode, out
	}
	ana.Slash("#random", "/change")
	hook := b.last("slash").form.Get("response_url")
	if status, out := post(hook, obj{}); status != 400 || out["error"] != "no_text" {
		t.Errorf("nothing to say: %d %v", status, out)
	}
	for i := range 5 {
		if status, out := post(hook, obj{"text": fmt.Sprint("answer ", i)}); status != 200 {
			t.Fatalf("use %d: %d %v", i+1, status, out)
		}
	}
	if status, out := post(hook, obj{"text": "six"}); status != 404 || out["error"] != "used_url" {
		t.Errorf("use 6: %d %v", status, out)
	}
	if n := len(b.Ephemerals("ana")); n != 5 {
		t.Errorf("she sees %d answers", n)
	}
	if status, _ := post(b.base+"/respond/nope", obj{"text": "t"}); status != 404 {
		t.Errorf("unknown: %d", status)
	}
	b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "card", "blocks": []any{actions(press)}})
	ana.Click(b.Messages("changes")[0], "Go")
	hook = strOf(b.last("block_actions").payload, "response_url")
	post(hook, obj{"replace_original": true, "text": "replaced", "blocks": nil, "metadata": obj{"event_type": "", "event_payload": nil}})
	if m := b.Messages("changes")[0]; m.Plain() != "replaced" {
		t.Errorf("%+v", m)
	}
	post(hook, obj{"response_type": "in_channel", "text": "for all"})
	post(hook, obj{"delete_original": true})
	if m := b.Messages("changes"); len(m) != 1 || m[0].Text != "for all" {
		t.Errorf("%+v", m)
	}
	if status, out := post(hook, obj{"text": "t", "blocks": []any{obj{"type": "nope"}}}); status != 400 || out["error"] != "invalid_blocks" {
		t.Errorf("%d %v", status, out)
	}
}

func TestResponseURLsExpireInBusinessTime(t *testing.T) {
	now := time.Unix(1795300000, 0)
	b := start(t, func(c *Config) { c.Now = func() time.Time { return now } })
	b.As("ana").Slash("#changes", "/change")
	hook := b.last("slash").form.Get("response_url")
	now = now.Add(30*time.Minute + time.Second)
	resp, err := http.Post(hook, "application/json", strings.NewReader(`{"text":"late"}`))
	if err != nil {
		t.Fatal(err)
	}
	var out obj
	decode(t, resp, &out)
	if out["error"] != "expired_url" {
		t.Error(out)
	}
}

func TestHomeAndDirectMessages(t *testing.T) {
	b := start(t, nil)
	ana := b.As("ana")
	if r := ana.Home(); !r.OK {
		t.Fatalf("%+v", r)
	}
	if ev := objOf(b.last("events_api").payload, "event"); ev["type"] != "app_home_opened" || ev["tab"] != "home" || ev["user"] != ana.ID() || ev["view"] != nil {
		t.Errorf("%v", ev)
	}
	b.must("views.publish", obj{"user_id": ana.ID(), "view": obj{"type": "home", "blocks": []any{section("hello")}}})
	ana.Home()
	if ev := objOf(b.last("events_api").payload, "event"); objOf(ev, "view")["hash"] == nil {
		t.Errorf("the present view is missing: %v", ev)
	}
	b.refused("hash_conflict", "views.publish", obj{"user_id": ana.ID(), "hash": "0.x", "view": obj{"type": "home", "blocks": []any{section("s")}}})
	b.refused("user_not_found", "views.publish", obj{"user_id": "ana", "view": obj{"type": "home", "blocks": []any{section("s")}}})
	ana.MessagesTab()
	if ev := objOf(b.last("events_api").payload, "event"); ev["tab"] != "messages" {
		t.Errorf("%v", ev)
	}
	if r := ana.Tell("help <me> & @ben"); !r.OK {
		t.Fatalf("%+v", r)
	}
	if ev := objOf(b.last("events_api").payload, "event"); ev["channel_type"] != "im" || ev["text"] != "help &lt;me&gt; &amp; <@U0BEN0000>" {
		t.Errorf("%v", ev)
	}
	ana.Say("changes", "hello @gatekeeper")
	if ev := objOf(b.last("events_api").payload, "event"); ev["type"] != "app_mention" {
		t.Errorf("%v", ev)
	}
	n := b.count("events_api")
	b.must("chat.postMessage", obj{"channel": ana.ID(), "text": "mine"})
	b.wait("the app hears itself in a DM", func() bool { return b.count("events_api") == n+1 })
	if ev := objOf(b.last("events_api").payload, "event"); ev["bot_id"] != "B0FAKEBOT0" {
		t.Errorf("%v", ev)
	}
	if r := ana.Say("secret", "t"); !r.OK {
		t.Errorf("%+v", r)
	}
	if r := b.As("ben").Say("secret", "t"); r.OK {
		t.Error("ben wrote where he is not")
	}
}

func TestEventsAreRetriedWithReasons(t *testing.T) {
	b := start(t, func(c *Config) { c.AckBudget = 50 * time.Millisecond })
	answers := []func(seen) (int, any){
		func(seen) (int, any) { return 500, nil },
		func(s seen) (int, any) { <-s.gone; return 200, nil },
		func(seen) (int, any) { return 503, nil },
		func(seen) (int, any) { return 204, nil },
	}
	n := 0
	b.on("events_api", func(s seen) (int, any) { n++; return answers[n-1](s) })
	b.SetUser(User{Name: "ben", RealName: "Benjamin"})
	b.wait("four deliveries", func() bool {
		return strings.Count(b.log.String(), `"method":"event_ack"`) >= 2 && b.count("events_api") == 4
	})
	b.mu.Lock()
	var got [][2]string
	ids := map[any]bool{}
	for _, s := range b.got {
		got = append(got, [2]string{s.header.Get("X-Slack-Retry-Num"), s.header.Get("X-Slack-Retry-Reason")})
		ids[s.payload["event_id"]] = true
	}
	b.mu.Unlock()
	want := [][2]string{{"", ""}, {"1", "http_error"}, {"2", "http_timeout"}, {"3", "http_error"}}
	if diff := cmp.Diff(want, got); diff != "" || len(ids) != 1 {
		t.Errorf("%s with %d event ids", diff, len(ids))
	}
}

func TestNoRetryStopsTheRetries(t *testing.T) {
	b := start(t, nil)
	b.app.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.got = append(b.got, seen{kind: "events_api"})
		b.mu.Unlock()
		w.Header().Set("X-Slack-No-Retry", "1")
		w.WriteHeader(500)
	})
	b.SetUser(User{Name: "ben", RealName: "B"})
	b.wait("the first delivery", func() bool { return b.count("events_api") > 0 })
	b.Server.wg.Wait() // the retries are a matter of milliseconds
	if n := b.count("events_api"); n != 1 {
		t.Errorf("%d deliveries", n)
	}
}

func TestProbes(t *testing.T) {
	b := start(t, nil)
	b.on("events_api", func(s seen) (int, any) { return 200, obj{"challenge": s.payload["challenge"]} })
	if err := b.VerifyEventsURL(t.Context()); err != nil {
		t.Error(err)
	}
	b.on("events_api", func(seen) (int, any) { return 200, "no" })
	if err := b.VerifyEventsURL(t.Context()); err == nil {
		t.Error("a wrong challenge passed")
	}
	if status, err := b.ProbeSSL(t.Context(), "/change"); err != nil || status != 200 || b.last("slash").form.Get("ssl_check") != "1" {
		t.Errorf("%d %v", status, err)
	}
	req, err := b.Request(b.app.URL+"/slash", "application/x-www-form-urlencoded", time.Now(), []byte(url.Values{"command": {"/change"}}.Encode()))
	if err != nil || req.Header.Get("X-Slack-Signature") == "" {
		t.Errorf("%v", err)
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
