package models

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// EscalateAfter is how long somebody who was asked about an emergency has
// before the next person is asked as well.
const EscalateAfter = 10 * time.Minute

// What can happen to an emergency beside what happens to any change.
const (
	EventAskedNext      EventKind = "asked_next"          // nobody answered, so the next person is asked
	EventNobodyLeft     EventKind = "nobody_left"         // everybody who could approve was asked
	EventApprovedLater  EventKind = "approved_afterwards" // work that began without its approval has it now
	EventRefusedLater   EventKind = "refused_afterwards"
	EventIncidentLinked EventKind = "incident_linked"
)

// StartNow begins an emergency that cannot wait: its approval is owed within
// 24 hours and binds to what was started. The implementer says why.
func (c *Change) StartNow(reason string, seen Revision, f Facts) error {
	switch {
	case c.State == InProgress:
		return Settledf("%s is in progress already, so nothing more was recorded.", c.ID)
	case c.State == Approved:
		return Settledf("%s is approved meanwhile, so it needs no start ahead of its approval. Use Start on its card.", c.ID)
	case c.Type != Emergency:
		return Refusef("Only an emergency can start before it is approved, and %s is a %s change. Ask for its approvals; if something is broken now, raise an emergency.", c.ID, c.Type)
	case c.State != Draft && c.State != AwaitingApproval:
		return Refusef("%s is %s, so it can't start. Raise a new emergency if something is still broken.", c.ID, c.phrase())
	case f.Actor.ID != c.Implementer || f.Actor.Bot || f.Actor.Deleted:
		return Refusef("Only %s, who carries %s out, can start it. To carry it out yourself, have it edited to name you as implementer.",
			f.Name(c.Implementer), c.ID)
	case c.State == AwaitingApproval && seen != c.Revision:
		return Refusef("%s was edited after you opened it, so it was not started. Read it again on its card, then start it.", c.ID)
	case c.OnHold():
		return Refusef("%s is on hold by %s, so it can't start: %s Ask a change manager to lift that.", c.ID, f.Name(c.Held.By), stop(c.Held.Reason))
	case c.overdue(f.Now):
		return Settledf("The window of %s is over, so it was not started: it expires now. Raise a new emergency if something is still broken.", c.ID)
	}
	reason, err := needReason(reason, "Say why the work can't wait for an approval.")
	if err != nil {
		return err
	}
	return c.try(func(next *Change) error {
		from := c.State
		if from == Draft {
			if err := next.settleContent(f); err != nil {
				return err
			}
		}
		if err := next.move(InProgress); err != nil {
			return err
		}
		next.Retrospective, next.RetroReason, next.StartedAt = true, reason, f.Now
		next.record(f, Event{Kind: EventStarted, From: from, To: InProgress, Reason: reason, Asked: next.ask(f)})
		next.noteShort(f)
		return nil
	})
}

// settleContent makes a draft's content the one that is approved later: the
// work begins now, and a missing incident is owed.
func (c *Change) settleContent(f Facts) error {
	in := InputOf(c)
	in.Start, in.End = f.Now, f.Now.Add(max(time.Hour, min(c.Window.Length(), MaxWindow)))
	if err := in.check(c, f); err != nil {
		r, ok := AsRefusal(err)
		if ok {
			delete(r.Fields, FieldIncidentRef)
		}
		if !ok || len(r.Fields) > 0 {
			return &Refusal{Text: c.ID.String() + " is not started yet. " + r.sentences() + " Edit it, then start it."}
		}
	}
	before := *c
	in.apply(c)
	c.take(in, &before, f)
	c.planned(&before, f)
	c.assess(f)
	rule, requirements, err := f.Policy.Requirements(c, f)
	if err != nil {
		return err
	}
	c.credit(&before, f)
	c.Revision, c.Requirements = c.Material.revision(), requirements
	c.PolicyVersion, c.PolicyRule = f.Policy.Version, rule
	c.SubmittedAt, c.Reason = f.Now, ""
	c.Places = cardPlaces(c, f)
	return nil
}

// OwesApproval reports whether the work began without its approval, and those
// who owe it have not decided yet.
func (c *Change) OwesApproval() bool {
	return c.Retrospective && (c.State == InProgress || c.State == Implemented) &&
		c.RetroApprovedAt.IsZero() && !c.RetroRefused
}

// decidable reports whether the change wants decisions now.
func (c *Change) decidable() bool { return c.State == AwaitingApproval || c.OwesApproval() }

func (c *Change) approvalDue() time.Time { return c.StartedAt.Add(OweWithin) }

// ApprovedLate is by how much the approval afterwards came too late; 0 = in time.
func (c *Change) ApprovedLate() time.Duration {
	if c.RetroApprovedAt.IsZero() {
		return 0
	}
	return max(0, c.RetroApprovedAt.Sub(c.approvalDue()))
}

// approveLater notes that the approval owed is there.
func (c *Change) approveLater(f Facts) error {
	c.RetroApprovedAt = f.Now
	e := Event{Kind: EventApprovedLater, From: c.State, To: c.State, Reason: c.notMet()}
	if late := c.ApprovedLate(); late > 0 {
		e.Reason = "late by " + span(late)
	}
	c.record(f, e)
	return c.closeIfDone(f)
}

// refuseLater records that the work should not have been started. It undoes
// nothing: the implementer hears of it, and the review has to answer it.
func (c *Change) refuseLater(reason string, seen Revision, f Facts) error {
	r, err := c.mayDecide(seen, f)
	if err != nil {
		return err
	}
	reason, err = needReason(reason, "Say what should have been done instead.")
	if err != nil {
		return err
	}
	c.decide(Approval{Decision: DecisionReject, Comment: reason, Fits: r.own, Behalf: r.behalf}, f)
	c.RetroRefused = true
	c.record(f, Event{Kind: EventRefusedLater, From: c.State, To: c.State, Reason: reason, Diff: c.behalfDiff(f)})
	return c.closeIfDone(f)
}

// refusedLater is the decision by which it was said that the work should not
// have begun; zero when nobody said so.
func (c *Change) refusedLater() Approval {
	for _, a := range slices.Backward(c.Approvals) {
		if c.RetroRefused && a.Decision == DecisionReject {
			return a
		}
	}
	return Approval{}
}

// RepairedIncident is the incident that an emergency repairs, "" while it is owed.
func (c *Change) RepairedIncident() string {
	if c.IncidentRef != "" {
		return c.IncidentRef
	}
	return c.LinkedIncident
}

// LinkIncident pays the debt of an emergency that began before its incident
// had a number.
func (c *Change) LinkIncident(ref string, f Facts) error {
	switch {
	case c.RepairedIncident() != "":
		return Settledf("%s names its incident already: %s. Nothing was changed.", c.ID, c.RepairedIncident())
	case c.Type != Emergency || c.State != InProgress && c.State != Implemented:
		return Refusef("%s is %s and owes no incident. Nothing was recorded.", c.ID, c.phrase())
	}
	if err := c.MayReport(f); err != nil {
		return err
	}
	ref = oneLine(ref)
	if why := badIncident(ref); why != "" {
		return &Refusal{Text: "Nothing is recorded yet: the incident is needed.", Fields: map[Field]string{FieldIncidentRef: why}}
	}
	c.LinkedIncident = ref
	c.record(f, Event{Kind: EventIncidentLinked, From: c.State, To: c.State, Reason: ref})
	return c.closeIfDone(f)
}

// badIncident says what is wrong with an incident reference, "" for nothing.
func badIncident(ref string) string {
	switch n := utf8.RuneCountInString(ref); {
	case n == 0 || blank(ref):
		return "An emergency names what it repairs: an incident number or a link, such as INC-482."
	case n > MaxTitle:
		return "At most 120 letters fit: a number or a link."
	case n < 3 || slices.Contains(nothings, strings.ToLower(ref)):
		return "This names no incident. Give its number or a link, such as INC-482."
	}
	return ""
}

// nothings are answers that say that there is none.
var nothings = []string{"n/a", "none", "tbd", "tbc", "n.a.", "nil", "null", "nothing", "unknown", "not yet", "soon", "xxx", "???", "---"}

// nextAsk is when the next person is asked about an emergency that waits;
// zero = nobody is to be asked by itself.
func (c *Change) nextAsk() time.Time {
	if c.Type != Emergency || c.AskedAll || !c.decidable() || c.Standing().Met() {
		return time.Time{}
	}
	since := c.SubmittedAt
	if c.StartedAt.After(since) {
		since = c.StartedAt
	}
	asked := false
	for _, a := range c.Asked {
		if a.At.After(since) {
			since = a.At
		}
		asked = true
	}
	if !asked {
		return since // nobody is there to wait for
	}
	return since.Add(EscalateAfter)
}

// Escalate asks the next person when those asked have not answered in time.
// Gatehouse does it by itself; calling it early does nothing. Once nobody is
// left, requester and change managers hear of it, once.
func (c *Change) Escalate(f Facts) error {
	due := c.nextAsk()
	if due.IsZero() || f.Now.Before(due) {
		return nil
	}
	able, waiting := c.able(f), c.waitingFor(f)
	for _, next := range c.candidates(able, waiting, f) {
		if !c.seatGiven(able).place(next.user, able[next.user]) {
			continue
		}
		c.Asked = append(c.Asked, Ask{User: next.user, Revision: c.Revision, At: f.Now, NotBefore: f.Now})
		c.record(f, Event{Kind: EventAskedNext, From: c.State, To: c.State, Asked: []UserID{next.user}})
		return nil
	}
	c.AskedAll = true
	c.record(f, Event{Kind: EventNobodyLeft, From: c.State, To: c.State})
	return nil
}

// Elapse does what has fallen due by itself, and nothing before its time.
func (c *Change) Elapse(f Facts) error {
	if !c.overdue(f.Now) { // nobody is asked about what expires this minute
		if err := c.Escalate(f); err != nil {
			return err
		}
		if err := c.thaw(f); err != nil {
			return err
		}
		if err := c.lapse(f); err != nil {
			return err
		}
	}
	return c.Expire(f)
}
