package jobs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

var fast = setting{pace: slackfake.Pace{Off: true}}

var searchable = setting{pace: slackfake.Pace{Off: true}, scopes: []string{"channels:history", "groups:history"}}

func TestADecisionIsSeenWhereverItMatters(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		w.must(w.store.MarkSeesHome(context.Background(), team, ana))
		c := w.raise("Rotate the keys", "pay-api")
		w.quiet()
		for _, room := range []string{changesRoom, payRoom} {
			if cards := w.cards(room, c.ID); len(cards) != 1 {
				t.Errorf("%d cards in %s, want 1", len(cards), room)
			}
		}
		asked := 0
		for _, u := range []models.UserID{ben, cai, dee} {
			asked += len(w.fake.DM(string(u)))
		}
		if asked != 2 {
			t.Errorf("%d people were asked by DM, want a peer and the owner", asked)
		}
		if home, ok := w.fake.As(string(ana)).HomeView(); !ok || !strings.Contains(home.Plain(), c.ID.String()) {
			t.Errorf("ana's home does not show the change: %q", home.Plain())
		}
		w.approve(ben, c.ID)
		w.approve(dee, c.ID)
		w.quiet()
		card := w.cards(changesRoom, c.ID)[0]
		if !strings.Contains(card.Text, "pproved") {
			t.Errorf("the card does not say that it is approved: %s", card.Text)
		}
		if lines := w.fake.Thread(card); len(lines) != 1 {
			t.Errorf("%d lines under the card, want 1", len(lines))
		}
		if notes := w.fake.DM(string(ana)); len(notes) != 1 {
			t.Errorf("ana got %d notes, want 1", len(notes))
		}
		for _, p := range w.calls.of("chat.postMessage", "ok") {
			if m := p.Args.Metadata; m.Type != "gatehouse_delivery" || m.Payload.DeliveryID == "" || m.Payload.Record != c.ID.String() {
				t.Errorf("a post carries %+v", m)
			}
		}
	})
}

// TestTheCardInTheChannelNamesWhatIsInTheWay: it names other changes and
// freezes from the moment on at which they come, until they go.
func TestTheCardInTheChannelNamesWhatIsInTheWay(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		first := w.raise("Rotate the keys", "pay-api")
		w.quiet()
		names := func(what string, want bool) {
			t.Helper()
			w.quiet()
			if card := w.cards(changesRoom, first.ID)[0].Plain(); strings.Contains(card, what) != want {
				t.Errorf("the card names %s: %v\n%s", what, !want, card)
			}
		}
		names(" is planned from ", false)
		second := w.raise("Resize the pool", "docs") // ana carries both out
		names("*To know:* "+second.ID.String()+" (Resize the pool) is planned from ", true)
		if card := w.cards(changesRoom, second.ID)[0].Plain(); !strings.Contains(card, first.ID.String()+" (Rotate the keys) is planned from ") {
			t.Errorf("the second names nothing: %s", card)
		}
		w.cancel(second.ID)
		names(" is planned from ", false)
		_, err := w.store.DeclareFreeze(context.Background(), w.by(dee), func(z *models.Freeze, f models.Facts) ([]models.Event, error) {
			return z.Declare(models.Freeze{Kind: models.HardFreeze, Name: "Month end", Reason: "The books close", Owner: dee, When: models.When{Window: first.Window}}, 0, time.Time{}, f)
		})
		w.must(err)
		names("*In the way:* It falls into the hard freeze FRZ-1 (Month end), ", true)
	})
}

func TestAHundredUpdatesWhileSlackIsDownAreOneEdit(t *testing.T) {
	s := fast
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		stop := w.run(s)
		c := w.raise("Title 0")
		w.quiet()
		_, err := w.fake.Break(slackfake.Rule{Method: "*", Kind: slackfake.Error503})
		w.must(err)
		for i := range 100 {
			w.retitle(c.ID, fmt.Sprintf("Title %d", i+1))
		}
		stop() // what was drawn before the last update is not shown after the outage
		w.fake.Mend("")
		w.jobs = nil
		w.start("r0", s)
		w.later(maxBackoff)
		w.quiet()
		edits := map[string]int{}
		for _, u := range w.calls.of("chat.update", "ok") {
			edits[u.Args.Channel]++
		}
		for room, n := range edits { // the card, and two asks in DMs
			if n != 1 || len(edits) != 3 {
				t.Errorf("%d edits in %s of %d after the outage, want 1 a message", n, room, len(edits))
			}
		}
		if cards := w.cards(changesRoom, c.ID); len(cards) != 1 || !strings.Contains(cards[0].Text, "Title 100") {
			t.Errorf("the card reads %+v", cards)
		}
	})
}

func TestWhatIsDecidedWhileACardIsDrawnIsShownToo(t *testing.T) {
	s := fast
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		c := w.raise("Title 0")
		s := s
		var once sync.Once
		s.wrap = func(next http.RoundTripper) http.RoundTripper {
			return through(func(r *http.Request) (*http.Response, error) {
				body, _ := r.GetBody()
				if form, _ := io.ReadAll(body); strings.HasSuffix(r.URL.Path, "chat.postMessage") && bytes.Contains(form, []byte("channel="+changesRoom)) {
					once.Do(func() { w.retitle(c.ID, "Title 1") }) // drawn already, not sent yet
				}
				return next.RoundTrip(r)
			})
		}
		w.start("r0", s)
		w.quiet()
		if cards := w.cards(changesRoom, c.ID); len(cards) != 1 || !strings.Contains(cards[0].Text, "Title 1") {
			t.Errorf("the card reads %+v", cards)
		}
	})
}

func TestALimitHoldsBackItsChannelOnly(t *testing.T) {
	const wait = 20 // seconds
	each(t, fast, func(w *world, jobs ...*Jobs) {
		_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.RateLimit, Times: 1, RetryAfter: wait})
		w.must(err)
		w.raise("Rotate the keys", "pay-api") // two rooms and two DMs; one of the four is told to wait
		w.until("one was told", func() bool { return len(w.calls.of("chat.postMessage", slackfake.RateLimit)) > 0 })
		limited := w.calls.of("chat.postMessage", slackfake.RateLimit)[0]
		w.raise("Another", "pay-api") // which has to wait there too
		w.raise("And another", "pay-api")
		w.until("everything else is there", func() bool {
			there := map[string]int{}
			for _, c := range w.calls.of("chat.postMessage", "ok") {
				there[c.Args.Channel]++
			}
			rooms := there[changesRoom] + there[payRoom]
			return there[limited.Args.Channel] == 0 && rooms >= 3 && len(w.calls.of("chat.postMessage", "ok")) >= 12-3
		})
		w.later(wait * time.Second)
		w.quiet()
		for _, c := range w.calls.of("chat.postMessage", "ok") {
			if c.Args.Channel == limited.Args.Channel && c.At-limited.At < wait {
				t.Errorf("%s was called %.2f s after it asked for %d s", c.Args.Channel, c.At-limited.At, wait)
			}
		}
		w.exactlyOnce()
	})
}

func TestALimitIsKnownToEveryReplica(t *testing.T) {
	s := fast
	s.replica = 3
	each(t, s, func(w *world, jobs ...*Jobs) {
		c, other := w.raise("Title 0"), w.raise("Other 0")
		w.retimed(other, w.store.Now().Add(48*time.Hour))
		w.quiet()
		_, err := w.fake.Break(slackfake.Rule{Method: "chat.update", Kind: slackfake.RateLimit, RetryAfter: 60})
		w.must(err)
		w.retitle(c.ID, "Title 1")
		w.kept("the limit is known, and nothing is under way that did not know it", func() bool {
			until, err := w.store.HeldUntil(context.Background(), team, "chat.update", "", w.store.Now())
			w.must(err)
			return !until.IsZero() && w.allPutOff()
		})
		known, told := w.store.Now(), len(w.calls.of("chat.update", ""))
		w.retitle(other.ID, "Other 1") // whichever replica takes it has to wait
		w.kept("they wait", func() bool { return w.store.Now().Sub(known) > 2*time.Second })
		if n := len(w.calls.of("chat.update", "")) - told; n != 0 {
			t.Errorf("%d updates within 2 s of a wait of 60", n)
		}
		w.fake.Mend("")
		w.later(time.Minute)
		w.quiet()
	})
}

// allPutOff: no message is being sent or waits to be looked at soon.
func (w *world) allPutOff() bool {
	for id := int64(1); id < 200; id++ {
		r, err := w.store.Delivery(context.Background(), id)
		if err == nil && r.Open() && !due(r).After(w.store.Now()) {
			return false
		}
	}
	return true
}

func TestALineNeverComesBeforeItsCard(t *testing.T) {
	each(t, searchable, func(w *world, jobs ...*Jobs) {
		_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.Error500, Times: 3})
		w.must(err)
		c := w.raise("Rotate the keys")
		w.cancel(c.ID) // a line, while the card is not there yet
		w.quiet()
		cards := w.cards(changesRoom, c.ID)
		if len(cards) != 1 || len(w.fake.Thread(cards[0])) != 1 {
			t.Errorf("cards %+v\n%s", cards, w.state())
		}
	})
}

func TestAPlaceThatIsClosedIsParkedAndTakenUpAgain(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		ctx := context.Background()
		w.must(w.fake.Kick(changesRoom, w.fake.BotUser()))
		c := w.raise("Rotate the keys")
		w.quiet()
		parked, err := w.store.Parked(ctx, team)
		w.must(err)
		if len(parked) != 1 || !strings.Contains(parked[0].ParkedReason, "/invite") || strings.Contains(parked[0].ParkedReason, "not_in_channel") ||
			!strings.Contains(parked[0].LastError, "not_in_channel") {
			t.Fatalf("parked %+v", parked)
		}
		if n := len(w.calls.of("chat.postMessage", "not_in_channel")); n != 1 {
			t.Errorf("%d calls into a closed channel, want 1", n)
		}
		w.must(w.fake.Invite(changesRoom, w.fake.BotUser()))
		w.must(w.store.Retry(ctx, store.Command{Workspace: team, Actor: "U_ADMIN"}, parked[0].ID))
		w.quiet()
		if len(w.cards(changesRoom, c.ID)) != 1 {
			t.Errorf("the card did not come after the repair\n%s", w.state())
		}
	})
}

func TestADeletedCardIsPostedAnewOnce(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		c := w.raise("Title 0")
		w.quiet()
		w.must(w.fake.Delete(w.cards(changesRoom, c.ID)[0]))
		w.retitle(c.ID, "Title 1")
		w.quiet()
		w.retitle(c.ID, "Title 2")
		w.quiet()
		if cards := w.cards(changesRoom, c.ID); len(cards) != 1 || !strings.Contains(cards[0].Text, "Title 2") {
			t.Errorf("cards %+v", cards)
		}
		if n := len(w.calls.of("chat.update", "message_not_found")); n != 1 {
			t.Errorf("the deleted card was tried %d times, want 1", n)
		}
	})
}

func TestARefusedLookIsSentAsText(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: "invalid_blocks", Times: 1})
		w.must(err)
		w.raise("Rotate the keys")
		w.quiet()
		plain := 0
		for _, p := range w.calls.of("chat.postMessage", "ok") {
			if len(p.Args.Blocks) == 0 && p.Args.Text != "" {
				plain++
			}
		}
		if plain != 1 {
			t.Errorf("%d messages went as text alone, want 1\n%s", plain, w.state())
		}
	})
}

func TestNobodyIsAskedForWhatIsSettled(t *testing.T) {
	s := fast
	s.hours = &models.WorkingHours{From: 0, To: time.Minute, Days: []time.Weekday{time.Monday}} // nobody works now
	each(t, s, func(w *world, jobs ...*Jobs) {
		if now := w.store.Now().In(time.FixedZone("CET", 3600)); now.Weekday() == time.Monday {
			w.later(24 * time.Hour)
		}
		c := w.raise("Rotate the keys")
		w.until("the card is there", func() bool { return len(w.cards(changesRoom, c.ID)) == 1 })
		w.cancel(c.ID)
		w.later(8 * 24 * time.Hour)
		w.quiet()
		for _, u := range []models.UserID{ben, cai, dee} {
			if dm := w.fake.DM(string(u)); len(dm) != 0 {
				t.Errorf("%s was asked: %+v", u, dm)
			}
		}
		if jobs[0].Counts.Superseded.Load() == 0 {
			t.Error("no ask was given up")
		}
	})
}

func TestADeletedCardIsPostedAnewWhereNobodyMayLook(t *testing.T) {
	s := fast // no scope for channels, although we were told that there is one
	s.change = func(c *Config) { c.HasHistoryScope = func() bool { return true } }
	each(t, s, func(w *world, jobs ...*Jobs) {
		c := w.raise("Title 0")
		w.quiet()
		w.must(w.fake.Delete(w.cards(changesRoom, c.ID)[0]))
		w.retitle(c.ID, "Title 1")
		w.quiet()
		if cards := w.cards(changesRoom, c.ID); len(cards) != 1 {
			t.Errorf("cards %+v\n%s", cards, w.state())
		}
	})
}

func TestADeadTokenStopsAllCallsAndLosesNothing(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		said := func() (n int) {
			for _, c := range w.calls.all() {
				if c.Answer == "account_inactive" && c.Method != "auth.test" {
					n++
				}
			}
			return n
		}
		w.fake.Uninstall()
		c := w.raise("Rotate the keys", "pay-api")
		w.until("Slack says no", func() bool { return said() > 0 })
		w.kept("everything is held", func() bool {
			until, err := w.store.HeldUntil(context.Background(), team, everything, "", w.store.Now())
			w.must(err)
			return !until.IsZero()
		})
		w.retitle(c.ID, "Title 1")
		w.raise("Another")
		w.kept("no call is under way", func() bool { // one that ends after the jump would hold everything anew
			counts, err := w.store.DeliveryCounts(context.Background())
			w.must(err)
			return counts[store.DeliverySending] == 0
		})
		// No message asks whether it is over; the tick does, shortly before the
		// hold's end. A call under way unseen may have ended after a jump and
		// have held everything anew: then that end is the one to go to.
		w.kept("the tick asks", func() bool {
			if len(w.calls.of("auth.test", "account_inactive")) > 0 {
				return true
			}
			now := w.store.Now()
			until, err := w.store.HeldUntil(context.Background(), team, everything, "", now)
			w.must(err)
			if until.Sub(now) > askAgain {
				w.later(until.Sub(now) - askAgain/2)
			}
			return false
		})
		w.kept("the hold goes on", func() bool {
			until, err := w.store.HeldUntil(context.Background(), team, everything, "", w.store.Now())
			w.must(err)
			return until.Sub(w.store.Now()) > askAgain
		})
		first := said()
		w.must(w.fake.Install([]byte(manifest(slackfake.LeastScopes))))
		w.later(tokenDead + time.Second)
		w.quiet()
		if n := said(); first > 8 || n != first {
			t.Errorf("%d calls with a dead token, and %d after it was known", first, n-first)
		}
		if parked, err := w.store.Parked(context.Background(), team); err != nil || len(parked) != 0 {
			t.Errorf("parked %+v, %v", parked, err)
		}
		if cards := w.cards(changesRoom, c.ID); len(cards) != 1 || !strings.Contains(cards[0].Text, "Title 1") {
			t.Errorf("cards %+v", cards)
		}
	})
}

func TestOneRowThatCannotBeDrawnStopsNoOther(t *testing.T) {
	s := fast
	var broken sync.Map // by test: whether the first change can't be drawn
	s.tune = func(j *Jobs) {
		j.draws = maps.Clone(draws)
		j.draws[models.DeliverCard] = func(a *attempt, ctx context.Context, c *models.Change, f models.Facts) (drawing, error) {
			if _, ok := broken.Load(j); ok && c.ID == 1 {
				panic("made by the test")
			}
			return a.drawCard(ctx, c, f)
		}
		broken.Store(j, true)
	}
	each(t, s, func(w *world, jobs ...*Jobs) {
		first, second := w.raise("Can't be drawn"), w.raise("Can be drawn")
		w.until("the second card is there", func() bool { return len(w.cards(changesRoom, second.ID)) == 1 })
		w.kept("the first failed", func() bool { return jobs[0].Counts.Panics.Load() > 0 })
		broken.Delete(jobs[0])
		w.later(time.Minute)
		w.quiet()
		if len(w.cards(changesRoom, first.ID)) != 1 {
			t.Errorf("the first card did not come when it could be drawn\n%s", w.state())
		}
		w.exactlyOnce()
	})
}

func TestReplicasShareTheWorkWithoutDoublingIt(t *testing.T) {
	s := searchable
	s.replica = 3
	each(t, s, func(w *world, jobs ...*Jobs) {
		_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.RateLimit, Probability: 0.1, RetryAfter: 1})
		w.must(err)
		_, err = w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.DropReply, Probability: 0.1})
		w.must(err)
		var ids []models.ChangeID
		for i := range 10 {
			c := w.raise(fmt.Sprintf("Change %d", i), "pay-api")
			w.retitle(c.ID, fmt.Sprintf("Change %d, retitled", i))
			w.cancel(c.ID)
			ids = append(ids, c.ID)
		}
		w.quiet()
		w.fake.Mend("")
		w.exactlyOnce()
		for _, id := range ids {
			for _, room := range []string{changesRoom, payRoom} {
				if cards := w.cards(room, id); len(cards) != 1 || !strings.Contains(cards[0].Text, "ancelled") {
					t.Errorf("%s in %s: %+v", id, room, cards)
				}
			}
		}
	})
}
