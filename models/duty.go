package models

import (
	"slices"
	"time"
)

// startGrace is how long after its window opened a change may be unstarted
// before its implementer is asked.
const startGrace = 10 * time.Minute

// Reminders are what is to be said now about the change, given what was said
// before, and when to look again; the zero time when nothing will be due.
// f.Around.Freezes are those round its window.
func (c *Change) Reminders(said []Reminder, f Facts) (due []Reminder, next time.Time) {
	return remind(c.Ref(), c.duties(f), said, f)
}

// duties are what people have to do about the change as it stands.
func (c *Change) duties(f Facts) []duty {
	var out []duty
	urgent := c.Type == Emergency
	mine := duty{users: []UserID{c.Implementer}, backup: f.backup(c.Implementer)}
	switch {
	case c.State == AwaitingApproval && c.Window.Start.After(f.Now):
		out = append(out, c.toDecide(c.Window.Start, urgent, f)...)
	case c.State == Approved && f.Now.Before(c.Window.End):
		if c.opensUnseen(f) {
			d := mine
			d.kind, d.deadline, d.now, d.closes = RemindOpens, c.Window.Start, true, true
			if at := c.Window.Start.Add(-ownWindow); c.startable(c.Window.Start, f).Equal(c.Window.Start) {
				d.stages = []time.Time{at}
			}
			out = append(out, d)
		}
		d := mine
		d.kind, d.deadline, d.now, d.closes = RemindStart, c.Window.End, true, true
		if at := c.startable(c.Window.Start.Add(startGrace), f); at.Before(c.Window.End) {
			d.stages = []time.Time{at}
		}
		out = append(out, d)
	case c.State == InProgress:
		d, end := mine, c.Ends()
		d.kind, d.deadline, d.now, d.nowLast = RemindComplete, end, true, urgent
		d.stages, d.escalate = []time.Time{end, end.Add(time.Hour), end.Add(3 * time.Hour)}, end.Add(4*time.Hour)
		out = append(out, d)
	}
	for _, debt := range c.Debts() {
		half, quarter := debt.Due.Add(-OweWithin/2), debt.Due.Add(-OweWithin/4)
		switch debt.Kind {
		case DebtApproval:
			out = append(out, c.toDecide(debt.Due, false, f)...)
		case DebtIncident:
			d := mine
			d.kind, d.deadline = RemindIncident, debt.Due
			d.stages, d.escalate = []time.Time{half, quarter, debt.Due}, debt.Due.Add(OweWithin)
			out = append(out, d)
		}
	}
	if c.owesReview() && !c.ReviewDue.IsZero() {
		d, due := mine, c.ReviewDue
		d.kind, d.deadline = RemindReview, due
		d.stages, d.escalate = []time.Time{due.Add(-OweWithin), due, due.Add(OweWithin)}, due.Add(2*OweWithin)
		out = append(out, d)
	}
	return out
}

// startable is at, or when the freezes that stop the start then are over, as
// planned now; the end of the window where a change manager holds it. Nobody is
// asked to start what can't be started.
func (c *Change) startable(at time.Time, f Facts) time.Time {
	if c.OnHold() {
		return later(at, c.Window.End)
	}
	for _, x := range f.Around.Freezes { // by their beginning
		if x.Window.Contains(at) && x.Freeze.stops(c, f) {
			at = x.Window.End
		}
	}
	return at
}

// ownWindow is how long before a window its implementer's hours begin.
const ownWindow = 15 * time.Minute

// opensUnseen: the implementer would not look at the moment at which the window
// opens, because they do not work then. In their hours they see it coming.
func (c *Change) opensUnseen(f Facts) bool {
	return f.Now.Before(c.Window.Start) && !f.Settings.Hours.Working(f.Person(c.Implementer), c.Window.Start)
}

// toDecide are those who were asked and whose vote still matters: half of their
// time is left, then a quarter; with an eighth left, whoever is named to stand
// in for them hears, and the change managers. The time of those who will not
// work before the deadline counts too: they hear nothing, but others do.
func (c *Change) toDecide(deadline time.Time, urgent bool, f Facts) []duty {
	able, waiting := c.able(f), c.waitingFor(f)
	var out []duty
	for _, u := range waiting {
		if !c.MayDecide(f.Person(u), f) || !c.seatGiven(able).place(u, able[u]) {
			continue
		}
		var from time.Time
		for _, a := range c.Asked {
			switch {
			case a.User != u:
			case a.NotBefore.Before(deadline):
				from = later(a.At, a.NotBefore)
			default:
				from = a.At
			}
		}
		if left := deadline.Sub(from); left > 0 {
			d := duty{kind: RemindDecide, users: []UserID{u}, deadline: deadline, now: urgent, nowLast: urgent, closes: c.State == AwaitingApproval,
				stages: []time.Time{from.Add(left / 2), from.Add(left - left/4)}, escalate: from.Add(left - left/8)}
			if d.closes {
				d.opens = deadline
			}
			if to := f.backup(u); !slices.Contains(waiting, to) {
				d.backup = to // else they are asked themselves
			}
			out = append(out, d)
		}
	}
	return out
}

// backup is who is named to stand in for somebody, whether they are away now or
// not; "" = nobody.
func (f Facts) backup(u UserID) UserID {
	if to := f.Person(u).Own.Away.Delegate; to != u && f.active(to) {
		return to
	}
	return ""
}

// AbsenceReminders are what is to be said now because somebody's absence ends,
// given what was said before, and when to look again; the zero time when nothing
// will be due.
func AbsenceReminders(u UserID, said []Reminder, f Facts) (due []Reminder, next time.Time) {
	return remind(RecordRef{Kind: RecordPerson}, absenceDuties(u, f), said, f)
}

// absenceDuties: whoever stands in hears a day before that it ends, the person
// when they are back, so that neither thinks that the other decides.
func absenceDuties(u UserID, f Facts) []duty {
	away := f.Person(u).Own.Away
	if away.Until.IsZero() || away.Delegate == "" {
		return nil
	}
	d := duty{kind: RemindAbsence, about: string(u), deadline: away.Until}
	stand, back := d, d
	stand.users, stand.stages, stand.closes = []UserID{away.Delegate}, []time.Time{later(away.From, away.Until.Add(-OweWithin))}, true
	back.users, back.stages = []UserID{u}, []time.Time{away.Until}
	switch {
	case f.Now.Before(away.Until):
		return []duty{stand, back}
	case f.Now.Before(away.Until.Add(7 * OweWithin)):
		return []duty{back}
	}
	return nil
}
