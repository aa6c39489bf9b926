package models

import (
	"cmp"
	"slices"
)

// ask chooses who is asked by DM to fill the open requirements, notes it on
// the change and returns them: per requirement as many as are still needed,
// people in working hours first, then those unasked longest. Whoever was
// asked for this content already is not asked again; everybody else who is
// eligible can act on the card and in /change approvals. (The product allows
// one more per requirement; that one is kept for reminders.)
func (c *Change) ask(f Facts) []UserID {
	if c.Standing().Met() {
		return nil
	}
	var asked []UserID
	waiting := c.waitingFor(f)
	for _, slot := range c.Standing().Slots {
		if slot.By != "" {
			continue
		}
		if i := slices.IndexFunc(waiting, func(u UserID) bool { return slices.Contains(c.holders(slot.Requirement, f), u) }); i >= 0 {
			waiting = slices.Delete(waiting, i, i+1) // asked before and still thinking
			continue
		}
		if u := c.nextToAsk(slot.Requirement, asked, f); u != "" {
			asked = append(asked, u)
		}
	}
	for _, u := range asked {
		c.Asked = append(c.Asked, Ask{User: u, Revision: c.Revision, At: f.Now, NotBefore: f.Settings.Hours.Next(f.People[u], f.Now)})
	}
	return asked
}

// waitingFor are those asked before whose answer is still open: their card is
// edited in place and shows the new content. Whoever decided on content that
// has changed since is asked anew, with the difference.
func (c *Change) waitingFor(f Facts) []UserID {
	var out []UserID
	for _, ask := range c.Asked {
		decided := slices.ContainsFunc(c.Approvals, func(a Approval) bool { return a.By == ask.User && !a.At.Before(ask.At) })
		if ok, _ := f.People[ask.User].CanDecide(); ok && !decided && c.Excluded(ask.User) == "" && !slices.Contains(out, ask.User) {
			out = append(out, ask.User)
		}
	}
	return out
}

// nextToAsk is the best person for one place, "" when nobody eligible is left.
func (c *Change) nextToAsk(r Requirement, taken []UserID, f Facts) UserID {
	candidates := slices.DeleteFunc(c.eligible(r, f), func(u UserID) bool {
		given, decided := c.decisionOf(u)
		return slices.Contains(taken, u) || (decided && given.Decision == DecisionApprove)
	})
	if len(candidates) == 0 {
		return ""
	}
	return slices.MinFunc(candidates, func(a, b UserID) int {
		pa, pb := f.People[a], f.People[b]
		return cmp.Or(
			rank(c.decidedBefore(a), c.decidedBefore(b)),
			rank(f.Settings.Hours.Working(pa, f.Now), f.Settings.Hours.Working(pb, f.Now)),
			pa.LastAsked.Compare(pb.LastAsked),
			cmp.Compare(a, b),
		)
	})
}

// decidedBefore: whoever judged an earlier revision knows the change best.
func (c *Change) decidedBefore(u UserID) bool {
	return slices.ContainsFunc(c.Approvals, func(a Approval) bool { return a.By == u })
}

// rank puts the one for whom it holds first.
func rank(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// AskByKey finds the ask that a delivery is about, and whether it is the
// latest of that person: an older message gives way to the newer one.
func (c *Change) AskByKey(key string) (ask Ask, latest, ok bool) {
	for _, a := range c.Asked {
		switch {
		case askKey(c, a) == key:
			ask, latest, ok = a, true, true
		case ok && a.User == ask.User:
			latest = false
		}
	}
	return ask, latest, ok
}

// LastSeen is the revision that the person decided on last, if the content
// has changed since: what their new card shows the difference to.
func (c *Change) LastSeen(u UserID) (Revision, bool) {
	for _, a := range slices.Backward(c.Approvals) {
		if a.By == u {
			return a.Revision, a.Revision != c.Revision
		}
	}
	return "", false
}
