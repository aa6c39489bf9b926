// Package schedule reads cron lines and says when they come round in a time
// zone, over clock changes too. It is the only one that imports robfig/cron,
// and only its parser: what the clock shows decides, never a running cron.
package schedule

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/gatehousehq/gatehouse/models"
)

// Schedule is a cron line in a time zone.
type Schedule struct {
	spec *cron.SpecSchedule
	loc  *time.Location
}

// everyHour marks a line whose hour is "*": it follows real time.
const everyHour = 1 << 63

// Shortest is how far apart two times of a schedule are at least.
const Shortest = time.Hour

// Parse reads a cron line of five fields (minute, hour, day of month, month,
// day of week; Sunday is 0) for an IANA zone. The error is a sentence for the
// person who typed the line. A line that never comes round, or comes round
// more often than once an hour, is refused.
func Parse(line, zone string) (s Schedule, err error) {
	defer func() { // the parser panics on some inputs
		if recover() != nil {
			s, err = Schedule{}, fmt.Errorf("%q is no cron line: write five fields, such as 0 22 * * 5 for Fridays at 22:00", line)
		}
	}()
	line = strings.Join(strings.Fields(line), " ")
	if strings.HasPrefix(line, "@") || strings.Contains(line, "TZ=") || len(strings.Fields(line)) != 5 {
		return Schedule{}, fmt.Errorf("%q is no cron line: write five fields, such as 0 22 * * 5 for Fridays at 22:00; the time zone is a choice of its own", line)
	}
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		return Schedule{}, fmt.Errorf("there is no time zone %q: write its name as in Europe/Berlin", zone)
	}
	parsed, err := cron.ParseStandard("CRON_TZ=UTC " + line)
	if err != nil {
		return Schedule{}, fmt.Errorf("%q is no cron line: %s", line, complaint(line, err))
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return Schedule{}, fmt.Errorf("%q is no cron line of five fields", line)
	}
	s = Schedule{spec, loc}
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	first := s.Next(from)
	if first.IsZero() {
		return Schedule{}, fmt.Errorf("%q never comes round: no year has such a day", line)
	}
	for t, n := first, 0; n < 48; n++ {
		next := s.Next(t)
		if next.IsZero() { // rarer than every five years
			break
		}
		if next.Sub(t) < Shortest {
			return Schedule{}, fmt.Errorf("%q comes round more often than once an hour, which is the limit", line)
		}
		t = next
	}
	return s, nil
}

// complaint says which of the five fields the parser can't read, and what may
// stand there; the parser itself speaks to programmers.
func complaint(line string, err error) string {
	for i, field := range strings.Fields(line) {
		alone := []string{"*", "*", "*", "*", "*"}
		alone[i] = field
		if _, wrong := cron.ParseStandard(strings.Join(alone, " ")); wrong != nil {
			return fmt.Sprintf("%q can't be its %s", field, fieldNames[i])
		}
	}
	return err.Error()
}

var fieldNames = []string{
	"minute (0-59)", "hour (0-23)", "day of the month (1-31)", "month (1-12 or JAN-DEC)", "day of the week (0-6 or SUN-SAT; Sunday is 0)",
}

// Next is the first time after t, in UTC; the zero time when there is none. A
// time that a clock change skips comes at the change; one that it repeats
// comes the first time only.
func (s Schedule) Next(after time.Time) time.Time {
	if s.spec.Hour&everyHour != 0 {
		spec := *s.spec
		spec.Location = s.loc
		return spec.Next(after).UTC()
	}
	for wall := reading(after.In(s.loc)); ; {
		if wall = s.spec.Next(wall); wall.IsZero() {
			return wall
		}
		if t := s.first(wall); t.After(after) {
			return t.UTC()
		}
	}
}

// reading is what a clock shows, to the second, as a UTC time.
func reading(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// first is the first instant at which the zone's clocks show the reading, or
// the clock change that skips it.
func (s Schedule) first(wall time.Time) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, s.loc)
	start, end := t.ZoneBounds()
	switch shown := reading(t); {
	case shown.After(wall):
		return start
	case shown.Before(wall):
		return end
	}
	if start.IsZero() {
		return t
	}
	_, before := start.Add(-time.Second).Zone()
	_, now := t.Zone()
	if earlier := t.Add(-time.Duration(before-now) * time.Second); earlier.Before(start) && reading(earlier).Equal(wall) {
		return earlier
	}
	return t
}

// most bounds how many occurrences one question returns.
const most = 1000

// Occurrences are the windows of this length that overlap [from, to), by
// start, at most a thousand.
func (s Schedule) Occurrences(from, to time.Time, length time.Duration) []models.Window {
	var out []models.Window
	for t := s.Next(from.Add(-length).Add(-time.Second)); !t.IsZero() && t.Before(to) && len(out) < most; t = s.Next(t) {
		if w := models.NewWindow(t, t.Add(length)); w.End.After(from) {
			out = append(out, w)
		}
	}
	return out
}

// Windows expands when a freeze or a maintenance window holds: those of its
// windows that overlap [from, to).
func Windows(w models.When, from, to time.Time) ([]models.Window, error) {
	if w.Cron == "" {
		if w.Window.Start.Before(to) && from.Before(w.Window.End) {
			return []models.Window{w.Window}, nil
		}
		return nil, nil
	}
	s, err := Parse(w.Cron, w.Zone)
	if err != nil {
		return nil, err
	}
	return s.Occurrences(from, to, w.Length), nil
}

// Turn is what a schedule does at a moment: the latest of the times that have
// come, of which those before it are merged into one, and the time after.
type Turn struct {
	Slot   time.Time // zero when none has come, or all that have are stale
	Next   time.Time
	Merged int  // how many came before Slot and are not made up for
	Stale  bool // some are dropped because they came longer ago than worth it
}

// Turn says what to do at now for a schedule whose next time was planned; what
// came longer ago than skipAfter is dropped.
func (s Schedule) Turn(planned, now time.Time, skipAfter time.Duration) Turn {
	t, at := Turn{Next: s.Next(now)}, planned
	if oldest := now.Add(-skipAfter); planned.Before(oldest) {
		t.Stale, at = true, s.Next(oldest.Add(-time.Second))
	}
	for ; !at.IsZero() && !at.After(now); at = s.Next(at) {
		if !t.Slot.IsZero() {
			t.Merged++
		}
		t.Slot = at
	}
	return t
}
