package models

import (
	"fmt"
	"strings"
	"testing"
)

// golden is the table of the domain notes, likelihood down, impact across.
const golden = `
low    low    low    medium
low    medium medium high
low    medium high   very_high
medium high   very_high very_high`

func TestTheRiskMatrixIsTheOneOfTheBookWithoutGaps(t *testing.T) {
	bands := map[int]RiskLevel{}
	cells := 0
	for i, line := range strings.Split(strings.TrimSpace(golden), "\n") {
		for j, want := range strings.Fields(line) {
			likelihood, impact := i+1, j+1
			got := matrix[impact-1][likelihood-1]
			cells++
			if got != RiskLevel(want) {
				t.Errorf("impact %d × likelihood %d is %s, want %s", impact, likelihood, got, want)
			}
			if band, seen := bands[impact*likelihood]; seen && band != got {
				t.Errorf("the product %d is both %s and %s", impact*likelihood, band, got)
			}
			bands[impact*likelihood] = got
		}
	}
	last := 0
	for product := 1; product <= 16; product++ { // a higher product is never a lower band
		if band, occurs := bands[product]; occurs {
			at := indexOf(band)
			if at < last {
				t.Errorf("%d is %s, lower than what stands before it", product, band)
			}
			last = at
		}
	}
	t.Logf("%d of 16 cells, bands %v", cells, bands)
}

func indexOf(r RiskLevel) int {
	for i, level := range RiskLevels {
		if level == r {
			return i
		}
	}
	return -1
}

func TestImpactComesFromTheMostCriticalServiceInProduction(t *testing.T) {
	w := newWorld()
	for _, test := range []struct {
		env      Environment
		services []Slug
		impact   int
		why      string
	}{
		{Production, []Slug{"docs"}, 2, "Docs is tier 3"},
		{Production, []Slug{"web"}, 3, "Web is tier 2"},
		{Production, []Slug{"docs", "pay-api"}, 3, "Payments API is tier 1"},
		{Production, []Slug{"docs", "ledger", "web"}, 4, "Ledger is tier 0"},
		{Production, []Slug{"no-such"}, 1, "no known service"},
		{Staging, []Slug{"ledger"}, 1, "outside production"},
		{Test, []Slug{"ledger"}, 1, "outside production"},
		{Development, []Slug{"ledger"}, 1, "outside production"},
	} {
		a := Assess(Material{Environment: test.env, Services: test.services, Risk: RiskAnswers{Routine}}, w.as(ana))
		if want := fmt.Sprintf("impact %d of 4: %s", test.impact, test.why); a.Impact != test.impact || a.Reasons[0] != want {
			t.Errorf("%s %v: impact %d, %q", test.env, test.services, a.Impact, a.Reasons[0])
		}
	}
}

func TestNoAnswerCountsAsTheWorstAndSaysSo(t *testing.T) {
	w := newWorld()
	for _, answer := range []Familiarity{0, -1, 5} {
		a := Assess(Material{Environment: Production, Services: []Slug{"ledger"}, Risk: RiskAnswers{answer}}, w.as(ana))
		if a.Level != RiskVeryHigh || a.Likelihood != 4 || !strings.Contains(a.Reasons[1], "was not answered, which counts as new, by hand") {
			t.Errorf("%d: %s, %q", answer, a.Level, a.Reasons[1])
		}
	}
	for _, answer := range Familiarities {
		a := Assess(Material{Environment: Production, Services: []Slug{"docs"}, Risk: RiskAnswers{answer}}, w.as(ana))
		if a.Likelihood != int(answer) || !strings.HasSuffix(a.Reasons[1], answer.String()) {
			t.Errorf("%d: likelihood %d, %q", answer, a.Likelihood, a.Reasons[1])
		}
	}
}

func TestMoreThanThreeServicesAreAtLeastHighRisk(t *testing.T) {
	w := newWorld()
	four := []Slug{"docs", "ledger", "pay-api", "web"}
	for _, env := range Environments {
		for _, answer := range Familiarities {
			m := Material{Environment: env, Services: four, Risk: RiskAnswers{answer}}
			a := Assess(m, w.as(ana))
			m.Services = four[:3]
			b := Assess(m, w.as(ana))
			if indexOf(a.Level) < indexOf(RiskHigh) || indexOf(a.Level) < indexOf(b.Level) || !strings.Contains(a.Reasons[len(a.Reasons)-1], "4 services, more than 3") {
				t.Errorf("%s, %s: %s after %s, because %v", env, answer, a.Level, b.Level, a.Reasons)
			}
			if len(b.Reasons) != 2 {
				t.Errorf("three services raise nothing: %v", b.Reasons)
			}
		}
	}
}

func TestTheHigherOfTwoBandsWinsWhicheverComesFirst(t *testing.T) {
	for i, a := range RiskLevels {
		for j, b := range RiskLevels {
			if want := RiskLevels[max(i, j)]; a.atLeast(b) != want {
				t.Errorf("%s at least %s is %s", a, b, a.atLeast(b))
			}
		}
	}
}
