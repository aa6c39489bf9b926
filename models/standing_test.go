package models

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// board is a random set of requirements and people with what they can fill.
func board(rng *rand.Rand) (*Change, []Approval) {
	c := &Change{Progress: Progress{State: AwaitingApproval, Revision: "r"}}
	for i := range 1 + rng.IntN(4) {
		c.Requirements = append(c.Requirements, Requirement{Key: fmt.Sprint("k", i), Count: 1 + rng.IntN(3), Text: "x"})
	}
	var approvals []Approval
	for i := range rng.IntN(8) {
		a := Approval{By: UserID(fmt.Sprint("u", i)), Revision: "r", Decision: DecisionApprove}
		for _, r := range c.Requirements {
			if rng.IntN(5) < 2 {
				a.Fits = append(a.Fits, r.Key)
			}
		}
		approvals = append(approvals, a)
	}
	return c, approvals
}

// mostSeats is the most places that can be filled, by trying everything.
func mostSeats(requirements []Requirement, approvals []Approval) int {
	var places []string
	for _, r := range requirements {
		for range r.Count {
			places = append(places, r.Key)
		}
	}
	used := make([]bool, len(approvals))
	var best func(int) int
	best = func(i int) int {
		if i == len(places) {
			return 0
		}
		most := best(i + 1)
		for j, a := range approvals {
			if !used[j] && slices.Contains(a.Fits, places[i]) {
				used[j] = true
				most = max(most, 1+best(i+1))
				used[j] = false
			}
		}
		return most
	}
	return best(0)
}

func TestSeatingIsAsGoodAsTryingEverything(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	met := 0
	for range sizes().boards {
		c, approvals := board(rng)
		c.Approvals = approvals
		s := c.Standing()
		if want := mostSeats(c.Requirements, approvals); s.Filled() != want {
			t.Fatalf("filled %d of %d, could be %d: %+v %+v", s.Filled(), len(s.Slots), want, c.Requirements, approvals)
		}
		var seated []UserID
		for _, slot := range s.Slots {
			if slot.By == "" {
				continue
			}
			i := slices.IndexFunc(approvals, func(a Approval) bool { return a.By == slot.By })
			if slices.Contains(seated, slot.By) || !slices.Contains(approvals[i].Fits, slot.Requirement.Key) {
				t.Fatalf("%s sits twice or where they can't: %+v", slot.By, s.Slots)
			}
			seated = append(seated, slot.By)
		}
		if s.Met() {
			met++
		}
	}
	t.Logf("%d random boards, %d of them complete", sizes().boards, met)
}

// permutations calls do with every order of list.
func permutations[T any](list []T, do func([]T)) {
	var walk func(int)
	walk = func(i int) {
		if i == len(list) {
			do(list)
			return
		}
		for j := i; j < len(list); j++ {
			list[i], list[j] = list[j], list[i]
			walk(i + 1)
			list[i], list[j] = list[j], list[i]
		}
	}
	walk(0)
}

func TestTheOrderOfClicksNeverMatters(t *testing.T) {
	// Dee is owner and peer; Lea is on the board and a change manager. Whoever
	// comes first, all seven together are just enough.
	people := []UserID{ben, dee, gus, hal, lea, fay, kim}
	orders := 0
	w := newWorld().clone()
	w.Roles[RoleCAB] = []UserID{gus, hal, lea, jon} // the majority of four is three
	draft := w.raised(t, func(in *Input) { in.Risk = known(untried) })
	permutations(people, func(order []UserID) {
		orders++
		c := copyOf(draft)
		for i, u := range order {
			must(t, c.Approve(c.Revision, w.as(u)))
			if done := i == len(order)-1; (c.State == Approved) != done {
				t.Fatalf("%v: %s after %d clicks, missing %s", order, c.State, i+1, c.Standing().Missing())
			}
		}
	})
	t.Logf("%d orders of %d clicks", orders, len(people))
}

func TestOnePersonFillsOnePlaceOnly(t *testing.T) {
	w := newWorld()
	c := w.approvedBy(t, w.raised(t, nil), dee) // peer and owner of two services
	if got := c.Standing().Missing(); c.State != AwaitingApproval || got != "1 peer" {
		t.Errorf("%s, missing %s: what others can give should be named", c.State, got)
	}
	two := w.raised(t, func(in *Input) { in.Services = []Slug{"pay-api", "wallet"}; in.Risk = known(untried) })
	if got := two.Standing().Missing(); got != "1 peer, each service owner, majority of CAB (3), 1 operations lead and 1 change manager" {
		t.Errorf("an owner of two services is one owner: %s", got)
	}
}

func TestTwentyFourApprovalsOnThreeOfABoardCountThree(t *testing.T) {
	w := newWorld().clone()
	var members []UserID
	for i := range 24 {
		u := UserID(fmt.Sprintf("UCAB%02d", i))
		members = append(members, u)
		w.People[u] = Person{ID: u, Name: fmt.Sprintf("Member %02d", i)}
	}
	w.Roles[RoleCAB] = members
	w.Policy = Policy{Version: 2, Rules: []Rule{{Name: "board", Require: []Need{{Role: RoleCAB, Count: 3}}}}}
	c := w.raised(t, nil)
	counted, answered := 0, 0
	for _, u := range members {
		switch err := c.Approve(c.Revision, w.as(u)); {
		case err == nil:
			counted++
		case refused(t, err).Settled:
			answered++
		}
	}
	if counted != 3 || answered != 21 || c.State != Approved || len(c.Counting()) != 3 {
		t.Errorf("%d counted, %d answered, %s with %d", counted, answered, c.State, len(c.Counting()))
	}
}

func TestWhatIsMissingReadsAsAPersonSaysIt(t *testing.T) {
	cab, peers := Requirement{Key: "cab", Role: RoleCAB, Count: 3, Text: "3 of CAB"}, Requirement{Key: "peer", Role: RolePeer, Count: 2, Text: "2 peers"}
	group := Requirement{Key: "group:g", Group: "g", Count: 2, Text: "2 of Database group"}
	for _, test := range []struct {
		slots []Slot
		want  string
	}{
		{nil, "nothing more"},
		{[]Slot{{Requirement: cab, By: ""}, {Requirement: cab, By: ""}, {Requirement: cab, By: ""}}, "3 of CAB"},
		{[]Slot{{Requirement: cab, By: "u"}, {Requirement: cab, By: ""}, {Requirement: cab, By: ""}}, "2 more of CAB"},
		{[]Slot{{Requirement: peers, By: "u"}, {Requirement: peers, By: ""}}, "1 more peer"},
		{[]Slot{{Requirement: group, By: "u"}, {Requirement: group, By: ""}, {Requirement: cab, By: "a"}, {Requirement: cab, By: "b"}, {Requirement: cab, By: ""}}, "1 more of Database group and 1 more of CAB"},
	} {
		if got := (Standing{test.slots}).Missing(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

func TestWhatIsMissingIsCountedWhereItDoesNotFit(t *testing.T) {
	var s Standing
	for _, role := range []string{"1 peer", "each service owner", "majority of CAB (2)", "1 operations lead"} {
		s.Slots = append(s.Slots, Slot{Requirement: Requirement{Key: role, Text: role, Count: 1}})
	}
	for letters, want := range map[int]string{
		100: "1 peer, each service owner, majority of CAB (2) and 1 operations lead",
		69:  "1 peer, each service owner, majority of CAB (2) and 1 operations lead",
		65:  "1 peer, each service owner, majority of CAB (2) and 1 more",
		40:  "1 peer, each service owner and 2 more",
		30:  "1 peer and 3 more", 1: "1 peer and 3 more",
	} {
		if got := s.MissingWithin(letters); got != want {
			t.Errorf("in %d letters: %q, want %q", letters, got, want)
		}
	}
	if got := (Standing{}).MissingWithin(20); got != "nothing more" {
		t.Errorf("nothing missing: %q", got)
	}
}
