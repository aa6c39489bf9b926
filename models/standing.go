package models

import (
	"slices"
	"strings"
)

// Standing is how far a change's approvals have come.
type Standing struct {
	Slots []Slot
}

// Slot is one place of a requirement: filled by one person, or open.
type Slot struct {
	Requirement Requirement
	By          UserID // "" = open
}

// Standing matches the approvals that count against the requirements. One
// person fills at most one slot, and who fills what is matched over all
// approvals at once, so that the order of clicks never matters. (Maximum
// bipartite matching by augmenting paths.)
func (c *Change) Standing() Standing {
	var slots []Slot
	for _, r := range c.Requirements {
		for range r.Count {
			slots = append(slots, Slot{Requirement: r})
		}
	}
	counting := c.Counting()
	taken := make([]int, len(slots)) // slot → index in counting, -1 = open
	for i := range taken {
		taken[i] = -1
	}
	var place func(approval int, tried []bool) bool
	place = func(approval int, tried []bool) bool {
		for i, slot := range slots {
			if tried[i] || !slices.Contains(counting[approval].Fits, slot.Requirement.Key) {
				continue
			}
			tried[i] = true
			if taken[i] < 0 || place(taken[i], tried) {
				taken[i] = approval
				return true
			}
		}
		return false
	}
	for approval := range counting {
		place(approval, make([]bool, len(slots)))
	}
	for i, approval := range taken {
		if approval >= 0 {
			slots[i].By = counting[approval].By
		}
	}
	return Standing{slots}
}

// Met reports whether every requirement is filled.
func (s Standing) Met() bool { return s.Filled() == len(s.Slots) }

// Filled is how many places are filled.
func (s Standing) Filled() int {
	n := 0
	for _, slot := range s.Slots {
		if slot.By != "" {
			n++
		}
	}
	return n
}

// Missing says in words what is still needed: "1 peer and 2 of CAB".
func (s Standing) Missing() string {
	open := map[string]int{}
	var order []Requirement
	for _, slot := range s.Slots {
		if slot.By != "" {
			continue
		}
		if open[slot.Requirement.Key] == 0 {
			order = append(order, slot.Requirement)
		}
		open[slot.Requirement.Key]++
	}
	var words []string
	for _, r := range order {
		words = append(words, r.stillNeeded(open[r.Key]))
	}
	return list(words, "nothing more")
}

func (r Requirement) stillNeeded(n int) string {
	switch {
	case n == r.Count:
		return r.Text
	case r.Role != "":
		return number(n) + " more of " + r.Role.String()
	}
	return number(n) + " more of " + r.Text
}

// Given names who fills the places.
func (s Standing) Given(f Facts) string {
	var names []string
	for _, slot := range s.Slots {
		if slot.By != "" {
			names = append(names, f.Name(slot.By))
		}
	}
	return list(names, "nobody needed to approve")
}

// list joins words as a person writes them: "a, b and c".
func list(words []string, none string) string {
	switch n := len(words); n {
	case 0:
		return none
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}
