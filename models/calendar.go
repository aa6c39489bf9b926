package models

import (
	"cmp"
	"slices"
	"time"
)

// Calendar is what lies in a span of time: changes, the times of freezes and
// the maintenance windows of services, each in the order of their beginning.
type Calendar struct {
	Window   Window
	Service  Slug // "" = of all services
	Changes  []*Change
	Freezes  []FreezeSpan
	Openings []Opening
}

// Opening is one time of a service's maintenance window.
type Opening struct {
	Service Slug
	Window  Window
}

// CalendarDay is one day of a calendar. What lasts several days stands on each.
type CalendarDay struct {
	Date     time.Time // its midnight, in the reader's zone
	Changes  []*Change
	Freezes  []FreezeSpan
	Openings []Opening
}

// Days are the days of the calendar in a zone, empty ones left out.
func (k Calendar) Days(zone *time.Location) []CalendarDay {
	var out []CalendarDay
	local := k.Window.Start.In(zone)
	for n := 0; ; n++ {
		midnight := func(n int) time.Time {
			return time.Date(local.Year(), local.Month(), local.Day()+n, 0, 0, 0, 0, zone)
		}
		d := CalendarDay{Date: midnight(n)}
		if !d.Date.Before(k.Window.End) {
			return out
		}
		on := Window{Start: later(d.Date, k.Window.Start), End: midnight(n + 1)}
		d.Changes = onDay(k.Changes, on, func(c *Change) Window { return c.Occupies() })
		d.Freezes = onDay(k.Freezes, on, func(x FreezeSpan) Window { return x.Window })
		d.Openings = onDay(k.Openings, on, func(x Opening) Window { return x.Window })
		if len(d.Changes)+len(d.Freezes)+len(d.Openings) > 0 {
			out = append(out, d)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func onDay[T any](all []T, on Window, of func(T) Window) []T {
	var out []T
	for _, x := range all {
		if of(x).Overlaps(on) {
			out = append(out, x)
		}
	}
	slices.SortStableFunc(out, func(a, b T) int { return of(a).Start.Compare(of(b).Start) })
	return out
}

// InTheWay says of each change of the calendar which others conflict with it,
// by id. Changes without a conflict are absent.
func (k Calendar) InTheWay(f Facts) map[ChangeID][]ChangeID {
	all := slices.Clone(k.Changes)
	slices.SortFunc(all, func(a, b *Change) int {
		return cmp.Or(a.Window.Start.Compare(b.Window.Start), cmp.Compare(a.ID, b.ID))
	})
	out := map[ChangeID][]ChangeID{}
	for _, c := range all {
		if !plans(c.State) {
			continue
		}
		f.Around = Around{}
		for _, x := range all {
			if !x.Window.Start.Before(c.Ends()) {
				break
			}
			if plans(x.State) && x.ID != c.ID && x.Environment == c.Environment && x.Claims(f.Now).Overlaps(c.Occupies()) {
				f.Around.Neighbours = append(f.Around.Neighbours, x.neighbour())
			}
		}
		for _, x := range Conflicts(c, f) {
			out[c.ID] = append(out[c.ID], x.With.ID)
		}
		slices.Sort(out[c.ID])
	}
	return out
}

// plans reports whether a change in this state lays claim to its window.
func plans(s State) bool { return s == AwaitingApproval || s == Approved || s == InProgress }

// neighbour is the change as others see it that plan beside it.
func (c *Change) neighbour() Neighbour {
	return Neighbour{ID: c.ID, Title: c.Title, Type: c.Type, State: c.State, Environment: c.Environment, Services: c.Services,
		Window: c.Occupies(), Implementer: c.Implementer, Submitted: c.SubmittedAt}
}

// Calendared reports whether the freeze says something about a service, or,
// without one, anything at all.
func (z Freeze) Calendared(service Slug, d *Directory) bool {
	return z.LiftedAt.IsZero() && (service == "" ||
		(len(z.Services) == 0 || slices.Contains(z.Services, service)) &&
			(len(z.Tiers) == 0 || slices.Contains(z.Tiers, d.Services[service].Tier)))
}

// MayFreeze refuses, in words, whoever can't declare, edit or lift a freeze.
func MayFreeze(f Facts) error { return mayFreeze(f) }
