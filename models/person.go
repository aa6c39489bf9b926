package models

import (
	"slices"
	"sync"
	"time"
)

// Person is what Gatehouse knows of a Slack user.
type Person struct {
	ID      UserID
	Name    string // display name as Slack gives it; never a mention
	Zone    string // IANA name, "" when Slack has none
	Bot     bool
	Guest   bool // restricted, ultra-restricted or from another workspace
	Deleted bool // deactivated in Slack
	Auditor bool // sees everything, acts on nothing; from the roles, not from Slack
	// CheckedAt is when Slack last confirmed these facts (business time).
	CheckedAt time.Time
	// LastAsked is when this person was last asked for an approval by DM.
	LastAsked time.Time
	// SeesHome is set once the person has opened the App Home.
	SeesHome bool
	// Own is what the person set for themself.
	Own Own
}

// Own is what a person set for themself: hours, zone, when they are away, and
// what they do not want to hear of. Empty parts are the workspace's and Slack's.
type Own struct {
	From  time.Duration  `json:",omitzero"` // hours of work since midnight, until Until
	Until time.Duration  `json:",omitzero"`
	Zone  string         `json:",omitzero"`
	Away  Absence        `json:",omitzero"`
	Muted []ReminderKind `json:",omitempty"` // reminders that they do not want
}

// SameHours reports whether the person may be told at the same times by either.
func (o Own) SameHours(by Own) bool {
	return o.From == by.From && o.Until == by.Until && o.Zone == by.Zone && o.Away.From.Equal(by.Away.From) && o.Away.Until.Equal(by.Away.Until)
}

// FactsValidFor is how long what Slack said of a person may decide an
// approval; older facts refuse it until they are refreshed.
const FactsValidFor = time.Hour

// outdated reports whether what Slack said at a time may no longer decide; what
// it said in what is time to come, before a clock was set back, may not either.
func outdated(said, now time.Time) bool { return now.Sub(said).Abs() > FactsValidFor }

// CanDecide reports whether the person may decide anything at all, and if
// not, why: bots, guests and deactivated accounts never do.
func (p Person) CanDecide() (bool, string) {
	switch {
	case p.ID == "":
		return false, "Gatehouse does not know this account"
	case p.Bot:
		return false, "a bot can't decide"
	case p.Deleted:
		return false, "this account is deactivated in Slack"
	case p.Guest:
		return false, "guests and people of other workspaces can't decide"
	case p.Auditor:
		return false, "an auditor sees everything and decides nothing"
	}
	return true, ""
}

// Location is the zone that the person chose, else Slack's; UTC when there is
// none or an unknown one.
func (p Person) Location() *time.Location {
	zone := p.Zone
	if p.Own.Zone != "" {
		zone = p.Own.Zone
	}
	if zone == "" || zone == "Local" {
		return time.UTC
	}
	if loc, ok := locations.Load(zone); ok {
		return loc.(*time.Location)
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.UTC
	}
	locations.Store(zone, loc)
	return loc
}

// locations are zones by name: loading one parses a file each time, and asking
// a large board would load hundreds inside a transaction.
var locations sync.Map

// WorkingHours are the hours in which people may be sent a DM that can wait,
// in each person's own zone.
type WorkingHours struct {
	From, To time.Duration // since midnight; 09:00 to 18:00 by default
	Days     []time.Weekday
	Holidays []string // local dates, "2026-12-25"
}

// DefaultWorkingHours are Monday to Friday, 09:00 to 18:00.
func DefaultWorkingHours() WorkingHours {
	return WorkingHours{
		From: 9 * time.Hour, To: 18 * time.Hour,
		Days: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday},
	}
}

// Working reports whether t falls in the person's working hours.
func (w WorkingHours) Working(p Person, t time.Time) bool {
	return w.Next(p, t).Equal(t)
}

// Next is t itself in the person's working hours, else the next start of their
// work after t, in their zone and after their absence. It looks one year ahead
// and then gives up with t, so that a holiday list covering every day can't
// silence Gatehouse for ever.
func (w WorkingHours) Next(p Person, t time.Time) time.Time {
	if away := p.Own.Away; away.Now(t) {
		p.Own.Away = Absence{}
		return w.Next(p, away.Until).In(t.Location())
	}
	if p.Own.Until > p.Own.From {
		w.From, w.To = p.Own.From, p.Own.Until
	}
	local := t.In(p.Location())
	for day := range 366 {
		if !w.workday(w.at(local, day, 12*time.Hour)) {
			continue
		}
		start := w.at(local, day, w.From)
		if t.Before(start) {
			return start.In(t.Location())
		}
		if t.Before(w.at(local, day, w.To)) {
			return t
		}
	}
	return t
}

// at is the wall-clock reading d on the n-th day after t's date. time.Date
// moves a reading that a clock change skips to one that exists; noon, by which
// days are told apart, is never skipped.
func (w WorkingHours) at(t time.Time, n int, d time.Duration) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+n, int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60, 0, t.Location())
}

func (w WorkingHours) workday(t time.Time) bool {
	return slices.Contains(w.Days, t.Weekday()) && !slices.Contains(w.Holidays, t.Format(time.DateOnly))
}

// AddDays is t moved on by n working days, at the same wall-clock time in the
// person's zone, to the second. Where a year holds too few working days, days
// of the calendar count instead.
func (w WorkingHours) AddDays(p Person, t time.Time, n int) time.Time {
	local := t.In(p.Location())
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	day, left := 0, n
	for left > 0 && day < 366 {
		if day++; w.workday(w.at(local, day, 12*time.Hour)) {
			left--
		}
	}
	if left > 0 {
		day = n
	}
	return w.at(local, day, clock).In(t.Location())
}
