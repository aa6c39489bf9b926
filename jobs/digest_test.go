package jobs

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// digestAt subscribes a channel to a digest by a cron line.
func (w *world) digestAt(target, cron, zone string) {
	w.Helper()
	w.must(w.store.SetSchedule(context.Background(), w.by(cmp.Or(models.Schedule{Target: target}.Person(), dee)), func(f models.Facts) (models.Schedule, []models.Event, error) {
		return models.SetDigest(target, models.DigestInput{Cron: cron, Zone: zone}, store.NextTime, f)
	}))
}

// goTo moves the clock on to a moment.
func (w *world) goTo(t time.Time) {
	w.Helper()
	w.later(max(0, t.Sub(w.store.Now())))
}

// morning is 09:00 some days on, in Berlin.
func (w *world) morning(days int) time.Time {
	berlin, err := time.LoadLocation("Europe/Berlin")
	w.must(err)
	now := w.store.Now().In(berlin)
	return time.Date(now.Year(), now.Month(), now.Day()+days, 9, 0, 0, 0, berlin)
}

// digests are the live digests of a room, those that are over last.
func (w *world) digests(room string) (live, over []slackfake.Message) {
	for _, m := range w.fake.Messages(room) {
		p, _ := m.Metadata["event_payload"].(map[string]any)
		switch {
		case p["record"] != "digest":
		case strings.Contains(m.Text, "is over"):
			over = append(over, m)
		default:
			live = append(live, m)
		}
	}
	return live, over
}

// rounds counts the rounds that were begun.
func (w *world) rounds() int {
	w.Helper()
	return len(w.roundsKept())
}

// begun counts the rounds that the running replicas have begun.
func (w *world) begun() (n int64) {
	for _, j := range w.jobs {
		n += j.Counts.Rounds.Load()
	}
	return n
}

// roundsKept are the deliveries of rounds. Numbers have small gaps.
func (w *world) roundsKept() (out []store.Row) {
	w.Helper()
	for id, gap := int64(1), 0; gap < 20; id++ {
		r, err := w.store.Delivery(context.Background(), id)
		if gap++; err == nil {
			gap = 0
		}
		if r.Kind == models.DeliverDigest {
			out = append(out, r)
		}
	}
	return out
}

func TestADigestComesOnceAndYesterdaysShrinks(t *testing.T) {
	s := fast
	s.replica = 3
	each(t, s, func(w *world, jobs ...*Jobs) {
		w.digestAt(payRoom, "0 9 * * *", "Europe/Berlin")
		c := w.raise("Raise the pool", "pay-api") // starts in an hour, so it waits
		w.retimed(c, w.morning(5).Add(time.Hour))
		w.quiet()
		for day := 1; day <= 3; day++ {
			w.goTo(w.morning(1).Add(time.Second))
			w.until("the digest comes", func() bool {
				live, over := w.digests(payRoom)
				return len(live) == 1 && len(over) == day-1
			})
			w.quiet()
		}
		live, _ := w.digests(payRoom)
		if !strings.Contains(live[0].Text, c.ID.String()) {
			w.Errorf("the digest does not name %s: %s", c.ID, live[0].Text)
		}
		w.later(time.Hour)
		w.quiet()
		if live, over := w.digests(payRoom); len(live) != 1 || len(over) != 2 {
			w.Errorf("%d digests and %d that are over, want 1 and 2", len(live), len(over))
		}
	})
}

// retimed moves the window of a change.
func (w *world) retimed(c *models.Change, start time.Time) {
	w.Helper()
	w.do(ana, c.ID, func(c *models.Change, f models.Facts) error {
		in := models.InputOf(c)
		in.Start, in.End = start.UTC().Truncate(time.Minute), start.UTC().Truncate(time.Minute).Add(time.Hour)
		return c.Edit(in, f)
	})
}

func TestNothingDueNothingPosted(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		w.digestAt(payRoom, "0 9 * * *", "Europe/Berlin")
		w.digestAt(string(ana), "0 9 * * *", "Europe/Berlin")
		days := proof.N(7, 30)
		for range days {
			before := w.begun()
			w.goTo(w.morning(1).Add(time.Second))
			w.kept("both rounds are had", func() bool { return w.begun() == before+2 })
			w.quiet()
		}
		if n := w.rounds(); n != 2*days {
			w.Errorf("%d rounds in %d days for two, want %d", n, days, 2*days)
		}
		posts := len(w.calls.of("chat.postMessage", ""))
		proof.Record(w, proof.Row{What: "Digests posted on days with nothing due", Where: engineOf(w), Tried: days, Bad: posts})
		if posts != 0 {
			w.Errorf("%d posts in %d days with nothing due", posts, days)
		}
	})
}

func engineOf(w *world) string {
	if strings.HasSuffix(w.Name(), "/postgres") {
		return "PostgreSQL"
	}
	return "SQLite"
}

func TestADigestThatMayHaveArrivedIsNotSentTwice(t *testing.T) {
	n := proof.N(3, 500)
	for name, scopes := range map[string][]string{"blind": nil, "with history": {"channels:history"}} {
		t.Run(name, func(t *testing.T) {
			s := fast
			s.scopes = scopes
			each(t, s, func(w *world, jobs ...*Jobs) {
				w.digestAt(payRoom, "0 * * * *", "Europe/Berlin")
				c := w.raise("Raise the pool", "pay-api")
				w.retimed(c, w.store.Now().Add(time.Duration(n+40)*time.Hour))
				w.quiet()
				for i := range n {
					before := w.begun()
					_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.DropReply, Times: 1})
					w.must(err)
					w.goTo(w.store.Now().Truncate(time.Hour).Add(time.Hour + time.Second))
					w.kept("the round is had", func() bool { // also where its commit was not answered in time, so that nobody counted it
						live, over := w.digests(payRoom)
						return w.begun() > before || len(live)+len(over) > i
					})
					w.quiet()
					if live, over := w.digests(payRoom); len(live)+len(over) != i+1 {
						w.Fatalf("%d digests after %d rounds", len(live)+len(over), i+1)
					}
				}
				parked, err := w.store.Parked(context.Background(), team)
				w.must(err)
				if want := map[bool]int{true: 1}[scopes == nil]; len(parked) != want {
					w.Errorf("%d digests are listed as unsure, want %d", len(parked), want)
				}
				proof.Record(w, proof.Row{What: "Digests sent twice when the reply was dropped, " + name, Where: engineOf(w), Tried: n})
			})
		})
	}
}

// clockChanges are the days round each clock change of a zone, as UTC dates.
var clockChanges = map[string][]time.Time{
	"Europe/Berlin":       {day(2027, 3, 26), day(2027, 10, 29)},
	"America/New_York":    {day(2027, 3, 12), day(2027, 11, 5)},
	"Australia/Lord_Howe": {day(2027, 4, 2), day(2027, 10, 1)},
}

// nearAChange reports whether the moment is in one of the days that are judged.
func nearAChange(at time.Time) bool {
	for _, around := range clockChanges {
		for _, first := range around {
			if !at.Before(first.AddDate(0, 0, -1)) && at.Before(first.AddDate(0, 0, 6)) {
				return true
			}
		}
	}
	return false
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func TestOneDigestALocalDayOverClockChanges(t *testing.T) {
	channels := proof.N(2, 20)
	s := fast
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		ctx := context.Background()
		tickers := w.idleReplicas(s, 2)
		began, ended := day(2027, 3, 10), day(2027, 4, 8)
		autumn := [2]time.Time{day(2027, 9, 29), day(2027, 11, 10)}
		w.goTo(began)
		had := map[string]int{} // by channel and local day
		for zone := range clockChanges {
			for i := range channels {
				target := fmt.Sprintf("C%s%02d", strings.ToUpper(zone[len(zone)-4:]), i)
				w.digestAt(target, "30 2 * * *", zone) // skipped by one change, repeated by the other
			}
		}
		tried, bad := 0, 0
		for _, span := range [][2]time.Time{{began, ended}, autumn} {
			w.goTo(span[0])
			w.tick(ctx, tickers) // drops what is stale by now
			for at := span[0]; at.Before(span[1]); at = at.Add(time.Hour) {
				if !proof.Full() && !nearAChange(at) && at.Hour() > 0 { // the other days are like each other
					continue
				}
				w.goTo(at)
				w.tick(ctx, tickers)
			}
		}
		for _, r := range w.roundsKept() {
			_, date, _ := strings.Cut(strings.TrimPrefix(r.Key, "digest/"), "/")
			had[string(r.Channel)+" "+date[:10]]++
		}
		for zone, around := range clockChanges {
			for i := range channels {
				target := fmt.Sprintf("C%s%02d", strings.ToUpper(zone[len(zone)-4:]), i)
				for _, first := range around {
					for d := range 5 {
						on := first.AddDate(0, 0, d)
						tried++
						if got := had[target+" "+on.Format(time.DateOnly)]; got != 1 {
							bad++
							w.Errorf("%s in %s on %s: %d digests, want 1", target, zone, on.Format("Mon 2 Jan"), got)
						}
					}
				}
			}
		}
		proof.Record(w, proof.Row{What: "Digests missed or doubled on the days round clock changes, three zones", Where: engineOf(w), Tried: tried, Bad: bad})
	})
}

// idleReplicas are tickers of several replicas that only tick when told.
func (w *world) idleReplicas(s setting, n int) []*ticker {
	w.Helper()
	var out []*ticker
	for i := range n {
		c := Config{Store: w.store, Slack: w.slack(s), Workspace: team, Owner: fmt.Sprint("idle", i), Times: quick}
		if i > 0 && engineOf(w) == "PostgreSQL" {
			c.Store = w.open()
		}
		j, err := New(c)
		w.must(err)
		out = append(out, &ticker{Jobs: j})
	}
	return out
}

// tick has all replicas tick at once.
func (w *world) tick(ctx context.Context, all []*ticker) {
	w.Helper()
	var wg sync.WaitGroup
	for _, t := range all {
		w.must(t.cfg.Store.Jump(ctx, 0)) // sees where the clock is
		wg.Go(func() {
			if err := t.rounds(ctx); err != nil {
				w.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestAfterDowntimeOneDigestAtMostCatchesUp(t *testing.T) {
	s := fast
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		ctx := context.Background()
		all := w.idleReplicas(s, 2)
		w.digestAt(payRoom, "0 9 * * *", "Europe/Berlin")
		for _, step := range []struct {
			what string
			to   time.Duration // since 09:00 of the day
			days int
			want int // rounds in all
		}{
			{"on time", time.Minute, 1, 1}, {"48 hours later, merged into one", time.Hour, 2, 2}, {"down until the evening of the third day: stale", 14 * time.Hour, 3, 2},
			{"the next morning", time.Minute, 1, 3}, {"a day ahead", time.Hour, 2, 4}, {"the day after", time.Minute, 1, 5},
		} {
			w.goTo(w.morning(step.days).Add(step.to))
			w.tick(ctx, all)
			w.tick(ctx, all)
			if n := w.rounds(); n != step.want {
				w.Fatalf("%s: %d rounds, want %d", step.what, n, step.want)
			}
		}
	})
}

func TestADigestForAnArchivedChannelIsListedAndComesAgainOnceItIsBack(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		w.digestAt(payRoom, "0 9 * * *", "Europe/Berlin")
		w.digestAt(changesRoom, "0 9 * * *", "Europe/Berlin")
		c := w.raise("Raise the pool", "pay-api")
		w.retimed(c, w.morning(5).Add(time.Hour))
		w.quiet()
		w.must(w.fake.Archive("payments", true))
		w.goTo(w.morning(1).Add(time.Second))
		w.until("the other channel has its digest", func() bool { live, _ := w.digests(changesRoom); return len(live) == 1 })
		w.kept("an admin sees why one is missing", func() bool {
			parked, err := w.store.Parked(context.Background(), team)
			w.must(err)
			for _, p := range parked {
				if p.Kind == models.DeliverDigest && strings.Contains(p.LastError, "archived") {
					return true
				}
			}
			return false
		})
		w.must(w.fake.Archive("payments", false))
		w.goTo(w.morning(1).Add(time.Second))
		w.until("the next one comes", func() bool { live, _ := w.digests(payRoom); return len(live) == 1 })
		w.quiet()
		if live, over := w.digests(payRoom); len(live) != 1 || len(over) != 0 {
			w.Errorf("%d digests and %d that are over: the missed one was not to be made up for", len(live), len(over))
		}
	})
}

func TestADigestThatCanNotShrinkIsNobodysConcern(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		w.digestAt(payRoom, "0 9 * * *", "Europe/Berlin")
		c := w.raise("Raise the pool", "pay-api")
		w.retimed(c, w.morning(5).Add(time.Hour))
		w.goTo(w.morning(1).Add(time.Second))
		w.until("the digest is there", func() bool { live, _ := w.digests(payRoom); return len(live) == 1 })
		w.quiet()
		w.must(w.fake.Archive("payments", true))
		dropped, err := w.store.DropSchedule(context.Background(), w.by(dee), models.ScheduleDigest, payRoom, models.Event{Kind: models.EventDigestDropped, Actor: dee})
		if w.must(err); !dropped {
			w.Fatal("there was no digest")
		}
		w.quiet()
		if n := len(w.calls.of("chat.update", "is_archived")); n != 1 {
			w.Errorf("%d edits were refused, want that of the digest", n)
		}
		if parked, err := w.store.Parked(context.Background(), team); err != nil || len(parked) != 0 {
			w.Errorf("parked: %+v, %v", parked, err)
		}
	})
}

func TestADigestWhoseTimeIsPlannedOnceMoreIsPostedOnce(t *testing.T) {
	s := fast
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		ctx := context.Background()
		w.digestAt(payRoom, "0 9 * * *", "Europe/Berlin")
		c := w.raise("Raise the pool", "pay-api")
		w.retimed(c, w.morning(5).Add(time.Hour))
		w.goTo(w.morning(1).Add(time.Second))
		sch, err := w.store.Schedule(ctx, team, models.ScheduleDigest, payRoom)
		w.must(err)
		slot := sch.NextAt
		// One replica has the round; another, whose clock is behind, takes that for a clock that was set back.
		_, err = w.store.Fire(ctx, sch, slot.AddDate(0, 0, 1), roundOf(sch, slot, models.Facts{Now: w.store.Now()}))
		w.must(err)
		sch, err = w.store.Schedule(ctx, team, models.ScheduleDigest, payRoom)
		w.must(err)
		_, err = w.store.Fire(ctx, sch, slot, nil)
		w.must(err)
		rows, err := w.store.Stuck(ctx, team, w.store.Now().Add(time.Second), 100)
		w.must(err)
		for _, row := range rows { // it is drawn before the next tick
			if row.Kind == models.DeliverDigest {
				a := &attempt{deliverer: &deliverer{Jobs: &Jobs{cfg: Config{Store: w.store, Workspace: team}}}, row: row}
				if d, err := a.drawDigest(ctx); err != nil || d.not != nil {
					w.Errorf("it is given up before it was posted: %v", err)
				}
			}
		}
		w.start("r0", s)
		w.until("it is posted", func() bool { live, _ := w.digests(payRoom); return len(live) == 1 })
		w.quiet()
		if live, over := w.digests(payRoom); len(live) != 1 || len(over) != 0 {
			w.Errorf("%d digests, %d over", len(live), len(over))
		}
	})
}

func TestADigestThatIsOnItsWayWhenItEndsShrinks(t *testing.T) {
	for what, ends := range map[string]func(w *world, sch models.Schedule) error{
		"the next one begins": func(w *world, sch models.Schedule) error {
			_, err := w.store.Fire(context.Background(), sch, sch.NextAt.AddDate(0, 0, 1), roundOf(sch, sch.NextAt, models.Facts{Now: w.store.Now()}))
			return err
		},
		"it is turned off": func(w *world, sch models.Schedule) error {
			_, err := w.store.DropSchedule(context.Background(), w.by(dee), sch.Kind, sch.Target, models.Event{Kind: models.EventDigestDropped, Actor: dee})
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := fast
			s.idle = true
			each(t, s, func(w *world, _ ...*Jobs) {
				s := s
				var once sync.Once
				s.wrap = func(next http.RoundTripper) http.RoundTripper {
					return through(func(r *http.Request) (*http.Response, error) {
						res, err := next.RoundTrip(r)
						if live, _ := w.digests(payRoom); len(live) == 1 {
							once.Do(func() {
								sch, err := w.store.Schedule(context.Background(), team, models.ScheduleDigest, payRoom)
								w.must(err)
								w.must(ends(w, sch))
							})
						}
						return res, err
					})
				}
				w.digestAt(payRoom, "0 9 * * *", "Europe/Berlin")
				c := w.raise("Raise the pool", "pay-api")
				w.retimed(c, w.morning(5).Add(time.Hour))
				w.start("r0", s)
				w.quiet()
				w.goTo(w.morning(1).Add(time.Second))
				w.until("it is over", func() bool { _, over := w.digests(payRoom); return len(over) == 1 })
			})
		})
	}
}
