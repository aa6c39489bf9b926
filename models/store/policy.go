package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/gatehousehq/gatehouse/models"
)

// policyRow keeps a policy as its file had it and as it was understood.
type policyRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Version     int                `gorm:"primaryKey;autoIncrement:false"`
	Source      string
	Parsed      jsonOf[models.Policy]
	ActivatedAt time.Time
}

func (policyRow) TableName() string { return "policies" }

var policies = tableOf[policyRow]()

// ActivatePolicy puts a policy into force for all replicas when its version is
// higher than that of the one in force, and reports whether it did. A lower or
// equal version is left alone. parse reads the source; when it fails, nothing
// changes and the last good policy stays.
func (s *Store) ActivatePolicy(ctx context.Context, ws models.WorkspaceID, version int, source []byte, parse func([]byte) (models.Policy, error)) (activated bool, err error) {
	policy, err := parse(source)
	if err != nil {
		return false, fmt.Errorf("read policy: %w", err)
	}
	err = s.inTx(ctx, func(tx *gorm.DB, _ enqueue) error {
		if err := lockDirectory(tx, ws); err != nil {
			return err
		}
		var newer int64
		err := tx.Model(&policyRow{}).Where("workspace_id = ? AND version >= ?", ws, version).Count(&newer).Error
		if err != nil || newer > 0 {
			return err
		}
		row := policyRow{ws, version, string(source), jsonOf[models.Policy]{policy}, s.Now()}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		note := rowOfEvent(Command{Workspace: ws}, models.RecordRef{Kind: RecordPolicy, ID: int64(version)},
			models.Event{Kind: EventPolicyActivated, At: row.ActivatedAt, Reason: policy.Name})
		if err := tx.Create(&note).Error; err != nil {
			return err
		}
		activated = true
		return touchDirectory(tx, ws)
	})
	if err != nil {
		return false, fmt.Errorf("activate policy %d: %w", version, err)
	}
	return activated, nil
}
