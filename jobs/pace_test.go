package jobs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// The limits are Slack's published figures; a post a second, bursts included.
func TestNoMinuteHoldsMoreCallsThanSlackAllows(t *testing.T) {
	t.Parallel()
	limits := map[string]int{
		slackapi.MethodUpdate: 50, slackapi.MethodDM: 50, slackapi.MethodHistory: 50, slackapi.MethodReplies: 50,
		slackapi.MethodPublish: 100, slackapi.MethodUser: 100, slackapi.MethodPost: 60,
	}
	s := storetest.Opener(t, storetest.Engines[0])()
	ctx, begin := context.Background(), s.Now()
	span := time.Duration(proof.N(70, 120)) * time.Second
	for method, limit := range limits {
		scope := slackapi.Scope{Method: method, Channel: "C1"}
		replicas := []*pace{newPace(s, team), newPace(s, team)}
		var calls []time.Time
		for now := begin; now.Before(begin.Add(span)); now = now.Add(500 * time.Millisecond) {
			for _, p := range replicas { // as greedy as can be
				if wait, err := p.take(ctx, scope, now); err != nil {
					t.Fatal(err)
				} else if wait <= 0 {
					calls = append(calls, now)
				}
			}
		}
		most := 0
		for i, at := range calls {
			n := 0
			for _, other := range calls[i:] {
				if other.Sub(at) < time.Minute {
					n++
				}
			}
			most = max(most, n)
		}
		if most > limit || most < limit*8/10 {
			t.Errorf("%s: %d calls in the busiest minute of two replicas, want at most %d and not far less", method, most, limit)
		}
	}
}

func TestAnotherChannelDoesNotWait(t *testing.T) {
	s := storetest.Opener(t, storetest.Engines[0])()
	p, ctx, now := newPace(s, team), context.Background(), s.Now()
	for i := range 30 {
		wait, err := p.take(ctx, slackapi.Scope{Method: slackapi.MethodPost, Channel: fmt.Sprint("C", i)}, now)
		if err != nil || wait > 0 {
			t.Errorf("channel %d waits %v, %v", i, wait, err)
		}
	}
	p.forget(now.Add(time.Hour))
	if len(p.held)+len(p.line) != 0 {
		t.Errorf("remembers %d scopes for ever", len(p.held)+len(p.line))
	}
}

func TestTheWaitsOfAClockThatWasSetBackHoldNobody(t *testing.T) {
	s := storetest.Opener(t, storetest.Engines[0])()
	p, ctx, post, edit := newPace(s, team), context.Background(), slackapi.Scope{Method: slackapi.MethodPost, Channel: "C1"}, slackapi.Scope{Method: slackapi.MethodUpdate}
	now := s.Now()
	ahead := now.Add(time.Hour)
	old := wait{ahead.Add(time.Minute), ahead}
	p.held[edit], p.held[paced(post)], p.line[paced(post)], p.line[paced(edit)] = old, old, old, old
	if until, err := p.heldUntil(ctx, edit, now); err != nil || !until.Equal(now) {
		t.Errorf("held until %v, %v", until, err)
	}
	if wait, err := p.take(ctx, post, now); err != nil || wait > 0 {
		t.Errorf("waits for %v, %v", wait, err)
	}
	if wait := p.away(post, now, time.Second); wait > 10*time.Second {
		t.Errorf("is sent away for %v", wait)
	}
	asked := now.Add(time.Second)
	if err := p.hold(ctx, edit, asked); err != nil {
		t.Fatal(err)
	}
	if until, err := p.heldUntil(ctx, edit, now); err != nil || !until.Equal(asked) {
		t.Errorf("Slack asks for a second: held until %v, %v", until, err)
	}
	p.forget(now.Add(time.Minute))
	if len(p.held)+len(p.line) != 0 {
		t.Errorf("remembers %v, %v", p.held, p.line)
	}
}

// Once a burst is over, whoever comes is told the truth about the wait, however
// often the burst's calls were told to wait before.
func TestABurstThatIsOverSlowsNobodyDown(t *testing.T) {
	s := storetest.Opener(t, storetest.Engines[0])()
	p, ctx, now := newPace(s, team), context.Background(), s.Now()
	scope := slackapi.Scope{Method: slackapi.MethodUpdate}
	full := func() time.Duration { // takes all there is, and is told to wait
		for {
			if wait, err := p.take(ctx, scope, now); err != nil {
				t.Fatal(err)
			} else if wait > 0 {
				return wait
			}
		}
	}
	for range 40 {
		wait := full()
		for range 10 { // of many who sit it out together, one gets the next call
			full()
		}
		p.away(scope, now, wait)
		now = now.Add(wait)
	}
	now = now.Add(time.Minute)
	wait := full()
	for range 20 {
		if away := p.away(scope, now, wait); away > wait+20*p.rates[scope.Method].every {
			t.Fatalf("is told to stay away for %v where the wait is %v", away, wait)
		}
	}
}

// The stand-in answers 429 by Slack's figures: who keeps to them meets none.
func TestABurstOfWorkMeetsNoLimit(t *testing.T) {
	each(t, setting{paced: true}, func(w *world, jobs ...*Jobs) {
		for i := range 4 {
			w.raise(fmt.Sprintf("Change %d", i), "pay-api")
		}
		w.quiet()
		for _, c := range w.calls.all() {
			if c.Answer == "ratelimited" || c.Answer == slackfake.RateLimit {
				t.Errorf("%s met a limit", c.Method)
			}
		}
	})
}
