package models

import "slices"

// EventFreezeLetGo: what a freeze asked of a change that waits is asked no more.
const EventFreezeLetGo EventKind = "freeze_let_go"

// ThawDue reports whether the change waits for what this freeze asks, so that
// it has to be judged anew when the freeze is edited or lifted.
func (c *Change) ThawDue(id FreezeID) bool {
	return c.State == AwaitingApproval && slices.ContainsFunc(c.Requirements, func(r Requirement) bool { return r.askedBy(id) })
}

// askedBy reports whether the requirement is one of this freeze.
func (r Requirement) askedBy(id FreezeID) bool {
	return r.Key == freezeKey(id) || r.Key == exceptionKey(id, "owner") || r.Key == exceptionKey(id, "change_manager")
}

// thaw lets go of what freezes ask of a change that waits, once they were lifted
// or moved from over its window. What is approved stays as it is.
func (c *Change) thaw(f Facts) error {
	if c.State != AwaitingApproval {
		return nil
	}
	gone := c.letGo(f)
	if len(gone) == 0 {
		return nil
	}
	c.recordThaw(gone, f)
	return c.settle(f)
}

func (c *Change) recordThaw(gone []string, f Facts) {
	if len(gone) > 0 {
		c.record(f, Event{Kind: EventFreezeLetGo, From: c.State, To: c.State, Reason: list(gone, "")})
	}
}

// letGo takes out what freezes ask that are not over the change's window any
// more, and says what that was.
func (c *Change) letGo(f Facts) []string {
	met := c.meets(f, planning)
	var kept []Requirement
	var gone []string
	for _, r := range c.Requirements {
		if r.ofFreeze() && !slices.ContainsFunc(met, func(x FreezeSpan) bool { return r.askedBy(x.Freeze.ID) }) {
			gone = append(gone, r.Text)
			continue
		}
		kept = append(kept, r)
	}
	c.Requirements = kept
	return gone
}
