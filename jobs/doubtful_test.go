package jobs

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
)

// spoilers are the ways in which a post goes wrong: half of them after it has
// happened.
var spoilers = []string{slackfake.RateLimit, slackfake.Error500, slackfake.HTML502, slackfake.Truncate, slackfake.Hang, slackfake.DropReply, "fatal_error"}

func TestNoMessageIsLostOrShownTwiceWhenSlackCanBeSearched(t *testing.T) {
	each(t, searchable, func(w *world, jobs ...*Jobs) {
		for _, kind := range spoilers {
			_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: kind, Every: 3, Times: sizes.each})
			w.must(err)
		}
		var ids []models.ChangeID
		for i := range sizes.changes {
			ids = append(ids, w.raise(fmt.Sprintf("Change %d", i), "pay-api").ID)
		}
		w.quiet()
		for _, id := range ids {
			w.approve(ben, id)
			w.approve(dee, id)
		}
		w.quiet()
		w.exactlyOnce()
		for _, id := range ids {
			for _, room := range []string{changesRoom, payRoom} {
				if cards := w.cards(room, id); len(cards) != 1 || !strings.Contains(cards[0].Text, "pproved") {
					t.Errorf("cards in %s: %+v", room, cards)
				}
			}
			if lines := w.fake.Thread(w.cards(changesRoom, id)[0]); len(lines) != 1 {
				t.Errorf("%d lines in the thread, want 1", len(lines))
			}
		}
		if rules := w.fake.Faults(); len(rules) != 0 {
			t.Errorf("these faults were not met: %+v", rules)
		}
	})
}

// exactlyOnce fails when a delivery that is sent has no message, or several.
func (w *world) exactlyOnce() {
	w.Helper()
	seen := w.copies()
	for id := int64(1); id <= 1000; id++ {
		row, err := w.store.Delivery(context.Background(), id)
		if err != nil || row.Kind == models.DeliverHome {
			continue
		}
		want := 0
		if row.TS != "" {
			want = 1
		}
		if n := seen[fmt.Sprint(id)]; n != want {
			w.Errorf("%s %d (%s) has %d messages, want %d", row.Kind, id, row.State, n, want)
		}
	}
}

// copies counts the live messages of every delivery, by the metadata.
func (w *world) copies() map[string]int {
	seen := map[string]int{}
	for _, room := range w.fake.Channels() {
		all := w.fake.Messages(room.ID)
		for _, m := range all {
			all = append(all, w.fake.Thread(m)...)
		}
		for _, m := range all {
			if p, ok := m.Metadata["event_payload"].(map[string]any); ok {
				seen[fmt.Sprint(p["delivery_id"])]++
			}
		}
	}
	return seen
}

func TestWithoutHistoryNothingIsLost(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.DropReply, Every: 2, Times: 3})
		w.must(err)
		var ids []models.ChangeID
		for i := range 5 {
			ids = append(ids, w.raise(fmt.Sprintf("Change %d", i)).ID)
		}
		w.quiet()
		for _, id := range ids {
			if len(w.cards(changesRoom, id)) == 0 {
				t.Errorf("%s has no card", id)
			}
		}
		copies := 0
		for _, n := range w.copies() {
			copies += n - 1
		}
		if copies > 3 || jobs[0].Counts.Doubtful.Load() == 0 {
			t.Errorf("%d extra copies for 3 lost replies; %d noted as doubtful", copies, jobs[0].Counts.Doubtful.Load())
		}
	})
}

// adopts raises a change whose first posts go wrong after they have happened.
func (w *world) adopts(j *Jobs) {
	w.Helper()
	w.raise("Rotate the keys")
	w.quiet()
	w.exactlyOnce()
	if j.Counts.Adopted.Load() == 0 {
		w.Errorf("nothing was adopted\n%s", w.state())
	}
}

func TestADoubtfulDirectMessageIsAdoptedWithTheLeastScopes(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		w.must(w.fake.Kick(changesRoom, w.fake.BotUser())) // only DMs can be posted
		_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.Truncate, Times: 3})
		w.must(err)
		w.adopts(jobs[0])
	})
}

func TestADoubtfulMessageThatArrivedIsAdopted(t *testing.T) {
	each(t, searchable, func(w *world, jobs ...*Jobs) {
		_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.DropReply, Times: 2})
		w.must(err)
		w.adopts(jobs[0])
	})
}

func TestWhatIsSentButCannotBeNotedIsLookedFor(t *testing.T) {
	s := searchable
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		s := s
		var away atomic.Bool
		s.wrap = func(next http.RoundTripper) http.RoundTripper { // the database goes away while Slack answers
			return through(func(r *http.Request) (*http.Response, error) {
				res, err := next.RoundTrip(r)
				if strings.HasSuffix(r.URL.Path, "chat.postMessage") && !away.Swap(true) {
					w.must(w.store.Close())
				}
				return res, err
			})
		}
		c := w.raise("Rotate the keys", "pay-api")
		_, stop := w.runOn(w.store, "r0", s)
		w.until("something was posted", func() bool { return len(w.calls.of("chat.postMessage", "ok")) > 0 })
		stop()
		w.store = w.open()
		w.jobs = nil
		w.start("r0", searchable)
		w.quiet()
		w.exactlyOnce()
		if len(w.cards(changesRoom, c.ID)) != 1 {
			t.Error(w.state())
		}
	})
}
