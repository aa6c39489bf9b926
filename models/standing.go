package models

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Standing is how far a change's approvals have come.
type Standing struct {
	Slots []Slot
}

// Slot is one place of a requirement: filled by one person, open, or given up.
type Slot struct {
	Requirement Requirement
	By          UserID // "" = nobody
	For         UserID // in whose place they decided; "" = in their own right
	// Lapsed: nobody eligible could fill it, and small-team mode let it go.
	// Nobody's signature stands here.
	Lapsed bool
}

// Standing matches the approvals that count against the requirements. One
// person fills at most one slot, and with it what a freeze asks of the same
// right; who fills what is matched over all approvals at once, so that the
// order of clicks never matters.
func (c *Change) Standing() Standing {
	s := newSeating(c.Requirements)
	counting := c.Counting()
	for _, a := range counting {
		s.place(a.By, a.keys())
	}
	out := s.standing()
	lapsed := map[string]int{}
	for i := range out.Slots {
		slot := &out.Slots[i]
		key := slot.Requirement.Key
		if slot.By == "" {
			lapsed[key]++
			slot.Lapsed = lapsed[key] <= slot.Requirement.Lapsed
			continue
		}
		for _, a := range counting {
			if a.By == slot.By {
				slot.For = a.inPlaceOf(key)
			}
		}
	}
	return out
}

// inPlaceOf is whose right to a requirement the approval uses, "" = its own.
func (a Approval) inPlaceOf(key string) UserID {
	if slices.Contains(a.Fits, key) {
		return ""
	}
	for _, b := range a.Behalf {
		if slices.Contains(b.Fits, key) {
			return b.For
		}
	}
	return ""
}

// Met reports whether every requirement is filled, or given up because nobody
// eligible could.
func (s Standing) Met() bool { return len(s.open()) == 0 }

// open are the places that still wait for somebody.
func (s Standing) open() []Slot {
	return slices.DeleteFunc(slices.Clone(s.Slots), func(x Slot) bool { return x.By != "" || x.Lapsed })
}

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
func (s Standing) Missing() string { return list(s.missing(), "nothing more") }

// MissingWithin is Missing in at most so many letters: what does not fit is
// counted, so that no name is cut.
func (s Standing) MissingWithin(letters int) string {
	words := s.missing()
	all := len(words)
	for n := all - 1; n > 0 && utf8.RuneCountInString(list(words, "")) > letters; n-- {
		words = append(words[:n:n], number(all-n)+" more")
	}
	return list(words, "nothing more")
}

func (s Standing) missing() []string { return inWords(s.open()) }

// inWords says what open places ask for, those of one requirement together.
func inWords(places []Slot) []string {
	open := map[string]int{}
	var order []Requirement
	for _, slot := range places {
		if open[slot.Requirement.Key] == 0 {
			order = append(order, slot.Requirement)
		}
		open[slot.Requirement.Key]++
	}
	var words []string
	for _, r := range order {
		words = append(words, r.stillNeeded(open[r.Key]))
	}
	return words
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
	var named []UserID
	for _, slot := range s.Slots {
		if slices.Contains(named, slot.By) {
			continue
		}
		named = append(named, slot.By)
		switch {
		case slot.For != "":
			names = append(names, f.Name(slot.By)+" on behalf of "+f.Name(slot.For))
		case slot.By != "":
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
