package models

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Outcome is how the work ended.
type Outcome string

// The outcomes of an implemented change.
const (
	Successful           Outcome = "successful"
	SuccessfulWithIssues Outcome = "successful_with_issues"
	RolledBack           Outcome = "rolled_back"
	Failed               Outcome = "failed"
)

// Outcomes lists all of them, best first.
var Outcomes = []Outcome{Successful, SuccessfulWithIssues, RolledBack, Failed}

// String says the outcome in words.
func (o Outcome) String() string { return strings.ReplaceAll(string(o), "_", " ") }

// LowestPriority is that of the least severe incident which a completion names.
const LowestPriority = 3

// Completion is what the implementer reports when the work is over.
type Completion struct {
	Outcome       Outcome
	Note          string
	AsBuilt       string
	Incident      string
	Priority      int // of the incident, 1 to 3; 0 = none was caused
	OutageMinutes int
}

// Start begins the work: the implementer, inside the window, with a clear
// verdict. A refusal lists every reason and how to clear it.
func (c *Change) Start(seen Revision, f Facts) error {
	switch {
	case c.State == InProgress:
		return Settledf("%s is in progress already, so nothing more was recorded.", c.ID)
	case f.Actor.ID != c.Implementer || f.Actor.Bot:
		return Refusef("Only %s, who carries %s out, can start it. To carry it out yourself, have it edited to name you as implementer.",
			f.Name(c.Implementer), c.ID)
	case c.State == Approved && seen != c.Revision:
		return Refusef("%s was edited after you opened it, so it was not started. Read it again on its card, then start it.", c.ID)
	}
	if v := StartVerdict(c, f); !v.Clear() {
		return Refusef("%s can't start now. %s", c.ID, v.WordsFor(f))
	}
	from := c.State
	if err := c.move(InProgress); err != nil {
		return err
	}
	c.StartedAt = f.Now
	c.record(f, Event{Kind: EventStarted, From: from, To: InProgress})
	return nil
}

// Complete reports the outcome. Without a review owed the change closes.
func (c *Change) Complete(done Completion, f Facts) error {
	if c.State == Implemented || c.State == Closed {
		return Settledf("%s is completed already: %s. Nothing more was recorded.", c.ID, c.Outcome)
	}
	if c.State != InProgress {
		return Refusef("%s is %s, so there is nothing to complete. Only work that was started can be.", c.ID, c.phrase())
	}
	if err := c.MayReport(f); err != nil {
		return err
	}
	if err := done.check(); err != nil {
		return err
	}
	if err := c.move(Implemented); err != nil {
		return err
	}
	c.Outcome, c.OutcomeNote, c.AsBuilt = done.Outcome, tidy(done.Note), tidy(done.AsBuilt)
	c.Incident, c.IncidentPriority, c.OutageMinutes = tidy(done.Incident), done.Priority, done.OutageMinutes
	c.FinishedAt = f.Now
	c.record(f, Event{Kind: EventCompleted, From: InProgress, To: Implemented, Reason: c.OutcomeNote,
		Diff: []FieldDiff{{Field: "Outcome", After: c.Outcome.String()}}})
	c.oweReview(f)
	return c.closeIfDone(f)
}

// RollBack is always allowed: running work ends as rolled back, and the
// outcome of completed work may be corrected to it until the change is
// closed. Afterwards a rollback is a linked change of its own (see [RollbackOf]).
func (c *Change) RollBack(reason string, f Facts) error {
	switch c.State {
	case InProgress:
		return c.Complete(Completion{Outcome: RolledBack, Note: reason}, f)
	case Implemented:
		if c.Outcome == RolledBack {
			return Settledf("%s is recorded as rolled back already, so nothing was changed.", c.ID)
		}
	case Closed:
		return Refusef("%s is closed, so its outcome stays as it is. Roll back on its card raises a change that undoes it.", c.ID)
	default:
		return Refusef("%s is %s, so there is no work of it to roll back. Nothing was recorded.", c.ID, c.phrase())
	}
	if err := c.MayReport(f); err != nil {
		return err
	}
	reason, err := needReason(reason, "Say why it was rolled back.")
	if err != nil {
		return err
	}
	corrected := []FieldDiff{{"Outcome", c.Outcome.String(), RolledBack.String()}}
	if c.Findings != "" {
		c.ReviewDue = time.Time{} // another review is owed, from now on
	}
	c.Outcome, c.OutcomeNote, c.FinishedAt, c.Findings = RolledBack, reason, f.Now, "" // a review of the other outcome reviewed something else
	c.Reviewed = Judgement{}
	c.record(f, Event{Kind: EventOutcomeCorrected, From: Implemented, To: Implemented, Reason: reason, Diff: corrected})
	c.oweReview(f)
	return nil
}

// RollbackOf fills a new change that undoes a closed one. It needs no
// approval, may start at once, and owes a review.
func (c *Change) RollbackOf(original *Change, reason string, f Facts) error {
	switch {
	case original.State == InProgress || original.State == Implemented:
		return Refusef("%s is not closed yet, so no new change is needed. Use Roll back on its own card.", original.ID)
	case original.State != Closed:
		return Refusef("%s is %s, so there is no work of it to roll back. Nothing was recorded.", original.ID, original.State.phrase())
	case original.Identity.RollbackOf != 0:
		return Refusef("%s rolled %s back, and undoing that would put %[2]s in again without an approval. Raise %[2]s again instead.",
			original.ID, original.Identity.RollbackOf)
	case original.Outcome == RolledBack:
		return Refusef("%s was rolled back when it was carried out, so nothing of it is left to undo. Raise a new change if something still has to go.", original.ID)
	case !original.runs(f) && !isOwner(original, f):
		return Refusef("Only those who raised or carried out %s, an owner of its services or a change manager can roll it back. Ask %s.",
			original.ID, f.Name(original.Implementer))
	}
	if err := original.undoneBy(f); err != nil {
		return err
	}
	reason, err := needReason(reason, "Say why it has to be rolled back.")
	if err != nil {
		return err
	}
	in := InputOf(original)
	in.Type, in.Template, in.IncidentRef, in.WhyNow = Normal, "", "", "" // going back follows no template and is no emergency of its own
	in.Title, in.Implementer = clipRunes("Roll back "+original.ID.String()+": "+original.Title, MaxTitle), f.Actor.ID
	in.Start, in.End = f.Now, f.Now.Add(max(time.Hour, original.Window.Length()))
	in.Plan, in.Rollback, in.Background = original.Rollback, undoRollback, reason
	in.apply(c)
	c.Identity.RollbackOf = original.ID
	c.State, c.LastEditor, c.Author = Draft, f.Actor.ID, f.Actor.ID
	c.Assessment = Assess(c.Material, f)
	c.Revision, c.SubmittedAt = c.Material.revision(), f.Now
	c.PolicyVersion, c.PolicyRule = f.Policy.Version, "rolling back is always allowed"
	if err := c.move(Approved); err != nil {
		return err
	}
	c.Places = cardPlaces(c, f)
	c.record(f, Event{Kind: EventRollbackRaised, From: Draft, To: Approved, Reason: reason})
	return nil
}

// rollbackAhead is how long a rollback that nobody started keeps a second one
// from being raised: long enough that two people who press at once see each
// other, short enough that nobody is stopped by one who went away.
const rollbackAhead = 10 * time.Minute

// undoneBy points whoever rolls back a change to the rollback that undoes it
// already. One that failed, was given up or lies about unstarted stops nobody.
func (c *Change) undoneBy(f Facts) error {
	for _, r := range f.Around.Undoing {
		by := r.ID.String() + ", raised by " + f.Name(r.Requester) + ","
		switch {
		case r.State == InProgress:
			return Settledf("%s is rolling %s back already, so nothing more was raised. Its card shows how it goes.", by, c.ID)
		case r.State == Approved && f.Now.Before(r.CreatedAt.Add(rollbackAhead)):
			return Settledf("%s is there to roll %s back already, so nothing more was raised. If it isn't started within %s, use Roll back again.",
				by, c.ID, units(int(rollbackAhead.Minutes()), "minute"))
		case (r.State == Implemented || r.State == Closed) && (r.Outcome == Successful || r.Outcome == SuccessfulWithIssues):
			return Settledf("%s rolled %s back already, so nothing of it is left to undo. Raise a new change if something still has to go.", by, c.ID)
		}
	}
	return nil
}

// undoRollback stands where the rollback of a rollback would: there is none.
const undoRollback = "This change is itself a rollback. If it does not work, call the owners of the services; to put the change in again, raise it again."

// Cancel ends a change that was not started.
func (c *Change) Cancel(reason string, f Facts) error {
	if c.State.Final() {
		return Settledf("%s is %s already, so there is nothing to cancel.", c.ID, c.phrase())
	}
	if !c.runs(f) {
		return Refusef("Only %s, who raised %s, its implementer or a change manager can cancel it. Ask one of them.", f.Name(c.Requester), c.ID)
	}
	if !c.State.CanMove(Cancelled) {
		return Refusef("%s is %s. Work that has begun is completed or rolled back, not cancelled.", c.ID, c.phrase())
	}
	reason, err := needReason(reason, "Say why it is cancelled.")
	if err != nil {
		return err
	}
	from := c.State
	if err := c.move(Cancelled); err != nil {
		return err
	}
	c.Reason = reason
	c.record(f, Event{Kind: EventCancelled, From: from, To: Cancelled, Reason: reason})
	return nil
}

// Expire ends a change whose window passed without a start. Gatehouse does it
// by itself; calling it early or twice does nothing.
func (c *Change) Expire(f Facts) error {
	due := c.expiry()
	if due.IsZero() || f.Now.Before(due) {
		return nil
	}
	from := c.State
	if err := c.move(Expired); err != nil {
		return err
	}
	c.record(f, Event{Kind: EventExpired, From: from, To: Expired})
	return nil
}

// MayReport refuses those who don't say how work ended: it is implementer,
// requester and change manager who do.
func (c *Change) MayReport(f Facts) error {
	if c.runs(f) {
		return nil
	}
	return Refusef("Only %s, who carries %s out, its requester or a change manager can report on it. Tell one of them.", f.Name(c.Implementer), c.ID)
}

func (d Completion) check() error {
	errs := fieldErrors{}
	switch d.Outcome {
	case Successful:
	case SuccessfulWithIssues, RolledBack, Failed:
		if utf8.RuneCountInString(tidy(d.Note)) < 3 || blank(d.Note) {
			errs.add(FieldReason, "Say what happened: others will want to learn from it.")
		}
	default:
		errs.add(FieldOutcome, "Choose how it ended.")
	}
	if utf8.RuneCountInString(d.Note) > MaxReason {
		errs.add(FieldReason, "At most 1,000 letters fit. Nothing you typed is lost: shorten it and send again.")
	}
	if utf8.RuneCountInString(d.AsBuilt) > MaxTitle {
		errs.add(FieldAsBuilt, "At most %d letters fit.", MaxTitle)
	}
	if utf8.RuneCountInString(d.Incident) > MaxTitle {
		errs.add(FieldIncident, "At most %d letters fit: a number or a link.", MaxTitle)
	}
	switch named := !blank(d.Incident); {
	case d.Priority < 0 || d.Priority > LowestPriority, named && d.Priority == 0:
		errs.add(FieldPriority, "Choose how severe the incident is, P1 to P3.")
	case !named && d.Priority > 0:
		errs.add(FieldIncident, "Name the incident that was this severe, by number or link; or choose none.")
	}
	if d.OutageMinutes < 0 || d.OutageMinutes > 60*24*14 {
		errs.add(FieldOutageMinutes, "Give the outage in whole minutes, from 0 to 20160 (14 days).")
	}
	return errs.err("Nothing is recorded yet: some answers need another look.")
}

// ReviewWithin is how long a post-implementation review may take: two
// working days, in the implementer's zone.
const ReviewWithin = 2

// oweReview notes why a review is owed, once a reason.
func (c *Change) oweReview(f Facts) {
	var reasons []string
	if c.Type == Emergency {
		reasons = append(reasons, "emergency")
	}
	if c.Outcome == Failed || c.Outcome == RolledBack {
		reasons = append(reasons, c.Outcome.String())
	}
	if c.Incident != "" {
		reasons = append(reasons, "caused an incident")
	}
	if c.Assessment.Level == RiskHigh || c.Assessment.Level == RiskVeryHigh {
		reasons = append(reasons, c.Assessment.Level.String()+" risk")
	}
	if c.WasOverridden() {
		reasons = append(reasons, "overridden")
	}
	if c.Identity.RollbackOf != 0 {
		reasons = append(reasons, "rolls back "+c.Identity.RollbackOf.String())
	}
	reasons = append(reasons, c.Exceptions()...)
	c.ReviewOwed = reasons
	if len(reasons) > 0 && c.ReviewDue.IsZero() {
		c.ReviewDue = f.Settings.Hours.AddDays(f.People[c.Implementer], f.Now, ReviewWithin)
	}
}

func (c *Change) closeIfDone(f Facts) error {
	if c.State != Implemented || c.owesReview() || len(c.Debts()) > 0 {
		return nil
	}
	return c.close(f)
}

func (c *Change) close(f Facts) error {
	if err := c.move(Closed); err != nil {
		return err
	}
	c.ClosedAt = f.Now
	c.record(f, Event{Kind: EventClosed, From: Implemented, To: Closed})
	c.offerTemplate(f)
	return nil
}

func isOwner(c *Change, f Facts) bool {
	return !f.Actor.Bot && !f.Actor.Deleted && slices.Contains(owners(c, f), f.Actor.ID)
}

func clipRunes(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
