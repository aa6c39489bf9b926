package slackfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// client is one Socket Mode connection of a test.
type client struct {
	t      *testing.T
	conn   *websocket.Conn
	frames chan obj
	pings  chan struct{}
}

func socketBench(t *testing.T, change func(*Config)) *bench {
	t.Helper()
	b := start(t, change)
	if err := b.Install(manifestJSON(t, "", func(m obj) {
		m["settings"].(obj)["socket_mode_enabled"] = true
		clearURLs(m)
	})); err != nil {
		t.Fatal(err)
	}
	return b
}

func clearURLs(m obj) {
	delete(m["features"].(obj)["slash_commands"].([]any)[0].(obj), "url")
	set := m["settings"].(obj)
	delete(set["interactivity"].(obj), "request_url")
	delete(set["interactivity"].(obj), "message_menu_options_url")
	delete(set["event_subscriptions"].(obj), "request_url")
}

// dial opens one connection and reads its hello.
func (b *bench) dial() (*client, obj) {
	b.t.Helper()
	out, _ := b.callAs("xapp-fake-app", "apps.connections.open", obj{})
	conn, _, err := websocket.DefaultDialer.Dial(strOf(out, "url"), nil)
	if err != nil {
		b.t.Fatalf("%v: %v", out, err)
	}
	c := &client{t: b.t, conn: conn, frames: make(chan obj, 100), pings: make(chan struct{}, 100)}
	conn.SetPingHandler(func(string) error {
		select {
		case c.pings <- struct{}{}:
		default:
		}
		return nil
	})
	go func() {
		defer close(c.frames)
		for {
			var o obj
			if conn.ReadJSON(&o) != nil {
				return
			}
			c.frames <- o
		}
	}()
	b.t.Cleanup(func() { _ = conn.Close() })
	return c, c.next()
}

// next is the next frame; nil when the connection has ended.
func (c *client) next() obj {
	c.t.Helper()
	select {
	case f := <-c.frames:
		return f
	case <-time.After(10 * time.Second):
		c.t.Fatal("no frame came")
		return nil
	}
}

func (c *client) ack(f obj, payload any) {
	o := obj{"envelope_id": f["envelope_id"]}
	if payload != nil {
		o["payload"] = payload
	}
	if err := c.conn.WriteJSON(o); err != nil {
		c.t.Error(err)
	}
}

func TestSocketModeCarriesTheSamePayloads(t *testing.T) {
	b := socketBench(t, nil)
	c, hello := b.dial()
	if hello["type"] != "hello" || hello["num_connections"] != 1.0 || objOf(hello, "debug_info")["approximate_connection_time"] != 3600.0 {
		t.Fatalf("%v", hello)
	}
	var wg sync.WaitGroup
	do := func(what func() Result, answer func(obj) any, ok bool) Result {
		t.Helper()
		var r Result
		wg.Go(func() { r = what() })
		f := c.next()
		c.ack(f, answer(f))
		wg.Wait()
		if r.OK != ok {
			t.Errorf("%+v", r)
		}
		return r
	}
	none := func(obj) any { return nil }
	ana := b.As("ana")
	do(func() Result { return ana.Slash("#changes", "/change new") }, func(f obj) any {
		if f["type"] != "slash_commands" || f["accepts_response_payload"] != true || objOf(f, "payload")["text"] != "new" {
			t.Errorf("%v", f)
		}
		b.must("views.open", obj{"trigger_id": objOf(f, "payload")["trigger_id"], "view": modal(input("in", typed, true))})
		return obj{"text": "hello", "response_type": "ephemeral"}
	}, true)
	if len(b.Ephemerals("ana")) != 1 || len(ana.Views()) != 1 {
		t.Error("the answer or the form is missing")
	}
	do(func() Result { return ana.Submit(nil) }, func(f obj) any {
		if f["type"] != "interactive" || objOf(f, "payload")["type"] != "view_submission" {
			t.Errorf("%v", f)
		}
		return obj{"response_action": "errors", "errors": obj{"in": "No."}}
	}, false)
	b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "t", "blocks": []any{actions(press)}})
	do(func() Result { return ana.Click(b.Messages("changes")[0], "Go") }, func(f obj) any {
		if f["accepts_response_payload"] != false {
			t.Errorf("%v", f)
		}
		return nil
	}, true)
	do(func() Result { return ana.Home() }, none, true)
	if n := strings.Count(b.log.String(), `"method":"socket_ack"`); n != 4 {
		t.Errorf("%d frames are recorded", n)
	}
}

func TestAcknowledgementsOverTwentyKilobytesVanish(t *testing.T) {
	b := socketBench(t, func(c *Config) { c.AckBudget = 200 * time.Millisecond })
	c, _ := b.dial()
	for size, code := range map[int]string{19000: "", 21000: "operation_timeout"} {
		done := make(chan Result)
		go func() { done <- b.As("ana").Slash("#changes", "/change") }()
		f := c.next()
		c.ack(f, obj{"text": x(size)})
		if r := <-done; r.Code != code {
			t.Errorf("%d bytes: %+v", size, r)
		}
	}
}

func TestTenSocketsAndTurns(t *testing.T) {
	b := socketBench(t, nil)
	var all []*client
	for i := range 10 {
		c, hello := b.dial()
		if hello["num_connections"] != float64(i+1) {
			t.Fatalf("%v", hello)
		}
		all = append(all, c)
	}
	if _, first := b.dial(); first["type"] != "disconnect" || first["reason"] != "too_many_websockets" {
		t.Errorf("the eleventh: %v", first)
	}
	for range 20 {
		first := b.Emit(obj{"type": "user_change", "user": obj{}})
		_ = first
	}
	for i, c := range all {
		for range 2 {
			f := c.next()
			c.ack(f, nil)
			if f["type"] != "events_api" {
				t.Errorf("socket %d: %v", i, f)
			}
		}
	}
	_ = all[0].conn.Close()
	b.wait("its end", func() bool { return b.Sockets() == 9 })
}

func TestADeadSocketMeansRetryForEventsAndTroubleForPeople(t *testing.T) {
	b := socketBench(t, nil)
	if r := b.As("ana").Slash("#changes", "/change"); r.Code != "dispatch_failed" {
		t.Errorf("without a socket: %+v", r)
	}
	one, _ := b.dial()
	two, _ := b.dial()
	if _, err := b.Break(Rule{Method: "socket", Kind: DropSocket, Times: 1}); err != nil {
		t.Fatal(err)
	}
	b.SetUser(User{Name: "ben", RealName: "B"})
	var again obj
	for again == nil { // one of the two is cut, the other gets the retry
		select {
		case f, ok := <-one.frames:
			if !ok {
				one.frames = nil
			} else if f["retry_attempt"] != nil {
				again = f
				one.ack(f, nil)
			}
		case f, ok := <-two.frames:
			if !ok {
				two.frames = nil
			} else if f["retry_attempt"] != nil {
				again = f
				two.ack(f, nil)
			}
		}
	}
	if again["retry_attempt"] != 1.0 || again["retry_reason"] == "" {
		t.Errorf("%v", again)
	}
	b.wait("the end of one", func() bool { return b.Sockets() == 1 })
	if _, err := b.Break(Rule{Method: "socket", Kind: DropSocket, Times: 1}); err != nil {
		t.Fatal(err)
	}
	if r := b.As("ana").Slash("#changes", "/change"); r.Code != "dispatch_failed" {
		t.Errorf("the socket died before the answer: %+v", r)
	}
	b.DropSockets()
	b.wait("the end of both", func() bool { return b.Sockets() == 0 })
}

func TestDisconnectFramesAndPings(t *testing.T) {
	b := socketBench(t, func(c *Config) { c.PingEvery, c.SocketGrace = 10*time.Millisecond, 50*time.Millisecond })
	c, _ := b.dial()
	<-c.pings
	b.DisconnectSockets("refresh_requested")
	if f := c.next(); f["type"] != "disconnect" || f["reason"] != "refresh_requested" {
		t.Errorf("%v", f)
	}
	if f := c.next(); f != nil {
		t.Errorf("after the grace: %v", f)
	}
}

func TestTicketsAreForOneSocket(t *testing.T) {
	b := socketBench(t, nil)
	out, _ := b.callAs("xapp-fake-app", "apps.connections.open", obj{})
	for i, want := range []int{101, 403} {
		_, resp, _ := websocket.DefaultDialer.Dial(strOf(out, "url"), nil)
		if resp == nil || resp.StatusCode != want {
			t.Errorf("try %d: %v", i+1, resp)
		}
	}
	_, resp, err := websocket.DefaultDialer.Dial(strOf(out, "url"), http.Header{"Origin": {"https://evil.example"}})
	if err == nil {
		t.Errorf("a web page opened a socket: %v", resp.Status)
	}
	if _, err := b.Break(Rule{Method: "socket", Kind: Refuse, Times: 1}); err != nil {
		t.Fatal(err)
	}
	out, _ = b.callAs("xapp-fake-app", "apps.connections.open", obj{})
	if _, resp, _ := websocket.DefaultDialer.Dial(strOf(out, "url"), nil); resp == nil || resp.StatusCode != 503 {
		t.Errorf("refused: %v", resp)
	}
	h := start(t, nil) // an app over HTTP has no sockets
	if out, _ := h.callAs("xapp-fake-app", "apps.connections.open", obj{}); out["ok"] != false {
		t.Errorf("%v", out)
	}
}

func TestFaultsOnCalls(t *testing.T) {
	b := start(t, nil)
	args := obj{"channel": "C0CHANGES", "text": "t"}
	call := func() (*http.Response, error) {
		req, _ := http.NewRequest(http.MethodPost, b.base+"/api/chat.postMessage", strings.NewReader(string(mustJSON(t, args))))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer xoxb-fake-bot")
		return (&http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	}
	for _, c := range []struct {
		kind   string
		status int // 0: no answer
		done   bool
	}{{RateLimit, 429, false}, {Error500, 500, false}, {Error503, 503, false}, {HTML502, 502, false}, {Hang, 0, false}, {DropReply, 0, true}, {Truncate, 200, true}, {Slow, 200, true}, {"fatal_error", 200, false}} {
		t.Run(c.kind, func(t *testing.T) {
			before := len(b.Messages("changes"))
			if _, err := b.Break(Rule{Method: "chat.postMessage", Kind: c.kind, Times: 1, RetryAfter: 7, MS: 20}); err != nil {
				t.Fatal(err)
			}
			resp, err := call()
			status := 0
			if err == nil {
				status = resp.StatusCode
				var out obj
				bad := json.NewDecoder(resp.Body).Decode(&out)
				_ = resp.Body.Close()
				if c.kind == Truncate && bad == nil || c.kind == "fatal_error" && out["error"] != "fatal_error" || c.kind == Slow && out["ok"] != true {
					t.Errorf("%v %v", out, bad)
				}
				if c.kind == RateLimit && resp.Header.Get("Retry-After") != "7" {
					t.Errorf("Retry-After %q", resp.Header.Get("Retry-After"))
				}
			}
			if status != c.status || (len(b.Messages("changes")) > before) != c.done {
				t.Errorf("status %d (%v), %d messages more", status, err, len(b.Messages("changes"))-before)
			}
			if len(b.Faults()) != 0 {
				t.Error("the rule was not used up")
			}
		})
	}
	if n := strings.Count(b.log.String(), `"method":"chat.postMessage"`); n != 9 {
		t.Errorf("%d of 9 calls are recorded", n)
	}
}

func TestFaultRulesCountAndChoose(t *testing.T) {
	b := start(t, func(c *Config) { c.Seed = 5 })
	hits := func(r Rule, n int) (out int) {
		id, err := b.Break(r)
		if err != nil {
			t.Fatal(err)
		}
		for range n {
			if b.call("auth.test", obj{})["error"] == "x_fault" {
				out++
			}
		}
		b.Mend(id)
		return out
	}
	if got := hits(Rule{Method: "*", Kind: "x_fault", Every: 3}, 9); got != 3 {
		t.Errorf("every third of nine: %d", got)
	}
	if got := hits(Rule{Method: "auth.test", Kind: "x_fault", Times: 2}, 5); got != 2 {
		t.Errorf("two times of five: %d", got)
	}
	if got := hits(Rule{Method: "auth.test", Kind: "x_fault", Probability: 0.5}, 100); got < 30 || got > 70 {
		t.Errorf("half of a hundred: %d", got)
	}
	if got := hits(Rule{Method: "users.info", Kind: "x_fault"}, 3); got != 0 {
		t.Errorf("another method: %d", got)
	}
	for _, r := range []Rule{{}, {Method: "*", Kind: Duplicate}, {Method: "deliveries", Kind: RateLimit}, {Method: "socket", Kind: Hang}, {Method: "*", Kind: "x", Probability: 2}, {Method: "*"}} {
		if _, err := b.Break(r); err == nil {
			t.Errorf("%+v was accepted", r)
		}
	}
}

func TestFaultsOnDeliveries(t *testing.T) {
	b := start(t, nil)
	ana := b.As("ana")
	rule := func(r Rule) {
		t.Helper()
		if _, err := b.Break(r); err != nil {
			t.Fatal(err)
		}
	}
	rule(Rule{Method: "slash", Kind: Duplicate, Times: 1})
	ana.Slash("#changes", "/change")
	b.wait("the second copy", func() bool { return b.count("slash") == 2 })
	if b.got[0].form.Get("trigger_id") != b.got[1].form.Get("trigger_id") {
		t.Error("a duplicate must be the same delivery")
	}
	rule(Rule{Method: "deliveries", Kind: Drop, Times: 1})
	if r := ana.Slash("#changes", "/change"); r.OK || b.count("slash") != 2 {
		t.Errorf("dropped: %+v", r)
	}
	rule(Rule{Method: "deliveries", Kind: Delay, Times: 1, MS: 30})
	if r := ana.Slash("#changes", "/change"); !r.OK || r.MS < 30 {
		t.Errorf("delayed: %+v", r)
	}
	rule(Rule{Method: "events_api", Kind: Reorder, Times: 1, MS: 5000})
	b.Emit(obj{"type": "user_change", "user": obj{"n": 1}})
	b.wait("the rule to hit", func() bool { return len(b.Faults()) == 0 })
	<-b.Emit(obj{"type": "user_change", "user": obj{"n": 2}})
	b.wait("both", func() bool { return b.count("events_api") == 2 })
	if first := objOf(objOf(b.got[len(b.got)-2].payload, "event"), "user"); first["n"] != 2.0 {
		t.Errorf("the first to arrive was %v", first)
	}
}

func TestManyPeopleAtOnce(t *testing.T) {
	b := start(t, nil)
	b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "card", "blocks": []any{actions(press)}})
	m := b.Messages("changes")[0]
	b.on("block_actions", func(seen) (int, any) {
		b.must("chat.update", obj{"channel": "C0CHANGES", "ts": m.TS, "text": "card", "blocks": []any{actions(press)}})
		return 200, nil
	})
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			who := b.As([]string{"ana", "ben"}[i%2])
			if r := who.Click(m, "Go"); !r.OK {
				t.Errorf("%+v", r)
			}
			who.Say("changes", fmt.Sprint("hello ", i))
			b.As("ana").Views()
			b.Unread("ben", "changes")
		})
	}
	wg.Wait()
	if n := b.count("block_actions"); n != 24 {
		t.Errorf("%d clicks arrived", n)
	}
}
