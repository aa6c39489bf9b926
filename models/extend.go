package models

import "time"

// EventExtended: work that runs got more time.
const EventExtended EventKind = "extended"

// MaxExtension is how much more time work can be given at once.
const MaxExtension = 24 * time.Hour

// Ends is when the time of the change is over: at the end of its window, or
// where that was extended to while it ran.
func (c *Change) Ends() time.Time { return later(c.Window.End, c.ExtendedTo) }

// Occupies is the time that the change lays claim to: its window, and what it
// was extended by.
func (c *Change) Occupies() Window { return Window{c.Window.Start, c.Ends()} }

// overrunAhead is how far ahead of now work that runs on after its time lays
// claim to its services: nobody knows when it ends, so whoever begins within the
// hour hears of it.
const overrunAhead = time.Hour

// Claims is the time that the change lays claim to as others see it now: what
// it occupies, and, when its work runs on after that, the hour that begins now.
func (c *Change) Claims(now time.Time) Window { return claims(c.State, c.Occupies(), now) }

// Claims is the same of a neighbour.
func (n Neighbour) Claims(now time.Time) Window { return claims(n.State, n.Window, now) }

func claims(s State, w Window, now time.Time) Window {
	if overruns(s, w, now) {
		return Window{w.Start, now.Add(overrunAhead)}
	}
	return w
}

// overruns reports whether work is in progress after its time.
func overruns(s State, w Window, now time.Time) bool {
	return s == InProgress && !w.End.After(now)
}

func (n Neighbour) overruns(now time.Time) bool { return overruns(n.State, n.Window, now) }

// MayBeExtended is the time in which an extension can lie: what stands around
// work that runs is read for it.
func (c *Change) MayBeExtended(now time.Time) Window {
	from := later(c.Ends(), now)
	return Window{c.Window.Start, from.Add(MaxExtension)}
}

// Extend gives running work more time. It is no edit: the window that was
// agreed to stands, and no approval is void. It never reaches into a hard
// freeze; what it overlaps beside that is said and stays with the people.
func (c *Change) Extend(until time.Time, reason string, f Facts) error {
	if c.State != InProgress {
		return Refusef("%s is %s, so there is no running work to give more time. A window that lies ahead is edited instead.", c.ID, c.phrase())
	}
	if err := c.MayReport(f); err != nil {
		return err
	}
	until = NewWindow(until, until).End
	errs := fieldErrors{}
	switch {
	case until.IsZero():
		errs.add(FieldEnd, "Choose until when the work may take.")
	case until.Equal(c.Ends()):
		return Settledf("%s has time until then already, so nothing more was recorded.", c.ID)
	case until.Before(c.Ends()):
		errs.add(FieldEnd, "It has time until %s already. Choose a later time; to end early, complete it.", clockOn(c.Ends(), f.Actor.Location()))
	case !until.After(f.Now):
		errs.add(FieldEnd, "This time is over already. Choose one that is still to come.")
	case until.After(c.MayBeExtended(f.Now).End):
		errs.add(FieldEnd, "At most 24 hours at once. If it takes longer, roll back and plan it anew.")
	}
	if text := missingReason(reason, "Say why it takes longer."); text != "" {
		errs.add(FieldReason, "%s", text)
	}
	more := Window{c.Ends(), until}
	if x, meets := c.freezeAhead(more, f); meets {
		instead := "Choose an earlier end, or roll back before it begins."
		if x.Window.Contains(f.Now) { // it has begun, so no later end is clear of it
			instead = "It has begun already, so complete the work or roll it back: both are always possible."
		}
		errs.add(FieldEnd, "It would reach into %s. %s", x.on(f.Actor.Location()), instead)
	}
	if err := errs.err("Nothing is recorded yet: some answers need another look."); err != nil {
		return err
	}
	e := Event{Kind: EventExtended, From: InProgress, To: InProgress, Reason: tidy(reason),
		Diff: []FieldDiff{{"Until", clock(c.Ends()), clock(until)}}}
	c.ExtendedTo = until
	if met := c.overlapsOf(more, f); met != "" {
		e.Diff = append(e.Diff, FieldDiff{Field: "Overlaps", After: met})
	}
	c.record(f, e)
	return nil
}

// freezeAhead is the first hard freeze that the time lies in. An emergency
// runs on in one that its approval named; going back is always allowed.
func (c *Change) freezeAhead(more Window, f Facts) (FreezeSpan, bool) {
	for _, x := range f.Around.Freezes {
		named := c.Type == Emergency && x.Window.Overlaps(c.Window)
		if x.Freeze.strict() && x.Freeze.covers(c, f) && x.Window.Overlaps(more) && !named && c.Identity.RollbackOf == 0 {
			return x, true
		}
	}
	return FreezeSpan{}, false
}

// overlapsOf names the changes that the time runs into, with who carries them
// out; "" for none.
func (c *Change) overlapsOf(more Window, f Facts) string {
	var words []string
	related := f.related(c.Services)
	for _, n := range f.Around.Neighbours {
		if n.Claims(f.Now).Overlaps(more) && c.hangsWith(n, related, f) != "" {
			words = append(words, n.ID.String()+" ("+f.Name(n.Implementer)+")")
		}
	}
	return list(words, "")
}

// clock is a time in a sentence, in UTC.
func clock(t time.Time) string { return clockOn(t, time.UTC) }

func clockOn(t time.Time, zone *time.Location) string {
	return t.In(zone).Format(clockLayout) + ofZone(zone)
}
