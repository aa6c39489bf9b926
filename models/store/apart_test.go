package store_test

import (
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// TestWhatAnotherWorkspaceLeavesUndoneIsInNobodysWay: nothing serves the other
// workspace any more, and what it has left over is more than one look takes.
func TestWhatAnotherWorkspaceLeavesUndoneIsInNobodysWay(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		furnish(t, s, other, quorum(1, 1))
		raised(t, s, other, input(s))
		leave := func(ws models.WorkspaceID, u models.UserID) {
			must(t, s.SaveOwn(ctx, store.Command{Workspace: ws, Actor: u}, func(f models.Facts) (models.Own, []models.Event, error) {
				today := s.Now().UTC()
				return models.SetOwn(models.OwnInput{Zone: "UTC", AwayFrom: today.Format(time.DateOnly), AwayEnd: today.AddDate(0, 0, 1).Format(time.DateOnly)}, f)
			}))
		}
		leave(other, cab(1))
		leave(other, cab(2))
		must(t, s.Jump(ctx, time.Second))
		raise(t, s, ws)
		leave(ws, cab(3))
		must(t, s.Jump(ctx, time.Minute))
		stuck, err := s.Stuck(ctx, ws, s.Now().Add(-30*time.Second), 2)
		must(t, err)
		for _, r := range stuck {
			if r.WorkspaceID != ws {
				t.Errorf("delivery %d is of %s", r.ID, r.WorkspaceID)
			}
		}
		due, err := s.DueAbsences(ctx, ws, s.Now(), 2)
		must(t, err)
		if len(stuck) != 2 || len(due) != 1 || due[0].User != cab(3) {
			t.Errorf("stuck %v, absences %+v", stuck, due)
		}
	})
}
