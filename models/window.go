package models

import "time"

// Window is a planned time span, half open: it contains Start and not End.
// Both are UTC and whole seconds.
type Window struct {
	Start time.Time
	End   time.Time
}

// NewWindow makes a window in the form that is hashed and stored.
func NewWindow(start, end time.Time) Window {
	return Window{Start: start.UTC().Truncate(time.Second), End: end.UTC().Truncate(time.Second)}
}

// Contains reports whether t is inside.
func (w Window) Contains(t time.Time) bool { return !t.Before(w.Start) && t.Before(w.End) }

// Overlaps reports whether two windows share any instant.
func (w Window) Overlaps(o Window) bool { return w.Start.Before(o.End) && o.Start.Before(w.End) }

// Length is the planned duration.
func (w Window) Length() time.Duration { return w.End.Sub(w.Start) }
