package models

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models/proof"
)

// golden is the table of the domain notes, likelihood down, impact across.
const golden = `
low    low    low    medium
low    medium medium high
low    medium high   very_high
medium high   very_high very_high`

func TestTheRiskMatrixIsTheOneOfTheBookWithoutGaps(t *testing.T) {
	bands := map[int]RiskLevel{}
	cells, wrong := 0, 0
	for i, line := range strings.Split(strings.TrimSpace(golden), "\n") {
		for j, want := range strings.Fields(line) {
			likelihood, impact := i+1, j+1
			got := matrix[impact-1][likelihood-1]
			cells++
			if got != RiskLevel(want) {
				wrong++
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
	proof.Record(t, proof.Row{What: "cells of the risk matrix against the table of the book: other bands", Where: "pure", Tried: cells, Bad: wrong})
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
		a := Assess(Material{Environment: test.env, Services: test.services, Risk: known(routine)}, w.as(ana))
		if want := fmt.Sprintf("impact %d of 4: %s", test.impact, test.why); a.Impact != test.impact || a.Reasons[0] != want {
			t.Errorf("%s %v: impact %d, %q", test.env, test.services, a.Impact, a.Reasons[0])
		}
	}
}

func TestNoAnswerCountsAsTheWorstAndSaysSo(t *testing.T) {
	w := newWorld()
	m := Material{Environment: Production, Services: []Slug{"docs"}, Window: NewWindow(w.now, w.now.Add(time.Hour))}
	worst := m
	worst.Risk = RiskAnswers{Users: ReachEverybody, Rehearsed: No, RollbackTested: No, Reversible: No}
	silent, told := Assess(m, w.as(ana)), Assess(worst, w.as(ana))
	if silent.Likelihood != 4 || silent.Likelihood != told.Likelihood {
		t.Errorf("likelihood %d without answers, %d with the worst ones", silent.Likelihood, told.Likelihood)
	}
	p, _ := weighed(m, w.as(ana))
	if q, _ := weighed(worst, w.as(ana)); p != q {
		t.Errorf("the questionnaire weighs %d without answers, %d with the worst ones", p, q)
	}
	all := strings.Join(silent.Reasons, " ")
	for _, words := range []string{"whether it was rehearsed was not answered, which counts as no", "who notices was not answered",
		"whether the rollback was tested was not answered", "whether data can be brought back was not answered"} {
		if !strings.Contains(all, words) {
			t.Errorf("nothing says %q: %v", words, silent.Reasons)
		}
	}
}

func TestLikelihoodIsHowWellTheWorkIsKnown(t *testing.T) {
	w := newWorld()
	for _, n := range familiarities {
		if a := Assess(Material{Environment: Production, Services: []Slug{"docs"}, Risk: known(n)}, w.as(ana)); a.Likelihood != int(n) {
			t.Errorf("%d: likelihood %d, %q", n, a.Likelihood, a.Reasons[1])
		}
	}
}

func TestEverySumOfTheQuestionnaireIsInOneBandAndMoreIsNeverLess(t *testing.T) {
	most := 0
	w := newWorld()
	worst := Material{Environment: Production, Services: []Slug{"ledger", "web"}, Window: NewWindow(w.now, w.now.Add(time.Hour)),
		Risk: RiskAnswers{Users: ReachEverybody, Rehearsed: No, RollbackTested: No, Reversible: No, DoneBefore: TimesNever, Peak: Yes, Parties: Yes}}
	if most, _ = weighed(worst, w.as(ana)); most != mostPoints {
		t.Errorf("the worst answers come to %d points, not %d", most, mostPoints)
	}
	if len(questionnaire) != 8 || questionnaireBands[0].from != 0 {
		t.Errorf("%d questions, first band from %d", len(questionnaire), questionnaireBands[0].from)
	}
	for points := 1; points <= mostPoints; points++ {
		if indexOf(bandOf(points)) < indexOf(bandOf(points-1)) {
			t.Errorf("%d points are %s, %d are %s", points-1, bandOf(points-1), points, bandOf(points))
		}
	}
	if bandOf(mostPoints) != RiskVeryHigh {
		t.Errorf("the worst is only %s", bandOf(mostPoints))
	}
}

func TestMoreThanThreeServicesAreAtLeastHighRisk(t *testing.T) {
	w := newWorld()
	four := []Slug{"docs", "ledger", "pay-api", "web"}
	for _, env := range Environments {
		for _, answer := range familiarities {
			m := Material{Environment: env, Services: four, Risk: known(answer)}
			a := Assess(m, w.as(ana))
			m.Services = four[:3]
			b := Assess(m, w.as(ana))
			if indexOf(a.Level) < indexOf(RiskHigh) || indexOf(a.Level) < indexOf(b.Level) || !strings.Contains(strings.Join(a.Reasons, " "), "4 services, more than 3") {
				t.Errorf("%s, %d: %s after %s, because %v", env, answer, a.Level, b.Level, a.Reasons)
			}
			if strings.Contains(strings.Join(b.Reasons, " "), "services, more than") {
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
