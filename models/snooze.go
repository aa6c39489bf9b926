package models

import (
	"slices"
	"time"
)

// SnoozeFor is how long somebody puts off what they are reminded of.
type SnoozeFor string

// What a reminder can be put off for.
const (
	SnoozeHour     SnoozeFor = "hour"
	SnoozeTomorrow SnoozeFor = "tomorrow" // the next start of the person's work on another day
	SnoozeWindow   SnoozeFor = "window"   // shortly before the window opens
)

// Snoozes lists all of them, the shortest first.
var Snoozes = []SnoozeFor{SnoozeHour, SnoozeTomorrow, SnoozeWindow}

// beforeWindow is how long before a window opens somebody hears again who chose
// to hear of it then.
const beforeWindow = 2 * time.Hour

// FieldMuted are the kinds of reminder that a person does not want.
const FieldMuted Field = "muted"

// Mutes reports whether the person wants no reminders of that kind. Escalations
// come all the same.
func (o Own) Mutes(k ReminderKind) bool { return slices.Contains(o.Muted, k) }

// before reports whether what is put off until then would be said again at once,
// or never: the hours that are left before the deadline are over by then.
func (d *duty) before(p Person, until time.Time, stage int, f Facts) bool {
	at := d.moment(p, until, stage, f)
	return !at.After(f.Now)
}

func maySnooze(d *duty, r Reminder, f Facts) []SnoozeFor {
	var out []SnoozeFor
	for _, by := range Snoozes {
		if _, err := snooze(d, r, by, "", f); err == nil {
			out = append(out, by)
		}
	}
	return out
}

func snooze(d *duty, r Reminder, by SnoozeFor, what string, f Facts) (time.Time, error) {
	switch {
	case d == nil || r.Stage == 0:
		return time.Time{}, Settledf("Nothing of this waits for you any more, so there is nothing to put off.")
	case r.Escalated():
		return time.Time{}, Refusef("%s comes to you because others did not act, and that can't be put off. Act on it, or ask one of them to.", what)
	}
	p, until := f.Person(r.User), f.Now.Add(time.Hour)
	switch by {
	case SnoozeHour:
	case SnoozeTomorrow:
		day := f.Now.In(p.Location())
		until = f.Settings.Hours.Next(p, time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, day.Location()))
	case SnoozeWindow:
		until = d.opens.Add(-beforeWindow)
	default:
		return time.Time{}, Refusef("This button belongs to another version of Gatehouse, so nothing was put off. The App Home shows what waits for you.")
	}
	switch {
	case by == SnoozeWindow && !until.After(f.Now.Add(time.Hour)):
		return time.Time{}, Refusef("%s is too near its window to be put off until then. Act on it now, or put it off for an hour.", what)
	case d.closes && !until.Before(d.deadline), d.before(p, until, r.Stage, f):
		return time.Time{}, Refusef("By then it would be too late for %s, so it was not put off. Act on it now, or delegate it.", what)
	}
	return until.UTC().Truncate(time.Second), nil
}
