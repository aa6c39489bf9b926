package store

import (
	"context"
	"fmt"

	"github.com/gatehousehq/gatehouse/models"
)

// Outlook is what a form comes to as it is filled in so far, over the change
// that it edits, nil for a new one; and the next free time when another would
// fit better. It reads in one round trip, or two when it comes with too little
// notice, and writes nothing.
func (s *Store) Outlook(ctx context.Context, ws models.WorkspaceID, actor models.UserID, in models.Input, c *models.Change) (models.Outlook, models.Facts, error) {
	f, err := s.Facts(ctx, ws, actor)
	if err != nil {
		return models.Outlook{}, f, err
	}
	d := &decision{change: &models.Change{Identity: models.Identity{Workspace: ws}}, facts: f, plans: true}
	if c != nil {
		d.change.Identity = c.Identity
	}
	planned, slots := in.PlanScope(c, f), in.SlotScope(c, f)
	scopes := []models.Scope{slots}
	if planned.Window.Start.Before(planned.Window.End) {
		scopes = append(scopes, planned)
	}
	near, inDebt := neighbours{}, []changeRow(nil)
	questions := append(s.linkedRelease(d, planned.Release), near.look(ws, d.change.ID, f.Related(slots.Services), thatPlan, scopes...))
	if len(planned.Services) > 0 {
		questions = append(questions, owing(ws, planned.Services, d.change.ID, &inDebt),
			trackRecords(d.change, planned, &d.facts.Around.Track), doneBefore(d.change, planned, &d.facts.Around.DoneBefore))
	}
	if err := s.engine.read(ctx, questions...); err != nil {
		return models.Outlook{}, f, fmt.Errorf("look at a form: %w", err)
	}
	f = d.facts
	f.Around.Neighbours, f.Around.Debts = near.found, debtsOf(planned.Services, inDebt, f.Directory)
	f.Around.Freezes, f.Around.Openings = freezesRound(planned, f.Directory), openingsRound(planned, f)
	out := models.Outlook{Preview: in.Preview(c, f)}
	if !out.Misfit() {
		return out, f, nil
	}
	if out.Expedited { // no time before that would fit: it is looked for from there on
		in.Start, in.End = out.Earliest, out.Earliest.Add(planned.Window.Length())
		slots, _, err := s.Slots(ctx, ws, actor, in, c)
		out.Slots = slots
		return out, f, err
	}
	round := f
	round.Around.Freezes, round.Around.Openings = freezesRound(slots, f.Directory), openingsRound(slots, f)
	out.Slots = in.SlotsFor(c, round)
	return out, f, nil
}

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
