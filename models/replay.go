package models

import (
	"cmp"
	"slices"
	"strings"
)

// Replay is what another policy would have done to changes that were submitted
// under the one of their day.
type Replay struct {
	Changes int // looked at
	Same    int
	More    int // needed more than they did
	Less    int
	Other   int // others, neither more nor less
	Added   int // approvals in sum
	Removed int
	Rules   []ReplayRule
	Refused []ReplayChange // no rule of the other policy covers them
	// Stopped are the changes that failed or were rolled back, and that would
	// have needed somebody else's approval first, or been refused.
	Stopped []ReplayChange
}

// ReplayRule sums up one rule of the other policy.
type ReplayRule struct {
	Name                    string
	Changes, Added, Removed int
}

// ReplayChange is one change of a replay, with what is different.
type ReplayChange struct {
	Change  ChangeID
	Title   string
	Outcome Outcome
	Why     string
}

// Replay judges changes that are stored by this policy, with the people and
// services of now for both sides: what differs is the policy, not who has left.
// was gives the policy by which a change was submitted; requirements of
// freezes, which no policy sets, are left out.
func (p Policy) Replay(list []*Change, was func(version int) (Policy, bool), f Facts) Replay {
	var out Replay
	rules := map[string]*ReplayRule{}
	for _, c := range list {
		old, known := was(c.PolicyVersion)
		if !known || c.Revision == "" || c.Identity.RollbackOf != 0 || c.byTemplateAlone() {
			continue
		}
		out.Changes++
		facts := f
		if ruledByDebts(c, old) { // debts of that day are gone; the rule that they brought is on record
			facts.Around.Debts = []DebtRef{{}}
		}
		_, had, _ := old.Requirements(c, facts)
		rule, needs, err := p.Requirements(c, facts)
		one := ReplayChange{Change: c.ID, Title: c.Title, Outcome: c.Outcome}
		if err != nil {
			one.Why = "no rule covers it"
			out.Refused = append(out.Refused, one)
			out.stop(c, one)
			continue
		}
		added, removed := compareNeeds(had, needs)
		out.count(len(added), len(removed), peopleIn(had), peopleIn(needs))
		r := rules[rule]
		if r == nil {
			r = &ReplayRule{Name: rule}
			rules[rule] = r
		}
		r.Changes, r.Added, r.Removed = r.Changes+1, r.Added+peopleIn(added), r.Removed+peopleIn(removed)
		out.Added, out.Removed = out.Added+peopleIn(added), out.Removed+peopleIn(removed)
		if len(added) > 0 {
			one.Why = "also needs " + needed(added)
			out.stop(c, one)
		}
	}
	for _, r := range rules {
		out.Rules = append(out.Rules, *r)
	}
	slices.SortFunc(out.Rules, func(a, b ReplayRule) int { return cmp.Or(b.Changes-a.Changes, cmp.Compare(a.Name, b.Name)) })
	return out
}

func (r *Replay) count(added, removed, had, needs int) {
	switch {
	case added == 0 && removed == 0:
		r.Same++
	case needs > had:
		r.More++
	case needs < had:
		r.Less++
	default:
		r.Other++
	}
}

func (r *Replay) stop(c *Change, one ReplayChange) {
	if c.Outcome == Failed || c.Outcome == RolledBack {
		r.Stopped = append(r.Stopped, one)
	}
}

// ruledByDebts reports whether an addition for open debts is among the rules
// that set the change's requirements.
func ruledByDebts(c *Change, p Policy) bool {
	for _, rule := range slices.Concat(p.Rules, p.Additions) {
		if rule.When.Debts != nil && *rule.When.Debts && slices.Contains(strings.Split(c.PolicyRule, " + "), rule.Name) {
			return true
		}
	}
	return false
}

// compareNeeds is what b asks for beyond a, and what a asks for beyond b, with
// the number of people in Count.
func compareNeeds(a, b []Requirement) (added, removed []Requirement) {
	beyond := func(x, y []Requirement) (out []Requirement) {
		for _, r := range x {
			n := r.Count
			for _, other := range y {
				if other.Key == r.Key {
					n -= other.Count
				}
			}
			if n > 0 {
				r.Text, r.Count = r.stillNeeded(n), n
				out = append(out, r)
			}
		}
		return out
	}
	return beyond(b, a), beyond(a, b)
}

func peopleIn(list []Requirement) int {
	n := 0
	for _, r := range list {
		n += r.Count
	}
	return n
}

func needed(needs []Requirement) string {
	var words []string
	for _, r := range needs {
		words = append(words, r.Text)
	}
	return list(words, "nothing")
}
