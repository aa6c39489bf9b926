package handlers

import (
	"sync"
	"time"
)

// rates counts what came within the last minute, by name. It forgets whoever
// was quiet for a minute, and takes no more names than it can hold.
type rates struct {
	most int // a minute

	mu   sync.Mutex
	seen map[string]*minute
}

type minute struct {
	began time.Time
	n     int
}

// mostNames bounds the memory that strangers can make us use.
const mostNames = 10_000

// take counts one, and says how long to wait when that is too many.
func (r *rates) take(name string, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.of(name, now)
	if m.n >= r.most {
		return m.began.Add(time.Minute).Sub(now)
	}
	m.n++
	return 0
}

// full is take without counting.
func (r *rates) full(name string, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.seen[name]; m != nil && m.n >= r.most && now.Before(m.began.Add(time.Minute)) {
		return m.began.Add(time.Minute).Sub(now)
	}
	return 0
}

func (r *rates) of(name string, now time.Time) *minute {
	if r.seen == nil || len(r.seen) >= mostNames && r.seen[name] == nil {
		r.forget(now)
	}
	m := r.seen[name]
	if m == nil || !now.Before(m.began.Add(time.Minute)) {
		m = &minute{began: now}
		r.seen[name] = m
	}
	return m
}

func (r *rates) forget(now time.Time) {
	kept := map[string]*minute{}
	for name, m := range r.seen {
		if now.Before(m.began.Add(time.Minute)) && len(kept) < mostNames/2 {
			kept[name] = m
		}
	}
	r.seen = kept
}
