package models

import (
	"testing"
	"time"
)

// TestOneChangeManagerAgreesToTheHurryAndToTheException: the policy asks for a
// change manager, and so does the freeze; the only one there is gives both by
// one approval.
func TestOneChangeManagerAgreesToTheHurryAndToTheException(t *testing.T) {
	w := newWorld().clone()
	w.Policy.SmallTeam = true
	w.Roles[RoleChangeManager] = []UserID{kim}
	c := w.need(t, func(in *Input) { in.WhyNow = "The certificate ends tonight." }, Need{Role: RolePeer, Count: 1})
	c.Requirements = append(c.Requirements, Requirement{Key: "change_manager", Role: RoleChangeManager, Count: 1, Text: "1 change manager", MayLapse: true})
	f := w.frozen(ana, Freeze{Kind: HardFreeze})
	for _, id := range []FreezeID{2, 3} { // two freezes of one owner
		f.Around.Freezes = []FreezeSpan{{Freeze{ID: id, Kind: HardFreeze, Owner: gus, Name: "Quarter end"}, NewWindow(w.now, w.now.Add(48*time.Hour))}}
		c.Requirements = append(c.Requirements, c.freezeRequirements(f)...)
	}
	if short := c.Unmeetable(w.as(ana)); len(short) > 0 {
		t.Errorf("nobody can give %v", short)
	}
	for _, step := range []struct {
		by      UserID
		missing string
	}{
		{ben, "1 change manager, Gus for an exception to FRZ-2, 1 change manager for an exception to FRZ-2, Gus for an exception to FRZ-3 and 1 change manager for an exception to FRZ-3"},
		{gus, "1 change manager, 1 change manager for an exception to FRZ-2 and 1 change manager for an exception to FRZ-3"},
		{kim, "nothing more"},
	} {
		must(t, c.Approve(c.Revision, w.as(step.by)))
		if got := c.Standing().Missing(); got != step.missing {
			t.Errorf("after %s: missing %s, want %s", step.by, got, step.missing)
		}
	}
	if got := c.Standing().Given(w.as(ana)); c.State != Approved || got != "Ben, Kim and Gus" {
		t.Errorf("%s by %s", c.State, got)
	}
}
