package jobs

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
)

// caughtUp counts what went wrong: the person is told of each change exactly
// once, all in one message.
func (w *world) caughtUp(u models.UserID, all []*models.Change) (bad int) {
	w.Helper()
	got := w.reminded(u)
	if len(got) != 1 {
		w.Errorf("%s got %d messages: %v", u, len(got), got)
		return max(1, len(got)-1)
	}
	for _, c := range all {
		if n := strings.Count(got[0], "⏰ "+c.ID.String()); n != 1 {
			bad++
			w.Errorf("%s hears %d times of %s: %s", u, n, c.ID, got[0])
		}
	}
	return bad
}

// Slack is away for eight hours by day, while one thing after the other falls
// due for one person, each at three stages.
func TestAfterAnOutageWhoeverMissedSeveralRemindersGetsOneMessage(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		var all []*models.Change
		for i := range 5 { // a message spells out seven
			c := w.raise(fmt.Sprintf("Change %d", i))
			w.retimed(c, w.store.Now().Add(time.Duration(70+5*i)*time.Minute))
			w.approve(ben, c.ID)
			all = append(all, w.do(dee, c.ID, func(c *models.Change, f models.Facts) error { return c.Approve(c.Revision, f) }))
		}
		w.quiet()
		for _, c := range all {
			w.goTo(c.Window.Start)
			w.confirm()
			w.do(ana, c.ID, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
		}
		w.quiet()
		if n := len(w.reminded(ana)); n > 0 {
			t.Fatalf("ana has %d messages before anything is due", n)
		}
		_, err := w.fake.Break(slackfake.Rule{Method: "*", Kind: slackfake.Error503})
		w.must(err)
		said := func(n int) {
			w.kept(fmt.Sprintf("%d reminders are noted", n), func() bool { return jobs[0].Counts.Reminded.Load() >= int64(n) })
		}
		for i := range all {
			w.goTo(all[i].Window.End)
			said(i + 1)
		}
		last := all[len(all)-1].Window.End
		for stage := 2; stage <= 3; stage++ {
			w.goTo(last.Add(map[int]time.Duration{2: time.Hour, 3: 3 * time.Hour}[stage]))
			said(stage * len(all))
		}
		w.goTo(last.Add(7 * time.Hour))
		w.fake.Mend("")
		w.later(maxBackoff)
		w.until("ana is reminded", func() bool { return len(w.reminded(ana)) > 0 })
		w.quiet()
		proof.Record(w, proof.Row{What: "reminders that fell due in 8 h without Slack: messages beyond one a person, and changes named twice or not at all", Where: engineOf(w),
			Tried: len(all), Bad: w.caughtUp(ana, all), Note: fmt.Sprintf("%d reminders noted meanwhile.", jobs[0].Counts.Reminded.Load())})
	})
}

// Slack goes away in the afternoon and comes back at night.
func TestRemindersThatComeAtNightJoinThoseOfTheMorning(t *testing.T) {
	s := fast
	s.hours = nineToSix()
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		j, stop := w.runOn(w.store, "r0", s)
		w.goTo(w.morning(1).Add(4 * time.Hour)) // 13:00
		w.confirm()
		now := w.store.Now()
		var all []*models.Change
		for i := range 3 { // half of the time is left from 17:00 on the next day, a quarter in the night after it
			c := w.raise(fmt.Sprintf("Change %d", i))
			w.retimed(c, now.Add(56*time.Hour+time.Duration(i)*40*time.Minute))
			c, err := w.store.Change(context.Background(), team, c.ID)
			w.must(err)
			all = append(all, c)
		}
		w.quiet()
		w.goTo(w.morning(1).Add(7 * time.Hour)) // 16:00
		_, err := w.fake.Break(slackfake.Rule{Method: "*", Kind: slackfake.Error503})
		w.must(err)
		said := 0
		for _, c := range all {
			w.goTo(c.Asked[0].At.Add(c.Window.Start.Sub(c.Asked[0].At) / 2))
			said += len(c.Asked)
			w.kept("those who were asked are reminded", func() bool { return j.Counts.Reminded.Load() >= int64(said) })
		}
		stop()                                   // what is under way by day ends by day
		w.goTo(w.morning(1).Add(-8 * time.Hour)) // 01:00
		w.fake.Mend("")
		w.later(maxBackoff)
		w.jobs = nil
		j = w.start("r0", s)
		w.kept("they are held for the morning", func() bool { return w.held(dee) == 1 })
		if n := len(w.reminded(dee)); n > 0 {
			t.Errorf("dee got %d messages at night", n)
		}
		w.goTo(w.morning(0))
		w.until("dee is reminded", func() bool { return len(w.reminded(dee)) > 0 })
		w.kept("the quarter is said, too", func() bool { return j.Counts.Reminded.Load() >= int64(said) })
		w.later(time.Minute)
		w.quiet()
		proof.Record(w, proof.Row{What: "reminders that an outage kept until night: sent at night, beyond one message the next morning, and changes named twice or not at all", Where: engineOf(w),
			Tried: len(all), Bad: w.caughtUp(dee, all)})
	})
}

// held counts the messages of reminders to somebody that wait for their hours.
func (w *world) held(u models.UserID) (n int) {
	for id := int64(1); id < 200; id++ {
		r, err := w.store.Delivery(context.Background(), id)
		if err == nil && r.Kind == models.DeliverRemind && r.UserID == u && r.Open() && r.NotBefore != nil && r.NotBefore.After(w.store.Now()) {
			n++
		}
	}
	return n
}
