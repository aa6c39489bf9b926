package jobs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// Slack is away for eight hours, over two times of a digest, while people go on
// working in Gatehouse.
func TestAfterAnOutageEachCardIsEditedOnceAndOneDigestComes(t *testing.T) {
	const hours = 8
	s := searchable
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		stop := w.run(s)
		rooms := []string{changesRoom, payRoom}
		w.goTo(w.morning(1).Add(-4 * time.Hour))
		start := w.morning(3)
		var ids []models.ChangeID
		for i := range proof.N(6, 300) {
			c := w.raise(fmt.Sprintf("Change %d", i), "pay-api")
			w.retimed(c, start.Add(time.Duration(i%20)*time.Hour))
			ids = append(ids, c.ID)
		}
		for _, room := range rooms {
			w.digestAt(room, "0 9,11 * * *", "Europe/Berlin")
		}
		w.quiet()
		_, err := w.fake.Break(slackfake.Rule{Method: "*", Kind: slackfake.Error503})
		w.must(err)
		updates, random := proof.N(60, 5000), rand.New(rand.NewPCG(1, 8))
		for i := range updates {
			if i%(updates/(hours*2)) == 0 {
				w.later(30 * time.Minute)
			}
			w.retitle(ids[random.IntN(len(ids))], fmt.Sprintf("Update %d", i))
		}
		for _, room := range rooms {
			w.kept("the digest's times are had", func() bool {
				on, err := w.store.Schedule(context.Background(), team, models.ScheduleDigest, room)
				w.must(err)
				return on.NextAt.After(w.store.Now())
			})
		}
		stop() // what was drawn before the last update is not shown after the outage
		began := len(w.calls.all())
		w.fake.Mend("")
		w.jobs = nil
		w.start("r0", s)
		w.later(maxBackoff)
		w.quiet()
		bad := 0
		for what, n := range w.editsSince(began) {
			if n > 1 {
				bad++
				w.Errorf("%d edits of %s", n, what)
			}
		}
		for _, room := range rooms {
			if live, over := w.digests(room); len(live) != 1 || len(over) > 0 {
				bad++
				w.Errorf("%d digests in %s, and %d that are over", len(live), room, len(over))
			}
			for _, id := range ids {
				c, err := w.store.Change(context.Background(), team, id)
				w.must(err)
				if cards := w.cards(room, id); len(cards) != 1 || !strings.Contains(cards[0].Text, c.Title) {
					bad++
					w.Errorf("%s in %s: %d cards, or not the last state", id, room, len(cards))
				}
			}
		}
		proof.Record(w, proof.Row{What: "updates while Slack was away for 8 h: cards edited twice, stale or lost, digests doubled or lost", Where: engineOf(w),
			Tried: updates, Bad: bad, Seed: "1, 8", Note: fmt.Sprintf("%d changes in 2 channels.", len(ids))})
	})
}

// editsSince counts edits that Slack accepted, by message.
func (w *world) editsSince(began int) map[string]int {
	out := map[string]int{}
	for _, c := range w.calls.all()[began:] {
		if c.Method == "chat.update" && c.Answer == "ok" {
			out[c.Args.Channel+" "+c.Args.Metadata.Payload.DeliveryID]++
		}
	}
	return out
}

// confirm has people's facts be fresh, as they are while Gatehouse runs.
func (w *world) confirm() {
	w.Helper()
	for u, name := range names {
		w.must(w.store.SavePeople(context.Background(), team, models.Person{ID: u, Name: name, Zone: "Europe/Berlin", CheckedAt: w.store.Now()}))
	}
}

// Nothing runs for two days, in which reminders and digests fall due.
func TestAfterTwoDaysDownNobodyIsCaughtUpWithTwice(t *testing.T) {
	each(t, setting{pace: fast.pace, scopes: searchable.scopes, idle: true}, func(w *world, _ ...*Jobs) {
		rooms := []string{changesRoom, payRoom}
		w.goTo(w.morning(1).Add(time.Minute))
		w.confirm()
		for _, room := range rooms {
			w.digestAt(room, "0 9 * * *", "Europe/Berlin")
		}
		open := w.raise("Waits for its approvals all the while", "pay-api")
		w.retimed(open, w.store.Now().AddDate(0, 0, 30))
		n := proof.N(3, 60)
		var all []*models.Change
		for i := range n {
			c := w.raise(fmt.Sprintf("Change %d", i), "pay-api")
			w.approve(ben, c.ID)
			w.approve(dee, c.ID)
			all = append(all, c)
		}
		w.later(time.Hour + 5*time.Minute)
		w.confirm()
		for _, c := range all {
			w.do(ana, c.ID, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
		}
		stop := w.run(searchable)
		w.quiet()
		stop()
		w.later(48 * time.Hour)
		w.jobs = nil
		j := w.start("r0", searchable)
		w.until("both rooms and ana hear", func() bool {
			first, _ := w.digests(changesRoom)
			second, _ := w.digests(payRoom)
			return len(first) > 0 && len(second) > 0 && len(w.reminded(ana)) > 0
		})
		ticks := 0
		w.kept("a few ticks more", func() bool { ticks++; return ticks > 10 })
		w.quiet()
		bad := 0
		for _, room := range rooms {
			if live, over := w.digests(room); len(live)+len(over) != 1 {
				bad++
				w.Errorf("%d digests in %s", len(live)+len(over), room)
			}
		}
		for u := range names {
			if got := w.reminded(u); len(got) > 1 {
				bad++
				w.Errorf("%s got %d messages", u, len(got))
			}
		}
		proof.Record(w, proof.Row{What: "what fell due in 48 h of downtime: persons and channels that heard of it more than once, or not at all", Where: engineOf(w),
			Tried: n + 2*len(rooms), Bad: bad, Note: fmt.Sprintf("%d running changes over their windows, %d missed digests; %d reminders said in one message a person.", n, 2*len(rooms), j.Counts.Reminded.Load())})
	})
}

// Connections that are cut between a process's start and that of its jobs end
// neither: the first call over a dead one fails, the next has a new one.
func TestJobsBeginAlthoughTheirConnectionsWereCut(t *testing.T) {
	t.Parallel()
	var url string
	opener := storetest.Opener(t, store.Postgres)
	open := func(opts ...func(*store.Options)) *store.Store {
		return opener(append(opts, func(o *store.Options) { url = o.URL })...)
	}
	w := newWorld(t, open, fast)
	c := w.raise("Rotate the keys")
	db, err := pgx.Connect(context.Background(), url)
	w.must(err)
	_, err = db.Exec(context.Background(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	w.must(err)
	w.must(db.Close(context.Background()))
	cut := w.store
	w.store = w.open() // to look on by
	_, stop := w.runOn(cut, "r0", fast)
	t.Cleanup(stop)
	w.quiet()
	if len(w.cards(changesRoom, c.ID)) != 1 {
		t.Error(w.state())
	}
}
