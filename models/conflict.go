package models

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Conflict is another change that gets in the way of one: both plan work at
// the same time on services that hang together, or by the same person.
type Conflict struct {
	With   Neighbour
	Why    string // "both touch Ledger"
	Person bool   // who carries both out is all that they share
	Blocks bool   // the other has the right of way
}

// Related are the services that hang together with the given ones, these
// included, by slug: changes of others can't be in the way.
func (d *Directory) Related(slugs []Slug) []Slug { return slices.Sorted(maps.Keys(d.related(slugs))) }

// related says of every service that hangs together with the given ones, how:
// the services themselves, what they depend on and what depends on them, two
// links deep. Circles of dependencies end where they began.
func (d *Directory) related(slugs []Slug) map[Slug]string {
	out := map[Slug]string{}
	for _, slug := range slugs {
		out[slug] = "both touch " + d.serviceName(slug)
	}
	dependants := map[Slug][]Slug{}
	for slug, s := range d.Services {
		for _, on := range s.DependsOn {
			dependants[on] = append(dependants[on], slug)
		}
	}
	walk := func(next func(Slug) []Slug, say func(mine, theirs Slug) string) {
		for _, mine := range slugs {
			reached := []Slug{mine}
			for range dependencyDepth {
				var further []Slug
				for _, slug := range reached {
					further = append(further, next(slug)...)
				}
				slices.Sort(further)
				for _, slug := range further {
					if _, known := out[slug]; !known {
						out[slug] = say(mine, slug)
					}
				}
				reached = slices.Compact(further)
			}
		}
	}
	walk(func(s Slug) []Slug { return d.Services[s].DependsOn },
		func(mine, theirs Slug) string { return d.serviceName(mine) + " depends on " + d.serviceName(theirs) })
	walk(func(s Slug) []Slug { return dependants[s] },
		func(mine, theirs Slug) string { return d.serviceName(theirs) + " depends on " + d.serviceName(mine) })
	return out
}

// dependencyDepth is how many links of dependency a conflict reaches over.
const dependencyDepth = 2

// Conflicts are the other changes that get in this one's way at its time, the
// blocking ones first. Two windows conflict when they share any instant; one
// that ends when the other begins does not. Work that is still in progress after
// its window occupies its services until it is completed.
func Conflicts(c *Change, f Facts) []Conflict {
	if len(f.Around.Neighbours) == 0 {
		return nil
	}
	related, fresh := f.related(c.Services), c.SubmittedAt.IsZero() || c.Material.revision() != c.Revision
	var out []Conflict
	for _, n := range f.Around.Neighbours {
		if n.ID == c.ID || n.Environment != c.Environment || !n.Claims(f.Now).Overlaps(c.Window) {
			continue
		}
		if why := c.hangsWith(n, related, f); why != "" {
			out = append(out, Conflict{n, why, n.hangs(related) == "", c.givesWay(n, fresh, f)})
		}
	}
	slices.SortStableFunc(out, func(a, b Conflict) int { return cmp.Or(rank(a.Blocks, b.Blocks), cmp.Compare(a.With.ID, b.With.ID)) })
	return out
}

// hangsWith says why two changes at one time conflict; "" when they don't.
func (c *Change) hangsWith(n Neighbour, related map[Slug]string, f Facts) string {
	switch {
	case n.ID == c.ID || n.Environment != c.Environment:
		return ""
	case n.hangs(related) != "":
		return n.hangs(related)
	case n.Implementer == c.Implementer && n.Implementer != "":
		return f.Name(c.Implementer) + " carries both out"
	}
	return ""
}

// hangs says how the services of the neighbour hang together with the related
// ones; "" when they don't.
func (n Neighbour) hangs(related map[Slug]string) string {
	for _, slug := range n.Services {
		if why, hangs := related[slug]; hangs {
			return why
		}
	}
	return ""
}

// mostCriticalThatBlocks: conflicts block in production from this tier on.
const mostCriticalThatBlocks = Tier(1)

// givesWay: what was submitted first, or is in progress already, has the right
// of way, so that two changes never wait for each other. Nothing stops an
// emergency or a rollback. fresh: this content was never submitted yet.
func (c *Change) givesWay(n Neighbour, fresh bool, f Facts) bool {
	if c.Environment != Production || c.Type == Emergency || c.Identity.RollbackOf != 0 {
		return false
	}
	tier := tierOf(c, f)
	if theirs := tierOf(&Change{Material: Material{Services: n.Services}}, f); min(tier, theirs) > mostCriticalThatBlocks {
		return false
	}
	if n.State == InProgress || fresh {
		return true
	}
	return n.Submitted.Before(c.SubmittedAt) || n.Submitted.Equal(c.SubmittedAt) && n.ID < c.ID
}

// replans reports whether others that plan beside the change have something to
// know: it comes, moves, begins or goes.
func (e Event) replans() bool {
	switch e.Kind {
	case EventRevised, EventEdited:
		return slices.ContainsFunc(e.Diff, func(d FieldDiff) bool { return slices.Contains(othersSee, d.Field) })
	case EventExtended, EventStarted, EventOverridden:
		return true
	}
	return plans(e.From) != plans(e.To)
}

// othersSee are the fields, by label, that make a conflict or stand in its words.
var othersSee = []string{"Type", "Environment", "Services", "Window", "Title", "Implementer"}

// Replan reports whether any of the events concerns who plans beside the change.
func Replan(events []Event) bool { return slices.ContainsFunc(events, Event.replans) }

// neighbourCards are the cards and requests that name the change, or did.
func neighbourCards(a Around) []Delivery {
	var out []Delivery
	for _, n := range a.Named {
		c := &Change{Identity: Identity{ID: n.ID}, Progress: Progress{Asked: n.Asked}}
		for _, place := range n.Places {
			out = append(out, Delivery{Kind: DeliverCard, Record: c.Ref(), Channel: place, Key: cardKey(c, place)})
		}
		if n.State == AwaitingApproval {
			out = append(out, c.requests()...)
		}
	}
	return out
}

func (x Conflict) reason(c *Change, f Facts) Reason {
	r := Reason{Blocks: x.Blocks, Field: FieldStart, When: x.With.Window}
	r.Brief = x.With.ID.String() + " overlaps: " + x.Why + "."
	named, who := x.With.ID.String()+" ("+clipRunes(x.With.Title, 60)+")", f.Name(x.With.Implementer)
	switch r.What = named + " is planned from " + x.With.Window.words() + ": " + x.Why + "."; {
	case x.With.overruns(f.Now):
		r.What = named + " was planned from " + x.With.Window.words() + " and is still in progress: " + x.Why + "."
		r.Brief = x.With.ID.String() + " is not over: " + x.Why + "."
		r.Unblock = "Wait until " + who + " completes " + x.With.ID.String() + " or rolls it back."
	case x.With.State == InProgress:
		r.What = named + " is in progress: " + x.Why + "."
		r.Unblock = "Choose a later time, or ask " + who + " when it is over."
	case x.Person:
		r.Unblock = "Choose another time, name another implementer, or move " + x.With.ID.String() + "."
	case x.With.Implementer == c.Implementer:
		r.Unblock = "Choose another time, or move " + x.With.ID.String() + "."
	default:
		r.Unblock = "Choose another time, or ask " + who + " to move " + x.With.ID.String() + "."
	}
	return r
}

// Words are a window in a sentence, in UTC: where it can be, each reader is
// shown their own time instead.
func (w Window) Words() string { return w.words() }

// words are a window in a sentence, in UTC.
func (w Window) words() string { return w.on(time.UTC) }

// on is a window in a sentence, on the clock of a place.
func (w Window) on(zone *time.Location) string {
	if w.End.IsZero() {
		return clockOn(w.Start, zone)
	}
	start, end := w.Start.In(zone), w.End.In(zone)
	last := clockLayout
	if end.Sub(start) < 24*time.Hour && start.Day() == end.Day() {
		last = "15:04"
	}
	return start.Format(clockLayout) + " to " + end.Format(last) + ofZone(zone)
}

const clockLayout = "2 Jan 15:04"

// ofZone says whose clock a time is on: " Berlin time".
func ofZone(zone *time.Location) string {
	if zone == time.UTC {
		return " UTC"
	}
	name := zone.String()
	return " " + strings.ReplaceAll(name[strings.LastIndex(name, "/")+1:], "_", " ") + " time"
}
