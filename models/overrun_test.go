package models

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// overrun is a change whose work is in progress an hour after its window.
func (w *world) overrun(services ...Slug) Neighbour {
	n := w.other(9, services...)
	n.State, n.Window = InProgress, NewWindow(w.now.Add(-3*time.Hour), w.now.Add(-time.Hour))
	return n
}

func TestWorkThatRunsOnAfterItsWindowIsInTheWay(t *testing.T) {
	w := newWorld().clone()
	begins := func(in time.Duration, edit func(*Neighbour)) []Conflict {
		n := w.overrun("pay-api")
		if edit != nil {
			edit(&n)
		}
		c := w.raised(t, func(in *Input) { in.Environment = Production })
		c.Window = NewWindow(w.now.Add(in), w.now.Add(in+time.Hour))
		return Conflicts(c, w.near(ana, n))
	}
	got := begins(0, nil)
	if len(got) != 1 || !got[0].Blocks {
		t.Fatalf("nothing is in the way now: %+v", got)
	}
	if words := got[0].reason(w.in(t, Approved), w.as(ana)).Words(); !strings.Contains(words, "CHG-9 (Move the queue) was planned from 2 Mar 07:00 to 09:00 UTC and is still in progress: both touch Payments API.") ||
		!strings.Contains(words, "Wait until Eli completes CHG-9 or rolls it back.") {
		t.Errorf("it reads: %s", words)
	}
	for name, x := range map[string]struct {
		in   time.Duration
		edit func(*Neighbour)
		n    int
	}{
		"begun before, and still to go on":   {-30 * time.Minute, nil, 1},
		"within the hour":                    {59 * time.Minute, nil, 1},
		"an hour from now":                   {time.Hour, nil, 0},
		"tomorrow":                           {24 * time.Hour, nil, 0},
		"completed meanwhile":                {0, func(n *Neighbour) { n.State = Implemented }, 0},
		"approved, and nobody ever began it": {0, func(n *Neighbour) { n.State = Approved }, 0},
		"it has time until tomorrow":         {0, func(n *Neighbour) { n.Window.End = w.now.Add(24 * time.Hour) }, 1},
	} {
		if got := begins(x.in, x.edit); len(got) != x.n {
			t.Errorf("%s: %d conflicts, want %d: %+v", name, len(got), x.n, got)
		}
	}
}

func TestNoSlotIsOfferedWhileWorkRunsOn(t *testing.T) {
	w := newWorld().clone()
	w.Policy.Notice = nil
	in := w.input()
	in.Start, in.End = w.now, w.now.Add(time.Hour)
	free := in.SlotsFor(nil, w.near(ana))
	slots := in.SlotsFor(nil, w.near(ana, w.overrun("pay-api")))
	if len(free.Free) == 0 || !free.Free[0].Start.Before(w.now.Add(time.Hour)) {
		t.Fatalf("without it: %+v", free)
	}
	if len(slots.Free) == 0 || slots.Free[0].Start.Before(w.now.Add(time.Hour)) {
		t.Errorf("a time is offered at which it may still run: %+v", slots.Free)
	}
	if len(slots.Passed) == 0 || !strings.Contains(slots.Passed[0].Why, "was planned from 2 Mar 07:00 to 09:00 UTC and is still in progress") {
		t.Errorf("passed over: %+v", slots.Passed)
	}
}

// TestSlotsHeedTheNoticeThatThePastOfAServiceAsksFor: what the service's record
// makes riskier is offered later, in time for the notice of that risk.
func TestSlotsHeedTheNoticeThatThePastOfAServiceAsksFor(t *testing.T) {
	w := newWorld().clone()
	w.Policy.Notice = map[RiskLevel]int{RiskHigh: 5, RiskVeryHigh: 10}
	in := w.input()
	f := w.near(ana)
	calm := in.SlotsFor(nil, f)
	f.Around.Track = map[Slug]TrackRecord{"pay-api": {Completed: 10, Failed: 2}}
	troubled := in.SlotsFor(nil, f)
	if len(calm.Free) == 0 || len(troubled.Free) == 0 {
		t.Fatalf("%+v\n%+v", calm, troubled)
	}
	if first := troubled.Free[0].Start; !first.After(calm.Free[0].Start.Add(4 * 24 * time.Hour)) {
		t.Errorf("with a bad record the first slot is %s, else %s: less than five working days of notice", first, calm.Free[0].Start)
	}
	if len(troubled.Passed) == 0 || !strings.Contains(troubled.Passed[0].Why, "less notice") {
		t.Errorf("passed over: %+v", troubled.Passed)
	}
}

// TestSlotsAreLookedForBeyondTheNotice: where the notice takes all the time in
// which slots are looked for, they are looked for after it.
func TestSlotsAreLookedForBeyondTheNotice(t *testing.T) {
	w := newWorld().clone()
	w.Policy.Notice = map[RiskLevel]int{RiskLow: 12, RiskMedium: 12, RiskHigh: 12, RiskVeryHigh: 12}
	in, f := w.input(), w.near(ana)
	near := in.SlotsFor(nil, f)
	start, late := in.InTime(nil, f)
	if len(near.Free) > 0 || !near.Short() || !late || !start.After(SlotsFrom(in.asChange(nil, f), f.Now).End) {
		t.Fatalf("%+v, in time from %v (%v)", near, start, late)
	}
	in.Start, in.End = start, start.Add(time.Hour)
	far := in.SlotsFor(nil, f)
	got := near.Further(far)
	if len(got.Free) == 0 || got.Free[0].Start.Before(start) || len(got.Passed) == 0 || !strings.Contains(got.Passed[0].Why, "less notice") {
		t.Errorf("%+v", got)
	}
	if _, late := in.InTime(nil, f); late {
		t.Error("what is in time is called late")
	}
	off := Slots{Free: far.Free, Off: "No time in the working hours is free."}
	if diff := cmp.Diff(off, off.Further(Slots{Free: far.Free[:1], Off: "None."})); diff != "" {
		t.Errorf("what is no better takes the place of what is nearer (-near +got):\n%s", diff)
	}
}
