package handlers

import (
	"sync"
	"time"
)

// once remembers what was begun under an id, so that the same act coming again
// (a retry of Slack's, a replay, a second press of the same form) joins the
// first instead of being done twice. What must not happen twice across
// restarts and replicas is guarded by the store's keys, not by this.
type once struct {
	mu   sync.Mutex
	acts map[string]*act
	next time.Time // when old ones are swept out
}

// act is one piece of work. res may be read once done is closed.
type act struct {
	begun time.Time
	done  chan struct{}
	res   result
}

// rememberFor is longer than Slack retries events (at once, after one minute,
// after five) and than a signed request can be replayed.
const rememberFor = 15 * time.Minute

func newOnce() *once { return &once{acts: map[string]*act{}} }

// join returns the act of that id, and whether the caller is the first and has
// to do it. Without an id everybody is the first.
func (o *once) join(id string) (a *act, first bool) {
	now := time.Now()
	fresh := &act{begun: now, done: make(chan struct{})}
	if id == "" {
		return fresh, true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if now.After(o.next) {
		for old, a := range o.acts {
			if now.Sub(a.begun) > rememberFor {
				delete(o.acts, old)
			}
		}
		o.next = now.Add(time.Minute)
	}
	if a, again := o.acts[id]; again {
		return a, false
	}
	o.acts[id] = fresh
	return fresh, true
}

// begun returns the act of that id, if there is one.
func (o *once) begun(id string) (*act, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a, begun := o.acts[id]
	return a, begun
}

// forget makes the next one with that id the first again.
func (o *once) forget(id string, a *act) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.acts[id] == a {
		delete(o.acts, id)
	}
}

func (a *act) finish(res result) {
	a.res = res
	close(a.done)
}
