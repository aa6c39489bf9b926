package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// SaveOwn lets the actor set something for themself: fn gets the facts and
// returns what to keep and what happened. A repeat of the command does nothing;
// a models.Refusal changes nothing.
func (s *Store) SaveOwn(ctx context.Context, cmd Command, fn func(models.Facts) (models.Own, []models.Event, error)) error {
	ref := models.RecordRef{Kind: models.RecordPerson}
	err := s.engine.door(ctx, func(b batch) error {
		f, err := s.turn(ctx, b, cmd)
		if err != nil {
			return err
		}
		own, happened, err := fn(f)
		if err != nil {
			return err
		}
		out := saveOwn(cmd, ref, own, happened, f)
		if !own.SameHours(f.Actor.Own) {
			out = append(out, s.lookOf(cmd.Workspace, []models.UserID{cmd.Actor}, f.Now))
		}
		return b.do(ctx, out...)
	})
	if errors.Is(err, errRepeat) {
		return nil
	}
	if _, refused := models.AsRefusal(err); err != nil && !refused {
		return fmt.Errorf("save what %s set: %w", cmd.Actor, err)
	}
	return err
}

func saveOwn(cmd Command, ref models.RecordRef, own models.Own, happened []models.Event, f models.Facts) []stmt {
	row := personRow{WorkspaceID: cmd.Workspace, ID: cmd.Actor, Own: jsonOf[models.Own]{own}, AwayDue: opt(f.Now)}
	if own.Away.Until.IsZero() && f.Actor.Own.Away.Until.IsZero() {
		row.AwayDue = nil
	}
	keep := people.insert([]personRow{row})
	keep.sql += " ON CONFLICT (workspace_id, id) DO UPDATE SET own = excluded.own, away_due = excluded.away_due"
	out := append([]stmt{keep, newDirectory(cmd.Workspace)}, written(cmd, ref, happened, f.Now)...)
	if own.Away.Delegate != "" {
		out = append(out, lookAgain(cmd.Workspace, ref, string(cmd.Actor), f.Now))
	}
	return out
}

// AwayDue is somebody whose absence has just begun, changed or ended.
type AwayDue struct {
	Workspace models.WorkspaceID
	User      models.UserID
	Due       time.Time
}

// DueAbsences lists at most limit people of a workspace whose absence began, changed or ended
// by now and whose approval requests have not been moved yet.
func (s *Store) DueAbsences(ctx context.Context, ws models.WorkspaceID, now time.Time, limit int) ([]AwayDue, error) {
	var rows []personRow
	err := s.db.WithContext(ctx).Where("workspace_id = ? AND away_due IS NOT NULL AND away_due <= ?", ws, now).Order("away_due").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list absences: %w", err)
	}
	out := make([]AwayDue, len(rows))
	for i, r := range rows {
		out[i] = AwayDue{r.WorkspaceID, r.ID, val(r.AwayDue)}
	}
	return out, nil
}

// AwayMoved notes that the requests of somebody are where they belong, until
// their absence begins or ends next. If it was changed meanwhile, nothing is noted.
func (s *Store) AwayMoved(ctx context.Context, a AwayDue, now time.Time) error {
	f, err := s.Facts(ctx, a.Workspace, a.User)
	if err != nil {
		return err
	}
	err = s.db.WithContext(ctx).Model(&personRow{}).
		Where("workspace_id = ? AND id = ? AND away_due = ?", a.Workspace, a.User, a.Due).
		Update("away_due", opt(f.Actor.Own.NextAway(now))).Error
	if err != nil {
		return fmt.Errorf("note that the requests of %s were moved: %w", a.User, err)
	}
	return nil
}
