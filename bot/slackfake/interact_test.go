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
