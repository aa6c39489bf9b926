package jobs

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// Slack is away for eight hours from before the end of most people's day; what
// they were to hear must not come in the middle of their night.
func TestWhatAnOutageDelaysWaitsForTheReadersHours(t *testing.T) {
	s := fast
	s.hours, s.idle = nineToSix(), true
	where := map[models.UserID]string{ana: "Europe/Berlin", ben: "Europe/London", cai: "Africa/Cairo", dee: "Europe/Athens"}
	each(t, s, func(w *world, _ ...*Jobs) {
		ctx := context.Background()
		people := func() {
			for u, zone := range where {
				w.must(w.store.SavePeople(ctx, team, models.Person{ID: u, Name: names[u], Zone: zone, CheckedAt: w.store.Now()}))
			}
		}
		people()
		w.goTo(w.morning(1).Add(4 * time.Hour)) // early afternoon for all of them
		people()
		_, err := w.fake.Break(slackfake.Rule{Method: "*", Kind: slackfake.Error503})
		w.must(err)
		for i := range 3 {
			c := w.raise(fmt.Sprintf("Change %d", i), "pay-api")
			w.retimed(c, w.store.Now().Add(96*time.Hour))
		}
		stop := w.run(s)
		w.kept("all have met the outage", func() bool {
			for id := int64(1); id < 100; id++ {
				if r, err := w.store.Delivery(ctx, id); err == nil && r.Open() && r.UserID != "" && r.LastError == "" {
					return false
				}
			}
			return true
		})
		stop() // what is under way by day ends by day
		w.later(8 * time.Hour)
		w.fake.Mend("")
		held := func() (rows []store.Row) {
			for id := int64(1); id < 100; id++ {
				r, err := w.store.Delivery(ctx, id)
				if err == nil && r.UserID != "" && r.Kind == models.DeliverAsk && r.Open() && r.NotBefore != nil && r.NotBefore.After(w.store.Now()) {
					rows = append(rows, r)
				}
			}
			return rows
		}
		w.later(maxBackoff)
		defer w.run(s)()
		w.until("the cards are there", func() bool { return len(w.cards(changesRoom, 1)) == 1 })
		asked := 0
		w.kept("every request is held", func() bool { asked = len(held()); return asked >= 3 })
		for u := range where {
			if n := len(w.fake.DM(string(u))); n > 0 {
				t.Errorf("%s got %d messages at night", u, n)
			}
		}
		w.later(13 * time.Hour) // morning, and in everybody's hours
		w.quiet()
		outside, tried := 0, 0
		for id := int64(1); id < 100; id++ {
			r, err := w.store.Delivery(ctx, id)
			if err != nil || r.UserID == "" || r.SentAt == nil || !slices.Contains([]models.DeliveryKind{models.DeliverAsk, models.DeliverNote, models.DeliverRemind}, r.Kind) {
				continue
			}
			tried++
			zone, err := time.LoadLocation(where[r.UserID])
			w.must(err)
			if h := r.SentAt.In(zone).Hour(); h < 9 || h >= 18 {
				outside++
				t.Errorf("a %s came to %s at %s", r.Kind, r.UserID, r.SentAt.In(zone))
			}
		}
		if tried < 3 {
			t.Errorf("%d messages show little", tried)
		}
		proof.Record(w, proof.Row{What: "first messages to people in four zones that an outage of 8 h delayed: sent outside the reader's hours", Where: engineOf(w), Tried: tried, Bad: outside})
	})
}

func TestLateRemindersAndReleaseMessagesWaitForMorningAndStaleOnesAreDroppedWithAReason(t *testing.T) {
	s := fast
	s.hours, s.idle = nineToSix(), true
	each(t, s, func(w *world, _ ...*Jobs) {
		w.goTo(w.morning(1).Add(5 * time.Hour)) // 14:00
		w.confirm()
		r := w.plan("Market expansion")
		decided, open := w.raise("Decided meanwhile"), w.raise("Still open")
		for _, c := range []*models.Change{decided, open} { // half of the time is left at 16:00
			w.retimed(c, w.store.Now().Add(52*time.Hour))
		}
		asked, err := w.store.Change(context.Background(), team, open.ID)
		w.must(err)
		peer := asked.Asked[slices.IndexFunc(asked.Asked, func(a models.Ask) bool { return a.User != dee })].User
		var log bytes.Buffer
		s := s
		s.change = func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) }
		stop := w.run(s)
		w.quiet()
		w.goTo(w.morning(1).Add(6 * time.Hour)) // 15:00
		w.confirm()
		before := map[models.UserID]int{}
		for u := range names {
			before[u] = len(w.fake.DM(string(u)))
		}
		_, err = w.fake.Break(slackfake.Rule{Method: "*", Kind: slackfake.Error503})
		w.must(err)
		assign := func(no int, u models.UserID) {
			w.onRelease(ana, r.ID, func(r *models.Release, f models.ReleaseFacts) error { return r.Assign(no, u, f) })
		}
		assign(5, cai)
		assign(6, ben)
		w.goTo(w.morning(0).Add(7*time.Hour + time.Minute)) // 16:01
		w.confirm()
		w.kept("the reminders are noted", func() bool { return w.waiting(dee, models.DeliverRemind) == 1 })
		assign(6, cai)
		w.approve(ben, decided.ID)
		w.approve(dee, decided.ID)
		w.approve(dee, open.ID)
		stop()                                   // what is under way by day ends by day
		w.goTo(w.morning(1).Add(-8 * time.Hour)) // 01:00
		w.fake.Mend("")
		w.later(maxBackoff)
		stop = w.run(s)
		w.kept("what is left is held", func() bool {
			return w.held(peer) == 1 && w.waiting(cai, models.DeliverAsk) == 1 &&
				w.waiting(ben, models.DeliverAsk) == 0 && w.waiting(dee, models.DeliverRemind) == 0
		})
		for u := range names {
			if n := len(w.fake.DM(string(u))) - before[u]; n > 0 {
				t.Errorf("%s got %d messages at night", u, n)
			}
		}
		w.goTo(w.morning(0))
		w.until("they hear", func() bool { return len(w.reminded(peer)) == 1 && len(w.fake.DM(string(cai))) > before[cai] })
		w.quiet()
		stop()
		if n := len(w.reminded(dee)); n != 0 {
			t.Errorf("dee, who did all of it, is reminded %d times", n)
		}
		if got := w.reminded(peer)[0]; !strings.Contains(got, open.ID.String()) || strings.Contains(got, decided.ID.String()) {
			t.Errorf("%s is reminded of %s", peer, got)
		}
		for _, words := range []string{"came late and waits for its reader's hours", "kind=ask", "kind=remind", `reason="there is nothing left to do"`, `reason="all of it was done meanwhile"`} {
			if !strings.Contains(log.String(), words) {
				t.Errorf("the log does not say %s:\n%s", words, log.String())
			}
		}
	})
}

// waiting counts somebody's messages of a kind that are still to be sent.
func (w *world) waiting(u models.UserID, kind models.DeliveryKind) (n int) {
	for id := int64(1); id < 200; id++ {
		if r, err := w.store.Delivery(context.Background(), id); err == nil && r.Kind == kind && r.UserID == u && r.Open() {
			n++
		}
	}
	return n
}

// TestWhatIsNoLongerSoIsNotTold: a note that could not be sent at once says
// nothing that was settled meanwhile.
func TestWhatIsNoLongerSoIsNotTold(t *testing.T) {
	s := fast
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		c := w.raise("Rotate the keys")
		w.do(ben, c.ID, func(c *models.Change, f models.Facts) error {
			return c.AskForChanges("Smaller steps.", c.Revision, f)
		})
		w.do(ana, c.ID, func(c *models.Change, f models.Facts) error {
			in := models.InputOf(c)
			in.Plan = "One node after the other."
			return c.Edit(in, f)
		})
		w.approve(ben, c.ID)
		w.approve(dee, c.ID)
		w.start("r0", s)
		told := func(words string) bool {
			return slices.ContainsFunc(w.fake.DM(string(ana)), func(m slackfake.Message) bool { return strings.Contains(m.Text, words) })
		}
		w.until("ana hears that it is approved", func() bool { return told("Approved by") })
		w.quiet()
		if told("Changes requested") {
			t.Error("ana is told to edit what she has resubmitted")
		}
	})
}
