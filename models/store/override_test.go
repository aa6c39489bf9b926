package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// TestWhatWasExtendedIsInTheWayUntilItIsOver: the window that was agreed to
// comes back as it was, and everybody else sees when the work ends.
func TestWhatWasExtendedIsInTheWayUntilItIsOver(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		c := approved(t, s, raise(t, s, ws))
		must(t, s.Jump(ctx, 90*time.Minute))
		started, err := s.UpdateChange(ctx, by(worker_), c.ID, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
		must(t, err)
		c = started.Change
		until := c.Window.End.Add(2 * time.Hour)
		r, err := s.UpdateChange(ctx, by(raiser), c.ID, func(c *models.Change, f models.Facts) error { return c.Extend(until, "It takes longer.", f) })
		must(t, err)
		got, err := s.Change(ctx, ws, c.ID)
		must(t, err)
		if !got.Ends().Equal(until) || got.Window != c.Window || got.Revision != c.Revision {
			t.Errorf("ends %s, window %v, was %v", got.Ends(), got.Window, c.Window)
		}
		if diff := cmp.Diff(r.Change.Progress, got.Progress, cmp.AllowUnexported(models.Progress{})); diff != "" {
			t.Errorf("kept otherwise than decided:\n%s", diff)
		}
		in := input(s)
		in.Start, in.End = c.Window.End.Add(time.Hour), c.Window.End.Add(90*time.Minute)
		other, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error { return c.SaveDraft(in, f) })
		must(t, err)
		f, err := s.FactsAround(ctx, other.Change, raiser)
		must(t, err)
		if len(f.Around.Neighbours) != 1 || f.Around.Neighbours[0].ID != c.ID || !f.Around.Neighbours[0].Window.End.Equal(until) {
			t.Errorf("seen in the way: %+v", f.Around.Neighbours)
		}
	})
}

func TestAHoldAndAnOverrideAreKept(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		c := approved(t, s, raise(t, s, ws))
		const manager models.UserID = "U_OWNER"
		r, err := s.UpdateChange(ctx, by(manager), c.ID, func(c *models.Change, f models.Facts) error { return c.Hold("Wait for the vendor.", f) })
		must(t, err)
		got, err := s.Change(ctx, ws, c.ID)
		must(t, err)
		if got.Held != r.Change.Held || got.Held.By != manager {
			t.Errorf("held %+v, kept %+v", r.Change.Held, got.Held)
		}
		r, err = s.UpdateChange(ctx, by(manager), c.ID, func(c *models.Change, f models.Facts) error {
			return c.Override("It can't wait.", c.Revision, f)
		})
		must(t, err)
		list, err := s.Changes(ctx, ws, store.ChangeFilter{Exceptions: true})
		must(t, err)
		if len(list) != 1 || list[0].Overridden != r.Change.Overridden || list[0].OnHold() || list[0].State != models.InProgress {
			t.Errorf("%+v", list)
		}
	})
}
