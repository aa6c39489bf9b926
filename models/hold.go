package models

import "time"

// What can happen to a hold.
const (
	EventHeld       EventKind = "held"
	EventHoldLifted EventKind = "hold_lifted"
)

// Hold is a flag that a change manager puts on a change: it can't start. It
// changes nothing else, so that lifting it returns the change to where it was.
// What freezes, lockdowns and conflicts hold follows from the calendar and is
// kept nowhere; all of it is said by one verdict.
type Hold struct {
	By     UserID    `json:",omitzero"`
	At     time.Time `json:",omitzero"`
	Reason string    `json:",omitzero"`
}

// OnHold reports whether a change manager holds the change.
func (c *Change) OnHold() bool { return c.Held.By != "" }

// Hold keeps the change from starting until somebody lifts it.
func (c *Change) Hold(reason string, f Facts) error {
	switch {
	case c.OnHold():
		return Settledf("%s is on hold already, by %s. Nothing more was recorded.", c.ID, f.Name(c.Held.By))
	case !c.State.Editable() || c.State == Draft:
		return Refusef("%s is %s, so it can't be put on hold: only what is to start can. Its card shows what can be done.", c.ID, c.phrase())
	case c.overdue(f.Now):
		return Settledf("The window of %s is over, so nothing was recorded: it expires now, and can't start any more.", c.ID)
	case c.Identity.RollbackOf != 0:
		return Refusef("%s rolls a change back, and that is always allowed, so it can't be put on hold. Talk to %s.", c.ID, f.Name(c.Implementer))
	}
	if err := mayManage("put "+c.ID.String()+" on hold", f); err != nil {
		return err
	}
	reason, err := needReason(reason, "Say what it waits for: that is what its people need to know.")
	if err != nil {
		return err
	}
	c.Held = Hold{By: f.Actor.ID, At: f.Now, Reason: reason}
	c.record(f, Event{Kind: EventHeld, From: c.State, To: c.State, Reason: reason})
	return nil
}

// LiftHold returns the change to where it was.
func (c *Change) LiftHold(reason string, f Facts) error {
	switch {
	case !c.OnHold():
		return Settledf("%s is not on hold, so there is nothing to lift.", c.ID)
	case !c.State.Editable():
		// What ended while it was on hold keeps the hold in its record.
		return Settledf("%s is %s, and its hold stops nothing any more. It stays in the record, so there is nothing to lift.", c.ID, c.phrase())
	}
	if c.overdue(f.Now) {
		return Settledf("The window of %s is over, so nothing was recorded: it expires now, and lifting its hold would not let it start.", c.ID)
	}
	if err := mayManage("lift the hold of "+c.ID.String(), f); err != nil {
		return err
	}
	if why := c.Excluded(f.Actor.ID); why != "" && c.Held.By != f.Actor.ID {
		return Refusef("You can't lift the hold of %s: %s put it on hold, and %s. Ask %s or another change manager to lift it.", c.ID, f.Name(c.Held.By), why, f.Name(c.Held.By))
	}
	reason, err := needReason(reason, "Say why it may go on.")
	if err != nil {
		return err
	}
	c.Held = Hold{}
	c.record(f, Event{Kind: EventHoldLifted, From: c.State, To: c.State, Reason: reason})
	return nil
}

// mayManage: change managers whose account is in use.
func mayManage(what string, f Facts) error {
	if ok, why := f.Actor.CanDecide(); !ok {
		return Refusef("You can't %s: %s. Ask a change manager.", what, why)
	}
	if !f.Holds(f.Actor.ID, RoleChangeManager) {
		return Refusef("Only a change manager can %s, so nothing was recorded. %s", what, whoManages(f))
	}
	return nil
}

// holdCheck: a change on hold is approved as ever, and can't start.
func holdCheck(c *Change, f Facts, s stage) []Reason {
	if !c.OnHold() || !c.State.Editable() {
		return nil
	}
	r := Reason{Blocks: s != planning, When: Window{Start: c.Held.At}, Unblock: "A change manager lifts it on its card."}
	r.What = "It has been on hold since " + r.When.words() + ", by " + f.Name(c.Held.By) + ": " + stop(c.Held.Reason)
	if s == planning {
		r.Unblock = "It can't start before a change manager lifts that."
	}
	return []Reason{r}
}
