package models

import "fmt"

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

// Familiarity is how well the work is known, from 1 (automated, done at least
// five times) to 4 (new, by hand, or not rehearsed); it is the likelihood of
// the risk matrix. 0 = not answered, which counts as 4.
type Familiarity int

// The answers to "how well is this work known?".
const (
	Routine   Familiarity = 1
	Rehearsed Familiarity = 2
	FirstTime Familiarity = 3
	Untried   Familiarity = 4
)

var familiarityNames = map[Familiarity]string{
	Routine:   "automated and done at least five times",
	Rehearsed: "done before and rehearsed",
	FirstTime: "new, but rehearsed",
	Untried:   "new, by hand, or not rehearsed",
}

// String says the answer in words.
func (a Familiarity) String() string { return familiarityNames[a] }

// Familiarities lists the answers, safest first.
var Familiarities = []Familiarity{Routine, Rehearsed, FirstTime, Untried}

// RiskAnswers are what a person answers about risk. They are material.
type RiskAnswers struct {
	Familiarity Familiarity `json:",omitzero"`
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
	{"many services", func(m Material, _ Facts) (string, bool) {
		return fmt.Sprintf("it touches %d services, more than %d", len(m.Services), manyServices), len(m.Services) > manyServices
	}},
}

const manyServices = 3

// Assess judges the risk of a change's content: the highest of the impact ×
// likelihood matrix and the raising conditions wins, and every reason is kept.
func Assess(m Material, f Facts) Assessment {
	impact, why := impactOf(m, f)
	likelihood, how := int(m.Risk.Familiarity), m.Risk.Familiarity.String()
	if likelihood < 1 || likelihood > 4 {
		likelihood, how = int(Untried), "how well the work is known was not answered, which counts as "+Untried.String()
	}
	a := Assessment{Level: matrix[impact-1][likelihood-1], Impact: impact, Likelihood: likelihood}
	a.Reasons = append(a.Reasons,
		fmt.Sprintf("impact %d of 4: %s", impact, why),
		fmt.Sprintf("likelihood %d of 4: %s", likelihood, how))
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
	return impact, why
}
