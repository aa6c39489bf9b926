package store

import (
	"context"
	"fmt"

	"github.com/gatehousehq/gatehouse/models"
)

// Slots are free times for what a form holds so far; c is the change that it
// edits, nil for a new one. Nothing is written. The risk by which the notice is
// judged leaves the past of the services out: submitting judges it in full.
func (s *Store) Slots(ctx context.Context, ws models.WorkspaceID, actor models.UserID, in models.Input, c *models.Change) (models.Slots, models.Facts, error) {
	f, err := s.Facts(ctx, ws, actor)
	if err != nil {
		return models.Slots{}, f, err
	}
	var me models.ChangeID
	if c != nil {
		me = c.ID
	}
	scope := in.SlotScope(c, f)
	near, inDebt := neighbours{}, []changeRow(nil)
	questions := []stmt{near.look(ws, me, f.Related(scope.Services), thatPlan, scope)}
	if len(scope.Services) > 0 {
		questions = append(questions, owing(ws, scope.Services, me, &inDebt))
	}
	if err := s.engine.read(ctx, questions...); err != nil {
		return models.Slots{}, f, fmt.Errorf("look for slots: %w", err)
	}
	f.Around = models.Around{Neighbours: near.found, Freezes: freezesRound(scope, f.Directory), Openings: openingsRound(scope, f),
		Debts: debtsOf(scope.Services, inDebt, f.Directory)}
	return in.SlotsFor(c, f), f, nil
}
