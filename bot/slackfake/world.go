package slackfake

import (
	"fmt"
	"slices"
	"strings"
)

// Team is the workspace.
type Team struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Domain string `json:"domain"`
}

// User is a person of the workspace. An empty ID is made from the name; TZ is an IANA zone (default UTC).
type User struct {
	ID                string `json:"id"`
	Name              string `json:"name"` // the handle, as in @ana
	RealName          string `json:"real_name"`
	Title             string `json:"title"`
	Email             string `json:"email,omitempty"`
	TZ                string `json:"tz"`
	Locale            string `json:"locale,omitempty"`
	Color             string `json:"color"`
	TeamID            string `json:"team_id,omitempty"` // another workspace's id makes a stranger (Slack Connect)
	IsBot             bool   `json:"is_bot"`
	IsAdmin           bool   `json:"is_admin,omitempty"`
	Deleted           bool   `json:"deleted"`
	DisplayName       string `json:"display_name,omitempty"` // what people chose to be called; the handle when empty
	IsRestricted      bool   `json:"is_restricted,omitempty"`
	IsUltraRestricted bool   `json:"is_ultra_restricted,omitempty"`
}

// Kinds of conversation.
const (
	Public  = "channel"
	Private = "private"
	IM      = "im"
)

// Channel is a conversation. Members are names or ids, nobody named means everybody; Bot says that the app was invited.
type Channel struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Kind     string   `json:"kind"` // Public when empty
	Topic    string   `json:"topic,omitempty"`
	Members  []string `json:"members"`
	Bot      bool     `json:"bot"`
	Archived bool     `json:"archived"`
	ReadOnly bool     `json:"read_only,omitempty"` // posting is restricted to others: restricted_action
}

// UserGroup is a named group such as @cab. Users are names or ids.
type UserGroup struct {
	ID       string   `json:"id"`
	Handle   string   `json:"handle"`
	Name     string   `json:"name"`
	Users    []string `json:"users"`
	Disabled bool     `json:"disabled,omitempty"`
}

// Message is one message as it stands now. Readers get copies: a held Message is what a person saw at that moment.
// Its Blocks, Attachments and Metadata must not be altered.
type Message struct {
	Channel     string              `json:"channel"`
	TS          string              `json:"ts"`
	User        string              `json:"user"`
	BotID       string              `json:"bot_id,omitempty"`
	Username    string              `json:"username,omitempty"`
	Text        string              `json:"text"`
	Blocks      []any               `json:"blocks,omitempty"`
	Attachments []any               `json:"attachments,omitempty"`
	Metadata    map[string]any      `json:"metadata,omitempty"`
	ThreadTS    string              `json:"thread_ts,omitempty"`
	Broadcast   bool                `json:"broadcast,omitempty"`
	EditedTS    string              `json:"edited_ts,omitempty"`
	Deleted     bool                `json:"deleted,omitempty"`
	Ephemeral   string              `json:"ephemeral,omitempty"` // the only person who sees it
	Files       []any               `json:"files,omitempty"`
	Reactions   map[string][]string `json:"reactions,omitempty"`
	ResponseURL string              `json:"-"` // to which it was said
}

// Plain is all text a person would read: the blocks when there are any, else the text.
func (m Message) Plain() string {
	if len(m.Blocks) > 0 {
		return visibleText(m.Blocks)
	}
	return m.Text
}

func (m *Message) reply() bool { return m.ThreadTS != "" && m.ThreadTS != m.TS }

// room is a conversation with its messages, oldest first, and how far each person has read.
type room struct {
	Channel
	Messages []*Message        `json:"messages"`
	Read     map[string]string `json:"read"`
}

func (r *room) has(user string) bool { return slices.Contains(r.Members, user) }

func (r *room) find(ts string) *Message {
	i, ok := slices.BinarySearchFunc(r.Messages, ts, func(m *Message, ts string) int { return strings.Compare(m.TS, ts) })
	if !ok {
		return nil
	}
	return r.Messages[i]
}

// replies are the live answers in a thread that everybody sees.
func (r *room) replies(parent string) []*Message {
	var out []*Message
	from, _ := slices.BinarySearchFunc(r.Messages, parent, func(m *Message, ts string) int { return strings.Compare(m.TS, ts) })
	for _, m := range r.Messages[from:] {
		if m.ThreadTS == parent && m.TS != parent && !m.Deleted && m.Ephemeral == "" {
			out = append(out, m)
		}
	}
	return out
}

// world is everything that outlives a restart through Snapshot.
type world struct {
	Users  []*User          `json:"users"`
	Rooms  []*room          `json:"rooms"`
	Groups []*UserGroup     `json:"groups"`
	Homes  map[string]*view `json:"homes"`
	Seq    int              `json:"seq"`
	LastTS int64            `json:"last_ts"` // microseconds
}

func newWorld(cfg Config) (world, error) {
	if cfg.Restore != nil {
		return restore(cfg.Restore)
	}
	w := world{Homes: map[string]*view{}}
	for _, u := range cfg.Users {
		u.ID = idFor("U", u.ID, u.Name)
		if w.user(u.ID) != nil || w.user(u.Name) != nil {
			return w, fmt.Errorf("two users are called %q (%s)", u.Name, u.ID)
		}
		w.Users = append(w.Users, &u)
	}
	for _, g := range cfg.UserGroups {
		g.ID = idFor("S", g.ID, g.Handle)
		if err := w.resolve(g.Users); err != nil {
			return w, fmt.Errorf("user group %s: %w", g.Handle, err)
		}
		w.Groups = append(w.Groups, &g)
	}
	for _, c := range cfg.Channels {
		c.Name = strings.TrimPrefix(c.Name, "#")
		c.ID = idFor("C", c.ID, c.Name)
		if c.Kind == "" {
			c.Kind = Public
		}
		if len(c.Members) == 0 {
			for _, u := range w.Users {
				c.Members = append(c.Members, u.ID)
			}
		}
		c.Members = slices.Clone(c.Members)
		if err := w.resolve(c.Members); err != nil {
			return w, fmt.Errorf("channel %s: %w", c.Name, err)
		}
		if w.room(c.ID) != nil || w.room(c.Name) != nil {
			return w, fmt.Errorf("two channels are called %q (%s)", c.Name, c.ID)
		}
		w.Rooms = append(w.Rooms, &room{Channel: c, Read: map[string]string{}})
	}
	return w, nil
}

func (w *world) resolve(names []string) error {
	for i, n := range names {
		u := w.user(n)
		if u == nil {
			return fmt.Errorf("nobody is called %q", n)
		}
		names[i] = u.ID
	}
	return nil
}

// idFor makes a readable id such as U0ANA0000 where none is given.
func idFor(prefix, id, name string) string {
	if id != "" {
		return id
	}
	clean := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToUpper(name))
	for len(clean) < 7 {
		clean += "0"
	}
	return prefix + "0" + clean
}

// user finds a person by id, name or @name.
func (w *world) user(key string) *User {
	key = strings.TrimPrefix(key, "@")
	for _, u := range w.Users {
		if u.ID == key || u.Name == key {
			return u
		}
	}
	return nil
}

// room finds a conversation by id, name or #name.
func (w *world) room(key string) *room {
	key = strings.TrimPrefix(key, "#")
	for _, r := range w.Rooms {
		if r.ID == key || key != "" && r.Name == key {
			return r
		}
	}
	return nil
}

func (w *world) group(key string) *UserGroup {
	key = strings.TrimPrefix(key, "@")
	for _, g := range w.Groups {
		if g.ID == key || g.Handle == key {
			return g
		}
	}
	return nil
}

// im finds the direct conversation of two, or opens it.
func (s *Server) im(a, b string) *room {
	for _, r := range s.world.Rooms {
		if r.Kind == IM && r.has(a) && r.has(b) && (a != b || len(r.Members) == 1) {
			return r
		}
	}
	members := []string{a, b}
	if a == b {
		members = members[:1]
	}
	r := &room{Channel: Channel{ID: s.id("D"), Kind: IM, Members: members}, Read: map[string]string{}}
	s.world.Rooms = append(s.world.Rooms, r)
	s.touch("state", "", members...)
	return r
}

// botIn says whether the app may speak in a conversation.
func (s *Server) botIn(r *room) bool {
	if r.Kind == IM {
		return r.has(s.app.botUser)
	}
	return r.Bot
}

func (s *Server) id(prefix string) string {
	s.world.Seq++
	return fmt.Sprintf("%s0FAKE%05d", prefix, s.world.Seq)
}

// ts is a new message timestamp: business time, unique and rising over the whole workspace.
func (s *Server) ts() string {
	micro := s.cfg.Now().UnixMicro()
	if micro <= s.world.LastTS {
		micro = s.world.LastTS + 1
	}
	s.world.LastTS = micro
	return fmt.Sprintf("%010d.%06d", micro/1e6, micro%1e6)
}

// add puts a new message at the end of a conversation and tells who can see it, the app too: first are closed when it knows.
func (s *Server) add(r *room, m *Message) (first []<-chan struct{}) {
	m.Channel, m.TS = r.ID, s.ts()
	nameParts(m.Blocks)
	r.Messages = append(r.Messages, m)
	if m.User != "" && m.BotID == "" {
		r.Read[m.User] = m.TS
	}
	s.showed(r, m)
	return s.chatEvents(r, m, "")
}

// showed tells the pages of everybody who can see a message that it changed.
func (s *Server) showed(r *room, m *Message) {
	switch {
	case m.Ephemeral != "":
		s.touch("messages", r.ID, m.Ephemeral)
	case r.Kind == Public:
		s.touch("messages", r.ID)
	default:
		s.touch("messages", r.ID, r.Members...)
	}
}

// unread counts what stands in the channel itself, is not the person's own and is newer than their mark.
func (r *room) unread(user string) (n int, latest string) {
	for i := len(r.Messages) - 1; i >= 0; i-- {
		m := r.Messages[i]
		if m.Deleted || m.Ephemeral != "" && m.Ephemeral != user || m.reply() && !m.Broadcast {
			continue
		}
		if latest == "" {
			latest = m.TS
		}
		if m.TS > r.Read[user] && m.User != user && m.Ephemeral == "" {
			n++
		}
	}
	return n, latest
}

// part is one element that a person may use, with the block it stands in.
type part struct{ block, el obj }

// parts lists the elements of blocks in reading order.
func parts(blocks []any) []part {
	var out []part
	for _, b := range blocks {
		b, ok := b.(obj)
		if !ok {
			continue
		}
		for _, key := range []string{"accessory", "element"} {
			if e := objOf(b, key); e != nil {
				out = append(out, part{b, e})
			}
		}
		for _, key := range []string{"elements", "actions"} {
			for _, e := range listOf(b, key) {
				if e, ok := e.(obj); ok {
					out = append(out, part{b, e})
					for _, x := range listOf(e, "actions") { // cards of a carousel
						if x, ok := x.(obj); ok {
							out = append(out, part{b, x})
						}
					}
				}
			}
		}
		out = append(out, parts(listOf(b, "child_blocks"))...)
	}
	return out
}

// nameParts gives blocks and elements the ids that Slack makes up when the app gave none.
func nameParts(blocks []any) {
	for i, b := range blocks {
		if b, ok := b.(obj); ok && strOf(b, "block_id") == "" {
			b["block_id"] = fmt.Sprintf("blk%02d", i)
		}
	}
	for i, p := range parts(blocks) {
		if _, ok := elements[strOf(p.el, "type")]; ok && strOf(p.el, "action_id") == "" && strOf(p.el, "type") != "image" {
			p.el["action_id"] = fmt.Sprintf("act%02d", i)
		}
	}
}

// touch tells pages (of the users named, or all) and Wait that something changed.
func (s *Server) touch(kind, channel string, users ...string) {
	close(s.changed)
	s.changed = make(chan struct{})
	for w := range s.watchers {
		if len(users) == 0 || slices.Contains(users, w.user) {
			w.poke(poke{Type: kind, Channel: channel})
		}
	}
}
