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
func (c *Change) Reminders(said []Reminder, f Facts) (due []Reminder, next time.Time) {
	return remind(c.Ref(), c.duties(f), said, f)
}

// Concerns reports whether what the person was reminded of is still to be done.
func (c *Change) Concerns(r Reminder, f Facts) bool { return concerns(c.duties(f), r) }

// duties are what people have to do about the change as it stands.
func (c *Change) duties(f Facts) []duty {
	var out []duty
	urgent := c.Type == Emergency
	mine := duty{users: []UserID{c.Implementer}, backup: f.backup(c.Implementer)}
	switch {
	case c.State == AwaitingApproval && c.Window.Start.After(f.Now):
		out = append(out, c.toDecide(c.Window.Start, urgent, f)...)
	case c.State == Approved && f.Now.Before(c.Window.End):
		d := mine
		d.kind, d.deadline, d.now, d.closes = RemindStart, c.Window.End, true, true
		d.stages = []time.Time{c.Window.Start.Add(startGrace)}
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

// toDecide are those who were asked and whose vote still matters: half of their
// time is left, then a quarter; with an eighth left, whoever is named to stand
// in for them hears, and the change managers.
func (c *Change) toDecide(deadline time.Time, urgent bool, f Facts) []duty {
	able, waiting := c.able(f), c.waitingFor(f)
	var out []duty
	for _, u := range waiting {
		if !c.MayDecide(f.Person(u), f) || !c.seatGiven(able).place(u, able[u]) {
			continue
		}
		var from time.Time
		for _, a := range c.Asked {
			if a.User == u {
				from = later(a.At, a.NotBefore)
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
