package jobs

import (
	"context"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
)

// Somebody is asked by night, which waits for their morning, and flies to
// another zone before it comes.
func TestWhoeverChangesTheirZoneIsAskedInTheMorningOfTheNewOne(t *testing.T) {
	s := fast
	s.hours = nineToSix()
	each(t, s, func(w *world, _ ...*Jobs) {
		w.goTo(w.morning(1).Add(12 * time.Hour)) // 21:00
		w.confirm()
		c := w.raise("Rotate the keys")
		w.retimed(c, w.store.Now().AddDate(0, 0, 5))
		w.must(w.store.SavePeople(context.Background(), team, models.Person{ID: dee, Name: "dee", Zone: "America/New_York", CheckedAt: w.store.Now()}))
		w.goTo(w.morning(1).Add(time.Second)) // 03:00 in New York
		w.until("ben is asked", func() bool { return len(w.fake.DM(string(ben)))+len(w.fake.DM(string(cai))) > 0 })
		w.kept("dee is asked or held", func() bool {
			return len(w.fake.DM(string(dee))) > 0 || w.waitsUntilLater(dee)
		})
		if n := len(w.fake.DM(string(dee))); n > 0 {
			t.Errorf("dee got %d messages at 03:00", n)
		}
		w.later(6 * time.Hour)
		w.until("dee is asked", func() bool { return len(w.fake.DM(string(dee))) == 1 })
	})
}

func (w *world) waitsUntilLater(u models.UserID) bool {
	for id := int64(1); id < 100; id++ {
		if r, err := w.store.Delivery(context.Background(), id); err == nil && r.UserID == u && r.Open() && r.NotBefore != nil && r.NotBefore.After(w.store.Now().Add(time.Hour)) {
			return true
		}
	}
	return false
}

// Gatehouse is down from the afternoon until night: somebody's own digest, which
// was for the afternoon, does not wake them.
func TestADigestOfOnesOwnThatIsLateDoesNotComeAtNight(t *testing.T) {
	for name, down := range map[string]bool{"Gatehouse was down": true, "Slack was down": false} {
		t.Run(name, func(t *testing.T) {
			s := searchable
			s.hours, s.idle = nineToSix(), true
			each(t, s, func(w *world, _ ...*Jobs) {
				w.goTo(w.morning(1).Add(5 * time.Hour)) // 14:00
				w.confirm()
				w.digestAt(string(dee), "0 17 * * *", "Europe/Berlin")
				w.digestAt(payRoom, "0 17 * * *", "Europe/Berlin")
				c := w.raise("Rotate the keys", "pay-api")
				w.retimed(c, w.store.Now().AddDate(0, 0, 20))
				stop := w.run(s)
				w.until("dee is asked", func() bool { return len(w.fake.DM(string(dee))) == 1 })
				w.quiet()
				if down {
					stop()
				} else {
					_, err := w.fake.Break(slackfake.Rule{Method: "*", Kind: slackfake.Error503})
					w.must(err)
				}
				w.goTo(w.morning(0).Add(8*time.Hour + time.Second)) // 17:00
				if !down {
					w.kept("the rounds are had", func() bool { return w.rounds() == 2 })
					stop()
					w.fake.Mend("")
				}
				w.goTo(w.morning(0).Add(13 * time.Hour)) // 22:00
				stop = w.run(s)
				w.until("the room has its digest", func() bool { live, _ := w.digests(payRoom); return len(live) == 1 })
				w.kept("nothing is to be sent", func() bool {
					due, err := w.store.Unsent(context.Background(), team)
					w.must(err)
					return due == 0 && w.rounds() == 2
				})
				if n := len(w.fake.DM(string(dee))); n != 1 {
					t.Errorf("dee got %d messages at night", n-1)
				}
				w.goTo(w.morning(1).Add(time.Second))
				w.until("dee has it in the morning", func() bool { return len(w.fake.DM(string(dee))) == 2 })
				w.quiet()
				stop()
			})
		})
	}
}
