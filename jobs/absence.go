package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// awayBatch bounds the absences of one tick; the rest is the next one's.
const awayBatch = 50

// moveAsks asks delegates of those who have just left, and those who are just
// back. Each change goes through the same door as every decision.
func (t *ticker) moveAsks(ctx context.Context) error {
	s := t.cfg.Store
	now := s.Now()
	due, err := s.DueAbsences(ctx, t.cfg.Workspace, now, awayBatch)
	if err != nil || len(due) == 0 {
		return err
	}
	f, err := s.Facts(ctx, t.cfg.Workspace, "")
	if err != nil {
		return err
	}
	waiting, err := s.Awaiting(ctx, t.cfg.Workspace)
	if err != nil {
		return fmt.Errorf("look for what waits for approval: %w", err)
	}
	var moved []models.UserID
	for _, a := range due {
		moved = append(moved, a.User)
	}
	var errs []error
	for _, c := range waiting {
		if err := c.MoveAsks(moved, f); err != nil || len(c.Events()) == 0 {
			continue // it is no matter of theirs
		}
		_, err := s.UpdateChange(ctx, store.Command{Workspace: t.cfg.Workspace}, c.ID,
			func(c *models.Change, f models.Facts) error { return c.MoveAsks(moved, f) })
		if _, refused := models.AsRefusal(err); err != nil && !refused {
			errs = append(errs, fmt.Errorf("move the requests of %s: %w", c.ID, err))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for _, a := range due {
		errs = append(errs, s.AwayMoved(ctx, a, now))
	}
	return errors.Join(errs...)
}
