package slackfake

import (
	"maps"
	"slices"
	"strings"
)

// Channels lists all conversations, DMs too.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Channel{}
	for _, r := range s.world.Rooms {
		out = append(out, clone(r.Channel))
	}
	return out
}

// Users lists the people.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []User{}
	for _, u := range s.world.Users {
		out = append(out, *u)
	}
	return out
}

// BotUser is the user id of the app.
func (s *Server) BotUser() string { return s.app.botUser }

// selectFrom copies the messages of a conversation that pass keep, oldest first. Blocks are shared: they are
// replaced as a whole when a message changes, never altered.
func (s *Server) selectFrom(channel string, keep func(*Message) bool) []Message {
	out := []Message{}
	if r := s.world.room(channel); r != nil {
		for _, m := range r.Messages {
			if !m.Deleted && keep(m) {
				c := *m
				c.Reactions = maps.Clone(m.Reactions)
				out = append(out, c)
			}
		}
	}
	return out
}

// Messages are what stands in a conversation (id, name or #name), oldest first: no thread replies unless broadcast, no ephemeral or deleted ones.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.selectFrom(channel, func(m *Message) bool { return m.Ephemeral == "" && (!m.reply() || m.Broadcast) })
}

// Thread are the replies to a message, oldest first.
func (s *Server) Thread(m Message) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.selectFrom(m.Channel, func(x *Message) bool { return x.Ephemeral == "" && x.reply() && x.ThreadTS == m.TS })
}

// Message is a message as it stands now; ok is false when it is gone.
func (s *Server) Message(channel, ts string) (m Message, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.selectFrom(channel, func(m *Message) bool { return m.TS == ts })
	if len(all) == 0 {
		return Message{}, false
	}
	return all[0], true
}

// DM is the conversation of a person (id or name) with the app, oldest first.
func (s *Server) DM(user string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.world.user(user)
	if u == nil {
		return nil
	}
	for _, r := range s.world.Rooms {
		if r.Kind == IM && r.has(u.ID) && r.has(s.app.botUser) {
			return s.selectFrom(r.ID, func(m *Message) bool { return m.Ephemeral == "" && !m.reply() })
		}
	}
	return []Message{}
}

// Ephemerals are the messages that only this person (id or name) sees, of all conversations, oldest first.
func (s *Server) Ephemerals(user string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Message{}
	u := s.world.user(user)
	if u == nil {
		return out
	}
	for _, r := range s.world.Rooms {
		out = append(out, s.selectFrom(r.ID, func(m *Message) bool { return m.Ephemeral == u.ID })...)
	}
	slices.SortFunc(out, byTime)
	return out
}

func byTime(a, b Message) int { return strings.Compare(a.TS, b.TS) }

// All is every live message of every conversation in the order of posting: threads, DMs and ephemeral ones too.
func (s *Server) All() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Message{}
	for _, r := range s.world.Rooms {
		out = append(out, s.selectFrom(r.ID, func(*Message) bool { return true })...)
	}
	slices.SortFunc(out, byTime)
	return out
}

// Unread is how many messages of a conversation a person has not read.
func (s *Server) Unread(user, channel string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, r := s.world.user(user), s.world.room(channel)
	if u == nil || r == nil {
		return 0
	}
	n, _ := r.unread(u.ID)
	return n
}
