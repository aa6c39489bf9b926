package models

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func init() {
	maps.Copy(refusals, map[string]func(t *testing.T, w *world) error{
		"hand on a draft": func(t *testing.T, w *world) error { return w.in(t, Draft).Delegate(ray, w.as(dee)) },
		"hand on what was used": func(t *testing.T, w *world) error {
			c := w.raised(t, nil)
			must(t, c.Delegate(ray, w.as(dee)))
			must(t, c.Approve(c.Revision, w.as(ray)))
			return c.Delegate(gus, w.as(dee))
		},
		"hand on too late": func(t *testing.T, w *world) error {
			return w.raised(t, nil).Delegate(ray, w.later(5*time.Hour).as(dee))
		},
		"hand on as requester": func(t *testing.T, w *world) error { return w.raised(t, nil).Delegate(ray, w.as(ana)) },
		"hand on as a guest":   func(t *testing.T, w *world) error { return w.raised(t, nil).Delegate(ray, w.as(pat)) },
		"hand on after approving": func(t *testing.T, w *world) error {
			return w.approvedBy(t, w.raised(t, nil), dee).Delegate(ray, w.as(dee))
		},
		"hand on without a right": func(t *testing.T, w *world) error { return w.raised(t, nil).Delegate(ben, w.as(ray)) },
		"hand on what was handed on": func(t *testing.T, w *world) error {
			c := w.raised(t, nil)
			must(t, c.Delegate(ray, w.as(dee)))
			return c.Delegate(gus, w.as(ray))
		},
		"hand on twice": func(t *testing.T, w *world) error {
			c := w.raised(t, nil)
			must(t, c.Delegate(ray, w.as(dee)))
			return c.Delegate(ray, w.as(dee))
		},
		"hand on to oneself": func(t *testing.T, w *world) error { return w.raised(t, nil).Delegate(dee, w.as(dee)) },
		"hand on to nobody":  func(t *testing.T, w *world) error { return w.raised(t, nil).Delegate("", w.as(dee)) },
		"hand on to the implementer": func(t *testing.T, w *world) error {
			return w.raised(t, func(in *Input) { in.Implementer = ray }).Delegate(ray, w.as(dee))
		},
		"hand on to a bot": func(t *testing.T, w *world) error { return w.raised(t, nil).Delegate(robo, w.as(dee)) },
		"stand in before it begins": func(t *testing.T, w *world) error {
			w.away(dee, time.Hour, 2*time.Hour, ray)
			c := w.raised(t, nil)
			return c.Approve(c.Revision, w.as(ray))
		},
		"stand in after it has ended": func(t *testing.T, w *world) error {
			w.away(dee, 0, time.Hour, ray)
			c := w.raised(t, nil)
			return c.Approve(c.Revision, w.later(time.Hour).as(ray))
		},
		"stand in for somebody who decided": func(t *testing.T, w *world) error {
			c := w.raised(t, nil)
			must(t, c.Delegate(ray, w.as(dee)))
			w.approvedBy(t, c, dee)
			return c.Approve(c.Revision, w.as(ray))
		},
		"a group that Slack has not confirmed": func(t *testing.T, w *world) error {
			team := w.Teams["payments"]
			team.Group, team.CheckedAt = "S0PAY", w.now.Add(-2*time.Hour)
			w.Teams["payments"] = team
			c := w.raised(t, nil)
			return c.Approve(c.Revision, w.as(ben))
		},
	})
}

// away sends somebody away, from and until so long after now.
func (w *world) away(u UserID, from, until time.Duration, delegate UserID) {
	p := w.People[u]
	p.Own.Away = Absence{From: w.now.Add(from), Until: w.now.Add(until), Delegate: delegate}
	w.People[u] = p
}

func TestADelegateFillsWhatThePersonCouldHaveFilledAndNothingElse(t *testing.T) {
	w := newWorld().clone()
	c := w.raised(t, nil) // a peer and the owner, who is Dee
	must(t, c.Delegate(ray, w.as(dee)))
	asked := c.Asked[len(c.Asked)-1]
	if asked.User != ray {
		t.Errorf("Ray is asked in Dee's place, not %s", asked.User)
	}
	must(t, c.Approve(c.Revision, w.as(ray)))
	if got := c.Standing().Given(w.as(ray)); got != "Ray on behalf of Dee" {
		t.Errorf("given: %s", got)
	}
	if got := c.Standing().Missing(); got != "1 peer" {
		t.Errorf("missing: %s", got)
	}
	var diff []FieldDiff
	for _, e := range c.Events() {
		if e.Kind == EventApprovalGiven {
			diff = e.Diff
		}
	}
	if d := cmp.Diff([]FieldDiff{{Field: "On behalf of", After: "Dee"}}, diff); d != "" {
		t.Error(d)
	}
	w.approvedBy(t, c, ben)
	if c.State != Approved {
		t.Errorf("%s with a delegate and a peer", c.State)
	}
}

func TestARightIsUsedOnceHoweverManyPeopleHaveIt(t *testing.T) {
	w := newWorld().clone()
	w.Roles[RoleCAB] = []UserID{gus, hal}
	c := w.raised(t, func(in *Input) { in.Risk = known(firstTime) }) // peer, owner, 2 of CAB
	w.away(gus, 0, 72*time.Hour, ray)
	must(t, c.Approve(c.Revision, w.as(ray)))
	must(t, c.Approve(c.Revision, w.as(gus))) // in person after all
	if got := c.Standing().Missing(); got != "1 peer, 1 service owner and 1 more of CAB" {
		t.Errorf("one member of the board counts twice: missing %s", got)
	}
	if got := c.Standing().Given(w.as(gus)); got != "Gus" {
		t.Errorf("given by %s", got)
	}
	r := refused(t, c.Approve(c.Revision, w.as(ray)))
	if !strings.Contains(r.Text, "Gus, in whose place you stand, has been spoken for already") {
		t.Error(r.Text)
	}
}

func TestADelegateWithADutyOfTheirOwnFillsOnePlace(t *testing.T) {
	for _, order := range [][]UserID{{ben, cai}, {cai, ben}} {
		w := newWorld().clone()
		w.away(dee, 0, 48*time.Hour, ben)
		c := w.approvedBy(t, w.raised(t, nil), order[0])
		if c.State == Approved {
			t.Fatalf("%s alone filled two places", order[0])
		}
		w.approvedBy(t, c, order[1])
		if c.State != Approved || c.Standing().Given(w.as(ana)) != "Cai and Ben on behalf of Dee" {
			t.Errorf("in the order %v: %s, by %s", order, c.State, c.Standing().Given(w.as(ana)))
		}
	}
}

func TestAnAbsenceMovesAsksToTheDelegateAndEndsByItsDate(t *testing.T) {
	w := newWorld().clone()
	w.away(dee, 0, 2*time.Hour, ray)
	c := w.raised(t, func(in *Input) { in.Start, in.End = w.now.Add(24*time.Hour), w.now.Add(26*time.Hour) })
	for _, ask := range c.Asked {
		if ask.User == dee {
			t.Error("Dee is asked although away")
		}
	}
	if !c.MayDecide(w.as(ray).Actor, w.as(ray)) || c.StandIn(dee, w.as("")) != ray {
		t.Fatal("Ray does not stand in")
	}
	w.later(2*time.Hour - time.Second)
	if !c.MayDecide(w.as(ray).Actor, w.as(ray)) {
		t.Error("the last second of an absence is over")
	}
	w.later(time.Second)
	if c.MayDecide(w.as(ray).Actor, w.as(ray)) {
		t.Error("Ray stands in after the end")
	}
	must(t, c.MoveAsks([]UserID{dee}, w.as("")))
	if last := c.Asked[len(c.Asked)-1]; last.User != dee && last.User != ben && last.User != cai {
		t.Errorf("nobody who can decide is asked: %s", last.User)
	}
	asked := map[UserID]bool{}
	for _, ask := range c.Asked {
		asked[ask.User] = true
	}
	if !asked[dee] {
		t.Errorf("Dee, who is back, is not asked: %v", c.Asked)
	}
}

func TestWhoeverWasAskedBeforeAnAbsenceIsShownThatItBeganAndEnded(t *testing.T) {
	w := newWorld().clone()
	c := w.raised(t, func(in *Input) { in.Start, in.End = w.now.Add(24*time.Hour), w.now.Add(26*time.Hour) })
	w.away(dee, 0, 2*time.Hour, ray)
	c.Events()
	for _, step := range []struct {
		what  string
		later time.Duration
		asked int
	}{{"leaves", 0, 1}, {"is back", 2 * time.Hour, 0}} {
		w.later(step.later)
		must(t, c.MoveAsks([]UserID{dee}, w.as("")))
		if e := c.Events(); len(e) != 1 || e[0].Kind != EventAsksMoved || len(e[0].Asked) != step.asked {
			t.Errorf("when Dee %s: %+v", step.what, e)
		}
	}
	must(t, c.MoveAsks([]UserID{gus}, w.as("")))
	if e := c.Events(); len(e) > 0 {
		t.Errorf("the absence of somebody who was never asked: %+v", e)
	}
	if s := StartVerdict(c, w.as("")).Words(); strings.Contains(s, "Ray") || !strings.Contains(s, "Asked: ") {
		t.Errorf("it waits for somebody who stands in no more: %s", s)
	}
	if why := c.NoRight(ray, w.as("")); why != "you stood in for Dee, and that has ended" {
		t.Error(why)
	}
}

func TestWhoeverIsAwayWithoutADelegateWorksAgainAfterwards(t *testing.T) {
	w := newWorld().clone()
	w.away(dee, 0, 48*time.Hour, "")
	back := w.now.Add(48 * time.Hour)
	if got := w.Settings.Hours.Next(w.People[dee], w.now); !got.Equal(back) {
		t.Errorf("works next at %s, not %s", got, back)
	}
	p := w.People[ben]
	p.Own = Own{From: 20 * time.Hour, Until: 23 * time.Hour, Zone: "UTC"}
	if got := w.Settings.Hours.Next(p, w.now); got.Hour() != 20 {
		t.Errorf("own hours begin at %s", got)
	}
}

func TestADelegationIsTakenBackByChoosingOneself(t *testing.T) {
	w := newWorld().clone()
	c := w.raised(t, nil)
	must(t, c.Delegate(ray, w.as(dee)))
	must(t, c.Delegate(dee, w.as(dee)))
	if c.MayDecide(w.as(ray).Actor, w.as(ray)) || len(c.Delegations) != 0 {
		t.Error("Ray still stands in")
	}
	refused(t, c.Approve(c.Revision, w.as(ray)))
	w.approvedBy(t, c, dee, ben)
	if c.State != Approved {
		t.Error(c.State)
	}
}

func TestNobodyStandsInForTheirOwnChange(t *testing.T) {
	for what, setUp := range map[string]func(w *world) *Change{
		"requester": func(w *world) *Change { return w.raised(t, nil) },
		"implementer": func(w *world) *Change {
			return w.raised(t, func(in *Input) { in.Implementer = ray })
		},
		"last editor": func(w *world) *Change {
			c := w.raised(t, nil)
			must(t, w.editing(c, kim, func(in *Input) { in.Title = "Another" }))
			return c
		},
	} {
		w := newWorld().clone()
		who := map[string]UserID{"requester": ana, "implementer": ray, "last editor": kim}[what]
		w.away(dee, 0, 72*time.Hour, who)
		c := setUp(w)
		wellSaid(t, refused(t, c.Approve(c.Revision, w.as(who))))
		// Nor do others decide with what such a person could have filled.
		everyRole(w, who)
		w.away(who, 0, 72*time.Hour, sol)
		if c.MayDecide(w.as(sol).Actor, w.as(sol)) {
			t.Errorf("somebody decides in the place of the %s", what)
		}
	}
}

func TestARoleLostBetweenMessageAndClickIsSaid(t *testing.T) {
	w := newWorld().clone()
	c := w.raised(t, nil)
	var asked UserID
	for _, a := range c.Asked {
		if a.User != dee {
			asked = a.User
		}
	}
	team := w.Teams["payments"]
	team.Members = []UserID{ana, dee}
	w.Teams["payments"] = team
	r := refused(t, c.Approve(c.Revision, w.as(asked)))
	if want := "Your decision on CHG-4 can't count: you were asked for it, but you no longer hold a role that its policy names, or stand in for somebody who does. It waits for 1 peer and 1 service owner."; r.Text != want {
		t.Error(r.Text)
	}
}

func TestAGroupThatSlackConfirmedWithinTheHourDecides(t *testing.T) {
	w := newWorld().clone()
	team := w.Teams["payments"]
	team.Group, team.CheckedAt = "S0PAY", w.now.Add(-FactsValidFor)
	w.Teams["payments"] = team
	c := w.raised(t, nil)
	must(t, c.Approve(c.Revision, w.as(ben)))
	w.later(time.Second)
	r := refused(t, c.Approve(c.Revision, w.as(cai)))
	if !r.Refresh || !strings.Contains(r.Text, "who belongs to Payments") {
		t.Errorf("%v %s", r.Refresh, r.Text)
	}
	must(t, c.Approve(c.Revision, w.as(dee))) // the owner needs no group
}

// TestARightThatWasUsedIsNotHandedOn: whoever got it would be asked by DM, and
// be refused.
func TestARightThatWasUsedIsNotHandedOn(t *testing.T) {
	for _, away := range []bool{false, true} {
		w := newWorld().clone()
		c := w.raised(t, nil)
		if away {
			w.away(dee, 0, time.Hour, ray)
		} else {
			must(t, c.Delegate(ray, w.as(dee)))
		}
		must(t, c.Approve(c.Revision, w.as(ray)))
		if r := refused(t, c.Delegate(gus, w.as(dee))); r.Text != "Ray approved CHG-4 in your place already, so there is nothing to hand on. You can still decide in person." || !r.Settled {
			t.Error(r.Text)
		}
		if can := c.CanDelegate(w.as(dee)) == nil; can == away { // what was handed on can be taken back
			t.Errorf("away %v: the button is there %v", away, can)
		}
		if !away {
			must(t, c.Delegate(dee, w.as(dee)))
		}
	}
}
