package models

import (
	"cmp"
	"slices"
	"time"
)

// Slots are free times for a change, and why the earlier ones are not free.
type Slots struct {
	Free   []Window
	Passed []Passed // in the order of time; neighbouring times with one reason are one
	Off    string   // that they lie outside the working hours of whoever carries it out, and why, as a sentence
}

// Passed is a time that was passed over, the first of its kind, and why.
type Passed struct {
	Window Window
	Why    string
	When   Window // the time that Why names, for views to say in the reader's zone
}

const (
	// SlotGrid is how far apart the starts are that are tried.
	SlotGrid = 30 * time.Minute
	// SlotHorizon is how far ahead slots are looked for.
	SlotHorizon = 14 * 24 * time.Hour
	// slotsWanted is how many are offered.
	slotsWanted = 3
)

// SlotsFrom is the time in which slots for the change are looked for: from its
// start on, or from now when that is past, at full half hours.
func SlotsFrom(c *Change, now time.Time) Window {
	from := ceil(later(c.Window.Start, now))
	return Window{Start: from, End: from.Add(SlotHorizon)}
}

func ceil(t time.Time) time.Time {
	if down := t.UTC().Truncate(SlotGrid); !down.Equal(t) {
		return down.Add(SlotGrid)
	}
	return t.UTC()
}

// SuggestSlots finds three free times of the change's length, none of which
// overlaps another. f.Around holds what lies in SlotsFrom. Free is a time
// without a conflict or freeze, inside the maintenance windows, with its
// notice, with approvers at work before it, and with the implementer there. Times
// in the implementer's working hours come before all others: those are offered
// only when there are none of these.
func SuggestSlots(c *Change, f Facts) Slots {
	next := *c
	within, length := SlotsFrom(c, f.Now), c.Window.Length()
	if length <= 0 {
		length = time.Hour
	}
	next.State, next.Revision, next.WindowSetAt = Draft, "", f.Now
	if next.Type == Normal || next.Type == "" {
		next.Type = Normal
		_, next.Requirements, _ = f.Policy.Requirements(&next, withoutCalendar(f)) // refused: its own sentence comes at submit
	}
	barriers, who := next.slotBarriers(f), f.Person(c.performer())
	var out Slots
	var off []Window // free, but outside the working hours
	for at := within.Start; at.Before(within.End) && len(out.Free) < slotsWanted; {
		next.Window = Window{at, at.Add(length)}
		working := c.Type == Emergency || f.Settings.Hours.span(who, next.Window)
		if !working && len(off) == slotsWanted { // only working hours are of interest by now
			at = ceil(later(at.Add(SlotGrid), f.Settings.Hours.Next(who, at)))
			continue
		}
		why, when, until := next.slotBarred(barriers, f)
		switch {
		case why == "" && working:
			out.Free = append(out.Free, next.Window)
			at = ceil(next.Window.End)
			continue
		case why == "":
			if len(off) == 0 || !off[len(off)-1].Overlaps(next.Window) {
				off = append(off, next.Window)
			}
		case len(out.Passed) == 0 || out.Passed[len(out.Passed)-1].Why != why:
			out.Passed = append(out.Passed, Passed{next.Window, why, when})
		}
		if at = at.Add(SlotGrid); until.After(at) {
			at = ceil(until)
		}
	}
	hours := "the working hours of " + f.Name(who.ID) + ", who carries it out"
	switch {
	case len(off) == 0:
	case len(out.Free) == 0:
		out.Free, out.Off = off, "No time in "+hours+", is free within 14 days."
	default:
		out.pass(Passed{Window: off[0], Why: "It lies outside " + hours + "."})
	}
	return out
}

// pass adds a time that was passed over where it belongs in the order of time.
func (s *Slots) pass(p Passed) {
	at, _ := slices.BinarySearchFunc(s.Passed, p, func(a, b Passed) int { return a.Window.Start.Compare(b.Window.Start) })
	s.Passed = slices.Insert(s.Passed, at, p)
}

// performer is who carries the change out; its requester unless it says so.
func (c *Change) performer() UserID { return cmp.Or(c.Implementer, c.Requester) }

// span reports whether the window begins and ends within one day's work of the
// person. What takes longer than a day's work need only begin in it.
func (w WorkingHours) span(p Person, at Window) bool {
	if !w.Working(p, at.Start) {
		return false
	}
	if len(w.Days) == 0 { // nobody says when people work
		return true
	}
	from, to := w.From, w.To
	if p.Own.Until > p.Own.From {
		from, to = p.Own.From, p.Own.Until
	}
	return at.Length() > to-from || !at.End.After(w.at(at.Start.In(p.Location()), 0, to))
}

func withoutCalendar(f Facts) Facts {
	f.Around.Neighbours, f.Around.Freezes, f.Around.Openings = nil, nil, nil
	return f
}

// barrier is a time that a slot may not overlap.
type barrier struct {
	window Window
	why    string
	named  Window // the time that why names
}

// slotBarriers are those of other changes, freezes and the implementer's
// absence, by their beginning.
func (c *Change) slotBarriers(f Facts) []barrier {
	var out []barrier
	related := f.related(c.Services)
	for _, n := range f.Around.Neighbours {
		if why := c.hangsWith(n, related, f); why != "" {
			words := " is planned from " + n.Window.words()
			if n.overruns(f.Now) {
				words = " was planned from " + n.Window.words() + " and is still in progress"
			}
			out = append(out, barrier{n.Claims(f.Now), n.ID.String() + words + ": " + why + ".", n.Window})
		}
	}
	if c.Type != Emergency {
		for _, x := range f.Around.Freezes {
			if x.Freeze.covers(c, f) {
				out = append(out, barrier{x.Window, "It falls into " + x.words() + ".", x.Window})
			}
		}
	}
	if away := f.Person(c.Implementer).Own.Away; away.Until.After(f.Now) {
		w := NewWindow(away.From, away.Until)
		out = append(out, barrier{w, f.Name(c.Implementer) + ", who carries it out, is away from " + w.words() + ".", w})
	}
	slices.SortStableFunc(out, func(a, b barrier) int { return a.window.Start.Compare(b.window.Start) })
	return out
}

// slotBarred says why the change can't have its window, which time that names,
// and until when at least that stays so; "" when the window is free.
func (c *Change) slotBarred(barriers []barrier, f Facts) (why string, named Window, until time.Time) {
	for _, b := range barriers {
		if !b.window.Start.Before(c.Window.End) {
			break
		}
		if b.window.Overlaps(c.Window) {
			return b.why, b.named, b.window.End
		}
	}
	if outside := openingCheck(c, f, planning); len(outside) > 0 {
		return outside[0].What, outside[0].When, time.Time{}
	}
	near := f
	near.Around.Neighbours, near.Around.Freezes = nil, freezesNear(f.Around.Freezes, c.Window)
	hurried := *c
	if hurried.assess(near); hurried.Expedited {
		return "It would come with less notice than its risk asks for.", Window{}, time.Time{}
	}
	if absent := c.absent(f); len(absent) > 0 {
		return "Nobody works before it who could give: " + absent[0] + ".", Window{}, time.Time{}
	}
	return "", Window{}, time.Time{}
}

// freezesNear are those that a risk is assessed by.
func freezesNear(all []FreezeSpan, w Window) []FreezeSpan {
	near := Window{w.Start.Add(-24 * time.Hour), w.End.Add(24 * time.Hour)}
	var out []FreezeSpan
	for _, x := range all {
		if x.Window.Overlaps(near) {
			out = append(out, x)
		}
	}
	return out
}

// Short reports that a longer look may find a better time: nothing is free yet,
// or nothing in the working hours.
func (s Slots) Short() bool { return len(s.Free) == 0 || s.Off != "" }

// InTime is the first start with enough notice where the form comes with too
// little, so that little of the time in which slots are looked for can be free.
func (in Input) InTime(c *Change, f Facts) (start time.Time, late bool) {
	next := in.asChange(c, f)
	next.Window.Start, next.WindowSetAt = SlotsFrom(next, f.Now).Start, f.Now
	f.Around.Freezes = freezesNear(f.Around.Freezes, next.Window)
	next.assess(f)
	return EarliestWithNotice(Assess(next.Material, f).Level, f), next.Expedited
}

// SlotReach is how far ahead slots for the form are looked for at most, whatever
// its risk turns out to be.
func (in Input) SlotReach(c *Change, f Facts) time.Time {
	longest := 0
	for _, days := range f.Policy.Notice {
		longest = max(longest, days)
	}
	noticed := f.Settings.Hours.AddDays(f.Actor, f.Now, longest)
	return later(SlotsFrom(in.asChange(c, f), f.Now).End, noticed.Add(SlotHorizon+SlotGrid))
}

// Further are these slots, or those that a look further ahead found where these
// fall short; what was passed over is then that of both.
func (s Slots) Further(more Slots) Slots {
	if len(more.Free) == 0 || more.Off != "" && len(s.Free) > 0 {
		return s
	}
	for _, p := range more.Passed {
		if n := len(s.Passed); n == 0 || s.Passed[n-1].Why != p.Why {
			s.Passed = append(s.Passed, p)
		}
	}
	return Slots{more.Free, s.Passed, more.Off}
}

// SlotsFor are slots for what a form holds so far.
func (in Input) SlotsFor(c *Change, f Facts) Slots { return SuggestSlots(in.asChange(c, f), f) }

// asChange is the change that the form would make of c, nil for a new one.
func (in Input) asChange(c *Change, f Facts) *Change {
	if c == nil {
		c = &Change{Identity: Identity{Requester: f.Actor.ID}}
	}
	next := *c
	in.fill(c, f).apply(&next)
	return &next
}

// MoveTo puts the change into another window, as an edit of nothing else; what
// was never submitted is submitted with it.
func (c *Change) MoveTo(w Window, seen Revision, f Facts) error {
	if c.Revision != seen {
		return Refusef("%s was edited after this time was offered, so it was not moved. Its card shows how it stands now.", c.ID)
	}
	in := InputOf(c)
	in.Start, in.End = w.Start, w.End
	if c.State == Draft {
		return c.Raise(in, f)
	}
	return c.Edit(in, f)
}

// CanMove reports whether the actor may move what another time would suit
// better: a refusal then offers the next free one.
func (c *Change) CanMove(f Facts) bool {
	if !c.State.Editable() || c.Identity.RollbackOf != 0 || c.mayEdit(f) != nil {
		return false
	}
	if c.State != Approved {
		return InputOf(c).Preview(c, f).Misfit()
	}
	return slices.ContainsFunc(StartVerdict(c, f).Blocking(), func(r Reason) bool { return r.Field == FieldStart || r.Field == FieldWhyNow })
}

// SlotScope is what slots for the form are looked for in.
func (in Input) SlotScope(c *Change, f Facts) Scope {
	next := in.asChange(c, f)
	scope := next.Scope()
	scope.Window = SlotsFrom(next, f.Now)
	return scope
}
