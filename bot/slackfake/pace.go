package slackfake

import (
	"math"
	"slices"
	"sync"
	"time"
)

// Pace is how fast the app may call, in business time. Zero values mean Slack's published figures.
type Pace struct {
	Off bool // no limits at all, for load tests of something else

	PostsPerSecond float64 // chat.postMessage to one channel: 1
	PostBurst      int     // that many at once before the rate bites: 5
	PostsPerMinute int     // chat.postMessage in the whole workspace: 300 ("several hundred")
	Tier           [5]int  // calls a minute to one method of tier 1-4: 1, 20, 50, 100
}

// Tiers of Web API methods; special has no per-method limit of its own, connects is apps.connections.open, for
// which Slack's pages name tiers 1 and 3 (the newer one says 3).
const (
	special = iota
	tier1
	tier2
	tier3
	tier4
)

// pace is a set of token buckets.
type pace struct {
	mu      sync.Mutex
	cfg     Pace
	now     func() time.Time
	buckets map[string]*bucket
	posts   map[string][]time.Time // of the last minute, by channel
}

type bucket struct {
	left float64
	at   time.Time
}

func newPace(cfg Pace, now func() time.Time) *pace {
	if cfg.PostsPerSecond == 0 {
		cfg.PostsPerSecond = 1
	}
	if cfg.PostBurst == 0 {
		cfg.PostBurst = 5
	}
	if cfg.PostsPerMinute == 0 {
		cfg.PostsPerMinute = 300
	}
	for tier, n := range [5]int{0, 1, 20, 50, 100} {
		if cfg.Tier[tier] == 0 {
			cfg.Tier[tier] = n
		}
	}
	return &pace{cfg: cfg, now: now, buckets: map[string]*bucket{}, posts: map[string][]time.Time{}}
}

// method takes one call of a method out of its tier; wait > 0 refuses it for that many whole seconds.
func (p *pace) method(name string, tier int) (wait int) {
	if p.cfg.Off || tier == special {
		return 0
	}
	n := float64(p.cfg.Tier[tier])
	return p.take("method "+name, n/60, n)
}

// post takes one message to a channel. A burst is lent, not given: no more than a minute's worth within any minute.
func (p *pace) post(channel string) (wait int) {
	if p.cfg.Off {
		return 0
	}
	if wait = p.minute(channel); wait > 0 {
		return wait
	}
	if wait = p.take("channel "+channel, p.cfg.PostsPerSecond, float64(p.cfg.PostBurst)); wait > 0 {
		return wait
	}
	if wait = p.take("workspace", float64(p.cfg.PostsPerMinute)/60, float64(p.cfg.PostsPerMinute)); wait > 0 {
		return wait
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.posts[channel] = append(p.posts[channel], p.now())
	return 0
}

func (p *pace) minute(channel string) (wait int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	recent := slices.DeleteFunc(p.posts[channel], func(t time.Time) bool { return now.Sub(t) > time.Minute })
	p.posts[channel] = recent
	if most := int(60 * p.cfg.PostsPerSecond); len(recent) >= most && most > 0 {
		return int(math.Ceil((time.Minute - now.Sub(recent[len(recent)-most])).Seconds())) + 1
	}
	return 0
}

func (p *pace) take(key string, rate, size float64) (wait int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	b := p.buckets[key]
	if b == nil {
		b = &bucket{left: size, at: now}
		p.buckets[key] = b
	}
	if gone := now.Sub(b.at); gone > 0 {
		b.left, b.at = math.Min(size, b.left+gone.Seconds()*rate), now
	}
	if b.left < 1 {
		return int(math.Ceil((1 - b.left) / rate))
	}
	b.left--
	return 0
}
