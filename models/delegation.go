package models

import (
	"slices"
	"time"
)

// What can happen when people stand in for each other.
const (
	EventDelegated EventKind = "delegated"             // one decision was handed on
	EventTakenBack EventKind = "delegation_taken_back" // … and taken back
	EventAsksMoved EventKind = "asks_moved"            // an absence began or ended, so others are asked
)

// FieldDelegate is who decides in somebody's place.
const FieldDelegate Field = "delegate"

// Delegation hands one person's decision on one change to another. It ends
// with the decision, and whoever gave it may still decide in person.
type Delegation struct {
	From, To UserID
	At       time.Time
}

// Absence is a time in which a person is not asked; a delegate, if there is
// one, is asked and decides in their place. Until is the first moment after it.
type Absence struct {
	From     time.Time `json:",omitzero"`
	Until    time.Time `json:",omitzero"`
	Delegate UserID    `json:",omitzero"`
}

// Now reports whether the absence holds at t: from its beginning to just
// before its end.
func (a Absence) Now(t time.Time) bool { return !t.Before(a.From) && t.Before(a.Until) }

// Behalf is what a person may fill in the place of another: never more than
// that person could fill in person.
type Behalf struct {
	For  UserID
	Fits []string
}

// rights are what one person could fill on a change at this moment: in their
// own right, and in the place of others.
type rights struct {
	own    []string
	behalf []Behalf
}

func (r rights) none() bool { return len(r.own) == 0 && len(r.behalf) == 0 }

func (r rights) keys() []string { return keysOf(r.own, r.behalf) }

func keysOf(own []string, behalf []Behalf) []string {
	keys := slices.Clone(own)
	for _, b := range behalf {
		keys = append(keys, b.Fits...)
	}
	return keys
}

// keys are all the requirements that the approval could fill.
func (a Approval) keys() []string { return keysOf(a.Fits, a.Behalf) }

// rightsOf are the person's rights. Nobody stands in for those who may never
// decide on the change, or whose account is closed; a right that was used
// already, in person or by another delegate, is used once only; and what was
// handed on is not handed on again.
func (c *Change) rightsOf(p Person, f Facts) rights {
	out := rights{own: c.fits(p, f)}
	for _, r := range c.Requirements {
		for _, u := range c.eligible(r, f) {
			if u != p.ID && c.StandIn(u, f) == p.ID && !c.spokenFor(u, p.ID) {
				out.add(u, r.Key)
			}
		}
	}
	return out
}

func (r *rights) add(u UserID, key string) {
	i := slices.IndexFunc(r.behalf, func(b Behalf) bool { return b.For == u })
	if i < 0 {
		r.behalf = append(r.behalf, Behalf{For: u})
		i = len(r.behalf) - 1
	}
	if !slices.Contains(r.behalf[i].Fits, key) {
		r.behalf[i].Fits = append(r.behalf[i].Fits, key)
	}
}

// StandIn is who decides on the change in the person's place now, and could:
// the one they chose for this change, else their delegate while they are away.
func (c *Change) StandIn(u UserID, f Facts) UserID {
	to := f.Person(u).standIn(f.Now)
	for _, d := range c.Delegations {
		if d.From == u {
			to = d.To
		}
	}
	if ok, _ := f.Person(to).CanDecide(); to == "" || to == u || !ok || c.Excluded(to) != "" {
		return ""
	}
	return to
}

// StandsInFor are those in whose place the person may decide on the change now.
func (c *Change) StandsInFor(u UserID, f Facts) []UserID {
	var out []UserID
	for _, b := range c.rightsOf(f.Person(u), f).behalf {
		out = append(out, b.For)
	}
	return out
}

// standIn is the delegate of somebody who is away.
func (p Person) standIn(now time.Time) UserID {
	if p.Own.Away.Now(now) {
		return p.Own.Away.Delegate
	}
	return ""
}

// spokenFor reports whether the person's approval of this revision is there
// already, given in person or by somebody other than by.
func (c *Change) spokenFor(u, by UserID) bool {
	return slices.ContainsFunc(c.Approvals, func(a Approval) bool {
		if !a.counts(c.Revision) || a.By == by {
			return false
		}
		return a.By == u || slices.ContainsFunc(a.Behalf, func(b Behalf) bool { return b.For == u })
	})
}

// inPerson takes the decider's own right back from those who used it in their
// place: it counts once.
func (c *Change) inPerson(u UserID) {
	for i := range c.Approvals {
		a := &c.Approvals[i]
		if a.Void != "" || a.By == u || !slices.ContainsFunc(a.Behalf, func(b Behalf) bool { return b.For == u }) {
			continue
		}
		a.Behalf = slices.DeleteFunc(slices.Clone(a.Behalf), func(b Behalf) bool { return b.For == u })
		if len(a.keys()) == 0 {
			a.Void = "the person it was given for decided in person"
		}
	}
}

// OnBehalf is the person in whose place somebody decided who had no right of
// their own to it, "" when they had.
func (a Approval) OnBehalf() UserID {
	if len(a.Fits) > 0 || len(a.Behalf) == 0 {
		return ""
	}
	return a.Behalf[0].For
}

// Delegate hands the actor's decision on this change to somebody else, who is
// asked at once. Choosing oneself takes it back. Neither requester,
// implementer nor last editor hands anything on, or is handed anything.
func (c *Change) Delegate(to UserID, f Facts) error {
	if err := c.mayDelegate(f); err != nil {
		return err
	}
	had := c.delegationOf(f.Actor.ID)
	if to == f.Actor.ID && had != "" {
		c.Delegations = slices.DeleteFunc(slices.Clone(c.Delegations), func(d Delegation) bool { return d.From == to })
		c.record(f, Event{Kind: EventTakenBack, From: c.State, To: c.State, Diff: []FieldDiff{{Field: "Delegate", Before: f.Name(had)}}})
		return nil
	}
	if err := c.spokenAlready(f); err != nil {
		return err
	}
	if why := c.badDelegate(to, f); why != "" {
		return &Refusal{Text: "Nothing is handed on yet.", Fields: map[Field]string{FieldDelegate: why}}
	}
	if had == to {
		return Settledf("%s decides on %s in your place already, so nothing was changed.", f.Name(to), c.ID)
	}
	c.Delegations = append(slices.DeleteFunc(slices.Clone(c.Delegations), func(d Delegation) bool { return d.From == f.Actor.ID }),
		Delegation{From: f.Actor.ID, To: to, At: f.Now})
	c.record(f, Event{Kind: EventDelegated, From: c.State, To: c.State, Asked: c.askStandIn(to, f),
		Diff: []FieldDiff{{Field: "Delegate", Before: nameOrNone(had, f), After: f.Name(to)}}})
	return nil
}

func nameOrNone(u UserID, f Facts) string {
	if u == "" {
		return ""
	}
	return f.Name(u)
}

// delegationOf is to whom the person handed their decision on this change.
func (c *Change) delegationOf(u UserID) UserID {
	for _, d := range c.Delegations {
		if d.From == u {
			return d.To
		}
	}
	return ""
}

// mayDelegate: whoever could decide in their own right, and has not yet.
func (c *Change) mayDelegate(f Facts) error {
	switch {
	case c.State == Draft:
		return Refusef("%s is still a draft, so there is no decision to hand on yet.", c.ID)
	case !c.decidable():
		return Settledf("%s", c.whatHappened(f))
	case c.overdue(f.Now):
		return Settledf("The window of %s is over, so nothing was handed on: it expires now.", c.ID)
	}
	if why := c.Excluded(f.Actor.ID); why != "" {
		return Refusef("%s, so there is no decision of yours on %s to hand on. It waits for %s.", upperFirst(why), c.ID, c.Standing().Missing())
	}
	if ok, why := f.Actor.CanDecide(); !ok {
		return Refusef("You can't hand on a decision on %s: %s. It waits for %s.", c.ID, why, c.Standing().Missing())
	}
	if err := c.freshEnough(f); err != nil {
		return err
	}
	r := c.rightsOf(f.Actor, f)
	if given, ok := c.decisionOf(f.Actor.ID); ok && given.counts(c.Revision) && len(r.own) > 0 {
		return Settledf("You approved %s already, so there is nothing to hand on. Withdraw your approval first if somebody else should decide.", c.ID)
	}
	switch {
	case len(r.own) > 0 && c.delegationOf(f.Actor.ID) == "":
		return c.spokenAlready(f)
	case len(r.own) > 0:
		return nil // what was handed on can be taken back at any time
	case len(r.behalf) > 0:
		return Refusef("You decide on %s in the place of %s, and what was handed on can't be handed on again. Decide, or ask %[2]s to choose somebody else.", c.ID, f.Name(r.behalf[0].For))
	}
	return Refusef("You are none of those whom the policy of %s names, so you have no decision to hand on. It waits for %s.", c.ID, c.Standing().Missing())
}

// spokenAlready refuses to hand on a right that somebody used in the actor's
// place: whoever got it now would be asked, and could not decide.
func (c *Change) spokenAlready(f Facts) error {
	for _, a := range c.Counting() {
		if a.By != f.Actor.ID && slices.ContainsFunc(a.Behalf, func(b Behalf) bool { return b.For == f.Actor.ID }) {
			return Settledf("%s approved %s in your place already, so there is nothing to hand on. You can still decide in person.", upperFirst(f.Name(a.By)), c.ID)
		}
	}
	return nil
}

// badDelegate says why a person can't decide in another's place, "" if they can.
func (c *Change) badDelegate(to UserID, f Facts) string {
	switch {
	case to == "":
		return "Choose who decides in your place."
	case to == f.Actor.ID:
		return "Choose somebody else: it is your decision already."
	case c.Excluded(to) != "":
		return f.Name(to) + " can't decide on this change: requester, implementer and last editor never do. Choose somebody else."
	}
	if ok, _ := f.Person(to).CanDecide(); !ok {
		return f.Name(to) + " can't decide on changes: bots, guests and closed accounts never do. Choose somebody else."
	}
	return ""
}

// askStandIn asks the delegate, unless they are being asked already.
func (c *Change) askStandIn(to UserID, f Facts) []UserID {
	if slices.Contains(c.waitingFor(f), to) || c.Standing().Met() {
		return nil
	}
	c.Asked = append(c.Asked, Ask{User: to, Revision: c.Revision, At: f.Now, NotBefore: c.askNotBefore(to, f)})
	return []UserID{to}
}

// MoveAsks asks whoever is missing now that these people left or came back,
// and lets those of them who were asked before know who decides now. Gatehouse
// does it by itself; where it is no matter of theirs it does nothing.
func (c *Change) MoveAsks(moved []UserID, f Facts) error {
	if !c.decidable() || c.overdue(f.Now) {
		return nil
	}
	had := slices.ContainsFunc(c.Asked, func(a Ask) bool { return slices.Contains(moved, a.User) })
	if asked := c.ask(f); had || len(asked) > 0 {
		c.record(f, Event{Kind: EventAsksMoved, From: c.State, To: c.State, Asked: asked})
	}
	return nil
}

// CanDelegate says why the actor can't hand a decision on now, nil when they
// can. Whether Slack confirmed them lately is seen to when they do.
func (c *Change) CanDelegate(f Facts) error {
	f.Actor.CheckedAt = f.Now
	return c.mayDelegate(f)
}
