package store_test

import (
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// TestWorkThatRunsOnIsReadAsANeighbourUntilItIsCompleted: a change whose window
// is long over, and whose work is not, is in the way of what begins now.
func TestWorkThatRunsOnIsReadAsANeighbourUntilItIsCompleted(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		do := func(u models.UserID, id models.ChangeID, m store.Move) {
			t.Helper()
			_, err := s.UpdateChange(ctx, by(u), id, m)
			must(t, err)
		}
		late := raise(t, s, ws)
		next := raiseLater(t, s, 48*time.Hour)
		for _, c := range []*models.Change{late, next} {
			do(cab(0), c.ID, approve(c.Revision))
		}
		must(t, s.Jump(ctx, late.Window.Start.Sub(s.Now())+time.Minute))
		must(t, s.SavePeople(ctx, ws, models.Person{ID: worker_, Name: "Worker", Zone: "Europe/Berlin", CheckedAt: s.Now()}))
		do(worker_, late.ID, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
		sees := func() (found []models.Conflict) {
			t.Helper()
			c, err := s.Change(ctx, ws, next.ID)
			must(t, err)
			f, err := s.FactsAround(ctx, c, worker_)
			must(t, err)
			found = models.Conflicts(c, f)
			around, err := s.AroundEach(ctx, []*models.Change{c}, f)
			must(t, err)
			f.Around = around[c.ID]
			if n := len(models.Conflicts(c, f)); n != len(found) {
				t.Errorf("a list finds %d in the way, the card %d", n, len(found))
			}
			return found
		}
		if got := sees(); len(got) != 0 {
			t.Errorf("two days before, %+v is in the way", got)
		}
		must(t, s.Jump(ctx, next.Window.Start.Sub(s.Now())+time.Minute)) // nobody completed it
		if got := sees(); len(got) != 1 || got[0].With.ID != late.ID {
			t.Errorf("in the way are %+v, want %s, which runs on", got, late.ID)
		}
		in := input(s)
		in.Start, in.End = s.Now(), s.Now().Add(time.Hour)
		slots, _, err := s.Slots(ctx, ws, raiser, in, nil)
		must(t, err)
		if len(slots.Passed) == 0 || len(slots.Free) > 0 && slots.Free[0].Start.Before(s.Now().Add(time.Hour)) {
			t.Errorf("a slot beside it: %+v", slots)
		}
		must(t, s.SavePeople(ctx, ws, models.Person{ID: worker_, Name: "Worker", Zone: "Europe/Berlin", CheckedAt: s.Now()}))
		do(worker_, late.ID, func(c *models.Change, f models.Facts) error {
			return c.Complete(models.Completion{Outcome: models.Successful}, f)
		})
		if got := sees(); len(got) != 0 {
			t.Errorf("after it was completed, %+v is in the way", got)
		}
	})
}

// TestSlotsAreReadWithThePastOfTheService: what submitting would find risky for
// its record is offered with the notice of that risk.
func TestSlotsAreReadWithThePastOfTheService(t *testing.T) {
	each(t, 0, func(t *testing.T, s *store.Store) {
		for range 8 {
			played(t, s, 0, models.Successful)
		}
		for range 2 {
			played(t, s, 0, models.Failed)
		}
		_, f, err := s.Slots(ctx, ws, raiser, input(s), nil)
		must(t, err)
		if got := f.Around.Track["api"]; got.Completed != 10 || got.Failed != 2 {
			t.Errorf("its record is read as %+v", got)
		}
	})
}
