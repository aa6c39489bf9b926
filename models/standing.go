package models

import "strings"

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
// approvals at once, so that the order of clicks never matters.
func (c *Change) Standing() Standing {
	s := newSeating(c.Requirements)
	for _, a := range c.Counting() {
		s.place(a.By, a.Fits)
	}
	return s.standing()
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
	case r.Group != "":
		return number(n) + " more of " + strings.TrimPrefix(r.Text, number(r.Count)+" of ")
	}
	return number(n) + " more " + r.Role.of(n)
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
