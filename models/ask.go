package models

import (
	"cmp"
	"slices"
	"time"
)

// ask chooses who is asked by DM to fill the open places, notes it on the
// change and returns them: as many as are still needed, each for one place.
// Whoever was asked already and is still thinking is not asked again, nor is
// anybody about their own act; everybody else who is eligible can act on the
// card and in /change approvals. (The product allows one more per
// requirement; that one is kept for reminders.)
func (c *Change) ask(f Facts) []UserID {
	if c.Standing().Met() {
		return nil
	}
	able, waiting := c.able(f), c.waitingFor(f)
	s := c.seatGiven(able)
	for _, u := range waiting {
		s.place(u, able[u])
	}
	var asked []UserID
	for _, next := range c.candidates(able, waiting, f) {
		if s.place(next.user, able[next.user]) {
			asked = append(asked, next.user)
		}
	}
	for _, u := range c.toClickAgain(s) {
		if !slices.Contains(waiting, u) && u != f.Actor.ID {
			asked = append(asked, u)
		}
	}
	for _, u := range asked {
		c.Asked = append(c.Asked, Ask{User: u, Revision: c.Revision, At: f.Now, NotBefore: c.askNotBefore(u, f)})
	}
	return asked
}

// askNotBefore: a first request waits for working hours, but an emergency
// waits for nothing.
func (c *Change) askNotBefore(u UserID, f Facts) time.Time {
	if c.Type == Emergency {
		return f.Now
	}
	return f.Settings.Hours.Next(f.People[u], f.Now)
}

// waitingFor are those asked before whose answer is still open: their card is
// edited in place and shows the new content. Whoever decided on content that
// has changed since is asked anew, with the difference.
func (c *Change) waitingFor(f Facts) []UserID {
	var out []UserID
	for _, ask := range c.Asked {
		decided := slices.ContainsFunc(c.Approvals, func(a Approval) bool { return a.By == ask.User && !a.At.Before(ask.At) })
		if ok, _ := f.Person(ask.User).CanDecide(); ok && !decided && c.Excluded(ask.User) == "" && c.StandIn(ask.User, f) == "" && !slices.Contains(out, ask.User) {
			out = append(out, ask.User)
		}
	}
	return out
}

// candidate is somebody who might be asked, with what speaks for it.
type candidate struct {
	user      UserID
	away      bool // with nobody to stand in
	judged    bool // an earlier revision, and so knows the change best
	working   bool
	inTime    bool // at work before the window opens
	lastAsked time.Time
}

// candidates are those who could be asked, the best first.
func (c *Change) candidates(able map[UserID][]string, waiting []UserID, f Facts) []candidate {
	var out []candidate
	for u := range able {
		given, decided := c.decisionOf(u)
		if u == f.Actor.ID || slices.Contains(waiting, u) || (decided && given.Decision == DecisionApprove) {
			continue
		}
		p := f.People[u]
		next := f.Settings.Hours.Next(p, f.Now)
		out = append(out, candidate{u, p.Own.Away.Now(f.Now), c.decidedBefore(u), next.Equal(f.Now), next.Before(c.Window.Start), p.LastAsked})
	}
	slices.SortFunc(out, func(a, b candidate) int {
		return cmp.Or(rank(b.away, a.away), rank(a.judged, b.judged), rank(a.working, b.working), rank(a.inTime, b.inTime),
			a.lastAsked.Compare(b.lastAsked), cmp.Compare(a.user, b.user))
	})
	return out
}

// toClickAgain are those whose approval counts, but who are needed for a place
// that came up after they clicked.
func (c *Change) toClickAgain(s *seating) []UserID {
	var out []UserID
	for _, slot := range s.standing().Slots {
		if given, ok := c.decisionOf(slot.By); ok && given.counts(c.Revision) && !slices.Contains(given.keys(), slot.Requirement.Key) {
			out = append(out, slot.By)
		}
	}
	return out
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
