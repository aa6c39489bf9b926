package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/models"
)

// templateRow is a template as kept.
type templateRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Name        models.Slug        `gorm:"primaryKey"`
	ID          int64
	State       models.TemplateState
	Version     int
	Recipe      jsonOf[models.Recipe]
	LastVersion int
	Proposal    jsonOf[*models.Proposal]
	Origin      models.ChangeID
	ApprovedBy  models.UserID
	ApprovedAt  *time.Time
	Reason      string
	FailedRun   models.ChangeID
}

func (templateRow) TableName() string { return "templates" }

var templates = tableOf[templateRow]()

func rowOfTemplate(ws models.WorkspaceID, t *models.Template) templateRow {
	return templateRow{ws, t.Name, t.ID, t.State, t.Version, jsonOf[models.Recipe]{t.Recipe}, t.Last, jsonOf[*models.Proposal]{t.Proposal},
		t.Origin, t.ApprovedBy, opt(t.ApprovedAt), t.Reason, t.FailedRun}
}

func (r templateRow) template() models.Template {
	return models.Template{Workspace: r.WorkspaceID, ID: r.ID, Name: r.Name, State: r.State, Version: r.Version, Recipe: r.Recipe.V,
		Last: r.LastVersion, Proposal: r.Proposal.V, Origin: r.Origin, ApprovedBy: r.ApprovedBy, ApprovedAt: val(r.ApprovedAt),
		Reason: r.Reason, FailedRun: r.FailedRun}
}

// templateVersionRow keeps what every version ever proposed said.
type templateVersionRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Name        models.Slug        `gorm:"primaryKey"`
	Version     int                `gorm:"primaryKey;autoIncrement:false"`
	Recipe      jsonOf[models.Recipe]
	ByUser      models.UserID // "" = the templates file
	At          time.Time
}

func (templateVersionRow) TableName() string { return "template_versions" }

var templateVersions = tableOf[templateVersionRow]()

// TemplateMove decides about a template: it calls one method of the model.
type TemplateMove func(*models.Template, models.Facts) error

// templateDecision is one run through the templates' door.
type templateDecision struct {
	before *templateRow // nil for a new one
	t      *models.Template
	facts  models.Facts
}

// UpdateTemplate is the one door through which a template is moved, as
// UpdateChange is for changes. ErrNotFound when the workspace has none of that
// name.
func (s *Store) UpdateTemplate(ctx context.Context, cmd Command, name models.Slug, fn TemplateMove) (*models.Template, error) {
	return s.carryOutTemplate(ctx, cmd, name, false, func(_ context.Context, _ batch, d *templateDecision) error {
		if d.before == nil {
			return ErrNotFound
		}
		return fn(d.t, d.facts)
	})
}

// ProposeTemplate makes a template out of a change that went well; fn gets an
// empty one (or the one that has the name already), the change, and how many
// clean runs of it there are.
func (s *Store) ProposeTemplate(ctx context.Context, cmd Command, name models.Slug, from models.ChangeID,
	fn func(t *models.Template, from *models.Change, runs int, f models.Facts) error) (*models.Template, error) {
	return s.carryOutTemplate(ctx, cmd, name, true, func(ctx context.Context, b batch, d *templateDecision) error {
		c, err := findChange(ctx, b.do, cmd.Workspace, from)
		if err != nil {
			return err
		}
		runs := 0
		if err := b.do(ctx, cleanRuns(c, &runs)); err != nil {
			return err
		}
		if c.CleanRun() {
			runs++
		}
		return fn(d.t, c, runs, d.facts)
	})
}

// ImportTemplates stores those versions of a templates file that are higher
// than any stored, each in a transaction of its own, and tells which. A version
// that names an unknown service is reported and left out; the others are stored.
func (s *Store) ImportTemplates(ctx context.Context, ws models.WorkspaceID, list []models.TemplateVersion) (stored []models.Slug, err error) {
	var errs []error
	for _, v := range list {
		done := false
		_, err := s.carryOutTemplate(ctx, Command{Workspace: ws}, v.Name, true, func(_ context.Context, _ batch, d *templateDecision) (err error) {
			done, err = d.t.Store(v.Name, v.Version, v.Recipe, d.facts)
			return err
		})
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("template %s, version %d: %w", v.Name, v.Version, err))
		case done:
			stored = append(stored, v.Name)
		}
	}
	return stored, errors.Join(errs...)
}

func (s *Store) carryOutTemplate(ctx context.Context, cmd Command, name models.Slug, create bool,
	move func(context.Context, batch, *templateDecision) error) (*models.Template, error) {
	d := &templateDecision{}
	err := s.engine.door(ctx, func(b batch) error {
		*d = templateDecision{}
		var id int64
		if create { // those who make one take turns, so that a name is given once
			if err := b.do(ctx, nextNumber(cmd.Workspace, "template", &id)); err != nil {
				return err
			}
		}
		if err := s.loadTemplate(ctx, b, cmd, name, d); err != nil {
			return err
		}
		if d.before == nil {
			d.t.ID = id
		}
		if err := move(ctx, b, d); err != nil {
			return err
		}
		return s.saveTemplate(ctx, b, cmd, d)
	})
	switch {
	case err == nil, errors.Is(err, errNothing):
		return d.t, nil
	case errors.Is(err, errRepeat):
		return s.Template(ctx, cmd.Workspace, name)
	}
	ref := models.RecordRef{Kind: models.RecordTemplate}
	if d.before != nil {
		ref.ID = d.before.ID
	}
	if r, ok := models.AsRefusal(err); ok {
		s.NoteRefusal(ctx, cmd, ref, r)
		return nil, err
	}
	return nil, fmt.Errorf("template %s: %w", name, err)
}

// loadTemplate locks the template and reads it and the moment.
func (s *Store) loadTemplate(ctx context.Context, b batch, cmd Command, name models.Slug, d *templateDecision) error {
	var found []templateRow
	var m moment
	err := b.do(ctx, s.lockTemplate(cmd.Workspace, name, &found), m.look(cmd))
	switch {
	case err != nil:
		return err
	case m.repeat:
		return errRepeat
	}
	if d.facts, err = s.facts(ctx, cmd.Workspace, m, b.do); err != nil {
		return err
	}
	d.t = &models.Template{Workspace: cmd.Workspace}
	if len(found) > 0 {
		t := found[0].template()
		d.before, d.t = &found[0], &t
	}
	return nil
}

// lockTemplate reads a template as it is once nobody else is changing it.
func (s *Store) lockTemplate(ws models.WorkspaceID, name models.Slug, found *[]templateRow) stmt {
	q := templates.sel("workspace_id = ? AND name = ?")
	if s.kind == Postgres {
		q += " FOR UPDATE"
	}
	return stmt{sql: q, args: []any{ws, name}, each: templates.collect(found)}
}

func (s *Store) saveTemplate(ctx context.Context, b batch, cmd Command, d *templateDecision) error {
	events := d.t.Events()
	if len(events) == 0 {
		return errNothing
	}
	claimed := cmd.Key == ""
	var batch []stmt
	if !claimed {
		batch = append(batch, claim(cmd, d.t.Ref(), d.facts.Now, &claimed))
	}
	more, wake := templateChanged(cmd, d, events)
	switch err := b.do(ctx, append(batch, more...)...); {
	case err != nil:
		return err
	case !claimed:
		return errRepeat
	case len(*wake) == 0:
		return nil
	}
	return b.enqueue(ctx, *wake)
}

// templateChanged writes the template, its events and who hears of them, and
// tells every replica.
func templateChanged(cmd Command, d *templateDecision, events []models.Event) ([]stmt, *[]river.InsertManyParams) {
	t, ws, now := d.t, cmd.Workspace, d.facts.Now
	row := rowOfTemplate(ws, t)
	var out []stmt
	var proposer models.UserID
	if d.before == nil {
		out = append(out, templates.insert([]templateRow{row}))
	} else {
		if p := d.before.Proposal.V; p != nil {
			proposer = p.By
		}
		if update, differs := templates.update(d.before, &row, "workspace_id = ? AND name = ?", ws, t.Name); differs {
			out = append(out, update)
		}
	}
	version := templateVersionRow{ws, t.Name, t.Version, jsonOf[models.Recipe]{t.Recipe}, t.ApprovedBy, now}
	if t.Proposal != nil {
		version = templateVersionRow{ws, t.Name, t.Proposal.Version, jsonOf[models.Recipe]{t.Proposal.Recipe}, t.Proposal.By, now}
	}
	keep := templateVersions.insert([]templateVersionRow{version})
	keep.sql += " ON CONFLICT (workspace_id, name, version) DO NOTHING"
	out = append(out, keep, addEvents(cmd, t.Ref(), events))
	wake := &[]river.InsertManyParams{}
	if rows := wantedOf(ws, models.TemplateDeliveries(t, proposer, events, d.facts), events); len(rows) > 0 {
		out = append(out, want(rows, now, wake))
	}
	return append(out, newDirectory(ws)), wake
}

// Template is one template; ErrNotFound when the workspace has none of that name.
func (s *Store) Template(ctx context.Context, ws models.WorkspaceID, name models.Slug) (*models.Template, error) {
	d, err := s.Directory(ctx, ws)
	if err != nil {
		return nil, err
	}
	t, known := d.Templates[name]
	if !known {
		return nil, fmt.Errorf("load template %s: %w", name, ErrNotFound)
	}
	return &t, nil
}

// TemplateByID finds the template that an event or a delivery is about.
func (s *Store) TemplateByID(ctx context.Context, ws models.WorkspaceID, id int64) (*models.Template, error) {
	d, err := s.Directory(ctx, ws)
	if err != nil {
		return nil, err
	}
	for _, t := range d.Templates {
		if t.ID == id {
			return &t, nil
		}
	}
	return nil, fmt.Errorf("load template %d: %w", id, ErrNotFound)
}

// TemplateRuns counts how the completed runs of each template ended. It comes
// from the changes themselves.
func (s *Store) TemplateRuns(ctx context.Context, ws models.WorkspaceID) (map[models.Slug]models.Runs, error) {
	out := map[models.Slug]models.Runs{}
	err := s.engine.read(ctx, stmt{
		sql: `SELECT template, outcome, count(*) FROM changes
			WHERE workspace_id = ? AND template <> '' AND type = 'standard' AND state IN ('implemented', 'closed') GROUP BY template, outcome`,
		args: []any{ws},
		each: func(row scanner) error {
			var name models.Slug
			var outcome models.Outcome
			var n int
			if err := row.Scan(&name, &outcome, &n); err != nil {
				return err
			}
			r := out[name]
			r.Add(outcome, n)
			out[name] = r
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("count the runs of templates: %w", err)
	}
	return out, nil
}

// CleanRuns is how many clean runs of this change there are, itself included.
func (s *Store) CleanRuns(ctx context.Context, c *models.Change) (int, error) {
	n := 0
	if err := s.engine.read(ctx, cleanRuns(c, &n)); err != nil {
		return 0, fmt.Errorf("count the clean runs of %s: %w", c.ID, err)
	}
	if c.CleanRun() {
		n++
	}
	return n, nil
}

// cleanRuns counts the other clean runs of c: the same chain of "Raise again",
// on the same services in the same environment.
func cleanRuns(c *models.Change, n *int) stmt {
	services, _ := jsonOf[[]models.Slug]{c.Services}.Value() // texts always marshal
	return stmt{
		sql: `SELECT count(*) FROM changes WHERE workspace_id = ? AND (origin = ? OR id = ?) AND id <> ?
			AND state = 'closed' AND outcome = 'successful' AND type = 'normal' AND rollback_of = 0
			AND environment = ? AND CAST(services AS text) = ?`,
		args: []any{c.Workspace, c.Root(), c.Root(), c.ID, c.Environment, services},
		each: func(row scanner) error { return row.Scan(n) },
	}
}

// runFailed suspends the template of a run that failed, in the transaction in
// which it is reported; whoever comes second finds it suspended already.
func (s *Store) runFailed(ctx context.Context, b batch, cmd Command, run *models.Change, why string, f models.Facts) ([]stmt, *[]river.InsertManyParams, error) {
	var found []templateRow
	if err := b.do(ctx, s.lockTemplate(cmd.Workspace, run.Template.Name, &found)); err != nil || len(found) == 0 {
		return nil, nil, err
	}
	t := found[0].template()
	t.RunFailed(run, why, f)
	events := t.Events()
	if len(events) == 0 {
		return nil, nil, nil
	}
	more, wake := templateChanged(cmd, &templateDecision{&found[0], &t, f}, events)
	return more, wake, nil
}

// templateOf is what a command on a standard change has to do with its
// template: a run that failed suspends it, and what is submitted or started
// must still be covered by it.
func (s *Store) templateOf(ctx context.Context, b batch, cmd Command, d *decision) ([]stmt, *[]river.InsertManyParams, error) {
	if u := d.undoes; u != nil && u.Type == models.Standard {
		return s.runFailed(ctx, b, cmd, u, u.ID.String()+" was rolled back by "+d.change.ID.String(), d.facts)
	}
	if d.change.Type != models.Standard {
		return nil, nil, nil
	}
	if why := models.FailedRun(d.change, d.events); why != "" {
		return s.runFailed(ctx, b, cmd, d.change, why, d.facts)
	}
	for _, e := range d.events {
		switch e.Kind {
		case models.EventSubmitted, models.EventResubmitted, models.EventRevised, models.EventStarted:
			return nil, nil, s.stillActive(ctx, b, d.change, d.facts)
		}
	}
	return nil, nil, nil
}

// stillActive refuses a change whose template was suspended, retired or edited
// between the reading of the directory and now: whoever suspends it waits until
// this transaction has ended, or this one sees what was done.
func (s *Store) stillActive(ctx context.Context, b batch, c *models.Change, f models.Facts) error {
	var found []templateRow
	if err := b.do(ctx, s.lockTemplate(c.Workspace, c.Template.Name, &found)); err != nil {
		return err
	}
	fresh := *f.Directory
	fresh.Templates = map[models.Slug]models.Template{}
	for _, row := range found {
		fresh.Templates[row.Name] = row.template()
	}
	return c.TemplateServes(models.Facts{Directory: &fresh, Now: f.Now, Actor: f.Actor})
}
