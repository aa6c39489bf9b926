package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

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
	if out.Expedited { // it may have to be looked for further ahead than was read
		out.Slots, _, err = s.Slots(ctx, ws, actor, in, c)
		return out, f, err
	}
	round := f
	round.Around.Freezes, round.Around.Openings = freezesRound(slots, f.Directory), openingsRound(slots, f)
	out.Slots = in.SlotsFor(c, round)
	return out, f, nil
}

// Slots are free times for what a form holds so far; c is the change that it
// edits, nil for a new one. Nothing is written. Where they fall short because of
// the notice, it looks on from the first start in time. The notice is judged by
// a risk that knows of debts and of the record of the services; that a change
// was done before, which only makes it less, is left for its submission.
func (s *Store) Slots(ctx context.Context, ws models.WorkspaceID, actor models.UserID, in models.Input, c *models.Change) (models.Slots, models.Facts, error) {
	f, err := s.slotFacts(ctx, ws, actor, in, c)
	if err != nil {
		return models.Slots{}, f, err
	}
	out := in.SlotsFor(c, f)
	start, late := in.InTime(c, f)
	if !late || !out.Short() {
		return out, f, nil
	}
	in.Start, in.End = start, start.Add(max(in.End.Sub(in.Start), 0))
	further, scope := f, in.SlotScope(c, f)
	further.Around.Freezes, further.Around.Openings = freezesRound(scope, f.Directory), openingsRound(scope, f)
	return out.Further(in.SlotsFor(c, further)), f, nil
}

// slotFacts reads what lies in the time in which slots are looked for, and other
// changes as far ahead as they are looked for with any notice.
func (s *Store) slotFacts(ctx context.Context, ws models.WorkspaceID, actor models.UserID, in models.Input, c *models.Change) (models.Facts, error) {
	f, err := s.Facts(ctx, ws, actor)
	if err != nil {
		return f, err
	}
	var me models.ChangeID
	if c != nil {
		me = c.ID
	}
	scope := in.SlotScope(c, f)
	reach := scope
	reach.Window.End = in.SlotReach(c, f)
	near, past := neighbours{}, []changeRow(nil)
	questions := []stmt{near.look(ws, me, f.Related(scope.Services), thatPlan, reach)}
	if len(scope.Services) > 0 {
		questions = append(questions, pastOf(ws, scope.Services, me, &past))
	}
	if err := s.engine.read(ctx, questions...); err != nil {
		return f, fmt.Errorf("look for slots: %w", err)
	}
	f.Around = models.Around{Neighbours: near.found, Freezes: freezesRound(scope, f.Directory), Openings: openingsRound(scope, f),
		Debts: debtsOf(scope.Services, slices.DeleteFunc(slices.Clone(past), func(r changeRow) bool { return r.DebtAt == nil }), f.Directory),
		Track: trackOf(scope.Services, past)}
	return f, nil
}

// pastOf reads, in one statement, what the teams of these services owe and the
// last completed changes of each service: rows of either kind, each once.
func pastOf(ws models.WorkspaceID, services []models.Slug, except models.ChangeID, rows *[]changeRow) stmt {
	var found []changeRow
	debts := owing(ws, services, except, &found)
	args := append(debts.args, ws, ws)
	for _, slug := range services {
		args = append(args, slug)
	}
	collect, seen := changes.collect(&found), map[models.ChangeID]bool{}
	return stmt{
		sql: `SELECT * FROM (` + debts.sql + `) AS debts UNION ALL ` + changes.sel(`workspace_id = ? AND id IN (SELECT change_id FROM (
				SELECT s.change_id, row_number() OVER (PARTITION BY s.service ORDER BY c.finished_at DESC, c.id DESC) AS n
				FROM change_services s JOIN changes c ON c.workspace_id = s.workspace_id AND c.id = s.change_id
				WHERE s.workspace_id = ? AND s.service IN `+marks(len(services))+` AND c.state IN ('implemented', 'closed') AND c.id <> ?
			) AS ended WHERE n <= ?)`),
		args: append(args, except, recently),
		each: func(row scanner) error {
			found = found[:0]
			if err := collect(row); err != nil {
				return err
			}
			if r := found[0]; !seen[r.ID] {
				seen[r.ID] = true
				*rows = append(*rows, r)
			}
			return nil
		},
	}
}

// trackOf counts how the last completed changes of each service ended, as
// trackRecords does, of rows that hold them all.
func trackOf(services []models.Slug, past []changeRow) map[models.Slug]models.TrackRecord {
	ended := slices.DeleteFunc(slices.Clone(past), func(r changeRow) bool { return r.State != models.Implemented && r.State != models.Closed })
	slices.SortFunc(ended, func(a, b changeRow) int {
		return cmp.Or(val(b.FinishedAt).Compare(val(a.FinishedAt)), cmp.Compare(b.ID, a.ID))
	})
	out := map[models.Slug]models.TrackRecord{}
	for _, slug := range services {
		t := models.TrackRecord{}
		for _, r := range ended {
			if t.Completed == recently || !slices.Contains(r.Services.V, slug) {
				continue
			}
			t.Completed++
			if r.Outcome == models.Failed || r.Outcome == models.RolledBack {
				t.Failed++
			}
		}
		if t.Completed > 0 {
			out[slug] = t
		}
	}
	return out
}
