package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
		patient := quorum(2, 1) // whose notice takes all of the fourteen days
		patient.Notice = map[models.RiskLevel]int{models.RiskLow: 20, models.RiskMedium: 20, models.RiskHigh: 20, models.RiskVeryHigh: 20}
		_, err = s.ActivatePolicy(ctx, ws, 2, []byte("patient"), func([]byte) (models.Policy, error) { return patient, nil })
		must(t, err)
		_, err = s.Facts(ctx, ws, raiser)
		must(t, err)
		n = s.CountQueries(func() { slots, _, err = s.Slots(ctx, ws, raiser, asked(s), nil) })
		if must(t, err); n > 3 || len(slots.Free) != 3 {
			t.Errorf("%d queries found %d slots beyond the notice", n, len(slots.Free))
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

func TestWhatAFormComesToIsReadInOneGoAndIsWhatSubmittingFinds(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		crowd(t, s, 6, 60)
		in := asked(s)
		_, err := s.Facts(ctx, ws, raiser)
		must(t, err)
		busy, err := s.Changes(ctx, ws, store.ChangeFilter{Service: "svc-001", Limit: 1})
		must(t, err)
		free := 0
		for _, w := range []models.Window{busy[0].Window, models.NewWindow(busy[0].Window.Start.AddDate(0, 3, 0), busy[0].Window.End.AddDate(0, 3, 0))} {
			in.Start, in.End = w.Start, w.End
			var o models.Outlook
			if n := s.CountQueries(func() { o, _, err = s.Outlook(ctx, ws, raiser, in, nil) }); err != nil || n > 6 {
				t.Errorf("%d queries, %v", n, err)
			}
			if len(o.Verdict.Reasons) == 0 {
				free++
			} else if len(o.Slots.Free) == 0 || o.Slots.Free[0].Overlaps(w) {
				t.Errorf("%v is offered instead of %v", o.Slots.Free, w)
			}
			r, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
			must(t, err)
			f, err := s.FactsAround(ctx, r.Change, raiser)
			must(t, err)
			if diff := cmp.Diff(o.Verdict.Reasons, models.PlanVerdict(r.Change, f).Reasons); diff != "" || !cmp.Equal(o.Assessment, r.Change.Assessment) {
				t.Errorf("the form said %v, submitting it came to %v:\n%s", o.Assessment, r.Change.Assessment, diff)
			}
		}
		if free != 1 {
			t.Errorf("%d of two times were free", free)
		}
	})
}
