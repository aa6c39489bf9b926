package store

import "github.com/gatehousehq/gatehouse/models"

type roleRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Role        models.Role        `gorm:"primaryKey"`
	UserID      models.UserID      `gorm:"primaryKey"`
}

func (roleRow) TableName() string { return "roles" }

var roles = tableOf[roleRow]()
