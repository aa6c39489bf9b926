package handlers

import (
	"sync"
	"time"
)

// recent remembers event ids for longer than Slack retries them (at once,
// after one minute, after five), so that a retry saves work. What must not
// happen twice is guarded by the store, not by this.
type recent struct {
	mu   sync.Mutex
	ids  map[string]time.Time
	next time.Time
}

const rememberFor = 15 * time.Minute

func newRecent() *recent { return &recent{ids: map[string]time.Time{}} }

// add reports whether the id is new.
func (r *recent) add(id string) bool {
	if id == "" {
		return true
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.After(r.next) {
		for old, at := range r.ids {
			if now.Sub(at) > rememberFor {
				delete(r.ids, old)
			}
		}
		r.next = now.Add(time.Minute)
	}
	if _, again := r.ids[id]; again {
		return false
	}
	r.ids[id] = now
	return true
}

// drop forgets an id whose event was not dealt with, so that a retry is.
func (r *recent) drop(id string) {
	r.mu.Lock()
	delete(r.ids, id)
	r.mu.Unlock()
}
