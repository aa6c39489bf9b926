package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// critical makes the API a service whose conflicts block.
func critical(t *testing.T, s *store.Store) {
	t.Helper()
	_, err := s.ImportCatalog(ctx, ws, store.Catalog{Services: []models.Service{
		{Slug: "api", Name: "API", Tier: 1, Team: "payments", Owner: "U_OWNER", OpsLead: "U_OWNER", Channel: "C_API"}}})
	must(t, err)
}

// freeze is a hard one for everything, from now for two days.
func freeze(s *store.Store) models.Freeze {
	return models.Freeze{Kind: models.HardFreeze, Name: "Quarter end", Owner: "U_OWNER",
		When: models.When{Window: models.NewWindow(s.Now().Add(-time.Minute), s.Now().Add(48*time.Hour))}}
}

func declared(z models.Freeze) store.FreezeMove {
	return func(x *models.Freeze, f models.Facts) ([]models.Event, error) { return x.Declare(z, 0, time.Time{}, f) }
}

func TestOfTwoConflictingSubmissionsAtOneInstantOnePasses(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		critical(t, s)
		rounds, both := proof.N(6, 40), 0
		for i := range rounds {
			in := input(s)
			in.Start = in.Start.Add(time.Duration(i) * 3 * time.Hour)
			in.End = in.Start.Add(time.Hour)
			errs := make([]error, 4)
			var wg sync.WaitGroup
			for j := range errs {
				wg.Go(func() {
					_, errs[j] = s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
				})
			}
			wg.Wait()
			passed := 0
			for _, err := range errs {
				if err == nil {
					passed++
				} else if r, ok := models.AsRefusal(err); !ok || r.Fields[models.FieldStart] == "" {
					t.Errorf("not refused beside the start: %v", err)
				}
			}
			if passed != 1 {
				both++
			}
		}
		proof.Record(t, proof.Row{What: "four conflicting submissions at one instant: rounds in which not exactly one passed", Where: s.Engine(), Tried: rounds, Bad: both})
	})
}

func TestAFreezeAndAStartNeverPassEachOther(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		rounds, bad := proof.N(6, 40), 0
		for range rounds {
			in := input(s)
			in.Start, in.End = s.Now().Add(-time.Minute), s.Now().Add(time.Hour)
			in.Environment = models.Development
			r, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
			must(t, err)
			_, err = s.UpdateChange(ctx, by(cab(0)), r.Change.ID, approve(r.Change.Revision))
			must(t, err)
			var z *models.Freeze
			var freezing, starting error
			var wg sync.WaitGroup
			wg.Go(func() { z, freezing = s.DeclareFreeze(ctx, by("U_OWNER"), declared(freeze(s))) })
			wg.Go(func() {
				_, starting = s.UpdateChange(ctx, by(in.Implementer), r.Change.ID, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
			})
			wg.Wait()
			must(t, freezing)
			c, err := s.Change(ctx, ws, r.Change.ID)
			must(t, err)
			if _, refused := models.AsRefusal(starting); starting != nil && !refused {
				t.Errorf("start: %v", starting)
			} else if refused == (c.State == models.InProgress) {
				bad++
				t.Errorf("refused %v, and the change is %s", refused, c.State)
			}
			history, err := s.History(ctx, ws, z.Ref(), 10, 0)
			must(t, err)
			if len(history) != 1 || history[0].Kind != models.EventFreezeDeclared || c.State == models.InProgress && c.StartedAt.After(history[0].At) {
				bad++
				t.Errorf("started at %s after the freeze: %+v", c.StartedAt, history)
			}
			_, err = s.UpdateFreeze(ctx, by("U_OWNER"), z.ID, func(z *models.Freeze, f models.Facts) ([]models.Event, error) { return z.Lift(f) })
			must(t, err)
		}
		proof.Record(t, proof.Row{What: "a hard freeze and a start at one instant: work that began in the freeze, or a wrong answer", Where: s.Engine(), Tried: rounds, Bad: bad})
	})
}

func TestAFreezeHoldsUntilItIsLiftedAndItsNumbersHaveNoGaps(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		held, running, err := s.HeldBy(ctx, ws, freeze(s))
		must(t, err)
		if len(held) != 1 || held[0].ID != c.ID || len(running) > 0 {
			t.Errorf("a preview holds %v", held)
		}
		z, err := s.DeclareFreeze(ctx, by("U_OWNER"), declared(freeze(s)))
		must(t, err)
		_, err = s.DeclareFreeze(ctx, by(raiser), declared(freeze(s)))
		if _, refused := models.AsRefusal(err); !refused {
			t.Errorf("declared by anybody: %v", err)
		}
		_, err = s.UpdateChange(ctx, by(cab(0)), c.ID, approve(c.Revision))
		if r, refused := models.AsRefusal(err); !refused {
			t.Errorf("approved in a hard freeze: %v", r)
		}
		f, err := s.Facts(ctx, ws, raiser)
		must(t, err)
		if len(f.Freezes) != 1 || f.Freezes[0].ID != z.ID || z.ID != 1 {
			t.Errorf("%+v", f.Freezes)
		}
		_, err = s.UpdateFreeze(ctx, by("U_OWNER"), z.ID, func(z *models.Freeze, f models.Facts) ([]models.Event, error) { return z.Lift(f) })
		must(t, err)
		r, err := s.UpdateChange(ctx, by(cab(0)), c.ID, approve(c.Revision))
		must(t, err)
		if r.Change.State != models.Approved {
			t.Errorf("after the freeze it is %s", r.Change.State)
		}
		next, err := s.DeclareFreeze(ctx, by("U_OWNER"), declared(freeze(s)))
		must(t, err)
		if next.ID != 2 {
			t.Errorf("the next one is %s", next.ID)
		}
		if _, err := s.UpdateFreeze(ctx, by("U_OWNER"), 99, declared(freeze(s))); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a freeze that is not there: %v", err)
		}
	})
}

// TestWhatWaitsForAnExceptionIsDueAtOnceWhenItsFreezeIsLifted: nobody has to ask
// that it goes on.
func TestWhatWaitsForAnExceptionIsDueAtOnceWhenItsFreezeIsLifted(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		z, err := s.DeclareFreeze(ctx, by("U_OWNER"), declared(freeze(s)))
		must(t, err)
		in := input(s)
		in.WhyNow = "The disk is full tonight."
		c := raised(t, s, ws, in)
		elapse := func() *models.Change {
			t.Helper()
			r, err := s.UpdateChange(ctx, store.Command{Workspace: ws}, c.ID, func(c *models.Change, f models.Facts) error { return c.Elapse(f) })
			must(t, err)
			return r.Change
		}
		due := func() int {
			t.Helper()
			list, err := s.DueChanges(ctx, s.Now(), 10)
			must(t, err)
			return len(list)
		}
		if got := elapse(); !got.ThawDue(z.ID) || due() != 0 {
			t.Errorf("in the freeze it waits for %v, %d due", got.Standing().Missing(), due())
		}
		_, err = s.UpdateFreeze(ctx, by("U_OWNER"), z.ID, func(z *models.Freeze, f models.Facts) ([]models.Event, error) { return z.Lift(f) })
		must(t, err)
		if due() != 1 {
			t.Errorf("%d changes are due when the freeze is lifted", due())
		}
		if got := elapse(); got.ThawDue(z.ID) || due() != 0 {
			t.Errorf("after it, it waits for %v, %d due", got.Standing().Missing(), due())
		}
	})
}
