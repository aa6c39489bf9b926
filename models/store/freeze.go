package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/schedule"
)

// freezeRow is a freeze as kept.
type freezeRow struct {
	WorkspaceID  models.WorkspaceID `gorm:"primaryKey"`
	ID           models.FreezeID    `gorm:"primaryKey;autoIncrement:false"`
	Kind         models.FreezeKind
	Name         string
	Reason       string
	Owner        models.UserID
	Environments jsonOf[[]models.Environment]
	Tiers        jsonOf[[]models.Tier]
	Services     jsonOf[[]models.Slug]
	Occurs       jsonOf[models.When]
	Version      int
	LiftedAt     *time.Time
	LiftedBy     models.UserID
}

func (freezeRow) TableName() string { return "freezes" }

var freezes = tableOf[freezeRow]()

func rowOfFreeze(ws models.WorkspaceID, z *models.Freeze) freezeRow {
	return freezeRow{ws, z.ID, z.Kind, z.Name, z.Reason, z.Owner, jsonOf[[]models.Environment]{z.Environments}, jsonOf[[]models.Tier]{z.Tiers},
		jsonOf[[]models.Slug]{z.Services}, jsonOf[models.When]{z.When}, z.Version, opt(z.LiftedAt), z.LiftedBy}
}

func (r freezeRow) freeze() models.Freeze {
	return models.Freeze{ID: r.ID, Kind: r.Kind, Name: r.Name, Reason: r.Reason, Owner: r.Owner, Environments: r.Environments.V,
		Tiers: r.Tiers.V, Services: r.Services.V, When: r.Occurs.V, Version: r.Version, LiftedAt: val(r.LiftedAt), LiftedBy: r.LiftedBy}
}

// maintenanceRow is a maintenance window as kept.
type maintenanceRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	ID          int64              `gorm:"primaryKey;autoIncrement:false"`
	Service     models.Slug
	Occurs      jsonOf[models.When]
	Version     int
}

func (maintenanceRow) TableName() string { return "maintenance_windows" }

var maintenances = tableOf[maintenanceRow]()

func (r maintenanceRow) window() models.MaintenanceWindow {
	return models.MaintenanceWindow{ID: r.ID, Service: r.Service, When: r.Occurs.V, Version: r.Version}
}

// FreezeMove decides about a freeze: it calls one method of the model.
type FreezeMove func(*models.Freeze, models.Facts) ([]models.Event, error)

// DeclareFreeze makes a freeze with the next number, UpdateFreeze moves one
// that is there. Both take their turn at the calendar, so that a freeze and a
// start can't pass each other, and bring the cards of what they touch up to date.
func (s *Store) DeclareFreeze(ctx context.Context, cmd Command, fn FreezeMove) (*models.Freeze, error) {
	return s.carryOutFreeze(ctx, cmd, 0, fn)
}

// UpdateFreeze edits or lifts a freeze; ErrNotFound when there is none.
func (s *Store) UpdateFreeze(ctx context.Context, cmd Command, id models.FreezeID, fn FreezeMove) (*models.Freeze, error) {
	return s.carryOutFreeze(ctx, cmd, id, fn)
}

func (s *Store) carryOutFreeze(ctx context.Context, cmd Command, id models.FreezeID, fn FreezeMove) (*models.Freeze, error) {
	cmd.Calendar = true
	z := &models.Freeze{}
	err := s.engine.door(ctx, func(b batch) error {
		var found []freezeRow
		var m moment
		n := int64(id)
		ask := calendarTurn(cmd)
		if id == 0 {
			ask = append(ask, nextNumber(cmd.Workspace, "freeze", &n))
		}
		ask = append(ask, stmt{sql: freezes.sel("workspace_id = ? AND id = ?"), args: []any{cmd.Workspace, id}, each: freezes.collect(&found)}, m.look(cmd))
		if err := b.do(ctx, ask...); err != nil {
			return err
		}
		switch {
		case m.repeat:
			return errRepeat
		case id != 0 && len(found) == 0:
			return ErrNotFound
		}
		f, err := s.facts(ctx, cmd.Workspace, m, b.do)
		if err != nil {
			return err
		}
		var before *freezeRow
		*z = models.Freeze{ID: models.FreezeID(n)}
		if id != 0 {
			before, *z = &found[0], found[0].freeze()
		}
		was := *z
		events, err := fn(z, f)
		if err != nil {
			return err
		}
		return s.saveFreeze(ctx, b, cmd, before, &was, z, events, f)
	})
	switch {
	case err == nil:
		return z, nil
	case errors.Is(err, errRepeat):
		return s.freezeOf(ctx, cmd, id)
	}
	ref := models.RecordRef{Kind: models.RecordFreeze, ID: int64(id)}
	if r, ok := models.AsRefusal(err); ok {
		s.NoteRefusal(ctx, cmd, ref, r)
		return nil, err
	}
	return nil, fmt.Errorf("%s: %w", what(ref), err)
}

func (s *Store) saveFreeze(ctx context.Context, b batch, cmd Command, before *freezeRow, was, z *models.Freeze, events []models.Event, f models.Facts) error {
	row, claimed := rowOfFreeze(cmd.Workspace, z), cmd.Key == ""
	var out []stmt
	if !claimed {
		out = append(out, claim(cmd, z.Ref(), f.Now, &claimed))
	}
	if before == nil {
		out = append(out, freezes.insert([]freezeRow{row}))
	} else if update, differs := freezes.update(before, &row, "workspace_id = ? AND id = ?", cmd.Workspace, z.ID); differs {
		out = append(out, update)
	}
	out = append(out, addEvents(cmd, z.Ref(), events),
		newDirectory(cmd.Workspace))
	var wake []river.InsertManyParams
	touched, err := s.planned(ctx, b, cmd.Workspace, f.Now)
	if err != nil {
		return err
	}
	var cards []*models.Change
	for _, version := range []*models.Freeze{was, z} {
		spans, _ := schedule.Windows(version.When, f.Now, f.Now.Add(lookAhead))
		cards = append(cards, version.Holds(touched, spans, f)...)
	}
	out = append(thawAll(cmd.Workspace, z.ID, cards, f.Now), out...) // before other locks: a decision holds its change first, too
	out = append(out, lookAllAgain(cmd.Workspace, cards, f.Now)...)
	if rows := wantedOf(cmd.Workspace, models.FreezeCards(cards), events); len(rows) > 0 {
		out = append(out, want(rows, f.Now, &wake))
	}
	switch err := b.do(ctx, out...); {
	case err != nil:
		return err
	case !claimed:
		return errRepeat
	case len(wake) == 0:
		return nil
	}
	return b.enqueue(ctx, wake)
}

// thawAll has the tick judge those of these changes anew that wait for what the
// freeze asks.
func thawAll(ws models.WorkspaceID, id models.FreezeID, list []*models.Change, now time.Time) []stmt {
	var out []stmt
	for _, c := range list {
		if c.ThawDue(id) {
			out = append(out, stmt{sql: "UPDATE changes SET due_at = ? WHERE workspace_id = ? AND id = ? AND state = 'awaiting_approval'", args: []any{now, ws, c.ID}})
		}
	}
	return out
}

// lookAhead is how far ahead a freeze's cards are brought up to date at once.
const lookAhead = 30 * 24 * time.Hour

// planned are the changes that are submitted and have not started.
func (s *Store) planned(ctx context.Context, b batch, ws models.WorkspaceID, now time.Time) ([]*models.Change, error) {
	var rows []changeRow
	err := b.do(ctx, stmt{sql: changes.sel("workspace_id = ? AND state IN ('awaiting_approval', 'changes_requested', 'approved') AND window_end > ? ORDER BY id LIMIT 500"),
		args: []any{ws, now}, each: changes.collect(&rows)})
	out := make([]*models.Change, len(rows))
	for i := range rows {
		out[i] = rows[i].change(nil)
	}
	return out, err
}

// HeldBy are the changes that such a freeze would stop as they are planned now,
// and those that are in progress when it is on.
func (s *Store) HeldBy(ctx context.Context, ws models.WorkspaceID, z models.Freeze) (held, running []*models.Change, err error) {
	f, err := s.Facts(ctx, ws, "")
	if err != nil {
		return nil, nil, err
	}
	open, err := s.Changes(ctx, ws, ChangeFilter{States: []models.State{models.AwaitingApproval, models.ChangesRequested, models.Approved, models.InProgress}, Limit: mostChanges})
	if err != nil {
		return nil, nil, err
	}
	spans, err := schedule.Windows(z.When, f.Now, f.Now.Add(lookAhead))
	if err != nil {
		return nil, nil, err
	}
	return z.Holds(open, spans, f), z.LetsFinish(open, spans, f), nil
}

// freezeOf answers a repeat with the freeze as it is.
func (s *Store) freezeOf(ctx context.Context, cmd Command, id models.FreezeID) (*models.Freeze, error) {
	if id == 0 {
		var first commandRow
		if err := s.db.WithContext(ctx).Where("workspace_id = ? AND key = ?", cmd.Workspace, cmd.Key).Take(&first).Error; err != nil {
			return nil, fmt.Errorf("load first run of the command: %w", err)
		}
		id = models.FreezeID(first.RecordID)
	}
	return s.Freeze(ctx, cmd.Workspace, id)
}

// Freeze is one freeze, lifted or not; ErrNotFound when there is none.
func (s *Store) Freeze(ctx context.Context, ws models.WorkspaceID, id models.FreezeID) (*models.Freeze, error) {
	var found []freezeRow
	err := s.engine.read(ctx, stmt{sql: freezes.sel("workspace_id = ? AND id = ?"), args: []any{ws, id}, each: freezes.collect(&found)})
	switch {
	case err != nil:
		return nil, fmt.Errorf("load freeze %d: %w", id, err)
	case len(found) == 0:
		return nil, fmt.Errorf("load freeze %d: %w", id, ErrNotFound)
	}
	z := found[0].freeze()
	return &z, nil
}

// SetMaintenance replaces the maintenance windows of a service; none means that
// production work may start at any time.
func (s *Store) SetMaintenance(ctx context.Context, cmd Command, service models.Slug, when []models.When, event models.Event) error {
	cmd.Calendar = true
	err := s.engine.door(ctx, func(b batch) error {
		var m moment
		if err := b.do(ctx, append(calendarTurn(cmd), m.look(cmd))...); err != nil {
			return err
		}
		out := []stmt{{sql: "DELETE FROM maintenance_windows WHERE workspace_id = ? AND service = ?", args: []any{cmd.Workspace, service}}}
		if len(when) > 0 {
			var last int64
			if err := b.do(ctx, nextNumbers(cmd.Workspace, "maintenance_window", len(when), &last)); err != nil {
				return err
			}
			rows := make([]maintenanceRow, len(when))
			for i, w := range when {
				rows[i] = maintenanceRow{cmd.Workspace, last - int64(len(when)-1-i), service, jsonOf[models.When]{w}, 1}
			}
			out = append(out, maintenances.insert(rows))
		}
		out = append(out, addEvents(cmd, models.RecordRef{Kind: RecordCatalog}, []models.Event{event}),
			newDirectory(cmd.Workspace))
		return b.do(ctx, out...)
	})
	if err != nil {
		return fmt.Errorf("set maintenance windows of %s: %w", service, err)
	}
	return nil
}
