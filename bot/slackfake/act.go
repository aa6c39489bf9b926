package slackfake

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Act is one thing a person does, as the page and Actor send it. The text of a message is what Slack's client makes of
// what was typed: &, < and > escaped, mentions as tokens; the text of a command is as typed.
type Act struct {
	User       string `json:"user"`
	Type       string `json:"type"`
	Channel    string `json:"channel"`
	ThreadTS   string `json:"thread_ts"`
	Text       string `json:"text"`
	MessageTS  string `json:"message_ts"`
	ViewID     string `json:"view_id"`
	BlockID    string `json:"block_id"`
	ActionID   string `json:"action_id"`
	CallbackID string `json:"callback_id"`
	Value      string `json:"value"`
	Other      string `json:"other"`
	Tab        string `json:"tab"`
	Clear      bool   `json:"clear"`
	Values     values `json:"values"`       // what was typed in a modal
	State      values `json:"state_values"` // what was chosen elsewhere in a message

	chosen obj // value and selected_… of a click
}

// UnmarshalJSON also keeps the selected_… keys of a click, whatever the element.
func (a *Act) UnmarshalJSON(raw []byte) error {
	type plainAct Act
	if err := json.Unmarshal(raw, (*plainAct)(a)); err != nil {
		return err
	}
	var all obj
	_ = json.Unmarshal(raw, &all)
	a.chosen = obj{}
	for k, v := range all {
		if k == "value" || k == "rich_text_value" || strings.HasPrefix(k, "selected_") {
			a.chosen[k] = v
		}
	}
	return nil
}

// Result is what a person then sees.
type Result struct {
	OK     bool              `json:"ok"`
	MS     int               `json:"ms"`
	Status int               `json:"status,omitempty"` // of the app's acknowledgement; 0 when none came
	Code   string            `json:"code,omitempty"`   // Slack's word for the failure, such as operation_timeout
	Error  string            `json:"error,omitempty"`  // the failure in words
	Errors map[string]string `json:"errors,omitempty"` // complaints beside form fields, by block_id
	// Options or OptionGroups answer a suggestion.
	Options      []any  `json:"options,omitempty"`
	OptionGroups []any  `json:"option_groups,omitempty"`
	Channel      string `json:"channel,omitempty"`
	TS           string `json:"ts,omitempty"` // of the message a person wrote
	ResponseURL  string `json:"-"`            // that came with a click: what is said there answers it
}

func wrong(format string, args ...any) Result { return Result{Error: fmt.Sprintf(format, args...)} }

// acts are the things a person can do.
var acts map[string]func(*Server, context.Context, *User, Act) Result

func init() {
	acts = map[string]func(*Server, context.Context, *User, Act) Result{
		"slash": (*Server).actSlash, "message": (*Server).actMessage, "click": (*Server).actClick, "state": (*Server).actState,
		"submit": (*Server).actSubmit, "close": (*Server).actClose, "home": (*Server).actHome, "shortcut": (*Server).actShortcut,
		"message_shortcut": (*Server).actMessageShortcut, "suggest": (*Server).actSuggest, "read": (*Server).actRead, "dm": (*Server).actDM,
	}
}

// Do does what a person does and returns what they then see. It waits for the app's acknowledgement, never for its work.
func (s *Server) Do(ctx context.Context, a Act) Result {
	do, ok := acts[a.Type]
	if !ok {
		return wrong("nobody can do %q; choose one of %s", a.Type, strings.Join(sortedKeys(acts), ", "))
	}
	s.mu.Lock()
	u := s.world.user(a.User)
	s.mu.Unlock()
	switch {
	case u == nil:
		return wrong("there is no user %q", a.User)
	case u.Deleted:
		return wrong("%s is deactivated and cannot do anything", u.RealName)
	}
	began := time.Now()
	r := do(s, ctx, u, a)
	r.OK, r.MS = r.Error == "" && len(r.Errors) == 0, since(began)
	return r
}

// channelFor finds a conversation that a person can see.
func (s *Server) channelFor(u *User, key string) (*room, bool) {
	r := s.world.room(key)
	if r == nil || r.Kind != Public && !r.has(u.ID) {
		return nil, false
	}
	return r, true
}

// failure says in words what Slack shows when the app did not acknowledge.
func failure(a ack, what string) (code, words string) {
	why := map[string][2]string{
		"timeout":       {"operation_timeout", "the app did not answer within 3 seconds"},
		"unreachable":   {"dispatch_failed", "the app could not be reached"},
		"no_connection": {"dispatch_failed", "the app is not connected"},
		"dropped":       {"dispatch_failed", "it never reached the app"},
		"status":        {"http_service_error", fmt.Sprintf("the app answered with status %d", a.status)},
	}[a.trouble]
	if why[0] == "" {
		return "", ""
	}
	return why[0], fmt.Sprintf("%s: %s (%s).", what, why[1], why[0])
}

func (s *Server) actSlash(ctx context.Context, u *User, a Act) Result {
	name, text, _ := strings.Cut(strings.TrimSpace(a.Text), " ")
	s.mu.Lock()
	r, ok := s.channelFor(u, a.Channel)
	c, known := s.app.command(name)
	switch {
	case !ok:
		s.mu.Unlock()
		return wrong("there is no conversation %q", a.Channel)
	case a.ThreadTS != "":
		s.mu.Unlock()
		return wrong("%s cannot be used in threads.", name)
	case !known || s.app.gone:
		s.mu.Unlock()
		return Result{Code: "unknown_command", Error: name + " is not a valid command. In Slack, a message that starts with “/” is a command; put a space before it to send it as a message."}
	}
	if c.Escape {
		text = s.mention(text, true)
	}
	d := s.slash(c, u, r, strings.TrimSpace(text))
	s.mu.Unlock()
	reply := s.deliver(ctx, d)
	code, words := failure(reply, name+" failed")
	res := Result{Status: reply.status, Code: code, Error: words}
	if code == "" {
		if err := s.slashAnswer(u, r, a.Text, reply.body); err != nil {
			res.Code, res.Error = "invalid_command_response", name+" failed: the app sent an answer that Slack cannot show ("+err.Error()+")."
		}
	}
	return res
}

// slashAnswer shows the body of a command's acknowledgement: plain text, or a message for that person or the channel.
func (s *Server) slashAnswer(u *User, r *room, typed string, body []byte) error {
	if len(body) == 0 || string(body) == "{}" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var o obj
	if json.Unmarshal(body, &o) != nil || o == nil {
		o = obj{"text": string(body)}
	}
	kind := strOf(o, "response_type")
	if kind != "" && kind != "ephemeral" && kind != "in_channel" {
		return no("invalid response_type")
	}
	m := &Message{User: s.app.botUser, BotID: s.app.botID, ThreadTS: strOf(o, "thread_ts")}
	if kind == "in_channel" {
		s.add(r, &Message{User: u.ID, Text: escaper.Replace(typed)})
		if len(o) == 1 {
			return nil
		}
	} else {
		m.Ephemeral = u.ID
	}
	if err := s.content(o, m, false); err != nil {
		return err
	}
	s.add(r, m)
	return nil
}

// mention turns @handle, @group and #channel into Slack's tokens and escapes the rest. Slash commands get the names too.
func (s *Server) mention(text string, names bool) string {
	token := func(sigil, id, name string) string {
		if names {
			return "<" + sigil + id + "|" + name + ">"
		}
		return "<" + sigil + id + ">"
	}
	fields := strings.SplitAfter(escaper.Replace(text), " ")
	for i, f := range fields {
		word := strings.TrimRight(f, " .,;:!?)")
		rest := f[len(word):]
		if len(word) < 2 {
			continue
		}
		switch r, u, g := s.world.room(word), s.world.user(word), s.world.group(word); {
		case word[0] == '@' && u != nil:
			fields[i] = token("@", u.ID, u.Name) + rest
		case word[0] == '@' && word[1:] == s.app.name:
			fields[i] = token("@", s.app.botUser, s.app.name) + rest
		case word[0] == '@' && g != nil:
			fields[i] = token("!subteam^", g.ID, "@"+g.Handle) + rest
		case word[0] == '#' && r != nil && r.Kind == Private:
			fields[i] = token("#", r.ID, "") + rest
		case word[0] == '#' && r != nil:
			fields[i] = token("#", r.ID, r.Name) + rest
		}
	}
	return strings.Join(fields, "")
}

func (s *Server) actMessage(_ context.Context, u *User, a Act) Result {
	s.mu.Lock()
	r, ok := s.channelFor(u, a.Channel)
	home := s.app.manifest.Features.AppHome
	var refusal string
	switch {
	case !ok || !r.has(u.ID):
		refusal = fmt.Sprintf("You are not in the conversation %q.", a.Channel)
	case r.Archived:
		refusal = "This channel is archived."
	case strings.TrimSpace(a.Text) == "":
		refusal = "There is nothing to send."
	case r.Kind == IM && r.has(s.app.botUser) && home != nil && (home.ReadOnly == nil || *home.ReadOnly || home.Messages != nil && !*home.Messages):
		refusal = "Sending messages to this app has been turned off."
	case a.ThreadTS != "" && parent(r, a.ThreadTS) != nil:
		refusal = "This thread is gone."
	}
	if refusal != "" {
		s.mu.Unlock()
		return wrong("%s", refusal)
	}
	m := &Message{User: u.ID, Text: a.Text, ThreadTS: a.ThreadTS}
	first := s.add(r, m)
	s.mu.Unlock()
	for _, done := range first {
		<-done
	}
	return Result{Channel: r.ID, TS: m.TS}
}

// chatEvents tells the app about a message where it may know: its own ones too, as Slack does.
func (s *Server) chatEvents(r *room, m *Message, subtype string) []<-chan struct{} {
	if !s.botIn(r) || m.Ephemeral != "" {
		return nil
	}
	ev := obj{"type": "message", "channel": r.ID, "event_ts": m.TS, "channel_type": map[string]string{IM: "im", Public: "channel", Private: "group"}[r.Kind]}
	switch subtype {
	case "":
		for k, v := range s.messageJSON(r, m, false) {
			ev[k] = v
		}
	case "message_changed":
		ev["subtype"], ev["ts"], ev["event_ts"], ev["message"] = subtype, m.EditedTS, m.EditedTS, s.messageJSON(r, m, false)
	case "message_deleted":
		ev["subtype"], ev["event_ts"], ev["deleted_ts"], ev["hidden"] = subtype, s.ts(), m.TS, true
	}
	out := []<-chan struct{}{s.emitLater(ev)}
	if r.Kind != IM && m.BotID == "" && subtype == "" && strings.Contains(m.Text, "<@"+s.app.botUser+">") {
		mention := clone(ev)
		mention["type"] = "app_mention"
		delete(mention, "channel_type")
		out = append(out, s.emitLater(mention))
	}
	return out
}

func (s *Server) actHome(ctx context.Context, u *User, a Act) Result {
	s.mu.Lock()
	home := s.app.manifest.Features.AppHome
	tab := a.Tab
	if tab == "" {
		tab = "home"
	}
	if tab == "home" && (home == nil || !home.Home) {
		s.mu.Unlock()
		return wrong("This app has no Home tab.")
	}
	ev := obj{"type": "app_home_opened", "user": u.ID, "channel": s.im(u.ID, s.app.botUser).ID, "tab": tab}
	if v := s.world.Homes[u.ID]; v != nil && tab == "home" {
		ev["view"] = s.viewJSON(v)
	}
	first := s.emitLater(ev)
	s.mu.Unlock()
	select {
	case <-first:
	case <-ctx.Done():
	}
	return Result{}
}

func (s *Server) actShortcut(ctx context.Context, u *User, a Act) Result {
	s.mu.Lock()
	if !s.app.shortcut("global", a.CallbackID) {
		s.mu.Unlock()
		return wrong("There is no shortcut %q.", a.CallbackID)
	}
	d := s.interaction("shortcut", u, obj{"callback_id": a.CallbackID, "trigger_id": s.newTrigger(u.ID, ""), "action_ts": s.ts()})
	s.mu.Unlock()
	return plainResult(s.deliver(ctx, d), "⚠ That didn't work")
}

func (s *Server) actMessageShortcut(ctx context.Context, u *User, a Act) Result {
	s.mu.Lock()
	r, ok := s.channelFor(u, a.Channel)
	var m *Message
	if ok {
		m = r.find(a.MessageTS)
	}
	if !s.app.shortcut("message", a.CallbackID) || m == nil || m.Deleted || m.Ephemeral != "" {
		s.mu.Unlock()
		return wrong("There is no shortcut %q on this message.", a.CallbackID)
	}
	d := s.interaction("message_action", u, obj{"callback_id": a.CallbackID, "trigger_id": s.newTrigger(u.ID, ""), "action_ts": s.ts(), "message_ts": m.TS,
		"channel": s.channelRef(r), "message": s.messageJSON(r, m, false), "response_url": s.newHook(u.ID, r.ID, m.TS, false)})
	s.mu.Unlock()
	return plainResult(s.deliver(ctx, d), "⚠ That didn't work")
}

func (a *app) shortcut(kind, id string) bool {
	return !a.gone && slices.ContainsFunc(a.manifest.Features.Shortcuts, func(s shortcut) bool { return s.Type == kind && s.CallbackID == id })
}

func (s *Server) channelRef(r *room) obj {
	name := r.Name
	switch r.Kind {
	case IM:
		name = "directmessage"
	case Private:
		name = "privategroup"
	}
	return obj{"id": r.ID, "name": name}
}

func plainResult(reply ack, what string) Result {
	code, words := failure(reply, what)
	return Result{Status: reply.status, Code: code, Error: words}
}

func (s *Server) actRead(_ context.Context, u *User, a Act) Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.channelFor(u, a.Channel)
	if !ok {
		return wrong("there is no conversation %q", a.Channel)
	}
	if _, latest := r.unread(u.ID); latest > r.Read[u.ID] {
		r.Read[u.ID] = latest
		s.touch("state", "", u.ID)
	}
	return Result{}
}

func (s *Server) actDM(_ context.Context, u *User, a Act) Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	other := s.app.botUser
	if a.Other != other && a.Other != s.app.name {
		o := s.world.user(a.Other)
		if o == nil {
			return wrong("there is no user %q", a.Other)
		}
		other = o.ID
	}
	return Result{Channel: s.im(u.ID, other).ID}
}
