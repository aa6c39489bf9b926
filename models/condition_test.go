package models

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehousehq/gatehouse/models/proof"
)

// quiet is a change that no condition holds for: low risk by everything.
func (w *world) quiet() (Material, Facts) {
	w.Policy.Notice = DefaultNotice()
	at := time.Date(2026, 3, 21, 20, 0, 0, 0, time.UTC) // a Saturday night in three weeks
	m := Material{Type: Normal, Environment: Production, Services: []Slug{"docs"}, Window: NewWindow(at, at.Add(time.Hour)), Risk: known(routine)}
	m.Risk.Users = ReachNobody
	return m, w.as(ana)
}

// frozen is a freeze of the first days of the following week.
func frozen(kind FreezeKind, start, end time.Time) []FreezeSpan {
	return []FreezeSpan{{Freeze{ID: 2, Kind: kind, Name: "Quarter end"}, NewWindow(start, end)}}
}

// conditionsHeld are changes for which one condition holds each, the risk
// without it, the risk with it and the words on the card.
var conditionsHeld = []struct {
	number        int
	name          string
	set           func(m *Material, f *Facts)
	without, with RiskLevel
	says          string
}{
	{1, "rollback untested", func(m *Material, _ *Facts) { m.Services, m.Risk.RollbackTested = []Slug{"pay-api"}, No },
		RiskLow, RiskHigh, "at least high: its rollback was not tested, and it touches a service of tier 1"},
	{1, "rollback untested", func(m *Material, _ *Facts) { m.Services, m.Risk.RollbackTested = []Slug{"pay-api"}, Unanswered },
		RiskLow, RiskHigh, "at least high: its rollback was not tested, and it touches a service of tier 1"},
	{2, "inside a freeze", func(m *Material, f *Facts) {
		f.Around.Freezes = frozen(SoftFreeze, m.Window.Start.AddDate(0, 0, -3), m.Window.Start.AddDate(0, 0, 3))
	}, RiskLow, RiskHigh, "at least high: it falls into the soft freeze FRZ-2 (Quarter end)"},
	{3, "near the edge of a freeze", func(m *Material, f *Facts) {
		f.Around.Freezes = frozen(HardFreeze, m.Window.End.Add(freezeEdge), m.Window.End.AddDate(0, 0, 9))
	}, RiskLow, RiskHigh, "at least high: it is within 24 hours of the begin of the hard freeze FRZ-2 (Quarter end)"},
	{3, "near the edge of a freeze", func(m *Material, f *Facts) {
		f.Around.Freezes = frozen(HardFreeze, m.Window.Start.AddDate(0, 0, -9), m.Window.Start.Add(-freezeEdge))
	}, RiskLow, RiskHigh, "at least high: it is within 24 hours of the end of the hard freeze FRZ-2 (Quarter end)"},
	{4, "many services", func(m *Material, _ *Facts) {
		m.Services, m.Risk.Parties = []Slug{"docs", "wallet", "web", "orphan"}, No
	},
		RiskLow, RiskHigh, "at least high: it touches 4 services, more than 3"},
	{5, "irreversible data", func(m *Material, _ *Facts) { m.Risk.Reversible = No },
		RiskLow, RiskHigh, "at least high: data can't be brought back"},
	{6, "open debts", func(_ *Material, f *Facts) {
		f.Around.Debts = []DebtRef{{Change: 9, Team: "web", What: "a retrospective approval"}, {Change: 11, Team: "web", What: "a review"}}
	}, RiskLow, RiskMedium, "one band up: Web still owes a retrospective approval for CHG-9 and 1 more"},
	{7, "track record", func(_ *Material, f *Facts) { f.Around.Track = map[Slug]TrackRecord{"docs": {10, 3}} },
		RiskLow, RiskHigh, "at least high: 3 of the last 10 changes of docs failed: 30 %"},
	{8, "notice missed", func(m *Material, f *Facts) {
		m.Risk.DoneBefore = TimesSome // medium risk, which asks for a working day
		m.Window = NewWindow(f.Now.Add(8*time.Hour), f.Now.Add(9*time.Hour))
	}, RiskMedium, RiskHigh, "one band up: submitted with less notice than the 1 working day that medium risk asks for"},
}

// risk is how a change with this content is judged when it is submitted now.
func risk(m Material, f Facts) (Assessment, bool) {
	c := &Change{Identity: Identity{Requester: f.Actor.ID}, Material: m}
	c.assess(f)
	return c.Assessment, c.Expedited
}

func TestEachOfTheEightConditionsRaisesTheRiskAndSaysWhy(t *testing.T) {
	seen := map[int]bool{}
	for _, test := range conditionsHeld {
		m, f := newWorld().quiet()
		if a, _ := risk(m, f); a.Level != RiskLow || len(a.Reasons) != 3 {
			t.Fatalf("the quiet change is %s: %v", a.Level, a.Reasons)
		}
		test.set(&m, &f)
		a, expedited := risk(m, f)
		if a.Level != test.with || !slices.Contains(a.Reasons, test.says) || len(a.Reasons) != 4 {
			t.Errorf("%d %s: %s, want %s, because %q", test.number, test.name, a.Level, test.with, a.Reasons)
		}
		if expedited != (test.number == 8) {
			t.Errorf("%d %s: expedited %v", test.number, test.name, expedited)
		}
		seen[test.number] = true
	}
	if len(seen) != 8 || len(raisingConditions) != 7 {
		t.Errorf("%d conditions shown, %d in the table beside the notice", len(seen), len(raisingConditions))
	}
	t.Logf("%d of 8 conditions", len(seen))
}

func TestConditionsStopWhereTheySay(t *testing.T) {
	for name, set := range map[string]func(m *Material, f *Facts){
		"a freeze 24 hours and a second away": func(m *Material, f *Facts) {
			f.Around.Freezes = frozen(SoftFreeze, m.Window.End.Add(freezeEdge+time.Second), m.Window.End.AddDate(0, 0, 9))
		},
		"a soft freeze that ended long ago": func(m *Material, f *Facts) {
			f.Around.Freezes = frozen(SoftFreeze, m.Window.Start.AddDate(0, 0, -9), m.Window.Start.Add(-freezeEdge-time.Second))
		},
		"a freeze of another environment": func(m *Material, f *Facts) {
			f.Around.Freezes = frozen(SoftFreeze, m.Window.Start, m.Window.End)
			f.Around.Freezes[0].Freeze.Environments = []Environment{Staging}
		},
		"a freeze of other services": func(m *Material, f *Facts) {
			f.Around.Freezes = frozen(SoftFreeze, m.Window.Start, m.Window.End)
			f.Around.Freezes[0].Freeze.Services = []Slug{"web"}
		},
		"a freeze of other tiers": func(m *Material, f *Facts) {
			f.Around.Freezes = frozen(SoftFreeze, m.Window.Start, m.Window.End)
			f.Around.Freezes[0].Freeze.Tiers = []Tier{0, 1}
		},
		"a lifted freeze": func(m *Material, f *Facts) {
			f.Around.Freezes = frozen(SoftFreeze, m.Window.Start, m.Window.End)
			f.Around.Freezes[0].Freeze.LiftedAt = f.Now
		},
		"one failure":                    func(_ *Material, f *Facts) { f.Around.Track = map[Slug]TrackRecord{"docs": {1, 1}} },
		"two failures of eleven":         func(_ *Material, f *Facts) { f.Around.Track = map[Slug]TrackRecord{"docs": {11, 2}} },
		"failures of another service":    func(_ *Material, f *Facts) { f.Around.Track = map[Slug]TrackRecord{"web": {10, 9}} },
		"three services":                 func(m *Material, _ *Facts) { m.Services, m.Risk.Parties = []Slug{"docs", "wallet", "web"}, No },
		"an untested rollback on tier 3": func(m *Material, _ *Facts) { m.Risk.RollbackTested = No },
	} {
		m, f := newWorld().quiet()
		set(&m, &f)
		if a, _ := risk(m, f); strings.Contains(strings.Join(a.Reasons, " "), "at least high") {
			t.Errorf("%s: %s because %q", name, a.Level, a.Reasons)
		}
	}
}

func TestTwoOfTheLastTenIsWatchedAndTheFormulaRounds(t *testing.T) {
	for record, want := range map[TrackRecord]string{
		{10, 2}: "2 of the last 10 changes of x failed: 20 %", {3, 2}: "2 of the last 3 changes of x failed: 67 %",
		{2, 2}: "2 of the last 2 changes of x failed: 100 %", {9, 2}: "2 of the last 9 changes of x failed: 22 %",
	} {
		if !record.Poor() || record.words("x") != want {
			t.Errorf("%v: %v, %q", record, record.Poor(), record.words("x"))
		}
	}
}

// drawn is any change with anything around it.
func drawn(t *rapid.T, w *world) (Material, Facts) {
	m, f := w.quiet()
	answer := rapid.SampledFrom([]Answer{Unanswered, Yes, No})
	m.Environment = rapid.SampledFrom(Environments).Draw(t, "environment")
	m.Services = rapid.SliceOfNDistinct(rapid.SampledFrom([]Slug{"docs", "ledger", "pay-api", "wallet", "web", "orphan"}), 1, 6, rapid.ID).Draw(t, "services")
	m.Risk = RiskAnswers{Users: Reach(rapid.IntRange(0, 4).Draw(t, "users")), Rehearsed: answer.Draw(t, "rehearsed"),
		RollbackTested: answer.Draw(t, "tested"), Reversible: answer.Draw(t, "reversible"), DoneBefore: Times(rapid.IntRange(0, 3).Draw(t, "times")),
		Peak: answer.Draw(t, "peak"), Parties: answer.Draw(t, "parties")}
	start := f.Now.Add(time.Duration(rapid.IntRange(0, 20*24).Draw(t, "hours ahead")) * time.Hour)
	m.Window = NewWindow(start, start.Add(time.Hour))
	if rapid.Bool().Draw(t, "frozen") {
		at := start.Add(time.Duration(rapid.IntRange(-72, 72).Draw(t, "freeze")) * time.Hour)
		f.Around.Freezes = frozen(rapid.SampledFrom([]FreezeKind{SoftFreeze, HardFreeze, Lockdown}).Draw(t, "kind"), at, at.Add(48*time.Hour))
	}
	if rapid.Bool().Draw(t, "owing") {
		f.Around.Debts = []DebtRef{{Change: 9, Team: "web", What: "a review"}}
	}
	n := rapid.IntRange(0, 10).Draw(t, "completed")
	f.Around.Track = map[Slug]TrackRecord{m.Services[0]: {n, rapid.IntRange(0, n).Draw(t, "failed")}}
	return m, f
}

func TestTheHighestAlwaysWinsAndEveryReasonIsKept(t *testing.T) {
	w := newWorld()
	proof.Check(t, func(t *rapid.T) {
		m, f := drawn(t, w)
		without := Assess(m, f)
		a, expedited := risk(m, f)
		// An oracle of its own: the parts by themselves, highest first.
		impact, _ := impactOf(m, f)
		likelihood, _ := likelihoodOf(m, f)
		want := indexOf(matrix[impact-1][likelihood-1])
		if m.Environment == Production {
			points, _ := weighed(m, f)
			want = max(want, indexOf(bandOf(points)))
		}
		bands, held := 0, 0
		for _, condition := range raisingConditions {
			if _, holds := condition.Holds(m, f); holds {
				held++
				if condition.OneUp {
					bands++
				} else {
					want = max(want, indexOf(RiskHigh))
				}
			}
		}
		want = min(want+bands, 3)
		if indexOf(without.Level) != want {
			t.Fatalf("%s, want %s, because %q", without.Level, RiskLevels[want], without.Reasons)
		}
		if expedited {
			want, held = min(want+1, 3), held+1
		}
		if indexOf(a.Level) != want {
			t.Fatalf("%s, want %s, because %q", a.Level, RiskLevels[want], a.Reasons)
		}
		base := 2
		if m.Environment == Production {
			base = 3
		}
		if len(a.Reasons) != base+held {
			t.Fatalf("%d reasons, want %d: %q", len(a.Reasons), base+held, a.Reasons)
		}
	})
}

func TestAWorseAnswerNeverLowersTheRisk(t *testing.T) {
	w := newWorld()
	proof.Check(t, func(t *rapid.T) {
		m, f := drawn(t, w)
		worse := m
		switch rapid.IntRange(0, 5).Draw(t, "which") {
		case 0:
			worse.Risk.Users = ReachEverybody
		case 1:
			worse.Risk.Rehearsed = No
		case 2:
			worse.Risk.RollbackTested = rapid.SampledFrom([]Answer{No, Unanswered}).Draw(t, "answer")
		case 3:
			worse.Risk.Reversible = rapid.SampledFrom([]Answer{No, Unanswered}).Draw(t, "answer")
		case 4:
			worse.Risk.DoneBefore = TimesNever
		case 5:
			worse.Risk.Peak, worse.Risk.Parties = Yes, Yes
		}
		before, _ := risk(m, f)
		after, _ := risk(worse, f)
		if indexOf(after.Level) < indexOf(before.Level) {
			t.Fatalf("%+v is %s, %+v is %s", m.Risk, before.Level, worse.Risk, after.Level)
		}
	})
}
