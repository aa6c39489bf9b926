package models

import "testing"

// TestAChangeRaisedInALockdownGoesOnWithoutItsExceptionOnceThatIsLifted: what is
// asked for the freeze alone goes with it; what the policy asks stays.
func TestAChangeRaisedInALockdownGoesOnWithoutItsExceptionOnceThatIsLifted(t *testing.T) {
	w := newWorld()
	stop := Freeze{Kind: Lockdown}
	raised := func() *Change {
		c := &Change{Identity: Identity{ID: 4, Requester: ana}}
		in := w.input()
		in.WhyNow = "The disk is full tonight."
		must(t, c.Raise(in, w.frozen(ana, stop)))
		return c
	}

	c := raised()
	before := len(c.Requirements)
	must(t, c.Elapse(w.frozen("", stop)))
	if len(c.Requirements) != before || !c.ThawDue(2) || c.ThawDue(3) {
		t.Errorf("in the lockdown: %v", c.Standing().Missing())
	}
	must(t, c.Elapse(w.as("")))
	if got := c.Standing().Missing(); len(c.Requirements) != before-2 || c.ThawDue(2) || c.State != AwaitingApproval {
		t.Errorf("lifted: %s, still waits for %s", c.State, got)
	}
	if kinds(c.Events()) != "submitted freeze_let_go" {
		t.Error(kinds(c.Events()))
	}

	c = raised() // all others agreed in the lockdown already
	for _, u := range []UserID{ben, dee, hal, ida} {
		must(t, c.Approve(c.Revision, w.frozen(u, stop)))
	}
	if c.State != AwaitingApproval {
		t.Fatalf("%s without its exception", c.State)
	}
	must(t, c.Elapse(w.as("")))
	if c.State != Approved {
		t.Errorf("lifted: %s, waits for %s", c.State, c.Standing().Missing())
	}
}

// TestWhatIsAskedAgainIsNotAskedForAFreezeThatIsGone: a freeze may be lifted
// while a change is back with its requester, or approved.
func TestWhatIsAskedAgainIsNotAskedForAFreezeThatIsGone(t *testing.T) {
	w := newWorld()
	soft := Freeze{Kind: SoftFreeze}
	raised := func() *Change {
		c := &Change{Identity: Identity{ID: 4, Requester: ana}}
		must(t, c.Raise(w.input(), w.frozen(ana, soft)))
		return c
	}
	c := raised()
	if !c.ThawDue(2) {
		t.Fatal(c.Standing().Missing())
	}
	must(t, c.AskForChanges("Say in the title which key.", c.Revision, w.frozen(ben, soft)))
	c.Events()
	must(t, w.editing(c, ana, func(in *Input) { in.Title = "Rotate the signing key of March" }))
	if c.ThawDue(2) || kinds(c.Events()) != "resubmitted freeze_let_go" {
		t.Errorf("resubmitted: waits for %s", c.Standing().Missing())
	}

	c = raised()
	for _, u := range []UserID{ben, dee, hal, ida, gus} {
		must(t, c.Approve(c.Revision, w.frozen(u, soft)))
	}
	still := copyOf(c)
	c.Events()
	must(t, c.Withdraw(w.as(gus))) // who owned the freeze
	if c.State != Approved || kinds(c.Events()) != "approval_withdrawn freeze_let_go" {
		t.Errorf("%s, waits for %s", c.State, c.Standing().Missing())
	}
	still.Events()
	must(t, still.Withdraw(w.frozen(gus, soft)))
	if !still.ThawDue(2) {
		t.Errorf("while the freeze is on: %s, waits for %s", still.State, still.Standing().Missing())
	}
}
