package jobs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// cardsOnly: nobody works now, so that asks wait and every post is a card.
var cardsOnly = models.WorkingHours{From: 0, To: time.Minute, Days: []time.Weekday{time.Sunday}}

// shows is the delivery that a message shows; 0 for one that Gatehouse retired.
func shows(m slackfake.Message) int64 {
	p, _ := m.Metadata["event_payload"].(map[string]any)
	id, _ := strconv.ParseInt(fmt.Sprint(p["delivery_id"]), 10, 64)
	if strings.Contains(m.Text, "out of date") {
		return 0
	}
	return id
}

// use tells of a click on a message, as its handler does.
func (w *world) use(m slackfake.Message) {
	w.Helper()
	w.must(w.store.SawMessage(context.Background(), team, shows(m), models.ChannelID(m.Channel), m.TS))
}

// posted waits until the cards are there; the asks wait for their hours.
func (w *world) posted() {
	w.Helper()
	w.kept("all cards are there", func() bool {
		n, err := w.store.DeliveryCounts(context.Background())
		w.must(err)
		due, err := w.store.Unsent(context.Background(), team)
		w.must(err)
		return n[store.DeliverySending]+n[store.DeliveryUncertain]+due == 0
	})
}

// unknown are the live messages of the rooms that Gatehouse does not know.
func (w *world) unknown() (out []slackfake.Message) {
	w.Helper()
	for _, room := range []string{changesRoom, payRoom} {
		for _, m := range w.fake.Messages(room) {
			id := shows(m)
			if id == 0 {
				continue
			}
			row, err := w.store.Delivery(context.Background(), id)
			w.must(err)
			if row.TS != m.TS {
				out = append(out, m)
			}
		}
	}
	return out
}

func TestWhatSlackTookWithoutAnAnswerIsShownOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		scopes []string
	}{{"with history", searchable.scopes}, {"without history", nil}} {
		t.Run(c.name, func(t *testing.T) {
			s := fast
			s.scopes, s.hours = c.scopes, &cardsOnly
			each(t, s, func(w *world, _ ...*Jobs) { w.dropReplies(c.name, proof.N(8, 500)) })
		})
	}
}

// dropReplies has Slack take n cards without an answer, and people use every
// copy once.
func (w *world) dropReplies(how string, n int) {
	w.Helper()
	_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.DropReply, Every: 2, Times: n})
	w.must(err)
	var ids []models.ChangeID
	for len(w.fake.Faults()) > 0 {
		for range 4 {
			ids = append(ids, w.raise(fmt.Sprintf("Change %d", len(ids)), "pay-api").ID)
		}
		w.posted()
	}
	orphans := w.unknown()
	for range 2 { // a second click changes nothing
		for _, m := range orphans {
			w.use(m)
		}
		w.posted()
	}
	bad := len(w.unknown())
	for _, id := range ids {
		w.retitle(id, "Retitled")
	}
	w.posted()
	for _, id := range ids {
		for _, room := range []string{changesRoom, payRoom} {
			if cards := w.cards(room, id); len(cards) != 1 || !strings.Contains(cards[0].Text, "Retitled") {
				bad++
				w.Logf("%s in %s: %d cards", id, room, len(cards))
			}
		}
	}
	if searched := strings.HasPrefix(how, "with "); searched == (len(orphans) > 0) {
		w.Errorf("%d copies that Gatehouse did not know, %s", len(orphans), how)
	}
	proof.Record(w, proof.Row{What: "cards that Slack took without an answer, " + how + ": lost, or live twice after each copy was used once",
		Where: string(w.store.Engine()), Tried: n, Bad: bad, Note: fmt.Sprintf("%d cards; %d copies before they were used.", 2*len(ids), len(orphans))})
}

func TestACopyThatIsUsedBeforeItIsSentAgainBecomesTheCard(t *testing.T) {
	s := fast
	s.hours = &cardsOnly
	s.change = func(c *Config) { c.Times.Doubt = time.Hour }
	each(t, s, func(w *world, jobs ...*Jobs) {
		_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.DropReply, Times: 1})
		w.must(err)
		c := w.raise("Rotate the keys")
		w.kept("it is uncertain", func() bool {
			n, err := w.store.DeliveryCounts(context.Background())
			w.must(err)
			return n[store.DeliveryUncertain] == 1
		})
		w.use(w.cards(changesRoom, c.ID)[0])
		w.posted()
		w.retitle(c.ID, "Retitled")
		w.posted()
		if cards := w.cards(changesRoom, c.ID); len(cards) != 1 || !strings.Contains(cards[0].Text, "Retitled") {
			t.Errorf("cards %+v", cards)
		}
		if n := len(w.calls.of("chat.postMessage", "")); n != 1 || jobs[0].Counts.Adopted.Load() != 1 {
			t.Errorf("%d posts, %d adopted", n, jobs[0].Counts.Adopted.Load())
		}
	})
}

func TestACardThatIsUsedBeforeSlackAnswersStaysTheCard(t *testing.T) {
	s := fast
	s.hours, s.idle = &cardsOnly, true
	each(t, s, func(w *world, _ ...*Jobs) {
		s := s
		var once sync.Once
		s.wrap = func(next http.RoundTripper) http.RoundTripper {
			return through(func(r *http.Request) (*http.Response, error) {
				res, err := next.RoundTrip(r)
				if err == nil && strings.HasSuffix(r.URL.Path, "chat.postMessage") {
					body, _ := io.ReadAll(res.Body)
					res.Body = io.NopCloser(bytes.NewReader(body))
					once.Do(func() { w.use(w.fake.Messages(changesRoom)[0]) })
				}
				return res, err
			})
		}
		c := w.raise("Rotate the keys")
		w.start("r0", s)
		w.posted()
		if cards := w.cards(changesRoom, c.ID); len(cards) != 1 || len(w.unknown()) != 0 || len(w.calls.of("chat.update", "")) != 0 {
			t.Errorf("cards %+v\n%s", cards, w.state())
		}
	})
}

func TestOnlyOurOwnPlacesAreTakenForCopies(t *testing.T) {
	s := fast
	s.hours = &cardsOnly
	each(t, s, func(w *world, _ ...*Jobs) {
		ctx := context.Background()
		c := w.raise("Rotate the keys")
		w.posted()
		card, err := w.store.Card(ctx, team, c.Ref(), changesRoom)
		w.must(err)
		for _, seen := range []struct {
			ws      models.WorkspaceID
			id      int64
			channel models.ChannelID
			ts      string
		}{{team, card.ID, changesRoom, card.TS}, {team, card.ID, payRoom, "1700000000.000001"}, {"T0OTHER", card.ID, changesRoom, "1.000001"},
			{team, 99999, changesRoom, "1700000000.000001"}, {team, card.ID, changesRoom, ""}} {
			w.must(w.store.SawMessage(ctx, seen.ws, seen.id, seen.channel, seen.ts))
		}
		w.must(w.store.SawMessage(ctx, team, card.ID, changesRoom, "1700000000.000001")) // a copy that somebody has deleted
		w.posted()
		if n := len(w.calls.of("chat.update", "")); n != 1 {
			t.Errorf("%d edits, want the one of the deleted copy\n%s", n, w.state())
		}
		if parked, err := w.store.Parked(ctx, team); err != nil || len(parked) != 0 {
			t.Errorf("parked %+v, %v", parked, err)
		}
	})
}
