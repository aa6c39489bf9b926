package models

import "slices"

// State is where a change stands in its life.
type State string

// The states of a change.
const (
	Draft            State = "draft"
	AwaitingApproval State = "awaiting_approval"
	ChangesRequested State = "changes_requested"
	Approved         State = "approved"
	InProgress       State = "in_progress"
	Implemented      State = "implemented"
	Closed           State = "closed"
	Rejected         State = "rejected"
	Cancelled        State = "cancelled"
	Expired          State = "expired"
)

// States lists all of them, in the order of a life.
var States = []State{Draft, AwaitingApproval, ChangesRequested, Approved, InProgress,
	Implemented, Closed, Rejected, Cancelled, Expired}

// moves is the whole life of a change: what is not in it can't happen.
var moves = map[State][]State{
	Draft:            {AwaitingApproval, Approved, InProgress, Cancelled},
	AwaitingApproval: {Approved, ChangesRequested, Rejected, Cancelled, Expired, InProgress},
	ChangesRequested: {AwaitingApproval, Cancelled, Expired},
	Approved:         {InProgress, AwaitingApproval, Cancelled, Expired},
	InProgress:       {Implemented},
	Implemented:      {Closed},
}

var stateNames = map[State]string{
	Draft: "Draft", AwaitingApproval: "Awaiting approval", ChangesRequested: "Changes requested",
	Approved: "Approved", InProgress: "In progress", Implemented: "Implemented", Closed: "Closed",
	Rejected: "Rejected", Cancelled: "Cancelled", Expired: "Expired",
}

// String names the state as people read it ("Awaiting approval").
func (s State) String() string {
	if name, ok := stateNames[s]; ok {
		return name
	}
	return string(s)
}

// statePhrases finish the sentence "CHG-4 is …".
var statePhrases = map[State]string{
	Draft: "still a draft", AwaitingApproval: "waiting for approval", ChangesRequested: "back with its requester for changes",
	Approved: "approved", InProgress: "in progress", Implemented: "implemented and waiting for its review", Closed: "closed",
	Rejected: "rejected", Cancelled: "cancelled", Expired: "expired",
}

func (s State) phrase() string { return statePhrases[s] }

// CanMove reports whether the life of a change has a step from s to t.
func (s State) CanMove(t State) bool { return slices.Contains(moves[s], t) }

// Final reports whether nothing can happen to the change any more.
func (s State) Final() bool { return len(moves[s]) == 0 }

// Editable reports whether the change can still be edited.
func (s State) Editable() bool {
	return s == Draft || s == AwaitingApproval || s == ChangesRequested || s == Approved
}

// Open reports whether the change still plans something.
func (s State) Open() bool { return s.Editable() || s == InProgress }
