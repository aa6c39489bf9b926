package models

import (
	"slices"
	"time"
)

// Scope is what a change, or a form that is about to become one, lays claim
// to: these services in this environment, at this time, by this person.
type Scope struct {
	Services    []Slug
	Environment Environment
	Window      Window
	Implementer UserID
	Template    Slug     // of a standard change: its runs count as done before,
	Origin      ChangeID // and so do those of the same chain of "Raise again"
	Release     ReleaseID
}

// Equal reports whether two scopes lay claim to the same.
func (s Scope) Equal(o Scope) bool {
	return slices.Equal(s.Services, o.Services) && s.Environment == o.Environment && s.Implementer == o.Implementer && s.Template == o.Template && s.Origin == o.Origin && s.Release == o.Release &&
		s.Window.Start.Equal(o.Window.Start) && s.Window.End.Equal(o.Window.End)
}

// Scope is what the change lays claim to as it stands.
func (c *Change) Scope() Scope {
	return Scope{Services: slices.Clone(c.Services), Environment: c.Environment, Window: c.Occupies(), Implementer: c.Implementer, Template: c.Template.Name, Origin: c.Root(), Release: c.Release}
}

// Around is what stands around one change at the moment of a decision. The
// store reads it in the deciding transaction; every field may be empty.
type Around struct {
	// Neighbours are the other changes that wait for approval, are approved or
	// in progress, in the same environment, with a window that overlaps, and those
	// in progress after the end of theirs; by id.
	Neighbours []Neighbour
	// Named are the changes whose cards name this one, or did before this command
	// and have to stop. It is filled in for what concerns them.
	Named []Neighbour
	// Freezes are the occurrences of freezes that touch the window or the 24
	// hours on either side of it; by start.
	Freezes []FreezeSpan
	// Openings are the maintenance windows of each touched service that has
	// any, as far as they lie round the window. A service with none is absent.
	Openings map[Slug][]Window
	// Track is how the last ten completed changes of each touched service went. It
	// and DoneBefore are read where a risk is assessed: at submit and at edit.
	Track map[Slug]TrackRecord
	// DoneBefore is how many successful changes like this one were completed:
	// same services and environment, same origin or template.
	DoneBefore int
	// Debts are the open debts of the touched services' teams, without those of
	// the change itself.
	Debts []DebtRef
	// Release is the release that the change names; nil when it names none, or
	// when there is none of that number.
	Release *LinkedRelease
	// Undoing are the rollbacks raised before of the change that a new rollback is
	// to undo, by id; read for a new rollback only.
	Undoing []*Change
	// Provisional says that all this was read for another plan, and is read again
	// before this one is kept: a release that is not here may well exist.
	Provisional bool
	// CleanRuns is how many other clean runs the change has had, read while it
	// is being completed: the third one is offered as a template.
	CleanRuns int
}

// Neighbour is another open change, as far as planning is concerned.
type Neighbour struct {
	ID          ChangeID
	Title       string
	Type        ChangeType
	State       State
	Environment Environment
	Services    []Slug
	Window      Window
	Implementer UserID
	Submitted   time.Time
	Places      []ChannelID // where its card stands
	Asked       []Ask       // who was asked to decide on it
}

// FreezeSpan is one occurrence of a freeze.
type FreezeSpan struct {
	Freeze Freeze
	Window Window
}

// TrackRecord counts the last completed changes of one service, at most ten.
type TrackRecord struct {
	Completed int
	Failed    int // failed or rolled back
}

// DebtRef names something that a team still owes from an earlier change.
type DebtRef struct {
	Change ChangeID
	Team   TeamID
	What   string // in words: "a retrospective approval"
	Due    time.Time
}
