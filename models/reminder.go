package models

import (
	"slices"
	"time"
)

// Reminders are what Gatehouse says by itself to whoever has to act: first to
// the person, and when that did not help, once to whoever stands behind them
// and once to the change managers. What is due follows from the record and the
// clock alone; the store remembers only what was said, so that nothing is said
// twice, whatever the clocks do.

// ReminderKind names what somebody is reminded of.
type ReminderKind string

// The kinds of reminder.
const (
	RemindDecide   ReminderKind = "decide"        // an approval, before the work or afterwards
	RemindStart    ReminderKind = "start"         // the window is open, and nobody has begun
	RemindComplete ReminderKind = "complete"      // the window is over, and no outcome is recorded
	RemindIncident ReminderKind = "incident_link" // an emergency names no incident yet
	RemindReview   ReminderKind = "review"
	RemindOpens    ReminderKind = "opens" // the window opens in a moment

	RemindItem      ReminderKind = "item"      // of a checklist, due or overdue
	RemindVerify    ReminderKind = "verify"    // an item whose evidence waits
	RemindCondition ReminderKind = "condition" // of a handover
	RemindWaiver    ReminderKind = "waiver"    // that runs out: its item opens again
	RemindAbsence   ReminderKind = "absence"   // that ends, and with it who stands in
)

// ReminderKinds are those that a person may turn off; what operations made a
// condition is not among them.
var ReminderKinds = []ReminderKind{RemindDecide, RemindOpens, RemindStart, RemindComplete, RemindIncident, RemindReview,
	RemindItem, RemindVerify, RemindWaiver, RemindAbsence}

var reminderNames = map[ReminderKind]string{
	RemindDecide: "Approvals that wait for me", RemindOpens: "A window of mine that opens outside my hours",
	RemindStart: "A window of mine that nobody has started", RemindComplete: "A window of mine that is over",
	RemindIncident: "An incident to be named", RemindReview: "Reviews owed by me", RemindItem: "Checklist items of mine that are due",
	RemindVerify: "Evidence that waits for me", RemindCondition: "Conditions of a handover", RemindWaiver: "Waivers of my items that run out",
	RemindAbsence: "Absences that end",
}

// String names the kind as people choose it.
func (k ReminderKind) String() string { return reminderNames[k] }

// The stages after the person's own: to whoever is named to stand in, and to
// the change managers. Nobody can silence or put off either, and each comes once.
const (
	BackupStage = 8
	LastStage   = 9
)

// reminderLate is after what delay a reminder counts as missed: it was due
// while nothing ran, and joins the others that were.
const reminderLate = 10 * time.Minute

// Reminder is one thing that one person is reminded of.
type Reminder struct {
	Record RecordRef
	About  string // which part of it, "" = all of it
	Kind   ReminderKind
	User   UserID
	Round  int64 // of one deadline: another one begins anew
	Stage  int
	Bundle string // key of the message that says it

	Snoozed time.Time // until when its person has put it off; zero = they have not
}

// Escalated reports whether this goes to somebody because others did not act.
func (r Reminder) Escalated() bool { return r.Stage >= BackupStage }

// about is the duty: what was said of it at one stage is not said at an earlier one.
func (r Reminder) about() Reminder {
	return Reminder{Record: r.Record, About: r.About, Kind: r.Kind, User: r.User, Round: r.Round}
}

// duty is something to be done by a deadline, and when to say so.
type duty struct {
	kind     ReminderKind
	about    string
	users    []UserID
	backup   UserID // who hears before the change managers do
	deadline time.Time
	opens    time.Time // the window that it has to be done before; zero = none
	stages   []time.Time
	escalate time.Time // zero = never
	now      bool      // in the implementer's own window, or an emergency: waits for nothing
	nowLast  bool      // an emergency's escalation waits for nothing either
	closes   bool      // after the deadline it is too late
}

// ladder is who hears of the duty at which stage, and when: the person, then
// whoever is named to stand in for them, then the change managers, who hear in
// that one's place where nobody is named.
func (d duty) ladder(f Facts) []rung {
	var out []rung
	for _, u := range d.users {
		for i, at := range d.stages {
			if !at.IsZero() {
				out = append(out, rung{u, i + 1, at})
			}
		}
	}
	if d.escalate.IsZero() {
		return out
	}
	last, told := d.escalate, d.users
	if u := d.backup; u != "" && f.active(u) && !slices.Contains(d.users, u) {
		out, told = append(out, rung{u, BackupStage, d.escalate}), append(slices.Clone(told), u)
		last = d.escalate.Add(d.patience())
	}
	for _, u := range f.Roles[RoleChangeManager] {
		if !slices.Contains(told, u) {
			out = append(out, rung{u, LastStage, last})
		}
	}
	return out
}

type rung struct {
	user  UserID
	stage int
	at    time.Time
}

// patience is how long the change managers leave it to whoever stands in: as
// long as the last two reminders lay apart, but half of what is left where
// everything is over at the deadline.
func (d duty) patience() time.Duration {
	if d.closes {
		return d.deadline.Sub(d.escalate) / 2
	}
	if n := len(d.stages); n > 1 && !d.stages[n-2].IsZero() {
		return d.stages[n-1].Sub(d.stages[n-2])
	}
	return OweWithin
}

// remind is what is to be said now about a record, given what was said before,
// and when to look again; the zero time when nothing will be due.
func remind(ref RecordRef, duties []duty, said []Reminder, f Facts) (due []Reminder, next time.Time) {
	before := map[Reminder]Reminder{}
	for _, r := range said {
		if r.Stage > before[r.about()].Stage {
			before[r.about()] = r
		}
	}
	found := map[Reminder]int{}
	for _, d := range duties {
		for _, step := range d.ladder(f) {
			p := f.Person(step.user)
			r := Reminder{Record: ref, About: d.about, Kind: d.kind, User: step.user, Round: d.deadline.Unix()}
			was := before[r]
			if p.Bot || p.Deleted || step.stage < was.Stage || step.stage == was.Stage && was.Snoozed.IsZero() {
				continue
			}
			if step.stage < BackupStage && p.Own.Mutes(d.kind) {
				continue
			}
			planned := step.at
			at := d.moment(p, planned, step.stage, f)
			if step.stage < BackupStage && !was.Snoozed.IsZero() { // what others leave undone can't be put off
				planned = later(planned, was.Snoozed)
				if at = d.moment(p, planned, step.stage, f); !at.IsZero() { // which may come before the hour that was put off to
					at = later(at, d.moment(p, was.Snoozed, step.stage, f))
				}
			}
			switch {
			case at.IsZero():
			case at.After(f.Now):
				next = earlier(next, at)
			case step.stage > found[r]:
				found[r] = step.stage
				i := slices.IndexFunc(due, func(x Reminder) bool { return x.about() == r })
				r.Stage, r.Bundle = step.stage, d.bundle(p, planned, step.stage, f)
				if i < 0 {
					due = append(due, r)
				} else {
					due[i] = r
				}
			}
		}
	}
	return due, next
}

// dutyOf is the duty that the person was reminded of; nil when it is done.
func dutyOf(duties []duty, r Reminder) *duty {
	for i, d := range duties {
		if d.kind == r.Kind && d.about == r.About && d.deadline.Unix() == r.Round && (r.Escalated() || slices.Contains(d.users, r.User)) {
			return &duties[i]
		}
	}
	return nil
}

// waits reports whether a stage of the duty waits for somebody's hours.
func (d duty) waits(stage int) bool {
	if stage >= BackupStage {
		return !d.nowLast
	}
	return !d.now
}

// moment is when the person may be told: at once in their hours, else at the
// next start of work, or in the last hour of work before the deadline when that
// would come too late. Zero: there is no such time left.
func (d duty) moment(p Person, at time.Time, stage int, f Facts) time.Time {
	if !d.waits(stage) {
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
func (d duty) bundle(p Person, planned time.Time, stage int, f Facts) string {
	switch {
	case d.waits(stage) && !f.Settings.Hours.Working(p, f.Now.Add(-reminderLate)):
		return StartBundle(p, f.Now)
	case f.Now.Sub(planned) > reminderLate:
		return bundleOf(p, f.Now) + "late"
	}
	return MinuteBundle(p, f.Now)
}

// MinuteBundle is the message for what is found due in this minute alone.
func MinuteBundle(p Person, at time.Time) string { return bundleOf(p, at) + at.UTC().Format("15:04") }

// StartBundle is the message for all that waits for the start of the person's
// day. What comes too late for the hours it was meant for joins it.
func StartBundle(p Person, at time.Time) string { return bundleOf(p, at) + "start" }

func bundleOf(p Person, at time.Time) string {
	return "remind/" + string(p.ID) + "/" + at.In(p.Location()).Format(time.DateOnly) + "/"
}

// Newest leaves out what was said of a duty at an earlier stage than another of
// the list: a message that waited for long names each duty once.
func Newest(list []Reminder) []Reminder {
	last := map[Reminder]int{}
	for _, r := range list {
		last[r.about()] = max(last[r.about()], r.Stage)
	}
	return slices.DeleteFunc(slices.Clone(list), func(r Reminder) bool { return r.Stage < last[r.about()] })
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
