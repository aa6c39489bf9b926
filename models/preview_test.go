package models

import (
	"strings"
	"testing"
	"time"
)

// TestTheFormIsToldWhatSubmittingItWouldFind compares what the form shows with
// what submitting it comes to: a clear outlook is raised, another refused.
func TestTheFormIsToldWhatSubmittingItWouldFind(t *testing.T) {
	w := newWorld()
	hard := Freeze{Kind: HardFreeze}
	for name, x := range map[string]struct {
		facts  Facts
		change func(*Input)
		want   string // in the reasons; "" = it can be raised
		misfit bool
	}{
		"free":              {w.as(ana), func(*Input) {}, "", false},
		"conflict":          {w.near(ana, w.other(9, "pay-api")), func(*Input) {}, "CHG-9 (Move the queue) is planned from", true},
		"hard freeze":       {w.frozen(ana, hard), func(*Input) {}, "It falls into the hard freeze FRZ-2", true},
		"exception":         {w.frozen(ana, hard), func(in *Input) { in.WhyNow = "The certificate expires." }, "", true},
		"soft freeze":       {w.frozen(ana, Freeze{Kind: SoftFreeze}), func(*Input) {}, "", true},
		"past":              {w.as(ana), func(in *Input) { in.Start = w.now.Add(-2 * time.Hour) }, "past", true},
		"a retired service": {w.as(ana), func(in *Input) { in.Services = []Slug{"fax"} }, "Fax gateway is retired", false},
	} {
		in := w.input()
		x.change(&in)
		p := in.Preview(nil, x.facts)
		c := &Change{Identity: Identity{ID: 4, Requester: ana}}
		err := c.Raise(in, x.facts)
		if blocked := !p.Verdict.Clear() || p.Past; blocked != (x.want != "") || blocked != (err != nil) {
			t.Errorf("%s: the form says %v %v, submitting it %v", name, p.Past, p.Verdict.Reasons, err)
		}
		if err != nil && !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v does not say %q", name, err, x.want)
		}
		if p.Misfit() != x.misfit {
			t.Errorf("%s: another time would fit better: %v", name, p.Misfit())
		}
		if err == nil && len(p.Requirements) != len(c.Requirements) {
			t.Errorf("%s: the form names %v, asked are %v", name, p.Requirements, c.Requirements)
		}
	}
}

func TestAChangeIsMovedByThoseWhoMayEditIt(t *testing.T) {
	w := newWorld()
	later := NewWindow(w.now.Add(50*time.Hour), w.now.Add(52*time.Hour))
	c := w.raised(t, nil)
	if c.CanMove(w.as(ana)) {
		t.Error("a time that fits is not moved")
	}
	busy := w.frozen(ana, Freeze{Kind: HardFreeze})
	if !c.CanMove(busy) || c.CanMove(w.frozen(eli, Freeze{Kind: HardFreeze})) {
		t.Error("who may edit it moves it out of a freeze, and nobody else")
	}
	seen := c.Revision
	if err := c.MoveTo(later, seen, w.as(ana)); err != nil || c.Window != later || c.State != AwaitingApproval {
		t.Errorf("%v: %s in %v", err, c.State, c.Window)
	}
	if err := c.MoveTo(later, seen, w.as(ana)); err == nil || !strings.Contains(err.Error(), "was edited after this time was offered") {
		t.Errorf("an offer of another revision: %v", err)
	}
	draft := &Change{Identity: Identity{ID: 5, Requester: ana}}
	if err := draft.SaveDraft(w.input(), w.as(ana)); err != nil {
		t.Fatal(err)
	}
	if err := draft.MoveTo(later, "", w.as(ana)); err != nil || draft.State != AwaitingApproval || draft.Window != later {
		t.Errorf("a draft: %v, %s in %v", err, draft.State, draft.Window)
	}
}
