package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
	models.EventOverridden: true, models.EventExtended: true,
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
	if state := d.change.State; state != "" && !state.Editable() {
		return s.roundWork(ctx, do, d, scope)
	}
	questions := s.linkedRelease(d, scope.Release)
	if !scope.Window.Start.Before(scope.Window.End) {
		return do(ctx, questions...)
	}
	var near neighbours
	var inDebt []changeRow
	questions = append(questions, near.look(d.change.Workspace, d.change.ID, d.facts.Related(scope.Services), thatPlan, scope))
	if len(scope.Services) > 0 {
		questions = append(questions, owing(d.change.Workspace, scope.Services, d.change.ID, &inDebt))
	}
	if len(scope.Services) > 0 && d.plans {
		questions = append(questions, trackRecords(d.change, scope, &d.facts.Around.Track), doneBefore(d.change, scope, &d.facts.Around.DoneBefore))
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

// roundWork reads what may still be asked of work that has begun: how often it
// went well, and what lies in the time that it might be given on top.
func (s *Store) roundWork(ctx context.Context, do func(context.Context, ...stmt) error, d *decision, scope models.Scope) error {
	var questions []stmt
	var near neighbours
	c := d.change
	if (c.State == models.InProgress || c.State == models.Implemented) && c.Type == models.Normal {
		questions = append(questions, cleanRuns(c, &d.facts.Around.CleanRuns))
	}
	if c.State == models.InProgress && d.plans {
		scope.Window = c.MayBeExtended(d.facts.Now)
		d.facts.Around.Freezes = freezesRound(scope, d.facts.Directory)
		questions = append(questions, near.look(c.Workspace, c.ID, d.facts.Related(scope.Services), thatPlan, scope))
	}
	if len(questions) == 0 {
		return nil
	}
	if err := do(ctx, questions...); err != nil {
		return fmt.Errorf("look around %s: %w", c.ID, err)
	}
	d.facts.Around.Neighbours = near.found
	return nil
}

// linkedRelease reads the release that a change names. While a decision about
// the change is under way nobody moves that release: a start and the end of an
// acceptance come one after the other.
func (s *Store) linkedRelease(d *decision, id models.ReleaseID) []stmt {
	if id == 0 {
		return nil
	}
	q := "SELECT id, name, state, places FROM releases WHERE workspace_id = ? AND id = ?"
	if d.move != nil && s.kind == Postgres {
		q += " FOR SHARE"
	}
	return []stmt{{sql: q, args: []any{d.change.Workspace, id}, each: func(row scanner) error {
		l, places := &models.LinkedRelease{}, jsonOf[[]models.ChannelID]{}
		err := row.Scan(&l.ID, &l.Name, &l.State, &places)
		l.Places, d.facts.Around.Release = places.V, l
		return err
	}}}
}

// recently is how many of a service's completed changes its record speaks of.
const recently = 10

// trackRecords counts how the last completed changes of each service ended.
func trackRecords(c *models.Change, scope models.Scope, found *map[models.Slug]models.TrackRecord) stmt {
	args := []any{c.Workspace}
	for _, slug := range scope.Services {
		args = append(args, slug)
	}
	return stmt{
		sql: `SELECT service, count(*), sum(CASE WHEN outcome IN ('failed', 'rolled_back') THEN 1 ELSE 0 END) FROM (
				SELECT s.service, c.outcome, row_number() OVER (PARTITION BY s.service ORDER BY c.finished_at DESC, c.id DESC) AS n
				FROM change_services s JOIN changes c ON c.workspace_id = s.workspace_id AND c.id = s.change_id
				WHERE s.workspace_id = ? AND s.service IN (?` + strings.Repeat(", ?", len(scope.Services)-1) + `)
					AND c.state IN ('implemented', 'closed') AND c.id <> ?
			) AS ended WHERE n <= ? GROUP BY service`,
		args: append(args, c.ID, recently),
		each: func(row scanner) error {
			var slug models.Slug
			var t models.TrackRecord
			if err := row.Scan(&slug, &t.Completed, &t.Failed); err != nil {
				return fmt.Errorf("read a track record: %w", err)
			}
			if *found == nil {
				*found = map[models.Slug]models.TrackRecord{}
			}
			(*found)[slug] = t
			return nil
		},
	}
}

// doneBefore counts the successful changes like this one: on the same services
// in the same environment, of the same chain of "Raise again" or template.
func doneBefore(c *models.Change, scope models.Scope, n *int) stmt {
	services, _ := jsonOf[[]models.Slug]{scope.Services}.Value() // texts always marshal
	return stmt{
		sql: `SELECT count(*) FROM changes WHERE workspace_id = ? AND id <> ? AND state IN ('implemented', 'closed') AND outcome = 'successful'
			AND environment = ? AND CAST(services AS text) = ? AND (origin = ? OR id = ? OR template <> '' AND template = ?)`,
		args: []any{c.Workspace, c.ID, scope.Environment, services, scope.Origin, scope.Origin, scope.Template},
		each: func(row scanner) error { return row.Scan(n) },
	}
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

// neighbours are the other open changes of a time and an environment that may
// be in the way: by a service that hangs together with ours, or by who carries
// them out.
type neighbours struct{ found []models.Neighbour }

// sought says which changes a look is for.
type sought struct {
	states  string
	running bool // what runs on after its window, too
	shown   bool // with where their cards stand and who was asked
}

// thatPlan are the changes that another one has to know of; thatName are those
// that say on their cards who plans beside them: they wait, also for changes.
var (
	thatPlan = sought{states: "'awaiting_approval', 'approved', 'in_progress'", running: true}
	thatName = sought{states: "'awaiting_approval', 'changes_requested', 'approved'", shown: true}
)

// look asks for those of one scope, or of several at once: of several, which is
// whose is told apart afterwards.
func (n *neighbours) look(ws models.WorkspaceID, me models.ChangeID, related []models.Slug, whom sought, about ...models.Scope) stmt {
	span := about[0].Window
	var environments, people []any
	for _, x := range about {
		environments, people = append(environments, x.Environment), append(people, x.Implementer)
		if x.Window.Start.Before(span.Start) {
			span.Start = x.Window.Start
		}
		if x.Window.End.After(span.End) {
			span.End = x.Window.End
		}
	}
	mine := "implementer IN " + marks(len(people))
	if len(related) > 0 {
		mine += " OR EXISTS (SELECT 1 FROM change_services s WHERE s.workspace_id = changes.workspace_id AND s.change_id = changes.id AND s.service IN " + marks(len(related)) + ")"
		for _, slug := range related {
			people = append(people, slug)
		}
	}
	// No window is longer than the longest, extended ones hardly: that bounds the
	// part of the index which is read.
	last := span.End.Add(2 * models.MaxWindow)
	columns := "id, title, type, state, environment, services, window_start, window_end, implementer, submitted_at"
	if whom.shown {
		columns += ", places, asked"
	}
	from := "SELECT " + columns + " FROM changes WHERE workspace_id = ? AND "
	rest := ` AND environment IN ` + marks(len(environments)) + ` AND id <> ? AND (` + mine + `)`
	sql := from + `state IN (` + whom.states + `) AND window_end > ? AND window_end < ? AND window_start < ?` + rest
	args := slices.Concat([]any{ws, span.Start, last, span.End}, environments, []any{me}, people)
	if whom.running {
		sql += ` UNION ALL ` + from + `state = 'in_progress' AND window_end <= ?` + rest
		args = slices.Concat(args, []any{ws, span.Start}, environments, []any{me}, people)
	}
	return stmt{
		sql: sql + ` ORDER BY id`, args: args,
		each: func(s scanner) error {
			var x models.Neighbour
			var services jsonOf[[]models.Slug]
			var places jsonOf[[]models.ChannelID]
			var asked jsonOf[[]models.Ask]
			var start, end, submitted *time.Time
			into := []any{&x.ID, &x.Title, &x.Type, &x.State, &x.Environment, &services, &start, &end, &x.Implementer, &submitted}
			if whom.shown {
				into = append(into, &places, &asked)
			}
			if err := s.Scan(into...); err != nil {
				return fmt.Errorf("read a neighbour: %w", err)
			}
			x.Services, x.Submitted, x.Places, x.Asked = services.V, val(submitted), places.V, asked.V
			x.Window = models.Window{Start: val(start), End: val(end)}
			n.found = append(n.found, x)
			return nil
		},
	}
}

// lookForCards looks for the changes whose cards name this one, or did before
// the command. Two that come up side by side can't see each other before they
// are committed; so on PostgreSQL one goes at a time from here to its commit,
// and the later sees the earlier. On SQLite all writers take turns.
func (s *Store) lookForCards(ctx context.Context, b batch, d *decision) error {
	if !models.Replan(d.events) {
		return nil
	}
	var about []models.Scope
	var services []models.Slug
	for _, c := range []*models.Change{d.change, d.fresh()} {
		scope := c.Scope()
		scope.Window = c.Claims(d.facts.Now)
		if scope.Window.Start.Before(scope.Window.End) {
			about, services = append(about, scope), append(services, scope.Services...)
		}
	}
	if len(about) == 0 {
		return nil
	}
	var near neighbours
	questions := []stmt{near.look(d.change.Workspace, d.change.ID, d.facts.Related(services), thatName, about...)}
	if s.kind == Postgres {
		turn := stmt{sql: "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", args: []any{"plans of " + string(d.change.Workspace)}}
		questions = append([]stmt{turn}, questions...)
	}
	if err := b.do(ctx, questions...); err != nil {
		return fmt.Errorf("look for the cards that name %s: %w", d.change.ID, err)
	}
	d.facts.Around.Named = near.found
	return nil
}

// marks are n places for arguments: "(?, ?)".
func marks(n int) string { return "(?" + strings.Repeat(", ?", n-1) + ")" }

// FactsAround are what rules may ask about the change, for showing it: the
// facts of a decision, and what stands around it.
func (s *Store) FactsAround(ctx context.Context, c *models.Change, actor models.UserID) (models.Facts, error) {
	f, err := s.Facts(ctx, c.Workspace, actor)
	if err != nil {
		return f, err
	}
	d := &decision{change: c, facts: f}
	err = s.lookAround(ctx, s.engine.read, d, c.Scope())
	return d.facts, err
}

// AroundEach is what stands around each of the changes of one workspace that
// has not begun, as far as time goes: other changes, freezes and maintenance
// windows. However many they are, it is one query.
func (s *Store) AroundEach(ctx context.Context, list []*models.Change, f models.Facts) (map[models.ChangeID]models.Around, error) {
	ahead := slices.DeleteFunc(slices.Clone(list), func(c *models.Change) bool {
		return !c.State.Editable() || !c.Window.Start.Before(c.Window.End)
	})
	if len(ahead) == 0 {
		return nil, nil
	}
	var all []models.Scope
	var touched []models.Slug
	for _, c := range ahead {
		all, touched = append(all, c.Scope()), append(touched, c.Services...)
	}
	var near neighbours
	if err := s.engine.read(ctx, near.look(ahead[0].Workspace, 0, f.Related(touched), thatPlan, all...)); err != nil {
		return nil, fmt.Errorf("look around %d changes: %w", len(ahead), err)
	}
	out := map[models.ChangeID]models.Around{}
	for i, c := range ahead {
		out[c.ID] = models.Around{Freezes: freezesRound(all[i], f.Directory), Openings: openingsRound(all[i], f), Neighbours: slices.DeleteFunc(slices.Clone(near.found), func(n models.Neighbour) bool {
			return n.ID == c.ID || n.Environment != c.Environment || !n.Claims(f.Now).Overlaps(all[i].Window)
		})}
	}
	return out, nil
}
