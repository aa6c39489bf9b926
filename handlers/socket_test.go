package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gatehousehq/gatehouse/bot"
	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/handlers"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// socketPlan has two connections and a Slack that pings fast.
func socketPlan() plan {
	return plan{mode: bot.ModeSocket, sockets: 2, slack: func(c *slackfake.Config) { c.PingEvery = 20 * time.Millisecond }}
}

func TestEveryEnvelopeIsAnsweredOnItsOwnConnection(t *testing.T) {
	w := build(t, socketPlan())
	n := proof.N(40, 400)
	var group sync.WaitGroup
	people := []string{"ana", "ben", "chi", "dev"}
	for i := range n {
		group.Go(func() { fine(t, w.As(people[i%4]).Slash("general", "/change help")) }) // the stand-in takes an answer on no other connection
		if i%16 == 15 {
			group.Wait()
		}
	}
	group.Wait()
	for _, name := range people {
		if got := lines(w, name, "can do"); got != n/4 {
			t.Errorf("%s was answered %d times, want %d", name, got, n/4)
		}
	}
}

func TestSocketsAreReplacedBeforeTheyEnd(t *testing.T) {
	for _, reason := range []string{"warning", "refresh_requested"} {
		t.Run(reason, func(t *testing.T) {
			p := socketPlan()
			p.slack = func(c *slackfake.Config) { c.PingEvery, c.SocketGrace = 20*time.Millisecond, 400*time.Millisecond }
			w := build(t, p)
			failed, asked := 0, 0
			ask := func() {
				asked++
				if r := w.As("ben").Slash("general", "/change help"); !r.OK {
					failed++
					t.Errorf("while connections change the person sees: %s %s", r.Code, r.Error)
				}
			}
			w.DisconnectSockets(reason)
			for range proof.N(30, 100) { // the old ones still serve
				ask()
			}
			w.counts(4)
			ask()
			w.counts(2) // Slack cuts the old ones, whatever is on them
			ask()
			proof.Record(t, proof.Row{What: "Commands while Slack ends both connections (" + reason + "): unanswered", Where: "SQLite", Tried: asked, Bad: failed})
		})
	}
}

func TestCutSocketsComeBack(t *testing.T) {
	w := build(t, socketPlan())
	for range proof.N(2, 4) {
		w.DropSockets()
		w.counts(2)
		fine(t, w.As("ben").Slash("general", "/change help"))
	}
	// One is cut in the middle of an envelope: Slack has no answer, and the other goes on.
	_, err := w.Break(slackfake.Rule{Method: "socket", Kind: slackfake.DropSocket, Times: 1})
	must(t, err)
	if r := w.As("ben").Slash("general", "/change help"); r.OK {
		t.Error("the cut command looks answered")
	}
	fine(t, w.As("ben").Slash("general", "/change help"))
	w.until("two are open again", func() bool { return w.Sockets() == 2 })
}

func TestDeafSocketsAreNoticed(t *testing.T) {
	p := socketPlan()
	p.quiet = 200 * time.Millisecond
	w := build(t, p)
	w.DeafenSockets()
	w.until("commands are answered again", func() bool {
		return w.As("ben").Slash("general", "/change help").OK
	})
	w.until("two live ones are open", func() bool { return w.Sockets() == 2 })
}

func TestSocketModeSwitchedOffEndsInWords(t *testing.T) {
	w := build(t, socketPlan())
	w.DisconnectSockets("link_disabled")
	select {
	case err := <-w.left:
		w.left <- nil // for the house's own waiting
		if err == nil || !holds(err.Error(), "Socket Mode was switched off", "GATEHOUSE_MODE=http") {
			t.Errorf("Run returned %v", err)
		}
	case <-soon(t).Done():
		t.Fatal("Run goes on")
	}
}

func TestATokenThatSlackRefusesEndsInWords(t *testing.T) {
	for code, words := range map[string]string{"invalid_auth": "Slack does not accept Gatehouse's token", "not_allowed_token_type": "wrong kind of token", "socket_mode_not_enabled": "Socket Mode is switched off"} {
		t.Run(code, func(t *testing.T) {
			w := build(t, plan{})
			_, err := w.Break(slackfake.Rule{Method: "apps.connections.open", Kind: code})
			must(t, err)
			s := &handlers.Socket{Handlers: w.h, Connections: 2, Log: w.log.logger()}
			if err := s.Run(soon(t)); err == nil || !holds(err.Error(), words) {
				t.Errorf("Run returned %v", err)
			}
		})
	}
}

func TestSocketsWaitOutASlackThatRefusesForAWhile(t *testing.T) {
	p := socketPlan()
	p.slack = func(c *slackfake.Config) { c.PingEvery = 20 * time.Millisecond }
	w := build(t, p)
	for _, r := range []slackfake.Rule{{Method: "socket", Kind: slackfake.Refuse, Times: 2}, {Method: "apps.connections.open", Kind: slackfake.RateLimit, RetryAfter: 1, Times: 1},
		{Method: "apps.connections.open", Kind: slackfake.HTML502, Times: 1}, {Method: "apps.connections.open", Kind: "a_code_of_next_year", Times: 1}} {
		_, err := w.Break(r)
		must(t, err)
	}
	w.DropSockets()
	w.until("two are open again", func() bool { return w.Sockets() == 2 && len(w.Faults()) == 0 })
	fine(t, w.As("ben").Slash("general", "/change help"))
	if log := w.log.String(); strings.Contains(log, "ticket=") || strings.Contains(log, "xapp-") {
		t.Errorf("the log holds a ticket or token:\n%s", log)
	}
}

func TestOneConnectionTooManyLeavesTheOthersAlone(t *testing.T) {
	p := socketPlan()
	p.sockets = 10
	w := build(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	var most int
	second := &handlers.Socket{Handlers: w.h, Connections: 1, Log: w.log.logger(), OnConnected: func(n int) { most = max(most, n) }}
	ended := make(chan error, 1)
	go func() { ended <- second.Run(ctx) }()
	w.until("the eleventh is turned away", func() bool {
		fine(t, w.As("ben").Slash("general", "/change help"))
		return strings.Contains(w.log.String(), "too_many_websockets")
	})
	w.counts(10)
	cancel()
	if err := <-ended; err != nil || most != 0 {
		t.Errorf("the second process ended with %v and counted %d", err, most)
	}
}

func TestAnAnswerTooLargeForASocketComesAnotherWay(t *testing.T) {
	w := build(t, socketPlan())
	long := strings.Repeat("🚀", 5500) // 22 kB: Slack would drop the acknowledgement without a word
	fine(t, w.As("ana").Slash("general", "/change new "+long))
	m := w.told("ana", "a title has at most 120")
	if n := strings.Count(m.Plain(), "🚀"); n != 5500 {
		t.Errorf("%d of 5500 letters came back", n)
	}
}

func TestClosingASocketAnswersWhatIsAtWork(t *testing.T) {
	p := socketPlan()
	p.engine = store.Postgres
	p.url = storetest.URL(t, p.engine)
	p.config = func(c *handlers.Config) { c.AnswerWithin = 500 * time.Millisecond }
	w := build(t, p)
	c := w.raise()
	card := w.card("ben", c.ID)
	release := block(t, p.engine, p.url)
	defer release()
	result := make(chan slackfake.Result, 1)
	go func() { result <- w.As("ben").Click(card, "Approve") }()
	w.until("the click is at work", func() bool { return blocked(t, p.url) })
	w.leave()
	fine(t, <-result)
	must(t, <-w.left)
	w.left <- nil
	release()
	w.told("ben", "Your approval of CHG-1")
	if n := w.Sockets(); n != 0 {
		t.Errorf("%d connections are still open", n)
	}
}

// rawSlack is Socket Mode by hand, for frames that the stand-in never sends.
type rawSlack struct {
	*httptest.Server
	conns chan *websocket.Conn
}

func newRawSlack(t *testing.T) *rawSlack {
	s := &rawSlack{conns: make(chan *websocket.Conn, 10)}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/apps.connections.open", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"ok":true,"url":"ws%s/socket?ticket=secret"}`, strings.TrimPrefix(s.URL, "http"))
	})
	mux.HandleFunc("/socket", func(w http.ResponseWriter, r *http.Request) {
		var up websocket.Upgrader
		if conn, err := up.Upgrade(w, r, nil); err == nil {
			s.conns <- conn
		}
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestEveryEnvelopeIsAcknowledgedWhateverItHolds(t *testing.T) {
	w := build(t, plan{})
	slack := newRawSlack(t)
	api, err := slackapi.New(slackapi.Config{BotToken: "xoxb-test", AppToken: "xapp-test", BaseURL: slack.URL + "/api/", HTTPClient: &http.Client{Transport: transport(t)}, Log: w.log.logger()})
	must(t, err)
	h := handlers.New(handlers.Config{Store: w.store, Slack: api, Log: w.log.logger(), Workspace: workspace, ChangeCommand: "/change"})
	defer h.Close(soon(t))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- (&handlers.Socket{Handlers: h, Connections: 1, Log: w.log.logger()}).Run(ctx)
	}()
	conn := <-slack.conns
	defer func() { _ = conn.Close() }()
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))

	for _, noise := range []string{"", "null", "not json", "[1,2]", `"x"`, `{"type":"hello","num_connections":1}`, `{"type":"unheard_of"}`, `{"envelope_id":""}`, "\x00"} {
		must(t, conn.WriteMessage(websocket.TextMessage, []byte(noise)))
	}
	must(t, conn.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3}))
	var payloads []string
	for path, bodies := range oddities() {
		for _, body := range bodies {
			if path == handlers.PathEvents && json.Valid([]byte(body)) {
				payloads = append(payloads, body)
			}
		}
	}
	sent := 0
	for _, kind := range []string{"slash_commands", "interactive", "events_api", "unheard_of", ""} {
		for i, body := range append(payloads, `{"command":5,"text":[],"team_id":{}}`) {
			id := fmt.Sprintf("%s-%d", kind, i)
			frame := fmt.Sprintf(`{"envelope_id":%q,"type":%q,"payload":%s,"accepts_response_payload":true}`, id, kind, body)
			must(t, conn.WriteMessage(websocket.TextMessage, []byte(frame)))
			_, raw, err := conn.ReadMessage()
			must(t, err)
			var ack struct {
				ID string `json:"envelope_id"`
			}
			must(t, json.Unmarshal(raw, &ack))
			if ack.ID != id {
				t.Errorf("%s: acknowledged %q: %s", id, ack.ID, raw)
			}
			sent++
		}
	}
	proof.Record(t, proof.Row{What: "Envelopes that mean nothing to Gatehouse: left without an acknowledgement", Where: "SQLite", Tried: sent, Bad: 0})
	cancel()
	_, _, err = conn.ReadMessage()
	if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("the connection was not closed with a goodbye: %v", err)
	}
	must(t, <-ended)
}
