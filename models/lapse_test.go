package models

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// smallTeam is a company of two: Ana raises and owns, Ben is the peer.
func smallTeam() *world {
	w := newWorld().clone()
	w.Policy.SmallTeam = true
	w.Teams["payments"] = Team{ID: "payments", Name: "Payments", Members: []UserID{ana, ben}}
	s := w.Services["pay-api"]
	s.Owner = ana
	w.Services["pay-api"] = s
	return w
}

func TestWhatNobodyEligibleCanMeetIsLetGoAfterHalfAnHourAndNeverSigned(t *testing.T) {
	w := smallTeam()
	c := w.raised(t, nil) // a peer, and an owner who raised it
	if got := kinds(c.Events()); got != "submitted nobody_eligible" {
		t.Error(got)
	}
	if !c.LapseDue().IsZero() {
		t.Error("the clock runs although Ben can still decide")
	}
	w.later(50 * time.Minute)
	must(t, c.Elapse(w.as("")))
	if c.State != AwaitingApproval {
		t.Fatalf("%s without the peer who could give it", c.State)
	}
	w.later(-45 * time.Minute)
	w.approvedBy(t, c, ben)
	if due := c.LapseDue(); !due.Equal(monday.Add(LapseAfter)) || !due.Equal(c.Due()) {
		t.Errorf("due at %s, and in all at %s", due, c.Due())
	}
	w.now = monday.Add(LapseAfter - time.Second)
	must(t, c.Elapse(w.as("")))
	if c.State != AwaitingApproval {
		t.Fatal("let go a second early")
	}
	w.later(time.Second)
	c.Events()
	must(t, c.Elapse(w.as("")))
	if got := kinds(c.Events()); got != "not_met_let_go approved" || c.State != Approved {
		t.Errorf("%s, %s", c.State, got)
	}
	if diff := cmp.Diff([]string{"1 service owner not met: nobody eligible"}, c.Exceptions()); diff != "" {
		t.Error(diff)
	}
	if n := len(c.Counting()); n != 1 || c.Standing().Given(w.as("")) != "Ben" {
		t.Errorf("%d approvals, by %s", n, c.Standing().Given(w.as("")))
	}
	w.now = c.Window.Start
	must(t, c.Start(c.Revision, w.as(ana)))
	must(t, c.Complete(Completion{Outcome: Successful}, w.as(ana)))
	if c.State != Implemented || !slices.Contains(c.ReviewOwed, "1 service owner not met: nobody eligible") {
		t.Errorf("%s, owes %v", c.State, c.ReviewOwed)
	}
}

func TestWithoutSmallTeamModeNobodyIsLetOff(t *testing.T) {
	w := smallTeam()
	w.Policy.SmallTeam = false
	c := w.approvedBy(t, w.raised(t, nil), ben)
	w.later(55 * time.Minute)
	must(t, c.Elapse(w.as("")))
	if c.State != AwaitingApproval || !c.LapseDue().IsZero() {
		t.Errorf("%s, due %s", c.State, c.LapseDue())
	}
	// A later policy lets no pending change off, either.
	w.Policy.SmallTeam, w.Policy.Version = true, 2
	must(t, w.editing(c, ana, func(in *Input) { in.Title = "Another title" }))
	must(t, c.Elapse(w.later(time.Hour).as("")))
	if c.State == Approved {
		t.Error("a newer policy weakened a pending change")
	}
}

func TestAPolicyThatEndsSmallTeamModeStopsTheClock(t *testing.T) {
	w := smallTeam()
	c := w.raised(t, nil)
	must(t, c.AskForChanges("Say who watches.", c.Revision, w.as(ben)))
	w.Policy.SmallTeam, w.Policy.Version = false, 2
	must(t, w.editing(c, ana, func(in *Input) { in.Background = "Ben watches." })) // the content is the one before
	w.approvedBy(t, c, ben)
	if !c.LapseDue().IsZero() {
		t.Errorf("the clock runs until %s", c.LapseDue())
	}
	must(t, c.Elapse(w.later(time.Hour).as("")))
	if c.State != AwaitingApproval || len(c.Exceptions()) != 0 {
		t.Errorf("%s without %v", c.State, c.Exceptions())
	}
}

func TestWhoBecomesEligibleMeanwhileIsAsked(t *testing.T) {
	w := smallTeam()
	c := w.approvedBy(t, w.raised(t, nil), ben)
	s := w.Services["pay-api"]
	s.Owner = dee
	w.Services["pay-api"] = s
	c.Events()
	w.later(LapseAfter)
	must(t, c.Elapse(w.as("")))
	if got := kinds(c.Events()); got != "eligible_again" || c.State != AwaitingApproval {
		t.Errorf("%s, %s", c.State, got)
	}
	if last := c.Asked[len(c.Asked)-1]; last.User != dee {
		t.Errorf("asked %s", last.User)
	}
	if !c.Due().Equal(c.Window.End) {
		t.Errorf("due at %s", c.Due())
	}
	w.approvedBy(t, c, dee)
	if c.State != Approved || len(c.Exceptions()) != 0 {
		t.Errorf("%s, %v", c.State, c.Exceptions())
	}
}

func TestAnApprovalWithdrawnAfterwardsBringsEverythingBack(t *testing.T) {
	w := smallTeam()
	c := w.approvedBy(t, w.raised(t, nil), ben)
	must(t, c.Elapse(w.later(LapseAfter).as("")))
	must(t, c.Withdraw(w.as(ben)))
	if c.State != AwaitingApproval || c.Standing().Missing() != "1 peer and 1 service owner" || len(c.Exceptions()) != 0 {
		t.Errorf("%s, missing %s", c.State, c.Standing().Missing())
	}
	w.approvedBy(t, c, ben)
	if due := c.LapseDue(); !due.Equal(w.now.Add(LapseAfter)) {
		t.Errorf("the half hour counts from %s", due.Add(-LapseAfter))
	}
}

func TestTheRequirementsOfFreezesNeverLapse(t *testing.T) {
	w := smallTeam()
	in := w.input()
	f := w.as(ana)
	freeze := Freeze{ID: 3, Kind: SoftFreeze, Name: "Year end", Owner: ana, When: When{Window: Window{Start: in.Start, End: in.End}}}
	f.Around.Freezes = []FreezeSpan{{Freeze: freeze, Window: freeze.When.Window}}
	c := &Change{Identity: Identity{ID: 4, Requester: ana, CreatedAt: w.now}}
	must(t, c.Raise(in, f))
	for _, r := range c.Requirements {
		if r.Key == "freeze:FRZ-3" && (r.MayLapse || r.Short > 0) {
			t.Errorf("%+v", r)
		}
	}
	w.later(2 * time.Hour)
	must(t, c.Elapse(w.as("")))
	if c.State == Approved {
		t.Error("approved inside a freeze whose owner did not agree")
	}
}

func TestAnEmergencyThatNobodyCanApproveAfterwardsDoesNotOweForEver(t *testing.T) {
	w := smallTeam()
	w.Roles[RoleECAB] = []UserID{ana}
	c := w.raised(t, func(in *Input) { in.Type, in.IncidentRef, in.Start = Emergency, "INC-7", w.now })
	must(t, c.StartNow("Nobody can pay at all.", c.Revision, w.as(ana)))
	must(t, c.Elapse(w.later(LapseAfter).as("")))
	if c.OwesApproval() || len(c.Exceptions()) != 1 {
		t.Errorf("owes %v, exceptions %v", c.Debts(), c.Exceptions())
	}
	if !slices.Contains(kindsOf(c.Events()), EventApprovedLater) {
		t.Error("nothing on record")
	}
}

func kindsOf(events []Event) []EventKind {
	var out []EventKind
	for _, e := range events {
		out = append(out, e.Kind)
	}
	return out
}

func TestTheApprovalOfAnEmergencyNamesTheHardFreezeThatItExcepts(t *testing.T) {
	w := newWorld().clone()
	in := w.input()
	in.Type, in.IncidentRef = Emergency, "INC-7"
	freeze := Freeze{ID: 3, Kind: HardFreeze, Name: "Year end", Owner: kim, When: When{Window: Window{Start: in.Start, End: in.End}}}
	as := func(u UserID) Facts {
		f := w.as(u)
		f.Around.Freezes = []FreezeSpan{{Freeze: freeze, Window: freeze.When.Window}}
		return f
	}
	c := &Change{Identity: Identity{ID: 4, Requester: ana, CreatedAt: w.now}}
	must(t, c.Raise(in, as(ana)))
	c.Events()
	must(t, c.Approve(c.Revision, as(moe)))
	if diff := cmp.Diff([]FieldDiff{{Field: "Exception to", After: "FRZ-3 (Year end)"}}, c.Events()[0].Diff); diff != "" {
		t.Error(diff)
	}
}

func TestAGroupThatSlackHasNotSpokenOfDoesNotLapse(t *testing.T) {
	w := smallTeam()
	w.Policy.Rules = []Rule{{Name: "all", Require: []Need{{Group: "S0DBA", Count: 1}}}}
	c := w.raised(t, nil)
	if got := kinds(c.Events()); got != "submitted" {
		t.Errorf("nobody was asked yet who belongs to it: %s", got)
	}
	w.Teams["S0DBA"] = Team{ID: "S0DBA", Name: "DBA", Group: "S0DBA", CheckedAt: w.now}
	must(t, w.editing(c, ana, func(in *Input) { in.Title = "Another title" }))
	if due := c.LapseDue(); !due.Equal(w.now.Add(LapseAfter)) {
		t.Fatalf("due %s", due)
	}
	w.Teams["S0DBA"] = Team{ID: "S0DBA", Name: "DBA", Group: "S0DBA", CheckedAt: w.now.Add(-time.Hour)}
	must(t, c.Elapse(w.later(LapseAfter).as("")))
	if c.State != AwaitingApproval {
		t.Error("let go on facts of more than an hour")
	}
	w.Teams["S0DBA"] = Team{ID: "S0DBA", Name: "DBA", Group: "S0DBA", CheckedAt: w.now}
	must(t, c.Elapse(w.as("")))
	if c.State != Approved {
		t.Errorf("%s once Slack has said that nobody is in it", c.State)
	}
}
