package slackfake

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	maxSockets    = 10        // connections of one app
	maxAckFrame   = 20 * 1024 // larger frames are dropped silently
	ticketLife    = 30 * time.Second
	socketTimeout = 5 * time.Second // for one write
)

// sockets are the app's Socket Mode connections.
type sockets struct {
	s        *Server
	upgrader websocket.Upgrader

	mu      sync.Mutex
	tickets map[string]time.Time
	open    []*socket
	next    int // round robin
	served  sync.WaitGroup
}

// socket is one connection. Writes are serialised; acknowledgements are handed to whoever waits for them.
type socket struct {
	conn    *websocket.Conn
	writing sync.Mutex
	dead    chan struct{} // closed when the connection is gone
	deaf    bool          // half open: alive, but hears and says nothing

	mu    sync.Mutex
	waits map[string]chan json.RawMessage
}

func newSockets(s *Server) *sockets {
	// Web pages must stay out; SDKs send no Origin, or Slack's own.
	ours := func(r *http.Request) bool {
		return slices.Contains([]string{"", "https://api.slack.com"}, r.Header.Get("Origin"))
	}
	return &sockets{s: s, tickets: map[string]time.Time{}, upgrader: websocket.Upgrader{CheckOrigin: ours}}
}

// ticket is good for opening one connection within half a minute.
func (k *sockets) ticket() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	t := rand.Text()
	k.tickets[t] = time.Now()
	return t
}

func (k *sockets) redeem(t string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	at, ok := k.tickets[t]
	delete(k.tickets, t)
	return ok && time.Since(at) < ticketLife
}

// serve holds one connection from hello to its end.
func (k *sockets) serve(w http.ResponseWriter, r *http.Request) {
	if k.s.hit([]string{Refuse}, "socket") != nil {
		http.Error(w, "service unavailable", http.StatusServiceUnavailable)
		return
	}
	if !k.redeem(r.URL.Query().Get("ticket")) {
		http.Error(w, "the ticket is unknown or used", http.StatusForbidden)
		return
	}
	conn, err := k.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c := &socket{conn: conn, dead: make(chan struct{}), waits: map[string]chan json.RawMessage{}}
	n, ok := k.enter(c)
	if n < 0 {
		_ = conn.Close()
		return
	}
	defer k.leave(c)
	if !ok {
		_ = c.write(obj{"type": "disconnect", "reason": "too_many_websockets", "debug_info": obj{"host": "applink-fake"}})
		return
	}
	k.s.socketChanged("hello")
	if c.write(obj{"type": "hello", "connection_info": obj{"app_id": k.s.app.id}, "num_connections": n,
		"debug_info": obj{"host": "applink-fake", "approximate_connection_time": 3600, "build_number": 1}}) != nil {
		return
	}
	go c.ping(k.s.cfg.PingEvery)
	c.read(k)
}

// enter counts a connection in, unless there are ten; -1 means that the server is closing.
func (k *sockets) enter(c *socket) (n int, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.s.ctx.Err() != nil {
		return -1, false
	}
	k.served.Add(1)
	if len(k.open) >= maxSockets {
		return len(k.open), false
	}
	k.open = append(k.open, c)
	return len(k.open), true
}

func (k *sockets) leave(c *socket) {
	k.mu.Lock()
	k.open = slices.DeleteFunc(k.open, func(x *socket) bool { return x == c })
	k.mu.Unlock()
	close(c.dead)
	_ = c.conn.Close()
	k.s.socketChanged("closed")
	k.served.Done()
}

// closeAll cuts every connection and waits for their ends.
func (k *sockets) closeAll() {
	k.mu.Lock()
	for _, c := range k.open {
		_ = c.conn.Close()
	}
	k.mu.Unlock()
	k.served.Wait()
}

func (c *socket) ping(every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-c.dead:
			return
		case <-t.C:
			if !c.isDeaf() {
				_ = c.conn.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(socketTimeout))
			}
		}
	}
}

func (c *socket) isDeaf() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deaf
}

func (c *socket) write(v any) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.isDeaf() {
		return nil
	}
	_ = c.conn.SetWriteDeadline(time.Now().Add(socketTimeout))
	return c.conn.WriteJSON(v)
}

// read takes acknowledgements until the connection ends. Frames of 20 KB and more vanish, as Slack drops them.
func (c *socket) read(k *sockets) {
	for {
		_, raw, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		if c.isDeaf() {
			continue
		}
		var frame struct {
			Envelope string          `json:"envelope_id"`
			Payload  json.RawMessage `json:"payload"`
		}
		bad := json.Unmarshal(raw, &frame) != nil
		var args obj
		_ = json.Unmarshal(raw, &args)
		k.s.rec.add(record{Method: "socket_ack", Args: args})
		if bad || len(raw) >= maxAckFrame {
			continue
		}
		c.mu.Lock()
		wait := c.waits[frame.Envelope]
		delete(c.waits, frame.Envelope)
		c.mu.Unlock()
		if wait != nil {
			wait <- frame.Payload
		}
	}
}

// pickOne takes the connections in turn.
func (k *sockets) pickOne() *socket {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.open) == 0 {
		return nil
	}
	k.next++
	return k.open[k.next%len(k.open)]
}

var errCut = errors.New("cut by a fault rule")

// send puts a delivery on one connection and waits for its acknowledgement.
func (k *sockets) send(ctx context.Context, d delivery) ack {
	c := k.pickOne()
	if c == nil {
		return ack{trouble: "no_connection"}
	}
	id := "env-" + rand.Text()
	env := obj{"envelope_id": id, "type": d.envelope, "payload": d.payload, "accepts_response_payload": d.responds}
	if d.retry > 0 {
		env["retry_attempt"], env["retry_reason"] = d.retry, d.reason
	}
	got := make(chan json.RawMessage, 1)
	c.mu.Lock()
	c.waits[id] = got
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waits, id)
		c.mu.Unlock()
	}()
	err := c.write(env)
	if k.s.hit([]string{DropSocket}, "socket") != nil {
		_ = c.conn.Close()
		err = errCut
	}
	if err != nil {
		return ack{trouble: "unreachable"}
	}
	t := time.NewTimer(k.s.cfg.AckBudget)
	defer t.Stop()
	select {
	case body := <-got:
		if string(body) == "null" {
			body = nil
		}
		return ack{status: 200, body: body}
	case <-c.dead:
		return ack{trouble: "unreachable"}
	case <-t.C:
		return ack{trouble: "timeout"}
	case <-ctx.Done():
		return ack{trouble: "unreachable"}
	}
}

func (s *Server) socketChanged(what string) {
	s.traffic(entry{Dir: "in", What: "socket", Request: what})
	s.mu.Lock()
	s.touch("state", "")
	s.mu.Unlock()
}

// Sockets is how many Socket Mode connections the app holds.
func (s *Server) Sockets() int {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	return len(s.sockets.open)
}

func (s *Server) eachSocket(do func(*socket)) {
	s.sockets.mu.Lock()
	all := slices.Clone(s.sockets.open)
	s.sockets.mu.Unlock()
	for _, c := range all {
		do(c)
	}
}

// DropSockets cuts every connection without a word.
func (s *Server) DropSockets() { s.eachSocket(func(c *socket) { _ = c.conn.Close() }) }

// DeafenSockets leaves every present connection open but dead: no pings, no envelopes, nothing heard.
func (s *Server) DeafenSockets() {
	s.eachSocket(func(c *socket) { c.mu.Lock(); c.deaf = true; c.mu.Unlock() })
}

// DisconnectSockets sends every connection a disconnect frame (reason "warning", "refresh_requested" or
// "link_disabled") and closes it after SocketGrace.
func (s *Server) DisconnectSockets(reason string) {
	s.eachSocket(func(c *socket) {
		_ = c.write(obj{"type": "disconnect", "reason": reason, "debug_info": obj{"host": "applink-fake"}})
		s.run(func(ctx context.Context) {
			t := time.NewTimer(s.cfg.SocketGrace)
			defer t.Stop()
			select {
			case <-t.C:
			case <-c.dead:
			case <-ctx.Done():
			}
			_ = c.conn.Close()
		})
	})
}
