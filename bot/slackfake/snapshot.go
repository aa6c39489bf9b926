package slackfake

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Snapshot is everything a restart must keep, as JSON for Config.Restore: people, conversations, messages, read
// marks, Home tabs, counters. As in Slack, ephemeral messages and open modals are not kept, and neither are links.
func (s *Server) Snapshot() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, err := json.Marshal(s.world)
	if err != nil {
		return nil, fmt.Errorf("write the Slack stand-in's state: %w", err)
	}
	return raw, nil
}

func restore(raw []byte) (world, error) {
	var w world
	if err := json.Unmarshal(raw, &w); err != nil {
		return w, fmt.Errorf("read the Slack stand-in's state: %w", err)
	}
	if w.Homes == nil {
		w.Homes = map[string]*view{}
	}
	for _, r := range w.Rooms {
		r.Messages = slices.DeleteFunc(r.Messages, func(m *Message) bool { return m.Ephemeral != "" })
		if r.Read == nil {
			r.Read = map[string]string{}
		}
	}
	return w, nil
}
