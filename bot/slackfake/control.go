package slackfake

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// control is the page's API, below /_fake/. Only this machine may call it, and no other site's page.
func (s *Server) control() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /_fake/state", s.forUser(s.getState))
	m.HandleFunc("GET /_fake/messages", s.forUser(s.getMessages))
	m.HandleFunc("GET /_fake/views", s.forUser(s.getViews))
	m.HandleFunc("GET /_fake/home", s.forUser(s.getHome))
	m.HandleFunc("GET /_fake/events", s.getEvents)
	m.HandleFunc("GET /_fake/traffic", s.getTraffic)
	m.HandleFunc("POST /_fake/act", s.postAct)
	m.HandleFunc("GET /_fake/faults", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 200, obj{"rules": s.Faults()}) })
	m.HandleFunc("POST /_fake/faults", s.postFault)
	m.HandleFunc("DELETE /_fake/faults", func(w http.ResponseWriter, r *http.Request) {
		s.Mend(r.URL.Query().Get("id"))
		answerJSON(w, 200, obj{"rules": s.Faults()})
	})
	m.HandleFunc("POST /_fake/sockets/drop", func(w http.ResponseWriter, _ *http.Request) { s.DropSockets(); answerJSON(w, 200, obj{"ok": true}) })
	m.HandleFunc("POST /_fake/clock", s.postClock)
	m.HandleFunc("/_fake/", func(w http.ResponseWriter, _ *http.Request) { sorry(w, 404, "there is nothing here") })
	return localOnly(http.NewCrossOriginProtection().Handler(jsonOnly(m)))
}

// localOnly refuses requests under a foreign name, so that no web site can reach the stand-in through DNS.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !slices.Contains([]string{"localhost", "127.0.0.1", "::1", "[::1]"}, host) {
			sorry(w, http.StatusForbidden, "this page is only for localhost, 127.0.0.1 and [::1]")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func jsonOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if r.Method == http.MethodPost && kind != "application/json" {
			sorry(w, http.StatusUnsupportedMediaType, "send JSON (Content-Type: application/json)")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func sorry(w http.ResponseWriter, status int, words string) {
	answerJSON(w, status, obj{"error": words})
}

// forUser finds ?user= and answers what read returns, under the lock.
func (s *Server) forUser(read func(*User, *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		var v any
		var raw []byte
		err := fmt.Errorf("there is no user %q", r.URL.Query().Get("user"))
		u := s.world.user(r.URL.Query().Get("user"))
		if i := slices.IndexFunc(s.world.Users, func(u *User) bool { return !u.Deleted }); r.URL.Query().Get("user") == "" && i >= 0 {
			u = s.world.Users[i] // a page that plays nobody yet
		}
		if u != nil {
			if v, err = read(u, r); err == nil {
				raw, err = json.Marshal(v)
			}
		}
		s.mu.Unlock()
		if err != nil {
			sorry(w, http.StatusNotFound, err.Error())
			return
		}
		answerJSON(w, 200, json.RawMessage(raw))
	}
}

func (s *Server) getState(u *User, _ *http.Request) (any, error) {
	m := s.app.manifest
	mode := "http"
	if m.Settings.Socket {
		mode = "socket"
	}
	channels := []any{}
	for _, r := range s.world.Rooms {
		if r.Kind != Public && !r.has(u.ID) {
			continue
		}
		n, latest := r.unread(u.ID)
		o := obj{"id": r.ID, "name": r.Name, "kind": r.Kind, "topic": r.Topic, "member": r.has(u.ID), "archived": r.Archived, "unread": n, "latest": latest}
		if r.Kind == IM {
			o["user"] = u.ID
			for _, m := range r.Members {
				if m != u.ID {
					o["user"] = m
				}
			}
		}
		if !r.has(u.ID) {
			o["unread"] = 0
		}
		channels = append(channels, o)
	}
	users := []any{}
	for _, x := range append(slices.Clone(s.world.Users), s.bot()) {
		users = append(users, x)
	}
	return obj{"team": obj{"id": s.cfg.Team.ID, "name": s.cfg.Team.Name}, "me": u, "users": users, "channels": channels,
		"app": obj{"name": s.app.name, "bot_user": s.app.botUser, "commands": orEmpty(m.Features.Commands), "shortcuts": orEmpty(m.Features.Shortcuts), "mode": mode,
			"connected": m.Settings.Socket && s.Sockets() > 0 || !m.Settings.Socket && m.Display.Name != ""},
		"groups": orEmpty(s.world.Groups), "clock": obj{"now": s.cfg.Now().Unix(), "can_jump": s.cfg.Jump != nil}, "hints": orEmpty(s.cfg.Hints)}, nil
}

func orEmpty[T any](l []T) []T { return append([]T{}, l...) }

func (s *Server) getMessages(u *User, r *http.Request) (any, error) {
	q := r.URL.Query()
	room, ok := s.channelFor(u, q.Get("channel"))
	if !ok {
		return nil, fmt.Errorf("there is no conversation %q", q.Get("channel"))
	}
	thread := q.Get("thread")
	list := []any{}
	for _, m := range room.Messages {
		inThread := m.TS == thread || m.ThreadTS == thread && thread != ""
		if m.Ephemeral != "" && m.Ephemeral != u.ID || thread != "" && !inThread || thread == "" && m.reply() && !m.Broadcast {
			continue
		}
		o := obj{"ts": m.TS, "user": m.User, "username": m.Username, "text": m.Text, "blocks": orEmpty(m.Blocks), "attachments": orEmpty(m.Attachments), "files": orEmpty(m.Files),
			"thread_ts": m.ThreadTS, "reply_count": 0, "latest_reply": "", "edited": m.EditedTS != "", "ephemeral": m.Ephemeral != "", "deleted": m.Deleted, "reactions": m.Reactions}
		if answers := room.replies(m.TS); len(answers) > 0 {
			o["reply_count"], o["latest_reply"] = len(answers), answers[len(answers)-1].TS
		}
		list = append(list, o)
	}
	return obj{"messages": list}, nil
}

func (v *view) page() obj {
	o := maps.Clone(v.Body)
	errs := v.Errors
	if errs == nil {
		errs = map[string]string{}
	}
	o["id"], o["hash"], o["state"], o["errors"] = v.ID, v.Hash, obj{"values": v.Values}, errs
	return o
}

func (s *Server) getViews(u *User, _ *http.Request) (any, error) {
	list := []any{}
	for _, v := range s.stacks[u.ID] {
		list = append(list, v.page())
	}
	return obj{"stack": list}, nil
}

func (s *Server) getHome(u *User, _ *http.Request) (any, error) {
	if v := s.world.Homes[u.ID]; v != nil {
		return obj{"view": v.page()}, nil
	}
	return obj{"view": nil}, nil
}

func (s *Server) getTraffic(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit <= 0 {
		limit = 100
	}
	answerJSON(w, 200, obj{"entries": s.ring.after(after, limit)})
}

func (s *Server) postAct(w http.ResponseWriter, r *http.Request) {
	var a Act
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
		sorry(w, http.StatusBadRequest, "this is not an act in JSON: "+err.Error())
		return
	}
	answerJSON(w, 200, s.Do(r.Context(), a))
}

func (s *Server) postFault(w http.ResponseWriter, r *http.Request) {
	var rule Rule
	if err := json.NewDecoder(r.Body).Decode(&rule); err != nil {
		sorry(w, http.StatusBadRequest, "this is not a fault rule in JSON: "+err.Error())
		return
	}
	if _, err := s.Break(rule); err != nil {
		sorry(w, http.StatusBadRequest, err.Error())
		return
	}
	answerJSON(w, 200, obj{"rules": s.Faults()})
}

func (s *Server) postClock(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Jump == nil {
		sorry(w, http.StatusNotFound, "this clock cannot be moved")
		return
	}
	raw, _ := io.ReadAll(r.Body)
	d, err := s.jump(raw)
	if err == nil {
		err = s.cfg.Jump(r.Context(), d)
	}
	if err != nil {
		sorry(w, http.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	s.touch("clock", "")
	s.mu.Unlock()
	answerJSON(w, 200, obj{"now": s.cfg.Now().Unix()})
}

// jump reads how far the clock is to move: {"advance":seconds}, {"to":unix} or {"tomorrow":"09:00","user":U}. Never back.
func (s *Server) jump(raw []byte) (time.Duration, error) {
	var to struct {
		Advance  float64 `json:"advance"`
		To       int64   `json:"to"`
		Tomorrow string  `json:"tomorrow"`
		User     string  `json:"user"`
	}
	if err := json.Unmarshal(raw, &to); err != nil {
		return 0, fmt.Errorf("this is not JSON: %w", err)
	}
	now, d := s.cfg.Now(), time.Duration(to.Advance*float64(time.Second))
	if to.To != 0 {
		d = time.Unix(to.To, 0).Sub(now)
	}
	if to.Tomorrow != "" {
		at, err := time.Parse("15:04", to.Tomorrow)
		if err != nil {
			return 0, fmt.Errorf("%q is not a time of day as HH:mm", to.Tomorrow)
		}
		local := now.In(s.zone(to.User))
		d = time.Date(local.Year(), local.Month(), local.Day()+1, at.Hour(), at.Minute(), 0, 0, local.Location()).Sub(now)
	}
	if d <= 0 || d > 366*24*time.Hour {
		return 0, fmt.Errorf("the clock moves forward only, by a year at most")
	}
	return d, nil
}

func (s *Server) zone(user string) *time.Location {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.world.user(user); u != nil {
		if loc, err := time.LoadLocation(u.TZ); err == nil {
			return loc
		}
	}
	return time.UTC
}

// poke tells a page what to read again.
type poke struct {
	Type    string `json:"type"`
	Channel string `json:"channel,omitempty"`
}

// watcher is one open page. Pokes are folded, so a slow page never holds anybody up.
type watcher struct {
	user string
	mu   sync.Mutex
	due  []poke
	wake chan struct{}
}

func (w *watcher) poke(p poke) {
	w.mu.Lock()
	if !slices.Contains(w.due, p) {
		w.due = append(w.due, p)
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *watcher) take() []poke {
	w.mu.Lock()
	defer w.mu.Unlock()
	due := w.due
	w.due = nil
	return due
}

// getEvents streams pokes to a page until it leaves.
func (s *Server) getEvents(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	u := s.world.user(r.URL.Query().Get("user"))
	if u == nil {
		s.mu.Unlock()
		sorry(w, http.StatusNotFound, "there is no such user")
		return
	}
	me := &watcher{user: u.ID, wake: make(chan struct{}, 1)}
	s.watchers[me] = struct{}{}
	s.mu.Unlock()
	defer func() { s.mu.Lock(); delete(s.watchers, me); s.mu.Unlock() }()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	_, _ = io.WriteString(w, ": hello\n\n")
	_ = out.Flush()
	beat := time.NewTicker(20 * time.Second)
	defer beat.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		case <-beat.C:
			_, _ = io.WriteString(w, ": beat\n\n")
		case <-me.wake:
			for _, p := range me.take() {
				raw, _ := json.Marshal(p)
				_, _ = fmt.Fprintf(w, "data: %s\n\n", raw)
			}
		}
		if out.Flush() != nil {
			return
		}
	}
}
