package store

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// A lane lets one worker at a time send to a conversation, so that what is said
// there keeps its order. It is a lease by the machines' clocks: WireNow, which a
// jump of business time does not move.

type laneRow struct {
	WorkspaceID  models.WorkspaceID `gorm:"primaryKey"`
	Conversation string             `gorm:"primaryKey"`
	Owner        string
	Until        time.Time
}

func (laneRow) TableName() string { return "lanes" }

// WireNow is the database's clock without any offset: leases are measured by it,
// so that replicas whose machines disagree still agree on who has a lane.
func (s *Store) WireNow() time.Time {
	return s.clock.wire().UTC().Truncate(time.Microsecond)
}

// TakeLane takes the lane until then, unless somebody has it at now, be it the
// same owner: every run of a worker needs a name of its own. Both are wire time.
func (s *Store) TakeLane(ctx context.Context, ws models.WorkspaceID, conversation, owner string, until, now time.Time) (bool, error) {
	q := s.db.WithContext(ctx).Exec(`INSERT INTO lanes (workspace_id, conversation, owner, until) VALUES (?, ?, ?, ?)
		ON CONFLICT (workspace_id, conversation) DO UPDATE SET owner = excluded.owner, until = excluded.until
		WHERE lanes.until <= ?`, ws, conversation, owner, until, now)
	if q.Error != nil {
		return false, fmt.Errorf("take lane %s: %w", conversation, q.Error)
	}
	return q.RowsAffected == 1, nil
}

// ExtendLane keeps the lane until then; false when it is no longer owner's.
func (s *Store) ExtendLane(ctx context.Context, ws models.WorkspaceID, conversation, owner string, until, now time.Time) (bool, error) {
	q := s.db.WithContext(ctx).Model(&laneRow{}).
		Where("workspace_id = ? AND conversation = ? AND owner = ? AND until > ?", ws, conversation, owner, now).
		Update("until", until)
	if q.Error != nil {
		return false, fmt.Errorf("extend lane %s: %w", conversation, q.Error)
	}
	return q.RowsAffected == 1, nil
}

// ReleaseLane gives the lane back, if it is still owner's.
func (s *Store) ReleaseLane(ctx context.Context, ws models.WorkspaceID, conversation, owner string) error {
	err := s.db.WithContext(ctx).Where("workspace_id = ? AND conversation = ? AND owner = ?", ws, conversation, owner).
		Delete(&laneRow{}).Error
	if err != nil {
		return fmt.Errorf("release lane %s: %w", conversation, err)
	}
	return nil
}

type holdRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Method      string             `gorm:"primaryKey"`
	Channel     models.ChannelID   `gorm:"primaryKey"`
	Until       time.Time
	SetAt       time.Time
}

func (holdRow) TableName() string { return "slack_holds" }

// Hold keeps every replica from calling a method before then (business time):
// for one channel, or with channel "" for the whole workspace. It never shortens
// a hold but one that was set in what is time to come, by a clock set back since.
func (s *Store) Hold(ctx context.Context, ws models.WorkspaceID, method string, channel models.ChannelID, until time.Time) error {
	now := s.Now()
	err := s.db.WithContext(ctx).Exec(`INSERT INTO slack_holds (workspace_id, method, channel, until, set_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (workspace_id, method, channel) DO UPDATE SET until = excluded.until, set_at = excluded.set_at
		WHERE slack_holds.until < excluded.until OR slack_holds.set_at > ?`,
		ws, method, channel, until, now, now.Add(ClockSlack)).Error
	if err != nil {
		return fmt.Errorf("hold %s: %w", method, err)
	}
	return nil
}

// HeldUntil says until when a method may not be called for a channel; the zero
// time when it may be at now.
func (s *Store) HeldUntil(ctx context.Context, ws models.WorkspaceID, method string, channel models.ChannelID, now time.Time) (time.Time, error) {
	var rows []holdRow
	err := s.db.WithContext(ctx).Where("workspace_id = ? AND method = ? AND until > ? AND set_at <= ?", ws, method, now, s.Now().Add(ClockSlack)).
		Where("channel IN ?", []models.ChannelID{"", channel}).Order("until DESC").Limit(1).Find(&rows).Error
	if err != nil {
		return time.Time{}, fmt.Errorf("look for a hold on %s: %w", method, err)
	}
	if len(rows) == 0 {
		return time.Time{}, nil
	}
	return rows[0].Until.UTC(), nil
}
