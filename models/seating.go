package models

import (
	"cmp"
	"slices"
)

// seating places people in the slots of requirements, each in at most one, as
// many as can be: maximum bipartite matching by augmenting paths. Whoever has
// a place keeps one, though perhaps another, when more people come. What a
// freeze asks of somebody whom the change asks anyway has no place of its own:
// whoever agrees to the change agrees to its time, and a company with one
// change manager could grant no exception otherwise.
type seating struct {
	slots  []Slot
	order  []int // indexes of slots, those that fewest people can fill first
	shares []int // slot → the slot that it shares a place with, -1 = has its own
	taken  []int // slot → index in people, -1 = open
	people []seated
}

type seated struct {
	user UserID
	keys []string // of the requirements that the person can fill
}

func newSeating(requirements []Requirement) *seating {
	s := &seating{}
	for _, r := range requirements {
		with := s.shared(r)
		for range r.Count {
			if with < 0 {
				s.order = append(s.order, len(s.slots))
			}
			s.slots, s.shares, s.taken = append(s.slots, Slot{Requirement: r}), append(s.shares, with), append(s.taken, -1)
		}
	}
	slices.SortStableFunc(s.order, func(a, b int) int {
		return cmp.Compare(s.slots[a].Requirement.commonness(), s.slots[b].Requirement.commonness())
	})
	return s
}

// shared is the slot so far that asks the same person or role as a freeze does
// by this requirement, -1 when there is none.
func (s *seating) shared(r Requirement) int {
	if !r.ofFreeze() {
		return -1
	}
	return slices.IndexFunc(s.slots, func(x Slot) bool { return x.Requirement.Person == r.Person && x.Requirement.Role == r.Role })
}

// commonness orders requirements by how many people can usually fill them. An
// owner who is a peer too takes the owner's place, so that what is said to be
// missing is what somebody else can give.
func (r Requirement) commonness() int {
	switch {
	case r.Person != "":
		return 0
	case r.Group != "":
		return 3
	}
	return map[Role]int{RoleServiceOwner: 1, RoleOpsLead: 1, RoleChangeManager: 2, RoleECAB: 3, RoleCAB: 4, RolePeer: 5}[r.Role]
}

// place gives the person a slot and reports whether there was one.
func (s *seating) place(u UserID, keys []string) bool {
	s.people = append(s.people, seated{u, keys})
	return s.seat(len(s.people)-1, make([]bool, len(s.slots)))
}

// seat takes a free slot if there is one, so that those who sit stay where
// they are; else it moves people on until one comes free.
func (s *seating) seat(person int, tried []bool) bool {
	var fitting []int
	for _, i := range s.order {
		if !tried[i] && slices.Contains(s.people[person].keys, s.slots[i].Requirement.Key) {
			fitting = append(fitting, i)
		}
	}
	for _, i := range fitting {
		if s.taken[i] < 0 {
			s.taken[i] = person
			return true
		}
	}
	for _, i := range fitting {
		if tried[i] {
			continue
		}
		tried[i] = true
		if s.seat(s.taken[i], tried) {
			s.taken[i] = person
			return true
		}
	}
	return false
}

// standing says who sits where.
func (s *seating) standing() Standing {
	slots := slices.Clone(s.slots)
	for i, person := range s.taken {
		if person >= 0 {
			slots[i].By = s.people[person].user
		}
	}
	for i, with := range s.shares {
		if with >= 0 && s.taken[with] >= 0 && slices.Contains(s.people[s.taken[with]].keys, slots[i].Requirement.Key) {
			slots[i].By = slots[with].By
		}
	}
	return Standing{slots}
}
