package models

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// ChangeType says which path a change takes.
type ChangeType string

// The types of product language. Expedited is computed, not a type.
const (
	Standard  ChangeType = "standard"
	Normal    ChangeType = "normal"
	Emergency ChangeType = "emergency"
)

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
}

// Material is what an approval binds to: editing any of it after submission
// makes a new revision and voids the approvals given so far.
type Material struct {
	Type        ChangeType
	Environment Environment
	Services    []Slug // sorted, distinct
	Window      Window
	Plan        string
	Check       string // how success is checked
	Rollback    string // trigger, steps and time limit of going back
	Risk        RiskAnswers
	Release     ReleaseID
	Artifact    string
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
	State         State
	Revision      Revision // of the submitted content; "" in a draft
	SubmittedAt   time.Time
	LastEditor    UserID // who edited anything last
	Author        UserID // who edited the material fields last
	Assessment    Assessment
	PolicyVersion int
	PolicyRule    string // the rule that set the requirements
	Requirements  []Requirement
	Approvals     []Approval
	Asked         []Ask
	Reason        string // of the last reject, cancel, or request for changes
	StartedAt     time.Time
	FinishedAt    time.Time
	Outcome       Outcome
	OutcomeNote   string
	AsBuilt       string // the version that now runs
	Incident      string // reference of an incident that the change caused
	OutageMinutes int
	ReviewOwed    []string // why a post-implementation review is owed
	ReviewDue     time.Time
	Findings      string // the review, once recorded
	ClosedAt      time.Time

	events []Event
}

// Revision is the SHA-256 of a change's material fields, in hex: what an
// approval binds to.
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
	b, err := json.Marshal(m)
	if err != nil { // only unsupported types fail, and a test marshals every field
		panic(fmt.Sprintf("hash material fields: %v", err))
	}
	sum := sha256.Sum256(b)
	return Revision(hex.EncodeToString(sum[:]))
}

// Input is what a person filled in to raise or edit a change.
type Input struct {
	Title       string
	Services    []Slug
	Environment Environment
	Start, End  time.Time
	Plan        string
	Check       string
	Rollback    string
	Risk        RiskAnswers
	Background  string
	Implementer UserID
}

// InputOf is the form content of a change, for editing or raising it again.
func InputOf(c *Change) Input {
	return Input{
		Title: c.Title, Services: slices.Clone(c.Services), Environment: c.Environment,
		Start: c.Window.Start, End: c.Window.End, Plan: c.Plan, Check: c.Check,
		Rollback: c.Rollback, Risk: c.Risk, Background: c.Background, Implementer: c.Implementer,
	}
}

// apply writes the form into the change, in the form in which it is hashed.
func (in Input) apply(c *Change) {
	services := slices.Clone(in.Services)
	slices.Sort(services)
	c.Services = slices.Compact(services)
	if c.Type == "" {
		c.Type = Normal
	}
	c.Environment = in.Environment
	c.Window = NewWindow(in.Start, in.End)
	c.Plan, c.Check, c.Rollback = tidy(in.Plan), tidy(in.Check), tidy(in.Rollback)
	c.Risk = in.Risk
	c.Title, c.Background = strings.Join(strings.Fields(in.Title), " "), tidy(in.Background)
	if c.Implementer = in.Implementer; c.Implementer == "" {
		c.Implementer = c.Requester
	}
}

// tidy makes texts that look the same hash the same.
func tidy(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
}

// SaveDraft keeps what was typed, complete or not; only length limits and
// unknown services are refused.
func (c *Change) SaveDraft(in Input, f Facts) error {
	if c.State != "" && c.State != Draft {
		return Refusef("%s was submitted already, so it can't be saved as a draft. Edit it instead.", c.ID)
	}
	if err := c.mayEdit(f); err != nil {
		return err
	}
	if err := in.checkLengths(f).err("Your draft is not saved yet."); err != nil {
		return err
	}
	in.apply(c)
	if c.Title == "" {
		c.Title = "Untitled draft"
	}
	c.State, c.LastEditor, c.Author = Draft, f.Actor.ID, f.Actor.ID
	c.record(f, Event{Kind: EventDraftSaved, To: Draft})
	return nil
}

// Raise fills a new change and submits it in one step.
func (c *Change) Raise(in Input, f Facts) error {
	if c.State != "" && c.State != Draft {
		return Refusef("%s was submitted already. Edit it instead.", c.ID)
	}
	if err := c.mayEdit(f); err != nil {
		return err
	}
	if err := in.check(f); err != nil {
		return err
	}
	in.apply(c)
	if c.State == "" {
		c.State = Draft
	}
	c.LastEditor, c.Author = f.Actor.ID, f.Actor.ID
	return c.submit(EventSubmitted, nil, f)
}

// Submit sends a draft as it stands to its approvers.
func (c *Change) Submit(f Facts) error {
	if c.State != Draft {
		return Settledf("%s is not a draft any more: it is %s.", c.ID, lower(c.State))
	}
	return c.Raise(InputOf(c), f)
}

// Edit changes what was raised. In a draft it saves. Elsewhere a material
// edit makes a new revision: approvals are void, requirements are set anew
// and the change waits for approval again; a cosmetic one resets nothing.
// A change sent back for changes is resubmitted by the edit.
func (c *Change) Edit(in Input, f Facts) error {
	if c.State == Draft {
		return c.SaveDraft(in, f)
	}
	if !c.State.Editable() {
		return Refusef("%s is %s, so it can't be edited any more.", c.ID, lower(c.State))
	}
	if err := c.mayEdit(f); err != nil {
		return err
	}
	if err := in.check(f); err != nil {
		return err
	}
	before := *c
	in.apply(c)
	diff := DiffFields(&before, c, f)
	resubmit := c.State == ChangesRequested
	if len(diff) == 0 && !resubmit {
		return Settledf("Nothing in %s is different, so nothing was changed.", c.ID)
	}
	c.LastEditor = f.Actor.ID
	if !resubmit && c.Material.revision() == c.Revision {
		c.voidExcluded(f)
		c.record(f, Event{Kind: EventEdited, Diff: diff})
		return c.settle(f)
	}
	kind := EventRevised
	if resubmit {
		kind = EventResubmitted
	}
	return c.submit(kind, diff, f)
}

// submit sets the revision, its risk and its requirements, and asks.
func (c *Change) submit(kind EventKind, diff []FieldDiff, f Facts) error {
	c.Assessment = Assess(c.Material, f)
	rule, requirements, err := f.Policy.Requirements(c, f)
	if err != nil {
		return err
	}
	from := c.State
	if revision := c.Material.revision(); revision != c.Revision {
		c.voidAll("the content changed after it was given")
		c.Revision, c.Author = revision, f.Actor.ID
	}
	c.voidExcluded(f)
	c.PolicyVersion, c.PolicyRule, c.Requirements = f.Policy.Version, rule, requirements
	c.SubmittedAt, c.Reason = f.Now, ""
	if c.State != AwaitingApproval {
		if err := c.move(AwaitingApproval); err != nil {
			return err
		}
	}
	c.record(f, Event{Kind: kind, From: from, To: c.State, Diff: diff, Asked: c.ask(f)})
	return c.settle(f)
}

// settle moves the change to where its approvals put it: approved once every
// requirement is matched, back to waiting when one is missing again.
func (c *Change) settle(f Facts) error {
	met := c.Standing().Met()
	switch {
	case c.State == AwaitingApproval && met:
		from := c.State
		if err := c.move(Approved); err != nil {
			return err
		}
		c.record(f, Event{Kind: EventFullyApproved, From: from, To: Approved})
	case c.State == Approved && !met:
		from := c.State
		if err := c.move(AwaitingApproval); err != nil {
			return err
		}
		c.record(f, Event{Kind: EventReopened, From: from, To: AwaitingApproval, Asked: c.ask(f)})
	}
	return nil
}

// move takes one legal step; anything else is refused in words.
func (c *Change) move(to State) error {
	if !c.State.CanMove(to) {
		return Refusef("%s is %s; it can't become %s from there.", c.ID, lower(c.State), lower(to))
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

// Due is when something happens to the change by itself: an unstarted change
// expires when its window ends. Zero = nothing is due.
func (c *Change) Due() time.Time {
	switch c.State {
	case AwaitingApproval, ChangesRequested, Approved:
		return c.Window.End
	}
	return time.Time{}
}

// mayEdit: requester, implementer and change manager.
func (c *Change) mayEdit(f Facts) error {
	if ok, why := f.Actor.CanDecide(); !ok && f.Actor.ID != c.Requester {
		return Refusef("You can't edit %s: %s.", c.ID, why)
	}
	if c.carries(f.Actor.ID) || f.Holds(f.Actor.ID, RoleChangeManager) {
		return nil
	}
	return Refusef("Only %s, who raised %s, its implementer or a change manager can edit it. Ask one of them, or use the approval buttons to ask for changes.",
		f.Name(c.Requester), c.ID)
}

// carries reports whether the person raised the change or carries it out.
func (c *Change) carries(u UserID) bool { return u == c.Requester || u == c.Implementer }

// check is the whole form, for a submission.
func (in Input) check(f Facts) error {
	errs := in.checkLengths(f)
	if strings.TrimSpace(in.Title) == "" {
		errs.add(FieldTitle, "A title is needed: say in one line what will be different.")
	}
	if len(in.Services) == 0 {
		errs.add(FieldServices, "Choose at least one service, so that the change is recorded against it.")
	}
	if !slices.Contains(Environments, in.Environment) {
		errs.add(FieldEnvironment, "Choose the environment in which the change takes effect.")
	}
	in.checkWindow(errs, f.Now)
	for field, text := range map[Field]string{FieldPlan: in.Plan, FieldCheck: in.Check, FieldRollback: in.Rollback} {
		if tidy(text) == "" {
			errs.add(field, "%s", missingPlan[field])
		}
	}
	if p, known := f.People[in.Implementer]; known && in.Implementer != "" && (p.Deleted || p.Bot) {
		errs.add(FieldImplementer, "%s can't carry out a change: this account is deactivated or a bot. Choose another person.", f.Name(in.Implementer))
	}
	return errs.err("Nothing is saved yet: some answers need another look.")
}

var missingPlan = map[Field]string{
	FieldPlan:     "Say step by step what will be done.",
	FieldCheck:    "Say how you will see that it worked.",
	FieldRollback: "Say what makes you go back, how, and how long that takes.",
}

// lateStart is how long ago a start may lie when the form arrives: people
// choose "now" and then need a while to write the plan.
const lateStart = 15 * time.Minute

func (in Input) checkWindow(errs fieldErrors, now time.Time) {
	switch {
	case in.Start.IsZero():
		errs.add(FieldStart, "Choose when the work starts.")
	case in.End.IsZero():
		errs.add(FieldEnd, "Choose when the work is over.")
	case !in.End.After(in.Start):
		errs.add(FieldEnd, "The end has to be after the start.")
	case in.Start.Before(now.Add(-lateStart)):
		errs.add(FieldStart, "This start is in the past. Choose a start that is still to come.")
	case !in.End.After(now):
		errs.add(FieldEnd, "This end is in the past already.")
	case in.Start.After(now.AddDate(1, 0, 0)):
		errs.add(FieldStart, "This start is more than a year away. Check the year.")
	case in.End.Sub(in.Start) > maxWindow:
		errs.add(FieldEnd, "A window is at most 14 days long. Split longer work into several changes.")
	}
}

const maxWindow = 14 * 24 * time.Hour

// checkLengths holds for drafts too.
func (in Input) checkLengths(f Facts) fieldErrors {
	errs := fieldErrors{}
	for _, limit := range []struct {
		field Field
		text  string
		max   int
	}{
		{FieldTitle, in.Title, MaxTitle}, {FieldPlan, in.Plan, MaxPlan}, {FieldCheck, in.Check, MaxPlan},
		{FieldRollback, in.Rollback, MaxPlan}, {FieldBackground, in.Background, MaxPlan},
	} {
		if n := utf8.RuneCountInString(limit.text); n > limit.max {
			errs.add(limit.field, "This is %d letters long; at most %d fit. Nothing you typed is lost: shorten it and send again.", n, limit.max)
		}
	}
	for _, slug := range in.Services {
		switch s, known := f.Services[slug]; {
		case !known:
			errs.add(FieldServices, "There is no service %q. Choose one from the list, or ask an admin to add it.", string(slug))
		case s.Retired:
			errs.add(FieldServices, "%s is retired. Choose the service that replaced it.", s.Name)
		}
	}
	return errs
}

func lower(s State) string { return strings.ToLower(s.String()) }
