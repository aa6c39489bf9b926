package demo

import (
	"context"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// calendar is what stands round the company's plans: no production work on
// weekends, a sale ahead, and nights for the warehouse.
func (s *story) calendar(ctx context.Context) {
	now := func() time.Time { return s.app.Store.Now() }
	s.freeze(ctx, models.Freeze{Kind: models.HardFreeze, Name: "Weekend", Reason: "Nobody is at work to repair it.", Owner: dev,
		Environments: []models.Environment{models.Production}, Tiers: []models.Tier{0, 1},
		When: models.When{Cron: "0 18 * * 5", Length: 62 * time.Hour, Zone: "Europe/Berlin"}})
	begins := now().AddDate(0, 0, 13).Truncate(24 * time.Hour)
	s.freeze(ctx, models.Freeze{Kind: models.SoftFreeze, Name: "Winter sale", Reason: "Ten times the orders.", Owner: joy,
		Environments: []models.Environment{models.Production}, When: models.When{Window: models.NewWindow(begins, begins.AddDate(0, 0, 4))}})
	if s.err != nil {
		return
	}
	nights := models.When{Cron: "0 22 * * 1-4", Length: 4 * time.Hour, Zone: "Europe/Berlin"}
	s.err = s.app.Store.SetMaintenance(ctx, store.Command{Workspace: s.ws, Actor: eli}, "shipping", []models.When{nights},
		models.Event{Kind: models.EventMaintenanceSet, Actor: eli, At: now(), Reason: "shipping"})
}

func (s *story) freeze(ctx context.Context, z models.Freeze) {
	if s.err != nil {
		return
	}
	s.know(ctx, eli)
	next, err := store.NextTime(z.When, s.app.Store.Now())
	if s.err = err; err != nil {
		return
	}
	_, s.err = s.app.Store.DeclareFreeze(ctx, store.Command{Workspace: s.ws, Actor: eli}, func(x *models.Freeze, f models.Facts) ([]models.Event, error) {
		return x.Declare(z, 0, next, f)
	})
}

// conflict is a second change on tracking, while another is planned there.
func (s *story) conflict(ctx context.Context) {
	s.raise(ctx, fay, plan{title: "Compress the archive of tracking scans", service: "tracking", known: rehearsed, in: 50 * time.Hour,
		steps: "Run the compression job on the archive tables.", check: "Archive pages open within a second.", rollback: "When queries exceed 5 s: stop the job (1 minute)."})
}
