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
	if away := at(); r.IntN(3) == 0 {
		d.People["U1"] = Person{ID: "U1", Own: Own{Away: Absence{From: away.Start, Until: away.End}}}
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
	n, bad, free := proof.N(200, 1000), 0, 0
	for range n {
		c, f := slotWorld(r)
		got := SuggestSlots(c, f).Free
		var want []Window
		within := SlotsFrom(c, f.Now)
		for at := within.Start; at.Before(within.End) && len(want) < 3; {
			w := Window{at, at.Add(c.Window.Length())}
			if !freeBy(c, f, w) {
				at = at.Add(SlotGrid)
				continue
			}
			want = append(want, w)
			at = ceil(w.End)
		}
		free += len(want)
		if diff := cmp.Diff(want, got); diff != "" {
			if bad++; bad < 3 {
				t.Errorf("(-oracle +got):\n%s", diff)
			}
		}
	}
	if free < n {
		t.Errorf("only %d free slots in %d calendars: the oracle says little", free, n)
	}
	proof.Record(t, proof.Row{What: "slots of random calendars against a brute-force oracle: calendars that differ", Where: "pure", Tried: n, Bad: bad})
}
