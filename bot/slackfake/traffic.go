package slackfake

import (
	"slices"
	"sync"
)

// entry is one exchange between the app and the stand-in, for the page's inspector. "out": the app called Slack.
type entry struct {
	N        int     `json:"n"`
	At       float64 `json:"at"`
	Dir      string  `json:"dir"`
	What     string  `json:"what"`
	Status   int     `json:"status"`
	MS       int     `json:"ms"`
	Request  any     `json:"request"`
	Response any     `json:"response"`
	Fault    string  `json:"fault"`
}

const maxTraffic = 1000

// ring keeps the latest exchanges.
type ring struct {
	mu      sync.Mutex
	n       int
	entries []entry
}

func (s *Server) traffic(e entry) {
	r := &s.ring
	r.mu.Lock()
	r.n++
	e.N, e.At = r.n, unix(s.cfg.Now())
	if len(r.entries) >= maxTraffic {
		r.entries = slices.Delete(r.entries, 0, maxTraffic/10)
	}
	r.entries = append(r.entries, e)
	r.mu.Unlock()
	s.mu.Lock()
	s.touch("traffic", "")
	s.mu.Unlock()
}

// after lists entries with a greater number, at most limit, the newest ones.
func (r *ring) after(n, limit int) []entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []entry{}
	for _, e := range r.entries {
		if e.N > n {
			out = append(out, e)
		}
	}
	if len(out) > limit {
		out = out[len(out)-limit:]
	}
	return out
}
