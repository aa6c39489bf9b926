package slackfake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Actor is one person at their Slack client. Every method does what the page does, through the same code.
type Actor struct {
	s  *Server
	id string
}

// As returns the person with that id or name; it panics when there is nobody, since a test that names nobody is wrong.
func (s *Server) As(user string) *Actor {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.world.user(user)
	if u == nil {
		panic(fmt.Sprintf("slackfake: there is no user %q", user))
	}
	return &Actor{s, u.ID}
}

// ID is the person's Slack user id.
func (a *Actor) ID() string { return a.id }

// Do does any act as this person.
func (a *Actor) Do(act Act) Result {
	act.User = a.id
	return a.s.Do(context.Background(), act)
}

// Slash types a command, such as "/change new", into a conversation (id, name or #name).
func (a *Actor) Slash(channel, text string) Result {
	return a.Do(Act{Type: "slash", Channel: channel, Text: text})
}

// Say writes a message as typed (@names become mentions); Result.TS is its timestamp.
func (a *Actor) Say(channel, text string) Result {
	return a.Do(Act{Type: "message", Channel: channel, Text: a.typed(text)})
}

// Reply answers in the thread of a message.
func (a *Actor) Reply(m Message, text string) Result {
	return a.Do(Act{Type: "message", Channel: m.Channel, ThreadTS: m.TS, Text: a.typed(text)})
}

// Tell writes to the app in the direct conversation with it.
func (a *Actor) Tell(text string) Result {
	return a.Say(a.Do(Act{Type: "dm", Other: a.s.BotUser()}).Channel, text)
}

func (a *Actor) typed(text string) string {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.s.mention(text, false)
}

// Home opens the app's Home tab; MessagesTab its conversation with this person.
func (a *Actor) Home() Result        { return a.Do(Act{Type: "home"}) }
func (a *Actor) MessagesTab() Result { return a.Do(Act{Type: "home", Tab: "messages"}) }

// Shortcut runs a global shortcut, MessageShortcut one on a message.
func (a *Actor) Shortcut(callbackID string) Result {
	return a.Do(Act{Type: "shortcut", CallbackID: callbackID})
}
func (a *Actor) MessageShortcut(callbackID string, m Message) Result {
	return a.Do(Act{Type: "message_shortcut", CallbackID: callbackID, Channel: m.Channel, MessageTS: m.TS})
}

// Read marks a conversation as read.
func (a *Actor) Read(channel string) Result { return a.Do(Act{Type: "read", Channel: channel}) }

// Control is a button, or one entry of an overflow menu, as a person sees it.
type Control struct {
	BlockID, ActionID, Type, Label, Value, URL, Style string
	Confirm                                           bool // the client asks before it sends the click
}

func controls(blocks []any) []Control {
	var out []Control
	for _, p := range parts(blocks) {
		c := Control{BlockID: strOf(p.block, "block_id"), ActionID: strOf(p.el, "action_id"), Type: strOf(p.el, "type"), Label: strOf(objOf(p.el, "text"), "text"),
			Value: strOf(p.el, "value"), URL: strOf(p.el, "url"), Style: strOf(p.el, "style"), Confirm: p.el["confirm"] != nil}
		switch c.Type {
		case "button", "workflow_button", "icon_button":
			out = append(out, c)
		case "overflow":
			for _, o := range optionsOf(p.el) {
				c.Label, c.Value = strOf(objOf(o, "text"), "text"), strOf(o, "value")
				out = append(out, c)
			}
		}
	}
	return out
}

// Controls are the buttons and menu entries of a message or view, in reading order.
func (m Message) Controls() []Control { return controls(m.Blocks) }

// Controls are the buttons and menu entries of the view.
func (v View) Controls() []Control { return controls(v.Blocks) }

// pick finds a control by label or action id.
func pick(all []Control, label string) (Control, bool) {
	i := slices.IndexFunc(all, func(c Control) bool { return c.Label == label || c.ActionID == label })
	if i < 0 {
		return Control{}, false
	}
	return all[i], true
}

func (c Control) act() Act {
	a := Act{Type: "click", BlockID: c.BlockID, ActionID: c.ActionID, Value: c.Value}
	if c.Type == "overflow" {
		a.chosen = obj{"selected_option": obj{"text": obj{"type": "plain_text", "text": c.Label}, "value": c.Value}}
	}
	return a
}

func nothing(label string, all []Control) Result {
	var have []string
	for _, c := range all {
		have = append(have, c.Label)
	}
	return wrong("there is no button %q; there are: %s", label, strings.Join(have, ", "))
}

// Click presses the button (or menu entry) with that label or action id on a message as this person saw it: the
// held copy decides which button and value, so an old copy makes a stale click. A confirm dialog is taken as answered yes.
func (a *Actor) Click(m Message, label string) Result {
	c, ok := pick(m.Controls(), label)
	if !ok {
		return nothing(label, m.Controls())
	}
	act := c.act()
	act.Channel, act.MessageTS = m.Channel, m.TS
	return a.Do(act)
}

// Press presses a button of the topmost open modal.
func (a *Actor) Press(label string) Result {
	v, ok := a.View()
	if !ok {
		return wrong("no view is open")
	}
	return a.PressIn(v, label)
}

// PressIn presses a button of a view as this person saw it, such as the Home tab.
func (a *Actor) PressIn(v View, label string) Result {
	c, ok := pick(v.Controls(), label)
	if !ok {
		return nothing(label, v.Controls())
	}
	act := c.act()
	act.ViewID = v.ID
	return a.Do(act)
}

// Choose takes a choice in a menu or picker of a message (see Fill for what value may be).
func (a *Actor) Choose(m Message, field string, value any) Result {
	at, chosen, err := a.s.entry(m.Blocks, field, value, nil)
	if err != nil {
		return wrong("%v", err)
	}
	return a.Do(Act{Type: "click", Channel: m.Channel, MessageTS: m.TS, BlockID: strOf(at.block, "block_id"), ActionID: strOf(at.el, "action_id"), chosen: chosen})
}

// ChooseIn takes a choice in a menu or picker of the topmost modal; one that the app hears of at once is told.
func (a *Actor) ChooseIn(field string, value any) Result {
	v, ok := a.View()
	if !ok {
		return wrong("no view is open")
	}
	at, chosen, err := a.s.entry(v.Blocks, field, value, func(block, action, query string) ([]obj, error) {
		return a.ask(Act{Type: "suggest", ViewID: v.ID, BlockID: block, ActionID: action, Value: query})
	})
	if err != nil {
		return wrong("%v", err)
	}
	return a.Do(Act{Type: "click", ViewID: v.ID, BlockID: strOf(at.block, "block_id"), ActionID: strOf(at.el, "action_id"), chosen: chosen})
}

// View is an open modal or the Home tab as a person sees it.
type View struct {
	ID, Type, Hash, CallbackID, PrivateMetadata string
	Title, Submit, Close                        string
	Blocks                                      []any
	Values                                      map[string]map[string]map[string]any // state.values
	Errors                                      map[string]string                    // complaints beside fields, by block_id
}

// Plain is all text of the view.
func (v View) Plain() string { return strings.TrimSpace(v.Title + "\n" + visibleText(v.Blocks)) }

func (v *view) public() View {
	text := func(k string) string { return strOf(objOf(v.Body, k), "text") }
	return View{ID: v.ID, Type: strOf(v.Body, "type"), Hash: v.Hash, CallbackID: strOf(v.Body, "callback_id"), PrivateMetadata: strOf(v.Body, "private_metadata"),
		Title: text("title"), Submit: text("submit"), Close: text("close"), Blocks: listOf(v.Body, "blocks"), Values: clone(v.Values), Errors: clone(v.Errors)}
}

// Views are the person's open modals, top last.
func (a *Actor) Views() []View {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	out := []View{}
	for _, v := range a.s.stacks[a.id] {
		out = append(out, v.public())
	}
	return out
}

// View is the topmost open modal.
func (a *Actor) View() (View, bool) {
	all := a.Views()
	if len(all) == 0 {
		return View{}, false
	}
	return all[len(all)-1], true
}

// HomeView is the Home tab that the app published for this person.
func (a *Actor) HomeView() (View, bool) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	v := a.s.world.Homes[a.id]
	if v == nil {
		return View{}, false
	}
	return v.public(), true
}

// Fields are answers of a form by block_id, action_id or label. A value is a string (text; an option's label or
// value; a user's or channel's id or name; "2006-01-02"; "15:04"), a []string where several may be chosen, a
// time.Time for a date, time or datetime picker, an int for numbers, or nil to empty the field.
type Fields map[string]any

// Fill types answers into the topmost modal. An external menu is searched as a person would, by the text given.
func (a *Actor) Fill(fields Fields) error {
	v, ok := a.View()
	if !ok {
		return errors.New("no view is open")
	}
	vals := values{}
	for _, field := range sortedKeys(fields) {
		ask := func(block, action, query string) ([]obj, error) {
			return a.ask(Act{Type: "suggest", ViewID: v.ID, BlockID: block, ActionID: action, Value: query})
		}
		at, chosen, err := a.s.entry(v.Blocks, field, fields[field], ask)
		if err != nil {
			return err
		}
		vals.put(strOf(at.block, "block_id"), strOf(at.el, "action_id"), chosen)
	}
	if r := a.Do(Act{Type: "state", ViewID: v.ID, Values: vals}); r.Error != "" {
		return errors.New(r.Error)
	}
	return nil
}

// Submit fills the topmost modal and sends it. Complaints, the client's or the app's, are in Result.Errors.
func (a *Actor) Submit(fields Fields) Result {
	if err := a.Fill(fields); err != nil {
		return wrong("%v", err)
	}
	v, ok := a.View()
	if !ok {
		return wrong("no view is open")
	}
	return a.Do(Act{Type: "submit", ViewID: v.ID})
}

// Close cancels the topmost modal; CloseAll closes the whole stack with its ✕.
func (a *Actor) Close() Result { return a.close(false) }

// CloseAll closes every open modal.
func (a *Actor) CloseAll() Result { return a.close(true) }

func (a *Actor) close(clear bool) Result {
	v, ok := a.View()
	if !ok {
		return wrong("no view is open")
	}
	return a.Do(Act{Type: "close", ViewID: v.ID, Clear: clear})
}

// Suggest types a query into an external menu (block_id, action_id or label) of the topmost modal.
func (a *Actor) Suggest(field, query string) Result {
	v, ok := a.View()
	if !ok {
		return wrong("no view is open")
	}
	p, err := fieldOf(v.Blocks, field)
	if err != nil {
		return wrong("%v", err)
	}
	return a.Do(Act{Type: "suggest", ViewID: v.ID, BlockID: strOf(p.block, "block_id"), ActionID: strOf(p.el, "action_id"), Value: query})
}

func (a *Actor) ask(act Act) ([]obj, error) {
	r := a.Do(act)
	if r.Error != "" {
		return nil, errors.New(r.Error)
	}
	return optionsOf(obj{"options": r.Options, "option_groups": r.OptionGroups}), nil
}

// fieldOf finds an element with state by block_id, action_id or the label of its input block.
func fieldOf(blocks []any, field string) (part, error) {
	var have []string
	for _, p := range parts(blocks) {
		if _, ok := answers[strOf(p.el, "type")]; !ok {
			continue
		}
		label := strOf(objOf(p.block, "label"), "text")
		if field == strOf(p.el, "action_id") || field == strOf(p.block, "block_id") || field == label {
			return p, nil
		}
		have = append(have, strOf(p.block, "block_id"))
	}
	return part{}, fmt.Errorf("there is no field %q; there are: %s", field, strings.Join(have, ", "))
}

// entry turns an answer as a test writes it into the value that a client would send.
func (s *Server) entry(blocks []any, field string, value any, ask func(block, action, query string) ([]obj, error)) (part, obj, error) {
	p, err := fieldOf(blocks, field)
	if err != nil {
		return p, nil, err
	}
	kind := strOf(p.el, "type")
	a := answers[kind]
	if value == nil {
		return p, obj{a.key: nil}, nil
	}
	if a.many {
		list, ok := value.([]string)
		if one, isOne := value.(string); isOne {
			list, ok = []string{one}, true
		}
		if !ok {
			return p, nil, fmt.Errorf("field %q takes a []string", field)
		}
		out := []any{}
		for _, one := range list {
			v, err := s.one(p, one, ask)
			if err != nil {
				return p, nil, err
			}
			out = append(out, v)
		}
		return p, obj{a.key: out}, nil
	}
	v, err := s.one(p, value, ask)
	return p, obj{a.key: v}, err
}

func (s *Server) one(p part, value any, ask func(block, action, query string) ([]obj, error)) (any, error) {
	kind, text := strOf(p.el, "type"), fmt.Sprint(value)
	if t, ok := value.(time.Time); ok {
		switch kind {
		case "datepicker":
			return t.Format(time.DateOnly), nil
		case "timepicker":
			return t.Format("15:04"), nil
		case "datetimepicker":
			return float64(t.Unix()), nil
		}
	}
	switch kind {
	case "datetimepicker":
		if n, ok := value.(int); ok {
			return float64(n), nil
		}
		return nil, fmt.Errorf("%s takes a time.Time or unix seconds", kind)
	case "static_select", "multi_static_select", "radio_buttons", "checkboxes":
		return choice(optionsOf(p.el), text)
	case "external_select", "multi_external_select":
		if ask == nil {
			return nil, errors.New("search this menu with Do")
		}
		query := []rune(text)
		found, err := ask(strOf(p.block, "block_id"), strOf(p.el, "action_id"), string(query[:min(len(query), 24)]))
		if err != nil {
			return nil, err
		}
		return choice(found, text)
	case "users_select", "multi_users_select", "conversations_select", "multi_conversations_select", "channels_select", "multi_channels_select":
		s.mu.Lock()
		defer s.mu.Unlock()
		if u := s.world.user(text); u != nil && strings.Contains(kind, "users") {
			return u.ID, nil
		}
		if r := s.world.room(text); r != nil && !strings.Contains(kind, "users") {
			return r.ID, nil
		}
		return nil, fmt.Errorf("%q cannot be chosen here", text)
	}
	return text, nil
}

// choice finds an option by label or value.
func choice(all []obj, want string) (obj, error) {
	var have []string
	for _, o := range all {
		label := strOf(objOf(o, "text"), "text")
		if label == want || strOf(o, "value") == want {
			return o, nil
		}
		have = append(have, label)
	}
	return nil, fmt.Errorf("there is no option %q; there are: %s", want, strings.Join(have, ", "))
}
