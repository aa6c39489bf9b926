package models

import (
	"slices"
	"time"
)

// Working days are days of the calendar in the zone of one person: a due date
// is "ten working days before go-live" wherever the hours of work begin.

// mostDays keeps a holiday list that covers every day from looking for ever.
const mostDays = 5 * 366

// Workday reports whether the local date of t is one on which people work.
func (w WorkingHours) Workday(p Person, t time.Time) bool {
	return w.workday(w.at(t.In(p.Location()), 0, 12*time.Hour))
}

// dayOff is how far the n-th working day lies from t's date: after it, or
// before it when n is negative. Where too few are found, calendar days count.
func (w WorkingHours) dayOff(local time.Time, n int) int {
	step, left, day := 1, n, 0
	if n < 0 {
		step, left = -1, -n
	}
	noon := w.at(local, 0, 12*time.Hour)
	weekday, holidays := noon.Weekday(), len(w.Holidays) > 0
	works := w.weekdays()
	for left > 0 {
		if day += step; day > mostDays || day < -mostDays {
			return n
		}
		on := (int(weekday) + day%7 + 7) % 7
		if works[on] && (!holidays || !slices.Contains(w.Holidays, w.at(local, day, 12*time.Hour).Format(time.DateOnly))) {
			left--
		}
	}
	return day
}

func (w WorkingHours) weekdays() (works [7]bool) {
	for _, d := range w.Days {
		works[d] = true
	}
	return works
}

// EndOfWorkday is the end of work on the n-th working day after t, or before
// it when n is negative; n = 0 is t's own date, worked or not.
func (w WorkingHours) EndOfWorkday(p Person, t time.Time, n int) time.Time {
	local := t.In(p.Location())
	return w.at(local, w.dayOff(local, n), w.To).UTC()
}

// StartOfWorkday is the beginning of work on that day.
func (w WorkingHours) StartOfWorkday(p Person, t time.Time, n int) time.Time {
	local := t.In(p.Location())
	return w.at(local, w.dayOff(local, n), w.From).UTC()
}

// WorkdaysBetween counts the working days from from's date to to's date, both
// included; 0 when to lies before.
func (w WorkingHours) WorkdaysBetween(p Person, from, to time.Time) int {
	a, b := w.at(from.In(p.Location()), 0, 12*time.Hour), w.at(to.In(p.Location()), 0, 12*time.Hour)
	if b.Before(a) {
		return 0
	}
	days := int(b.Sub(a).Hours()/24+0.5) + 1
	works, n := w.weekdays(), 0
	for _, on := range works {
		if on {
			n++
		}
	}
	count := days / 7 * n
	for i := range days % 7 {
		if works[(int(a.Weekday())+i)%7] {
			count++
		}
	}
	first, last := a.Format(time.DateOnly), b.Format(time.DateOnly)
	for i, h := range w.Holidays {
		if h < first || h > last || slices.Contains(w.Holidays[:i], h) {
			continue
		}
		if d, err := time.Parse(time.DateOnly, h); err == nil && works[d.Weekday()] {
			count--
		}
	}
	return count
}

// since is the beginning of the earliest of the n latest working days, the
// date of t counted when it is one.
func (w WorkingHours) since(p Person, t time.Time, n int) time.Time {
	local := t.In(p.Location())
	if w.workday(w.at(local, 0, 12*time.Hour)) {
		n--
	}
	return w.at(local, w.dayOff(local, -n), 0).UTC()
}
