package slackfake

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// method is one row of the Web API: whose token, which scope, how often, and what it does.
type method struct {
	app   bool   // takes the app-level token
	open  bool   // takes no token
	scope string // "" none, or it depends on the conversation and do checks it
	tier  int
	do    func(*call) (obj, error)
}

// methods is the Web API. Scopes and tiers: the method pages and the rate-limit table of docs.slack.dev.
var methods map[string]method

func init() {
	methods = map[string]method{
		"api.test":                     {open: true, tier: tier4, do: (*call).apiTest},
		"auth.test":                    {do: (*call).authTest},
		"apps.connections.open":        {app: true, scope: "connections:write", tier: tier3, do: (*call).connectionsOpen},
		"bots.info":                    {scope: "users:read", tier: tier3, do: (*call).botsInfo},
		"team.info":                    {scope: "team:read", tier: tier3, do: (*call).teamInfo},
		"chat.postMessage":             {scope: "chat:write", do: (*call).post},
		"chat.update":                  {scope: "chat:write", tier: tier3, do: (*call).update},
		"chat.delete":                  {scope: "chat:write", tier: tier3, do: (*call).remove},
		"chat.postEphemeral":           {scope: "chat:write", tier: tier4, do: (*call).ephemeral},
		"chat.getPermalink":            {do: (*call).permalink},
		"conversations.open":           {scope: "im:write", tier: tier3, do: (*call).openIM},
		"conversations.info":           {tier: tier3, do: (*call).channelInfo},
		"conversations.list":           {tier: tier2, do: (*call).channelList},
		"conversations.members":        {tier: tier4, do: (*call).channelMembers},
		"conversations.history":        {tier: tier3, do: (*call).history},
		"conversations.replies":        {tier: tier3, do: (*call).replies},
		"conversations.join":           {scope: "channels:join", tier: tier3, do: (*call).join},
		"users.info":                   {scope: "users:read", tier: tier4, do: (*call).userInfo},
		"users.list":                   {scope: "users:read", tier: tier2, do: (*call).userList},
		"users.conversations":          {tier: tier2, do: (*call).userChannels},
		"usergroups.list":              {scope: "usergroups:read", tier: tier2, do: (*call).groupList},
		"usergroups.users.list":        {scope: "usergroups:read", tier: tier2, do: (*call).groupUsers},
		"views.open":                   {tier: tier4, do: (*call).viewOpen},
		"views.push":                   {tier: tier4, do: (*call).viewPush},
		"views.update":                 {tier: tier4, do: (*call).viewUpdate},
		"views.publish":                {tier: tier4, do: (*call).viewPublish},
		"files.getUploadURLExternal":   {scope: "files:write", tier: tier4, do: (*call).uploadURL},
		"files.completeUploadExternal": {scope: "files:write", tier: tier4, do: (*call).uploadDone},
		"files.info":                   {scope: "files:read", tier: tier4, do: (*call).fileInfo},
		"reactions.add":                {scope: "reactions:write", tier: tier3, do: (*call).react},
	}
}

// call is one Web API call while it is answered; the server's lock is held.
type call struct {
	*Server
	name    string
	args    obj
	trigger time.Duration // age of the trigger_id it used, for the recorder
}

// slackError is an ok:false answer.
type slackError struct {
	code  string
	extra obj
}

func (e *slackError) Error() string { return e.code }

// no refuses a call with a code.
func no(code string) error { return &slackError{code: code} }

func noScope(need string, have []string) error {
	return &slackError{"missing_scope", obj{"needed": need, "provided": strings.Join(have, ",")}}
}

// jsonArgs travel as JSON text inside form-encoded calls.
var jsonArgs = map[string]string{"blocks": "invalid_blocks_format", "attachments": "invalid_attachments", "view": "invalid_arguments",
	"metadata": "invalid_metadata_format", "files": "invalid_arguments"}

const maxBody = 4 << 20

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	c := &call{Server: s, name: r.PathValue("method")}
	token, argErr := c.decode(w, r)
	rule := s.hit(nil, c.name, "*")
	var status int
	var answer obj
	if early := undone(rule); early != "" {
		s.rec.add(record{Method: c.name, Args: c.args, Answer: early})
		status, answer = s.failEarly(w, r, rule)
	} else {
		if rule != nil && rule.Kind == Slow {
			pause(r.Context(), time.Duration(rule.MS)*time.Millisecond)
		}
		var wait int
		answer, wait = c.answer(token, argErr)
		status = s.reply(w, answer, wait, rule)
	}
	s.traffic(entry{Dir: "out", What: c.name, Status: status, MS: since(began), Request: c.args, Response: answer, Fault: kindOf(rule)})
}

// answer does the call and records it, both under the lock, so that the record is in the order of acceptance.
func (c *call) answer(token string, argErr error) (answer obj, wait int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait, err := c.allowed(token)
	if err == nil {
		err = argErr
	}
	if err == nil {
		answer, err = methods[c.name].do(c)
	}
	said := "ok"
	if err != nil {
		var se *slackError
		if !errors.As(err, &se) {
			se = &slackError{code: "internal_error"}
		}
		if se.code == "ratelimited" {
			if n, ok := se.extra["wait"].(int); ok {
				wait = n
			}
			se.extra = nil
		}
		said, answer = se.code, obj{"ok": false, "error": se.code}
		for k, v := range se.extra {
			answer[k] = v
		}
	} else {
		answer["ok"] = true
	}
	answer = clone(answer) // what was said, not what becomes of it
	c.rec.aged(record{Method: c.name, Args: c.args, Answer: said}, c.trigger, 0)
	return answer, wait
}

// allowed checks token, kind, scope and pace, in Slack's order.
func (c *call) allowed(token string) (wait int, err error) {
	m, ok := methods[c.name]
	isApp, isBot := token == c.cfg.AppToken, token == c.cfg.BotToken
	switch {
	case !ok:
		return 0, no("unknown_method")
	case m.open:
	case token == "":
		return 0, no("not_authed")
	case !isApp && !isBot:
		return 0, no("invalid_auth")
	case isBot && c.app.gone:
		return 0, no("account_inactive")
	case isApp != m.app && c.name != "auth.test":
		return 0, no("not_allowed_token_type")
	case isBot && m.scope != "" && !slices.Contains(c.app.scopes, m.scope):
		return 0, noScope(m.scope, c.app.scopes)
	}
	if wait = c.pace.method(c.name, m.tier); wait > 0 {
		return wait, no("ratelimited")
	}
	return 0, nil
}

// decode reads form, multipart, JSON or query arguments, takes the token out and parses the JSON ones.
func (c *call) decode(w http.ResponseWriter, r *http.Request) (token string, err error) {
	c.args = obj{}
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = t
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		raw, readErr := io.ReadAll(r.Body)
		if readErr != nil || len(raw) > 0 && json.Unmarshal(raw, &c.args) != nil {
			err = no("invalid_json")
		}
		if c.args == nil || err != nil { // null, from clients that have nothing to say
			c.args = obj{}
		}
	} else {
		if kind == "multipart/form-data" {
			err = r.ParseMultipartForm(maxBody)
		} else {
			err = r.ParseForm()
		}
		if err != nil {
			err = no("invalid_form_data")
		}
		for k, v := range r.Form {
			c.args[k] = v[0]
		}
	}
	if t := strOf(c.args, "token"); t != "" {
		token = t
	}
	delete(c.args, "token")
	for _, k := range sortedKeys(jsonArgs) {
		text, ok := c.args[k].(string)
		if !ok {
			continue
		}
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			err = errors.Join(err, no(jsonArgs[k]))
			continue
		}
		c.args[k] = v
	}
	return token, err
}

// undone names the fault that stops a call before it is done, or "".
func undone(r *Rule) string {
	if r == nil || slices.Contains([]string{DropReply, Truncate, Slow}, r.Kind) {
		return ""
	}
	return r.Kind
}

func kindOf(r *Rule) string {
	if r == nil {
		return ""
	}
	return r.Kind
}

// failEarly answers with a fault instead of doing the call.
func (s *Server) failEarly(w http.ResponseWriter, r *http.Request, rule *Rule) (int, obj) {
	switch rule.Kind {
	case RateLimit:
		if rule.RetryAfter >= 0 {
			w.Header().Set("Retry-After", strconv.Itoa(max(1, rule.RetryAfter)))
		}
		answer := obj{"ok": false, "error": "ratelimited"}
		return s.write(w, 429, answer), answer
	case Error500, Error503:
		status := map[string]int{Error500: 500, Error503: 503}[rule.Kind]
		http.Error(w, "upstream connect error", status)
		return status, nil
	case HTML502:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(502)
		_, _ = io.WriteString(w, "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>")
		return 502, nil
	case Hang:
		select {
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
		panic(http.ErrAbortHandler)
	}
	answer := obj{"ok": false, "error": rule.Kind}
	return s.write(w, 200, answer), answer
}

// reply writes the answer to a call that was done (or refused), unless a fault spoils it on the way.
func (s *Server) reply(w http.ResponseWriter, answer obj, wait int, rule *Rule) int {
	switch kindOf(rule) {
	case DropReply:
		cut(w)
		return 0
	case Truncate:
		raw, _ := json.Marshal(answer)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(raw[:len(raw)/2])
		return 200
	}
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		return s.write(w, 429, answer)
	}
	return s.write(w, 200, answer)
}

func (s *Server) write(w http.ResponseWriter, status int, body any) int {
	s.mu.Lock()
	scopes := strings.Join(s.app.scopes, ",")
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-OAuth-Scopes", scopes)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
	return status
}

// cut closes the connection without a byte of answer.
func cut(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// pause waits on the machine's clock, or until the caller is gone.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func since(t time.Time) int { return int(time.Since(t).Milliseconds()) }

func (c *call) apiTest() (obj, error) {
	if e := strOf(c.args, "error"); e != "" {
		return nil, &slackError{e, obj{"args": c.args}}
	}
	return obj{"args": c.args}, nil
}

func (c *call) authTest() (obj, error) {
	return obj{"url": "https://" + c.cfg.Team.Domain + ".slack.com/", "team": c.cfg.Team.Name, "user": c.app.name, "team_id": c.cfg.Team.ID,
		"user_id": c.app.botUser, "bot_id": c.app.botID, "app_id": c.app.id, "is_enterprise_install": false}, nil
}

func (c *call) connectionsOpen() (obj, error) {
	if !c.app.manifest.Settings.Socket {
		return nil, no("socket_mode_not_enabled")
	}
	u, err := url.Parse(c.base)
	if err != nil {
		return nil, err
	}
	u.Scheme = map[string]string{"http": "ws", "https": "wss"}[u.Scheme]
	return obj{"url": u.String() + "/link?ticket=" + c.sockets.ticket() + "&app_id=" + c.app.id}, nil
}
