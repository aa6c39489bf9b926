package store

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// asBuiltRow is the version that one change left running on one service.
type asBuiltRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Service     models.Slug        `gorm:"primaryKey"`
	Environment models.Environment `gorm:"primaryKey"`
	ChangeID    models.ChangeID    `gorm:"primaryKey;autoIncrement:false"`
	Version     string
	At          time.Time
}

func (asBuiltRow) TableName() string { return "as_built" }

var asBuilt = tableOf[asBuiltRow]()

// saveAsBuilt keeps what a completed change left running. Work that turns out
// to be rolled back left nothing: what ran before it is the latest again.
func saveAsBuilt(d *decision) []stmt {
	c := d.change
	var out []stmt
	for _, e := range d.events {
		switch e.Kind {
		case models.EventCompleted:
			var rows []asBuiltRow
			for _, x := range models.AsBuiltOf(c) {
				rows = append(rows, asBuiltRow{c.Workspace, x.Service, x.Environment, x.Change, x.Version, x.At})
			}
			out = append(out, asBuilt.keep(rows, "workspace_id", "service", "environment", "change_id")...)
		case models.EventOutcomeCorrected:
			out = append(out, stmt{sql: "DELETE FROM as_built WHERE workspace_id = ? AND change_id = ?", args: []any{c.Workspace, c.ID}})
		}
	}
	return out
}

// running is the latest version of a service in each environment.
func running(ws models.WorkspaceID, slug models.Slug, found *[]asBuiltRow) stmt {
	q := asBuilt.sel(`workspace_id = ? AND service = ? AND NOT EXISTS (
		SELECT 1 FROM as_built n WHERE n.workspace_id = as_built.workspace_id AND n.service = as_built.service AND n.environment = as_built.environment
			AND (n.at > as_built.at OR n.at = as_built.at AND n.change_id > as_built.change_id))`)
	return stmt{sql: q, args: []any{ws, slug}, each: asBuilt.collect(found)}
}

// historyOfService is how many changes of a service its history shows.
const historyOfService = 8

// ServiceHistory is what is known of a service: what runs, what was done to it
// in the last 24 hours, and its latest changes.
func (s *Store) ServiceHistory(ctx context.Context, ws models.WorkspaceID, slug models.Slug) (models.ServiceHistory, error) {
	var h models.ServiceHistory
	var rows []asBuiltRow
	err := s.engine.read(ctx, running(ws, slug, &rows))
	if err == nil {
		h.Today, err = s.Changes(ctx, ws, ChangeFilter{Service: slug, States: models.States[1:], Since: s.Now().Add(-24 * time.Hour), Limit: historyOfService})
	}
	if err == nil {
		h.Latest, err = s.Changes(ctx, ws, ChangeFilter{Service: slug, States: models.States[1:], Limit: historyOfService + 1})
	}
	if err != nil {
		return h, fmt.Errorf("read the history of %s: %w", slug, err)
	}
	if len(h.Latest) > historyOfService {
		h.Latest, h.More = h.Latest[:historyOfService], true
	}
	for _, e := range models.Environments {
		for _, r := range rows {
			if r.Environment == e {
				h.Running = append(h.Running, models.AsBuilt{Service: r.Service, Environment: e, Version: r.Version, Change: r.ChangeID, At: r.At.UTC()})
			}
		}
	}
	return h, nil
}
