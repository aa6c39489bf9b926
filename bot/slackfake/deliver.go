package slackfake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"time"
)

// delivery is one thing that Slack sends to the app, by HTTP or by socket.
type delivery struct {
	what     string // slash, block_actions, view_submission, …, events_api; also the name for fault rules
	url      string
	form     url.Values // HTTP body of commands and interactions
	payload  any        // the JSON: HTTP body of events, payload of a Socket Mode envelope
	envelope string     // slash_commands, interactive or events_api
	record   string     // the recorder's name of its acknowledgement
	responds bool       // the acknowledgement may carry a body

	retry  int
	reason string // why it is repeated
}

// ack is what came back, or why nothing did.
type ack struct {
	status  int
	body    []byte
	noRetry bool
	took    time.Duration
	// trouble is "" (2xx in time), "timeout", "unreachable", "no_connection", "status" or "dropped".
	trouble string
}

// reasons are the X-Slack-Retry-Reason of each trouble.
var reasons = map[string]string{"timeout": "http_timeout", "unreachable": "connection_failed", "no_connection": "connection_failed", "status": "http_error", "dropped": "unknown_error"}

// deliver sends one delivery and waits for its acknowledgement, at most AckBudget after any injected delay.
func (s *Server) deliver(ctx context.Context, d delivery) ack {
	s.mu.Lock()
	passed := s.passed
	s.mu.Unlock()
	rule := s.hit(kindsFor["deliveries"], d.what, "deliveries")
	switch kindOf(rule) {
	case Drop:
		s.traffic(entry{Dir: "in", What: d.what, Request: d.payload, Fault: Drop})
		return ack{trouble: "dropped"}
	case Delay:
		pause(ctx, time.Duration(rule.MS)*time.Millisecond)
	case Reorder:
		letOnePass(ctx, passed, rule.MS)
	case Duplicate:
		s.run(func(ctx context.Context) { s.send(ctx, d, rule) })
	}
	a := s.send(ctx, d, rule)
	s.passing()
	return a
}

// letOnePass holds a delivery until another has been made, or for ms (2 s when 0).
func letOnePass(ctx context.Context, passed <-chan struct{}, ms int) {
	if ms == 0 {
		ms = 2000
	}
	t := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer t.Stop()
	select {
	case <-passed:
	case <-t.C:
	case <-ctx.Done():
	}
}

// passing frees the deliveries that were held for one to overtake them.
func (s *Server) passing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.passed)
	s.passed = make(chan struct{})
}

func (s *Server) send(ctx context.Context, d delivery, rule *Rule) ack {
	s.mu.Lock()
	socket := s.app.manifest.Settings.Socket
	s.mu.Unlock()
	began := time.Now()
	var a ack
	if socket {
		a = s.sockets.send(ctx, d)
	} else {
		a = s.sendHTTP(ctx, d)
	}
	a.took = time.Since(began)
	args := ackArgs(d, a.body)
	switch a.trouble {
	case "":
		s.rec.aged(record{Method: d.record, Args: args, Answer: d.what}, 0, a.took)
	case "timeout":
		s.rec.aged(record{Method: d.record, Answer: "late"}, 0, a.took)
	}
	s.traffic(entry{Dir: "in", What: d.what, Status: a.status, MS: int(a.took.Milliseconds()), Request: d.payload, Response: args, Fault: kindOf(rule)})
	return a
}

// sendHTTP posts a delivery to the app, signed over the raw body as it goes out.
func (s *Server) sendHTTP(ctx context.Context, d delivery) ack {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.AckBudget)
	defer cancel()
	body, kind := []byte(d.form.Encode()), "application/x-www-form-urlencoded"
	if d.form == nil {
		body, _ = json.Marshal(d.payload)
		kind = "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return ack{trouble: "unreachable"}
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	s.Sign(req.Header, time.Now(), body)
	if d.retry > 0 {
		req.Header.Set("X-Slack-Retry-Num", strconv.Itoa(d.retry))
		req.Header.Set("X-Slack-Retry-Reason", d.reason)
	}
	resp, err := s.http.Do(req)
	var raw []byte
	if err == nil {
		raw, err = io.ReadAll(io.LimitReader(resp.Body, maxBody))
		_ = resp.Body.Close()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return ack{trouble: "timeout"}
	case err != nil:
		return ack{trouble: "unreachable"}
	}
	a := ack{status: resp.StatusCode, body: bytes.TrimSpace(raw), noRetry: resp.Header.Get("X-Slack-No-Retry") == "1" && resp.StatusCode != 200}
	if resp.StatusCode/100 != 2 || d.what != "events_api" && resp.StatusCode != 200 {
		a.trouble = "status"
	}
	return a
}

// Sign sets the two signature headers of a request from Slack: v0, HMAC-SHA256 with the signing secret over the raw body.
func (s *Server) Sign(h http.Header, at time.Time, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(s.cfg.SigningSecret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
}

// ackArgs is an acknowledgement as the recorder and the inspector show it.
func ackArgs(d delivery, body []byte) obj {
	if len(body) == 0 {
		return obj{}
	}
	var o obj
	if json.Unmarshal(body, &o) == nil && o != nil {
		return o
	}
	return obj{"text": string(body)}
}

// slash is the delivery of a slash command.
func (s *Server) slash(c command, u *User, r *room, text string) delivery {
	name := r.Name
	if r.Kind == IM {
		name = "directmessage"
	}
	if r.Kind == Private {
		name = "privategroup"
	}
	fields := map[string]string{"token": ignoredToken, "team_id": s.cfg.Team.ID, "team_domain": s.cfg.Team.Domain, "channel_id": r.ID, "channel_name": name,
		"user_id": u.ID, "user_name": u.Name, "command": c.Command, "text": text, "api_app_id": s.app.id, "is_enterprise_install": "false",
		"response_url": s.newHook(u.ID, r.ID, "", false), "trigger_id": s.newTrigger(u.ID, "")}
	form := url.Values{}
	for k, v := range fields {
		form.Set(k, v)
	}
	return delivery{what: "slash", url: c.URL, form: form, payload: fields, envelope: "slash_commands", record: "slash_ack", responds: true}
}

// ignoredToken stands where Slack still sends its deprecated verification token.
const ignoredToken = "deprecated-verification-token"

// interaction is the delivery of anything that goes to the interactivity URL (or the options URL).
func (s *Server) interaction(kind string, u *User, body obj) delivery {
	p := obj{"type": kind, "token": ignoredToken, "api_app_id": s.app.id, "is_enterprise_install": false, "enterprise": nil,
		"team": obj{"id": s.cfg.Team.ID, "domain": s.cfg.Team.Domain}, "user": s.userRef(u)}
	for k, v := range body {
		p[k] = v
	}
	p = clone(p)
	raw, _ := json.Marshal(p)
	d := delivery{what: kind, url: s.app.manifest.Settings.Interactivity.URL, form: url.Values{"payload": {string(raw)}}, payload: p, envelope: "interactive", record: "action_ack"}
	switch kind {
	case "view_submission":
		d.record, d.responds = "view_ack", true
	case "block_suggestion":
		d.record, d.responds, d.url = "options_ack", true, s.app.optionsURL()
	}
	return d
}

func (s *Server) userRef(u *User) obj {
	team := u.TeamID
	if team == "" {
		team = s.cfg.Team.ID
	}
	return obj{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": team}
}

// Emit sends an Events API event (its inner object) if the app subscribes to its type, with Slack's retries.
// It returns at once; the returned channel is closed when the first attempt is over.
func (s *Server) Emit(event map[string]any) (first <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.emitLater(event)
}

// emitLater is Emit with the lock held.
func (s *Server) emitLater(event obj) <-chan struct{} {
	first := make(chan struct{})
	kind := strOf(event, "type")
	if kind == "message" {
		kind = "message." + map[string]string{"im": "im", "channel": "channels", "group": "groups"}[strOf(event, "channel_type")]
	}
	if !s.app.subscribed(kind) {
		close(first)
		return first
	}
	if event["event_ts"] == nil {
		event["event_ts"] = s.ts()
	}
	payload := clone(obj{"type": "event_callback", "token": ignoredToken, "team_id": s.cfg.Team.ID, "api_app_id": s.app.id, "event": event,
		"event_id": s.id("Ev"), "event_time": s.cfg.Now().Unix(), "event_context": "4-" + s.id("ctx"), "is_ext_shared_channel": false,
		"authorizations": []any{obj{"enterprise_id": nil, "team_id": s.cfg.Team.ID, "user_id": s.app.botUser, "is_bot": true, "is_enterprise_install": false}}})
	d := delivery{what: "events_api", url: s.app.manifest.Settings.Events.URL, payload: payload, envelope: "events_api", record: "event_ack"}
	if !s.run(func(ctx context.Context) { s.event(ctx, d, first) }) {
		close(first)
	}
	return first
}

// event delivers until the app acknowledges, refuses retries or has had them all.
func (s *Server) event(ctx context.Context, d delivery, first chan<- struct{}) {
	a := s.deliver(ctx, d)
	close(first)
	for i, wait := range s.cfg.EventRetries {
		if a.trouble == "" || a.trouble == "dropped" || a.noRetry {
			return
		}
		pause(ctx, wait)
		if ctx.Err() != nil {
			return
		}
		d.retry, d.reason = i+1, reasons[a.trouble]
		a = s.deliver(ctx, d)
	}
}
