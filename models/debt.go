package models

import (
	"slices"
	"time"
)

// DebtKind is one thing that an emergency or an override may still owe.
type DebtKind string

// The kinds of debt, in the order in which they fall due.
const (
	DebtIncident DebtKind = "incident_link"          // which incident it repairs
	DebtApproval DebtKind = "retrospective_approval" // of work that began without one
	DebtReview   DebtKind = "review"
)

var debtNames = map[DebtKind]string{
	DebtIncident: "incident link", DebtApproval: "approval afterwards", DebtReview: "review",
}

// owedWords finish the sentence "Payments still owes …".
var owedWords = map[DebtKind]string{
	DebtIncident: "an incident link", DebtApproval: "an approval afterwards", DebtReview: "a review",
}

// String names the debt as people read it.
func (k DebtKind) String() string { return debtNames[k] }

// OweWithin is how long after the start of an emergency its incident link and
// its approval may take: 24 hours, by the clock.
const OweWithin = 24 * time.Hour

// Debt is one thing that a change still owes, and until when.
type Debt struct {
	Kind DebtKind
	Due  time.Time
}

// Overdue reports whether it should have been paid by now.
func (d Debt) Overdue(now time.Time) bool { return !d.Due.IsZero() && now.After(d.Due) }

// Debts are what the change owes as it stands. They follow from its state and
// are kept nowhere else; a change that owes something does not close.
func (c *Change) Debts() []Debt {
	if !c.opensDebts() || c.State != InProgress && c.State != Implemented {
		return nil
	}
	var out []Debt
	if c.Type == Emergency && c.RepairedIncident() == "" {
		out = append(out, Debt{DebtIncident, c.StartedAt.Add(OweWithin)})
	}
	if c.OwesApproval() {
		out = append(out, Debt{DebtApproval, c.approvalDue()})
	}
	if c.owesReview() {
		out = append(out, Debt{DebtReview, c.ReviewDue})
	}
	return out
}

// stillOwes says in words what keeps the change open.
func (c *Change) stillOwes() string {
	if len(c.Debts()) == 0 {
		return "It owes nothing more."
	}
	return "It closes once it has " + c.owedList() + "."
}

func (c *Change) owedList() string {
	var words []string
	for _, d := range c.Debts() {
		words = append(words, "its "+d.Kind.String())
	}
	return list(words, "")
}

// phrase finishes the sentence "CHG-4 is …": that of its state, but what was
// reviewed already waits for something else.
func (c *Change) phrase() string {
	if c.State == Implemented && !c.owesReview() && len(c.Debts()) > 0 {
		return "implemented and waiting for " + c.owedList()
	}
	return c.State.phrase()
}

// WaitsForImplementer reports whether finished work waits for something that
// whoever carried it out can give: its review or its incident, not an approval.
func (c *Change) WaitsForImplementer() bool {
	return c.owesReview() || slices.ContainsFunc(c.Debts(), func(d Debt) bool { return d.Kind == DebtIncident })
}

// opensDebts: what went round the usual approvals owes them afterwards.
func (c *Change) opensDebts() bool { return c.Type == Emergency || c.WasOverridden() }

// DebtDue is when the first debt falls due; zero = nothing is owed. The store
// finds debts by it.
func (c *Change) DebtDue() time.Time {
	var first time.Time
	for _, d := range c.Debts() {
		if first.IsZero() || d.Due.Before(first) {
			first = d.Due
		}
	}
	return first
}

// Debtors are the people who can pay a debt.
func (c *Change) Debtors(d Debt, f Facts) []UserID {
	switch d.Kind {
	case DebtApproval:
		var out []UserID
		for _, r := range c.Requirements {
			out = append(out, c.eligible(r, f)...)
		}
		return slices.DeleteFunc(distinct(out), func(u UserID) bool {
			given, ok := c.decisionOf(u)
			return ok && given.counts(c.Revision)
		})
	case DebtIncident:
		return distinct([]UserID{c.Implementer, c.Requester})
	}
	return distinct([]UserID{c.Implementer})
}

// owesReview: a review is owed and not given yet.
func (c *Change) owesReview() bool {
	return c.State == Implemented && len(c.ReviewOwed) > 0 && c.Findings == ""
}

// DebtsOfTeams are what the teams that look after these services owe from
// other changes, the first due first.
func DebtsOfTeams(services []Slug, owing []*Change, d *Directory) []DebtRef {
	teams := map[TeamID]bool{}
	for _, slug := range services {
		teams[d.Services[slug].Team] = true
	}
	var out []DebtRef
	for _, c := range owing {
		i := slices.IndexFunc(c.Services, func(slug Slug) bool { s, known := d.Services[slug]; return known && teams[s.Team] })
		if i < 0 {
			continue
		}
		for _, debt := range c.Debts() {
			out = append(out, DebtRef{Change: c.ID, Team: d.Services[c.Services[i]].Team, What: owedWords[debt.Kind], Due: debt.Due})
		}
	}
	slices.SortStableFunc(out, func(a, b DebtRef) int { return a.Due.Compare(b.Due) })
	return out
}
