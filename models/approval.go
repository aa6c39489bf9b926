package models

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Decision is what a person decided about a revision.
type Decision string

// The decisions of an approver.
const (
	DecisionApprove Decision = "approve"
	DecisionReject  Decision = "reject"
	DecisionAsk     Decision = "ask_for_changes"
)

// Approval is one person's decision on one revision of one change.
type Approval struct {
	By       UserID
	Revision Revision
	Decision Decision
	Comment  string
	At       time.Time
	// Fits are the keys of the requirements that the person could fill when
	// they clicked: rights are checked then, and not again.
	Fits []string
	// Behalf is what they could fill in the place of others, then.
	Behalf []Behalf
	// Void says why the decision counts no more; "" = it counts.
	Void string
}

func (a Approval) counts(r Revision) bool {
	return a.Decision == DecisionApprove && a.Void == "" && a.Revision == r
}

// Excluded says why a person's decision on the change may never count, or "".
// It holds for admins too (segregation of duties).
func (c *Change) Excluded(u UserID) string {
	switch u {
	case c.Requester:
		return "you raised this change"
	case c.Implementer:
		return "you carry this change out"
	case c.LastEditor:
		return "you edited this change last"
	case c.Author:
		return "you wrote what this change says now"
	}
	return ""
}

// Approve records one person's yes to the revision they saw. The change is
// approved when every requirement of its policy is matched by distinct,
// eligible people. Requester, implementer and last editor never count. A
// click that comes too late is answered with what happened, never lost.
func (c *Change) Approve(seen Revision, f Facts) error {
	r, err := c.mayDecide(seen, f)
	if given, ok := c.decisionOf(f.Actor.ID); ok && given.counts(seen) && seen == c.Revision && (err != nil || within(r.keys(), given.keys())) {
		if why := c.alreadyGiven(); why != "" {
			return Settledf("You approved %s already, so nothing was recorded twice. %s", c.ID, why)
		}
	}
	if err != nil {
		return err
	}
	if v := PlanVerdict(c, f); !v.Clear() {
		return Refusef("%s can't be approved as it is planned, so nothing was recorded. %s", c.ID, v.WordsFor(f))
	}
	from := c.State
	c.decide(Approval{Decision: DecisionApprove, Fits: r.own, Behalf: r.behalf}, f)
	c.record(f, Event{Kind: EventApprovalGiven, From: from, To: from, Diff: append(c.behalfDiff(f), c.exceptionDiff(f)...)})
	return c.settle(f)
}

// within reports whether the person can fill nothing that they couldn't fill
// when they approved; else clicking again is worth recording.
func within(fits, given []string) bool {
	return !slices.ContainsFunc(fits, func(key string) bool { return !slices.Contains(given, key) })
}

// alreadyGiven says how it goes on for somebody whose approval counts.
func (c *Change) alreadyGiven() string {
	switch {
	case c.decidable():
		return "It still waits for " + c.Standing().Missing() + "."
	case c.State == Approved, c.State == InProgress:
		return "It is " + c.phrase() + "."
	}
	return ""
}

// Reject ends the change for good, with a reason.
func (c *Change) Reject(reason string, seen Revision, f Facts) error {
	if c.OwesApproval() {
		return c.refuseLater(reason, seen, f)
	}
	return c.turnDown(DecisionReject, Rejected, EventRejected, reason,
		"Say why you reject it, so that the requester knows what to do differently.", seen, f)
}

// AskForChanges sends the change back to its requester, with a comment.
func (c *Change) AskForChanges(comment string, seen Revision, f Facts) error {
	if c.OwesApproval() {
		return Refusef("The work on %s began before its approval, so its content can't change any more. Approve it, or reject it and say what should have been done.", c.ID)
	}
	return c.turnDown(DecisionAsk, ChangesRequested, EventChangesRequested, comment,
		"Say what should be different.", seen, f)
}

func (c *Change) turnDown(d Decision, to State, kind EventKind, reason, missing string, seen Revision, f Facts) error {
	r, err := c.mayDecide(seen, f)
	if err != nil {
		return err
	}
	reason, err = needReason(reason, missing)
	if err != nil {
		return err
	}
	from := c.State
	if err := c.move(to); err != nil {
		return err
	}
	c.Reason = reason
	c.decide(Approval{Decision: d, Comment: reason, Fits: r.own, Behalf: r.behalf}, f)
	c.record(f, Event{Kind: kind, From: from, To: to, Reason: reason, Diff: c.behalfDiff(f)})
	return nil
}

// Withdraw takes back one's own approval, until the work has started. Another
// person is asked in place of the one who withdrew.
func (c *Change) Withdraw(f Facts) error {
	i := slices.IndexFunc(c.Approvals, func(a Approval) bool { return a.By == f.Actor.ID && a.counts(c.Revision) })
	switch {
	case i < 0:
		return Settledf("You have no approval on %s that counts, so there is nothing to withdraw.", c.ID)
	case c.State.Final():
		return Settledf("%s is %s, so your approval has no effect any more. There is nothing to withdraw.", c.ID, c.phrase())
	case !c.State.Editable():
		return Refusef("%s is %s. An approval can be withdrawn only until the work starts; talk to %s.",
			c.ID, c.phrase(), f.Name(c.Implementer))
	case c.overdue(f.Now):
		return Settledf("The window of %s is over, so nothing was recorded: it expires now, and your approval has no effect any more.", c.ID)
	}
	c.Approvals[i].Void = "withdrawn"
	withdrawn := Event{Kind: EventApprovalWithdrawn, From: c.State, To: c.State}
	if c.State == AwaitingApproval {
		withdrawn.Asked = c.ask(f)
	}
	c.record(f, withdrawn)
	return c.settle(f)
}

// mayDecide checks content, state and rights, in the order in which a person
// would want to hear of them, and returns what they can fill.
func (c *Change) mayDecide(seen Revision, f Facts) (rights, error) {
	switch {
	case c.State == Draft:
		return rights{}, Refusef("%s is still a draft, so there is nothing to decide yet. You can decide once it is submitted.", c.ID)
	case !c.decidable():
		return rights{}, Settledf("%s", c.whatHappened(f))
	case c.overdue(f.Now):
		return rights{}, Settledf("The window of %s is over, so nothing was recorded: it expires now. Its requester can raise it again with a new window.", c.ID)
	case seen != c.Revision:
		return rights{}, Refusef("%s was edited after you opened it, so nothing was recorded. The card shows it as it is now; look again and decide on that.", c.ID)
	}
	if why := c.Excluded(f.Actor.ID); why != "" {
		return rights{}, Refusef("%s, so someone else must decide on it. %s waits for %s.", upperFirst(why), c.ID, c.Standing().Missing())
	}
	if ok, why := f.Actor.CanDecide(); !ok {
		return rights{}, Refusef("Your decision on %s can't count: %s. It waits for %s.", c.ID, why, c.Standing().Missing())
	}
	if err := c.freshEnough(f); err != nil {
		return rights{}, err
	}
	r := c.rightsOf(f.Actor, f)
	if r.none() {
		return rights{}, Refusef("Your decision on %s can't count: %s. It waits for %s.", c.ID, c.NoRight(f.Actor.ID, f), c.Standing().Missing())
	}
	return r, nil
}

// NoRight says why somebody who may decide in general has no right here, "" when
// they have: most often they never had one, but it may have ended after they
// were asked.
func (c *Change) NoRight(u UserID, f Facts) string {
	if !c.rightsOf(f.Person(u), f).none() {
		return ""
	}
	for _, r := range c.Requirements {
		for _, holder := range c.holders(r, f) {
			switch away := f.Person(holder).Own.Away; {
			case c.StandIn(holder, f) == u && c.spokenFor(holder, u):
				return f.Name(holder) + ", in whose place you stand, has been spoken for already"
			case away.Delegate == u && !f.Now.Before(away.Until):
				return "you stood in for " + f.Name(holder) + ", and that has ended"
			case away.Delegate == u && f.Now.Before(away.From):
				return "you stand in for " + f.Name(holder) + ", but that has not begun yet"
			}
		}
	}
	if slices.ContainsFunc(c.Asked, func(a Ask) bool { return a.User == u }) {
		return "you were asked for it, but you no longer hold a role that its policy names, or stand in for somebody who does"
	}
	return "you are none of those whom its policy names"
}

// freshEnough refuses on facts that Slack has not confirmed within the hour.
func (c *Change) freshEnough(f Facts) error {
	if outdated(f.Actor.CheckedAt, f.Now) {
		return &Refusal{Refresh: true, Text: "Gatehouse could not confirm with Slack in the last hour who you are, so nothing was recorded. It is asking now; press the button again in a minute."}
	}
	who := f.Actor.ID
	if r := c.rightsOf(f.Actor, f); len(r.own) == 0 && len(r.behalf) > 0 {
		who = r.behalf[0].For
	}
	if group := c.staleGroup(who, f); group != "" {
		return &Refusal{Refresh: true, Text: "Gatehouse could not confirm with Slack in the last hour who belongs to " + group + ", so nothing was recorded. It is asking now; press the button again in a minute."}
	}
	return nil
}

// exceptionDiff names the hard freezes from which an emergency's approval is
// the exception.
func (c *Change) exceptionDiff(f Facts) []FieldDiff {
	if c.Type != Emergency {
		return nil
	}
	var out []FieldDiff
	for _, x := range c.meets(f, planning) {
		if x.Freeze.strict() {
			out = append(out, FieldDiff{Field: "Exception to", After: x.Freeze.ID.String() + " (" + clipRunes(x.Freeze.Name, 60) + ")"})
		}
	}
	return out
}

// behalfDiff notes in whose place the actor's decision was given: where it
// fills a requirement, else whoever gave them the right.
func (c *Change) behalfDiff(f Facts) []FieldDiff {
	given, _ := c.decisionOf(f.Actor.ID)
	who := given.OnBehalf()
	for _, slot := range c.Standing().Slots {
		if slot.By == f.Actor.ID {
			who = slot.For
		}
	}
	if who == "" {
		return nil
	}
	return []FieldDiff{{Field: "On behalf of", After: f.Name(who)}}
}

// overdue reports whether the change is about to expire: its window passed
// without a start, and the job that says so has not come by yet.
func (c *Change) overdue(now time.Time) bool {
	due := c.expiry()
	return !due.IsZero() && !now.Before(due)
}

// whatHappened answers a click that came after the matter was decided.
func (c *Change) whatHappened(f Facts) string {
	switch afterwards := c.Retrospective && !c.State.Final(); {
	case afterwards && c.RetroRefused:
		no := c.refusedLater()
		return upperFirst(f.Name(no.By)) + " has answered for " + c.ID.String() + " already: its work should not have begun before its approval. Reason: " + stop(no.Comment)
	case afterwards && !c.RetroApprovedAt.IsZero():
		return c.ID.String() + " has the approval that it owed already: " + c.Standing().Given(f) + ". Nothing more to do."
	}
	switch c.State {
	case Approved:
		return c.ID.String() + " has all the approvals it needs already: " + c.Standing().Given(f) + ". Nothing more to do."
	case ChangesRequested:
		return c.ID.String() + " went back to " + f.Name(c.Requester) + " for changes. You can decide again when it is resubmitted."
	case Rejected, Cancelled:
		return c.ID.String() + " was " + c.phrase() + " already. Reason: " + stop(c.Reason)
	}
	return c.ID.String() + " is " + c.phrase() + " already, so there is nothing to decide any more."
}

// decide adds a decision; an earlier one of the same person gives way.
func (c *Change) decide(a Approval, f Facts) {
	for i := range c.Approvals {
		if c.Approvals[i].By == f.Actor.ID && c.Approvals[i].Void == "" {
			c.Approvals[i].Void = "replaced by a later decision"
		}
	}
	c.inPerson(f.Actor.ID)
	a.By, a.Revision, a.At = f.Actor.ID, c.Revision, f.Now
	c.Approvals = append(c.Approvals, a)
}

// decisionOf is the person's decision that stands.
func (c *Change) decisionOf(u UserID) (Approval, bool) {
	i := slices.IndexFunc(c.Approvals, func(a Approval) bool { return a.By == u && a.Void == "" })
	if i < 0 {
		return Approval{}, false
	}
	return c.Approvals[i], true
}

// voidAll is what a material edit does to every decision so far.
func (c *Change) voidAll(why string) {
	for i := range c.Approvals {
		if c.Approvals[i].Void == "" {
			c.Approvals[i].Void = why
		}
	}
}

// voidExcluded voids the decisions of people who have since become
// implementer or last editor.
func (c *Change) voidExcluded() {
	for i := range c.Approvals {
		if c.Approvals[i].Void == "" && c.Excluded(c.Approvals[i].By) != "" {
			c.Approvals[i].Void = "given by someone who now carries out or last edited the change"
		}
	}
}

// Counting lists the approvals that count for the current revision.
func (c *Change) Counting() []Approval {
	var out []Approval
	for _, a := range c.Approvals {
		if a.counts(c.Revision) {
			out = append(out, a)
		}
	}
	return out
}

// needReason checks a text that the process insists on.
func needReason(s, missing string) (string, error) {
	if text := missingReason(s, missing); text != "" {
		return "", &Refusal{Text: "Nothing is recorded yet: a reason is needed.", Fields: map[Field]string{FieldReason: text}}
	}
	return tidy(s), nil
}

// missingReason says what is wrong with a reason, "" for nothing.
func missingReason(s, missing string) string {
	s = tidy(s)
	switch n := utf8.RuneCountInString(s); {
	case n < 3 || blank(s):
		return missing
	case n > MaxReason:
		return "At most 1,000 letters fit. Nothing you typed is lost: shorten it and send again."
	}
	return ""
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
