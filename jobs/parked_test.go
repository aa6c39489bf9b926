package jobs

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// dee is the admin: her Home says by itself what Slack does not take for good.
func TestAdminsHomesListWhatIsParked(t *testing.T) {
	for code, words := range map[string]string{"is_archived": "Unarchive it", "not_in_channel": "/invite", "restricted_action": "Ask a Slack admin"} {
		t.Run(code, func(t *testing.T) {
			s := fast
			s.hours = &cardsOnly
			each(t, s, func(w *world, _ ...*Jobs) {
				w.must(w.store.MarkSeesHome(context.Background(), team, dee))
				_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: code, Times: 1})
				w.must(err)
				c := w.raise("Rotate the keys")
				w.until("dee's home says so", func() bool {
					home, _ := w.fake.As(string(dee)).HomeView()
					return strings.Contains(home.Plain(), "Could not be delivered") && strings.Contains(home.Plain(), c.ID.String()) && strings.Contains(home.Plain(), words)
				})
				list, err := w.store.Undelivered(context.Background(), team)
				w.must(err)
				if len(list) != 1 || list[0].Record != c.Ref() || list[0].Kind != models.DeliverCard {
					t.Fatalf("listed %+v", list)
				}
				w.must(w.store.Retry(context.Background(), store.Command{Workspace: team, Actor: "U_ADMIN"}, list[0].ID))
				w.posted()
				if list, err = w.store.Undelivered(context.Background(), team); err != nil || len(list) != 0 || len(w.cards(changesRoom, c.ID)) != 1 {
					t.Errorf("after the repair: listed %+v, %v", list, err)
				}
			})
		})
	}
}

// TestWhatMayHaveArrivedBeforeItWasParkedIsLookedForFirst: Gatehouse was thrown
// out of the channel before it could look for what Slack had not confirmed.
func TestWhatMayHaveArrivedBeforeItWasParkedIsLookedForFirst(t *testing.T) {
	s := searchable
	s.hours = &cardsOnly
	each(t, s, func(w *world, _ ...*Jobs) {
		for _, r := range []slackfake.Rule{{Method: "chat.postMessage", Kind: slackfake.DropReply, Times: 1},
			{Method: "chat.postMessage", Kind: "not_in_channel", Times: 1}, {Method: "conversations.history", Kind: "not_in_channel", Times: 1}} {
			_, err := w.fake.Break(r)
			w.must(err)
		}
		c := w.raise("Rotate the keys")
		w.kept("it is parked", func() bool { return len(w.parked()) == 1 })
		w.must(w.store.Retry(context.Background(), store.Command{Workspace: team, Actor: "U_ADMIN"}, w.parked()[0].ID))
		w.posted()
		if n := len(w.cards(changesRoom, c.ID)); n != 1 {
			w.Errorf("%d cards\n%s", n, w.state())
		}
	})
}

// TestADigestThatSomebodyAsksForAgainIsSent: where nobody may look, an admin who
// sees that it did not come is the one who knows.
func TestADigestThatSomebodyAsksForAgainIsSent(t *testing.T) {
	each(t, fast, func(w *world, _ ...*Jobs) {
		w.digestAt(payRoom, "0 9 * * *", "Europe/Berlin")
		c := w.raise("Raise the pool", "pay-api")
		w.retimed(c, w.morning(5).Add(time.Hour))
		w.quiet()
		_, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.DropReply, Times: 1})
		w.must(err)
		w.goTo(w.morning(1).Add(time.Second))
		w.kept("it is parked", func() bool { return len(w.parked()) == 1 })
		w.must(w.store.Retry(context.Background(), store.Command{Workspace: team, Actor: "U_ADMIN"}, w.parked()[0].ID))
		w.quiet()
		if live, _ := w.digests(payRoom); len(live) != 2 || len(w.parked()) != 0 {
			w.Errorf("%d digests, %d parked\n%s", len(live), len(w.parked()), w.state())
		}
	})
}

func (w *world) parked() []store.Row {
	w.Helper()
	list, err := w.store.Parked(context.Background(), team)
	w.must(err)
	return list
}
