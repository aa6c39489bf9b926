package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// crowd fills two weeks with changes on services that depend on each other in
// threes, by as many people as there are services.
func crowd(t testing.TB, s *store.Store, services, changes int) {
	t.Helper()
	var list []models.Service
	for i := range services {
		x := models.Service{Slug: models.Slug(fmt.Sprintf("svc-%03d", i)), Name: fmt.Sprintf("Service %d", i), Tier: 3, Team: "payments", Owner: "U_OWNER", OpsLead: "U_OWNER"}
		if i%3 > 0 {
			x.DependsOn = []models.Slug{list[i-1].Slug}
		}
		list = append(list, x)
	}
	_, err := s.ImportCatalog(ctx, ws, store.Catalog{Services: list})
	must(t, err)
	for i := range changes {
		in := input(s)
		in.Services, in.Implementer = []models.Slug{list[i%services].Slug}, models.UserID(fmt.Sprintf("U_%03d", i%services))
		in.Start = in.Start.Add(time.Duration(i) * models.SlotHorizon / time.Duration(changes))
		in.End = in.Start.Add(time.Hour)
		_, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
		must(t, err)
	}
}

// asked is a form about a busy service.
func asked(s *store.Store) models.Input {
	in := input(s)
	in.Services, in.Implementer = []models.Slug{"svc-001"}, "U_001"
	return in
}

func TestSlotsAndConflictsTakeAtMostThreeQueries(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		crowd(t, s, 6, 30)
		_, err := s.Facts(ctx, ws, raiser) // the directory is kept in memory
		must(t, err)
		slots, f := models.Slots{}, models.Facts{}
		n := s.CountQueries(func() { slots, f, err = s.Slots(ctx, ws, raiser, asked(s), nil) })
		must(t, err)
		if n > 3 || len(slots.Free) != 3 || len(f.Around.Neighbours) == 0 {
			t.Errorf("%d queries found %d slots among %d neighbours", n, len(slots.Free), len(f.Around.Neighbours))
		}
		for _, w := range slots.Free {
			if slices.ContainsFunc(f.Around.Neighbours, func(x models.Neighbour) bool { return x.Window.Overlaps(w) }) {
				t.Errorf("%v is not free", w)
			}
		}
	})
}

// BenchmarkSlots looks for slots, and with them for all conflicts of two weeks,
// among 5,000 changes on 500 services.
func BenchmarkSlots(b *testing.B) {
	for _, engine := range storetest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			s, err := store.Open(ctx, store.Options{URL: storetest.DurableURL(b, engine), MaxConns: 4, MovableClock: true, Logger: storetest.Logger(b)})
			must(b, err)
			defer func() { must(b, s.Close()) }()
			furnish(b, s, ws, quorum(1, 1))
			crowd(b, s, 500, 5000)
			in := asked(s)
			for b.Loop() {
				found, _, err := s.Slots(ctx, ws, raiser, in, nil)
				must(b, err)
				if len(found.Free) == 0 {
					b.Fatal("no slot")
				}
			}
		})
	}
}
