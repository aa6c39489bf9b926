package models

import (
	"slices"
	"time"
)

// Small-team mode: where a policy says so, a requirement that nobody eligible
// can meet is recorded as not met. Half an hour later it stands in nobody's way
// any more, the change owes a review and is listed among the exceptions. It is
// never signed: no approval is made up for it. The requirements of freezes
// and their exceptions never lapse.

// LapseAfter is how long it is recorded that nobody eligible can meet a
// requirement before the change goes on without it.
const LapseAfter = 30 * time.Minute

// What can happen in small-team mode.
const (
	EventNobodyEligible  EventKind = "nobody_eligible" // recorded; the clock runs
	EventEligibleAgain   EventKind = "eligible_again"  // somebody can meet it after all
	EventNotMetLetGo     EventKind = "not_met_let_go"  // half an hour is over
	nobodyEligible                 = "nobody eligible" // how it is said everywhere
	notMetNobodyEligible           = " not met: " + nobodyEligible
)

// noteShort keeps account of the places that nobody eligible can fill, from the
// moment when that is first true.
func (c *Change) noteShort(f Facts) {
	if !c.decidable() || !slices.ContainsFunc(c.Requirements, func(r Requirement) bool { return r.MayLapse || r.Short > 0 }) {
		return
	}
	short := map[string]int{}
	for _, slot := range c.unmeetable(f) {
		short[slot.Requirement.Key]++
	}
	var more, fewer []string
	for i := range c.Requirements {
		r := &c.Requirements[i]
		n := short[r.Key]
		switch {
		case !r.MayLapse || !f.Policy.SmallTeam:
			n = 0
		case c.unsure(*r, f):
			n = min(n, r.Short) // who belongs to it is not known well enough to say nobody
		}
		switch {
		case n > r.Short:
			r.ShortAt = f.Now
			more = append(more, r.stillNeeded(n)+notMetNobodyEligible)
		case n < r.Short:
			fewer = append(fewer, r.Text)
		}
		if r.Short = n; n == 0 {
			r.ShortAt = time.Time{}
		}
	}
	if len(more) > 0 {
		c.record(f, Event{Kind: EventNobodyEligible, From: c.State, To: c.State, Reason: list(more, "")})
	}
	if len(fewer) > 0 {
		c.record(f, Event{Kind: EventEligibleAgain, From: c.State, To: c.State, Reason: list(fewer, ""), Asked: c.ask(f)})
	}
}

// LapseDue is when the change goes on without what nobody eligible can meet;
// zero while people still have to decide, or nothing is short.
func (c *Change) LapseDue() time.Time { return c.lapseDue() }

func (c *Change) lapseDue() time.Time {
	if !c.decidable() {
		return time.Time{}
	}
	open := map[string]int{}
	for _, slot := range c.Standing().open() {
		open[slot.Requirement.Key]++
	}
	var due time.Time
	for _, r := range c.Requirements {
		if open[r.Key] == 0 {
			continue
		}
		if open[r.Key] > r.Short {
			return time.Time{} // somebody can still give it
		}
		if t := r.ShortAt.Add(LapseAfter); t.After(due) {
			due = t
		}
	}
	return due
}

// lapse lets go of what nobody eligible can meet, once it has been on record
// for half an hour and is still so.
func (c *Change) lapse(f Facts) error {
	if due := c.lapseDue(); due.IsZero() || f.Now.Before(due) {
		return nil
	}
	c.noteShort(f) // who is eligible may have changed since
	if due := c.lapseDue(); due.IsZero() || f.Now.Before(due) {
		return nil
	}
	for _, r := range c.Requirements {
		if r.Short > 0 && c.unsure(r, f) {
			return nil // until Slack has said who belongs to it
		}
	}
	for i := range c.Requirements {
		c.Requirements[i].Lapsed = c.Requirements[i].Short
	}
	if c.State == Implemented {
		c.oweReview(f) // its reasons were noted when the work ended, and this is one more
	}
	c.record(f, Event{Kind: EventNotMetLetGo, From: c.State, To: c.State, Reason: c.notMet()})
	return c.settle(f)
}

// unsure reports whether Slack has not said for too long, or not yet, who could
// meet the requirement.
func (c *Change) unsure(r Requirement, f Facts) bool {
	return slices.ContainsFunc(c.teamsOf(r, f), func(id TeamID) bool {
		t, known := f.Teams[id]
		return t.Stale(f.Now) || !known && IsSlackGroup(string(id))
	})
}

// unlapse asks for everything again: an approval that the change went on with
// does not count any more.
func (c *Change) unlapse() {
	for i := range c.Requirements {
		c.Requirements[i].Lapsed, c.Requirements[i].Short, c.Requirements[i].ShortAt = 0, 0, time.Time{}
	}
}

// Short is what nobody eligible can meet, as it is on record while the change
// waits for the others: "1 more of CAB".
func (c *Change) Short() []string {
	var out []string
	for _, r := range c.Requirements {
		if r.Short > 0 {
			out = append(out, r.stillNeeded(r.Short))
		}
	}
	return out
}

// Exceptions are what the change went on without, for those who look for
// exceptions to the policy: "1 of CAB not met: nobody eligible".
func (c *Change) Exceptions() []string {
	var out []string
	for _, r := range c.Requirements {
		if r.Lapsed > 0 {
			out = append(out, r.stillNeeded(r.Lapsed)+notMetNobodyEligible)
		}
	}
	return out
}

func (c *Change) notMet() string { return list(c.Exceptions(), "") }
