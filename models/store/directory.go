package store

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/gatehousehq/gatehouse/models"
)

// directories are the last ones read, by workspace. Every change of what they
// hold raises the workspace's directory_version in its transaction; a decision
// reads that number and so never judges by an old directory, whichever replica
// changed it.
type directories struct {
	mu   sync.Mutex
	last map[models.WorkspaceID]*models.Directory
}

func (d *directories) get(ws models.WorkspaceID, version int64) (*models.Directory, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, ok := d.last[ws]
	return dir, ok && dir.Version == version
}

func (d *directories) put(ws models.WorkspaceID, dir *models.Directory) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if old, ok := d.last[ws]; !ok || old.Version <= dir.Version {
		d.last[ws] = dir
	}
}

// asked notes who was just asked, so that the next choice starts with others.
// Readers hold the old directory, so it is copied.
func (d *directories) asked(ws models.WorkspaceID, users []models.UserID, at time.Time) {
	if len(users) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, ok := d.last[ws]
	if !ok {
		return
	}
	fresh := *dir
	fresh.People = maps.Clone(dir.People)
	for _, u := range users {
		if p, known := fresh.People[u]; known {
			p.LastAsked = at
			fresh.People[u] = p
		}
	}
	d.last[ws] = &fresh
}

// moment is what a command reads of its workspace once it has its locks.
type moment struct {
	found   bool
	version int64
	repeat  bool // the command's key was used
	actor   personRow
}

// look reads the moment in one statement.
func (m *moment) look(cmd Command) stmt {
	*m = moment{}
	return stmt{
		sql: `SELECT w.directory_version,
			EXISTS (SELECT 1 FROM commands k WHERE k.workspace_id = w.id AND k.key = ?),
			coalesce(p.name, ''), coalesce(p.zone, ''), coalesce(p.bot, FALSE), coalesce(p.guest, FALSE),
			coalesce(p.deleted, FALSE), coalesce(p.sees_home, FALSE), p.checked_at, p.last_asked_at, coalesce(p.own, '{}')
			FROM workspaces w LEFT JOIN people p ON p.workspace_id = w.id AND p.id = ? WHERE w.id = ?`,
		args: []any{cmd.Key, cmd.Actor, cmd.Workspace},
		each: func(s scanner) error {
			p := &m.actor
			m.found, p.ID = true, cmd.Actor
			return s.Scan(&m.version, &m.repeat, &p.Name, &p.Zone, &p.Bot, &p.Guest, &p.Deleted, &p.SeesHome, &p.CheckedAt, &p.LastAskedAt, &p.Own)
		},
	}
}

// facts are what a rule may ask about, as of the moment. do reads the directory
// when it is a new one.
func (s *Store) facts(ctx context.Context, ws models.WorkspaceID, m moment, do func(context.Context, ...stmt) error) (models.Facts, error) {
	if !m.found {
		return models.Facts{}, fmt.Errorf("workspace %s: %w", ws, ErrNotFound)
	}
	dir, ok := s.dirs.get(ws, m.version)
	if !ok {
		var err error
		if dir, err = loadDirectory(ctx, ws, do); err != nil {
			return models.Facts{}, err
		}
		s.dirs.put(ws, dir)
	}
	return models.Facts{Directory: dir, Now: s.Now(), Actor: inWorkspace(m.actor.person(), dir)}, nil
}

// Facts are what rules may ask about, for reading outside a decision.
func (s *Store) Facts(ctx context.Context, ws models.WorkspaceID, actor models.UserID) (models.Facts, error) {
	var m moment
	if err := s.engine.read(ctx, m.look(Command{Workspace: ws, Actor: actor})); err != nil {
		return models.Facts{}, fmt.Errorf("read facts: %w", err)
	}
	return s.facts(ctx, ws, m, s.engine.read)
}

// Directory is the workspace's directory as it is now. It is shared: callers
// must not modify it.
func (s *Store) Directory(ctx context.Context, ws models.WorkspaceID) (*models.Directory, error) {
	f, err := s.Facts(ctx, ws, "")
	return f.Directory, err
}

// loadDirectory reads everything, again if somebody changed it meanwhile.
func loadDirectory(ctx context.Context, ws models.WorkspaceID, do func(context.Context, ...stmt) error) (*models.Directory, error) {
	for {
		var before, after []workspaceRow
		var r directoryRows
		statements := append([]stmt{{sql: workspaces.sel("id = ?"), args: []any{ws}, each: workspaces.collect(&before)}}, r.load(ws)...)
		statements = append(statements, stmt{sql: workspaces.sel("id = ?"), args: []any{ws}, each: workspaces.collect(&after)})
		if err := do(ctx, statements...); err != nil {
			return nil, fmt.Errorf("load directory: %w", err)
		}
		if len(before) == 0 || len(after) == 0 {
			return nil, fmt.Errorf("workspace %s: %w", ws, ErrNotFound)
		}
		if before[0].DirectoryVersion == after[0].DirectoryVersion {
			return r.directory(before[0]), nil
		}
	}
}

// directoryRows are the rows that make a directory.
type directoryRows struct {
	services []serviceRow
	teams    []teamRow
	roles    []roleRow
	people   []personRow
	policies []policyRow

	templates []templateRow
	freezes   []freezeRow
	windows   []maintenanceRow

	checklists []checklistRow
}

func (r *directoryRows) load(ws models.WorkspaceID) []stmt {
	const mine = "workspace_id = ?"
	args := []any{ws}
	return []stmt{
		{sql: services.sel(mine), args: args, each: services.collect(&r.services)},
		{sql: teams.sel(mine), args: args, each: teams.collect(&r.teams)},
		{sql: roles.sel(mine + " ORDER BY user_id"), args: args, each: roles.collect(&r.roles)},
		{sql: people.sel(mine), args: args, each: people.collect(&r.people)},
		{sql: policies.sel(mine + " ORDER BY version DESC LIMIT 1"), args: args, each: policies.collect(&r.policies)},
		{sql: templates.sel(mine), args: args, each: templates.collect(&r.templates)},
		{sql: freezes.sel(mine + " AND lifted_at IS NULL ORDER BY id"), args: args, each: freezes.collect(&r.freezes)},
		{sql: maintenances.sel(mine + " ORDER BY service, id"), args: args, each: maintenances.collect(&r.windows)},
		{sql: checklists.sel(newestChecklists), args: args, each: checklists.collect(&r.checklists)},
	}
}

func (r *directoryRows) directory(w workspaceRow) *models.Directory {
	d := &models.Directory{
		Version:  w.DirectoryVersion,
		Services: map[models.Slug]models.Service{},
		Teams:    map[models.TeamID]models.Team{},
		Roles:    map[models.Role][]models.UserID{},
		People:   map[models.UserID]models.Person{},

		Templates:  map[models.Slug]models.Template{},
		Checklists: checklistsOf(r.checklists),
		Settings:   w.Settings.V,

		PolicyTrouble: w.PolicyTrouble,
	}
	for _, x := range r.services {
		d.Services[x.Slug] = x.service()
	}
	for _, x := range r.teams {
		d.Teams[x.ID] = x.team()
	}
	for _, x := range r.roles {
		d.Roles[x.Role] = append(d.Roles[x.Role], x.UserID)
	}
	for _, x := range r.people {
		d.People[x.ID] = inWorkspace(x.person(), d)
	}
	for _, x := range r.policies {
		d.Policy = x.Parsed.V
	}
	for _, x := range r.freezes {
		d.Freezes = append(d.Freezes, x.freeze())
	}
	for _, x := range r.windows {
		d.Windows = append(d.Windows, x.window())
	}
	for _, x := range r.templates {
		d.Templates[x.Name] = x.template()
	}
	return d
}

// inWorkspace is a person with what the workspace says of them: its zone, where
// Slack has none, and whether they only look.
func inWorkspace(p models.Person, d *models.Directory) models.Person {
	if p.Zone == "" {
		p.Zone = d.Settings.Zone
	}
	p.Auditor = d.Holds(p.ID, models.RoleAuditor)
	return p
}

// touchDirectory tells every replica that the directory is a new one.
func touchDirectory(tx *gorm.DB, ws models.WorkspaceID) error {
	q := tx.Model(&workspaceRow{}).Where("id = ?", ws).Update("directory_version", gorm.Expr("directory_version + 1"))
	if q.Error == nil && q.RowsAffected == 0 {
		return fmt.Errorf("workspace %s: %w", ws, ErrNotFound)
	}
	return q.Error
}

// lockDirectory makes those who change one directory take turns, before they
// read what they mean to change.
func lockDirectory(tx *gorm.DB, ws models.WorkspaceID) error {
	if err := missing(forUpdate(tx).Select("id").Where("id = ?", ws).Take(&workspaceRow{}).Error); err != nil {
		return fmt.Errorf("workspace %s: %w", ws, err)
	}
	return nil
}
