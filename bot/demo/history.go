package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehousehq/gatehouse/bot"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// story raises the company's recent changes through the store's door, each
// step at its own time of the virtual clock.
type story struct {
	app  *bot.App
	ws   models.WorkspaceID
	err  error // the first thing that went wrong; later steps do nothing
	last models.ChangeID

	lockers, expansion, reports *project
	agenda                      []appointment // by time
	meeting                     bool          // within one, nothing takes time
}

// How well the work of a plan is known, from often done to never tried.
var (
	routine   = models.RiskAnswers{Users: models.ReachOneTeam, Rehearsed: models.Yes, RollbackTested: models.Yes, Reversible: models.Yes, DoneBefore: models.TimesOften}
	rehearsed = models.RiskAnswers{Users: models.ReachOneTeam, Rehearsed: models.Yes, RollbackTested: models.Yes, Reversible: models.Yes, DoneBefore: models.TimesSome}
	firstTime = models.RiskAnswers{Users: models.ReachOneTeam, Rehearsed: models.Yes, RollbackTested: models.Yes, Reversible: models.Yes, DoneBefore: models.TimesNever}
	untried   = models.RiskAnswers{Users: models.ReachMany, Rehearsed: models.No, Reversible: models.Yes, DoneBefore: models.TimesNever}
)

// plan is a change as somebody of the company would fill in the form.
type plan struct {
	title    string
	service  models.Slug
	env      models.Environment // production when empty
	known    models.RiskAnswers
	in       time.Duration // start, from now
	lasts    time.Duration // one hour when zero
	steps    string
	check    string
	rollback string
	why      string // why it can't wait; without one it keeps its notice
	release  models.ReleaseID
}

// tell plays the last month of the releases and the last eight days of the
// changes. It ends on a working day, in the afternoon of Europe and the morning
// of New York, with changes in every state.
func (s *story) tell(ctx context.Context) error {
	s.month(ctx)
	s.lastWeek(ctx)
	s.standards(ctx)
	s.today(ctx)
	s.launches(ctx)
	s.emergency(ctx)
	s.conflict(ctx)
	s.calendar(ctx)
	s.away(ctx)
	return s.err
}

func (s *story) lastWeek(ctx context.Context) {
	s.raise(ctx, joy, plan{title: "Warm the catalogue cache before the sale", service: "catalog", known: routine, in: time.Hour,
		steps: "1. Run the warm-up job for all 14 regions.\n2. Compare hit rates in the dashboard.", check: "Hit rate above 95 % in every region for ten minutes.",
		rollback: "When latency rises above 200 ms: stop the job, flush the new keys (2 minutes)."})
	s.approve(ctx, ben)
	s.carryOut(ctx, joy, models.Completion{Outcome: models.Successful, AsBuilt: "cache-warmup 3.2"})

	s.raise(ctx, ana, plan{title: "Add an index to ledger entries by account", service: "ledger", known: rehearsed, in: 20 * time.Hour,
		steps: "1. CREATE INDEX CONCURRENTLY on the replica set.\n2. Switch the query planner hint.", check: "p99 of account statements below 80 ms.",
		rollback: "When lock waits exceed 5 s: drop the index (1 minute)."})
	s.approve(ctx, ben, chi)
	s.carryOut(ctx, ana, models.Completion{Outcome: models.SuccessfulWithIssues, Note: "Replica lag rose to 40 s for six minutes.", AsBuilt: "ledger schema 118"})

	s.raise(ctx, ben, plan{title: "Move search to the new ranking model", service: "search", known: firstTime, in: 22 * time.Hour, lasts: 2 * time.Hour,
		steps: "1. Deploy ranker 2.0 beside the old one.\n2. Shift 5, 25, 100 % of queries.", check: "Click-through within 2 % of today at each step.",
		rollback: "When click-through drops by more than 5 %: shift back to ranker 1.9 (3 minutes)."})
	s.approve(ctx, ana, joy, fay, gus)
	s.carryOut(ctx, ben, models.Completion{Outcome: models.Failed, Note: "Empty results for queries with umlauts; found after 25 %.", Incident: "INC-482", Priority: 2, OutageMinutes: 11})

	s.raise(ctx, hana, plan{title: "Send receipts through the new mail provider", service: "notifications", known: untried, in: 30 * time.Hour,
		steps: "Switch the SMTP relay in the settings.", check: "Receipts arrive.", rollback: "Switch back when receipts are late (5 minutes)."})
	s.do(ctx, ivo, s.last, func(c *models.Change, f models.Facts) error {
		return c.Reject("The provider's contract is not signed. Raise it again once procurement is done.", c.Revision, f)
	})

	s.raise(ctx, joy, plan{title: "Double the workers of warehouse sync", service: "warehouse-sync", known: rehearsed, in: 26 * time.Hour,
		steps: "Scale the worker group from 6 to 12.", check: "Queue age below one minute.", rollback: "When the database pool is exhausted: scale back to 6 (1 minute)."})
	s.do(ctx, joy, s.last, func(c *models.Change, f models.Facts) error {
		return c.Cancel("The queue recovered by itself after the fix in CHG-2.", f)
	})

	s.raise(ctx, fay, plan{title: "New label printer driver in Rotterdam", service: "shipping", known: firstTime, in: 8 * time.Hour,
		steps: "Roll out driver 5 to the 12 stations.", check: "Three test labels a station scan.", rollback: "When a scan fails: driver 4 from the share (10 minutes)."})
	s.wait(ctx, 24*time.Hour) // nobody answered: it expires

	s.raise(ctx, hana, plan{title: "Rotate the signing keys of Identity", service: "identity", known: rehearsed, in: 20 * time.Hour,
		steps: "1. Publish the new key.\n2. Wait for caches (15 minutes).\n3. Sign with the new key.", check: "No rise of 401 answers in any service.",
		rollback: "When 401 answers exceed 0.1 %: sign with the old key again (1 minute)."})
	s.approve(ctx, eli, ivo, fay, gus, dev)
	s.carryOut(ctx, hana, models.Completion{Outcome: models.RolledBack, Note: "Checkout cached the old key set for an hour; 401 answers at 0.4 %."})
	s.do(ctx, hana, s.last, func(c *models.Change, f models.Facts) error {
		return c.Review(models.YesToAll("Checkout keeps key sets for an hour whatever the header says. We lower that to five minutes first, and rehearse with Checkout in staging."), f)
	})
}

func (s *story) today(ctx context.Context) {
	if s.err == nil {
		s.wait(ctx, firstTuesday(s.app.Store.Now()).Sub(s.app.Store.Now())-90*time.Minute)
	}
	s.raise(ctx, hana, plan{title: "Upgrade the notification workers to 4.1", service: "notifications", known: rehearsed, in: time.Hour, lasts: 3 * time.Hour,
		steps: "1. Drain worker by worker.\n2. Replace the image.\n3. Refill.", check: "Delivery rate as before for each worker.",
		rollback: "When a worker fails twice: image 4.0 (4 minutes).",
		why:      "4.0 loses push messages of the new parcel app since this morning; 4.1 has the vendor's fix."})
	running := s.last
	s.approve(ctx, dev, ivo, fay, gus, eli)
	s.raise(ctx, ben, plan{title: "Monthly partition of the reporting tables", service: "reporting", known: routine, in: 2 * time.Hour,
		steps: "Run the partition job for December.", check: "The December partition exists on both nodes.", rollback: "When the job runs longer than 20 minutes: kill it; nothing is changed (1 minute)."})
	s.approve(ctx, ana)
	s.raise(ctx, joy, plan{title: "Christmas banner on the storefront", service: "storefront-web", env: models.Staging, known: routine, in: 3 * time.Hour,
		steps: "Switch on the feature flag in staging.", check: "Banner on all four page types.", rollback: "When a page breaks: switch the flag off (10 seconds)."})
	s.raise(ctx, ana, plan{title: "Raise the payout limit for marketplaces", service: "payments-api", known: rehearsed, in: 25 * time.Hour,
		steps: "1. Deploy payments-api 7.4.\n2. Switch the limit to 25,000 for 3 sellers, then all.", check: "Payout errors stay below 0.01 %, and the ledger balances.",
		rollback: "When a payout fails for more than two sellers: limit back to 10,000, then deploy 7.3 (6 minutes)."})
	s.approve(ctx, ben, fay)
	s.raise(ctx, ben, plan{title: "Move checkout sessions to the new cache", service: "checkout", known: rehearsed, in: 44 * time.Hour, lasts: 2 * time.Hour,
		steps: "1. Write to both caches.\n2. Read from the new one for 10, 50, 100 % of sessions.", check: "Session loss below 0.1 % at each step.",
		rollback: "When session loss exceeds 0.5 %: read from the old cache (1 minute)."})
	s.raise(ctx, hana, plan{title: "Parcel tracking reads from the replica", service: "tracking", known: rehearsed, in: 50 * time.Hour,
		steps: "Point the read pool at the replica.", check: "Tracking pages show scans not older than 30 s.", rollback: "When scans lag by more than 30 s: point the pool back (1 minute)."})
	s.do(ctx, joy, s.last, func(c *models.Change, f models.Facts) error {
		return c.AskForChanges("What happens when the replica lags? Say from which lag on you go back, and who watches it.", c.Revision, f)
	})
	s.alone(ctx)
	s.wait(ctx, 60*time.Minute)
	s.do(ctx, hana, running, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
	s.wait(ctx, 15*time.Minute)
	s.draft(ctx, ana, plan{title: "Retire the old payout job", service: "payments-api", in: 72 * time.Hour, steps: "Still to be written."})
}

// firstTuesday is the next Tuesday at 14:00 UTC that is at least a day away:
// afternoon in Europe, morning in New York, no weekend near.
func firstTuesday(now time.Time) time.Time {
	t := time.Date(now.Year(), now.Month(), now.Day()+1, 14, 0, 0, 0, time.UTC)
	for t.Weekday() != time.Tuesday {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

func (s *story) input(u models.UserID, p plan) models.Input {
	env, lasts := p.env, p.lasts
	if env == "" {
		env = models.Production
	}
	if lasts == 0 {
		lasts = time.Hour
	}
	start := s.app.Store.Now().Add(p.in).Truncate(15 * time.Minute)
	return models.Input{Title: p.title, Services: []models.Slug{p.service}, Environment: env, Start: start, End: start.Add(lasts),
		Plan: p.steps, Check: p.check, Rollback: p.rollback, Risk: p.known, Implementer: u, WhyNow: p.why, Release: p.release}
}

// inTime moves a window that came too soon to the first one that keeps the
// notice, as people here do who have no reason to hurry.
func inTime(in models.Input, f models.Facts) models.Input {
	if p := in.Preview(nil, f); p.Expedited && in.WhyNow == "" {
		length := in.End.Sub(in.Start)
		in.Start = p.Earliest.Add(15 * time.Minute).Truncate(15 * time.Minute)
		in.End = in.Start.Add(length)
	}
	return in
}

func (s *story) raise(ctx context.Context, u models.UserID, p plan) {
	s.create(ctx, u, func(c *models.Change, f models.Facts) error { return c.Raise(inTime(s.input(u, p), f), f) })
}

func (s *story) draft(ctx context.Context, u models.UserID, p plan) {
	s.create(ctx, u, func(c *models.Change, f models.Facts) error { return c.SaveDraft(s.input(u, p), f) })
}

func (s *story) create(ctx context.Context, u models.UserID, fn func(*models.Change, models.Facts) error) {
	if s.err != nil {
		return
	}
	s.know(ctx, u)
	res, err := s.app.Store.CreateChange(ctx, store.Command{Workspace: s.ws, Actor: u}, fn)
	if err != nil {
		s.err = fmt.Errorf("raise a change as %s: %w", u, err)
		return
	}
	s.last = res.Change.ID
	s.wait(ctx, 4*time.Minute)
}

func (s *story) do(ctx context.Context, u models.UserID, id models.ChangeID, fn func(*models.Change, models.Facts) error) {
	if s.err != nil {
		return
	}
	s.know(ctx, u)
	if _, err := s.app.Store.UpdateChange(ctx, store.Command{Workspace: s.ws, Actor: u, Calendar: true}, id, fn); err != nil {
		s.err = fmt.Errorf("%s as %s: %w", id, u, err)
		return
	}
	s.wait(ctx, 7*time.Minute)
}

func (s *story) approve(ctx context.Context, approvers ...models.UserID) {
	for _, u := range approvers {
		s.do(ctx, u, s.last, func(c *models.Change, f models.Facts) error { return c.Approve(c.Revision, f) })
	}
}

// carryOut waits for the window, starts in it and completes.
func (s *story) carryOut(ctx context.Context, u models.UserID, done models.Completion) {
	if s.err != nil {
		return
	}
	c, err := s.app.Store.Change(ctx, s.ws, s.last)
	if err != nil {
		s.err = err
		return
	}
	s.wait(ctx, c.Window.Start.Sub(s.app.Store.Now())+3*time.Minute)
	s.do(ctx, u, s.last, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
	s.wait(ctx, 30*time.Minute)
	s.do(ctx, u, s.last, func(c *models.Change, f models.Facts) error { return c.Complete(done, f) })
}

// know is what Slack would say of a person right now.
func (s *story) know(ctx context.Context, u models.UserID) {
	for _, p := range people {
		if p.ID != string(u) || s.err != nil {
			continue
		}
		s.err = s.app.Store.SavePerson(ctx, s.ws, models.Person{ID: u, Name: p.RealName, Zone: p.TZ,
			Guest: p.IsRestricted, Deleted: p.Deleted, CheckedAt: s.app.Store.Now()})
	}
}

// wait lets everything arrive in Slack at its time, then moves the clock. What
// happens meanwhile happens.
func (s *story) wait(ctx context.Context, d time.Duration) {
	if s.err != nil || s.meeting {
		return
	}
	if s.err = s.app.Settle(ctx); s.err != nil {
		return
	}
	until := s.app.Store.Now().Add(d)
	if s.meet(ctx, until); s.err == nil {
		s.err = s.jumpTo(ctx, until)
	}
}
