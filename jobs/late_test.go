package jobs

import (
	"context"
	"fmt"
	"slices"
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
	hours := models.WorkingHours{From: 9 * time.Hour, To: 18 * time.Hour, Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}}
	s := fast
	s.hours = &hours
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
