package models

import (
	"slices"
	"time"
)

// TemplateState is where a template stands in its life.
type TemplateState string

// The states of a template. An edit of an approved one leaves it where it is:
// its new version waits beside it (see Template.Proposal).
const (
	TemplateProposed  TemplateState = "proposed"  // no version of it was approved yet
	TemplateActive    TemplateState = "active"    // standard changes can be raised from it
	TemplateSuspended TemplateState = "suspended" // a run failed, or a change manager stopped it
	TemplateRetired   TemplateState = "retired"   // for good
)

// TemplateStates lists all of them, in the order of a life.
var TemplateStates = []TemplateState{TemplateProposed, TemplateActive, TemplateSuspended, TemplateRetired}

// templateMoves is the whole life of a template.
var templateMoves = map[TemplateState][]TemplateState{
	"":                {TemplateProposed, TemplateActive},
	TemplateProposed:  {TemplateActive, TemplateRetired},
	TemplateActive:    {TemplateSuspended, TemplateRetired},
	TemplateSuspended: {TemplateActive, TemplateRetired},
}

// CanMove reports whether the life of a template has a step from s to t.
func (s TemplateState) CanMove(t TemplateState) bool { return slices.Contains(templateMoves[s], t) }

// RecordTemplate is the kind of a template, in events and deliveries.
const RecordTemplate RecordKind = "template"

// What can happen to a template.
const (
	EventTemplateProposed   EventKind = "template_proposed" // a first or a new version waits for a change manager
	EventTemplateStored     EventKind = "template_stored"   // a version came from the templates file
	EventTemplateApproved   EventKind = "template_approved"
	EventTemplateDeclined   EventKind = "template_declined"
	EventTemplateSuspended  EventKind = "template_suspended"
	EventTemplateReinstated EventKind = "template_reinstated"
	EventTemplateRetired    EventKind = "template_retired"
)

// The fields of a template that a person fills in beside those of a change.
const (
	FieldName    Field = "name"
	FieldLength  Field = "length"
	FieldMaxRisk Field = "max_risk"
)

// CleanRunsWanted is how many clean runs of one change make it worth a
// template: three is the usual minimum of published policies.
const CleanRunsWanted = 3

// Template is a pre-approved recipe for standard changes.
type Template struct {
	Workspace  WorkspaceID
	ID         int64 // what events and deliveries refer to
	Name       Slug
	State      TemplateState
	Version    int // the one in force; 0 = none yet
	Recipe     Recipe
	Last       int       // the highest number given to a version, approved or not
	Proposal   *Proposal // the version that waits for a change manager; nil = none
	Origin     ChangeID  // root of the chain of changes it was saved from; 0 = none
	ApprovedBy UserID    // "" = it stands in the templates file
	ApprovedAt time.Time
	Reason     string   // of the last suspension, retirement or declining
	FailedRun  ChangeID // the run that suspended it; 0 = a person did

	events []Event
}

// Proposal is a version that waits for a change manager who is somebody else.
type Proposal struct {
	Version int
	Recipe  Recipe
	By      UserID
	At      time.Time
}

// TemplateVersion is one version as the templates file has it.
type TemplateVersion struct {
	Name    Slug
	Version int
	Recipe  Recipe
}

// Ref is how deliveries and events point at the template.
func (t *Template) Ref() RecordRef { return RecordRef{RecordTemplate, t.ID} }

// Events hands over what happened since the last call.
func (t *Template) Events() []Event {
	events := t.events
	t.events = nil
	return events
}

func (t *Template) record(f Facts, e Event) {
	e.Actor, e.At = f.Actor.ID, f.Now
	t.events = append(t.events, e)
}

// Title is what its versions are about; that of the proposal where nothing
// else was approved yet.
func (t *Template) Title() string { return t.Shown().Title }

// Shown is the recipe in force, or the one that waits for its first approval.
func (t *Template) Shown() Recipe {
	if t.Version == 0 && t.Proposal != nil {
		return t.Proposal.Recipe
	}
	return t.Recipe
}

// move takes one legal step.
func (t *Template) move(to TemplateState) error {
	if !t.State.CanMove(to) {
		return Settledf("The template %s is %s already, so nothing was changed.", t.Name, t.State)
	}
	t.State = to
	return nil
}

// Propose fills a new template from what people have done cleanly: anybody may
// propose, and a change manager who is somebody else approves. runs is how
// many clean runs the change it comes from has had.
func (t *Template) Propose(name Slug, recipe Recipe, from *Change, runs int, f Facts) error {
	if t.State != "" {
		return &Refusal{Text: "Nothing is saved yet: some answers need another look.", Fields: map[Field]string{
			FieldName: "There is a template of this name already. Choose another name, or propose an edit of that one."}}
	}
	if ok, why := f.Actor.CanDecide(); !ok {
		return Refusef("You can't propose a template: %s. Ask a colleague to propose it.", why)
	}
	if why := from.noTemplate(runs); why != "" {
		return Refusef("%s can't become a template: %s", from.ID, why)
	}
	if !ValidTemplateName(name) {
		return &Refusal{Text: "Nothing is saved yet: some answers need another look.", Fields: map[Field]string{
			FieldName: "A name is at most 40 small letters, digits and dashes, such as restart-workers."}}
	}
	recipe = recipe.tidy()
	if err := recipe.check(f); err != nil {
		return err
	}
	t.Name, t.Origin = name, from.Root()
	if err := t.move(TemplateProposed); err != nil {
		return err
	}
	t.propose(recipe, f)
	return nil
}

// propose puts a version beside the one in force; an earlier proposal gives way.
func (t *Template) propose(recipe Recipe, f Facts) {
	t.Last++
	t.Proposal = &Proposal{Version: t.Last, Recipe: recipe, By: f.Actor.ID, At: f.Now}
	t.record(f, Event{Kind: EventTemplateProposed, From: State(t.State), To: State(t.State), Reason: versionWords(t.Last),
		Diff: t.Recipe.diff(recipe, t.Version > 0, f)})
}

func versionWords(n int) string { return "version " + number(n) }

// Edit proposes another version. What is in force stays so until a change
// manager approves it. seen is the highest version that the editor knew.
func (t *Template) Edit(recipe Recipe, seen int, f Facts) error {
	if ok, why := f.Actor.CanDecide(); !ok {
		return Refusef("You can't edit the template %s: %s. Ask a colleague.", t.Name, why)
	}
	switch {
	case t.State == TemplateRetired:
		return Refusef("The template %s is retired, so it can't be edited. Save a clean change as a new template instead.", t.Name)
	case seen != t.Last:
		return Refusef("The template %s was edited after you opened it: there is a version %d now. Copy what you need, close the form and open it again.", t.Name, t.Last)
	}
	recipe = recipe.tidy()
	if err := recipe.check(f); err != nil {
		return err
	}
	base := t.Recipe
	if t.Proposal != nil {
		base = t.Proposal.Recipe
	}
	if recipe.equal(base) {
		return Settledf("Nothing in the template %s is different, so nothing was changed.", t.Name)
	}
	t.propose(recipe, f)
	return nil
}

// Approve puts the version that waits into force. Whoever proposed it can't.
func (t *Template) Approve(seen int, f Facts) error {
	if err := t.managed("approve", f); err != nil {
		return err
	}
	switch {
	case t.Proposal == nil && t.Version == seen:
		return Settledf("Version %d of the template %s is approved already, so nothing was recorded twice.", seen, t.Name)
	case t.Proposal == nil:
		return Settledf("No version of the template %s waits for approval any more. Nothing was recorded.", t.Name)
	case t.Proposal.Version != seen:
		return Refusef("The template %s was edited after you opened it: version %d waits now. Read that, then approve it.", t.Name, t.Proposal.Version)
	case t.Proposal.By == f.Actor.ID:
		return Refusef("You proposed version %d of the template %s, so another change manager must approve it.", seen, t.Name)
	}
	if err := t.Proposal.Recipe.check(f); err != nil {
		r, _ := AsRefusal(err)
		return Refusef("Version %d of the template %s can't be approved as it is: %s Edit it first.", seen, t.Name, r.sentences())
	}
	from := t.State
	if t.State != TemplateActive {
		if err := t.move(TemplateActive); err != nil {
			return err
		}
	}
	t.Version, t.Recipe, t.Proposal = t.Proposal.Version, t.Proposal.Recipe, nil
	t.ApprovedBy, t.ApprovedAt, t.Reason, t.FailedRun = f.Actor.ID, f.Now, "", 0
	t.record(f, Event{Kind: EventTemplateApproved, From: State(from), To: State(t.State), Reason: versionWords(t.Version)})
	return nil
}

// Decline turns the waiting version down. A template that never had another
// one is retired by it.
func (t *Template) Decline(reason string, seen int, f Facts) error {
	if err := t.managed("decline", f); err != nil {
		return err
	}
	switch {
	case t.Proposal == nil:
		return Settledf("No version of the template %s waits for approval any more. Nothing was recorded.", t.Name)
	case t.Proposal.Version != seen:
		return Refusef("The template %s was edited after you opened it: version %d waits now. Read that first.", t.Name, t.Proposal.Version)
	}
	reason, err := needReason(reason, "Say what should be different, so that the next proposal is better.")
	if err != nil {
		return err
	}
	from := t.State
	if t.State == TemplateProposed {
		if err := t.move(TemplateRetired); err != nil {
			return err
		}
		t.Recipe = t.Proposal.Recipe // so that the list can say what it was
	}
	t.Proposal, t.Reason = nil, reason
	t.record(f, Event{Kind: EventTemplateDeclined, From: State(from), To: State(t.State), Reason: reason})
	return nil
}

// Suspend stops new changes from the template until it is reinstated.
func (t *Template) Suspend(reason string, f Facts) error {
	if err := t.managed("suspend", f); err != nil {
		return err
	}
	reason, err := needReason(reason, "Say why nobody should use it for now.")
	if err != nil {
		return err
	}
	if t.State == TemplateProposed {
		return Refusef("The template %s is not approved yet, so there is nothing to suspend. Decline it instead.", t.Name)
	}
	return t.step(TemplateSuspended, EventTemplateSuspended, reason, 0, f)
}

// Reinstate lets changes be raised from a suspended template again.
func (t *Template) Reinstate(reason string, f Facts) error {
	if err := t.managed("reinstate", f); err != nil {
		return err
	}
	reason, err := needReason(reason, "Say what was found out, and why it is safe again.")
	if err != nil {
		return err
	}
	if t.State != TemplateSuspended {
		return Settledf("The template %s is %s, so there is nothing to reinstate.", t.Name, t.State)
	}
	if t.unserved(f) {
		return Refusef("Every service that the template %s covers is retired, so it would approve nothing. Bring a service back or retire the template.", t.Name)
	}
	return t.step(TemplateActive, EventTemplateReinstated, reason, 0, f)
}

// Retire ends the template for good.
func (t *Template) Retire(reason string, f Facts) error {
	if err := t.managed("retire", f); err != nil {
		return err
	}
	reason, err := needReason(reason, "Say why it is not used any more, and what is used instead.")
	if err != nil {
		return err
	}
	if t.Proposal != nil && t.Version == 0 {
		t.Recipe = t.Proposal.Recipe
	}
	if err := t.step(TemplateRetired, EventTemplateRetired, reason, 0, f); err != nil {
		return err
	}
	t.Proposal = nil
	return nil
}

// RunFailed suspends the template of a run that failed or was rolled back: the
// first one is enough. It does nothing when the template is not active.
func (t *Template) RunFailed(run *Change, why string, f Facts) {
	if t.State == TemplateActive && run.Template.Name == t.Name {
		_ = t.step(TemplateSuspended, EventTemplateSuspended, why, run.ID, f) // legal from active
	}
}

func (t *Template) step(to TemplateState, kind EventKind, reason string, run ChangeID, f Facts) error {
	from := t.State
	if err := t.move(to); err != nil {
		return err
	}
	t.Reason, t.FailedRun = reason, run
	t.record(f, Event{Kind: kind, From: State(from), To: State(to), Reason: reason})
	return nil
}

// Store takes a version over from the templates file, if its number is higher
// than any given so far, and reports whether it did. What stands in the file
// was agreed to where the file is kept. A suspended template stays so.
func (t *Template) Store(name Slug, version int, recipe Recipe, f Facts) (bool, error) {
	if version <= t.Last || t.State == TemplateRetired {
		return false, nil
	}
	recipe = recipe.tidy()
	if err := recipe.check(f); err != nil {
		r, _ := AsRefusal(err)
		return false, Refusef("%s", r.sentences())
	}
	from := t.State
	if t.State != TemplateActive && t.State != TemplateSuspended {
		if err := t.move(TemplateActive); err != nil {
			return false, err
		}
	}
	t.Name = name
	t.Version, t.Last, t.Recipe, t.Proposal = version, version, recipe, nil
	t.ApprovedBy, t.ApprovedAt = "", f.Now
	t.record(f, Event{Kind: EventTemplateStored, From: State(from), To: State(t.State), Reason: versionWords(version)})
	return true, nil
}

// managed: change managers look after templates.
func (t *Template) managed(what string, f Facts) error {
	if ok, why := f.Actor.CanDecide(); !ok {
		return Refusef("You can't %s the template %s: %s.", what, t.Name, why)
	}
	if !f.Holds(f.Actor.ID, RoleChangeManager) {
		return Refusef("Only a change manager can %s a template. %s", what, whoManages(f))
	}
	return f.Actor.confirmed(f.Now)
}

// whoManages names a change manager to turn to.
func whoManages(f Facts) string {
	for _, u := range f.Roles[RoleChangeManager] {
		if ok, _ := f.Person(u).CanDecide(); ok {
			return "Ask " + f.Name(u) + "."
		}
	}
	return "Nobody is change manager yet: ask an admin to name one."
}

// confirmed refuses a decision on facts that Slack did not confirm of late.
func (p Person) confirmed(now time.Time) error {
	if outdated(p.CheckedAt, now) {
		return Refusef("Gatehouse could not confirm with Slack in the last hour who you are, so nothing was recorded. It is asking now; press the button again in a minute.")
	}
	return nil
}

// TemplateDeliveries is who hears of what happened to a template, by DM: of a
// proposal the change managers who may approve it, of the answer whoever
// proposed it, of a suspension the change managers. Nobody hears of their own act.
func TemplateDeliveries(t *Template, proposer UserID, events []Event, f Facts) []Delivery {
	var out []Delivery
	for i, e := range events {
		var told []UserID
		switch e.Kind {
		case EventTemplateProposed, EventTemplateSuspended:
			told = slices.Clone(f.Roles[RoleChangeManager])
		case EventTemplateApproved, EventTemplateDeclined:
			told = []UserID{proposer}
		}
		for _, u := range distinct(told) {
			if p := f.People[u]; u != e.Actor && !p.Deleted && !p.Bot {
				out = append(out, Delivery{Kind: DeliverNote, Record: t.Ref(), User: u, Event: i,
					Key: "note/template/" + number64(t.ID) + "/" + string(e.Kind) + "/" + number64(e.At.UnixNano()) + "/" + string(u)})
			}
		}
	}
	return out
}
