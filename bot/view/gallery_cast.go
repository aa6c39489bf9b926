package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// The people of the gallery: made up.
const (
	ana  models.UserID = "U0ANA"  // raises
	ben  models.UserID = "U0BEN"  // carries out
	cara models.UserID = "U0CARA" // peer
	paul models.UserID = "U0PAUL" // owner
	mia  models.UserID = "U0MIA"  // change manager
	gus  models.UserID = "U0GUS"  // guest
)

// cast is one set of texts and the people and services around it.
type cast struct {
	name string
	dir  *models.Directory
	in   models.Input
	note string // what people write as reasons
	link *models.LinkedRelease
}

// opening is when the gallery's story begins: a Tuesday morning.
var opening = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func everyday() cast {
	return cast{
		name: "everyday", dir: directory(plainPeople, plainServices), note: "The window falls into the month-end run.",
		in: models.Input{
			Title: "Rotate the signing key of the payments API", Services: []models.Slug{"ledger", "payments-api"},
			Environment: models.Production, Start: opening.Add(5 * time.Hour), End: opening.Add(6 * time.Hour),
			Plan:        "1. Create the new key in the vault\n2. Deploy payments-api with both keys\n3. Watch for 10 minutes\n4. Remove the old key",
			Check:       "Error rate of /pay stays under 0.1 % for 15 minutes; `grep signature_invalid` finds nothing",
			Rollback:    "If errors exceed 1 % for 5 minutes: deploy the previous version (4 minutes). Decide by 14:45.",
			Background:  "The old key expires on Friday, see OPS-1234.",
			Implementer: ben, Risk: models.RiskAnswers{Users: models.ReachOneTeam, Rehearsed: models.Yes, RollbackTested: models.Yes, Reversible: models.Yes, DoneBefore: models.TimesSome, Peak: models.No, Parties: models.No},
		},
	}
}

// attacks is what people have typed at bots.
const attacks = "<!channel> <!here|x> <@U0ANA> <#C0CHANGES> <https://evil.example|bank> *bold* _it_ ~s~ `code` ```pre``` :tada: &amp; > quote \u202Ereversed\u202C שלום مرحبا 👩‍👩‍👧‍👦 z\u0301\u0301\u0301\u0301\u0301\u0301\u0301 \u0000\u200B"

func hostile() cast {
	people := map[models.UserID]string{}
	for u := range plainPeople {
		people[u] = attacks
	}
	services := slices.Clone(plainServices)
	for i := range services {
		services[i].Name = attacks
	}
	in := everyday().in
	in.Title = clip(attacks, models.MaxTitle)
	in.Plan, in.Check, in.Rollback, in.Background = attacks+"\n"+attacks, "> "+attacks, "On any error, 5 minutes:\n"+strings.Repeat("a\n", 400)+attacks, attacks
	return cast{name: "hostile", dir: directory(people, services), in: in, note: attacks}
}

func longest() cast {
	people := map[models.UserID]string{}
	for u, name := range plainPeople {
		people[u] = strings.Repeat(name+" ", 12)
	}
	services := slices.Clone(plainServices)
	for i := range services {
		services[i].Name = strings.Repeat(services[i].Name+" ", 10)
	}
	for n := range 20 {
		slug := models.Slug(fmt.Sprintf("service-number-%02d", n))
		services = append(services, models.Service{Slug: slug, Name: strings.Repeat("Service & Söhne ", 8), Tier: 3, Team: "payments", Owner: paul, OpsLead: mia})
	}
	in := everyday().in
	for _, s := range services {
		in.Services = append(in.Services, s.Slug)
	}
	long := func(s string, n int) string { return string([]rune(strings.Repeat(s, n))[:n]) }
	in.Title = long("Long & wide <title> ", models.MaxTitle)
	in.Plan, in.Check, in.Rollback = long("kubectl & apply <x> ", models.MaxPlan), "Queue "+long("😀", models.MaxPlan-6), "On error, 5 min:\n"+long("ab\n", models.MaxPlan-18)+"!"
	in.Background = long("אבג & ", models.MaxPlan-1) + "!"
	in.End = in.Start.Add(13 * 24 * time.Hour)
	in.Risk = models.RiskAnswers{}
	return cast{name: "longest", dir: directory(people, services), in: in, note: long("because & ", models.MaxReason-1) + "!"}
}

var plainPeople = map[models.UserID]string{ana: "Ana Diaz", ben: "Ben Ito", cara: "Cara Novak", paul: "Paul Okafor", mia: "Mia Larsen", gus: "Gus Petit"}

var plainServices = []models.Service{
	{Slug: "payments-api", Name: "Payments API", Tier: 1, Team: "payments", Owner: paul, OpsLead: mia, Channel: "C0PAYMENTS"},
	{Slug: "ledger", Name: "Ledger", Tier: 2, Team: "payments", Owner: paul, OpsLead: mia},
	{Slug: "web_shop", Name: "Web shop", Tier: 3, Team: "shop", Owner: paul, OpsLead: mia},
}

func directory(people map[models.UserID]string, services []models.Service) *models.Directory {
	d := &models.Directory{
		Version: 1, Services: map[models.Slug]models.Service{}, People: map[models.UserID]models.Person{},
		Teams:    map[models.TeamID]models.Team{"payments": {ID: "payments", Name: "Payments", Members: []models.UserID{ana, ben, cara}}},
		Roles:    map[models.Role][]models.UserID{models.RoleChangeManager: {mia}, models.RoleCAB: {paul, mia, cara}},
		Settings: models.Settings{ChangesChannel: "C0CHANGES", Hours: models.DefaultWorkingHours()},
		Policy: models.Policy{Version: 3, Rules: []models.Rule{
			{Name: "production, medium risk and below", When: models.Match{Risks: []models.RiskLevel{models.RiskLow, models.RiskMedium}},
				Require: []models.Need{{Role: models.RolePeer}, {Role: models.RoleServiceOwner}}},
			{Name: "high risk", Require: []models.Need{{Role: models.RolePeer}, {Role: models.RoleServiceOwner, Each: true}}},
		}},
	}
	for u, name := range people {
		d.People[u] = models.Person{ID: u, Name: name, Guest: u == gus, CheckedAt: opening}
	}
	for _, s := range services {
		d.Services[s.Slug] = s
	}
	return d
}

func (k cast) facts(u models.UserID, now time.Time) models.Facts {
	actor := k.dir.People[u]
	actor.CheckedAt = now
	return models.Facts{Directory: k.dir, Now: now, Actor: actor, Around: models.Around{Release: k.link}}
}

// point is a change at one moment of its life.
type point struct {
	name string
	c    *models.Change
	now  time.Time
}

func (p point) then(name string, k cast, by models.UserID, later time.Duration, do func(models.Facts) error) point {
	now := p.now.Add(later)
	must(do(k.facts(by, now)))
	p.c.Events()
	return point{name, p.c, now}
}

// reviewed closes work that owes a review; other work is closed already.
func (p point) reviewed(name string, k cast) point {
	if p.c.State == models.Closed {
		return p
	}
	return p.then(name, k, ben, 20*time.Hour, func(f models.Facts) error {
		r := models.YesToAll("It went as it did because of this: " + k.note + " Next time we rehearse it.")
		r.Answers[models.FieldWritten], r.Better, r.Lesson = models.ReviewPartly, models.Standard, clip(k.note, models.MaxTitle)
		r.Bucket = models.BucketQuality
		return p.c.Review(r, f)
	})
}

// must: the gallery's story is fixed and a test tells it on every run.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("gallery: %v", err))
	}
}

// stages are the moments of a life, each reached by the rules.
func stages() map[string]func(cast) point {
	return map[string]func(cast) point{
		"draft": func(k cast) point {
			c := k.blank()
			return point{"draft", c, opening}.then("draft", k, ana, 0, func(f models.Facts) error { return c.SaveDraft(k.in, f) })
		},
		"awaiting": func(k cast) point {
			c := k.blank()
			return point{"awaiting", c, opening}.then("awaiting", k, ana, 0, func(f models.Facts) error { return c.Raise(k.in, f) })
		},
		"half": func(k cast) point {
			p := k.life("awaiting")
			return p.then("half", k, cara, time.Hour, func(f models.Facts) error { return p.c.Approve(p.c.Revision, f) })
		},
		"changes-requested": func(k cast) point {
			p := k.life("awaiting")
			return p.then("changes-requested", k, cara, time.Hour, func(f models.Facts) error { return p.c.AskForChanges(k.note, p.c.Revision, f) })
		},
		"resubmitted": func(k cast) point {
			p := k.life("changes-requested")
			in := k.in
			in.Check = "Look twice. " + clip(in.Check, 2000)
			return p.then("resubmitted", k, ana, time.Hour, func(f models.Facts) error { return p.c.Edit(in, f) })
		},
		"approved": func(k cast) point {
			p := k.life("half")
			return p.then("approved", k, paul, time.Hour, func(f models.Facts) error { return p.c.Approve(p.c.Revision, f) })
		},
		"held": func(k cast) point {
			p := k.life("approved")
			return p.then("held", k, mia, time.Hour, func(f models.Facts) error { return p.c.Hold(k.note, f) })
		},
		"overridden": func(k cast) point {
			p := k.life("held")
			p.c.LastEditor, p.c.Author = ana, ana
			return p.then("overridden", k, mia, 2*time.Hour+5*time.Minute, func(f models.Facts) error { return p.c.Override(k.note, p.c.Revision, f) })
		},
		"extended": func(k cast) point {
			p := k.life("in-progress")
			return p.then("extended", k, ben, 50*time.Minute, func(f models.Facts) error { return p.c.Extend(p.c.Ends().Add(90*time.Minute), k.note, f) })
		},
		"in-progress": func(k cast) point {
			p := k.life("approved")
			return p.then("in-progress", k, ben, 3*time.Hour+5*time.Minute, func(f models.Facts) error { return p.c.Start(p.c.Revision, f) })
		},
		"closed": func(k cast) point {
			return k.completed("closed", models.Completion{Outcome: models.Successful, AsBuilt: "payments-api 4.12.0"}).reviewed("closed", k)
		},
		"issues": func(k cast) point {
			return k.completed("issues", models.Completion{Outcome: models.SuccessfulWithIssues, Note: k.note, OutageMinutes: 1})
		},
		"implemented": func(k cast) point {
			return k.completed("implemented", models.Completion{Outcome: models.Failed, Note: k.note, Incident: "INC-2041", Priority: 2, OutageMinutes: 12})
		},
		"rolled-back": func(k cast) point {
			p := k.life("in-progress")
			return p.then("rolled-back", k, ben, 20*time.Minute, func(f models.Facts) error { return p.c.RollBack(k.note, f) })
		},
		"reviewed": func(k cast) point {
			return k.life("rolled-back").reviewed("reviewed", k)
		},
		"rollback": func(k cast) point {
			p := k.life("closed")
			c := k.blank()
			c.ID++
			return point{"rollback", c, p.now}.then("rollback", k, ben, 20*time.Hour, func(f models.Facts) error { return c.RollbackOf(p.c, k.note, f) })
		},
		"rejected": func(k cast) point {
			p := k.life("awaiting")
			return p.then("rejected", k, cara, time.Hour, func(f models.Facts) error { return p.c.Reject(k.note, p.c.Revision, f) })
		},
		"cancelled": func(k cast) point {
			p := k.life("approved")
			return p.then("cancelled", k, ana, time.Hour, func(f models.Facts) error { return p.c.Cancel(k.note, f) })
		},
		"expired": func(k cast) point {
			p := k.life("approved")
			return p.then("expired", k, "", 15*24*time.Hour, p.c.Expire)
		},
	}
}

// order in which the lives are shown.
var order = []string{"draft", "awaiting", "half", "changes-requested", "resubmitted", "approved", "held", "in-progress", "extended", "overridden",
	"implemented", "rolled-back", "issues", "closed", "reviewed", "rollback", "rejected", "cancelled", "expired"}

func (k cast) life(name string) point { return stages()[name](k) }

func (k cast) lives() []point {
	out := make([]point, 0, len(order))
	for _, name := range order {
		out = append(out, k.life(name))
	}
	return out
}

func (k cast) completed(name string, done models.Completion) point {
	p := k.life("in-progress")
	return p.then(name, k, ben, 40*time.Minute, func(f models.Facts) error { return p.c.Complete(done, f) })
}

func (k cast) blank() *models.Change {
	return &models.Change{Identity: models.Identity{Workspace: "T0DEMO", ID: 4, Requester: ana, CreatedAt: opening}}
}

// revised is a change whose content differs from what cara approved.
func (k cast) revised() (point, models.Material) {
	p := k.life("half")
	before := p.c.Material
	in := k.in
	in.Plan, in.Rollback = clip(in.Plan, 2900)+"\n5. Tell support", "When it fails there is no way back within 2 hours."
	in.End = in.End.Add(30 * time.Minute)
	return p.then("revised", k, ana, time.Hour, func(f models.Facts) error { return p.c.Edit(in, f) }), before
}

// events are one of each kind, as the audit log would hold them.
func (k cast) events() []models.Event {
	diff := []models.FieldDiff{{Field: "Window", Before: "2026-11-24 14:00 to 2026-11-24 15:00 UTC", After: "2026-11-24 16:00 to 2026-11-24 17:00 UTC"},
		{Field: "Plan", Before: k.in.Plan, After: k.in.Plan + "\n5. Tell support"}}
	kinds := []models.Event{
		{Kind: models.EventDraftSaved, Actor: ana}, {Kind: models.EventSubmitted, Actor: ana}, {Kind: models.EventApprovalGiven, Actor: cara},
		{Kind: models.EventApprovalWithdrawn, Actor: cara}, {Kind: models.EventRefused, Actor: ben, Reason: "You carry this change out, so someone else must decide on it. " + k.note},
		{Kind: models.EventRevised, Actor: ana, Diff: diff}, {Kind: models.EventEdited, Actor: mia, Diff: diff[:1]},
		{Kind: models.EventChangesRequested, Actor: paul, Reason: k.note}, {Kind: models.EventResubmitted, Actor: ana, Diff: diff},
		{Kind: models.EventFullyApproved, Actor: paul}, {Kind: models.EventReopened, Actor: cara}, {Kind: models.EventRejected, Actor: paul, Reason: k.note},
		{Kind: models.EventCancelled, Actor: ana, Reason: k.note}, {Kind: models.EventExpired}, {Kind: models.EventStarted, Actor: ben},
		{Kind: models.EventHeld, Actor: mia, Reason: k.note}, {Kind: models.EventHoldLifted, Actor: mia, Reason: k.note}, {Kind: models.EventOverridden, Actor: mia, Reason: k.note},
		{Kind: models.EventExtended, Actor: ben, Reason: k.note, Diff: []models.FieldDiff{{Field: "Overlaps", After: "CHG-9 (Paul Okafor)"}}},
		{Kind: models.EventCompleted, Actor: ben, Reason: k.note}, {Kind: models.EventOutcomeCorrected, Actor: ben, Reason: k.note},
		{Kind: models.EventReviewed, Actor: ben, Reason: k.note, Diff: []models.FieldDiff{{Field: "Did the plan work as it was written?", After: "no"}}}, {Kind: models.EventLessonKept, Actor: ben, Reason: k.note}, {Kind: models.EventClosed, Actor: ben}, {Kind: models.EventRollbackRaised, Actor: ben, Reason: k.note},
	}
	for i := range kinds {
		kinds[i].ID, kinds[i].At, kinds[i].Revision = int64(i+1), opening.Add(time.Duration(i)*10*time.Minute), "3f2a91c07d"
	}
	return kinds
}

// after is a change in the state in which the event leaves it.
func (k cast) after(e models.Event) *models.Change {
	name, known := map[models.EventKind]string{
		models.EventDraftSaved: "draft", models.EventApprovalGiven: "half", models.EventChangesRequested: "changes-requested",
		models.EventResubmitted: "resubmitted", models.EventFullyApproved: "approved", models.EventRejected: "rejected",
		models.EventCancelled: "cancelled", models.EventExpired: "expired", models.EventStarted: "in-progress",
		models.EventHeld: "held", models.EventHoldLifted: "approved", models.EventOverridden: "overridden", models.EventExtended: "extended",
		models.EventCompleted: "implemented", models.EventOutcomeCorrected: "rolled-back", models.EventReviewed: "reviewed",
		models.EventClosed: "closed", models.EventRollbackRaised: "rollback",
	}[e.Kind]
	if !known {
		name = "awaiting"
	}
	return k.life(name).c
}

// crowd puts two other changes and a freeze into the change's time.
func (k cast) crowd(c *models.Change, f *models.Facts) {
	for n := range 2 {
		f.Around.Neighbours = append(f.Around.Neighbours, models.Neighbour{ID: c.ID + 5 + models.ChangeID(n), Title: k.in.Title, State: models.Approved,
			Environment: c.Environment, Services: c.Services[:1], Window: c.Window, Implementer: paul, Submitted: opening.Add(time.Duration(n-1) * time.Hour)})
	}
	span := models.Window{Start: c.Window.Start.Add(-time.Hour), End: c.Window.End.Add(48 * time.Hour)}
	f.Around.Freezes = append(f.Around.Freezes, models.FreezeSpan{Window: span,
		Freeze: models.Freeze{ID: 2, Kind: models.SoftFreeze, Name: clip(k.note, models.MaxTitle), Owner: mia, When: models.When{Window: span}}})
}
