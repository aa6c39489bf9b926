package models

import "time"

// EventOverridden: a change manager had the work started against the verdict.
const EventOverridden EventKind = "overridden"

// Override is a change manager's word that work starts although something
// stands in its way. It is seen on the card, and the change owes a review.
type Override struct {
	By      UserID    `json:",omitzero"`
	At      time.Time `json:",omitzero"`
	Reason  string    `json:",omitzero"`
	Against string    `json:",omitzero"` // what stood in the way, as the verdict said it
}

// WasOverridden reports whether the work was started against the verdict.
func (c *Change) WasOverridden() bool { return c.Overridden.By != "" }

// Override starts the work against the verdict. It goes past the calendar, a
// hold, a freeze and a handover to come; never past approvals, and never for a
// change that the person raised, carries out or edited: those rest on other
// people's agreement, which nobody gives in their place.
func (c *Change) Override(reason string, seen Revision, f Facts) error {
	switch {
	case c.State == InProgress:
		return Settledf("%s is in progress already, so nothing more was recorded.", c.ID)
	case c.State != Approved:
		return Refusef("%s is %s. An override starts what is approved and held up by something else; it stands for nobody's approval. Its card shows what is missing.", c.ID, c.phrase())
	case c.overdue(f.Now):
		return Settledf("The window of %s is over, so it was not started: it expires now. Raise it again with a new window.", c.ID)
	case seen != c.Revision:
		return Refusef("%s was edited after you opened it, so it was not started. Read it again on its card, then decide.", c.ID)
	}
	if err := mayManage("start "+c.ID.String()+" against what stands in its way", f); err != nil {
		return err
	}
	if why := c.Excluded(f.Actor.ID); why != "" {
		return Refusef("%s, so you can't override what stands in its way. Ask another change manager.", upperFirst(why))
	}
	if err := c.freshEnough(f); err != nil {
		return err
	}
	v := StartVerdict(c, f)
	if v.Clear() {
		return Settledf("Nothing stands in the way of %s any more, so no override is needed: %s can start it.", c.ID, f.Name(c.Implementer))
	}
	for _, r := range v.Blocking() {
		if r.Firm {
			return Refusef("%s can't be started, not even by an override. %s", c.ID, r.WordsFor(f))
		}
	}
	reason, err := needReason(reason, "Say why it can't wait until that is cleared.")
	if err != nil {
		return err
	}
	if err := c.move(InProgress); err != nil {
		return err
	}
	c.StartedAt, c.Held = f.Now, Hold{}
	c.Overridden = Override{By: f.Actor.ID, At: f.Now, Reason: reason, Against: clipRunes(v.Words(), MaxReason)}
	c.record(f, Event{Kind: EventOverridden, From: Approved, To: InProgress, Reason: reason,
		Diff: []FieldDiff{{Field: "In the way", After: c.Overridden.Against}}})
	return nil
}
