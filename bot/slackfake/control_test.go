package slackfake

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (b *bench) get(path string) obj {
	b.t.Helper()
	resp, err := http.Get(b.base + path)
	if err != nil {
		b.t.Fatal(err)
	}
	var out obj
	decode(b.t, resp, &out)
	return out
}

func (b *bench) send(method, path string, body any) (int, obj) {
	b.t.Helper()
	req, _ := http.NewRequest(method, b.base+path, bytes.NewReader(mustJSON(b.t, body)))
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	var out obj
	decode(b.t, resp, &out)
	return resp.StatusCode, out
}

func (b *bench) act(body obj) obj {
	b.t.Helper()
	_, out := b.send("POST", "/_fake/act", body)
	return out
}

func TestThePagePlaysThroughTheSameCode(t *testing.T) {
	b := start(t, nil)
	b.on("slash", func(s seen) (int, any) {
		b.must("views.open", obj{"trigger_id": s.form.Get("trigger_id"), "view": modal(input("in", typed, false), input("pick", sel([]any{opt(1), opt(2)}), true))})
		return 200, nil
	})
	b.on("view_submission", func(seen) (int, any) {
		b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "card", "blocks": []any{section("card"), actions(press)}})
		b.must("chat.postMessage", obj{"channel": "U0BEN0000", "text": "for you"})
		return 200, nil
	})
	state := b.get("/_fake/state?user=U0ANA0000")
	if objOf(state, "me")["name"] != "ana" || len(listOf(state, "users")) != 4 || objOf(state, "app")["mode"] != "http" || objOf(state, "app")["connected"] != true || len(listOf(objOf(state, "app"), "commands")) != 1 {
		t.Errorf("state: %v", state)
	}
	if out := b.get("/_fake/state"); objOf(out, "me")["id"] != "U0ANA0000" {
		t.Errorf("a page that plays nobody yet: %v", out["me"])
	}
	if out := b.act(obj{"user": "U0ANA0000", "type": "slash", "channel": "C0CHANGES", "text": "/change new"}); out["ok"] != true {
		t.Fatalf("slash: %v", out)
	}
	stack := listOf(b.get("/_fake/views?user=U0ANA0000"), "stack")
	if len(stack) != 1 {
		t.Fatalf("views: %v", stack)
	}
	id := stack[0].(obj)["id"]
	values := obj{"in": obj{"v": obj{"type": "plain_text_input", "value": "typed"}}, "pick": obj{"s": obj{"type": "static_select", "selected_option": opt(2)}}}
	if out := b.act(obj{"user": "U0ANA0000", "type": "submit", "view_id": id, "values": obj{"pick": values["pick"]}}); objOf(out, "errors")["in"] == nil {
		t.Errorf("the client's check: %v", out)
	}
	if errs := objOf(listOf(b.get("/_fake/views?user=U0ANA0000"), "stack")[0].(obj), "errors"); errs["in"] == nil {
		t.Errorf("errors in the view: %v", errs)
	}
	if out := b.act(obj{"user": "U0ANA0000", "type": "state", "view_id": id, "values": values}); out["ok"] != true {
		t.Errorf("state: %v", out)
	}
	if out := b.act(obj{"user": "U0ANA0000", "type": "submit", "view_id": id}); out["ok"] != true {
		t.Errorf("submit: %v", out)
	}
	unread := map[string]any{}
	for _, c := range listOf(b.get("/_fake/state?user=U0BEN0000"), "channels") {
		c := c.(obj)
		unread[strOf(c, "name")+strOf(c, "user")] = c["unread"]
	}
	if unread["changes"] != 1.0 || unread[b.BotUser()] != 1.0 {
		t.Errorf("unread: %v", unread)
	}
	list := listOf(b.get("/_fake/messages?user=U0BEN0000&channel=C0CHANGES"), "messages")
	m := list[0].(obj)
	click := obj{"user": "U0BEN0000", "type": "click", "channel": "C0CHANGES", "message_ts": m["ts"], "block_id": "a", "action_id": "go", "value": "v"}
	if out := b.act(click); out["ok"] != true || b.count("block_actions") != 1 {
		t.Errorf("click: %v", out)
	}
	b.act(obj{"user": "U0BEN0000", "type": "read", "channel": "C0CHANGES"})
	if n := b.Unread("ben", "changes"); n != 0 {
		t.Errorf("%d unread after reading", n)
	}
	if out := b.act(obj{"user": "U0BEN0000", "type": "message", "channel": "C0CHANGES", "text": "a &amp; b", "thread_ts": m["ts"]}); out["ok"] != true {
		t.Errorf("message: %v", out)
	}
	thread := listOf(b.get("/_fake/messages?user=U0BEN0000&channel=C0CHANGES&thread="+strOf(m, "ts")), "messages")
	if len(thread) != 2 || thread[0].(obj)["reply_count"] != 1.0 || thread[1].(obj)["text"] != "a &amp; b" {
		t.Errorf("thread: %v", thread)
	}
	if out := b.act(obj{"user": "U0BEN0000", "type": "dm", "other": "U0ANA0000"}); !strings.HasPrefix(strOf(out, "channel"), "D") {
		t.Errorf("dm: %v", out)
	}
	if out := b.get("/_fake/home?user=U0ANA0000"); out["view"] != nil {
		t.Errorf("home: %v", out)
	}
	for _, bad := range []obj{{"user": "U0ANA0000", "type": "fly"}, {"user": "nobody", "type": "home"}, {"user": "U0CLEO000", "type": "home"}} {
		if out := b.act(bad); out["ok"] != false || strOf(out, "error") == "" {
			t.Errorf("%v: %v", bad, out)
		}
	}
	entries := listOf(b.get("/_fake/traffic?after=0&limit=500"), "entries")
	var what []string
	for _, e := range entries {
		if e.(obj)["what"] == "events_api" { // the app hears its own DM at some time
			continue
		}
		what = append(what, strOf(e.(obj), "dir")+" "+strOf(e.(obj), "what"))
	}
	want := []string{"out views.open", "in slash", "out chat.postMessage", "out chat.postMessage", "in view_submission", "in block_actions"}
	if diff := cmp.Diff(want, what); diff != "" {
		t.Error(diff)
	}
	if status, out := b.send("POST", "/_fake/faults", obj{"method": "chat.postMessage", "kind": "rate_limit", "times": 3, "retry_after": 5}); status != 200 || len(listOf(out, "rules")) != 1 {
		t.Errorf("faults: %d %v", status, out)
	}
	if status, out := b.send("POST", "/_fake/faults", obj{"method": "socket", "kind": "rate_limit"}); status != 400 || strOf(out, "error") == "" {
		t.Errorf("a rule that makes no sense: %d %v", status, out)
	}
	if _, out := b.send("DELETE", "/_fake/faults", obj{}); len(listOf(out, "rules")) != 0 {
		t.Errorf("faults: %v", out)
	}
	if status, _ := b.send("POST", "/_fake/sockets/drop", obj{}); status != 200 {
		t.Errorf("sockets: %d", status)
	}
	if status, _ := b.send("POST", "/_fake/clock", obj{"advance": 60}); status != 404 {
		t.Errorf("a clock that cannot be moved: %d", status)
	}
	resp, err := http.Get(b.base + "/")
	if err != nil || resp.StatusCode != 200 {
		t.Errorf("the page: %v %v", resp, err)
	}
	_ = resp.Body.Close()
}

func TestTheClockJumps(t *testing.T) {
	now := time.Date(2026, 11, 20, 23, 30, 0, 0, time.UTC)
	b := start(t, func(c *Config) {
		c.Now = func() time.Time { return now }
		c.Jump = func(_ context.Context, d time.Duration) error { now = now.Add(d); return nil }
	})
	for _, c := range []struct {
		body obj
		want time.Time
	}{
		{obj{"advance": 1800}, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)},
		{obj{"to": 1795262400}, time.Unix(1795262400, 0)},
		{obj{"tomorrow": "09:00", "user": "U0BEN0000"}, time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)}, // New York
	} {
		if status, out := b.send("POST", "/_fake/clock", c.body); status != 200 || !now.Equal(c.want) {
			t.Errorf("%v: %d %v, now %s", c.body, status, out, now.UTC())
		}
	}
	for _, bad := range []obj{{"advance": -5}, {"to": 5}, {"tomorrow": "9 o'clock"}, {}} {
		if status, _ := b.send("POST", "/_fake/clock", bad); status != 400 {
			t.Errorf("%v: %d", bad, status)
		}
	}
}

func TestOnlyThisMachinesOwnPageMayPlay(t *testing.T) {
	b := start(t, nil)
	try := func(change func(*http.Request)) int {
		req, _ := http.NewRequest("POST", b.base+"/_fake/act", strings.NewReader(`{"user":"U0ANA0000","type":"read","channel":"C0CHANGES"}`))
		req.Header.Set("Content-Type", "application/json")
		change(req)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"itself":       {func(*http.Request) {}, 200},
		"localhost":    {func(r *http.Request) { r.Host = "localhost:8080" }, 200},
		"ipv6":         {func(r *http.Request) { r.Host = "[::1]:8080" }, 200},
		"foreign host": {func(r *http.Request) { r.Host = "evil.example" }, 403},
		"cross site":   {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"other origin": {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
		"a form":       {func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415},
		"plain text":   {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
	} {
		if got := try(c.change); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestPagesArePoked(t *testing.T) {
	b := start(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listen := func(user string) *bufio.Scanner {
		req, _ := http.NewRequestWithContext(ctx, "GET", b.base+"/_fake/events?user="+user, nil)
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatal(err, resp)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		lines := bufio.NewScanner(resp.Body)
		lines.Scan() // hello
		return lines
	}
	ana, ben := listen("U0ANA0000"), listen("U0BEN0000")
	next := func(s *bufio.Scanner) string {
		for s.Scan() {
			if line, ok := strings.CutPrefix(s.Text(), "data: "); ok && !strings.Contains(line, "traffic") {
				return line
			}
		}
		return ""
	}
	b.must("chat.postEphemeral", obj{"channel": "C0CHANGES", "user": "U0ANA0000", "text": "only ana"})
	if got := next(ana); got != `{"type":"messages","channel":"C0CHANGES"}` {
		t.Errorf("ana: %s", got)
	}
	b.must("views.publish", obj{"user_id": "U0BEN0000", "view": obj{"type": "home", "blocks": []any{section("s")}}})
	if got := next(ben); got != `{"type":"home"}` {
		t.Errorf("ben: %s", got)
	}
	b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "all"})
	if got := next(ben); got != `{"type":"messages","channel":"C0CHANGES"}` {
		t.Errorf("ben: %s", got)
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	b := start(t, nil)
	b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "kept", "blocks": []any{section("kept")}, "metadata": obj{"event_type": "e", "event_payload": obj{"n": 1}}})
	b.must("chat.postMessage", obj{"channel": "U0ANA0000", "text": "dm"})
	b.must("chat.postEphemeral", obj{"channel": "C0CHANGES", "user": "U0ANA0000", "text": "gone"})
	b.must("views.publish", obj{"user_id": "U0ANA0000", "view": obj{"type": "home", "blocks": []any{section("home")}}})
	b.As("ben").Read("changes")
	raw, err := b.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	again := start(t, func(c *Config) { c.Restore = raw })
	if diff := cmp.Diff(b.Messages("changes"), again.Messages("changes")); diff != "" {
		t.Error(diff)
	}
	if len(again.DM("ana")) != 1 || len(again.Ephemerals("ana")) != 0 || again.Unread("ben", "changes") != 0 || again.Unread("ana", "changes") != 1 {
		t.Error("DM, ephemeral messages or read marks differ")
	}
	v, ok := again.As("ana").HomeView()
	if !ok || v.Plain() != "home" {
		t.Errorf("%+v", v)
	}
	again.must("chat.update", obj{"channel": "C0CHANGES", "ts": again.Messages("changes")[0].TS, "text": "still its own"})
	again.must("views.update", obj{"view_id": v.ID, "hash": v.Hash, "view": obj{"type": "home", "blocks": []any{section("new")}}})
	if _, err := New(Config{Restore: []byte("{"), Record: io.Discard}); err == nil {
		t.Error("a broken snapshot was accepted")
	}
}

func TestManifestsThatSlackRefuses(t *testing.T) {
	b := start(t, nil)
	for want, change := range map[string]func(obj){
		"unknown field":         func(m obj) { m["settings"].(obj)["color"] = "red" },
		"name":                  func(m obj) { m["display_information"] = obj{"name": x(36)} },
		"needs a URL":           func(m obj) { clearURLs(m) },
		"must start with /":     func(m obj) { command1(m)["command"] = "change" },
		"at most 32 characters": func(m obj) { command1(m)["command"] = "/" + x(32) },
		"needs the scope im:": func(m obj) {
			m["oauth_config"] = obj{"scopes": obj{"bot": []any{"commands", "app_mentions:read", "users:read", "channels:read"}}}
		},
		"need the scope command": func(m obj) { m["oauth_config"] = obj{"scopes": obj{"bot": []any{"chat:write"}}} },
		"global or message":      func(m obj) { m["features"].(obj)["shortcuts"].([]any)[0].(obj)["type"] = "both" },
		"shortcut name":          func(m obj) { m["features"].(obj)["shortcuts"].([]any)[0].(obj)["name"] = x(25) },
		"https":                  func(m obj) { m["oauth_config"].(obj)["redirect_urls"] = []any{"http://e.io"} },
		"175":                    func(m obj) { m["display_information"] = obj{"name": "n", "long_description": "short"} },
		"hex":                    func(m obj) { m["display_information"] = obj{"name": "n", "background_color": "blue"} },
		"not one that this":      func(m obj) { m["settings"].(obj)["event_subscriptions"].(obj)["bot_events"] = []any{"nope"} },
	} {
		err := b.Install(manifestJSON(t, "https://e.io", func(m obj) { change(clonedDeep(m)) }))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if r := b.As("ana").Slash("#changes", "/change"); !r.OK {
		t.Errorf("a refused manifest changed something: %+v", r)
	}
}

func command1(m obj) obj { return m["features"].(obj)["slash_commands"].([]any)[0].(obj) }

// clonedDeep gives change a manifest of plain JSON values to alter in place.
func clonedDeep(m obj) obj {
	for k, v := range clone(m) {
		m[k] = v
	}
	return m
}

func TestASuiteRecordsItself(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GATEHOUSE_RECORD_DIR", dir)
	for range 2 {
		b := start(t, func(c *Config) { c.Record = nil })
		b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "t"})
		b.call("chat.postMessage", obj{"channel": "C0RANDOM0", "text": "refused, and recorded"})
		b.Close()
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if len(files) != 2 {
		t.Fatalf("%v", files)
	}
	raw, _ := os.ReadFile(files[0])
	var methods []string
	for line := range strings.Lines(string(raw)) {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.At == 0 {
			t.Errorf("%v in %s", err, line)
		}
		methods = append(methods, r.Method+" "+r.Answer)
	}
	if diff := cmp.Diff([]string{"apps.manifest.validate ", "chat.postMessage ok", "chat.postMessage not_in_channel"}, methods); diff != "" {
		t.Error(diff)
	}
	empty := start(t, func(c *Config) { c.Record = nil })
	empty.Close()
}
