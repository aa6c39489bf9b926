package slackfake

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// seen is one delivery as the app under test received it.
type seen struct {
	kind    string // slash, events_api or the payload's type
	header  http.Header
	form    url.Values
	payload obj
	gone    <-chan struct{} // closed when Slack no longer waits
}

// bench is a stand-in with an app over HTTP behind it.
type bench struct {
	*Server
	t    *testing.T
	app  *httptest.Server
	log  *lockedBuffer // what was recorded
	mu   sync.Mutex
	got  []seen
	say  map[string]func(seen) (int, any) // answers by kind; nil body: empty
	base string
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
func (l *lockedBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

var allScopes = append([]string{"channels:history", "groups:history", "im:read", "channels:join", "team:read", "files:read", "reactions:write", "users:read.email"}, LeastScopes...)

func manifestJSON(t *testing.T, url string, change func(obj)) []byte {
	t.Helper()
	m := obj{"display_information": obj{"name": "Gatekeeper"},
		"features": obj{"bot_user": obj{"display_name": "gatekeeper"}, "app_home": obj{"home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": false},
			"slash_commands": []any{obj{"command": "/change", "url": url + "/slash", "description": "Changes", "usage_hint": "new", "should_escape": true}},
			"shortcuts":      []any{obj{"name": "Raise", "type": "global", "callback_id": "raise", "description": "Raise"}, obj{"name": "From message", "type": "message", "callback_id": "from_message", "description": "Raise"}}},
		"oauth_config": obj{"scopes": obj{"bot": allScopes}},
		"settings": obj{"interactivity": obj{"is_enabled": true, "request_url": url + "/act", "message_menu_options_url": url + "/act"},
			"event_subscriptions": obj{"request_url": url + "/events", "bot_events": []any{"app_home_opened", "message.im", "app_mention", "user_change", "app_uninstalled", "member_joined_channel"}}}}
	if change != nil {
		change(m)
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// start brings up both; people: ana, ben, cleo (gone); channels: #changes (with the app), #random (without), #secret (private, ana).
func start(t *testing.T, change func(*Config)) *bench {
	t.Helper()
	b := &bench{t: t, log: &lockedBuffer{}, say: map[string]func(seen) (int, any){}}
	cfg := Config{Record: b.log, Pace: Pace{Off: true}, EventRetries: []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond},
		Users: []User{{Name: "ana", RealName: "Ana", TZ: "Europe/Berlin"}, {Name: "ben", RealName: "Ben", TZ: "America/New_York"}, {Name: "cleo", RealName: "Cleo", Deleted: true}},
		Channels: []Channel{{Name: "changes", Bot: true}, {Name: "random", Members: []string{"ana", "ben"}}, {Name: "secret", Kind: Private, Members: []string{"ana"}},
			{Name: "old", Bot: true, Archived: true}},
		UserGroups: []UserGroup{{Handle: "cab", Name: "CAB", Users: []string{"ana"}}}}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	base, stop, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.Server, b.base = s, base
	b.app = httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(b.app.Close)
	t.Cleanup(stop)
	if err := s.Install(manifestJSON(t, b.app.URL, nil)); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) serve(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	s := seen{header: r.Header.Clone(), gone: r.Context().Done()}
	if r.Header.Get("Content-Type") == "application/json" {
		s.kind = "events_api"
		_ = json.Unmarshal(raw, &s.payload)
	} else {
		s.form, _ = url.ParseQuery(string(raw))
		s.kind = "slash"
		if p := s.form.Get("payload"); p != "" {
			_ = json.Unmarshal([]byte(p), &s.payload)
			s.kind = strOf(s.payload, "type")
		}
	}
	b.mu.Lock()
	b.got = append(b.got, s)
	say := b.say[s.kind]
	b.mu.Unlock()
	if say == nil {
		return
	}
	status, body := say(s)
	if text, ok := body.(string); ok {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body)
	}
}

func (b *bench) on(kind string, say func(seen) (int, any)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.say[kind] = say
}

// last is the latest delivery of a kind.
func (b *bench) last(kind string) seen {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(b.got) - 1; i >= 0; i-- {
		if b.got[i].kind == kind {
			return b.got[i]
		}
	}
	b.t.Fatalf("the app got no %s", kind)
	return seen{}
}

func (b *bench) count(kind string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.got {
		if s.kind == kind {
			n++
		}
	}
	return n
}

// call makes a Web API call with JSON arguments and a Bearer token.
func (b *bench) call(method string, args obj) obj {
	b.t.Helper()
	out, _ := b.callAs("xoxb-fake-bot", method, args)
	return out
}

func (b *bench) callAs(token, method string, args obj) (obj, *http.Response) {
	b.t.Helper()
	raw, _ := json.Marshal(args)
	req, _ := http.NewRequest(http.MethodPost, b.base+"/api/"+method, bytes.NewReader(raw))
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	var out obj
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	return out, resp
}

// must is call that has to succeed; refused is call that has to fail with a code.
func (b *bench) must(method string, args obj) obj {
	b.t.Helper()
	out := b.call(method, args)
	if out["ok"] != true {
		b.t.Fatalf("%s: %v %v", method, out["error"], out["errors"])
	}
	return out
}

func (b *bench) refused(code, method string, args obj) obj {
	b.t.Helper()
	out := b.call(method, args)
	if out["error"] != code {
		b.t.Fatalf("%s: want %s, got %v", method, code, out)
	}
	return out
}

func (b *bench) wait(what string, cond func() bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := b.Wait(ctx, cond); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

func text(kind, s string) obj { return obj{"type": kind, "text": s} }

func section(s string) obj { return obj{"type": "section", "text": text("mrkdwn", s)} }

func button(label, action, value string) obj {
	return obj{"type": "button", "text": text("plain_text", label), "action_id": action, "value": value}
}

func input(block string, el obj, optional bool) obj {
	return obj{"type": "input", "block_id": block, "label": text("plain_text", strings.ToUpper(block[:1])+block[1:]), "element": el, "optional": optional}
}

func modal(blocks ...any) obj {
	return obj{"type": "modal", "callback_id": "form", "title": text("plain_text", "Form"), "submit": text("plain_text", "Send"), "blocks": blocks}
}

func TestAPersonRaisesSomethingAndAnotherApprovesIt(t *testing.T) {
	b := start(t, nil)
	ana, ben := b.As("ana"), b.As("ben")
	b.on("slash", func(s seen) (int, any) {
		b.must("views.open", obj{"trigger_id": s.form.Get("trigger_id"), "view": modal(
			input("title", obj{"type": "plain_text_input", "action_id": "v", "max_length": 20}, false),
			input("risk", obj{"type": "static_select", "action_id": "v", "options": []any{obj{"text": text("plain_text", "Low"), "value": "low"}}}, true))})
		return 200, nil
	})
	if r := ana.Slash("#changes", "/change new"); !r.OK {
		t.Fatalf("slash: %+v", r)
	}
	if v, ok := ana.View(); !ok || v.Title != "Form" || v.CallbackID != "form" {
		t.Fatalf("no form is open: %+v", v)
	}
	if r := ana.Submit(Fields{"Title": ""}); r.OK || r.Errors["title"] == "" || b.count("view_submission") != 0 {
		t.Fatalf("an empty required field was sent: %+v", r)
	}
	b.on("view_submission", func(s seen) (int, any) {
		b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "CHG-1", "blocks": []any{section("*CHG-1*"), obj{"type": "actions", "elements": []any{button("Approve", "approve", "1")}}}})
		return 200, nil
	})
	if r := ana.Submit(Fields{"Title": "Ship it", "risk": "Low"}); !r.OK {
		t.Fatalf("submit: %+v", r)
	}
	if n := len(ana.Views()); n != 0 {
		t.Fatalf("%d views are still open", n)
	}
	vals := objOf(objOf(b.last("view_submission").payload, "view"), "state")["values"].(obj)
	if got := strOf(objOf(objOf(vals, "title"), "v"), "value"); got != "Ship it" {
		t.Errorf("the title came as %q", got)
	}
	cards := b.Messages("changes")
	if len(cards) != 1 || b.Unread("ben", "changes") != 1 {
		t.Fatalf("%d cards, %d unread", len(cards), b.Unread("ben", "changes"))
	}
	b.on("block_actions", func(s seen) (int, any) {
		b.must("chat.update", obj{"channel": "C0CHANGES", "ts": cards[0].TS, "text": "CHG-1 approved", "blocks": []any{section("approved")}})
		return 200, nil
	})
	if r := ben.Click(cards[0], "Approve"); !r.OK {
		t.Fatalf("click: %+v", r)
	}
	if m, _ := b.Message("changes", cards[0].TS); m.Plain() != "approved" || m.EditedTS == "" {
		t.Errorf("the card was not updated: %+v", m)
	}
	for _, want := range []string{`"method":"apps.manifest.validate"`, `"method":"slash_ack"`, `"method":"views.open"`, `"method":"view_ack"`, `"method":"action_ack"`, `"trigger_at":`} {
		if !strings.Contains(b.log.String(), want) {
			t.Errorf("the recording lacks %s", want)
		}
	}
	if strings.Contains(b.log.String(), "xoxb-") {
		t.Error("the recording holds a token")
	}
}

func decode(t *testing.T, resp *http.Response, into any) {
	t.Helper()
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
