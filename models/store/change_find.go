package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/gatehousehq/gatehouse/models"
)

// Change loads one change with its approvals; ErrNotFound when the workspace
// has none of that number.
func (s *Store) Change(ctx context.Context, ws models.WorkspaceID, id models.ChangeID) (*models.Change, error) {
	c, err := findChange(ctx, s.engine.read, ws, id)
	if err != nil {
		return nil, fmt.Errorf("load change %d: %w", id, err)
	}
	return c, nil
}

func findChange(ctx context.Context, do func(context.Context, ...stmt) error, ws models.WorkspaceID, id models.ChangeID) (*models.Change, error) {
	var found []changeRow
	var given []approvalRow
	args := []any{ws, id}
	err := do(ctx,
		stmt{sql: changes.sel("workspace_id = ? AND id = ?"), args: args, each: changes.collect(&found)},
		stmt{sql: approvals.sel("workspace_id = ? AND change_id = ? ORDER BY seq"), args: args, each: approvals.collect(&given)})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	return found[0].change(given), nil
}

// ChangeFilter narrows a list of changes; zero fields narrow nothing.
type ChangeFilter struct {
	States      []models.State
	Requester   models.UserID
	Implementer models.UserID
	Mine        models.UserID // raised or carried out by
	Service     models.Slug
	Environment models.Environment
	Debts       bool      // that owe something
	Reviews     bool      // that owe a review
	Lessons     bool      // whose lesson future releases are asked for
	Overdue     time.Time // that owed something by then, or whose time was over and nobody completed them
	Unfinished  time.Time // that owe a review, or whose time was over by then and nobody completed them
	Exceptions  bool      // that went on without what nobody eligible could give, or against the verdict
	Since       time.Time // work on it was under way then or later
	Text        string    // somewhere in title or background, in any case
	From, To    time.Time // the window overlaps this span
	Limit       int       // 0 means 50; never more than 500
	Before      models.ChangeID
}

// mostChanges bounds every list.
const mostChanges = 500

// Changes lists what fits the filter, newest first.
func (s *Store) Changes(ctx context.Context, ws models.WorkspaceID, f ChangeFilter) ([]*models.Change, error) {
	limit := min(f.Limit, mostChanges)
	if limit <= 0 {
		limit = 50
	}
	return s.list(ctx, ws, func(q *gorm.DB) *gorm.DB { return f.narrow(q, ws).Order("id DESC").Limit(limit) })
}

// countChanges counts all that a filter finds, whatever its limit.
func (s *Store) countChanges(ctx context.Context, ws models.WorkspaceID, f ChangeFilter) (int, error) {
	var n int64
	if err := f.narrow(s.db.WithContext(ctx).Model(&changeRow{}).Where("workspace_id = ?", ws), ws).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count changes: %w", err)
	}
	return int(n), nil
}

func (f ChangeFilter) narrow(q *gorm.DB, ws models.WorkspaceID) *gorm.DB {
	for _, c := range []struct {
		wanted bool
		where  string
		args   []any
	}{
		{len(f.States) > 0, "state IN ?", []any{f.States}},
		{f.Requester != "", "requester = ?", []any{f.Requester}},
		{f.Implementer != "", "implementer = ?", []any{f.Implementer}},
		{f.Mine != "", "(requester = ? OR implementer = ?)", []any{f.Mine, f.Mine}},
		{f.Environment != "", "environment = ?", []any{f.Environment}},
		{f.Exceptions, `(CAST(requirements AS text) LIKE '%"Lapsed":%' OR CAST(overridden AS text) LIKE '%"By":%')`, nil},
		{f.Service != "", "id IN (SELECT change_id FROM change_services WHERE workspace_id = ? AND service = ?)", []any{ws, f.Service}},
		{!f.Since.IsZero(), "started_at IS NOT NULL AND (finished_at IS NULL OR finished_at >= ?)", []any{f.Since}},
		{f.Text != "", `(lower(title) LIKE ? ESCAPE '\' OR lower(background) LIKE ? ESCAPE '\')`, []any{like(f.Text), like(f.Text)}},
		{!f.From.IsZero(), "window_end > ?", []any{f.From}},
		{!f.To.IsZero(), "window_start < ?", []any{f.To}},
		{f.Before > 0, "id < ?", []any{f.Before}},
		{f.Debts, "debt_at IS NOT NULL", nil},
		{f.Reviews, unreviewed, nil},
		{f.Lessons, "lesson_bucket <> ''", nil},
		{!f.Unfinished.IsZero(), "(state = 'in_progress' AND window_end < ? OR " + unreviewed + ")", []any{f.Unfinished}},
		{!f.Overdue.IsZero(), "(debt_at < ? OR state = 'in_progress' AND window_end < ? OR review_due < ? AND " + unreviewed + ")", []any{f.Overdue, f.Overdue, f.Overdue}},
	} {
		if c.wanted {
			q = q.Where(c.where, c.args...)
		}
	}
	return q
}

// unreviewed are changes whose review is owed and not given.
const unreviewed = "state = 'implemented' AND review_due IS NOT NULL AND findings = ''"

// like finds the text itself: what it holds of LIKE's own signs is escaped.
func like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(text)) + "%"
}

// Awaiting lists the changes that wait for approval, before the work or
// afterwards, the next window first; at
// most 500.
func (s *Store) Awaiting(ctx context.Context, ws models.WorkspaceID) ([]*models.Change, error) {
	return s.list(ctx, ws, func(q *gorm.DB) *gorm.DB {
		return q.Where("state = ? OR (retrospective AND state IN ? AND retro_approved_at IS NULL AND NOT retro_refused)",
			models.AwaitingApproval, []models.State{models.InProgress, models.Implemented}).Order("window_start, id").Limit(mostChanges)
	})
}

// list loads changes and all their approvals with two queries that see the same
// state of the database.
func (s *Store) list(ctx context.Context, ws models.WorkspaceID, narrow func(*gorm.DB) *gorm.DB) ([]*models.Change, error) {
	var rows []changeRow
	var given []approvalRow
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := narrow(tx.Where("workspace_id = ?", ws)).Find(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]models.ChangeID, len(rows))
		for i, r := range rows {
			ids[i] = r.ID
		}
		return tx.Where("workspace_id = ? AND change_id IN ?", ws, ids).Order("change_id, seq").Find(&given).Error
	}, &sql.TxOptions{Isolation: s.snapshot(), ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("list changes: %w", err)
	}
	of := map[models.ChangeID][]approvalRow{}
	for _, a := range given {
		of[a.ChangeID] = append(of[a.ChangeID], a)
	}
	out := make([]*models.Change, len(rows))
	for i := range rows {
		out[i] = rows[i].change(of[rows[i].ID])
	}
	return out, nil
}

// snapshot is the isolation in which several reads see one state; on SQLite
// every transaction does.
func (s *Store) snapshot() sql.IsolationLevel {
	if s.kind == Postgres {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}

// Material is what a submitted revision of a change said.
func (s *Store) Material(ctx context.Context, ws models.WorkspaceID, id models.ChangeID, rev models.Revision) (models.Material, error) {
	var row revisionRow
	err := s.db.WithContext(ctx).Where("workspace_id = ? AND change_id = ? AND revision = ?", ws, id, rev).Take(&row).Error
	if err := missing(err); err != nil {
		return models.Material{}, fmt.Errorf("load revision %s of change %d: %w", rev.Short(), id, err)
	}
	return row.Material.V, nil
}

// DueChange names a change to which something happens by itself.
type DueChange struct {
	Workspace models.WorkspaceID
	ID        models.ChangeID
	DueAt     time.Time
}

// DueChanges lists what was due at now, in all workspaces, longest due first.
func (s *Store) DueChanges(ctx context.Context, now time.Time, limit int) ([]DueChange, error) {
	var rows []changeRow
	err := s.db.WithContext(ctx).Select("workspace_id", "id", "due_at").
		Where("due_at <= ?", now).Order("due_at").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list due changes: %w", err)
	}
	out := make([]DueChange, len(rows))
	for i, r := range rows {
		out[i] = DueChange{r.WorkspaceID, r.ID, val(r.DueAt)}
	}
	return out, nil
}

// SubmittedSince lists every change whose content was submitted since then,
// whatever became of it, by number.
func (s *Store) SubmittedSince(ctx context.Context, ws models.WorkspaceID, since time.Time) ([]*models.Change, error) {
	var out []*models.Change
	for last := models.ChangeID(0); ; {
		page, err := s.list(ctx, ws, func(q *gorm.DB) *gorm.DB {
			return q.Where("submitted_at >= ? AND id > ?", since, last).Order("id").Limit(mostChanges)
		})
		if err != nil || len(page) == 0 {
			return out, err
		}
		out, last = append(out, page...), page[len(page)-1].ID
	}
}
