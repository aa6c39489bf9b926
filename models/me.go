package models

import (
	"slices"
	"strings"
	"time"
)

// RecordPerson is the kind of what people set for themselves; events say whose
// by their actor.
const RecordPerson RecordKind = "person"

// EventOwnSaved: somebody set their hours, zone, absence or delegate.
const EventOwnSaved EventKind = "own_settings_saved"

// The fields of what a person sets for themself, beside FieldDelegate and FieldZone.
const (
	FieldHoursFrom  Field = "hours_from"
	FieldHoursUntil Field = "hours_until"
	FieldAwayFrom   Field = "away_from"
	FieldAwayUntil  Field = "away_until"
)

// longestAbsence keeps a mistyped year from silencing somebody for good.
const longestAbsence = 366

// OwnInput is what a person filled in about themself. Days are local dates
// ("2026-03-02"); the last one is still away.
type OwnInput struct {
	From, Until       time.Duration
	Zone              string
	AwayFrom, AwayEnd string
	Delegate          UserID
	Muted             []ReminderKind
}

// OwnOf is the form's content as it stands.
func OwnOf(p Person) OwnInput {
	in := OwnInput{From: p.Own.From, Until: p.Own.Until, Zone: p.Own.Zone, Delegate: p.Own.Away.Delegate, Muted: p.Own.Muted}
	if away := p.Own.Away; !away.Until.IsZero() {
		in.AwayFrom = away.From.In(p.Location()).Format(time.DateOnly)
		in.AwayEnd = away.Until.Add(-time.Second).In(p.Location()).Format(time.DateOnly)
	}
	return in
}

// SetOwn keeps what the actor filled in about themself. An absence is counted
// in whole days of their own zone. Whoever has no account that may decide sets
// nothing.
func SetOwn(in OwnInput, f Facts) (Own, []Event, error) {
	if f.Actor.Bot || f.Actor.Deleted || f.Actor.ID == "" {
		return Own{}, nil, Refusef("Nothing is saved: only people with an account in this workspace have hours here.")
	}
	errs := fieldErrors{}
	own := Own{From: in.From, Until: in.Until, Zone: in.Zone}
	if _, err := time.LoadLocation(in.Zone); err != nil || in.Zone == "Local" {
		errs.add(FieldZone, "There is no zone %q. Write it like Europe/Berlin, or leave it empty for the one in Slack.", in.Zone)
		own.Zone = ""
	}
	if in.From != 0 || in.Until != 0 {
		if in.Until <= in.From || in.From < 0 || in.Until > 24*time.Hour {
			errs.add(FieldHoursUntil, "The end of work has to be after its beginning. Clear both for the hours of the workspace.")
		}
	}
	own.Away = in.away(own, f, errs)
	for _, k := range ReminderKinds { // in one order, whatever was clicked first
		if slices.Contains(in.Muted, k) {
			own.Muted = append(own.Muted, k)
		}
	}
	if err := errs.err("Nothing is saved yet: some answers need another look."); err != nil {
		return Own{}, nil, err
	}
	diff := ownDiff(f.Actor, own, f)
	if len(diff) == 0 {
		return own, nil, Settledf("Nothing is different, so nothing was changed.")
	}
	return own, []Event{{Kind: EventOwnSaved, Actor: f.Actor.ID, At: f.Now, Diff: diff}}, nil
}

// away reads the absence; a zero one when there is none.
func (in OwnInput) away(own Own, f Facts, errs fieldErrors) Absence {
	if in.AwayFrom == "" && in.AwayEnd == "" {
		if in.Delegate != "" {
			errs.add(FieldAwayFrom, "Say from when to when %s decides in your place.", f.Name(in.Delegate))
		}
		return Absence{}
	}
	loc := Person{Zone: f.Actor.Zone, Own: own}.Location()
	from, err1 := time.ParseInLocation(time.DateOnly, in.AwayFrom, loc)
	last, err2 := time.ParseInLocation(time.DateOnly, in.AwayEnd, loc)
	until := time.Date(last.Year(), last.Month(), last.Day()+1, 0, 0, 0, 0, loc)
	switch {
	case err1 != nil:
		errs.add(FieldAwayFrom, "Choose the first day of your absence.")
	case err2 != nil:
		errs.add(FieldAwayUntil, "Choose the last day of your absence, so that it ends by itself.")
	case !until.After(from):
		errs.add(FieldAwayUntil, "The last day can't be before the first one.")
	case !until.After(f.Now):
		errs.add(FieldAwayUntil, "These days are over. Clear both to be there, or choose later ones.")
	case until.Sub(from) > longestAbsence*24*time.Hour:
		errs.add(FieldAwayUntil, "An absence is at most a year long. Check the year.")
	}
	switch ok, _ := f.Person(in.Delegate).CanDecide(); {
	case in.Delegate == "":
	case in.Delegate == f.Actor.ID:
		errs.add(FieldDelegate, "Choose somebody else: you can't stand in for yourself.")
	case !ok:
		errs.add(FieldDelegate, "%s can't decide on changes: bots, guests and closed accounts never do.", f.Name(in.Delegate))
	}
	return Absence{From: from.UTC(), Until: until.UTC(), Delegate: in.Delegate}
}

func ownDiff(was Person, now Own, f Facts) []FieldDiff {
	is := was
	is.Own = now
	var out []FieldDiff
	for _, x := range []struct {
		field  string
		before string
		after  string
	}{
		{"Hours", was.Own.hours(), now.hours()}, {"Zone", was.Own.Zone, now.Zone},
		{"Absence", was.absence(), is.absence()}, {"Delegate", nameOrNone(was.Own.Away.Delegate, f), nameOrNone(now.Away.Delegate, f)},
		{"Reminders not wanted", was.Own.muted(), now.muted()},
	} {
		if x.before != x.after {
			out = append(out, FieldDiff{Field: x.field, Before: x.before, After: x.after})
		}
	}
	return out
}

// hours are the person's own hours in words, "" when they are the workspace's.
func (o Own) hours() string {
	if o.Until <= o.From {
		return ""
	}
	return clockTime(o.From) + " to " + clockTime(o.Until)
}

func (o Own) muted() string {
	var words []string
	for _, k := range o.Muted {
		words = append(words, k.String())
	}
	return strings.Join(words, "; ")
}

func clockTime(d time.Duration) string {
	return time.Time{}.Add(d).Format("15:04")
}

// absence is the person's absence in words, by days of their zone.
func (p Person) absence() string {
	in := OwnOf(p)
	if in.AwayEnd == "" {
		return ""
	}
	return in.AwayFrom + " to " + in.AwayEnd
}

// NextAway is when the person's absence begins or ends next after t; zero = never.
func (o Own) NextAway(t time.Time) time.Time {
	switch {
	case o.Away.From.After(t):
		return o.Away.From
	case o.Away.Until.After(t):
		return o.Away.Until
	}
	return time.Time{}
}
