package models

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sizes are how much the tests try: GATEHOUSE_PROVE=full gives the figures
// that the proof reports, everything else a short run of the same code.
type profile struct {
	steps  int // of each of the 100 random walks
	boards int // random requirement sets against brute force
	days   int // days of working hours in every zone
}

// Read at the first use, so that go test sees the variable and repeats what it
// had cached for another size.
var sizes = sync.OnceValue(func() profile {
	if os.Getenv("GATEHOUSE_PROVE") == "full" {
		return profile{steps: 1000, boards: 20000, days: 400}
	}
	return profile{steps: 40, boards: 800, days: 40}
})

// The people of a small company. Everybody's duties are in newWorld.
const (
	ana  UserID = "UANA"  // payments: raises changes
	ben  UserID = "UBEN"  // payments: peer
	cai  UserID = "UCAI"  // payments: peer
	dee  UserID = "UDEE"  // payments: peer, owner of pay-api and wallet
	eli  UserID = "UELI"  // web: peer, owner of ledger and web
	fay  UserID = "UFAY"  // operations lead
	gus  UserID = "UGUS"  // CAB
	hal  UserID = "UHAL"  // CAB
	ida  UserID = "UIDA"  // CAB
	jon  UserID = "UJON"  // CAB
	kim  UserID = "UKIM"  // change manager
	lea  UserID = "ULEA"  // change manager and CAB
	moe  UserID = "UMOE"  // ECAB
	nia  UserID = "UNIA"  // ECAB
	oli  UserID = "UOLI"  // workspace admin
	pat  UserID = "UPAT"  // payments, but a guest
	quin UserID = "UQUIN" // payments and CAB, but deactivated
	ray  UserID = "URAY"  // in the workspace, with no duty at all
	robo UserID = "UROBO" // payments, but a bot
	sol  UserID = "USOL"  // an account that Gatehouse has never seen
)

var everybody = []UserID{ana, ben, cai, dee, eli, fay, gus, hal, ida, jon, kim, lea, moe, nia, oli, pat, quin, ray, robo, sol}

// monday is 10:00 UTC on a working day.
var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// world is a workspace and a clock.
type world struct {
	*Directory
	now time.Time
}

func newWorld() *world {
	w := &world{now: monday, Directory: &Directory{
		Version: 1,
		Services: map[Slug]Service{
			"ledger":  {Slug: "ledger", Name: "Ledger", Tier: 0, Team: "payments", Owner: eli, OpsLead: fay, Channel: "CLEDGER"},
			"pay-api": {Slug: "pay-api", Name: "Payments API", Tier: 1, Team: "payments", Owner: dee, OpsLead: fay, Channel: "CPAY"},
			"wallet":  {Slug: "wallet", Name: "Wallet", Tier: 2, Team: "payments", Owner: dee, OpsLead: fay, Channel: "CPAY"},
			"web":     {Slug: "web", Name: "Web", Tier: 2, Team: "web", Owner: eli, OpsLead: fay, Channel: "CWEB"},
			"docs":    {Slug: "docs", Name: "Docs", Tier: 3, Team: "web", Owner: ben},
			"orphan":  {Slug: "orphan", Name: "Orphan", Tier: 1, Team: "nobody"}, // no owner, an empty team
			"fax":     {Slug: "fax", Name: "Fax gateway", Tier: 3, Team: "web", Owner: eli, Retired: true},
		},
		Teams: map[TeamID]Team{
			"payments": {ID: "payments", Name: "Payments", Members: []UserID{ana, ben, cai, dee, pat, quin, robo}},
			"web":      {ID: "web", Name: "Web", Members: []UserID{eli, ray}},
			"nobody":   {ID: "nobody", Name: "Nobody"},
		},
		Roles: map[Role][]UserID{
			RoleCAB: {gus, hal, ida, jon, lea, quin}, RoleECAB: {moe, nia},
			RoleChangeManager: {kim, lea}, RoleAdmin: {oli},
		},
		People:   map[UserID]Person{},
		Policy:   testPolicy(),
		Settings: Settings{ChangesChannel: "CCHANGES", Hours: DefaultWorkingHours()},
	}}
	for _, u := range everybody {
		if u != sol {
			name := strings.ToUpper(string(u[1:2])) + strings.ToLower(string(u[2:]))
			w.People[u] = Person{ID: u, Name: name, Zone: "Europe/Berlin", Bot: u == robo, Guest: u == pat, Deleted: u == quin}
		}
	}
	return w
}

// testPolicy is the embedded default, written down a second time; a test of
// package files holds the file against the same table.
func testPolicy() Policy {
	rule := func(name string, env Environment, risk []RiskLevel, needs ...Need) Rule {
		return Rule{Name: name, When: Match{Types: []ChangeType{Normal}, Environments: []Environment{env}, Risks: risk}, Require: needs}
	}
	peer, owner := Need{Role: RolePeer, Count: 1}, Need{Role: RoleServiceOwner, Count: 1}
	return Policy{Version: 1, Name: "test", Rules: []Rule{
		{Name: "standard", When: Match{Types: []ChangeType{Standard}, Risks: []RiskLevel{RiskLow, RiskMedium}}},
		{Name: "emergency, very high risk", When: Match{Types: []ChangeType{Emergency}, Risks: []RiskLevel{RiskVeryHigh}},
			Require: []Need{{Role: RoleECAB, Count: 2}}},
		{Name: "emergency", When: Match{Types: []ChangeType{Emergency}}, Require: []Need{{Role: RoleECAB, Count: 1}}},
		rule("production, low risk", Production, []RiskLevel{RiskLow}, peer),
		rule("production, medium risk", Production, []RiskLevel{RiskMedium}, peer, owner),
		rule("production, high risk", Production, []RiskLevel{RiskHigh}, peer, owner, Need{Role: RoleCAB, Count: 2}),
		rule("production, very high risk", Production, []RiskLevel{RiskVeryHigh}, peer, Need{Role: RoleServiceOwner, Each: true},
			Need{Role: RoleCAB, Majority: true}, Need{Role: RoleOpsLead, Count: 1}, Need{Role: RoleChangeManager, Count: 1}),
		rule("staging, low risk", Staging, []RiskLevel{RiskLow}),
		rule("staging, medium risk", Staging, []RiskLevel{RiskMedium}, peer),
		rule("staging, high risk", Staging, nil, peer, owner),
		rule("test", Test, nil),
		rule("development", Development, nil),
	}, Additions: []Rule{{Name: "tier 0", When: Match{Environments: []Environment{Production}, Tiers: []Tier{0}},
		Require: []Need{{Role: RoleOpsLead, Count: 1}}}}}
}

// as are the facts when the person acts, confirmed by Slack a minute ago.
func (w *world) as(u UserID) Facts {
	actor, known := w.People[u]
	if !known {
		actor = Person{ID: u}
	}
	actor.CheckedAt = w.now.Add(-time.Minute)
	return Facts{Directory: w.Directory, Now: w.now, Actor: actor,
		Around: Around{Release: &LinkedRelease{ID: 1, Name: "Market expansion", State: ReleaseAccepted}}}
}

// input is a whole form: production, medium risk, one peer and the owner.
func (w *world) input() Input {
	return Input{
		Title: "Rotate the signing key", Services: []Slug{"pay-api"}, Environment: Production,
		Start: w.now.Add(time.Hour), End: w.now.Add(3 * time.Hour),
		Plan: "1. Add the new key. 2. Remove the old one.", Check: "Payments go through.", Rollback: "On any error put the old key back, 5 minutes.",
		Risk: known(rehearsed), Background: "The old key expires.",
	}
}

// raised is a change as Ana raised it with the form, changed by edit.
func (w *world) raised(t testing.TB, edit func(*Input)) *Change {
	t.Helper()
	in := w.input()
	if edit != nil {
		edit(&in)
	}
	c := &Change{Identity: Identity{Workspace: "T1", ID: 4, Requester: ana, CreatedAt: w.now}}
	must(t, c.Raise(in, w.as(ana)))
	return c
}

// approvedBy lets people approve the change as it stands.
func (w *world) approvedBy(t testing.TB, c *Change, people ...UserID) *Change {
	t.Helper()
	for _, u := range people {
		must(t, c.Approve(c.Revision, w.as(u)))
	}
	return c
}

// editing runs an edit by somebody over the form as it is.
func (w *world) editing(c *Change, u UserID, edit func(*Input)) error {
	in := InputOf(c)
	edit(&in)
	return c.Edit(in, w.as(u))
}

// later moves the clock on.
func (w *world) later(d time.Duration) *world { w.now = w.now.Add(d); return w }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected: %v", err)
	}
}

// refused insists on a refusal and returns its words.
func refused(t testing.TB, err error) *Refusal {
	t.Helper()
	r, ok := AsRefusal(err)
	if !ok {
		t.Fatalf("want a refusal in words, got %v", err)
	}
	return r
}

// copyOf is a deep copy, for comparing before and after.
func copyOf(c *Change) *Change {
	out := *c
	out.Services, out.Requirements = slices.Clone(c.Services), slices.Clone(c.Requirements)
	out.Approvals, out.Asked = slices.Clone(c.Approvals), slices.Clone(c.Asked)
	out.ReviewOwed, out.events = slices.Clone(c.ReviewOwed), slices.Clone(c.events)
	return &out
}

// difference is what changed between two versions of a change, "" for nothing.
func difference(before, after *Change) string {
	return cmp.Diff(before, after, cmp.AllowUnexported(Progress{}), cmpopts.EquateEmpty())
}

// copyOf copies a world, so that a test may change it.
func (w *world) clone() *world {
	d := *w.Directory
	d.Services, d.Teams, d.Roles, d.People = maps.Clone(d.Services), maps.Clone(d.Teams), maps.Clone(d.Roles), maps.Clone(d.People)
	return &world{&d, w.now}
}

// voided counts the approvals that were given and count no more.
func voided(c *Change) int {
	n := 0
	for _, a := range c.Approvals {
		if a.Decision == DecisionApprove && a.Void != "" {
			n++
		}
	}
	return n
}

func kinds(events []Event) string {
	var out []string
	for _, e := range events {
		out = append(out, fmt.Sprint(e.Kind))
	}
	return strings.Join(out, " ")
}

// familiarity is how well a test's work is known, as the likelihood of the
// risk matrix; everything else about it is as good as can be.
type familiarity int

const (
	routine   familiarity = 1
	rehearsed familiarity = 2
	firstTime familiarity = 3
	untried   familiarity = 4
)

var familiarities = []familiarity{routine, rehearsed, firstTime, untried}

// known are the answers that make the work so likely to go wrong; 0 answers nothing.
func known(n familiarity) RiskAnswers {
	if n == 0 {
		return RiskAnswers{}
	}
	a := RiskAnswers{Users: ReachOneTeam, Rehearsed: Yes, RollbackTested: Yes, Reversible: Yes, Peak: No, Parties: No}
	a.DoneBefore = map[familiarity]Times{routine: TimesOften, rehearsed: TimesSome, firstTime: TimesNever, untried: TimesNever}[n]
	if n == untried {
		a.Rehearsed = No
	}
	return a
}
