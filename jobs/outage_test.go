package jobs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// Slack is away for eight hours, over two times of a digest, while people go on
// working in Gatehouse.
func TestAfterAnOutageEachCardIsEditedOnceAndOneDigestComes(t *testing.T) {
	const hours = 8
	each(t, searchable, func(w *world, _ ...*Jobs) {
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
		calm := 0
		w.kept("what was tried before the last update has failed", func() bool {
			n, err := w.store.DeliveryCounts(context.Background())
			w.must(err)
			if calm++; n[store.DeliverySending] > 0 {
				calm = 0
			}
			return calm > 2
		})
		began := len(w.calls.all())
		w.fake.Mend("")
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
