package slackfake

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// hook is a response_url: five messages within thirty minutes, to the conversation of the act it came with.
type hook struct {
	URL       string    `json:"url"`
	User      string    `json:"user"`
	Channel   string    `json:"channel"`
	TS        string    `json:"ts"` // the message it came from, "" for a command
	Ephemeral bool      `json:"ephemeral"`
	Uses      int       `json:"uses"`
	At        time.Time `json:"at"` // business time
	wall      time.Time
}

const (
	hookUses = 5
	hookLife = 30 * time.Minute
)

func (s *Server) newHook(user, channel, ts string, ephemeral bool) string {
	token := rand.Text()
	at := s.base + "/respond/" + token
	s.hooks[token] = &hook{URL: at, User: user, Channel: channel, TS: ts, Ephemeral: ephemeral, At: s.cfg.Now(), wall: time.Now()}
	return at
}

// age is the longer of business and machine time: a clock that is moved ahead moves this too, one that stands still does not stop it.
func (h *hook) age(now time.Time) time.Duration { return max(now.Sub(h.At), time.Since(h.wall)) }

func (s *Server) serveRespond(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var args obj
	if err != nil || json.Unmarshal(raw, &args) != nil || args == nil {
		args = obj{}
		err = no("invalid_payload")
	}
	rule := s.hit(nil, "response_url", "*")
	var status int
	answer := obj{"ok": true}
	shown := clone(args)
	if early := undone(rule); early != "" {
		s.record(r, args, 0, early)
		status, answer = s.failEarly(w, r, rule)
	} else {
		if rule != nil && rule.Kind == Slow {
			pause(r.Context(), time.Duration(rule.MS)*time.Millisecond)
		}
		code, age := 200, time.Duration(0)
		if err == nil {
			age, err = s.respond(r.PathValue("token"), args)
		}
		said := "ok"
		if err != nil {
			said, answer = err.Error(), obj{"ok": false, "error": err.Error()}
			code = map[string]int{"used_url": 404, "expired_url": 404, "no_such_url": 404}[said]
			code = max(code, 400)
		}
		s.record(r, args, age, said)
		if code != 200 && rule == nil {
			status = s.write(w, code, answer)
		} else {
			status = s.reply(w, answer, 0, rule)
		}
	}
	s.traffic(entry{Dir: "out", What: "response_url", Status: status, MS: since(began), Request: shown, Response: answer, Fault: kindOf(rule)})
}

func (s *Server) record(r *http.Request, args obj, age time.Duration, said string) {
	args["response_url"] = s.URL() + r.URL.Path
	s.rec.aged(record{Method: "response_url", Args: args, Answer: said}, 0, age)
}

// respond does what a POST to a response_url says. It posts where the app is no member too.
func (s *Server) respond(token string, args obj) (age time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hooks[token]
	if h == nil {
		return 0, no("no_such_url")
	}
	age = h.age(s.cfg.Now())
	switch {
	case age > hookLife:
		return age, no("expired_url")
	case h.Uses >= hookUses:
		return age, no("used_url")
	}
	r := s.world.room(h.Channel)
	var source *Message
	if r != nil && h.TS != "" {
		source = r.find(h.TS)
	}
	if err := s.respondIn(r, source, h, args); err != nil {
		return age, err
	}
	h.Uses++
	return age, nil
}

func (s *Server) respondIn(r *room, source *Message, h *hook, args obj) error {
	kind := strOf(args, "response_type")
	live := source != nil && !source.Deleted
	replace := boolOf(args, "replace_original") || args["replace_original"] == nil && args["thread_ts"] != nil && live
	switch {
	case r == nil:
		return no("channel_not_found")
	case r.Archived:
		return no("is_archived")
	case kind != "" && kind != "ephemeral" && kind != "in_channel":
		return no("invalid_response_type")
	case boolOf(args, "delete_original"):
		if live {
			s.erase(r, source)
		}
		return nil
	}
	// Empty metadata and null blocks are tolerated: SDKs send them.
	if meta := objOf(args, "metadata"); meta != nil && strOf(meta, "event_type") == "" {
		delete(args, "metadata")
		defer func() { args["metadata"] = meta }()
	}
	if replace && live && source.BotID == s.app.botID {
		next := *source
		next.ResponseURL = h.URL
		if err := s.content(args, &next, false); err != nil {
			return err
		}
		*source = next
		s.edited(r, source)
		return nil
	}
	m := &Message{User: s.app.botUser, BotID: s.app.botID, ThreadTS: strOf(args, "thread_ts"), ResponseURL: h.URL}
	if kind != "in_channel" || h.Ephemeral {
		m.Ephemeral = h.User
	}
	if err := s.content(args, m, false); err != nil {
		return err
	}
	if err := parent(r, m.ThreadTS); err != nil {
		return err
	}
	s.add(r, m)
	return nil
}
