package models

import "time"

// Reminders are what Gatehouse says by itself to whoever has to act: first to
// the person, and when that did not help, once to the change managers. What is
// due follows from the record and the clock alone; the store remembers only
// what was said, so that nothing is said twice, whatever the clocks do.

// ReminderKind names what somebody is reminded of.
type ReminderKind string

// The kinds of reminder.
const (
	RemindDecide   ReminderKind = "decide"        // an approval, before the work or afterwards
	RemindStart    ReminderKind = "start"         // the window is open, and nobody has begun
	RemindComplete ReminderKind = "complete"      // the window is over, and no outcome is recorded
	RemindIncident ReminderKind = "incident_link" // an emergency names no incident yet
	RemindReview   ReminderKind = "review"
)

// LastStage is the one that goes to the change managers. They can't
// silence it, and it comes once.
const LastStage = 9

// startGrace is how long after its window opened a change may be unstarted
// before its implementer is asked.
const startGrace = 10 * time.Minute

// reminderLate is after what delay a reminder counts as missed: it was due
// while nothing ran, and joins the others that were.
const reminderLate = 10 * time.Minute

// Reminder is one thing that one person is reminded of.
type Reminder struct {
	Change ChangeID
	Kind   ReminderKind
	User   UserID
	Round  int64 // of one deadline: another one begins anew
	Stage  int
	Bundle string // key of the message that says it
}

// Escalated reports whether this goes to somebody because others did not act.
func (r Reminder) Escalated() bool { return r.Stage == LastStage }

// about is the duty: what was said of it at one stage is not said at an earlier one.
func (r Reminder) about() Reminder { return Reminder{r.Change, r.Kind, r.User, r.Round, 0, ""} }

// duty is something to be done by a deadline, and when to say so.
type duty struct {
	kind     ReminderKind
	users    []UserID
	deadline time.Time
	stages   []time.Time
	escalate time.Time
	now      bool // in the implementer's own window, or an emergency: waits for nothing
}

// Reminders are what is to be said now, given what was said before, and when
// to look again; the zero time when nothing will be due.
func (c *Change) Reminders(said []Reminder, f Facts) (due []Reminder, next time.Time) {
	highest := map[Reminder]int{}
	for _, r := range said {
		highest[r.about()] = max(highest[r.about()], r.Stage)
	}
	add := func(d duty, u UserID, stages map[int]time.Time) {
		p, r := f.Person(u), Reminder{Change: c.ID, Kind: d.kind, User: u, Round: d.deadline.Unix()}
		if p.Bot || p.Deleted {
			return
		}
		before := highest[r.about()]
		for stage, planned := range stages {
			at := d.moment(p, planned, f)
			switch {
			case stage <= before || at.IsZero():
			case at.After(f.Now):
				next = earlier(next, at)
			case stage > r.Stage:
				r.Stage, r.Bundle = stage, d.bundle(p, planned, f)
			}
		}
		if r.Stage > 0 {
			due = append(due, r)
		}
	}
	for _, d := range c.duties(f) {
		stages := map[int]time.Time{}
		for i, at := range d.stages {
			stages[i+1] = at
		}
		for _, u := range d.users {
			add(d, u, stages)
		}
		if !d.escalate.IsZero() {
			for _, u := range f.Roles[RoleChangeManager] {
				add(duty{kind: d.kind, deadline: d.deadline, now: c.Type == Emergency && d.now}, u, map[int]time.Time{LastStage: d.escalate})
			}
		}
	}
	return due, next
}

// Concerns reports whether what the person was reminded of is still to be done.
func (c *Change) Concerns(r Reminder, f Facts) bool {
	for _, d := range c.duties(f) {
		if d.kind != r.Kind || d.deadline.Unix() != r.Round {
			continue
		}
		if r.Escalated() {
			return true
		}
		for _, u := range d.users {
			if u == r.User {
				return true
			}
		}
	}
	return false
}

// duties are what people have to do about the change as it stands.
func (c *Change) duties(f Facts) []duty {
	var out []duty
	urgent := c.Type == Emergency
	switch {
	case c.State == AwaitingApproval && c.Window.Start.After(f.Now):
		out = append(out, c.toDecide(c.Window.Start, urgent, f)...)
	case c.State == Approved && f.Now.Before(c.Window.End):
		out = append(out, duty{kind: RemindStart, users: []UserID{c.Implementer}, deadline: c.Window.End,
			stages: []time.Time{c.Window.Start.Add(startGrace)}, now: true})
	case c.State == InProgress:
		end := c.Window.End
		out = append(out, duty{kind: RemindComplete, users: []UserID{c.Implementer}, deadline: end,
			stages: []time.Time{end, end.Add(time.Hour), end.Add(3 * time.Hour)}, escalate: end.Add(4 * time.Hour), now: true})
	}
	for _, debt := range c.Debts() {
		half, quarter := debt.Due.Add(-OweWithin/2), debt.Due.Add(-OweWithin/4)
		switch debt.Kind {
		case DebtApproval:
			out = append(out, c.toDecide(debt.Due, false, f)...)
		case DebtIncident:
			out = append(out, duty{kind: RemindIncident, users: []UserID{c.Implementer}, deadline: debt.Due,
				stages: []time.Time{half, quarter, debt.Due}, escalate: debt.Due.Add(OweWithin)})
		}
	}
	if c.owesReview() && !c.ReviewDue.IsZero() {
		due := c.ReviewDue
		out = append(out, duty{kind: RemindReview, users: []UserID{c.Implementer}, deadline: due,
			stages: []time.Time{due.Add(-OweWithin), due, due.Add(OweWithin)}, escalate: due.Add(2 * OweWithin)})
	}
	return out
}

// toDecide are those who were asked and whose vote still matters: half of their
// time is left, then a quarter; with an eighth left, the change managers hear.
func (c *Change) toDecide(deadline time.Time, urgent bool, f Facts) []duty {
	able := c.able(f)
	var out []duty
	for _, u := range c.waitingFor(f) {
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
			d := duty{kind: RemindDecide, users: []UserID{u}, deadline: deadline, now: urgent,
				stages: []time.Time{from.Add(left / 2), from.Add(left - left/4)}}
			if len(out) == 0 {
				d.escalate = from.Add(left - left/8)
			}
			out = append(out, d)
		}
	}
	return out
}

// moment is when the person may be told: at once in their hours, else at the
// next start of work, or in the last hour of work before the deadline when that
// would come too late. Zero: there is no such time left.
func (d duty) moment(p Person, at time.Time, f Facts) time.Time {
	if d.now {
		return at
	}
	hours := f.Settings.Hours
	if at.Before(f.Now) {
		at = f.Now
	}
	next := hours.Next(p, at)
	if next.Before(d.deadline) || !at.Before(d.deadline) {
		return next
	}
	last := hours.lastHour(p, d.deadline)
	switch {
	case last.IsZero(), !last.Before(f.Now):
		return last
	case hours.Working(p, f.Now):
		return f.Now
	}
	return time.Time{}
}

// bundle is the message that a reminder goes into: one for all that waited for
// the start of the person's day, one a day for what was missed while nothing
// ran, else one for what is found due in the same minute.
func (d duty) bundle(p Person, planned time.Time, f Facts) string {
	day := "remind/" + string(p.ID) + "/" + f.Now.In(p.Location()).Format(time.DateOnly)
	switch {
	case !d.now && !f.Settings.Hours.Working(p, f.Now.Add(-reminderLate)):
		return day + "/start"
	case f.Now.Sub(planned) > reminderLate:
		return day + "/late"
	}
	return day + "/" + f.Now.UTC().Format("15:04")
}

// lastHour is the beginning of the last hour of somebody's work before t; zero
// when they work in none of the two weeks before it.
func (w WorkingHours) lastHour(p Person, t time.Time) time.Time {
	if p.Own.Until > p.Own.From {
		w.From, w.To = p.Own.From, p.Own.Until
	}
	local := t.In(p.Location())
	for day := range 14 {
		at := w.at(local, -day, max(w.From, w.To-time.Hour))
		if w.workday(w.at(local, -day, 12*time.Hour)) && at.Before(t) && !p.Own.Away.Now(at) {
			return at.In(t.Location())
		}
	}
	return time.Time{}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
