package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/models"
)

type serviceRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Slug        models.Slug        `gorm:"primaryKey"`
	Name        string
	Tier        models.Tier
	Team        models.TeamID
	Owner       models.UserID
	OpsLead     models.UserID
	Channel     models.ChannelID
	DependsOn   jsonOf[[]models.Slug]
	Retired     bool

	Environments jsonOf[[]models.Environment]
	ID           int64
	Version      int
}

func (serviceRow) TableName() string { return "services" }

var services = tableOf[serviceRow]()

func rowOfService(ws models.WorkspaceID, x models.Service) serviceRow {
	return serviceRow{ws, x.Slug, x.Name, x.Tier, x.Team, x.Owner, x.OpsLead, x.Channel, jsonOf[[]models.Slug]{x.DependsOn}, x.Retired,
		jsonOf[[]models.Environment]{x.Environments}, x.ID, x.Version}
}

func (r serviceRow) service() models.Service {
	return models.Service{Slug: r.Slug, Name: r.Name, Tier: r.Tier, Team: r.Team, Owner: r.Owner, OpsLead: r.OpsLead,
		Channel: r.Channel, DependsOn: r.DependsOn.V, Retired: r.Retired,
		Environments: r.Environments.V, ID: r.ID, Version: r.Version}
}

type teamRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	ID          models.TeamID      `gorm:"primaryKey"`
	Name        string
	Members     jsonOf[[]models.UserID]
	SlackGroup  string
	CheckedAt   *time.Time
	Version     int
}

func (teamRow) TableName() string { return "teams" }

var teams = tableOf[teamRow]()

func rowOfTeam(ws models.WorkspaceID, x models.Team) teamRow {
	return teamRow{ws, x.ID, x.Name, jsonOf[[]models.UserID]{x.Members}, x.Group, opt(x.CheckedAt), x.Version}
}

func (r teamRow) team() models.Team {
	return models.Team{ID: r.ID, Name: r.Name, Members: r.Members.V, Group: r.SlackGroup, CheckedAt: val(r.CheckedAt), Version: r.Version}
}

// keepTeams and keepServices write what an import or an edit came to.
func keepTeams(ws models.WorkspaceID, list []models.Team) []stmt {
	rows := make([]teamRow, len(list))
	for i, t := range list {
		rows[i] = rowOfTeam(ws, t)
	}
	return teams.keep(rows, "workspace_id", "id")
}

func keepServices(ws models.WorkspaceID, list []models.Service) []stmt {
	rows := make([]serviceRow, len(list))
	for i, x := range list {
		rows[i] = rowOfService(ws, x)
	}
	return services.keep(rows, "workspace_id", "slug")
}

// newDirectory tells every replica that the directory is a new one.
func newDirectory(ws models.WorkspaceID) stmt {
	return stmt{sql: "UPDATE workspaces SET directory_version = directory_version + 1 WHERE id = ?", args: []any{ws}}
}

// ServiceMove decides about a service: it calls one method of the model. A new
// one is empty.
type ServiceMove func(models.Service, models.Facts) (models.ServiceEdit, error)

// UpdateService is the one door through which a service is added ("" then) or
// edited. Edits take their turn at the calendar: of a retirement and a
// submission, or of two edits that would close a circle, the second sees the
// first. What stands on a service that was retired, its templates and its open
// changes, follows in the same transaction. ErrNotFound when there is none.
func (s *Store) UpdateService(ctx context.Context, cmd Command, slug models.Slug, fn ServiceMove) (models.Service, error) {
	cmd.Calendar = true
	var edit models.ServiceEdit
	ref := models.RecordRef{Kind: models.RecordService}
	err := s.engine.door(ctx, func(b batch) error {
		f, err := s.turn(ctx, b, cmd)
		if err != nil {
			return err
		}
		was, known := f.Services[slug]
		if slug != "" && !known {
			return ErrNotFound
		}
		ref = was.Ref()
		if edit, err = fn(was, f); err != nil {
			return err
		}
		return s.saveService(ctx, b, cmd, was, &edit, f)
	})
	switch {
	case err == nil:
		return edit.Service, nil
	case errors.Is(err, errRepeat):
		return s.serviceOfCommand(ctx, cmd)
	}
	if r, ok := models.AsRefusal(err); ok {
		s.NoteRefusal(ctx, cmd, ref, r)
		return models.Service{}, err
	}
	return models.Service{}, fmt.Errorf("service %s: %w", slug, err)
}

// turn locks the calendar and the directory, and reads the facts.
func (s *Store) turn(ctx context.Context, b batch, cmd Command) (models.Facts, error) {
	var m moment
	lock := stmt{sql: "UPDATE workspaces SET directory_version = directory_version WHERE id = ?", args: []any{cmd.Workspace}}
	if err := b.do(ctx, append(calendarTurn(cmd), lock, m.look(cmd))...); err != nil {
		return models.Facts{}, err
	}
	if m.repeat {
		return models.Facts{}, errRepeat
	}
	return s.facts(ctx, cmd.Workspace, m, b.do)
}

func (s *Store) saveService(ctx context.Context, b batch, cmd Command, was models.Service, edit *models.ServiceEdit, f models.Facts) error {
	if edit.Service.ID == 0 {
		if err := b.do(ctx, nextNumber(cmd.Workspace, "service", &edit.Service.ID)); err != nil {
			return err
		}
	}
	out := keepServices(cmd.Workspace, []models.Service{edit.Service})
	if edit.Team != nil {
		out = append(out, keepTeams(cmd.Workspace, []models.Team{*edit.Team})...)
	}
	out = append(append(out, newDirectory(cmd.Workspace)), written(cmd, edit.Service.Ref(), edit.Events, f.Now)...)
	if err := b.do(ctx, out...); err != nil || was.Retired == edit.Service.Retired {
		return err
	}
	return s.follow(ctx, b, cmd, []models.Service{edit.Service}, f)
}

// follow brings what stands on services that were retired or brought back up
// to date: templates that cover nothing else are suspended, and the cards of
// changes that have not started say what is in their way.
func (s *Store) follow(ctx context.Context, b batch, cmd Command, turned []models.Service, f models.Facts) error {
	var wake []river.InsertManyParams
	var cards []*models.Change
	touched, err := s.planned(ctx, b, cmd.Workspace, f.Now)
	if err != nil {
		return err
	}
	now := f.WithServices(turned)
	for _, c := range touched {
		if slices.ContainsFunc(turned, func(x models.Service) bool { return slices.Contains(c.Services, x.Slug) }) {
			cards = append(cards, c)
		}
	}
	var out []stmt
	if rows := wantedOf(cmd.Workspace, models.FreezeCards(cards), nil); len(rows) > 0 {
		out = append(out, want(rows, f.Now, &wake))
	}
	for _, name := range models.Unserved(turned, now) {
		var found []templateRow
		if err := b.do(ctx, s.lockTemplate(cmd.Workspace, name, &found)); err != nil {
			return err
		}
		t := found[0].template() // none is ever deleted
		t.ServicesRetired(now)
		if events := t.Events(); len(events) > 0 {
			more, woken := templateChanged(cmd, &templateDecision{&found[0], &t, now}, events)
			out, wake = append(out, more...), append(wake, *woken...)
		}
	}
	if err := b.do(ctx, out...); err != nil || len(wake) == 0 {
		return err
	}
	return b.enqueue(ctx, wake)
}

// serviceOfCommand answers a repeat with the service as it is.
func (s *Store) serviceOfCommand(ctx context.Context, cmd Command) (models.Service, error) {
	var first commandRow
	if err := s.db.WithContext(ctx).Where("workspace_id = ? AND key = ?", cmd.Workspace, cmd.Key).Take(&first).Error; err != nil {
		return models.Service{}, fmt.Errorf("load first run of the command: %w", err)
	}
	d, err := s.Directory(ctx, cmd.Workspace)
	if err != nil {
		return models.Service{}, err
	}
	for _, x := range d.Services {
		if x.ID == first.RecordID {
			return x, nil
		}
	}
	return models.Service{}, fmt.Errorf("load service %d: %w", first.RecordID, ErrNotFound)
}
