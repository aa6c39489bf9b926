package models

import (
	"strings"
	"testing"
	"time"
)

// inTheWay gives facts in which a running change conflicts with that of w.input.
func (w *world) inTheWay(u UserID) Facts {
	n := w.other(9, "pay-api")
	n.State, n.Window = InProgress, NewWindow(w.now.Add(-time.Hour), w.now.Add(time.Hour))
	return w.near(u, n)
}

func TestAnOverrideStartsTheWorkAndOwesAReview(t *testing.T) {
	w := newWorld().clone()
	c := w.in(t, Approved)
	w.later(65 * time.Minute)
	must(t, c.Hold("Wait for the vendor.", w.as(lea)))
	refused(t, c.Start(c.Revision, w.as(ana)))
	c.Events()
	must(t, c.Override("The certificate expires at noon.", c.Revision, w.inTheWay(kim)))
	events := c.Events()
	if c.State != InProgress || c.Overridden.By != kim || c.OnHold() || !strings.Contains(c.Overridden.Against, "CHG-9") || !strings.Contains(c.Overridden.Against, "Wait for the vendor.") {
		t.Errorf("%s, %+v, held %+v", c.State, c.Overridden, c.Held)
	}
	if len(events) != 1 || events[0].Kind != EventOverridden || events[0].Reason != "The certificate expires at noon." {
		t.Errorf("%v", events)
	}
	if told := toldOf(c, events[0], w.as(kim)); len(told) != 1 || told[0] != ana {
		t.Errorf("told %v, want who raised and carries it out", told)
	}
	must(t, c.Complete(Completion{Outcome: Successful}, w.as(ana)))
	if c.State != Implemented || len(c.ReviewOwed) != 1 || c.ReviewOwed[0] != "overridden" {
		t.Errorf("%s, owes %v", c.State, c.ReviewOwed)
	}
	if debts := c.Debts(); len(debts) != 1 || debts[0].Kind != DebtReview {
		t.Errorf("debts %v", debts)
	}
}

// TestNobodyOverridesForAChangeOfTheirOwn: whoever raised, carries out, edited
// or wrote it, in whatever roles.
func TestNobodyOverridesForAChangeOfTheirOwn(t *testing.T) {
	tried := 0
	for _, own := range []string{"requester", "implementer", "last editor", "author"} {
		for _, u := range everybody {
			w := newWorld().clone()
			w.Roles[RoleChangeManager] = append([]UserID{u}, w.Roles[RoleChangeManager]...)
			w.Roles[RoleAdmin] = append([]UserID{u}, w.Roles[RoleAdmin]...)
			c := w.in(t, Approved)
			switch own {
			case "requester":
				c.Requester = u
			case "implementer":
				c.Implementer = u
			case "last editor":
				c.LastEditor = u
			case "author":
				c.Author = u
			}
			w.later(65 * time.Minute)
			before := copyOf(c)
			r := refused(t, c.Override("It has to be.", c.Revision, w.inTheWay(u)))
			if diff := difference(before, c); diff != "" || r.Settled {
				t.Errorf("%s as %s: %s\n%s", u, own, r.Text, diff)
			}
			tried++
		}
	}
	t.Logf("%d attempts by admins who are change managers, 0 taken", tried)
}

func TestAnOverrideStandsForNobodysApproval(t *testing.T) {
	for _, s := range States {
		if s == Approved {
			continue
		}
		w := newWorld().clone()
		c := w.in(t, s)
		w.later(65 * time.Minute)
		refused(t, c.Override("It has to be.", c.Revision, w.inTheWay(kim)))
		if c.State != s {
			t.Errorf("%s became %s", s, c.State)
		}
	}
	w := newWorld().clone()
	c := w.in(t, Approved)
	w.later(65 * time.Minute)
	c.Plan = "Something that nobody agreed to."
	if r := refused(t, c.Override("It has to be.", c.Revision, w.as(kim))); !strings.Contains(r.Text, "not even by an override") {
		t.Errorf("%s", r.Text)
	}
}

func TestAHoldStopsTheStartAndNothingElse(t *testing.T) {
	w := newWorld().clone()
	c := w.raised(t, nil)
	w.approvedBy(t, c, ben)
	before := copyOf(c)
	must(t, c.Hold("Wait for the vendor.", w.as(kim)))
	w.approvedBy(t, c, dee) // goes on as ever
	if c.State != Approved {
		t.Fatalf("%s", c.State)
	}
	during := w.clone().later(65 * time.Minute)
	if r := refused(t, c.Start(c.Revision, during.as(ana))); !strings.Contains(r.Text, "Wait for the vendor.") {
		t.Errorf("%s", r.Text)
	}
	must(t, c.LiftHold("The vendor is done.", w.as(lea)))
	must(t, c.Start(c.Revision, during.as(ana)))

	d := copyOf(before)
	must(t, d.Hold("Wait for the vendor.", w.as(kim)))
	must(t, d.LiftHold("The vendor is done.", w.as(kim)))
	d.Events()
	before.Events()
	if diff := difference(before, d); diff != "" {
		t.Errorf("a lifted hold left something behind:\n%s", diff)
	}
}

func TestAHeldEmergencyDoesNotStartAhead(t *testing.T) {
	w := newWorld().clone()
	c := w.broken(t, nil)
	must(t, c.Hold("The database team looks at it first.", w.as(kim)))
	if r := refused(t, c.StartNow("Nobody can pay.", c.Revision, w.as(c.Implementer))); !strings.Contains(r.Text, "on hold by") {
		t.Errorf("%s", r.Text)
	}
}

func TestExtendingVoidsNothingAndHoldsTheTimeAgainstOthers(t *testing.T) {
	w := newWorld().clone()
	c := w.in(t, InProgress)
	w.later(2 * time.Hour)
	c.Events()
	before := copyOf(c)
	until := c.Window.End.Add(90 * time.Minute)
	n := w.other(9, "pay-api")
	n.Window = NewWindow(c.Window.End, c.Window.End.Add(time.Hour))
	must(t, c.Extend(until, "The copy is slower than in staging.", w.near(ana, n)))
	e := c.Events()[0]
	if c.Window != before.Window || c.Revision != before.Revision || voided(c) != 0 || !c.Ends().Equal(until) || !c.Occupies().End.Equal(until) {
		t.Errorf("window %v, ends %v, %d void", c.Window, c.Ends(), voided(c))
	}
	if e.Kind != EventExtended || len(e.Diff) != 2 || !strings.Contains(e.Diff[1].After, "CHG-9") {
		t.Errorf("%+v", e)
	}
	if got := c.neighbour().Window.End; !got.Equal(until) {
		t.Errorf("others see that it ends %s", got)
	}
	c.ExtendedTo = time.Time{}
	if diff := difference(before, c); diff != "" {
		t.Errorf("more than its end is different:\n%s", diff)
	}
}

func TestAnExtensionNeverReachesIntoAHardFreeze(t *testing.T) {
	w := newWorld().clone()
	for _, test := range []struct {
		what   string
		kind   FreezeKind
		begins time.Duration // after the end of the window
		edit   func(*Change)
		may    bool
	}{
		{"hard, inside", HardFreeze, 30 * time.Minute, nil, false},
		{"hard, from the end on", HardFreeze, 0, nil, false},
		{"hard, running already", HardFreeze, -time.Hour, nil, false},
		{"lockdown", Lockdown, -time.Hour, nil, false},
		{"hard, afterwards", HardFreeze, time.Hour, nil, true},
		{"soft", SoftFreeze, 0, nil, true},
		{"an emergency whose approval named it", HardFreeze, -time.Hour, func(c *Change) { c.Type = Emergency }, true},
		{"an emergency that runs into one", HardFreeze, 0, func(c *Change) { c.Type = Emergency }, false},
		{"a rollback", HardFreeze, 0, func(c *Change) { c.Identity.RollbackOf = 3 }, true},
	} {
		c := w.in(t, InProgress)
		if test.edit != nil {
			test.edit(c)
		}
		f := w.clone().later(2 * time.Hour).as(ana)
		start := c.Window.End.Add(test.begins)
		f.Around.Freezes = []FreezeSpan{{Freeze{ID: 2, Kind: test.kind, Name: "Quarter end", Owner: gus}, NewWindow(start, start.Add(48*time.Hour))}}
		err := c.Extend(c.Window.End.Add(time.Hour), "It takes longer.", f)
		if (err == nil) != test.may {
			t.Errorf("%s: %v", test.what, err)
		}
		if !test.may && !strings.Contains(refused(t, err).Fields[FieldEnd], "FRZ-2 (Quarter end)") {
			t.Errorf("%s: %v", test.what, err)
		}
	}
}

// A freeze that is on already can't be run ahead of, so nobody is told to try.
func TestAnExtensionRefusedByAFreezeSaysWhatCanStillBeDone(t *testing.T) {
	w := newWorld()
	for begins, advice := range map[time.Duration]string{
		-time.Hour: "complete the work or roll it back",
		time.Hour:  "roll back before it begins",
	} {
		c := w.in(t, InProgress)
		f := w.clone().as(ana)
		f.Now = c.Window.End
		start := f.Now.Add(begins)
		f.Around.Freezes = []FreezeSpan{{Freeze{ID: 2, Kind: HardFreeze, Name: "Quarter end", Owner: gus}, NewWindow(start, start.Add(48*time.Hour))}}
		err := c.Extend(c.Window.End.Add(2*time.Hour), "It takes longer.", f)
		if said := refused(t, err).Fields[FieldEnd]; !strings.Contains(said, advice) {
			t.Errorf("a freeze that begins %s after now: %q", begins, said)
		}
	}
}
