package slackfake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// spot is where a click happens: a message, a modal or the Home tab.
type spot struct {
	room   *room
	msg    *Message
	view   *view
	blocks []any
	values values // what is chosen there, as far as this person has
}

// spotOf finds the message or view that an act names.
func (s *Server) spotOf(u *User, a Act) (spot, error) {
	if a.ViewID != "" {
		v := s.views[a.ViewID]
		if v == nil || v.User != u.ID {
			return spot{}, errors.New("this view is no longer open")
		}
		return spot{view: v, blocks: listOf(v.Body, "blocks"), values: v.Values}, nil
	}
	r, ok := s.channelFor(u, a.Channel)
	if !ok {
		return spot{}, fmt.Errorf("there is no conversation %q", a.Channel)
	}
	m := r.find(a.MessageTS)
	if m == nil || m.Deleted || m.Ephemeral != "" && m.Ephemeral != u.ID {
		return spot{}, errors.New("this message was deleted")
	}
	key := r.ID + m.TS + u.ID
	vals := initialValues(m.Blocks)
	for block, actions := range s.picks[key] {
		for action, val := range actions {
			if _, ok := vals[block][action]; ok {
				vals[block][action] = val
			}
		}
	}
	s.picks[key] = vals
	return spot{room: r, msg: m, blocks: m.Blocks, values: vals}, nil
}

// context is the part of a payload that says where it happened.
func (s *Server) context(p spot, u *User, body obj) {
	if p.view != nil {
		body["container"] = obj{"type": "view", "view_id": p.view.ID}
		body["view"] = s.viewJSON(p.view)
		return
	}
	c := obj{"type": "message", "message_ts": p.msg.TS, "channel_id": p.room.ID, "is_ephemeral": p.msg.Ephemeral != ""}
	if p.msg.reply() {
		c["thread_ts"] = p.msg.ThreadTS
	}
	body["container"], body["channel"] = c, s.channelRef(p.room)
	if p.msg.Ephemeral == "" { // an ephemeral message comes without its content
		body["message"] = s.messageJSON(p.room, p.msg, true) // with its metadata: slackapi/bolt-python#863 shows it
	}
}

func (s *Server) actClick(ctx context.Context, u *User, a Act) Result {
	s.mu.Lock()
	d, err := s.click(u, a)
	s.mu.Unlock()
	if err != nil {
		return wrong("%v", err)
	}
	if d == nil { // a value typed into an input block stays in the form
		return Result{}
	}
	out := plainResult(s.deliver(ctx, *d), "⚠ That didn't work")
	if payload, ok := d.payload.(obj); ok {
		out.ResponseURL = strOf(payload, "response_url")
	}
	return out
}

// click builds the block_actions of a press or choice. An element that is gone from a message is still delivered with
// the value it had: that is how a click on a card that has just changed arrives.
func (s *Server) click(u *User, a Act) (*delivery, error) {
	p, err := s.spotOf(u, a)
	if err != nil {
		return nil, err
	}
	at, found := find(p.blocks, a.BlockID, a.ActionID)
	if !found && (p.msg == nil || a.BlockID == "" || a.ActionID == "") {
		return nil, fmt.Errorf("there is nothing to press at %q / %q", a.BlockID, a.ActionID)
	}
	if !found {
		at = part{obj{}, obj{"type": "button", "value": a.Value, "text": obj{"type": "plain_text", "text": a.ActionID}}}
	}
	action, err := p.action(at, a)
	if action == nil || err != nil {
		return nil, err
	}
	action["action_ts"] = s.ts()
	viewID := ""
	if p.view != nil && strOf(p.view.Body, "type") == "modal" {
		viewID = p.view.ID
	}
	body := obj{"actions": []any{action}, "trigger_id": s.newTrigger(u.ID, viewID), "state": obj{"values": p.values}}
	s.context(p, u, body)
	if p.msg != nil {
		body["response_url"] = s.newHook(u.ID, p.room.ID, p.msg.TS, p.msg.Ephemeral != "")
	} else {
		body["hash"] = p.view.Hash
		delete(body, "state")
	}
	d := s.interaction("block_actions", u, body)
	return &d, nil
}

// action is the entry of actions for a click; nil for a value that only stays in its form. Other choices that the
// person has made there come along in state.
func (p spot) action(at part, a Act) (obj, error) {
	for block, actions := range a.State {
		for action, val := range actions {
			if _, still := find(p.blocks, block, action); !still {
				continue
			}
			if err := take(p.values, p.blocks, block, action, val); err != nil {
				return nil, err
			}
		}
	}
	kind := strOf(at.el, "type")
	action := obj{"type": kind, "block_id": a.BlockID, "action_id": a.ActionID}
	switch kind {
	case "button", "icon_button", "workflow_button":
		for _, k := range []string{"text", "value", "style", "url"} {
			if at.el[k] != nil {
				action[k] = at.el[k]
			}
		}
		if a.Value != "" { // the button as the person saw it
			action["value"] = a.Value
		}
		return action, nil
	case "overflow":
		chosen := objOf(a.chosen, "selected_option")
		if !slices.ContainsFunc(optionsOf(at.el), func(o obj) bool { return o["value"] == chosen["value"] }) {
			return nil, errors.New("choose an entry of the menu")
		}
		action["selected_option"] = chosen
		return action, nil
	}
	if err := take(p.values, p.blocks, a.BlockID, a.ActionID, a.chosen); err != nil {
		return nil, err
	}
	if strOf(at.block, "type") == "input" && !boolOf(at.block, "dispatch_action") {
		return nil, nil
	}
	for k, v := range p.values[a.BlockID][a.ActionID] {
		action[k] = v
	}
	return action, nil
}

func (s *Server) actState(_ context.Context, u *User, a Act) Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.spotOf(u, a)
	if err == nil {
		err = p.take(a.Values)
	}
	if err != nil {
		return wrong("%v", err)
	}
	return Result{}
}

func (p spot) take(given values) error {
	for block, actions := range given {
		for action, val := range actions {
			if err := take(p.values, p.blocks, block, action, val); err != nil {
				return err
			}
		}
	}
	return nil
}

const trouble = "We had some trouble connecting"

func (s *Server) actSubmit(ctx context.Context, u *User, a Act) Result {
	s.mu.Lock()
	p, err := s.spotOf(u, a)
	if err == nil && (p.view == nil || p.view.Body["submit"] == nil) {
		err = errors.New("there is nothing to submit here")
	}
	if err == nil {
		err = p.take(a.Values)
	}
	if err != nil {
		s.mu.Unlock()
		return wrong("%v", err)
	}
	if problems := clientErrors(p.blocks, p.values); len(problems) > 0 {
		p.view.Errors = problems
		s.touch("views", "", u.ID)
		s.mu.Unlock()
		return Result{Errors: problems}
	}
	v := p.view
	d := s.interaction("view_submission", u, obj{"trigger_id": s.newTrigger(u.ID, v.ID), "view": s.viewJSON(v), "hash": v.Hash, "response_urls": s.responseURLs(u, p)})
	s.mu.Unlock()
	reply := s.deliver(ctx, d)
	code, words := failure(reply, trouble)
	res := Result{Status: reply.status, Code: code, Error: words}
	if code == "" {
		if res.Errors, err = s.submitted(u, v, reply.body); err != nil {
			res.Code, res.Error = "invalid_response", trouble+": the app's answer cannot be shown ("+err.Error()+")."
		}
	}
	return res
}

// responseURLs are made for conversation pickers in input blocks with response_url_enabled.
func (s *Server) responseURLs(u *User, p spot) []any {
	out := []any{}
	for _, at := range parts(p.blocks) {
		val := p.values[strOf(at.block, "block_id")][strOf(at.el, "action_id")]
		channel := strOf(val, answers[strOf(at.el, "type")].key)
		if boolOf(at.el, "response_url_enabled") && channel != "" {
			out = append(out, obj{"block_id": at.block["block_id"], "action_id": at.el["action_id"], "channel_id": channel, "response_url": s.newHook(u.ID, channel, "", false)})
		}
	}
	return out
}

// submitted applies the acknowledgement of a view_submission; an error is what Slack would call trouble connecting.
func (s *Server) submitted(u *User, v *view, body []byte) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(s.stacks[u.ID], v)
	var o obj
	if len(body) > 0 && (json.Unmarshal(body, &o) != nil || o == nil) {
		return nil, errors.New("it is not a JSON object")
	}
	if at < 0 {
		return nil, nil // closed by the person or replaced meanwhile
	}
	action := strOf(o, "response_action")
	switch action {
	case "":
		if o["response_action"] != nil {
			return nil, errors.New("response_action is not a word")
		}
		s.closeViews(u.ID, at)
		return nil, nil
	case "clear":
		s.closeViews(u.ID, 0)
		return nil, nil
	case "errors":
		return s.appErrors(u, v, o)
	case "update", "push":
		next, err := checkView(o["view"], "modal")
		if err != nil {
			return nil, describe(err)
		}
		if err := s.external(next, map[string]string{"update": v.ID}[action]); err != nil {
			return nil, err
		}
		if action == "update" {
			s.set(v, next)
			return nil, nil
		}
		if len(s.stacks[u.ID]) >= 3 {
			return nil, no("push_limit_reached")
		}
		s.open(u.ID, next)
		return nil, nil
	}
	return nil, fmt.Errorf("unknown response_action %q", action)
}

func (s *Server) appErrors(u *User, v *view, o obj) (map[string]string, error) {
	given := objOf(o, "errors")
	if len(given) == 0 {
		return nil, errors.New("errors names no block")
	}
	out := map[string]string{}
	for id, text := range given {
		isInput := slices.ContainsFunc(listOf(v.Body, "blocks"), func(b any) bool {
			b2, _ := b.(obj)
			return strOf(b2, "type") == "input" && strOf(b2, "block_id") == id
		})
		words, ok := text.(string)
		if !isInput || !ok || words == "" {
			return nil, fmt.Errorf("errors: %q is not an input block of this view with a text", id)
		}
		out[id] = words
	}
	v.Errors = out
	s.touch("views", "", u.ID)
	return out, nil
}

// describe adds the first detail of a refusal to its code.
func describe(err error) error {
	var se *slackError
	if errors.As(err, &se) {
		if list, ok := se.extra["errors"].([]string); ok && len(list) > 0 {
			return fmt.Errorf("%s: %s", se.code, list[0])
		}
	}
	return err
}

func (s *Server) actClose(ctx context.Context, u *User, a Act) Result {
	s.mu.Lock()
	at := slices.IndexFunc(s.stacks[u.ID], func(v *view) bool { return v.ID == a.ViewID })
	if at < 0 {
		s.mu.Unlock()
		return wrong("this view is no longer open")
	}
	clear := a.Clear || boolOf(s.stacks[u.ID][at].Body, "clear_on_close")
	if clear {
		at = 0
	}
	var told []delivery
	for _, v := range slices.Backward(s.stacks[u.ID][at:]) {
		if boolOf(v.Body, "notify_on_close") {
			told = append(told, s.interaction("view_closed", u, obj{"view": s.viewJSON(v), "is_cleared": clear}))
		}
	}
	s.closeViews(u.ID, at)
	s.mu.Unlock()
	res := Result{}
	for _, d := range told {
		res.Status = s.deliver(ctx, d).status // a person never learns that it failed
	}
	return res
}

func (s *Server) actSuggest(ctx context.Context, u *User, a Act) Result {
	s.mu.Lock()
	p, err := s.spotOf(u, a)
	at, found := find(p.blocks, a.BlockID, a.ActionID)
	least, _ := intOf(at.el, "min_query_length", 3)
	kind := strOf(at.el, "type")
	switch {
	case err != nil:
	case !found || kind != "external_select" && kind != "multi_external_select":
		err = fmt.Errorf("there is no menu to search at %q / %q", a.BlockID, a.ActionID)
	case letters(a.Value) < least:
		err = fmt.Errorf("type at least %d characters", least)
	}
	if err != nil {
		s.mu.Unlock()
		return wrong("%v", err)
	}
	body := obj{"action_id": a.ActionID, "block_id": a.BlockID, "value": a.Value}
	s.context(p, u, body)
	d := s.interaction("block_suggestion", u, body)
	s.mu.Unlock()
	reply := s.deliver(ctx, d)
	code, words := failure(reply, "The options could not be loaded")
	res := Result{Status: reply.status, Code: code, Error: words}
	if code == "" {
		if err := suggestions(reply.body, &res); err != nil {
			res.Code, res.Error = "invalid_response", "The options could not be loaded: "+err.Error()+"."
		}
	}
	return res
}

// suggestions checks the acknowledgement of a block_suggestion: up to 100 options, or up to 100 groups of them.
func suggestions(body []byte, res *Result) error {
	var o obj
	if json.Unmarshal(body, &o) != nil || (o["options"] == nil) == (o["option_groups"] == nil) {
		return errors.New("the answer must have either options or option_groups")
	}
	c := &checker{on: everywhere}
	c.object(shape{keys: keys{"options": atMost(optionList(100, "plain")), "option_groups": atMost(list(1, 100, object(groupShape)))}}, o, "")
	if len(c.problems) > 0 {
		return errors.New(c.problems[0])
	}
	res.Options, res.OptionGroups = listOf(o, "options"), listOf(o, "option_groups")
	return nil
}

// atMost lets an empty list pass: no match is an answer too.
func atMost(r rule) rule {
	return func(c *checker, v any, at string) {
		if l, ok := v.([]any); !ok || len(l) > 0 {
			r(c, v, at)
		}
	}
}
