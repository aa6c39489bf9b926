package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
)

// Socket is the other door: Slack's Socket Mode. It keeps several connections
// side by side, because each is closed by Slack about once an hour and any of
// them may get the next request; a connection that is about to end is
// replaced before it goes. Nothing needs a public address.
type Socket struct {
	Handlers    *Handlers
	Connections int // 1 to 10; Slack allows ten for one app, all replicas together
	Log         *slog.Logger
	// OnConnected is told the number of open connections whenever it changes.
	OnConnected func(open int)

	mu   sync.Mutex
	open int
}

const (
	// quietFor is how long a healthy connection may be silent: Slack pings
	// every few seconds.
	quietFor = 30 * time.Second
	// shortLife: a connection that ends sooner counts as a failure, so that a
	// Slack that keeps closing is not dialled in a tight loop.
	shortLife = time.Minute
	// maxAck is the size over which Slack drops an acknowledgement silently.
	maxAck = 20_000
	// maxFrame bounds what one envelope may hold.
	maxFrame = 4 << 20
)

// errLinkDisabled ends Socket Mode for good: somebody switched it off.
var errLinkDisabled = errors.New("Socket Mode was switched off in the app's settings; switch it on again, or set GATEHOUSE_MODE=http")

// Run keeps the connections until ctx ends, or until Slack refuses for good
// (bad token, Socket Mode switched off): then it returns that error.
func (s *Socket) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	for range max(1, min(10, s.Connections)) {
		group.Go(func() {
			if err := s.keep(ctx); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// keep holds one place: connect, serve until the connection is to be
// replaced, connect again. Only fatal errors end it.
func (s *Socket) keep(ctx context.Context) error {
	for failures := 0; ctx.Err() == nil; {
		retire := make(chan struct{})
		ended := make(chan error, 1)
		started := time.Now()
		go func() { ended <- s.serve(ctx, sync.OnceFunc(func() { close(retire) })) }()
		var err error
		select {
		case <-retire: // Slack will close it soon: the next one opens now, this one drains
			if failures++; time.Since(started) > shortLife {
				failures = 0
			}
			if failures > 1 {
				sleep(ctx, backoff(failures, nil))
			}
			continue
		case err = <-ended:
		}
		if fatal(err) {
			return err
		}
		if time.Since(started) > shortLife {
			failures = 0
		}
		failures++
		if ctx.Err() == nil {
			s.Log.WarnContext(ctx, "a Socket Mode connection ended", "error", err, "failures", failures)
			sleep(ctx, backoff(failures, err))
		}
	}
	return nil
}

// serve is one connection from dial to close. retire is called when Slack
// announces its end.
func (s *Socket) serve(ctx context.Context, retire func()) error {
	address, err := s.Handlers.Slack.OpenSocketURL(ctx)
	if err != nil {
		return fmt.Errorf("open socket: %w", err)
	}
	dialer := websocket.Dialer{HandshakeTimeout: 10 * time.Second, Proxy: http.ProxyFromEnvironment}
	conn, response, err := dialer.DialContext(ctx, address, nil)
	if response != nil && response.Body != nil {
		_ = response.Body.Close()
	}
	if err != nil {
		return errors.New("dial socket: no connection") // the address holds a ticket, so it is not repeated
	}
	c := &connection{socket: s, conn: conn}
	stop := context.AfterFunc(ctx, func() { c.close() })
	defer stop()
	defer c.close()
	s.count(+1)
	defer s.count(-1)
	conn.SetReadLimit(maxFrame)
	alive := func() { _ = conn.SetReadDeadline(time.Now().Add(quietFor)) }
	alive()
	conn.SetPingHandler(func(data string) error {
		alive()
		return conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(5*time.Second))
	})
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			c.inFlight.Wait()
			return fmt.Errorf("read socket: %w", err)
		}
		alive()
		if err := c.receive(frame, retire); err != nil {
			c.inFlight.Wait()
			return err
		}
	}
}

func (s *Socket) count(d int) {
	s.mu.Lock()
	s.open += d
	open := s.open
	s.mu.Unlock()
	if s.OnConnected != nil {
		s.OnConnected(open)
	}
}

// connection is one open socket; acknowledgements go back on the one their
// envelope came by.
type connection struct {
	socket   *Socket
	conn     *websocket.Conn
	write    sync.Mutex
	inFlight sync.WaitGroup
}

type envelope struct {
	ID      string          `json:"envelope_id"`
	Type    string          `json:"type"`
	Reason  string          `json:"reason"`
	Payload json.RawMessage `json:"payload"`
	Accepts bool            `json:"accepts_response_payload"`
}

// receive deals with one frame. Envelopes are served side by side; the error,
// if any, ends the connection.
func (c *connection) receive(frame []byte, retire func()) error {
	var e envelope
	if err := json.Unmarshal(frame, &e); err != nil {
		c.socket.Log.Warn("ignored a frame that is not JSON", "error", err)
		return nil
	}
	switch {
	case e.Type == "disconnect" && e.Reason == "link_disabled":
		return errLinkDisabled
	case e.Type == "disconnect" && e.Reason == "warning":
		retire()
		return nil // it lives about ten seconds more, and may still bring requests
	case e.Type == "disconnect":
		retire()
		return io.EOF
	case e.ID == "":
		return nil // hello
	}
	c.inFlight.Go(func() { c.answer(e) })
	return nil
}

// answer serves one envelope and acknowledges it, whatever it held: an
// envelope without an acknowledgement comes again.
func (c *connection) answer(e envelope) {
	h := c.socket.Handlers
	r, err := e.request()
	if err != nil {
		h.Log.Warn("acknowledged a payload that could not be read", "type", e.Type, "error", err)
		c.ack(e, nil)
		return
	}
	a := h.admit(r)
	if !a.done {
		return // Slack sends the event again
	}
	c.ack(e, a.body)
	if a.after != nil {
		a.after()
	}
}

func (e envelope) request() (*Request, error) {
	switch e.Type {
	case "slash_commands":
		var fields map[string]any
		if err := json.Unmarshal(e.Payload, &fields); err != nil {
			return nil, fmt.Errorf("slash command: %w: %w", errNotSlack, err)
		}
		return parseSlash(func(name string) string {
			text, _ := fields[name].(string)
			return text
		})
	case "interactive":
		return parseInteraction(e.Payload)
	case "events_api":
		r, _, err := parseEvent(e.Payload)
		return r, err
	}
	return nil, fmt.Errorf("envelope type %q: %w", e.Type, errNotSlack)
}

// ack writes the acknowledgement. A payload over Slack's size is left out and
// logged, because Slack would drop the whole frame without a word.
func (c *connection) ack(e envelope, body any) {
	frame := map[string]any{"envelope_id": e.ID}
	if body != nil && e.Accepts {
		frame["payload"] = body
	}
	data, err := json.Marshal(frame)
	if err != nil || len(data) >= maxAck {
		c.socket.Log.Error("an answer was too large for Socket Mode and was left out", "type", e.Type, "bytes", len(data), "error", err)
		data, _ = json.Marshal(map[string]any{"envelope_id": e.ID})
	}
	c.write.Lock()
	defer c.write.Unlock()
	_ = c.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	if err := c.conn.WriteMessage(websocket.TextMessage, data); err != nil {
		c.socket.Log.Warn("could not acknowledge an envelope; Slack may show an error or send it again", "type", e.Type, "error", err)
	}
}

func (c *connection) close() { _ = c.conn.Close() }

// fatal errors are those that trying again can't mend.
func fatal(err error) bool {
	if errors.Is(err, errLinkDisabled) {
		return true
	}
	var refused *slackapi.Error
	return errors.As(err, &refused) && refused.Kind == slackapi.Never
}

// backoff grows from half a second to 30 s, with jitter; Slack's own word
// goes before it.
func backoff(failures int, err error) time.Duration {
	var later *slackapi.Error
	if errors.As(err, &later) && later.RetryAfter > 0 {
		return later.RetryAfter
	}
	d := min(30*time.Second, 500*time.Millisecond<<min(failures-1, 6))
	return d/2 + rand.N(d/2+1)
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
