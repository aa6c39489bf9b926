package models

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models/proof"
)

// involved are the ways in which somebody has a hand in a change.
var involved = []struct {
	how  string
	make func(t *testing.T, w *world, u UserID, edit func(*Input)) *Change
}{
	{"requester", func(t *testing.T, w *world, u UserID, edit func(*Input)) *Change {
		return w.raisedBy(t, u, edit)
	}},
	{"requester of a draft that another submitted", func(t *testing.T, w *world, u UserID, edit func(*Input)) *Change {
		in := w.input()
		edit(&in)
		c := &Change{Identity: Identity{ID: 4, Requester: u}}
		must(t, c.SaveDraft(in, w.as(u)))
		must(t, c.Submit(w.as(lea)))
		return c
	}},
	{"implementer", func(t *testing.T, w *world, u UserID, edit func(*Input)) *Change {
		return w.raised(t, func(in *Input) { edit(in); in.Implementer = u })
	}},
	{"implementer named later", func(t *testing.T, w *world, u UserID, edit func(*Input)) *Change {
		c := w.raised(t, edit)
		must(t, w.editing(c, ana, func(in *Input) { in.Implementer = u }))
		return c
	}},
	{"last editor of the content", func(t *testing.T, w *world, u UserID, edit func(*Input)) *Change {
		c := w.raised(t, edit)
		must(t, w.editing(c, u, func(in *Input) { in.Plan = "Another plan." }))
		return c
	}},
	{"last editor of the title", func(t *testing.T, w *world, u UserID, edit func(*Input)) *Change {
		c := w.raised(t, edit)
		must(t, w.editing(c, u, func(in *Input) { in.Title = "Another title" }))
		return c
	}},
	{"author, with a title corrected by the requester", func(t *testing.T, w *world, u UserID, edit func(*Input)) *Change {
		c := w.raised(t, edit)
		must(t, w.editing(c, u, func(in *Input) { in.Plan = "Another plan." }))
		must(t, w.editing(c, ana, func(in *Input) { in.Title = "Another title" }))
		return c
	}},
	{"author of the draft", func(t *testing.T, w *world, u UserID, edit func(*Input)) *Change {
		in := w.input()
		edit(&in)
		c := &Change{Identity: Identity{ID: 4, Requester: ana}}
		must(t, c.SaveDraft(w.input(), w.as(ana)))
		in.Plan = "What " + string(u) + " would have."
		must(t, c.SaveDraft(in, w.as(u)))
		must(t, c.Submit(w.as(ana)))
		return c
	}},
	{"author before it was sent back", func(t *testing.T, w *world, u UserID, edit func(*Input)) *Change {
		c := w.raised(t, edit)
		must(t, w.editing(c, u, func(in *Input) { in.Plan = "Another plan." }))
		must(t, c.AskForChanges("Say when.", c.Revision, w.as(cai)))
		must(t, c.Edit(InputOf(c), w.as(ana))) // resubmitted as it is
		return c
	}},
}

func (w *world) raisedBy(t *testing.T, u UserID, edit func(*Input)) *Change {
	in := w.input()
	edit(&in)
	c := &Change{Identity: Identity{ID: 4, Requester: u}}
	must(t, c.Raise(in, w.as(u)))
	return c
}

func TestNobodyDecidesOnWhatTheyHadAHandIn(t *testing.T) {
	tried, accepted := 0, 0
	for _, hand := range involved {
		for _, u := range []UserID{kim, oli, lea} {
			for _, services := range [][]Slug{{"docs"}, {"pay-api"}, {"ledger"}, {"docs", "ledger", "pay-api", "web"}} {
				for _, n := range familiarities {
					for _, env := range Environments {
						w := newWorld().clone()
						everyRole(w, u)
						c := hand.make(t, w, u, func(in *Input) { in.Services, in.Risk, in.Environment = services, known(n), env })
						if c.State != AwaitingApproval {
							t.Fatalf("%s: %s, so nothing is tried", hand.how, c.State)
						}
						tried += 3
						for _, err := range []error{
							c.Approve(c.Revision, w.as(u)), c.Reject("Because I say so.", c.Revision, w.as(u)), c.AskForChanges("More, please.", c.Revision, w.as(u)),
						} {
							if err == nil {
								accepted++
								t.Errorf("%s (%s) decided: %v %d %s", u, hand.how, services, n, env)
								continue
							}
							wellSaid(t, refused(t, err))
						}
						if c.MayDecide(w.as(u).Actor, w.as(u)) {
							t.Errorf("%s (%s) is offered the buttons", u, hand.how)
						}
						must(t, c.Approve(c.Revision, w.as(cai))) // it is not that nobody could
					}
				}
			}
		}
	}
	t.Logf("%d decisions on a change of one's own, accepted: %d", tried, accepted)
}

// everyRole gives a person all duties there are, so that only segregation of
// duties can stop them; the edits of a change manager are allowed to all.
func everyRole(w *world, u UserID) {
	for _, role := range append([]Role{}, StandingRoles...) {
		w.Roles[role] = distinct(append([]UserID{u}, w.Roles[role]...))
	}
	for slug, s := range w.Services {
		s.Owner, s.OpsLead = u, u
		w.Services[slug] = s
	}
	team := w.Teams["payments"]
	team.Members = append([]UserID{u}, team.Members...)
	w.Teams["payments"], w.Teams["web"] = team, Team{ID: "web", Members: []UserID{u, cai}}
	// The peer who sends changes back has to fit every change.
	w.Policy.Additions = append(w.Policy.Additions, Rule{Name: "cai", Require: []Need{{Person: cai}}})
}

func TestOnlyPeopleOfTheWorkspaceWithADutyDecide(t *testing.T) {
	w := newWorld()
	for u, why := range map[UserID]string{
		pat:  "Your decision on CHG-4 can't count: guests and people of other workspaces can't decide. It waits for 1 peer and 1 service owner.",
		robo: "Your decision on CHG-4 can't count: a bot can't decide. It waits for 1 peer and 1 service owner.",
		quin: "Your decision on CHG-4 can't count: this account is deactivated in Slack. It waits for 1 peer and 1 service owner.",
		ray:  "Your decision on CHG-4 can't count: you are none of those whom its policy names. It waits for 1 peer and 1 service owner.",
		sol:  "Your decision on CHG-4 can't count: you are none of those whom its policy names. It waits for 1 peer and 1 service owner.",
		oli:  "Your decision on CHG-4 can't count: you are none of those whom its policy names. It waits for 1 peer and 1 service owner.",
		ana:  "You raised this change, so someone else must decide on it. CHG-4 waits for 1 peer and 1 service owner.",
		"":   "Your decision on CHG-4 can't count: Gatehouse does not know this account. It waits for 1 peer and 1 service owner.",
	} {
		c := w.raised(t, nil)
		if r := refused(t, c.Approve(c.Revision, w.as(u))); r.Text != why || r.Settled {
			t.Errorf("%s: %s", u, r.Text)
		}
		if c.MayDecide(w.as(u).Actor, w.as(u)) {
			t.Errorf("%s is offered the buttons", u)
		}
	}
}

func TestWhoSomeoneIsMustHaveBeenConfirmedWithinTheHour(t *testing.T) {
	w := newWorld()
	c := w.raised(t, nil)
	f := w.as(ben)
	f.Actor.CheckedAt = w.now.Add(-FactsValidFor - time.Second)
	wellSaid(t, refused(t, c.Approve(c.Revision, f)))
	f.Actor.CheckedAt = w.now.Add(FactsValidFor + time.Second) // before the clock was set back
	refused(t, c.Approve(c.Revision, f))
	f.Actor.CheckedAt = w.now.Add(-FactsValidFor)
	must(t, c.Approve(c.Revision, f))
}

func TestNamingABoardMemberAsImplementerForAMomentMakesNoMajoritySmaller(t *testing.T) {
	w := newWorld().clone()
	w.Roles[RoleCAB] = []UserID{gus, hal, ida, jon}
	board := func(c *Change) (n int) {
		for _, r := range c.Requirements {
			if r.Key == string(RoleCAB) {
				n = r.Count
			}
		}
		return n
	}
	honest := w.raised(t, func(in *Input) { in.Risk = known(untried) })
	c := w.raised(t, func(in *Input) { in.Risk, in.Implementer = known(untried), gus })
	if board(honest) != 3 || board(c) != 2 {
		t.Fatalf("the majority is %d of four, %d without the one who carries it out", board(honest), board(c))
	}
	w.approvedBy(t, c, ben, dee, hal, ida, fay, kim)
	if c.State != Approved {
		t.Fatal(c.State)
	}
	must(t, w.editing(c, ana, func(in *Input) { in.Implementer = ana }))
	if board(c) != 3 || c.State != AwaitingApproval {
		t.Errorf("with everybody on the board again %d suffice, and it is %s", board(c), c.State)
	}
	if got := c.Standing().Missing(); got != "1 more of CAB" {
		t.Errorf("missing %s", got)
	}
}

func TestALaterDecisionTakesThePlaceOfAnEarlierOne(t *testing.T) {
	w := newWorld()
	c := w.approvedBy(t, w.raised(t, nil), ben)
	must(t, c.AskForChanges("On second thoughts, say when.", c.Revision, w.as(ben)))
	if n := len(c.Counting()); n != 0 {
		t.Errorf("%d approvals count after Ben changed his mind", n)
	}
	must(t, c.Edit(InputOf(c), w.later(time.Minute).as(ana)))
	if last := c.Asked[len(c.Asked)-1]; last.User != ben || !last.At.Equal(w.now) {
		t.Errorf("Ben, who wanted it changed, is asked again, not %s", last.User)
	}
	w.approvedBy(t, c, dee, ben)
	if c.State != Approved || len(c.Counting()) != 2 {
		t.Errorf("%s with %d", c.State, len(c.Counting()))
	}

	c = w.approvedBy(t, w.raised(t, nil), ben)
	must(t, c.Reject("No, it can't be.", c.Revision, w.as(ben)))
	if c.State != Rejected || len(c.Counting()) != 0 {
		t.Errorf("%s with %d approvals", c.State, len(c.Counting()))
	}
	refused(t, c.Approve(c.Revision, w.as(dee)))
}

func TestNobodyIsOfferedAButtonThatWouldBeRefused(t *testing.T) {
	for _, s := range States {
		for _, u := range everybody {
			w := newWorld()
			c := w.in(t, s)
			for _, late := range []time.Duration{0, 5 * time.Hour} {
				w.later(late)
				offered := c.MayDecide(w.as(u).Actor, w.as(u))
				err := copyOf(c).Reject("Because it must be.", c.Revision, w.as(u))
				if offered != (err == nil) {
					t.Errorf("%s when %s: offered %v, answered %v", u, s, offered, err)
				}
			}
		}
	}
}

// capacities are the rights by which somebody might try to decide on a change
// of their own. Each gives u every chance: only segregation of duties is left.
var capacities = []struct {
	name string
	give func(w *world, u UserID)
}{
	{"by a duty", func(w *world, u UserID) { everyRole(w, u) }},
	{"as an admin", func(w *world, u UserID) { w.Roles[RoleAdmin] = append(w.Roles[RoleAdmin], u) }},
	{"as a group member", func(w *world, u UserID) {
		w.Teams["S0GROUP"] = Team{ID: "S0GROUP", Name: "Group", Group: "S0GROUP", Members: []UserID{u}, CheckedAt: w.now}
		w.Policy.Additions = append(w.Policy.Additions, Rule{Name: "group", Require: []Need{{Group: "S0GROUP", Count: 1}}})
	}},
	{"as a person named", func(w *world, u UserID) {
		w.Policy.Additions = append(w.Policy.Additions, Rule{Name: "person", Require: []Need{{Person: u}}})
	}},
	{"as delegate of the absent", func(w *world, u UserID) {
		for _, other := range everybody[:len(everybody)-1] {
			if other != u {
				w.away(other, 0, 72*time.Hour, u)
			}
		}
	}},
	{"through a delegate", func(w *world, u UserID) { everyRole(w, u); w.away(u, 0, 72*time.Hour, sol) }},
}

func TestNobodyDecidesOnTheirOwnChangeInAnyCapacity(t *testing.T) {
	tried, accepted := 0, 0
	for _, hand := range involved {
		line := ""
		for _, as := range capacities {
			cases, passed := 0, 0
			for _, kind := range []ChangeType{Normal, Emergency} {
				for _, n := range familiarities {
					c, w := owned(t, hand.make, kind, n, as.give)
					actors := []UserID{jon}
					if as.name == "through a delegate" {
						actors = append(actors, sol)
					}
					for _, u := range actors {
						for _, try := range []func(*Change) error{
							func(c *Change) error { return c.Approve(c.Revision, w.as(u)) },
							func(c *Change) error { return c.Reject("Because I say so.", c.Revision, w.as(u)) },
							func(c *Change) error { return c.AskForChanges("More, please.", c.Revision, w.as(u)) },
						} {
							cases++
							if err := try(copyOf(c)); err == nil {
								passed++
								t.Errorf("%s, %s: %s decided on a %s change at %s risk", hand.how, as.name, u, kind, c.Assessment.Level)
							}
						}
						if err := copyOf(c).Delegate(ray, w.as(u)); err == nil {
							t.Errorf("%s, %s: %s handed on a decision that is not theirs", hand.how, as.name, u)
						}
					}
				}
			}
			tried, accepted = tried+cases, accepted+passed
			line += fmt.Sprintf("  %s %d/%d", as.name, passed, cases)
		}
		t.Logf("%-46s%s", hand.how, line)
	}
	proof.Record(t, proof.Row{What: "decisions on a change in which the person has a hand, in every capacity, type and risk: accepted", Where: "pure", Tried: tried, Bad: accepted})
	if tried < 200 {
		t.Errorf("only %d cases", tried)
	}
}

// owned is a change of that type in which Jon has a hand, in a world that gives
// Jon the capacity.
func owned(t *testing.T, hand func(*testing.T, *world, UserID, func(*Input)) *Change, kind ChangeType, n familiarity, give func(*world, UserID)) (*Change, *world) {
	t.Helper()
	w := newWorld().clone()
	w.Policy.Rules = slices.Clone(w.Policy.Rules)
	for i := range w.Policy.Rules { // every rule asks for everybody
		w.Policy.Rules[i].Require = append(slices.Clone(w.Policy.Rules[i].Require), Need{Role: RolePeer, Count: 1}, Need{Role: RoleECAB, Count: 1}, Need{Person: cai})
	}
	give(w, jon)
	w.Roles[RoleChangeManager] = append(w.Roles[RoleChangeManager], jon) // who may edit everything
	c := hand(t, w, jon, func(in *Input) {
		in.Type, in.Risk = kind, known(n)
		if kind == Emergency {
			in.IncidentRef = "INC-7"
		}
	})
	if c.State != AwaitingApproval {
		t.Fatalf("%s, so nothing is tried", c.State)
	}
	return c, w
}
