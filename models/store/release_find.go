package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// Release loads one release; ErrNotFound when the workspace has none of that
// number.
func (s *Store) Release(ctx context.Context, ws models.WorkspaceID, id models.ReleaseID) (*models.Release, error) {
	list, err := s.listReleases(ctx, "workspace_id = ? AND id = ?", ws, id)
	switch {
	case err != nil:
		return nil, fmt.Errorf("load release %d: %w", id, err)
	case len(list) == 0:
		return nil, fmt.Errorf("load release %d: %w", id, ErrNotFound)
	}
	return list[0], nil
}

func (s *Store) listReleases(ctx context.Context, where string, args ...any) ([]*models.Release, error) {
	var rows []releaseRow
	if err := s.engine.read(ctx, stmt{sql: releases.sel(where), args: args, each: releases.collect(&rows)}); err != nil {
		return nil, err
	}
	out := make([]*models.Release, len(rows))
	for i := range rows {
		out[i] = rows[i].release()
	}
	return out, nil
}

// ReleaseFilter narrows a list of releases; zero fields narrow nothing.
type ReleaseFilter struct {
	States []models.ReleaseState
	Lead   models.UserID // project lead, operations lead or deputy
	Limit  int           // 0 means 50; never more than 500
}

func (f ReleaseFilter) where(ws models.WorkspaceID) (string, []any) {
	where, args := "workspace_id = ?", []any{ws}
	if len(f.States) > 0 {
		where += " AND state IN (?" + strings.Repeat(", ?", len(f.States)-1) + ")"
		for _, state := range f.States {
			args = append(args, state)
		}
	}
	if f.Lead != "" {
		where += " AND ? IN (project_lead, ops_lead, deputy)"
		args = append(args, f.Lead)
	}
	return where, args
}

// EachRelease calls fn with everything that fits the filter, by go-live and
// without a limit. Each is read when the one before it is done with, so that
// thousands need no memory.
func (s *Store) EachRelease(ctx context.Context, ws models.WorkspaceID, f ReleaseFilter, fn func(*models.Release)) error {
	where, args := f.where(ws)
	err := s.engine.read(ctx, stmt{sql: releases.sel(where + " ORDER BY go_live, id"), args: args, each: func(x scanner) error {
		var row releaseRow
		if err := x.Scan(releases.into(&row)...); err != nil {
			return err
		}
		fn(row.release())
		return nil
	}})
	if err != nil {
		return fmt.Errorf("read releases: %w", err)
	}
	return nil
}

// Releases lists what fits the filter, by go-live.
func (s *Store) Releases(ctx context.Context, ws models.WorkspaceID, f ReleaseFilter) ([]*models.Release, error) {
	where, args := f.where(ws)
	limit := min(f.Limit, mostChanges)
	if limit <= 0 {
		limit = 50
	}
	list, err := s.listReleases(ctx, where+" ORDER BY go_live, id LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list releases: %w", err)
	}
	return list, nil
}

// DueRelease names a release to which something happens by itself.
type DueRelease struct {
	Workspace models.WorkspaceID
	ID        models.ReleaseID
	DueAt     time.Time
}

// DueReleases lists what was due at now, in all workspaces, longest due first.
func (s *Store) DueReleases(ctx context.Context, now time.Time, limit int) ([]DueRelease, error) {
	var out []DueRelease
	err := s.engine.read(ctx, stmt{
		sql:  "SELECT workspace_id, id, due_at FROM releases WHERE due_at <= ? ORDER BY due_at, workspace_id, id LIMIT ?",
		args: []any{now, limit},
		each: func(row scanner) error {
			var d DueRelease
			err := row.Scan(&d.Workspace, &d.ID, &d.DueAt)
			d.DueAt = d.DueAt.UTC()
			out = append(out, d)
			return err
		},
	})
	if err != nil {
		return nil, fmt.Errorf("list due releases: %w", err)
	}
	return out, nil
}

// Desk is what one person has to do with releases that are open.
type Desk struct {
	Items    []models.OpenItem // theirs to do, by due date
	Verify   []models.OpenItem // waiting for their verification, by due date
	Releases []*models.Release // led by them, or with items of theirs, by go-live
}

// deskMost is how many releases one person's desk is looked for in.
const deskMost = 100

// Desk reads what the person has to do in all open releases, in one query.
func (s *Store) Desk(ctx context.Context, ws models.WorkspaceID, u models.UserID) (Desk, error) {
	var desk Desk
	list, err := s.listReleases(ctx, `workspace_id = ? AND state NOT IN ('closed', 'cancelled') AND (? IN (project_lead, ops_lead, deputy) OR id IN (
		SELECT release_id FROM release_items WHERE workspace_id = ? AND (owner = ? AND status NOT IN ('verified', 'not_applicable') OR status = 'submitted')))
		ORDER BY go_live, id LIMIT ?`, ws, u, ws, u, deskMost)
	if err != nil {
		return desk, fmt.Errorf("read the desk of %s: %w", u, err)
	}
	for _, r := range list {
		own, settle := r.ItemsOf(u, s.Now()), r.ToSettle(u)
		for _, i := range own {
			desk.Items = append(desk.Items, models.OpenItem{Release: r, Item: i})
		}
		for _, i := range settle {
			desk.Verify = append(desk.Verify, models.OpenItem{Release: r, Item: i})
		}
		if len(own)+len(settle) > 0 || r.Leads(u) || r.ProjectLead == u {
			desk.Releases = append(desk.Releases, r)
		}
	}
	slices.SortStableFunc(desk.Items, byDue)
	slices.SortStableFunc(desk.Verify, byDue)
	return desk, nil
}

func byDue(a, b models.OpenItem) int {
	return cmp.Or(a.Item.Due.Compare(b.Item.Due), cmp.Compare(a.Release.ID, b.Release.ID), a.Item.No-b.Item.No)
}

// FactsAroundRelease are what rules may ask about the release, for showing it.
func (s *Store) FactsAroundRelease(ctx context.Context, r *models.Release, actor models.UserID) (models.ReleaseFacts, error) {
	var out models.ReleaseFacts
	var m moment
	err := s.engine.read(ctx, m.look(Command{Workspace: r.Workspace, Actor: actor}), linkedChanges(r.Workspace, r.ID, &out.Linked))
	if err != nil {
		return out, fmt.Errorf("read facts around %s: %w", r.ID, err)
	}
	if out.Facts, err = s.facts(ctx, r.Workspace, m, s.engine.read); err != nil {
		return out, err
	}
	out.Template = out.Checklist(r.Template.Name)
	out.Around.Freezes = freezesIn(releaseSpan(r.GoLive, out.Now), out.Directory)
	return out, nil
}
