package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/schedule"
)

// calendarTurn makes those who plan in one workspace take turns: of two
// conflicting submissions, or a freeze and a start, the second sees the first.
// It is asked before any other lock, so that nobody waits in a circle.
func calendarTurn(cmd Command) []stmt {
	if !cmd.Calendar {
		return nil
	}
	return []stmt{{
		sql: `INSERT INTO counters (workspace_id, name, value) VALUES (?, 'calendar', 1)
			ON CONFLICT (workspace_id, name) DO UPDATE SET value = counters.value + 1`,
		args: []any{cmd.Workspace},
	}}
}

// planning are the events that lay claim to a time.
var planning = map[models.EventKind]bool{
	models.EventSubmitted: true, models.EventResubmitted: true, models.EventRevised: true, models.EventStarted: true,
}

// plannedInTurn fails when the calendar was judged or altered out of turn:
// a mistake of the program, never of a person.
func plannedInTurn(cmd Command, events []models.Event) error {
	for _, e := range events {
		if planning[e.Kind] && !cmd.Calendar {
			return fmt.Errorf("event %s came of a command that did not take its turn at the calendar (store.Command.Calendar)", e.Kind)
		}
	}
	return nil
}

// lookAround reads what stands around this scope, in one round trip. Of a
// change that has started nothing is asked any more; a new one has no state yet.
func (s *Store) lookAround(ctx context.Context, do func(context.Context, ...stmt) error, d *decision, scope models.Scope) error {
	d.around, d.facts.Around = scope, models.Around{}
	if c := d.change; (c.State == models.InProgress || c.State == models.Implemented) && c.Type == models.Normal {
		return do(ctx, cleanRuns(c, &d.facts.Around.CleanRuns))
	}
	if s := d.change.State; s != "" && !s.Editable() || !scope.Window.Start.Before(scope.Window.End) {
		return nil
	}
	var near neighbours
	var inDebt []changeRow
	questions := []stmt{near.look(d.change.Workspace, d.change.ID, scope)}
	if len(scope.Services) > 0 {
		questions = append(questions, owing(d.change.Workspace, scope.Services, d.change.ID, &inDebt))
	}
	if err := do(ctx, questions...); err != nil {
		return fmt.Errorf("look around %s: %w", d.change.ID, err)
	}
	d.facts.Around.Neighbours = near.found
	d.facts.Around.Freezes = freezesRound(scope, d.facts.Directory)
	d.facts.Around.Openings = openingsRound(scope, d.facts)
	d.facts.Around.Debts = debtsOf(scope.Services, inDebt, d.facts.Directory)
	return nil
}

// round is how far on either side of a window its freezes are looked for.
const round = 24 * time.Hour

// freezesRound expands the freezes of the directory round a scope, by start.
// What can't be read any more was valid when it was saved, and stops nothing.
func freezesRound(scope models.Scope, d *models.Directory) []models.FreezeSpan {
	var out []models.FreezeSpan
	for _, z := range d.Freezes {
		spans, _ := schedule.Windows(z.When, scope.Window.Start.Add(-round), scope.Window.End.Add(round))
		for _, w := range spans {
			out = append(out, models.FreezeSpan{Freeze: z, Window: w})
		}
	}
	slices.SortStableFunc(out, func(a, b models.FreezeSpan) int { return a.Window.Start.Compare(b.Window.Start) })
	return out
}

// openingsRound expands the maintenance windows of the scope's services, from
// its day on for two weeks: a refusal names the next one.
func openingsRound(scope models.Scope, f models.Facts) map[models.Slug][]models.Window {
	var out map[models.Slug][]models.Window
	for _, x := range f.Windows {
		if !slices.Contains(scope.Services, x.Service) {
			continue
		}
		from := scope.Window.Start
		if f.Now.Before(from) {
			from = f.Now
		}
		spans, _ := schedule.Windows(x.When, from, scope.Window.End.Add(14*round))
		if out == nil {
			out = map[models.Slug][]models.Window{}
		}
		out[x.Service] = append(out[x.Service], spans...)
	}
	for _, spans := range out {
		slices.SortFunc(spans, func(a, b models.Window) int { return a.Start.Compare(b.Start) })
	}
	return out
}

// neighbours are the other open changes of a time and an environment.
type neighbours struct{ found []models.Neighbour }

func (n *neighbours) look(ws models.WorkspaceID, me models.ChangeID, about models.Scope) stmt {
	return stmt{
		sql: `SELECT id, title, type, state, environment, services, window_start, window_end, implementer, submitted_at
			FROM changes WHERE workspace_id = ? AND state IN ('awaiting_approval', 'approved', 'in_progress')
			AND window_end > ? AND window_start < ? AND environment = ? AND id <> ? ORDER BY id`,
		args: []any{ws, about.Window.Start, about.Window.End, about.Environment, me},
		each: func(s scanner) error {
			var x models.Neighbour
			var services jsonOf[[]models.Slug]
			var start, end, submitted *time.Time
			if err := s.Scan(&x.ID, &x.Title, &x.Type, &x.State, &x.Environment, &services, &start, &end, &x.Implementer, &submitted); err != nil {
				return fmt.Errorf("read a neighbour: %w", err)
			}
			x.Services, x.Submitted = services.V, val(submitted)
			x.Window = models.Window{Start: val(start), End: val(end)}
			n.found = append(n.found, x)
			return nil
		},
	}
}
