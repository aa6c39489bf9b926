package slackfake

import (
	"encoding/base64"
	"slices"
	"strings"
)

// readScopes are what reading a kind of conversation needs, and historyScopes what reading its messages needs.
var (
	readScopes    = map[string]string{Public: "channels:read", Private: "groups:read", IM: "im:read"}
	historyScopes = map[string]string{Public: "channels:history", Private: "groups:history", IM: "im:history"}
)

// page cuts a list by limit and cursor as Slack's cursored methods do.
func (c *call) page(n, def, most int) (from, to int, meta obj, err error) {
	limit, ok := intOf(c.args, "limit", def)
	if !ok || limit < 0 || limit > most {
		return 0, 0, nil, no("invalid_limit")
	}
	if limit == 0 {
		limit = def
	}
	if cur := strOf(c.args, "cursor"); cur != "" {
		raw, decErr := base64.StdEncoding.DecodeString(cur)
		var o = obj{"from": strings.TrimPrefix(string(raw), "next:")}
		if from, ok = intOf(o, "from", 0); decErr != nil || !ok || from < 0 || from > n {
			return 0, 0, nil, no("invalid_cursor")
		}
	}
	to, next := min(n, from+limit), ""
	if to < n {
		next = base64.StdEncoding.EncodeToString([]byte("next:" + itoa(to)))
	}
	return from, to, obj{"next_cursor": next}, nil
}

func (c *call) openIM() (obj, error) {
	if id := strOf(c.args, "channel"); id != "" {
		r, err := c.visible(id)
		if err != nil || r.Kind != IM {
			return nil, no("channel_not_found")
		}
		return c.opened(r, true), nil
	}
	users := strings.Split(strOf(c.args, "users"), ",")
	switch {
	case users[0] == "":
		return nil, no("users_list_not_supplied")
	case len(users) > 1:
		return nil, noScope("mpim:write", c.app.scopes) // group DMs are not played here
	case users[0] == c.app.botUser:
		return nil, no("cannot_dm_bot")
	}
	u := c.world.user(users[0])
	switch {
	case u == nil || u.ID != users[0]:
		return nil, no("user_not_found")
	case u.Deleted:
		return nil, no("user_disabled")
	case u.IsBot:
		return nil, no("cannot_dm_bot")
	}
	before := len(c.world.Rooms)
	r := c.im(u.ID, c.app.botUser)
	return c.opened(r, len(c.world.Rooms) == before), nil
}

func (c *call) opened(r *room, already bool) obj {
	o := obj{"channel": obj{"id": r.ID}}
	if boolOf(c.args, "return_im") {
		o["channel"] = c.channelJSON(r)
	}
	if already {
		o["no_op"], o["already_open"] = true, true
	}
	return o
}

func (s *Server) channelJSON(r *room) obj {
	o := obj{"id": r.ID, "created": 1700000000, "is_archived": r.Archived, "is_im": r.Kind == IM, "is_channel": r.Kind == Public,
		"is_group": r.Kind == Private, "is_private": r.Kind != Public, "is_mpim": false, "is_member": s.botIn(r), "context_team_id": s.cfg.Team.ID}
	if r.Kind == IM {
		for _, m := range r.Members {
			if m != s.app.botUser {
				o["user"] = m
			}
		}
		return o
	}
	o["name"], o["name_normalized"], o["num_members"] = r.Name, r.Name, len(r.Members)
	o["topic"], o["purpose"] = obj{"value": r.Topic, "creator": "", "last_set": 0}, obj{"value": "", "creator": "", "last_set": 0}
	return o
}

// readable finds a conversation that the app may read with the scope that its kind needs.
func (c *call) readable(scopes map[string]string) (*room, error) {
	r, err := c.visible(strOf(c.args, "channel"))
	if err != nil {
		return nil, err
	}
	if need := scopes[r.Kind]; !c.has(need) {
		return nil, noScope(need, c.app.scopes)
	}
	return r, nil
}

func (c *call) channelInfo() (obj, error) {
	r, err := c.readable(readScopes)
	if err != nil {
		return nil, err
	}
	return obj{"channel": c.channelJSON(r)}, nil
}

func (c *call) channelMembers() (obj, error) {
	r, err := c.readable(readScopes)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(r.Members)
	if r.Kind != IM && r.Bot {
		all = append(all, c.app.botUser)
	}
	from, to, meta, err := c.page(len(all), 100, 1000)
	if err != nil {
		return nil, err
	}
	return obj{"members": all[from:to], "response_metadata": meta}, nil
}

// channels lists conversations of the kinds asked for that pass keep.
func (c *call) channels(keep func(*room) bool) (obj, error) {
	kinds := map[string]string{"public_channel": Public, "private_channel": Private, "im": IM}
	types := strOf(c.args, "types")
	if types == "" {
		types = "public_channel"
	}
	var want []string
	for t := range strings.SplitSeq(types, ",") {
		kind, ok := kinds[strings.TrimSpace(t)]
		if !ok && t != "mpim" {
			return nil, no("invalid_types")
		}
		if ok && !c.has(readScopes[kind]) {
			return nil, noScope(readScopes[kind], c.app.scopes)
		}
		want = append(want, kind)
	}
	list := []any{}
	for _, r := range c.world.Rooms {
		if slices.Contains(want, r.Kind) && keep(r) && !(r.Archived && boolOf(c.args, "exclude_archived")) {
			list = append(list, c.channelJSON(r))
		}
	}
	from, to, meta, err := c.page(len(list), 100, 1000)
	if err != nil {
		return nil, err
	}
	return obj{"channels": list[from:to], "response_metadata": meta}, nil
}

func (c *call) channelList() (obj, error) {
	return c.channels(func(r *room) bool { return r.Kind == Public || c.botIn(r) })
}

func (c *call) userChannels() (obj, error) {
	id := strOf(c.args, "user")
	if id == "" || id == c.app.botUser {
		return c.channels(c.botIn)
	}
	if c.world.user(id) == nil {
		return nil, no("user_not_found")
	}
	return c.channels(func(r *room) bool { return r.has(id) && (r.Kind == Public || c.botIn(r)) })
}

func (c *call) join() (obj, error) {
	r, err := c.visible(strOf(c.args, "channel"))
	switch {
	case err != nil:
		return nil, err
	case r.Kind != Public:
		return nil, no("method_not_supported_for_channel_type")
	case r.Archived:
		return nil, no("is_archived")
	}
	if !r.Bot {
		r.Bot = true
		c.touch("state", "")
		c.emitLater(obj{"type": "member_joined_channel", "user": c.app.botUser, "channel": r.ID, "channel_type": "C", "team": c.cfg.Team.ID})
	}
	return obj{"channel": c.channelJSON(r)}, nil
}

// span reads oldest, latest and inclusive.
func (c *call) span(ts string) bool {
	oldest, latest, both := strOf(c.args, "oldest"), strOf(c.args, "latest"), boolOf(c.args, "inclusive")
	return (oldest == "" || ts > oldest || both && ts == oldest) && (latest == "" || ts < latest || both && ts == latest)
}

func (c *call) readRoom() (*room, error) {
	r, err := c.readable(historyScopes)
	if err == nil && !c.botIn(r) {
		err = no("not_in_channel")
	}
	return r, err
}

func (c *call) history() (obj, error) {
	r, err := c.readRoom()
	if err != nil {
		return nil, err
	}
	var list []*Message
	for _, m := range slices.Backward(r.Messages) {
		if c.span(m.TS) && m.Ephemeral == "" && (!m.reply() || m.Broadcast) && (!m.Deleted || len(r.replies(m.TS)) > 0) {
			list = append(list, m)
		}
	}
	return c.messages(r, list)
}

func (c *call) replies() (obj, error) {
	r, err := c.readRoom()
	if err != nil {
		return nil, err
	}
	p := r.find(strOf(c.args, "ts"))
	if p == nil || p.Ephemeral != "" {
		return nil, no("thread_not_found")
	}
	list := []*Message{p}
	for _, m := range r.replies(p.TS) {
		if c.span(m.TS) {
			list = append(list, m)
		}
	}
	return c.messages(r, list)
}

// messages answers with one page of a list.
func (c *call) messages(r *room, list []*Message) (obj, error) {
	from, to, meta, err := c.page(len(list), 100, 999)
	if err != nil {
		return nil, err
	}
	page := []any{}
	for _, m := range list[from:to] {
		page = append(page, c.messageJSON(r, m, boolOf(c.args, "include_all_metadata")))
	}
	o := obj{"messages": page, "has_more": to < len(list)}
	if to < len(list) {
		o["response_metadata"] = meta
	}
	return o, nil
}
