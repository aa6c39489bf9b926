package handlers_test

import (
	"context"
	"strings"
	"testing"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// home waits until somebody's App Home shows all of the words.
func (w *house) home(name string, words ...string) slackfake.View {
	w.t.Helper()
	var v slackfake.View
	w.until(name+"'s Home shows it", func() bool {
		v, _ = w.As(name).HomeView()
		for _, word := range words {
			if !strings.Contains(v.Plain(), word) {
				return false
			}
		}
		return v.ID != ""
	})
	return v
}

func TestAdminsSeeWhatWasNotDeliveredAndTakeItUp(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		ctx := context.Background()
		first, second := w.raise(), w.raise()
		card := func(of int64) store.Row {
			c := first
			if of == int64(second.ID) {
				c = second
			}
			row, err := w.store.Card(ctx, workspace, c.Ref(), "C0CHANGES")
			must(t, err)
			return row
		}
		for _, c := range []int64{int64(first.ID), int64(second.ID)} {
			must(t, w.store.MarkDead(ctx, card(c), "The message was not posted. The channel is archived. Unarchive it.", "is_archived"))
		}
		fine(t, w.As("ana").Home())
		if v := w.home("ana"); strings.Contains(v.Plain(), "delivered") {
			t.Errorf("ana, who can't mend it, sees\n%s", v.Plain())
		}
		fine(t, w.As("dev").Home())
		v := w.home("dev", "Could not be delivered", first.ID.String(), second.ID.String(), "The channel is archived. Unarchive it.")
		fine(t, w.As("dev").PressIn(v, "Send again"))                                                             // the newest stands first
		w.until("it is taken up", func() bool { return card(int64(second.ID)).State == store.DeliveryUncertain }) // looked for first
		w.until("the Home lists it no more", func() bool {
			v, _ = w.As("dev").HomeView()
			return !strings.Contains(v.Plain(), "Card · "+second.ID.String())
		})
		fine(t, w.As("dev").PressIn(v, "Discard"))
		w.until("it is given up", func() bool { return card(int64(first.ID)).State == store.DeliverySuperseded })
		for id, kind := range map[int64]models.EventKind{card(int64(second.ID)).ID: models.EventSentAgain, card(int64(first.ID)).ID: models.EventGivenUp} {
			kept, err := w.store.History(ctx, workspace, models.RecordRef{Kind: store.RecordDelivery, ID: id}, 10, 0)
			must(t, err)
			if len(kept) != 1 || kept[0].Kind != kind || kept[0].Actor != "U0DEV" || !strings.Contains(kept[0].Reason, "card of change") {
				t.Errorf("the audit log keeps %+v, want one %s", kept, kind)
			}
		}
		w.until("nothing is listed", func() bool { v, _ = w.As("dev").HomeView(); return !strings.Contains(v.Plain(), "delivered") })
		row := card(int64(second.ID))
		row.Attempts = 1
		must(t, w.store.MarkUncertain(ctx, row, w.store.Now(), "no answer"))
		fine(t, w.As("dev").Home())
		w.home("dev", "Slack has not confirmed it yet")
	})
}

func TestWhatWasTakenUpMeanwhileIsSaid(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		ctx := context.Background()
		c := w.raise()
		row, err := w.store.Card(ctx, workspace, c.Ref(), "C0CHANGES")
		must(t, err)
		must(t, w.store.MarkDead(ctx, row, "The message was not posted. The channel is archived. Unarchive it.", "is_archived"))
		fine(t, w.As("dev").Home())
		v := w.home("dev", "Could not be delivered")
		must(t, w.store.Discard(ctx, store.Command{Workspace: workspace, Actor: "U0DEV"}, row.ID))
		fine(t, w.As("dev").PressIn(v, "Send again"))
		w.sees("dev", "taken up or discarded already")
	})
}

func TestAllThatWasNotDeliveredIsTakenUpAtOnce(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		ctx := context.Background()
		var rows []int64
		for range 7 {
			row, err := w.store.Card(ctx, workspace, w.raise().Ref(), "C0CHANGES")
			must(t, err)
			must(t, w.store.MarkDead(ctx, row, "The message was not posted. The channel is archived. Unarchive it.", "is_archived"))
			rows = append(rows, row.ID)
		}
		fine(t, w.As("dev").Home())
		v := w.home("dev", "and 2 more")
		fine(t, w.As("dev").PressIn(v, "Send all again"))
		w.until("the Home lists none", func() bool {
			v, _ = w.As("dev").HomeView()
			return !strings.Contains(v.Plain(), "Could not be delivered")
		})
		for _, id := range rows {
			row, err := w.store.Delivery(ctx, id)
			must(t, err)
			kept, err := w.store.History(ctx, workspace, models.RecordRef{Kind: store.RecordDelivery, ID: id}, 10, 0)
			must(t, err)
			if row.State == store.DeliveryDead || len(kept) != 1 || kept[0].Kind != models.EventSentAgain || kept[0].Actor != "U0DEV" {
				t.Errorf("delivery %d is %s, and the audit log keeps %+v", id, row.State, kept)
			}
		}
	})
}
