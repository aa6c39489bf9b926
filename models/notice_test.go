package models

import (
	"strings"
	"testing"
	"time"
)

// noticed is a world whose policy asks for notice, with the addition of the
// default policy for what comes late.
func noticed() *world {
	w := newWorld()
	yes := true
	w.Policy.Notice = DefaultNotice()
	w.Policy.Additions = append(w.Policy.Additions, Rule{Name: "expedited", When: Match{Environments: []Environment{Production},
		Types: []ChangeType{Normal}, Expedited: &yes}, Require: []Need{{Role: RoleChangeManager, Count: 1}}})
	return w
}

func TestNoticeIsCountedInWorkingDaysToTheSecond(t *testing.T) {
	friday := time.Date(2026, 3, 6, 15, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		level RiskLevel
		first time.Time // the first start with enough notice
	}{
		{RiskMedium, time.Date(2026, 3, 9, 15, 0, 0, 0, time.UTC)},    // Monday
		{RiskHigh, time.Date(2026, 3, 13, 15, 0, 0, 0, time.UTC)},     // a week on
		{RiskVeryHigh, time.Date(2026, 3, 20, 15, 0, 0, 0, time.UTC)}, // two weeks on
	} {
		w := noticed()
		w.now = friday
		c := &Change{Identity: Identity{Requester: ana}, Material: Material{Type: Normal, Environment: Production}}
		c.Window.Start = test.first
		if days, missed := c.missedNotice(test.level, w.as(ana)); missed {
			t.Errorf("%s: %d working days ahead to the second is in time", test.level, days)
		}
		c.Window.Start = test.first.Add(-time.Second)
		if _, missed := c.missedNotice(test.level, w.as(ana)); !missed {
			t.Errorf("%s: a second less is late", test.level)
		}
		if got := EarliestWithNotice(test.level, w.as(ana)); !got.Equal(test.first) {
			t.Errorf("%s: the first start in time is %s", test.level, got)
		}
	}
	c := &Change{Material: Material{Type: Normal, Environment: Production, Window: Window{Start: friday}}}
	if _, missed := c.missedNotice(RiskLow, noticed().as(ana)); missed {
		t.Error("low risk asks for no notice")
	}
}

func TestOnlyANormalChangeInProductionIsExpedited(t *testing.T) {
	for _, kind := range ChangeTypes {
		for _, env := range Environments {
			w := noticed()
			c := &Change{Identity: Identity{Requester: ana}, Material: Material{Type: kind, Environment: env, Services: []Slug{"pay-api"},
				Window: NewWindow(w.now.Add(time.Hour), w.now.Add(2*time.Hour))}}
			c.assess(w.as(ana))
			if want := kind == Normal && env == Production; c.Expedited != want {
				t.Errorf("%s in %s: expedited %v", kind, env, c.Expedited)
			}
		}
	}
}

func TestAnExpeditedChangeSaysWhyAndAsksTheChangeManager(t *testing.T) {
	w := noticed()
	c, err := w.raise(func(*Input) {})
	r := refused(t, err)
	if why := r.Fields[FieldWhyNow]; len(r.Fields) != 1 || !strings.Contains(why, "medium risk, which asks for 1 working day of notice") || c.State != "" {
		t.Fatalf("%v", r.Fields)
	}
	for _, nothing := range []string{"N/A", "tbd", "–"} {
		_, err := w.raise(func(in *Input) { in.WhyNow = nothing })
		if r := refused(t, err); r.Fields[FieldWhyNow] == "" {
			t.Errorf("%q: %v", nothing, r.Fields)
		}
		in := w.input()
		if in.WhyNow = nothing; !in.Preview(nil, w.as(ana)).NoReason {
			t.Errorf("the form does not say that %q is no reason", nothing)
		}
	}
	c, err = w.raise(func(in *Input) { in.WhyNow = "The key expires tonight." })
	must(t, err)
	if !c.Expedited || c.Assessment.Level != RiskHigh || !w.asks(c, "1 change manager") {
		t.Errorf("expedited %v, %s, %v", c.Expedited, c.Assessment.Level, c.Requirements)
	}
	c, err = w.raise(func(in *Input) { in.Start, in.End = in.Start.AddDate(0, 0, 2), in.End.AddDate(0, 0, 2) })
	must(t, err)
	if c.Expedited || c.Assessment.Level != RiskMedium || w.asks(c, "1 change manager") {
		t.Errorf("in time: expedited %v, %s, %v", c.Expedited, c.Assessment.Level, c.Requirements)
	}
}

func (w *world) asks(c *Change, what string) bool {
	for _, r := range c.Requirements {
		if r.Text == what {
			return true
		}
	}
	return false
}

func TestNoticeCountsFromTheSubmissionThatSetTheWindow(t *testing.T) {
	w := noticed()
	c := w.raised(t, func(in *Input) { in.Start, in.End = in.Start.AddDate(0, 0, 2), in.End.AddDate(0, 0, 2) })
	set := c.WindowSetAt
	w.later(47 * time.Hour) // two hours before the window
	must(t, w.editing(c, ana, func(in *Input) { in.Plan += " Tell support." }))
	if c.Expedited || !c.WindowSetAt.Equal(set) {
		t.Errorf("an edit of the plan keeps the notice: %v, %s", c.Expedited, c.WindowSetAt)
	}
	r := refused(t, w.editing(c, ana, func(in *Input) { in.End = in.End.Add(time.Hour) }))
	if r.Fields[FieldWhyNow] == "" {
		t.Errorf("a window set anew comes late: %v", r.Fields)
	}
	must(t, w.editing(c, ana, func(in *Input) { in.Title = "A better title" })) // asks nothing
	must(t, w.editing(c, ana, func(in *Input) { in.End, in.WhyNow = in.End.Add(time.Hour), "The vendor came late." }))
	if !c.Expedited || !c.WindowSetAt.Equal(w.now) || !w.asks(c, "1 change manager") {
		t.Errorf("expedited %v, set %s, %v", c.Expedited, c.WindowSetAt, c.Requirements)
	}
	draft := &Change{Identity: Identity{Workspace: "T1", ID: 5, Requester: ana}}
	in := w.input()
	in.Start, in.End = w.now.AddDate(0, 0, 3), w.now.AddDate(0, 0, 3).Add(time.Hour)
	must(t, draft.SaveDraft(in, w.as(ana)))
	w.later(71 * time.Hour)
	if r := refused(t, draft.Submit(w.as(ana))); r.Fields[FieldWhyNow] == "" {
		t.Errorf("a draft submits nothing, so its notice counts from its submission: %v", r.Fields)
	}
}

func TestTheFormAsksWhyAWindowInAFreezeCantWait(t *testing.T) {
	w := newWorld()
	in := w.input()
	f := w.as(ana)
	if p := in.Preview(nil, f); p.WhyNow != "" {
		t.Errorf("without a freeze: %q", p.WhyNow)
	}
	f.Around.Freezes = frozen(SoftFreeze, in.Start, in.End)
	if p := in.Preview(nil, f); !strings.Contains(p.WhyNow, "falls into the soft freeze FRZ-2 (Quarter end).") || p.Assessment.Level != RiskHigh {
		t.Errorf("%q, %s", p.WhyNow, p.Assessment.Level)
	}
}
