package models

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// RaisingCondition is something about a change that lifts its risk, whatever
// matrix and questionnaire say.
type RaisingCondition struct {
	Name string
	// OneUp: the risk goes up by one band. Otherwise it is lifted to at least
	// high, and stays where it is if it is higher.
	OneUp bool
	Holds func(m Material, f Facts) (why string, holds bool)
}

// raisingConditions in the order in which they are judged: those that lift to
// at least high come before those that go one band up from there. The eighth,
// a missed notice, comes after all of them: see [Change.assess].
var raisingConditions = []RaisingCondition{
	{"rollback untested", false, func(m Material, f Facts) (string, bool) {
		tier := tierOf(&Change{Material: m}, f)
		return fmt.Sprintf("its rollback was not tested, and it touches a service of tier %d", tier),
			m.Environment == Production && tier <= 1 && m.Risk.RollbackTested != Yes
	}},
	{"inside a freeze", false, func(m Material, f Facts) (string, bool) {
		for _, span := range (&Change{Material: m}).meets(f, planning) {
			return "it falls into " + span.named(), true
		}
		return "", false
	}},
	{"near the edge of a freeze", false, func(m Material, f Facts) (string, bool) {
		for _, span := range f.Around.Freezes {
			if edge, near := span.edgeNear(m.Window); near && span.Freeze.covers(&Change{Material: m}, f) {
				return "it is within " + number(int(freezeEdge.Hours())) + " hours of the " + edge + " of " + span.named(), true
			}
		}
		return "", false
	}},
	{"many services", false, func(m Material, _ Facts) (string, bool) {
		return fmt.Sprintf("it touches %d services, more than %d", len(m.Services), manyServices), len(m.Services) > manyServices
	}},
	{"irreversible data", false, func(m Material, _ Facts) (string, bool) {
		_, why := yesOr(m.Risk.Reversible, "data can be brought back", "data can't be brought back")
		return why, m.Environment == Production && m.Risk.Reversible != Yes
	}},
	{"track record", false, func(m Material, f Facts) (string, bool) {
		var why []string
		for _, slug := range m.Services {
			if t := f.Around.Track[slug]; t.Poor() {
				why = append(why, t.words(slug))
			}
		}
		return strings.Join(why, "; "), len(why) > 0
	}},
	{"open debts", true, func(_ Material, f Facts) (string, bool) {
		if len(f.Around.Debts) == 0 {
			return "", false
		}
		d := f.Around.Debts[0]
		why := f.teamName(d.Team) + " still owes " + d.What + " for " + d.Change.String()
		if more := len(f.Around.Debts) - 1; more > 0 {
			why += " and " + number(more) + " more"
		}
		return why, true
	}},
}

const manyServices = 3

// freezeEdge is how near to the begin or the end of a freeze a window counts
// as near: people hurry before one, and a queue waits behind one.
const freezeEdge = 24 * time.Hour

// raise lifts a risk by all conditions that hold, and says why.
func raise(a Assessment, m Material, f Facts) Assessment {
	for _, condition := range raisingConditions {
		switch why, holds := condition.Holds(m, f); {
		case !holds:
		case condition.OneUp:
			a = a.oneUp(why)
		default:
			a.Level = a.Level.atLeast(RiskHigh)
			a.Reasons = append(a.Reasons, "at least high: "+why)
		}
	}
	return a
}

// oneUp is the risk one band higher; there is nothing above very high.
func (a Assessment) oneUp(why string) Assessment {
	a.Level = RiskLevels[min(slices.Index(RiskLevels, a.Level)+1, len(RiskLevels)-1)]
	a.Reasons = append(slices.Clone(a.Reasons), "one band up: "+why)
	return a
}

// Poor reports whether so many of a service's last changes went wrong that its
// next one is watched: at least two, and at least 20 % of them.
func (t TrackRecord) Poor() bool { return t.Failed >= 2 && t.Failed*5 >= t.Completed }

// words are the formula as the card prints it.
func (t TrackRecord) words(slug Slug) string {
	return fmt.Sprintf("%d of the last %d changes of %s failed: %d %%", t.Failed, t.Completed, slug, (t.Failed*100+t.Completed/2)/t.Completed)
}

// edgeNear says which edge of the freeze lies no more than 24 hours away from
// the window, or in it.
func (s FreezeSpan) edgeNear(w Window) (string, bool) {
	for _, edge := range []struct {
		name string
		at   time.Time
	}{{"begin", s.Window.Start}, {"end", s.Window.End}} {
		if !edge.at.Before(w.Start.Add(-freezeEdge)) && !edge.at.After(w.End.Add(freezeEdge)) {
			return edge.name, true
		}
	}
	return "", false
}
