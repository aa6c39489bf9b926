package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehousehq/gatehouse/models"
)

type roleRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Role        models.Role        `gorm:"primaryKey"`
	UserID      models.UserID      `gorm:"primaryKey"`
}

func (roleRow) TableName() string { return "roles" }

var roles = tableOf[roleRow]()

// SetRole lets fn say who holds a role from now on; it gets the facts and
// returns the holders and what happened. A repeat of the command does nothing;
// a models.Refusal changes nothing.
func (s *Store) SetRole(ctx context.Context, cmd Command, role models.Role, fn func(models.Facts) ([]models.UserID, []models.Event, error)) error {
	return s.setting(ctx, cmd, role.Ref(), func(f models.Facts) ([]stmt, []models.Event, error) {
		users, happened, err := fn(f)
		return replaceRole(cmd.Workspace, role, users), happened, err
	})
}

func replaceRole(ws models.WorkspaceID, role models.Role, users []models.UserID) []stmt {
	out := []stmt{{sql: "DELETE FROM roles WHERE workspace_id = ? AND role = ?", args: []any{ws, role}}}
	var rows []roleRow
	for _, u := range users {
		rows = append(rows, roleRow{ws, role, u})
	}
	if len(rows) > 0 {
		out = append(out, roles.insert(rows))
	}
	return out
}

// setting is a decision about what the whole workspace goes by: those who make
// one take turns, and every replica reads it anew.
func (s *Store) setting(ctx context.Context, cmd Command, ref models.RecordRef, decide func(models.Facts) ([]stmt, []models.Event, error)) error {
	err := s.engine.door(ctx, func(b batch) error {
		f, err := s.turn(ctx, b, cmd)
		if err != nil {
			return err
		}
		out, happened, err := decide(f)
		if err != nil {
			return err
		}
		return b.do(ctx, append(append(out, newDirectory(cmd.Workspace)), written(cmd, ref, happened, f.Now)...)...)
	})
	if errors.Is(err, errRepeat) {
		return nil
	}
	if r, refused := models.AsRefusal(err); refused {
		s.NoteRefusal(ctx, cmd, ref, r)
		return err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what(ref), err)
	}
	return nil
}
