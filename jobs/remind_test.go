package jobs

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// reminded counts the messages of reminders to one person that stand in Slack.
func (w *world) reminded(u models.UserID) (out []string) {
	for _, m := range w.fake.DM(string(u)) {
		if p, _ := m.Metadata["event_payload"].(map[string]any); p["record"] == "reminders" {
			out = append(out, m.Text)
		}
	}
	return out
}

func TestReplicasRemindOnceAndBundleWhatFallsDueTogether(t *testing.T) {
	s := fast
	s.replica = 2
	each(t, s, func(w *world, jobs ...*Jobs) {
		first, second := w.raise("Rotate the keys"), w.raise("Rotate the certificates")
		w.quiet()
		w.later(31 * time.Minute) // half of the hour that is left to the windows
		w.until("dee is reminded", func() bool { return len(w.reminded(dee)) == 1 })
		w.kept("both are said", func() bool { return jobs[0].Counts.Reminded.Load()+jobs[1].Counts.Reminded.Load() >= 4 })
		w.quiet()
		w.approve(dee, first.ID)
		w.quiet()
		for _, u := range []models.UserID{ana, ben, cai, dee} {
			if n := len(w.reminded(u)); n > 1 || n == 1 && u == ana {
				t.Errorf("%s got %d messages: %v", u, n, w.reminded(u))
			}
		}
		w.until("what was done is left out", func() bool {
			got := w.reminded(dee)
			return len(got) == 1 && strings.Contains(got[0], second.ID.String()) && !strings.Contains(got[0], first.ID.String())
		})
	})
}

func TestAfterADowntimeEachPersonGetsOneMessage(t *testing.T) {
	s := fast
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		var all []*models.Change
		for _, title := range []string{"Rotate the keys", "Rotate the certificates", "Rotate the logs"} {
			c := w.raise(title)
			w.approve(ben, c.ID)
			w.approve(dee, c.ID)
			all = append(all, c)
		}
		w.later(time.Hour + 5*time.Minute)
		w.must(w.store.SavePeople(context.Background(), team, models.Person{ID: ana, Name: "ana", Zone: "Europe/Berlin", CheckedAt: w.store.Now()}))
		for _, c := range all {
			w.do(ana, c.ID, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
		}
		w.later(48 * time.Hour) // nothing runs meanwhile
		w.start("r0", s)
		w.until("ana is reminded of all three", func() bool { return len(w.reminded(ana)) > 0 })
		w.quiet()
		got := w.reminded(ana)
		if len(got) != 1 || strings.Count(got[0], "no outcome is recorded") != 3 {
			t.Errorf("ana got %d messages: %v", len(got), got)
		}
	})
}

func TestWhatSomebodyPutsOffComesAgainInANewMessageAndForNobodyElse(t *testing.T) {
	s := fast
	s.replica = 2
	each(t, s, func(w *world, jobs ...*Jobs) {
		ctx := context.Background()
		c := w.raise("Rotate the keys") // starts in an hour
		w.retimed(c, w.store.Now().Add(8*time.Hour))
		w.quiet()
		w.later(4 * time.Hour)
		w.until("dee is reminded", func() bool { return len(w.reminded(dee)) == 1 })
		w.quiet()
		others := len(w.reminded(ben))
		what := models.Reminder{Record: c.Ref(), Kind: models.RemindDecide}
		until, err := w.store.SnoozeReminder(ctx, w.by(dee), what, models.SnoozeHour)
		w.must(err)
		if got := until.Sub(w.store.Now()); got > time.Hour || got < time.Hour-time.Minute {
			t.Errorf("put off for %s", got)
		}
		w.until("the message says so", func() bool { return strings.Contains(w.reminded(dee)[0], "You hear of it again") })
		w.later(59 * time.Minute)
		w.quiet()
		if n := len(w.reminded(dee)); n != 1 {
			t.Errorf("%d messages before it is time", n)
		}
		w.later(2 * time.Minute)
		w.until("it comes again", func() bool { return len(w.reminded(dee)) == 2 })
		w.quiet()
		if got := w.reminded(dee); !strings.Contains(got[0], "waits for you here any more") || !strings.Contains(got[1], c.ID.String()) {
			t.Errorf("the old message and the new one: %v", got)
		}
		if n := len(w.reminded(ben)); n != others {
			t.Errorf("ben has %d messages, and had %d", n, others)
		}
		if _, err := w.store.SnoozeReminder(ctx, w.by(cai), models.Reminder{Record: c.Ref(), Kind: models.RemindReview}, models.SnoozeHour); err == nil {
			t.Error("what was never said was put off")
		}
	})
}

func TestWhatIsSaidAgainStandsInTheNewestMessageOnly(t *testing.T) {
	s := fast
	s.replica = 2
	each(t, s, func(w *world, _ ...*Jobs) {
		c := w.raise("Rotate the keys")
		w.retimed(c, w.store.Now().Add(8*time.Hour))
		w.quiet()
		w.later(4*time.Hour + time.Minute) // half of the time is left
		w.until("dee is reminded", func() bool { return len(w.reminded(dee)) == 1 })
		w.later(2 * time.Hour) // a quarter
		w.until("dee is reminded again", func() bool { return len(w.reminded(dee)) == 2 })
		w.until("the first message says it no longer", func() bool { return !strings.Contains(w.reminded(dee)[0], c.ID.String()) })
		if got := w.reminded(dee); !strings.Contains(got[1], c.ID.String()) {
			t.Errorf("the newest message does not say it: %v", got)
		}
	})
}

func TestItemsOfAReleaseAndTheEndOfAnAbsenceAreSaidThroughTheDatabase(t *testing.T) {
	s := fast
	s.replica = 2
	each(t, s, func(w *world, jobs ...*Jobs) {
		ctx := context.Background()
		r := w.plan("Market expansion")
		w.onRelease(ana, r.ID, func(r *models.Release, f models.ReleaseFacts) error {
			return r.AssignBucket(models.BucketTests, ben, f)
		})
		berlin, err := time.LoadLocation("Europe/Berlin")
		w.must(err)
		last := w.store.Now().In(berlin).AddDate(0, 0, 7).Format(time.DateOnly)
		w.must(w.store.SaveOwn(ctx, w.by(cai), func(f models.Facts) (models.Own, []models.Event, error) {
			return models.SetOwn(models.OwnInput{AwayFrom: w.store.Now().In(berlin).Format(time.DateOnly), AwayEnd: last, Delegate: dee}, f)
		}))
		w.quiet()
		says := func(u models.UserID, words string) bool {
			return strings.Contains(strings.Join(w.reminded(u), "\n"), words)
		}
		w.later(7 * 24 * time.Hour)
		w.until("dee hears that it ends", func() bool { return says(dee, "from then on they decide themselves") })
		w.later(3 * 24 * time.Hour)
		w.until("cai is back", func() bool { return says(cai, "Your absence is over") })
		w.goTo(r.GoLive.AddDate(0, 0, -5)) // by now all of it is overdue
		w.until("ben hears of his items", func() bool { return says(ben, "of the checklist were due") })
		w.later(3 * 24 * time.Hour)
		w.until("ana, who leads the project, stands in", func() bool { return says(ana, "you stand in for them") })
		w.quiet()
		w.onRelease(ana, r.ID, func(r *models.Release, f models.ReleaseFacts) error { return r.Cancel("The market is closed.", f) })
		w.until("ben's messages say that nothing waits", func() bool {
			got := w.reminded(ben)
			return strings.Contains(got[len(got)-1], "Nothing of this waits")
		})
	})
}

func TestWhoeverHasNoZoneHearsInTheHoursOfTheWorkspace(t *testing.T) {
	s := fast
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		ctx := context.Background()
		w.must(w.store.SaveSettings(ctx, team, models.Settings{ChangesChannel: changesRoom, Hours: *nineToSix(), Zone: "Asia/Tokyo"}))
		w.must(w.store.SavePeople(ctx, team, models.Person{ID: dee, Name: "dee", CheckedAt: w.store.Now()}))
		c := w.raise("Rotate the keys")
		tokyo, err := time.LoadLocation("Asia/Tokyo")
		w.must(err)
		found := false
		for _, ask := range c.Asked {
			if ask.User == dee {
				found = true
				if h := ask.NotBefore.In(tokyo).Hour(); h < 9 || h >= 18 {
					t.Errorf("dee is asked at %s", ask.NotBefore.In(tokyo))
				}
			}
		}
		if !found {
			t.Error("dee was not asked")
		}
	})
}
