package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehousehq/gatehouse/models"
)

// Workspace is one Slack team that Gatehouse serves.
type Workspace struct {
	ID      models.WorkspaceID
	Name    string
	BotUser models.UserID
}

type workspaceRow struct {
	ID               models.WorkspaceID `gorm:"primaryKey"`
	Name             string
	BotUser          models.UserID
	Settings         jsonOf[models.Settings]
	DirectoryVersion int64
	CreatedAt        time.Time
	PolicyTrouble    string
	ServicesFile     string // tells the services file that was applied last
}

func (workspaceRow) TableName() string { return "workspaces" }

var workspaces = tableOf[workspaceRow]()

// EnsureWorkspace makes the workspace known, with working hours by default, or
// brings its name and bot up to date.
func (s *Store) EnsureWorkspace(ctx context.Context, ws models.WorkspaceID, name string, bot models.UserID) error {
	row := workspaceRow{ID: ws, Name: name, BotUser: bot, DirectoryVersion: 1, CreatedAt: s.Now(),
		Settings: jsonOf[models.Settings]{models.Settings{Hours: models.DefaultWorkingHours()}}}
	err := s.db.WithContext(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "id"}},
		DoUpdates: clause.AssignmentColumns([]string{"name", "bot_user"}),
	}).Create(&row).Error
	if err != nil {
		return fmt.Errorf("save workspace %s: %w", ws, err)
	}
	return nil
}

// Workspaces lists every workspace, by id.
func (s *Store) Workspaces(ctx context.Context) ([]Workspace, error) {
	var rows []workspaceRow
	if err := s.db.WithContext(ctx).Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list workspaces: %w", err)
	}
	out := make([]Workspace, len(rows))
	for i, r := range rows {
		out[i] = Workspace{ID: r.ID, Name: r.Name, BotUser: r.BotUser}
	}
	return out, nil
}

// SaveSettings replaces the workspace's settings. Saving what is there already
// changes nothing.
func (s *Store) SaveSettings(ctx context.Context, ws models.WorkspaceID, settings models.Settings) error {
	want := jsonOf[models.Settings]{settings}
	err := s.inTx(ctx, func(tx *gorm.DB, _ enqueue) error {
		if err := lockDirectory(tx, ws); err != nil {
			return err
		}
		var row workspaceRow
		if err := tx.Where("id = ?", ws).Take(&row).Error; err != nil || same(row.Settings, want) {
			return err
		}
		if err := tx.Model(&workspaceRow{}).Where("id = ?", ws).Update("settings", want).Error; err != nil {
			return err
		}
		return touchDirectory(tx, ws)
	})
	if err != nil {
		return fmt.Errorf("save settings: %w", err)
	}
	return nil
}

// SetUp lets fn say what the workspace goes by from now on, as SetRole does
// for a role.
func (s *Store) SetUp(ctx context.Context, cmd Command, fn func(models.Facts) (models.Settings, []models.Event, error)) error {
	return s.setting(ctx, cmd, models.RecordRef{Kind: models.RecordSettings, ID: 1}, func(f models.Facts) ([]stmt, []models.Event, error) {
		settings, happened, err := fn(f)
		return []stmt{{sql: "UPDATE workspaces SET settings = ? WHERE id = ?", args: []any{jsonOf[models.Settings]{settings}, cmd.Workspace}}}, happened, err
	})
}
