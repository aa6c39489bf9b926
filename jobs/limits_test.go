package jobs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// limits are what Slack asks for, in seconds; without the header it is waited
// for thirty.
var limits = []int{1, 7, 60, -1}

func TestLimitsAreKeptAndSlowNothingElse(t *testing.T) {
	each(t, fast, func(w *world, _ ...*Jobs) {
		want := proof.N(12, 1000)
		seen := &limitsSeen{world: w}
		for round := 0; seen.met < want; round++ {
			seen.round(limits[round%len(limits)])
		}
		w.fake.Mend("")
		w.quiet()
		lost := 0
		for _, c := range seen.raised {
			if len(w.cards(changesRoom, c)) != 1 || len(w.cards(payRoom, c)) != 1 {
				lost++
			}
		}
		w.exactlyOnce()
		proof.Record(w, proof.Row{What: "answers of 429, by method and channel: calls before the time, messages lost or doubled, other channels held up", Where: engineOf(w),
			Tried: seen.met, Bad: seen.early + seen.slowed + lost,
			Note: fmt.Sprintf("%d early, %d lost, %d held up elsewhere, %d changes.", seen.early, lost, seen.slowed, len(seen.raised))})
	})
}

type limitsSeen struct {
	*world
	raised             []models.ChangeID
	met, early, slowed int
	last               int64 // delivery of the rounds before
}

// round raises changes while every other post is told to wait, lets come what
// may, and then lets the wait pass.
func (w *limitsSeen) round(seconds int) {
	w.Helper()
	wait := time.Duration(seconds) * time.Second
	if seconds < 0 {
		wait = 30 * time.Second // what Gatehouse waits when Slack does not say
	}
	began := len(w.calls.all())
	_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.RateLimit, Every: 2, RetryAfter: seconds})
	w.must(err)
	for range 2 {
		w.raised = append(w.raised, w.raise(fmt.Sprintf("Change %d", len(w.raised)), "pay-api").ID)
	}
	w.freeHasCome()
	w.fake.Mend("")
	until := w.judge(w.calls.all()[began:], wait)
	w.heldUp(until)
	w.later(wait + time.Second)
	w.quiet()
	w.judge(w.calls.all()[began:], wait)
	w.met -= len(until) // judged twice
	for _, c := range w.raised[len(w.raised)-2:] {
		w.cancel(c) // or each would be in the way of all that follow, and say so
	}
	w.quiet()
}

// judge looks for calls in a channel between its 429 and the end of the wait,
// and returns when the waits end.
func (w *limitsSeen) judge(list []call, wait time.Duration) map[string]float64 {
	until := map[string]float64{}
	for _, c := range list {
		if c.Method != "chat.postMessage" {
			continue
		}
		if c.At < until[c.Args.Channel] {
			w.early++
			w.Logf("%s was called %.3f s early", c.Args.Channel, until[c.Args.Channel]-c.At)
		}
		if c.Answer == slackfake.RateLimit {
			w.met++
			until[c.Args.Channel] = c.At + wait.Seconds()
		}
	}
	return until
}

// heldUp counts deliveries that wait although nothing limits their channel.
func (w *limitsSeen) heldUp(until map[string]float64) {
	w.Helper()
	for id, gap := w.last+1, 0; gap < 50; id++ { // numbers have gaps
		row, err := w.store.Delivery(context.Background(), id)
		if gap++; err != nil {
			continue
		}
		w.last, gap = id, 0
		channel := string(row.Channel)
		if channel == "" {
			channel, _ = w.jobs[0].cfg.Slack.KnownDM(string(row.UserID))
		}
		if _, limited := until[channel]; row.Open() && !limited {
			w.slowed++
			w.Logf("delivery %d waits in %q, which nothing limits: %+v", id, channel, row)
		}
	}
}

// A message to somebody needs their direct message opened, and one in doubt
// needs a look at the history: these tries count like those that send.
func TestTriesBeforeTheMessageIsSentAreFewerEachTime(t *testing.T) {
	each(t, searchable, func(w *world, _ ...*Jobs) {
		_, err := w.fake.Break(slackfake.Rule{Method: "conversations.open", Kind: slackfake.Error503})
		w.must(err)
		w.raise("Rotate the keys")
		waits := func(kind models.DeliveryKind) (longest time.Duration) {
			for id := int64(1); id < 20; id++ {
				if r, err := w.store.Delivery(context.Background(), id); err == nil && r.Kind == kind && r.Open() && r.Attempts >= 4 && r.RetryAt != nil {
					longest = max(longest, r.RetryAt.Sub(r.UpdatedAt))
				}
			}
			return longest
		}
		w.kept("requests wait longer each time", func() bool { return waits(models.DeliverAsk) > 8*quick.Again })
		w.fake.Mend("")
		w.later(maxBackoff)
		w.quiet()

		_, err = w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.DropReply, Times: 1})
		w.must(err)
		_, err = w.fake.Break(slackfake.Rule{Method: "conversations.history", Kind: slackfake.Error503})
		w.must(err)
		w.raise("Rotate the keys again")
		w.kept("looks wait longer each time", func() bool { return max(waits(models.DeliverCard), waits(models.DeliverAsk)) > 8*quick.Again })
		w.fake.Mend("")
		w.later(maxBackoff)
		w.quiet()
	})
}

// Slack limits edits for an hour: messages that are new are no edits.
func TestALimitOnEditsHoldsBackNoNewReminderAndNoNewDigest(t *testing.T) {
	each(t, fast, func(w *world, _ ...*Jobs) {
		w.digestAt(payRoom, "0 * * * *", "Europe/Berlin")
		c := w.raise("Rotate the keys", "pay-api")
		w.retimed(c, w.store.Now().Add(16*time.Hour))
		w.quiet()
		w.later(8*time.Hour + time.Minute) // half of the time is left
		w.until("dee is reminded", func() bool { return len(w.reminded(dee)) == 1 })
		w.until("the digest is there", func() bool { live, _ := w.digests(payRoom); return len(live) > 0 })
		w.quiet()
		_, err := w.fake.Break(slackfake.Rule{Method: "chat.update", Kind: slackfake.RateLimit, RetryAfter: 3600})
		w.must(err)
		before := len(w.roundsKept())
		w.later(4 * time.Hour) // a quarter
		w.kept("the next ones are noted", func() bool { return w.noted(dee) == 2 && len(w.roundsKept()) > before })
		w.freeHasCome()
		if n := len(w.reminded(dee)); n != 2 {
			t.Errorf("dee has %d messages of reminders, want 2", n)
		}
		if live, over := w.digests(payRoom); len(live)+len(over) < 2 {
			t.Errorf("%d digests, want 2", len(live)+len(over))
		}
	})
}

// freeHasCome waits until all is sent that no limit holds back.
func (w *world) freeHasCome() {
	w.Helper()
	w.kept("what nothing holds back has come", func() bool {
		n, err := w.store.DeliveryCounts(context.Background())
		w.must(err)
		due, err := w.store.Unsent(context.Background(), team)
		w.must(err)
		return n[store.DeliverySending]+due == 0
	})
}

func (w *world) noted(u models.UserID) (n int) {
	for id := int64(1); id < 200; id++ {
		if r, err := w.store.Delivery(context.Background(), id); err == nil && r.Kind == models.DeliverRemind && r.UserID == u {
			n++
		}
	}
	return n
}

func TestACardArrivesAlthoughTheClockWasADayAhead(t *testing.T) {
	s := fast
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		ctx := context.Background()
		c := w.raise("Rotate the keys")
		// What a replica left behind that saw Slack limit it while the clock was ahead.
		ahead := w.store.Now().Add(24 * time.Hour)
		rows, err := w.store.Stuck(ctx, team, w.store.Now().Add(time.Second), 100)
		w.must(err)
		if len(rows) == 0 {
			w.Fatal("nothing waits to be sent")
		}
		for _, row := range rows {
			w.must(w.store.MarkRetry(ctx, row, ahead, "held back by Slack's limit"))
		}
		w.must(w.store.Hold(ctx, team, "chat.postMessage", changesRoom, ahead))
		w.must(w.store.Hold(ctx, team, everything, "", ahead))
		w.start("r0", s)
		w.until("the card is there", func() bool { return len(w.cards(changesRoom, c.ID)) == 1 })
		w.quiet()
		if n := len(w.cards(changesRoom, c.ID)); n != 1 {
			w.Errorf("%d cards", n)
		}
	})
}
