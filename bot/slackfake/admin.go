package slackfake

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Invite adds the app (BotUser) or people (ids or names) to a channel and sends member_joined_channel.
func (s *Server) Invite(channel string, users ...string) error {
	return s.member(channel, users, true)
}

// Kick takes them out again and sends member_left_channel.
func (s *Server) Kick(channel string, users ...string) error { return s.member(channel, users, false) }

func (s *Server) member(channel string, users []string, in bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.world.room(channel)
	if r == nil {
		return fmt.Errorf("there is no channel %q", channel)
	}
	for _, name := range users {
		id := name
		if id != s.app.botUser {
			u := s.world.user(name)
			if u == nil {
				return fmt.Errorf("there is no user %q", name)
			}
			id = u.ID
		}
		if id == s.app.botUser {
			r.Bot = in
		} else if !in {
			r.Members = slices.DeleteFunc(r.Members, func(m string) bool { return m == id })
		} else if !r.has(id) {
			r.Members = append(r.Members, id)
		}
		kind := map[bool]string{true: "member_joined_channel", false: "member_left_channel"}[in]
		if r.Bot || id == s.app.botUser {
			s.emitLater(obj{"type": kind, "user": id, "channel": r.ID, "channel_type": map[string]string{Public: "C", Private: "G"}[r.Kind], "team": s.cfg.Team.ID})
		}
	}
	s.touch("state", "")
	return nil
}

// Archive closes a channel to new messages, or opens it again, and sends channel_archive or channel_unarchive.
func (s *Server) Archive(channel string, archived bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.world.room(channel)
	if r == nil {
		return fmt.Errorf("there is no channel %q", channel)
	}
	r.Archived = archived
	s.emitLater(obj{"type": map[bool]string{true: "channel_archive", false: "channel_unarchive"}[archived], "channel": r.ID, "user": ""})
	s.touch("state", "")
	return nil
}

// Uninstall kills the app's tokens (account_inactive) and sends app_uninstalled and tokens_revoked, in no fixed order.
// Install brings it back.
func (s *Server) Uninstall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app.gone = true
	s.emitLater(obj{"type": "app_uninstalled"})
	s.emitLater(obj{"type": "tokens_revoked", "tokens": obj{"oauth": []any{}, "bot": []any{s.app.botUser}}})
	s.touch("state", "")
}

// Delete removes a message as a person (or a retention rule) would.
func (s *Server) Delete(m Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.world.room(m.Channel)
	if r == nil || r.find(m.TS) == nil {
		return fmt.Errorf("there is no such message")
	}
	s.erase(r, r.find(m.TS))
	return nil
}

// VerifyEventsURL asks the app's event URL for a challenge, as Slack does when the URL is saved.
func (s *Server) VerifyEventsURL(ctx context.Context) error {
	s.mu.Lock()
	to := ""
	if ev := s.app.manifest.Settings.Events; ev != nil {
		to = ev.URL
	}
	s.mu.Unlock()
	challenge := rand.Text()
	d := delivery{what: "url_verification", url: to, payload: obj{"type": "url_verification", "token": ignoredToken, "challenge": challenge}, record: "event_ack"}
	a := s.sendHTTP(ctx, d)
	got := ackArgs(d, a.body)
	form, _ := url.ParseQuery(string(a.body))
	if a.trouble == "" && (string(a.body) == challenge || strOf(got, "challenge") == challenge || form.Get("challenge") == challenge) {
		return nil
	}
	return fmt.Errorf("the event URL did not answer the challenge (%s, status %d)", a.trouble, a.status)
}

// ProbeSSL sends the ssl_check that Slack sends to a command's URL and returns the status.
func (s *Server) ProbeSSL(ctx context.Context, command string) (status int, err error) {
	s.mu.Lock()
	c, ok := s.app.command(command)
	s.mu.Unlock()
	if !ok {
		return 0, fmt.Errorf("there is no command %q", command)
	}
	a := s.sendHTTP(ctx, delivery{what: "ssl_check", url: c.URL, form: url.Values{"ssl_check": {"1"}, "token": {ignoredToken}}})
	if a.status == 0 {
		return 0, fmt.Errorf("the command's URL: %s", a.trouble)
	}
	return a.status, nil
}

// Request builds a request as Slack would sign it at a moment, for forgeries and replays: change what you like before sending it.
func (s *Server) Request(to, contentType string, at time.Time, body []byte) (*http.Request, error) {
	req, err := http.NewRequest(http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	s.Sign(req.Header, at, body)
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(string(body))), nil }
	return req, nil
}
