package slackfake

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var tsShape = regexp.MustCompile(`^\d{10}\.\d{6}$`)

func (c *call) has(scope string) bool { return slices.Contains(c.app.scopes, scope) }

// place finds the conversation to speak in and refuses where the app may not. A user id opens the DM with the app.
func (c *call) place(id string) (*room, error) {
	r, err := c.visible(id)
	u := c.world.user(id)
	switch {
	case u != nil && u.ID == id && u.Deleted:
		return nil, no("user_disabled")
	case u != nil && u.ID == id:
		r = c.im(u.ID, c.app.botUser)
	case err != nil:
		return nil, err
	}
	switch {
	case r.Archived:
		return nil, no("is_archived")
	case !c.botIn(r) && !c.has("chat:write.public"):
		return nil, no("not_in_channel")
	case r.ReadOnly:
		return nil, no("restricted_action")
	case r.Kind == IM && c.partner(r).Deleted:
		return nil, no("is_archived")
	}
	if home := c.app.manifest.Features.AppHome; r.Kind == IM && home != nil && home.Messages != nil && !*home.Messages {
		return nil, no("messages_tab_disabled")
	}
	return r, nil
}

// partner is the person on the other side of a DM with the app.
func (c *call) partner(r *room) *User {
	for _, m := range r.Members {
		if u := c.world.user(m); u != nil {
			return u
		}
	}
	return &User{}
}

// visible finds a conversation by its id; what the app may not know of does not exist for it.
func (c *call) visible(id string) (*room, error) {
	r := c.world.room(id)
	if r == nil || r.ID != id || r.Kind != Public && !c.botIn(r) {
		return nil, no("channel_not_found")
	}
	return r, nil
}

// content checks text, blocks, attachments and metadata of a message and fills m with them.
// With keep, absent ones stay as they are (chat.update).
func (s *Server) content(args obj, m *Message, keep bool) error {
	if md := strOf(args, "markdown_text"); md != "" {
		if args["text"] != nil || args["blocks"] != nil {
			return no("markdown_text_conflict")
		}
		if letters(md) > 12000 {
			return no("msg_too_long")
		}
		args = obj{"text": md, "metadata": args["metadata"]}
	}
	text, isText := args["text"].(string)
	if letters(text) > 40000 {
		return no("msg_too_long")
	}
	if args["text"] != nil && !isText {
		return no("invalid_arguments")
	}
	blocks, isList := args["blocks"].([]any)
	if args["blocks"] != nil && !isList {
		return no("invalid_blocks_format")
	}
	if err := checkMessage(blocks); err != nil {
		return err
	}
	attachments, isList := args["attachments"].([]any)
	if args["attachments"] != nil && !isList {
		return no("invalid_attachments")
	}
	if err := checkAttachments(attachments); err != nil {
		return err
	}
	if strings.TrimSpace(text) == "" && len(blocks) == 0 && len(attachments) == 0 && !(keep && args["metadata"] != nil) {
		return no("no_text")
	}
	meta, isObj := args["metadata"].(obj)
	if args["metadata"] != nil && (!isObj || !metaShape(meta)) {
		return no("invalid_metadata_format")
	}
	if isText {
		m.Text = text
	}
	if isList = args["blocks"] != nil; isList || !keep {
		m.Blocks = clone(blocks)
		nameParts(m.Blocks)
	}
	if args["attachments"] != nil || !keep {
		m.Attachments = clone(attachments)
	}
	if meta != nil {
		m.Metadata = clone(meta)
	}
	return nil
}

// metaShape: event_type is a non-empty string, event_payload an object of plain values or objects.
func metaShape(meta obj) bool {
	payload, ok := meta["event_payload"].(obj)
	for k := range meta {
		if k != "event_type" && k != "event_payload" {
			return false
		}
	}
	return ok && payload != nil && strOf(meta, "event_type") != ""
}

// parent checks a thread_ts: the ts of a message that stands in the channel itself.
func parent(r *room, ts string) error {
	if ts == "" {
		return nil
	}
	if !tsShape.MatchString(ts) {
		return no("invalid_thread_ts")
	}
	p := r.find(ts)
	switch {
	case p == nil || p.Ephemeral != "" || p.Deleted && len(r.replies(ts)) == 0:
		return no("thread_not_found")
	case p.reply():
		return no("cannot_reply_to_message")
	}
	return nil
}

func (c *call) post() (obj, error) {
	if c.args["thread_ts"] != nil && strOf(c.args, "thread_ts") == "" && c.args["thread_ts"] != "" {
		return nil, no("invalid_thread_ts")
	}
	for _, k := range []string{"username", "icon_emoji", "icon_url"} {
		if strOf(c.args, k) != "" && !c.has("chat:write.customize") {
			return nil, noScope("chat:write.customize", c.app.scopes)
		}
	}
	r, err := c.place(strOf(c.args, "channel"))
	if err != nil {
		return nil, err
	}
	m := &Message{User: c.app.botUser, BotID: c.app.botID, Username: strOf(c.args, "username"), ThreadTS: strOf(c.args, "thread_ts"), Broadcast: boolOf(c.args, "reply_broadcast")}
	if err := c.content(c.args, m, false); err != nil {
		return nil, err
	}
	if err := parent(r, m.ThreadTS); err != nil {
		return nil, err
	}
	if wait := c.pace.post(r.ID); wait > 0 {
		return nil, &slackError{"ratelimited", obj{"wait": wait}}
	}
	c.add(r, m)
	return obj{"channel": r.ID, "ts": m.TS, "message": c.messageJSON(r, m, true)}, nil
}

// mine finds a live message of the app's own, or refuses with code when it is somebody else's.
func (c *call) mine(code string) (*room, *Message, error) {
	r, err := c.visible(strOf(c.args, "channel"))
	if err != nil {
		return nil, nil, err
	}
	m := r.find(strOf(c.args, "ts"))
	switch {
	case m == nil || m.Deleted || m.Ephemeral != "":
		return nil, nil, no("message_not_found")
	case m.BotID != c.app.botID:
		return nil, nil, no(code)
	case r.Archived:
		return nil, nil, no("is_archived")
	}
	return r, m, nil
}

func (c *call) update() (obj, error) {
	r, m, err := c.mine("cant_update_message")
	if err != nil {
		return nil, err
	}
	next := *m
	if err := c.content(c.args, &next, true); err != nil {
		return nil, err
	}
	*m = next
	c.edited(r, m)
	return obj{"channel": r.ID, "ts": m.TS, "text": m.Text, "message": c.messageJSON(r, m, true)}, nil
}

func (c *call) remove() (obj, error) {
	r, m, err := c.mine("cant_delete_message")
	if err != nil {
		return nil, err
	}
	c.erase(r, m)
	return obj{"channel": r.ID, "ts": m.TS}, nil
}

// edited marks a message as changed and tells everybody.
func (s *Server) edited(r *room, m *Message) {
	m.EditedTS = s.ts()
	s.showed(r, m)
	s.chatEvents(r, m, "message_changed")
}

// erase takes a message away; its place in the order (and its thread) stays.
func (s *Server) erase(r *room, m *Message) {
	m.Deleted = true
	m.Text, m.Blocks, m.Attachments, m.Metadata, m.Files = "", nil, nil, nil, nil
	s.showed(r, m)
	s.chatEvents(r, m, "message_deleted")
}

func (c *call) ephemeral() (obj, error) {
	id := strOf(c.args, "channel")
	r, err := c.visible(id)
	switch {
	case err != nil:
		return nil, err
	case r.Archived:
		return nil, no("is_archived")
	case !c.botIn(r):
		return nil, no("not_in_channel")
	}
	u := c.world.user(strOf(c.args, "user"))
	if u == nil || u.ID != strOf(c.args, "user") {
		return nil, no("user_not_found")
	}
	if u.Deleted || !r.has(u.ID) {
		return nil, no("user_not_in_channel")
	}
	m := &Message{User: c.app.botUser, BotID: c.app.botID, Ephemeral: u.ID, ThreadTS: strOf(c.args, "thread_ts")}
	if err := c.content(c.args, m, false); err != nil {
		return nil, err
	}
	if err := parent(r, m.ThreadTS); err != nil {
		return nil, err
	}
	c.add(r, m)
	return obj{"message_ts": m.TS}, nil
}

func (c *call) permalink() (obj, error) {
	r, err := c.visible(strOf(c.args, "channel"))
	if err != nil {
		return nil, err
	}
	m := r.find(strOf(c.args, "message_ts"))
	if m == nil || m.Deleted || m.Ephemeral != "" {
		return nil, no("message_not_found")
	}
	link := fmt.Sprintf("%s/archives/%s/p%s", c.base, r.ID, strings.ReplaceAll(m.TS, ".", ""))
	if m.reply() {
		link += "?thread_ts=" + m.ThreadTS + "&cid=" + r.ID
	}
	return obj{"channel": r.ID, "permalink": link}, nil
}

func (c *call) react() (obj, error) {
	r, err := c.visible(strOf(c.args, "channel"))
	if err != nil {
		return nil, err
	}
	name, m := strOf(c.args, "name"), r.find(strOf(c.args, "timestamp"))
	switch {
	case m == nil || m.Deleted || m.Ephemeral != "":
		return nil, no("message_not_found")
	case !c.botIn(r):
		return nil, no("not_in_channel")
	case name == "" || strings.ContainsAny(name, ": "):
		return nil, no("invalid_name")
	case slices.Contains(m.Reactions[name], c.app.botUser):
		return nil, no("already_reacted")
	}
	if m.Reactions == nil {
		m.Reactions = map[string][]string{}
	}
	m.Reactions[name] = append(slices.Clone(m.Reactions[name]), c.app.botUser)
	c.showed(r, m)
	return obj{}, nil
}

// messageJSON is a message as the Web API and interaction payloads show it; whoever sends it out copies it first.
func (s *Server) messageJSON(r *room, m *Message, meta bool) obj {
	o := obj{"type": "message", "user": m.User, "text": m.Text, "ts": m.TS, "team": s.cfg.Team.ID}
	if m.Deleted {
		return obj{"type": "message", "subtype": "tombstone", "text": "This message was deleted.", "ts": m.TS, "thread_ts": m.TS, "hidden": true}
	}
	if m.BotID != "" {
		o["bot_id"], o["app_id"] = m.BotID, s.app.id
		o["bot_profile"] = obj{"id": m.BotID, "app_id": s.app.id, "name": s.app.name, "deleted": false, "team_id": s.cfg.Team.ID}
	}
	if m.Username != "" {
		o["username"], o["subtype"] = m.Username, "bot_message"
	}
	if m.Blocks != nil {
		o["blocks"] = m.Blocks
	}
	if m.Attachments != nil {
		o["attachments"] = m.Attachments
	}
	if meta && m.Metadata != nil {
		o["metadata"] = m.Metadata
	}
	if m.EditedTS != "" {
		o["edited"] = obj{"user": m.User, "ts": m.EditedTS}
	}
	if m.ThreadTS != "" {
		o["thread_ts"] = m.ThreadTS
	}
	if m.Broadcast && m.reply() {
		o["subtype"] = "thread_broadcast"
	}
	if answers := r.replies(m.TS); len(answers) > 0 {
		last := answers[len(answers)-1].TS
		o["thread_ts"], o["reply_count"], o["latest_reply"] = m.TS, len(answers), last
	}
	if m.Files != nil {
		o["files"] = m.Files
	}
	if len(m.Reactions) > 0 {
		list := []any{}
		for _, name := range sortedKeys(m.Reactions) {
			list = append(list, obj{"name": name, "users": m.Reactions[name], "count": len(m.Reactions[name])})
		}
		o["reactions"] = list
	}
	return o
}
