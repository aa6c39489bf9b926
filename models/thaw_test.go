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
