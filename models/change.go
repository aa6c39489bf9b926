package models

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// ChangeType says which path a change takes.
type ChangeType string

// The types of product language. Expedited is computed, not a type.
const (
	Standard  ChangeType = "standard"
	Normal    ChangeType = "normal"
	Emergency ChangeType = "emergency"
)

// ChangeTypes lists all of them, the everyday one first.
var ChangeTypes = []ChangeType{Normal, Standard, Emergency}

// Limits of what a person may write, in letters (Unicode code points).
const (
	MaxTitle  = 120
	MaxPlan   = 3000
	MaxReason = 1000
)

// Change is CHG-n: one request to alter one or more services in one
// environment. Each field stands in the part that says what editing it does;
// a field outside the four parts does not compile (see the line below).
type Change struct {
	Identity
	Material
	Cosmetic
	Progress
}

// Every field of a change must be classed: the conversion holds only while
// Change consists of exactly these four parts.
var _ = struct {
	Identity
	Material
	Cosmetic
	Progress
}(Change{})

// Identity is what never changes after the first save.
type Identity struct {
	Workspace  WorkspaceID
	ID         ChangeID
	Requester  UserID
	CreatedAt  time.Time
	RollbackOf ChangeID // the closed change that this one undoes; 0 = none
	Origin     ChangeID // the first of a chain of "Raise again"; 0 = this one
}

// Material is what an approval binds to: editing any of it after submission
// makes a new revision and voids the approvals given so far.
//
// A field that is empty is left out of the hash (omitzero), so that adding
// one leaves every approval given before as it is.
type Material struct {
	Type        ChangeType  `json:",omitzero"`
	Environment Environment `json:",omitzero"`
	Services    []Slug      `json:",omitzero"` // sorted, distinct
	Window      Window      `json:",omitzero"`
	Plan        string      `json:",omitzero"`
	Check       string      `json:",omitzero"` // how success is checked
	Rollback    string      `json:",omitzero"` // trigger, steps and time limit of going back
	Risk        RiskAnswers `json:",omitzero"`
	Release     ReleaseID   `json:",omitzero"`
	Artifact    string      `json:",omitzero"`
	Template    TemplateRef `json:",omitzero"` // what a standard change was raised from
	IncidentRef string      `json:",omitzero"` // the incident that an emergency repairs
	WhyNow      string      `json:",omitzero"` // why it can't wait: late notice, a freeze, an emergency
}

// TemplateRef names one version of a template; the zero one means none.
type TemplateRef struct {
	Name    Slug `json:",omitzero"`
	Version int  `json:",omitzero"`
}

// String names it as people read it: "restart-workers, version 2".
func (t TemplateRef) String() string {
	if t.Version == 0 {
		return string(t.Name)
	}
	return string(t.Name) + ", version " + number(t.Version)
}

// Cosmetic may be corrected at any time without asking anybody again. A new
// implementer voids only that person's own approval.
type Cosmetic struct {
	Title       string
	Background  string // why, with links; carried over from a message
	Implementer UserID
}

// Progress is what happens to the change; only its methods write it.
type Progress struct {
	State            State
	Revision         Revision // of the submitted content; "" in a draft
	SubmittedAt      time.Time
	WindowSetAt      time.Time // the submission that set this window: notice counts from it
	Expedited        bool      // the window came with less notice than the risk asks for
	Retrospective    bool      // an emergency that began before its approval
	LastEditor       UserID    // who edited anything last
	Author           UserID    // who edited the material fields last
	Assessment       Assessment
	PolicyVersion    int
	PolicyRule       string // the rule that set the requirements
	Requirements     []Requirement
	Approvals        []Approval
	Asked            []Ask
	Delegations      []Delegation // decisions on this change that were handed on
	Places           []ChannelID  // where its card stands, also after an edit took a service out
	Reason           string       // of the last reject, cancel, or request for changes
	StartedAt        time.Time
	FinishedAt       time.Time
	Outcome          Outcome
	OutcomeNote      string
	AsBuilt          string // the version that now runs
	Incident         string // reference of an incident that the change caused
	IncidentPriority int    // 1 to 3; 0 = none was caused
	OutageMinutes    int
	ReviewOwed       []string // why a post-implementation review is owed
	ReviewDue        time.Time
	Findings         string // the review, once recorded
	ClosedAt         time.Time

	// Of emergencies (see emergency.go).
	RetroReason     string    // why the work began before its approval
	RetroApprovedAt time.Time // when that approval was complete
	RetroRefused    bool      // those who owed it said that the work should not have begun
	LinkedIncident  string    // the incident, where the form named none
	AskedAll        bool      // nobody is left to ask

	Reviewed   Judgement // its answers; what was found stands in Findings
	Held       Hold
	Overridden Override
	ExtendedTo time.Time // the end of the time that running work was given; zero = its window's

	events []Event
}

// Revision is the SHA-256 of a change's material fields, in hex: what an
// approval binds to; of a release, of what its form edits.
type Revision string

// Short is enough of it to tell two revisions apart by eye.
func (r Revision) Short() string { return string(r[:min(8, len(r))]) }

// Ask is one person's being asked, by DM, to decide on one revision. The DM
// may wait for their working hours; it is edited in place until they decide.
type Ask struct {
	User      UserID
	Revision  Revision
	At        time.Time
	NotBefore time.Time
}

// Revision is the content hash of the material fields. Equal content has an
// equal revision, whoever wrote it and however often it was edited.
func (m Material) revision() Revision {
	m.Window = NewWindow(m.Window.Start, m.Window.End) // a database may give another zone back
	if m.Services == nil {
		m.Services = []Slug{}
	}
	return revisionOf(m)
}

// revisionOf is the hash of what a person fills in.
func revisionOf(content any) Revision {
	b, err := json.Marshal(content)
	if err != nil { // only unsupported types fail, and a test marshals every field
		panic(fmt.Sprintf("hash what was filled in: %v", err))
	}
	sum := sha256.Sum256(b)
	return Revision(hex.EncodeToString(sum[:]))
}

// try runs a command on a copy and keeps the copy only if nothing refused: a
// refusal leaves the change as it was.
func (c *Change) try(command func(next *Change) error) error {
	next := *c
	next.Approvals = slices.Clone(c.Approvals)
	next.Requirements = slices.Clone(c.Requirements)
	next.Asked = slices.Clone(c.Asked)
	next.events = slices.Clone(c.events)
	if err := command(&next); err != nil {
		return err
	}
	*c = next
	return nil
}

// move takes one legal step; anything else is refused in words.
func (c *Change) move(to State) error {
	if !c.State.CanMove(to) {
		return Refusef("%s is %s, so this can't be done with it any more. Its card shows what can.", c.ID, c.phrase())
	}
	c.State = to
	return nil
}

// Events hands over what happened since the last call.
func (c *Change) Events() []Event {
	events := c.events
	c.events = nil
	return events
}

func (c *Change) record(f Facts, e Event) {
	e.Actor, e.At, e.Revision = f.Actor.ID, f.Now, c.Revision
	c.events = append(c.events, e)
}

// Due is when something happens to the change by itself: the next person is
// asked about an emergency, what nobody can meet is let go, or an unstarted
// change expires. Zero = nothing is due.
func (c *Change) Due() time.Time {
	var first time.Time
	for _, t := range []time.Time{c.nextAsk(), c.lapseDue(), c.expiry()} {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// expiry: an unstarted change expires when its window ends.
func (c *Change) expiry() time.Time {
	switch c.State {
	case AwaitingApproval, ChangesRequested, Approved:
		return c.Window.End
	}
	return time.Time{}
}

// mayEdit: requester, implementer and change manager.
func (c *Change) mayEdit(f Facts) error {
	if ok, why := f.Actor.CanDecide(); !ok && (f.Actor.ID != c.Requester || f.Actor.Bot || f.Actor.Deleted) {
		return Refusef("You can't edit %s: %s. Ask %s, who raised it.", c.ID, why, f.Name(c.Requester))
	}
	if c.carries(f.Actor.ID) || f.Holds(f.Actor.ID, RoleChangeManager) {
		return nil
	}
	return Refusef("Only %s, who raised %s, its implementer or a change manager can edit it. Ask one of them, or use the approval buttons to ask for changes.",
		f.Name(c.Requester), c.ID)
}

// carries reports whether the person raised the change or carries it out.
func (c *Change) carries(u UserID) bool { return u == c.Requester || u == c.Implementer }

// runs reports whether the person may say how the change goes on: those who
// carry it and change managers, as long as their account is in use.
func (c *Change) runs(f Facts) bool {
	return !f.Actor.Bot && !f.Actor.Deleted && (c.carries(f.Actor.ID) || f.Holds(f.Actor.ID, RoleChangeManager))
}
