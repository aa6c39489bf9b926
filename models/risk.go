package models

import (
	"fmt"
	"time"
)

// RiskLevel is the band that decides how much agreement a change needs.
type RiskLevel string

// The bands, lowest first.
const (
	RiskLow      RiskLevel = "low"
	RiskMedium   RiskLevel = "medium"
	RiskHigh     RiskLevel = "high"
	RiskVeryHigh RiskLevel = "very_high"
)

// RiskLevels lists the bands, lowest first.
var RiskLevels = []RiskLevel{RiskLow, RiskMedium, RiskHigh, RiskVeryHigh}

var riskNames = map[RiskLevel]string{RiskLow: "low", RiskMedium: "medium", RiskHigh: "high", RiskVeryHigh: "very high"}

// String names the band as people read it ("very high").
func (r RiskLevel) String() string { return riskNames[r] }

// atLeast is the higher of two bands.
func (r RiskLevel) atLeast(o RiskLevel) RiskLevel {
	for _, level := range RiskLevels {
		switch level {
		case r:
			return o
		case o:
			return r
		}
	}
	return r
}

// Assessment is a change's risk with everything that made it so.
type Assessment struct {
	Level      RiskLevel
	Impact     int // 1-4
	Likelihood int // 1-4
	Reasons    []string
}

// matrix[impact-1][likelihood-1]; products 1-3 are low, 4-6 medium, 8-9
// high, 12-16 very high. No product falls between the bands.
var matrix = [4][4]RiskLevel{
	{RiskLow, RiskLow, RiskLow, RiskMedium},
	{RiskLow, RiskMedium, RiskMedium, RiskHigh},
	{RiskLow, RiskMedium, RiskHigh, RiskVeryHigh},
	{RiskMedium, RiskHigh, RiskVeryHigh, RiskVeryHigh},
}

// A RaisingCondition lifts a change to at least high risk, with its reason.
type RaisingCondition struct {
	Name  string
	Holds func(m Material, f Facts) (why string, holds bool)
}

// raisingConditions that can be judged from the change and the directory.
var raisingConditions = []RaisingCondition{
	{"rollback untested", func(m Material, f Facts) (string, bool) {
		tier := tierOf(&Change{Material: m}, f)
		return fmt.Sprintf("its rollback was not tested, and it touches a service of tier %d", tier),
			m.Environment == Production && tier <= 1 && m.Risk.RollbackTested != Yes
	}},
	{"soft freeze", func(m Material, f Facts) (string, bool) {
		for _, x := range f.Around.Freezes {
			if x.Freeze.covers(&Change{Material: m}, f) && x.Window.Overlaps(m.Window) {
				return "it falls into " + x.words(), true
			}
		}
		return "", false
	}},
	{"freeze edge", func(m Material, f Facts) (string, bool) {
		for _, x := range f.Around.Freezes {
			near := Window{Start: x.Window.Start.Add(-freezeEdge), End: x.Window.End.Add(freezeEdge)}
			if x.Freeze.covers(&Change{Material: m}, f) && near.Overlaps(m.Window) && !x.Window.Overlaps(m.Window) {
				return "it is within 24 hours of " + x.words(), true
			}
		}
		return "", false
	}},
	{"many services", func(m Material, _ Facts) (string, bool) {
		return fmt.Sprintf("it touches %d services, more than %d", len(m.Services), manyServices), len(m.Services) > manyServices
	}},
	{"track record", func(m Material, f Facts) (string, bool) {
		for _, slug := range m.Services {
			if t := f.Around.Track[slug]; t.Failed >= badChanges && t.Failed*badShare >= t.Completed {
				return fmt.Sprintf("%d of the last %d changes of %s failed or were rolled back: %d %%",
					t.Failed, t.Completed, f.serviceName(slug), t.Failed*100/t.Completed), true
			}
		}
		return "", false
	}},
	{"irreversible data", func(m Material, _ Facts) (string, bool) {
		_, why := yesOr(m.Risk.Reversible, "data can be brought back", "data can't be brought back")
		return why, m.Environment == Production && m.Risk.Reversible != Yes
	}},
}

const manyServices = 3

// freezeEdge is how near to a freeze work counts as riskier: people hurry
// before one, and everything happens at once after it.
const freezeEdge = 24 * time.Hour

// A service's record lifts the risk from this many failed or rolled-back
// changes on, and this share of its last ten completed ones.
const (
	badChanges = 2
	badShare   = 5 // one in five, 20 %
)

// likelihoodOf is how likely the work goes wrong: 1 often done and rehearsed,
// 2 done before and rehearsed, 3 new but rehearsed, 4 not rehearsed.
func likelihoodOf(m Material, f Facts) (int, string) {
	switch times := doneBefore(m, f); {
	case m.Risk.Rehearsed == Unanswered:
		return 4, "whether it was rehearsed was not answered, which counts as no"
	case m.Risk.Rehearsed != Yes:
		return 4, "not rehearsed"
	default:
		return map[Times]int{TimesOften: 1, TimesSome: 2, TimesNever: 3}[times], "rehearsed, and done " + times.String() + " before"
	}
}

// Assess judges the risk of a change's content: the highest of the impact ×
// likelihood matrix, the questionnaire and the raising conditions wins, and
// every reason is kept. Outside production the questionnaire weighs nothing.
func Assess(m Material, f Facts) Assessment {
	impact, why := impactOf(m, f)
	likelihood, how := likelihoodOf(m, f)
	a := Assessment{Level: matrix[impact-1][likelihood-1], Impact: impact, Likelihood: likelihood}
	a.Reasons = append(a.Reasons,
		fmt.Sprintf("impact %d of 4: %s", impact, why),
		fmt.Sprintf("likelihood %d of 4: %s", likelihood, how))
	if m.Environment == Production {
		points, why := weighed(m, f)
		a.Level = a.Level.atLeast(bandOf(points))
		a.Reasons = append(a.Reasons, fmt.Sprintf("questionnaire %d of %d points (%s): %s", points, mostPoints, bandOf(points), why))
	}
	for _, condition := range raisingConditions {
		if why, holds := condition.Holds(m, f); holds {
			a.Level = a.Level.atLeast(RiskHigh)
			a.Reasons = append(a.Reasons, "at least high: "+why)
		}
	}
	return a
}

// impactByTier: tier 0 weighs 4, tiers 1 and 2 weigh 3, tier 3 weighs 2.
var impactByTier = map[Tier]int{0: 4, 1: 3, 2: 3, 3: 2}

func impactOf(m Material, f Facts) (int, string) {
	if m.Environment != Production {
		return 1, "outside production"
	}
	impact, why := 1, "no known service"
	for _, slug := range m.Services {
		if s, known := f.Services[slug]; known && impactByTier[s.Tier] > impact {
			impact, why = impactByTier[s.Tier], fmt.Sprintf("%s is tier %d", s.Name, s.Tier)
		}
	}
	if reach := int(m.Risk.Users); m.Risk.Users >= ReachMany && reach > impact {
		impact, why = reach, m.Risk.Users.String()+" would notice"
	}
	return impact, why
}
