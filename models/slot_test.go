package models

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models/proof"
)

// slotWorld is a random calendar of two weeks round one change.
func slotWorld(r *rand.Rand) (*Change, Facts) {
	now := time.Date(2026, 11, 24, 9, 7, 0, 0, time.UTC)
	slugs := []Slug{"a", "b", "c", "d", "e"}
	d := &Directory{Services: map[Slug]Service{}, People: map[UserID]Person{"U1": {ID: "U1"}, "U2": {ID: "U2"}}, Policy: Policy{Notice: map[RiskLevel]int{}}}
	for i, slug := range slugs {
		s := Service{Slug: slug, Name: string(slug), Tier: Tier(r.IntN(4)), Owner: "U2"}
		if i > 0 && r.IntN(2) == 0 {
			s.DependsOn = []Slug{slugs[r.IntN(len(slugs))]}
		}
		d.Services[slug] = s
	}
	at := func() Window {
		start := now.Add(time.Duration(r.IntN(14*24*60)) * time.Minute)
		return NewWindow(start, start.Add(time.Duration(10+r.IntN(12*60))*time.Minute))
	}
	f := Facts{Directory: d, Now: now}
	for i := range r.IntN(60) {
		f.Around.Neighbours = append(f.Around.Neighbours, Neighbour{ID: ChangeID(i + 10), State: Approved, Window: at(), Services: []Slug{slugs[r.IntN(len(slugs))]},
			Environment: Environments[r.IntN(2)], Implementer: []UserID{"U1", "U2"}[r.IntN(2)]})
	}
	for i := range r.IntN(4) {
		f.Around.Freezes = append(f.Around.Freezes, FreezeSpan{Freeze{ID: FreezeID(i + 1), Kind: HardFreeze, Services: slugs[:1+r.IntN(3)]}, at()})
	}
	if r.IntN(3) == 0 {
		f.Around.Openings = map[Slug][]Window{"a": nil}
		for range r.IntN(20) {
			f.Around.Openings["a"] = append(f.Around.Openings["a"], at())
		}
		slices.SortFunc(f.Around.Openings["a"], func(x, y Window) int { return x.Start.Compare(y.Start) })
	}
	u1 := Person{ID: "U1", Zone: []string{"", "Asia/Manila", "America/New_York"}[r.IntN(3)]}
	if away := at(); r.IntN(3) == 0 {
		u1.Own.Away = Absence{From: away.Start, Until: away.End}
	}
	if r.IntN(3) == 0 {
		u1.Own.From, u1.Own.Until = 13*time.Hour, 15*time.Hour+30*time.Minute
	}
	if d.People["U1"] = u1; r.IntN(4) > 0 {
		d.Settings.Hours = DefaultWorkingHours()
		d.Settings.Hours.Holidays = []string{"2026-11-26"}
	}
	c := &Change{Identity: Identity{ID: 1, Requester: "U1"}, Material: Material{Type: Normal, Services: []Slug{slugs[r.IntN(len(slugs))]}, Environment: Production, Window: at()}}
	c.Implementer = "U1"
	return c, f
}

// freeBy is the definition itself: minute by minute nothing is in the way.
func freeBy(c *Change, f Facts, w Window) bool {
	next := *c
	next.Window, next.State = w, Draft
	for _, n := range f.Around.Neighbours {
		if n.Environment != c.Environment || !shareMinute(n.Window, w) {
			continue
		}
		if n.Implementer == c.Implementer || slices.ContainsFunc(n.Services, func(s Slug) bool { return hang(s, c.Services[0], f) }) {
			return false
		}
	}
	for _, x := range f.Around.Freezes {
		if shareMinute(x.Window, w) && slices.Contains(x.Freeze.Services, c.Services[0]) {
			return false
		}
	}
	if away := f.People[c.Implementer].Own.Away; !away.Until.IsZero() && shareMinute(NewWindow(away.From, away.Until), w) {
		return false
	}
	open, has := f.Around.Openings[c.Services[0]]
	return !has || slices.ContainsFunc(open, func(o Window) bool { return o.Contains(w.Start) && o.Contains(w.End.Add(-time.Minute)) })
}

// atWorkBy is the definition itself: minute by minute the clock of whoever
// carries it out shows a working hour, or the first one where it takes longer
// than they work in a day.
func atWorkBy(c *Change, f Facts, w Window) bool {
	p, hours := f.People[c.Implementer], f.Settings.Hours
	if len(hours.Days) == 0 { // nobody says when people work
		return true
	}
	if p.Own.Until > 0 {
		hours.From, hours.To = p.Own.From, p.Own.Until
	}
	for t := w.Start; t.Before(w.End); t = t.Add(time.Minute) {
		local := t.In(p.Location())
		clock := time.Duration(local.Hour()*60+local.Minute()) * time.Minute
		if clock < hours.From || clock >= hours.To || !slices.Contains(hours.Days, local.Weekday()) || slices.Contains(hours.Holidays, local.Format(time.DateOnly)) {
			return false
		}
		if w.Length() > hours.To-hours.From {
			break
		}
	}
	return true
}

func shareMinute(a, b Window) bool {
	for t := b.Start; t.Before(b.End); t = t.Add(time.Minute) {
		if a.Contains(t) {
			return true
		}
	}
	return false
}

// hang: one is the other, or depends on it over at most two links.
func hang(a, b Slug, f Facts) bool {
	reach := func(from, to Slug) bool {
		for _, one := range f.Services[from].DependsOn {
			if one == to || slices.Contains(f.Services[one].DependsOn, to) {
				return true
			}
		}
		return false
	}
	return a == b || reach(a, b) || reach(b, a)
}

func TestSlotsAreThoseOfABruteForceOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n, bad, free, off := proof.N(200, 1000), 0, 0, 0
	for range n {
		c, f := slotWorld(r)
		got := SuggestSlots(c, f)
		within := SlotsFrom(c, f.Now)
		look := func(only bool) (want []Window) {
			for at := within.Start; at.Before(within.End) && len(want) < 3; {
				w := Window{at, at.Add(c.Window.Length())}
				if only && !atWorkBy(c, f, w) || !freeBy(c, f, w) {
					at = at.Add(SlotGrid)
					continue
				}
				want = append(want, w)
				at = ceil(w.End)
			}
			return want
		}
		want := look(true)
		outside := len(want) == 0
		if outside {
			want = look(false)
		}
		free += len(want)
		if len(want) > 0 && outside {
			off++
		}
		if diff := cmp.Diff(want, got.Free); diff != "" || (got.Off != "") != (outside && len(want) > 0) {
			if bad++; bad < 3 {
				t.Errorf("said %q (-oracle +got):\n%s", got.Off, diff)
			}
		}
	}
	if free < n || off == 0 || off > n/2 {
		t.Errorf("only %d free slots in %d calendars, outside working hours in %d: the oracle says little", free, n, off)
	}
	proof.Record(t, proof.Row{What: "slots of random calendars against a brute-force oracle: calendars that differ", Where: "pure", Tried: n, Bad: bad})
}
