package jobs

import (
	"context"
	"strings"
	"testing"

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
