package models

import (
	"fmt"
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
// Whether the notice was missed is no matter of the content: see assess.
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
	return raise(a, m, f)
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
