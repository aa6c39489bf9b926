package jobs

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

func TestAWindowThatPassesExpiresTheChange(t *testing.T) {
	s := fast
	s.replica = 2
	each(t, s, func(w *world, jobs ...*Jobs) {
		late := w.raise("Nobody starts this")
		w.quiet()
		w.later(3 * time.Hour) // one hour until the window, which is one hour long
		soon := w.raise("Still to come")
		w.until("the card says so", func() bool {
			cards := w.cards(changesRoom, late.ID)
			return len(cards) == 1 && strings.Contains(cards[0].Text, "xpired")
		})
		w.quiet()
		card := w.cards(changesRoom, late.ID)[0]
		if lines := w.fake.Thread(card); len(lines) != 1 {
			t.Errorf("%d lines under the card, want 1", len(lines))
		}
		if n := jobs[0].Counts.Expired.Load() + jobs[1].Counts.Expired.Load(); n != 1 {
			t.Errorf("%d expiries, want 1", n)
		}
		c, err := w.store.Change(context.Background(), team, soon.ID)
		w.must(err)
		if c.State != models.AwaitingApproval {
			t.Errorf("%s is %s", c.ID, c.State)
		}
		w.later(24 * time.Hour) // the clock keeps working after a second jump, too
		w.until("the other expires as well", func() bool {
			cards := w.cards(changesRoom, soon.ID)
			return len(cards) == 1 && strings.Contains(cards[0].Text, "xpired")
		})
	})
}

func TestWhatIsDueInAReleaseHappensOnce(t *testing.T) {
	s := fast
	s.replica = 2
	each(t, s, func(w *world, _ ...*Jobs) {
		ctx := context.Background()
		d, err := w.store.Directory(ctx, team)
		w.must(err)
		r, err := w.store.CreateRelease(ctx, w.by(ana), func(r *models.Release, f models.ReleaseFacts) error {
			return r.Plan(models.ReleaseInput{Name: "Market expansion", Services: []models.Slug{anyService(d)}, ProjectLead: ana, OpsLead: ben,
				GoLive: f.Now.AddDate(0, 0, 50), Channel: changesRoom}, f)
		})
		w.must(err)
		_, err = w.store.UpdateRelease(ctx, w.by(ana), r.Release.ID, func(r *models.Release, f models.ReleaseFacts) error {
			return r.Schedule(models.MeetingInput{At: f.Now.Add(2 * time.Hour)}, f)
		})
		w.must(err)
		w.later(3 * time.Hour)
		w.kept("the handover begins at its time", func() bool {
			r, err := w.store.Release(ctx, team, r.Release.ID)
			w.must(err)
			return r.InSession() != nil
		})
		w.later(time.Minute)
		events, err := w.store.History(ctx, team, r.Release.Ref(), 50, 0)
		w.must(err)
		begun := 0
		for _, e := range events {
			if e.Kind == models.EventHandoverBegun {
				begun++
			}
		}
		if begun != 1 {
			t.Errorf("the handover began %d times", begun)
		}
	})
}

func TestPeopleAreKeptFresh(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		ctx := context.Background()
		w.fake.SetUser(slackfake.User{ID: string(ben), Name: "ben", Deleted: true})
		w.fake.SetUser(slackfake.User{ID: string(cai), Name: "cai", TZ: "Asia/Manila", IsRestricted: true})
		w.fake.SetUser(slackfake.User{ID: string(dee), Name: "dee2", TZ: "Europe/Paris", TeamID: "T0OTHER"})
		w.later(time.Minute)
		before := w.store.Now()
		w.must(jobs[0].RefreshPeople(ctx, ben, cai, dee, "U0NOBODY01"))
		d, err := w.store.Directory(ctx, team)
		w.must(err)
		for u, want := range map[models.UserID]models.Person{
			ben: {Name: "ben", Zone: "Europe/Berlin", Deleted: true}, cai: {Name: "cai", Zone: "Asia/Manila", Guest: true},
			dee: {Name: "dee2", Zone: "Europe/Paris", Guest: true}, "U0NOBODY01": {Deleted: true},
		} {
			got := d.People[u]
			if got.CheckedAt.Before(before) {
				t.Errorf("%s was checked at %v, before %v", u, got.CheckedAt, before)
			}
			want.ID, got.CheckedAt = u, time.Time{}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		}
	})
}

// What a slow answer says may have changed since it was asked for: who looked
// later and was faster knows better.
func TestALookAtSomebodyIsAsOldAsItsQuestion(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		const late = 500 * time.Millisecond
		_, err := w.fake.Break(slackfake.Rule{Method: "users.info", Kind: slackfake.Slow, MS: int(late / time.Millisecond), Times: 1})
		w.must(err)
		w.must(jobs[0].RefreshPeople(context.Background(), ben))
		f, err := w.store.Facts(context.Background(), team, ben)
		w.must(err)
		if at := f.Actor.CheckedAt; at.After(w.store.Now().Add(-late)) {
			t.Errorf("asked %v ago at least, and said to be confirmed at %v", late, at)
		}
	})
}

func TestStaleFactsAreLookedUpByThemselves(t *testing.T) {
	s := fast
	s.change = func(c *Config) { c.Times.People = time.Second }
	each(t, s, func(w *world, jobs ...*Jobs) {
		w.kept("the first look is over", func() bool { return true })
		w.later(2 * time.Hour)
		w.kept("ben is checked again", func() bool {
			f, err := w.store.Facts(context.Background(), team, ben)
			w.must(err)
			return w.store.Now().Sub(f.Actor.CheckedAt) < time.Hour
		})
	})
}

func TestAPersonSlackCannotTellOfKeepsTheirFacts(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		_, err := w.fake.Break(slackfake.Rule{Method: "users.info", Kind: slackfake.Error500, Times: 1})
		w.must(err)
		err = jobs[0].RefreshPeople(context.Background(), ben, cai)
		if e, ok := errors.AsType[*slackapi.Error](err); !ok || e.Kind != slackapi.MayHaveHappened {
			t.Errorf("got %v, want the failure of one", err)
		}
		d, err := w.store.Directory(context.Background(), team)
		w.must(err)
		if d.People[ben].Deleted || d.People[cai].Deleted {
			t.Errorf("somebody was lost: %+v", d.People)
		}
	})
}

// TestWhatIsDueComesWhileNoLeaderPlansIt: a leader that plans no ticks only
// delays.
func TestWhatIsDueComesWhileNoLeaderPlansIt(t *testing.T) {
	s := fast
	s.change = func(c *Config) { c.Times.Tick, c.Times.Watch = 24*time.Hour, 20*time.Millisecond }
	s.tune = func(j *Jobs) {
		j.tasks = []task{{"count", func(t *ticker, _ context.Context) error { t.Counts.Expired.Add(1); return nil }}}
	}
	each(t, s, func(w *world, jobs ...*Jobs) {
		for began := time.Now(); jobs[0].Counts.Expired.Load() < 5; time.Sleep(10 * time.Millisecond) {
			if time.Since(began) > patience {
				w.Fatalf("%d ticks", jobs[0].Counts.Expired.Load())
			}
		}
	})
}

func TestAPanicOutsideADeliveryIsCountedAndSurvived(t *testing.T) {
	s := fast
	s.tune = func(j *Jobs) { j.pace = nil } // the first thing a tick touches
	each(t, s, func(w *world, jobs ...*Jobs) {
		w.kept("two ticks panicked", func() bool { return jobs[0].Counts.Panics.Load() > 1 })
	})
}

func TestNothingRestsUntilATimeThatAClockShowedByMistake(t *testing.T) {
	var r resting
	now := time.Now()
	ahead := now.Add(time.Hour)
	r.again("remind", ahead, quick)
	if !r.rests("remind", ahead) {
		t.Error("it is tried again at once")
	}
	if r.rests("remind", now) {
		t.Error("it rests for an hour since the clock was set back")
	}
}

func TestATaskThatPanicsStopsNoOtherAndIsTriedAgainLaterAndLater(t *testing.T) {
	s := fast
	var planted sync.Map // by Jobs: how often it was run
	s.tune = func(j *Jobs) {
		n := new(atomic.Int64)
		planted.Store(j, n)
		j.tasks = slices.Insert(slices.Clone(tasks), 0, task{"planted", func(*ticker, context.Context) error {
			if n.Add(1) < 4 {
				panic("made by the test")
			}
			return nil
		}})
		j.cfg.Times.Again = 10 * time.Minute // so that it rests for the longest
	}
	each(t, s, func(w *world, jobs ...*Jobs) {
		v, _ := planted.Load(jobs[0])
		n := v.(*atomic.Int64)
		w.kept("it panicked", func() bool { return n.Load() == 1 })
		c := w.raise("Nobody starts this")
		w.later(3 * time.Hour)
		w.kept("the rest goes on", func() bool {
			c, err := w.store.Change(context.Background(), team, c.ID)
			w.must(err)
			return c.State == models.Expired
		})
		runs := n.Load()
		ticks := 0
		w.kept("two more ticks", func() bool { ticks++; return ticks > 2 })
		if n.Load() > runs || runs > 2 {
			t.Errorf("it was run %d times, and %d times while it should rest", runs, n.Load()-runs)
		}
		for range 3 {
			before := n.Load()
			w.later(maxBackoff)
			w.kept("it is tried again", func() bool { return n.Load() > before || n.Load() > 4 })
		}
		if got := jobs[0].Counts.Panics.Load(); got != 3 {
			t.Errorf("%d panics were counted, want 3", got)
		}
	})
}

func TestAStopWaitsForTheCallUnderWay(t *testing.T) {
	s := searchable
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.Slow, MS: 300})
		w.must(err)
		began := make(chan struct{}, 100)
		s := s
		s.wrap = func(next http.RoundTripper) http.RoundTripper {
			return through(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "chat.postMessage") {
					began <- struct{}{}
				}
				return next.RoundTrip(r)
			})
		}
		c := w.raise("Rotate the keys", "pay-api")
		j, err := New(Config{Store: w.store, Slack: w.slack(s), Workspace: team, Owner: "first", Times: quick, HasHistoryScope: func() bool { return true }})
		w.must(err)
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- j.Run(ctx) }()
		<-began
		stop()
		w.must(<-done)
		n, err := w.store.DeliveryCounts(context.Background())
		w.must(err)
		if n[store.DeliverySending]+n[store.DeliveryUncertain] != 0 || n[store.DeliverySent] == 0 {
			t.Errorf("a stop left %v", n)
		}
		w.fake.Mend("")
		w.start("second", s) // finds the lanes free
		w.quiet()
		w.exactlyOnce()
		if len(w.cards(changesRoom, c.ID)) != 1 {
			t.Errorf("no card\n%s", w.state())
		}
	})
}

// through is a RoundTripper made of a func.
type through func(*http.Request) (*http.Response, error)

func (f through) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestConfigurationThatCannotWorkIsRefused(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("a config without anything was accepted")
	}
	c := Config{Store: &store.Store{}, Slack: &slackapi.Client{}, Workspace: team, Owner: "x", Times: Times{Lease: 10 * time.Second}}
	if _, err := New(c); err == nil || !strings.Contains(err.Error(), "lease") {
		t.Errorf("a lease shorter than the work gave %v", err)
	}
}
