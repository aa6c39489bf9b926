package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// connection is one open socket. Acknowledgements go back on the one that
// their envelope came by.
type connection struct {
	socket   *Socket
	conn     *websocket.Conn
	log      *slog.Logger
	leaving  chan struct{} // closed when Slack announced the end
	announce sync.Once
	write    sync.Mutex
	inFlight sync.WaitGroup

	mu   sync.Mutex
	last time.Time // nothing is read after this; zero = no end is set
}

const (
	// maxAck is the size from which Slack drops an acknowledgement silently.
	maxAck = 20_000
	// maxFrame bounds what one envelope may hold.
	maxFrame = 4 << 20
	// farewell is how long a connection lives at most after Slack announced its
	// end; Slack itself takes about ten seconds.
	farewell = 30 * time.Second

	dialWithin  = 10 * time.Second
	writeWithin = 5 * time.Second
)

// run is one connection from dial to close. What came in is answered before
// it returns.
func (c *connection) run(ctx context.Context) error {
	address, err := c.socket.Handlers.Slack.OpenSocketURL(ctx)
	if err != nil {
		return fmt.Errorf("open socket: %w", err)
	}
	if c.conn, err = dial(ctx, address); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.endAt(time.Now()) })
	defer stop()
	defer c.hangUp()
	c.conn.SetReadLimit(maxFrame)
	c.alive()
	c.conn.SetPingHandler(func(data string) error {
		c.alive()
		_ = c.conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeWithin)) // reading tells when it is gone
		return nil
	})
	greeted := false
	defer func() {
		if greeted {
			c.socket.count(-1)
		}
	}()
	for {
		_, frame, err := c.conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("read socket: %w", err)
		}
		c.alive()
		var e envelope
		if err := json.Unmarshal(frame, &e); err != nil {
			c.log.Warn("ignored a frame that is not JSON", "error", err)
			continue
		}
		if e.Type == "hello" && !greeted {
			greeted = true
			c.socket.count(+1)
		}
		if err := c.receive(e); err != nil {
			return err
		}
	}
}

// dial connects. The address holds a ticket, so no error repeats it.
func dial(ctx context.Context, address string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{HandshakeTimeout: dialWithin, Proxy: http.ProxyFromEnvironment}
	conn, response, err := dialer.DialContext(ctx, address, nil)
	if err == nil {
		return conn, nil
	}
	if response != nil {
		_ = response.Body.Close()
		return nil, fmt.Errorf("dial socket: refused with status %d", response.StatusCode)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, errors.New("dial socket: no connection")
}

// alive puts off the moment at which a silent connection counts as dead.
func (c *connection) alive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Now().Add(c.socket.quiet())
	if !c.last.IsZero() && c.last.Before(at) {
		at = c.last
	}
	_ = c.conn.SetReadDeadline(at)
}

// endAt sets when reading ends at the latest.
func (c *connection) endAt(at time.Time) {
	c.mu.Lock()
	if c.last.IsZero() || at.Before(c.last) {
		c.last = at
	}
	c.mu.Unlock()
	c.alive()
}

// hangUp answers what is still at work, says goodbye and closes.
func (c *connection) hangUp() {
	c.inFlight.Wait()
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = c.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
	_ = c.conn.Close()
}

type envelope struct {
	ID      string          `json:"envelope_id"`
	Type    string          `json:"type"`
	Reason  string          `json:"reason"`
	Payload json.RawMessage `json:"payload"`
	Accepts bool            `json:"accepts_response_payload"`
}

// receive deals with one frame. Envelopes are served side by side; an error
// ends the connection.
func (c *connection) receive(e envelope) error {
	switch {
	case e.Type == "disconnect" && e.Reason == "link_disabled":
		return errLinkDisabled
	case e.Type == "disconnect" && (e.Reason == "warning" || e.Reason == "refresh_requested"):
		c.endAt(time.Now().Add(farewell)) // until Slack closes it, it may still bring requests
		c.announce.Do(func() { close(c.leaving) })
	case e.Type == "disconnect":
		return fmt.Errorf("disconnected: %s", e.Reason)
	case e.ID != "":
		c.inFlight.Go(func() { c.answer(e) })
	}
	return nil
}

// answer serves one envelope and acknowledges it, whatever it held: an
// envelope without an acknowledgement comes again.
func (c *connection) answer(e envelope) {
	h := c.socket.Handlers
	r, err := e.request()
	if err != nil {
		h.Log.Warn("acknowledged a payload that could not be read", "type", e.Type, "error", err)
		c.send(e, nil)
		return
	}
	h.admit(r, func(a answer) {
		if a.again && !a.pending { // a socket can't say "not yet": what is at work is acknowledged in time
			return // Slack sends the event once more
		}
		if !c.send(e, a.body) && a.instead != nil {
			a.instead()
		}
	})
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

// send acknowledges an envelope and reports whether the body went with it. A
// body over Slack's size is left out, because Slack would drop the whole frame
// without a word.
func (c *connection) send(e envelope, body any) (carried bool) {
	frame := map[string]any{"envelope_id": e.ID}
	if body != nil && e.Accepts {
		frame["payload"] = body
	}
	data, err := json.Marshal(frame)
	carried = err == nil && len(data) < maxAck && (body == nil || e.Accepts)
	if !carried {
		c.log.Warn("an acknowledgement went out without its answer", "type", e.Type, "bytes", len(data), "accepts", e.Accepts, "error", err)
		data, _ = json.Marshal(map[string]any{"envelope_id": e.ID})
	}
	c.write.Lock()
	defer c.write.Unlock()
	_ = c.conn.SetWriteDeadline(time.Now().Add(writeWithin))
	if err := c.conn.WriteMessage(websocket.TextMessage, data); err != nil {
		c.log.Warn("could not acknowledge an envelope; Slack may show an error or send it again", "type", e.Type, "error", err)
		return false
	}
	return carried
}
