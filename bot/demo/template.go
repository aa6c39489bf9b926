package demo

import (
	"context"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// templates is the templates file of the company.
const templates = `
templates:
  - name: restart-notifications
    version: 2
    title: Restart the notification workers
    services: [notifications]
    length: 30m
    risk: {users: nobody, rehearsed: true, rollback_tested: true, reversible: true, done_often: true}
    plan: |
      1. Drain a worker.
      2. Restart it and wait until its queue is read.
      3. Go on with the next one.
    check: The delivery rate of each worker is as before, and no queue is older than a minute.
    rollback: When a worker fails to start twice, put image 4.0 back (4 minutes).
  - name: warm-the-catalogue
    version: 1
    title: Warm the catalogue cache before a sale
    services: [catalog]
    length: 1h
    risk: {users: one_team, rehearsed: true, rollback_tested: true, reversible: true, done_often: true}
    plan: |
      1. Run the warm-up job for all 14 regions.
      2. Compare hit rates in the dashboard.
    check: The hit rate is above 95 % in every region for ten minutes.
    rollback: When latency rises above 200 ms, stop the job and flush the new keys (2 minutes).
  - name: drain-warehouse-queue
    version: 1
    title: Drain the queue of warehouse sync
    services: [warehouse-sync]
    length: 45m
    risk: {users: one_team, rehearsed: true, rollback_tested: true, reversible: true, done_often: true}
    plan: |
      1. Pause the intake.
      2. Run the drain job until the queue is empty.
      3. Open the intake.
    check: The queue is empty and its age stays below one minute for ten minutes.
    rollback: When the drain job stops for two minutes, open the intake and kill the job (1 minute).
`

// standards are last week's runs of templates: one went well, one failed and
// suspended its template.
func (s *story) standards(ctx context.Context) {
	s.standard(ctx, hana, "restart-notifications", "notifications")
	s.carryOut(ctx, hana, models.Completion{Outcome: models.Successful, AsBuilt: "notifications 4.0"})
	s.standard(ctx, hana, "drain-warehouse-queue", "warehouse-sync")
	s.carryOut(ctx, hana, models.Completion{Outcome: models.Failed, Note: "The drain job lost 214 sync messages when the intake was opened; they were replayed by hand.", Incident: "INC-490", Priority: 2})
	s.do(ctx, hana, s.last, func(c *models.Change, f models.Facts) error {
		return c.Review(models.YesToAll("The job acknowledges messages before it has stored them. It is being fixed; until then nobody drains the queue."), f)
	})
}

func (s *story) standard(ctx context.Context, u models.UserID, name, service models.Slug) {
	if s.err != nil {
		return
	}
	start := s.app.Store.Now().Add(time.Hour).Truncate(15 * time.Minute)
	s.create(ctx, u, func(c *models.Change, f models.Facts) error {
		return c.Raise(models.Input{Type: models.Standard, Template: name, Services: []models.Slug{service}, Start: start, Implementer: u}, f)
	})
}

// emergency is at work right now: it could not wait, so its approval is owed.
func (s *story) emergency(ctx context.Context) {
	if s.err != nil {
		return
	}
	now := s.app.Store.Now().Truncate(time.Minute)
	s.create(ctx, joy, func(c *models.Change, f models.Facts) error {
		return c.Raise(models.Input{Type: models.Emergency, IncidentRef: "INC-511", WhyNow: "The shop sells at 0.00 since 16:05.",
			Title: "Put yesterday's price list back", Services: []models.Slug{"catalog"}, Environment: models.Production, Start: now, End: now.Add(2 * time.Hour),
			Plan: "1. Stop the price import.\n2. Load the price list of yesterday 22:00.\n3. Flush the price cache.", Check: "No product shows 0.00, and ten orders in a row have a price.",
			Rollback: "When the load stops for five minutes: switch the shop to maintenance (1 minute) and call the vendor.", Risk: rehearsed, Implementer: joy}, f)
	})
	s.do(ctx, joy, s.last, func(c *models.Change, f models.Facts) error {
		return c.StartNow("Every minute sells at 0.00; stopping the shop would cost more than a wrong price list.", c.Revision, f)
	})
}
