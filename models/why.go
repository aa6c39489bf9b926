package models

import "slices"

// Why is what somebody asks who wonders why a change stands where it stands.
type Why struct {
	PolicyVersion int
	Rule          string // which rule, and additions, set the requirements
	Asks          []WhyAsk
	Reasons       []Reason // the verdict's, as everywhere
	Clear         bool
	Risk          Assessment
}

// WhyAsk is one requirement: who met it, and who still can.
type WhyAsk struct {
	Requirement Requirement
	Met         []Slot
	Open        int
	Lapsed      int
	Asked       []UserID // asked by DM for the change and still thinking, who could fill it
	Able        []UserID // everybody who could fill it now
}

// Explain says why the change stands where it stands. Its reasons are those of
// [StartVerdict], which card and gate show too.
func Explain(c *Change, f Facts) Why {
	v := StartVerdict(c, f)
	out := Why{PolicyVersion: c.PolicyVersion, Rule: c.PolicyRule, Reasons: v.Reasons, Clear: v.Clear(), Risk: c.Assessment}
	able := c.able(f)
	waiting := c.waitingFor(f)
	for _, r := range c.Requirements {
		ask := WhyAsk{Requirement: r}
		for _, slot := range c.Standing().Slots {
			switch {
			case slot.Requirement.Key != r.Key:
			case slot.By != "":
				ask.Met = append(ask.Met, slot)
			case slot.Lapsed:
				ask.Lapsed++
			default:
				ask.Open++
			}
		}
		for u, keys := range able {
			if given, ok := c.decisionOf(u); slices.Contains(keys, r.Key) && (!ok || !given.counts(c.Revision)) {
				ask.Able = append(ask.Able, u)
			}
		}
		ask.Able = distinct(ask.Able)
		for _, u := range ask.Able {
			if slices.Contains(waiting, u) {
				ask.Asked = append(ask.Asked, u)
			}
		}
		out.Asks = append(out.Asks, ask)
	}
	return out
}

// cheapest says how to get the approvals that are missing: whom to ask, whom
// to name, or how long to wait.
func (c *Change) cheapest(f Facts) string {
	if short := c.Unmeetable(f); len(short) > 0 {
		if due := c.lapseDue(); !due.IsZero() {
			return "Nobody eligible can give " + list(short, "") + ": it goes on without in " + span(due.Sub(f.Now)) + ", and owes a review."
		}
		return "Nobody eligible can give " + list(short, "") + ": ask an admin to name somebody."
	}
	var names []string
	able := c.able(f)
	for _, u := range c.waitingFor(f) {
		if len(able[u]) > 0 { // nobody waits for those who lost their right since
			names = append(names, f.Name(u))
		}
	}
	switch {
	case len(names) == 0:
		return "Ask somebody eligible to decide on its card."
	case len(names) > 3:
		names = append(names[:2:2], number(len(names)-2)+" others")
	}
	return "Asked: " + list(names, "") + "; anybody else eligible can decide on its card, too."
}
