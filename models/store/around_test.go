package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// played is a change that was raised, approved, started and ended so.
func played(t *testing.T, s *store.Store, origin models.ChangeID, outcome models.Outcome) *models.Change {
	t.Helper()
	in := input(s)
	r, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error {
		c.Origin = origin
		return c.Raise(in, f)
	})
	must(t, err)
	must(t, s.SavePerson(ctx, ws, models.Person{ID: cab(0), Name: "Board", CheckedAt: s.Now()}))
	_, err = s.UpdateChange(ctx, by(cab(0)), r.Change.ID, approve(r.Change.Revision))
	must(t, err)
	must(t, s.Jump(ctx, 70*time.Minute))
	for _, move := range []store.Move{
		func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) },
		func(c *models.Change, f models.Facts) error {
			return c.Complete(models.Completion{Outcome: outcome, Note: "The pool ran empty."}, f)
		},
	} {
		_, err := s.UpdateChange(ctx, by(worker_), r.Change.ID, move)
		must(t, err)
	}
	return r.Change
}

func TestWhatHappenedToAServiceBeforeRaisesTheRiskOfItsNextChange(t *testing.T) {
	each(t, 0, func(t *testing.T, s *store.Store) {
		for range 9 { // only the last ten count
			played(t, s, 0, models.Failed)
		}
		for range 9 {
			played(t, s, 0, models.Successful)
		}
		once := raise(t, s, ws)
		if strings.Contains(strings.Join(once.Assessment.Reasons, "; "), "failed") {
			t.Errorf("one of the last ten failed, and that already raises the risk: %v", once.Assessment.Reasons)
		}
		played(t, s, 0, models.RolledBack)
		played(t, s, 0, models.Failed)
		twice := raise(t, s, ws)
		const why = "at least high: 2 of the last 10 changes of api failed: 20 %"
		if !cmp.Equal(twice.Assessment.Level, models.RiskHigh) || !strings.Contains(strings.Join(twice.Assessment.Reasons, "; "), why) {
			t.Errorf("the risk is %s for %v; want %q", twice.Assessment.Level, twice.Assessment.Reasons, why)
		}
	})
}

func TestChangesLikeThisOneCountAsDoneBefore(t *testing.T) {
	each(t, 0, func(t *testing.T, s *store.Store) {
		first := played(t, s, 0, models.Successful)
		played(t, s, first.ID, models.Successful)
		played(t, s, first.ID, models.Failed) // did not work
		played(t, s, 0, models.Successful)    // is another one
		var got []int
		for _, origin := range []models.ChangeID{first.ID, 0} {
			in := input(s)
			in.Risk.DoneBefore = models.TimesCounted
			_, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error {
				c.Origin = origin
				err := c.Raise(in, f)
				if err == nil && f.Around.DoneBefore >= 0 {
					got = append(got, f.Around.DoneBefore)
				}
				return err
			})
			must(t, err)
		}
		// Each is moved twice: before and after what it plans is known.
		if diff := cmp.Diff([]int{0, 2, 0, 0}, got); diff != "" {
			t.Errorf("done before (-want +got):\n%s", diff)
		}
	})
}
