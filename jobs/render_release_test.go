package jobs

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// plan has ana plan a release that dee is to accept; its card stands in payRoom.
func (w *world) plan(name string) *models.Release {
	w.Helper()
	r, err := w.store.CreateRelease(context.Background(), w.by(ana), func(r *models.Release, f models.ReleaseFacts) error {
		return r.Plan(models.ReleaseInput{Name: name, Services: []models.Slug{"docs"}, ProjectLead: ana, OpsLead: dee,
			GoLive: w.store.Now().AddDate(0, 0, 60), Channel: payRoom}, f)
	})
	w.must(err)
	return r.Release
}

func (w *world) onRelease(u models.UserID, id models.ReleaseID, move store.ReleaseMove) *models.Release {
	w.Helper()
	r, err := w.store.UpdateRelease(context.Background(), w.by(u), id, move)
	w.must(err)
	return r.Release
}

func TestAReleaseHasOneCardAndWorkOnItemsPostsNothing(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		r := w.plan("Market expansion")
		w.onRelease(ana, r.ID, func(r *models.Release, f models.ReleaseFacts) error {
			return r.AssignBucket(models.BucketTests, ben, f)
		})
		w.quiet()
		posts := len(w.fake.Messages(payRoom))
		if posts != 1 || !strings.Contains(w.fake.Messages(payRoom)[0].Text, r.ID.String()) {
			t.Fatalf("%d messages in the release's channel, want its card", posts)
		}
		for n := range 50 {
			no := 1 + n%10
			w.onRelease(ana, r.ID, func(r *models.Release, f models.ReleaseFacts) error {
				return r.Submit(no, models.EvidenceInput{Kind: models.EvidenceNote, Note: "Version " + strings.Repeat("i", 1+n/10)}, f)
			})
		}
		w.quiet()
		if n := len(w.fake.Messages(payRoom)); n != posts {
			t.Errorf("50 ticks of items made %d posts in the channel, want none", n-posts)
		}
		asks := w.fake.DM(string(dee)) // the list, edited in place, and one word a day that there is more in it
		if len(asks) != 2 || !strings.Contains(asks[0].Text, "10 items wait for your verification") {
			t.Errorf("dee got %d messages: %v", len(asks), asks)
		}
		if asks := w.fake.DM(string(ben)); len(asks) != 1 || !strings.Contains(asks[0].Text, "yours to do") {
			t.Errorf("ben was asked %d times to do his items: %v", len(asks), asks)
		}
		if asks := w.fake.DM(string(ana)); len(asks) != 0 {
			t.Errorf("ana, who did it all, heard of it: %v", asks)
		}
	})
}

func TestAMovedGoLiveIsSaidOnceUnderTheCard(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		r := w.plan("Market expansion")
		w.quiet()
		w.onRelease(ana, r.ID, func(r *models.Release, f models.ReleaseFacts) error {
			return r.MoveGoLive(r.GoLive.Add(14*24*time.Hour), "The tests take longer.", nil, f)
		})
		w.quiet()
		card := w.fake.Messages(payRoom)[0]
		lines := w.fake.Thread(card)
		if len(lines) != 1 || !strings.Contains(lines[0].Text, "moved") || !strings.Contains(lines[0].Text, "The tests take longer.") {
			t.Errorf("the thread says %v", lines)
		}
		if !strings.Contains(card.Text, "later than first planned") {
			t.Errorf("the card says %q", card.Text)
		}
	})
}

func TestAnAskOfWhichNothingIsLeftSaysSo(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		r := w.plan("Market expansion")
		w.onRelease(ana, r.ID, func(r *models.Release, f models.ReleaseFacts) error { return r.Assign(5, cai, f) })
		w.quiet()
		w.onRelease(cai, r.ID, func(r *models.Release, f models.ReleaseFacts) error {
			return r.Submit(5, models.ReadEvidence("https://wiki.example/runbook"), f)
		})
		w.quiet()
		if asks := w.fake.DM(string(cai)); len(asks) != 1 || !strings.Contains(asks[0].Text, "nothing of this waits for you") {
			t.Errorf("cai sees %v", asks)
		}
		w.onRelease(dee, r.ID, func(r *models.Release, f models.ReleaseFacts) error {
			return r.Return(5, "It does not say how to stop.", f)
		})
		w.quiet()
		asks := w.fake.DM(string(cai))
		if len(asks) != 2 || !strings.Contains(asks[0].Text, "1 item is yours") || !strings.Contains(asks[1].Text, "It does not say how to stop.") {
			t.Errorf("after the return cai sees %v", asks)
		}
	})
}

func TestTheCardsOfAReleaseAndItsChangesFollowEachOther(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		r := w.plan("Market expansion")
		start := w.store.Now().Add(70 * 24 * time.Hour)
		res, err := w.store.CreateChange(context.Background(), w.by(ana), func(c *models.Change, f models.Facts) error {
			return c.Raise(models.Input{Title: "Switch it on", Services: []models.Slug{"docs"}, Environment: models.Production, Start: start, End: start.Add(time.Hour),
				Plan: "Switch the flag.", Check: "The banner shows.", Rollback: "When it does not: switch it off, 5 minutes.", Release: r.ID}, f)
		})
		w.must(err)
		c := res.Change
		w.quiet()
		card := func() string { return w.fake.Messages(payRoom)[0].Text }
		mine := func() string { return fmt.Sprint(w.cards(changesRoom, c.ID)[0].Blocks) }
		if !strings.Contains(card(), c.ID.String()+" awaiting approval") || !strings.Contains(mine(), "it can start once operations have accepted") {
			t.Errorf("the release says %q, its change %q", card(), mine())
		}
		w.approve(ben, c.ID)
		w.approve(dee, c.ID)
		w.quiet()
		if !strings.Contains(card(), c.ID.String()+" approved") {
			t.Errorf("after the approval the release says %q", card())
		}
		w.onRelease(ana, r.ID, func(r *models.Release, f models.ReleaseFacts) error { return r.Cancel("The market entry is off.", f) })
		w.quiet()
		if !strings.Contains(mine(), "cancelled") {
			t.Errorf("after the cancellation its change says %q", mine())
		}
	})
}
