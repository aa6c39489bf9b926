package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// project is a release of the company, and how far its people have told of it.
type project struct {
	id     models.ReleaseID
	site   string          // where its papers are
	left   []string        // ids of items that are still to be proven, in order
	live   time.Time       // planned
	change models.ChangeID // that takes it into production
}

// The company's releases: parcel lockers are in early-life support, the market
// expansion has its handover tomorrow, the payout reports were planned today.
var (
	lockerItems = strings.Fields(`RP1 CB1 RP2 CB2 PR3 CB3 CB4 DO1 PR6 PR2 RP3 PR4 DO2 DO3 DO4 DO6 PR5 CB5 QG2 TS1 TS2 TS5
		QG5 RP4 RP5 RP6 DO5 QG4 TS6 PR7 RP7 PR1 QG1 QG3 TS8`)
	expansionItems = strings.Fields(`CB1 RP1 RP2 CB7 CB2 PR3 CB3 CB4 DO1 DO8 PR6 PR2 RP3 PR4 DO2 DO3 DO4 DO6 PR5 CB5 QG2 TS1
		TS2 TS5 QG5 QG6 RP4 RP5 RP6 QG4 TS6 PR7 RP7 QG8 QG1 QG3 TS8`)
)

// proof is what shows that an item is done: a page of the project's papers, and
// a word about it.
var proof = map[string]string{
	"CB1": "Approved by the board on the 3rd; 61 % is left.", "CB2": "11,400 a month, accepted by cost centre 4210.",
	"CB3": "Orders 88120 to 88123; renewals are in the calendar.", "CB4": "Support until next December, 24 by 7.",
	"CB5": "Alert at 80 % of the month.", "CB7": "Six people for nine months: 214,000, approved by Finance.",
	"RP1": "Named in the service catalogue.", "RP2": "Dev confirmed two shifts.", "RP3": "Rota until the end of early-life support.",
	"RP4": "Seven of seven attended and signed.", "RP5": "Access tested; project accounts end on the 30th.", "RP6": "Daily at 10:15 in the launch channel.",
	"RP7": "Mail to 3,100 shops, and a page of questions and answers.", "PR1": "Raised and approved; it waits for the handover.", "PR2": "A test ticket reached the second line in four minutes.",
	"PR3": "Signed by both sides; the dashboard measures it.", "PR4": "Contact tree, tested by phone.", "PR5": "One pipeline, three rings.",
	"PR6": "RTO one hour, RPO five minutes.", "PR7": "Messages for both outcomes are written.", "DO1": "Reviewed by Fay against what runs.",
	"DO2": "Read by the night shift, who restarted a node with it.", "DO3": "Decision within 20 minutes, by Dev.", "DO4": "14 items, two certificates with their expiry.",
	"DO5": "Three known errors, each with a workaround.", "DO6": "Entry and description are published.", "DO8": "Retention 24 months, record 2217.",
	"QG1": "None of severity 1 or 2; four others accepted by Chi.", "QG2": "Nothing critical or high.", "QG3": "Pipeline green; digest recorded.",
	"QG4": "The test alert was acknowledged after 90 seconds.", "QG5": "Restored in 34 minutes.", "QG6": "Room for twice the launch peak.",
	"QG8": "Carriers and payment providers told, limits raised.", "TS1": "412 of 412 passed.", "TS2": "Signed by the business owner.", "TS5": "Back within 11 minutes of 20.",
	"TS6": "Same digest as QG3, 38 minutes.", "TS8": "Nine steps with pass criteria.",
}

// begin plans a release and says who looks after which bucket.
func (s *story) begin(ctx context.Context, p *project, in models.ReleaseInput, owners map[models.Bucket]models.UserID) {
	s.knowAll(ctx)
	if s.err != nil {
		return
	}
	res, err := s.app.Store.CreateRelease(ctx, store.Command{Workspace: s.ws, Actor: in.ProjectLead}, func(r *models.Release, f models.ReleaseFacts) error {
		return r.Plan(in, f)
	})
	if err != nil {
		s.err = fmt.Errorf("plan %q: %w", in.Name, err)
		return
	}
	p.id, p.live = res.Release.ID, in.GoLive
	s.wait(ctx, 11*time.Minute)
	s.on(ctx, p, in.ProjectLead, func(r *models.Release, f models.ReleaseFacts) error {
		for _, b := range models.Buckets {
			if owners[b] == "" {
				continue
			}
			if err := r.AssignBucket(b, owners[b], f); err != nil {
				return err
			}
		}
		return nil
	})
}

// on is one command of one person on a release.
func (s *story) on(ctx context.Context, p *project, u models.UserID, fn store.ReleaseMove) {
	if s.err != nil {
		return
	}
	if s.know(ctx, u); s.err != nil {
		return
	}
	if _, err := s.app.Store.UpdateRelease(ctx, store.Command{Workspace: s.ws, Actor: u}, p.id, fn); err != nil {
		s.err = fmt.Errorf("%s as %s: %w", p.id, u, err)
		return
	}
	s.wait(ctx, time.Minute)
}

// submit has the owners of the next n items show what proves them, and verify
// has operations verify what waits for it, but for what is held back.
func (s *story) submit(ctx context.Context, p *project, n int) {
	n = min(n, len(p.left))
	if s.err != nil || n == 0 {
		return
	}
	r, err := s.app.Store.Release(ctx, s.ws, p.id)
	if err != nil {
		s.err = err
		return
	}
	by := map[models.UserID][]*models.Item{}
	for _, id := range p.left[:n] {
		if i, ok := r.Item(id); ok {
			by[r.OwnerOf(i)] = append(by[r.OwnerOf(i)], i)
		}
	}
	p.left = p.left[n:]
	for _, u := range slices.Sorted(maps.Keys(by)) {
		s.on(ctx, p, u, func(r *models.Release, f models.ReleaseFacts) error {
			for _, i := range by[u] {
				if err := r.Submit(i.No, p.evidence(i, 0), f); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func (s *story) verify(ctx context.Context, p *project) {
	s.on(ctx, p, dev, func(r *models.Release, f models.ReleaseFacts) error {
		for _, i := range r.ToVerify(dev) {
			if err := r.Verify(i.No, i.Version(), f); err != nil {
				return err
			}
		}
		return nil
	})
}

// evidence is what the project shows for the item.
func (p *project) evidence(i *models.Item, issues int) models.EvidenceInput {
	in := models.EvidenceInput{Kind: models.EvidenceLink, Ref: "https://wiki.parcelpost.example/" + p.site + "/" + strings.ToLower(i.ID), Note: proof[i.ID]}
	if i.Tests {
		in.OpenIssues = &issues
	}
	return in
}

// atWork is when people are, in Europe as well as in New York: what waits for
// anybody's hours would hold up the story.
const atWork = 14*time.Hour + 30*time.Minute

// month is what the releases went through before today: weeks of work on the
// checklists, and the handover and go-live of the first. It comes meanwhile, as
// the changes of the last two weeks are told.
func (s *story) month(ctx context.Context) {
	if s.err != nil {
		return
	}
	monday := nextMonday(s.app.Store.Now())
	day := func(n int, at time.Duration) time.Time { return monday.AddDate(0, 0, n/5*7+n%5).Add(at) }
	s.lockers = &project{site: "lockers", left: slices.Clone(lockerItems)}
	s.expansion = &project{site: "iberia", left: slices.Clone(expansionItems)}
	s.agenda = append(s.agenda,
		appointment{day(0, 8*time.Hour), func(ctx context.Context) { s.planLockers(ctx, day(18, 12*time.Hour)) }},
		appointment{day(4, atWork), func(ctx context.Context) { s.planExpansion(ctx, day(31, 11*time.Hour)) }},
		appointment{day(15, atWork), func(ctx context.Context) { s.prepare(ctx, day(17, atWork), day(18, 12*time.Hour)) }},
		appointment{day(17, atWork), s.accepted},
		appointment{day(18, 12*time.Hour+5*time.Minute), s.switchOn},
		appointment{day(18, 13*time.Hour), s.wentLive},
		appointment{day(19, atWork), func(ctx context.Context) { s.elapse(ctx, s.lockers) }},
	)
	for n := range 25 { // the two take turns
		p, items := s.lockers, 5
		if n%2 == 0 {
			p, items = s.expansion, 4
		}
		if n == 0 || p == s.expansion && n <= 4 || p == s.lockers && n > 15 {
			continue
		}
		s.agenda = append(s.agenda, appointment{day(n, atWork), func(ctx context.Context) { s.submit(ctx, p, items) }},
			appointment{day(n, atWork+time.Hour), func(ctx context.Context) { s.verify(ctx, p) }})
	}
	slices.SortStableFunc(s.agenda, func(a, b appointment) int { return a.at.Compare(b.at) })
	s.until(ctx, day(10, 8*time.Hour))
}

func (s *story) planLockers(ctx context.Context, live time.Time) {
	s.begin(ctx, s.lockers, models.ReleaseInput{Name: "Parcel lockers with live tracking", Services: []models.Slug{"tracking", "notifications"},
		ProjectLead: hana, OpsLead: dev, Deputy: ivo, GoLive: live, Channel: lockerRoom, Attributes: []models.Attribute{models.UserFacing}},
		map[models.Bucket]models.UserID{models.BucketDocumentation: ana, models.BucketTests: ana, models.BucketQuality: ana})
}

func (s *story) planExpansion(ctx context.Context, live time.Time) {
	s.begin(ctx, s.expansion, models.ReleaseInput{Name: "Market expansion: Spain and Portugal", Services: []models.Slug{"storefront-web", "checkout"},
		ProjectLead: joy, OpsLead: dev, Deputy: ivo, GoLive: live, Channel: iberia, Attributes: []models.Attribute{models.PersonalData, models.UserFacing}},
		map[models.Bucket]models.UserID{models.BucketProcesses: ana, models.BucketDocumentation: ana, models.BucketQuality: ben, models.BucketTests: ben})
	s.staffed(ctx)
}

// prepare schedules the handover of the lockers and raises their change.
func (s *story) prepare(ctx context.Context, meeting, live time.Time) {
	s.invite(ctx, s.lockers, hana, meeting, "Room Antwerp, or the huddle in the launch channel")
	s.raise(ctx, hana, plan{title: "Switch on live tracking for lockers", service: "tracking", known: rehearsed, in: live.Sub(s.app.Store.Now()),
		release: s.lockers.id, steps: "1. Deploy tracking 5.0 to all regions.\n2. Switch lockers on for 5, 50, 100 % of parcels.", check: "Scans of lockers appear within 30 s.",
		rollback: "When scans are later than two minutes: switch lockers off (1 minute)."})
	s.lockers.change = s.last
	s.approve(ctx, joy, fay)
}

// staffed adds what no template knows: the people whom the expansion needs, and
// the money for them.
func (s *story) staffed(ctx context.Context) {
	s.on(ctx, s.expansion, joy, func(r *models.Release, f models.ReleaseFacts) error {
		err := r.AddItem(models.NewItem{Bucket: models.BucketCosting, Title: "Budget for six additional support staff approved", Expected: "Approval, amount and months",
			Mandatory: true, DueDays: 20}, f)
		if err != nil {
			return err
		}
		return r.AddItem(models.NewItem{Bucket: models.BucketResources, Title: "Six additional support staff hired and trained, in Spanish and Portuguese", Expected: "Names, shifts, training record",
			Mandatory: true, DueDays: 5, Owner: joy}, f)
	})
}

func (s *story) invite(ctx context.Context, p *project, u models.UserID, at time.Time, place string) {
	s.on(ctx, p, u, func(r *models.Release, f models.ReleaseFacts) error {
		return r.Schedule(models.MeetingInput{At: at, Place: place}, f)
	})
}

// elapse does what is due, as the tick does.
func (s *story) elapse(ctx context.Context, p *project) {
	s.on(ctx, p, "", func(r *models.Release, f models.ReleaseFacts) error { return r.Elapse(f) })
}

// accepted is a handover in which everybody is ready.
func (s *story) accepted(ctx context.Context) {
	s.elapse(ctx, s.lockers)
	for _, u := range []models.UserID{hana, ana} {
		s.on(ctx, s.lockers, u, func(r *models.Release, f models.ReleaseFacts) error { return r.Vote(0, models.ChoiceReady, "", f) })
	}
	s.on(ctx, s.lockers, dev, func(r *models.Release, f models.ReleaseFacts) error { return r.Accept(0, f) })
}

// switchOn starts the linked change in its window; wentLive completes it, and
// the release is in production.
func (s *story) switchOn(ctx context.Context) {
	s.do(ctx, hana, s.lockers.change, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
}

func (s *story) wentLive(ctx context.Context) {
	s.do(ctx, hana, s.lockers.change, func(c *models.Change, f models.Facts) error {
		return c.Complete(models.Completion{Outcome: models.Successful, AsBuilt: "tracking 5.0"}, f)
	})
	s.on(ctx, s.lockers, hana, func(r *models.Release, f models.ReleaseFacts) error { return r.GoLiveNow(f) })
}

// launches is where the releases stand today: the lockers have had an
// incident, the expansion lacks two of six people and has an issue open in its
// load test the day before its handover, and the reports are just planned.
func (s *story) launches(ctx context.Context) {
	if s.err != nil {
		return
	}
	s.on(ctx, s.lockers, dev, func(r *models.Release, f models.ReleaseFacts) error {
		return r.ReportIncident("INC-507", 3, "Lockers in Ghent showed yesterday's codes for 20 minutes.", f)
	})
	s.on(ctx, s.lockers, hana, func(r *models.Release, f models.ReleaseFacts) error { return r.CloseIncident(1, f) })
	s.early(ctx)
	s.nearly(ctx)
	s.reports = &project{site: "payout-reports"}
	live := s.app.Store.Now().AddDate(0, 0, 44).Truncate(time.Hour)
	for live.Weekday() != time.Wednesday {
		live = live.AddDate(0, 0, 1)
	}
	s.begin(ctx, s.reports, models.ReleaseInput{Name: "Payout reports from the new warehouse", Services: []models.Slug{"reporting"},
		ProjectLead: ben, OpsLead: dev, GoLive: live, Channel: payments}, map[models.Bucket]models.UserID{models.BucketDocumentation: ana})
	s.on(ctx, s.reports, ben, func(r *models.Release, f models.ReleaseFacts) error { return r.Begin(1, f) })
}

// early is the work of early-life support so far.
func (s *story) early(ctx context.Context) {
	s.on(ctx, s.lockers, hana, func(r *models.Release, f models.ReleaseFacts) error {
		for _, id := range []string{"EL1", "EL6"} {
			i, _ := r.Item(id)
			if err := r.Submit(i.No, models.EvidenceInput{Kind: models.EvidenceLink, Ref: "https://wiki.parcelpost.example/lockers/" + strings.ToLower(id), Note: "Kept since the first day."}, f); err != nil {
				return err
			}
		}
		return nil
	})
	s.on(ctx, s.lockers, dev, func(r *models.Release, f models.ReleaseFacts) error {
		i, _ := r.Item("EL1")
		return r.Verify(i.No, 1, f)
	})
}

// nearly brings the expansion to the eve of its handover.
func (s *story) nearly(ctx context.Context) {
	s.submit(ctx, s.expansion, len(s.expansion.left))
	s.verify(ctx, s.expansion)
	york, err := time.LoadLocation("America/New_York")
	if err != nil {
		york = time.UTC
	}
	eve := s.app.Store.Now().In(york)
	s.invite(ctx, s.expansion, joy, time.Date(eve.Year(), eve.Month(), eve.Day()+1, 9, 0, 0, 0, york), "Room Lisbon, or the huddle in the launch channel")
	s.on(ctx, s.expansion, joy, func(r *models.Release, f models.ReleaseFacts) error {
		staff, _ := r.Item("RP9")
		if err := r.Block(staff.No, "Four of six have signed. HR waits for the references of the last two.", f); err != nil {
			return err
		}
		spare, _ := r.Item("CB6")
		return r.Waive(spare.No, "Finance decides on contingency once a quarter; the next time is in March.", f.Now.AddDate(0, 2, 0), f)
	})
	s.on(ctx, s.expansion, ben, func(r *models.Release, f models.ReleaseFacts) error {
		load, _ := r.Item("TS3")
		in := s.expansion.evidence(load, 1)
		in.Note = "Holds 3,900 orders a minute of 4,000; checkout is too slow above that, see SHOP-1182."
		return r.Submit(load.No, in, f)
	})
	s.on(ctx, s.expansion, ana, func(r *models.Release, f models.ReleaseFacts) error {
		for _, id := range []string{"PR1", "DO5"} {
			i, _ := r.Item(id)
			if err := r.Submit(i.No, s.expansion.evidence(i, 0), f); err != nil {
				return err
			}
		}
		return nil
	})
	s.raise(ctx, ben, plan{title: "Open the shop for Spain and Portugal", service: "storefront-web", known: firstTime, in: s.expansion.live.Sub(s.app.Store.Now()), lasts: 2 * time.Hour,
		release: s.expansion.id, steps: "1. Deploy storefront 9.0 with both languages.\n2. Open the shop for 5, 50, 100 % of visitors from both countries.",
		check: "Ten orders of each country arrive, and errors stay below 0.1 %.", rollback: "When errors exceed 0.5 %: close the shop for both countries (1 minute)."})
	s.approve(ctx, ana)
}

// nextMonday is the next Monday, at midnight in UTC.
func nextMonday(now time.Time) time.Time {
	t := time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, time.UTC)
	for t.Weekday() != time.Monday {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// until waits for a moment; one that is over is now.
func (s *story) until(ctx context.Context, at time.Time) {
	if s.err == nil {
		s.wait(ctx, max(0, at.Sub(s.app.Store.Now())))
	}
}

// appointment is something that happens meanwhile, at a time of its own.
type appointment struct {
	at time.Time
	do func(context.Context)
}

// meet goes through what happens up to a moment. None of it takes time, so
// that whoever waits for a window does not miss it.
func (s *story) meet(ctx context.Context, until time.Time) {
	for len(s.agenda) > 0 && !s.agenda[0].at.After(until) && s.err == nil {
		next := s.agenda[0]
		s.agenda = s.agenda[1:]
		if s.err = s.jumpTo(ctx, next.at); s.err != nil {
			return
		}
		last := s.last
		s.meeting = true
		next.do(ctx)
		s.meeting, s.last = false, last
		if s.err == nil {
			s.err = s.app.Settle(ctx)
		}
	}
}

func (s *story) jumpTo(ctx context.Context, at time.Time) error {
	if by := at.Sub(s.app.Store.Now()); by > 0 {
		return s.app.Jump(ctx, by)
	}
	return nil
}

func (s *story) knowAll(ctx context.Context) {
	for _, p := range people {
		s.know(ctx, models.UserID(p.ID))
	}
}
