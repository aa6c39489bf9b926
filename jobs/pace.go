package jobs

import (
	"context"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// rate is how often a method may be called: once every so long, with a burst.
// No minute then holds more than Slack's published figure: 50 for tier 3 and
// 100 for tier 4; one post a second a channel, "short bursts" allowed.
type rate struct {
	every time.Duration
	burst int
}

var published = map[string]rate{
	slackapi.MethodPost:    {time.Minute / 57, 3},
	slackapi.MethodUpdate:  {time.Minute / 45, 5},
	slackapi.MethodPublish: {time.Minute / 90, 10},
	slackapi.MethodDM:      {time.Minute / 45, 5},
	slackapi.MethodHistory: {time.Minute / 45, 5},
	slackapi.MethodReplies: {time.Minute / 45, 5},
	slackapi.MethodShare:   {time.Minute / 90, 10},
	slackapi.MethodUser:    {time.Minute / 90, 10},
}

// everything is a hold on all methods: the token is dead.
const everything = "*"

// pace keeps calls within Slack's limits. Holds and rates stand in the
// database, where replicas share them; two replicas that look at the same
// moment may go one call over, which the bursts leave room for.
type pace struct {
	store *store.Store
	ws    models.WorkspaceID
	rates map[string]rate

	mu   sync.Mutex
	held map[slackapi.Scope]wait // what this replica was told, at once
	line map[slackapi.Scope]wait // until all who went away to wait for the rate will have had their turn
}

// wait is until when somebody waits, and when that was found out.
type wait struct{ until, set time.Time }

// at is until when it is to be waited, now being what it is: not at all for what
// was found out in what is time to come, by a clock that was set back since.
func (w wait) at(now time.Time) time.Time {
	if w.set.After(now.Add(store.ClockSlack)) {
		return time.Time{}
	}
	return w.until
}

func newPace(s *store.Store, ws models.WorkspaceID) *pace {
	return &pace{store: s, ws: ws, rates: published, held: map[slackapi.Scope]wait{}, line: map[slackapi.Scope]wait{}}
}

// hold stops calls in scope until a business time, on every replica.
func (p *pace) hold(ctx context.Context, scope slackapi.Scope, until time.Time) error {
	now := p.store.Now()
	p.mu.Lock()
	if until.After(p.held[scope].at(now)) {
		p.held[scope] = wait{until, now}
	}
	p.mu.Unlock()
	return p.store.Hold(ctx, p.ws, scope.Method, models.ChannelID(scope.Channel), until)
}

// heldUntil is when calls in scope may go on; now when nothing holds them.
func (p *pace) heldUntil(ctx context.Context, scope slackapi.Scope, now time.Time) (time.Time, error) {
	until := now
	for _, s := range []slackapi.Scope{scope, {Method: everything}} {
		p.mu.Lock()
		mine := p.held[s].at(now)
		p.mu.Unlock()
		shared, err := p.store.HeldUntil(ctx, p.ws, s.Method, models.ChannelID(s.Channel), now)
		if err != nil {
			return now, err
		}
		until = later(until, later(mine, shared))
	}
	return until, nil
}

// take counts one call in scope against its rate, or says how long to wait
// until the next call may be made and counts nothing. The state is one instant:
// when the calls so far will have been spread evenly.
func (p *pace) take(ctx context.Context, scope slackapi.Scope, now time.Time) (away time.Duration, err error) {
	r, ok := p.rates[scope.Method]
	if !ok {
		return 0, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := paced(scope)
	even, err := p.store.HeldUntil(ctx, p.ws, key.Method, models.ChannelID(key.Channel), now)
	if err != nil {
		return 0, err
	}
	even = later(later(even, p.held[key].at(now)), now)
	if away = even.Sub(now) - time.Duration(r.burst-1)*r.every; away > 0 {
		return away, nil
	}
	even = even.Add(r.every)
	p.held[key] = wait{even, now}
	return 0, p.store.Hold(ctx, p.ws, key.Method, models.ChannelID(key.Channel), even)
}

// longestAway is how long a line is spread over: whoever comes back too early is
// told once more.
const longestAway = 30 * time.Minute

// away is how long somebody who was told to wait, and won't sit it out, had
// better stay away: spread over the line of all who do, so that they don't come
// back at once. The line moves on with the time, whoever comes back or not: a
// burst that is over slows nobody down.
func (p *pace) away(scope slackapi.Scope, now time.Time, least time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	key, first := paced(scope), now.Add(least)
	last := later(p.line[key].at(now), first).Add(p.rates[scope.Method].every)
	if most := first.Add(longestAway); last.After(most) {
		last = most
	}
	p.line[key] = wait{last, now}
	return least + rand.N(last.Sub(first))
}

func paced(s slackapi.Scope) slackapi.Scope {
	return slackapi.Scope{Method: "pace/" + s.Method, Channel: s.Channel}
}

// forget drops what is over, so that the memory does not grow with channels, and
// what was noted before the clock was set back.
func (p *pace) forget(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range []map[slackapi.Scope]wait{p.held, p.line} {
		maps.DeleteFunc(list, func(_ slackapi.Scope, w wait) bool {
			return !w.at(now).After(now)
		})
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
