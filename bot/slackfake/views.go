package slackfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// trigger is a trigger_id: good for one view within three seconds of the machine's clock.
type trigger struct {
	user   string
	viewID string // the open modal it came from, "" when it came from elsewhere
	issued time.Time
	used   bool
}

// view is an open modal or a published Home tab.
type view struct {
	ID       string            `json:"id"`
	User     string            `json:"user"`
	Hash     string            `json:"hash"`
	Root     string            `json:"root"`
	Previous string            `json:"previous,omitempty"`
	Body     obj               `json:"body"`   // as the app sent it, with the ids that Slack makes up
	Values   values            `json:"values"` // what the person has typed and chosen
	Errors   map[string]string `json:"-"`
}

// values is state.values: block_id → action_id → value.
type values map[string]map[string]obj

// newTrigger issues a trigger_id for something that a person does now.
func (s *Server) newTrigger(user, viewID string) string {
	id := fmt.Sprintf("%d.%s.%s", time.Now().UnixMilli(), s.cfg.Team.ID, s.id("T"))
	now := time.Now()
	for k, t := range s.triggers { // forget what no app can still ask about
		if now.Sub(t.issued) > time.Hour {
			delete(s.triggers, k)
		}
	}
	s.triggers[id] = &trigger{user: user, viewID: viewID, issued: now}
	return id
}

// spend checks a trigger_id; it is used up only when the view is really opened.
func (c *call) spend() (*trigger, error) {
	t := c.triggers[strOf(c.args, "trigger_id")]
	if t == nil {
		return nil, no("invalid_trigger_id")
	}
	age := time.Since(t.issued)
	c.trigger = age
	switch {
	case t.used:
		return nil, no("exchanged_trigger_id")
	case age > c.cfg.TriggerLife:
		return nil, no("expired_trigger_id")
	}
	return t, nil
}

var viewKeys = map[string]keys{
	"modal": {"title": plain(24), "submit": plain(24), "close": plain(24), "private_metadata": str(0, 3000), "callback_id": str(0, 255), "external_id": str(0, 255),
		"clear_on_close": flag, "notify_on_close": flag},
	"home": {"private_metadata": str(0, 3000), "callback_id": str(0, 255), "external_id": str(0, 255)},
}

// checkView refuses a view that Slack would not show.
func checkView(v any, kind string) (obj, error) {
	body, ok := v.(obj)
	if !ok {
		return nil, no("invalid_arguments")
	}
	if raw, err := json.Marshal(body); err != nil || len(raw) > maxViewBytes {
		return nil, no("view_too_large")
	}
	c := &checker{on: map[string]surface{"modal": inModal, "home": inHome}[kind], blockIDs: map[string]bool{}}
	c.ensure(strOf(body, "type") == kind, "/view/type", "must be "+kind)
	need := "type blocks title"
	if kind == "home" {
		need = "type blocks"
	}
	c.object(shape{need: need, keys: viewKeys[kind]}, body, "/view", "type", "blocks")
	list, isList := body["blocks"].([]any)
	c.ensure(isList && len(list) > 0, "/view/blocks", "no fewer than 1 items allowed")
	c.ensure(len(list) <= maxViewBlocks, "/view/blocks", "no more than 100 items allowed")
	c.all(list, "/view/blocks")
	c.ensure(kind == "home" || c.inputs == 0 || body["submit"] != nil, "/view", "submit is required when an input block is within the blocks array")
	if len(c.problems) > 0 {
		return nil, c.refusal("invalid_arguments")
	}
	return body, nil
}

// external refuses an external_id that another view has.
func (s *Server) external(body obj, but string) error {
	id := strOf(body, "external_id")
	for _, v := range s.views {
		if id != "" && v.ID != but && strOf(v.Body, "external_id") == id {
			return no("duplicate_external_id")
		}
	}
	return nil
}

// set gives a view a new body; what was typed stays where block_id, action_id and type are the same.
func (s *Server) set(v *view, body obj) {
	v.Body = clone(body)
	nameParts(listOf(v.Body, "blocks"))
	v.Hash = fmt.Sprintf("%d.%s", s.cfg.Now().Unix(), s.id("h"))
	v.Errors = nil
	old := v.Values
	v.Values = initialValues(listOf(v.Body, "blocks"))
	for block, actions := range v.Values {
		for action, val := range actions {
			if was := old[block][action]; was != nil && was["type"] == val["type"] {
				actions[action] = was
			}
		}
	}
	if strOf(v.Body, "type") == "home" {
		s.touch("home", "", v.User)
	} else {
		s.touch("views", "", v.User)
	}
}

// open puts a new modal on a person's stack.
func (s *Server) open(user string, body obj) *view {
	v := &view{ID: s.id("V"), User: user}
	v.Root = v.ID
	if stack := s.stacks[user]; len(stack) > 0 {
		v.Root, v.Previous = stack[0].ID, stack[len(stack)-1].ID
	}
	s.views[v.ID] = v
	s.stacks[user] = append(s.stacks[user], v)
	s.set(v, body)
	return v
}

// closeViews takes views off a person's stack, from the given one upwards.
func (s *Server) closeViews(user string, from int) {
	stack := s.stacks[user]
	if from >= len(stack) {
		return
	}
	for _, v := range stack[from:] {
		delete(s.views, v.ID)
	}
	s.stacks[user] = slices.Clone(stack[:from])
	s.touch("views", "", user)
}

// newModal is what opening and pushing have in common: a trigger that can be
// spent, and a view that Slack would show.
func (c *call) newModal() (*trigger, obj, error) {
	t, err := c.spend()
	if err != nil {
		return nil, nil, err
	}
	body, err := c.viewArg("modal")
	if err != nil {
		return nil, nil, err
	}
	return t, body, c.external(body, "")
}

func (c *call) viewOpen() (obj, error) {
	t, body, err := c.newModal()
	if err != nil {
		return nil, err
	}
	within := t.viewID != "" && len(c.stacks[t.user]) > 0
	if within && len(c.stacks[t.user]) >= 3 {
		return nil, no("push_limit_reached")
	}
	if !within {
		c.closeViews(t.user, 0)
	}
	t.used = true
	return obj{"view": c.viewJSON(c.open(t.user, body))}, nil
}

func (c *call) viewPush() (obj, error) {
	t, body, err := c.newModal()
	if err != nil {
		return nil, err
	}
	if t.viewID == "" || len(c.stacks[t.user]) == 0 {
		return nil, no("invalid_trigger_id") // a push must come from inside an open modal
	}
	if len(c.stacks[t.user]) >= 3 {
		return nil, no("push_limit_reached")
	}
	t.used = true
	return obj{"view": c.viewJSON(c.open(t.user, body))}, nil
}

func (c *call) viewArg(kind string) (obj, error) {
	if c.args["view"] == nil {
		return nil, &slackError{"invalid_arguments", obj{"response_metadata": obj{"messages": []string{"[ERROR] missing required field: view"}}}}
	}
	return checkView(c.args["view"], kind)
}

func (c *call) viewUpdate() (obj, error) {
	id, ext := strOf(c.args, "view_id"), strOf(c.args, "external_id")
	if (id == "") == (ext == "") {
		return nil, no("invalid_arguments")
	}
	var v *view
	for _, x := range c.views {
		if id != "" && x.ID == id || ext != "" && strOf(x.Body, "external_id") == ext {
			v = x
		}
	}
	if v == nil {
		return nil, no("not_found")
	}
	body, err := c.viewArg(strOf(v.Body, "type"))
	if err != nil {
		return nil, err
	}
	if hash := strOf(c.args, "hash"); hash != "" && hash != v.Hash {
		return nil, no("hash_conflict")
	}
	if err := c.external(body, v.ID); err != nil {
		return nil, err
	}
	c.set(v, body)
	return obj{"view": c.viewJSON(v)}, nil
}

func (c *call) viewPublish() (obj, error) {
	id := strOf(c.args, "user_id")
	u := c.world.user(id)
	if u == nil || u.ID != id {
		return nil, no("user_not_found")
	}
	if u.Deleted {
		return nil, no("user_disabled")
	}
	if home := c.app.manifest.Features.AppHome; home == nil || !home.Home {
		return nil, no("not_enabled")
	}
	body, err := c.viewArg("home")
	if err != nil {
		return nil, err
	}
	v := c.world.Homes[u.ID]
	if hash := strOf(c.args, "hash"); hash != "" && (v == nil || hash != v.Hash) {
		return nil, no("hash_conflict")
	}
	but := ""
	if v != nil {
		but = v.ID
	}
	if err := c.external(body, but); err != nil {
		return nil, err
	}
	if v == nil {
		v = &view{ID: c.id("V"), User: u.ID}
		v.Root = v.ID
		c.world.Homes[u.ID] = v
		c.views[v.ID] = v
	}
	c.set(v, body)
	return obj{"view": c.viewJSON(v)}, nil
}

// viewJSON is a view as methods and payloads show it; whoever sends it out copies it first.
func (s *Server) viewJSON(v *view) obj {
	o := maps.Clone(v.Body)
	o["id"], o["team_id"], o["hash"], o["root_view_id"], o["app_id"], o["bot_id"] = v.ID, s.cfg.Team.ID, v.Hash, v.Root, s.app.id, s.app.botID
	o["app_installed_team_id"] = s.cfg.Team.ID
	o["previous_view_id"] = nil
	if v.Previous != "" {
		o["previous_view_id"] = v.Previous
	}
	o["state"] = obj{"values": v.Values}
	for _, k := range []string{"title", "submit", "close"} {
		if _, ok := o[k]; !ok {
			o[k] = nil
		}
	}
	for _, k := range []string{"private_metadata", "callback_id", "external_id"} {
		if _, ok := o[k]; !ok {
			o[k] = ""
		}
	}
	for _, k := range []string{"clear_on_close", "notify_on_close"} {
		o[k] = boolOf(v.Body, k)
	}
	return o
}
