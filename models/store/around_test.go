package store_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// played is a change that was raised, approved, started and ended so.
func played(t *testing.T, s *store.Store, origin models.ChangeID, outcome models.Outcome) *models.Change {
	t.Helper()
	in := input(s)
	r, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error {
		c.Origin = origin
		return c.Raise(in, f)
	})
	must(t, err)
	must(t, s.SavePerson(ctx, ws, models.Person{ID: cab(0), Name: "Board", CheckedAt: s.Now()}))
	_, err = s.UpdateChange(ctx, by(cab(0)), r.Change.ID, approve(r.Change.Revision))
	must(t, err)
	must(t, s.Jump(ctx, 70*time.Minute))
	for _, move := range []store.Move{
		func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) },
		func(c *models.Change, f models.Facts) error {
			return c.Complete(models.Completion{Outcome: outcome, Note: "The pool ran empty."}, f)
		},
	} {
		_, err := s.UpdateChange(ctx, by(worker_), r.Change.ID, move)
		must(t, err)
	}
	return r.Change
}

func TestWhatHappenedToAServiceBeforeRaisesTheRiskOfItsNextChange(t *testing.T) {
	each(t, 0, func(t *testing.T, s *store.Store) {
		for range 9 { // only the last ten count
			played(t, s, 0, models.Failed)
		}
		for range 9 {
			played(t, s, 0, models.Successful)
		}
		once := raise(t, s, ws)
		if strings.Contains(strings.Join(once.Assessment.Reasons, "; "), "failed") {
			t.Errorf("one of the last ten failed, and that already raises the risk: %v", once.Assessment.Reasons)
		}
		played(t, s, 0, models.RolledBack)
		played(t, s, 0, models.Failed)
		twice := raise(t, s, ws)
		const why = "at least high: 2 of the last 10 changes of api failed: 20 %"
		if !cmp.Equal(twice.Assessment.Level, models.RiskHigh) || !strings.Contains(strings.Join(twice.Assessment.Reasons, "; "), why) {
			t.Errorf("the risk is %s for %v; want %q", twice.Assessment.Level, twice.Assessment.Reasons, why)
		}
	})
}

func TestChangesLikeThisOneCountAsDoneBefore(t *testing.T) {
	each(t, 0, func(t *testing.T, s *store.Store) {
		first := played(t, s, 0, models.Successful)
		played(t, s, first.ID, models.Successful)
		played(t, s, first.ID, models.Failed) // did not work
		played(t, s, 0, models.Successful)    // is another one
		var got []int
		for _, origin := range []models.ChangeID{first.ID, 0} {
			in := input(s)
			in.Risk.DoneBefore = models.TimesCounted
			_, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error {
				c.Origin = origin
				err := c.Raise(in, f)
				if err == nil && f.Around.DoneBefore >= 0 {
					got = append(got, f.Around.DoneBefore)
				}
				return err
			})
			must(t, err)
		}
		// Each is moved twice: before and after what it plans is known.
		if diff := cmp.Diff([]int{0, 2, 0, 0}, got); diff != "" {
			t.Errorf("done before (-want +got):\n%s", diff)
		}
	})
}

func TestWhatStandsAroundManyIsReadAtOnceAndIsTheSameAsOfEach(t *testing.T) {
	each(t, 3, func(t *testing.T, s *store.Store) {
		crowd(t, s, 6, 30)
		crowd(t, s, 6, 30) // at the same times
		list, err := s.Changes(ctx, ws, store.ChangeFilter{States: []models.State{models.AwaitingApproval}, Limit: 12})
		must(t, err)
		f, err := s.Facts(ctx, ws, raiser) // the directory is kept in memory
		must(t, err)
		var got map[models.ChangeID]models.Around
		if n := s.CountQueries(func() { got, err = s.AroundEach(ctx, list, f) }); n != 1 || err != nil {
			t.Errorf("%d queries, %v", n, err)
		}
		reasons := 0
		for _, c := range list {
			one, err := s.FactsAround(ctx, c, raiser)
			must(t, err)
			many := one
			many.Around = got[c.ID]
			reasons += len(models.StartVerdict(c, one).Untold())
			if diff := cmp.Diff(models.StartVerdict(c, one).Untold(), models.StartVerdict(c, many).Untold()); diff != "" {
				t.Errorf("%s (alone, among others):\n%s", c.ID, diff)
			}
		}
		if len(list) != 12 || reasons == 0 {
			t.Errorf("%d changes with %d reasons show nothing", len(list), reasons)
		}
		if got, err := s.AroundEach(ctx, nil, f); len(got) > 0 || err != nil {
			t.Errorf("of none: %v, %v", got, err)
		}
	})
}

func TestACardThatNamesAnotherChangeIsDrawnAgainWhenThatOneMovesOrGoes(t *testing.T) {
	each(t, 2, func(t *testing.T, s *store.Store) {
		first := raise(t, s, ws)
		drawn := func() int64 {
			t.Helper()
			var row, ask store.Row
			must(t, s.DB().Where("kind = ? AND record_id = ?", models.DeliverCard, int64(first.ID)).Take(&row).Error)
			must(t, s.DB().Where("kind = ? AND record_id = ?", models.DeliverAsk, int64(first.ID)).Take(&ask).Error)
			if c, err := s.Change(ctx, ws, first.ID); err != nil || c.State == models.AwaitingApproval && ask.Wanted != row.Wanted {
				t.Errorf("its request is wanted %d times, its card %d times, %v", ask.Wanted, row.Wanted, err)
			}
			return row.Wanted
		}
		before := drawn()
		again := func(what string, want bool) {
			t.Helper()
			if now := drawn(); now > before != want {
				t.Errorf("%s: the card is drawn again: %v", what, !want)
			}
			before = drawn()
		}
		second := raise(t, s, ws)
		again("another comes into its time", true)
		edit := func(how func(*models.Input)) {
			t.Helper()
			in := models.InputOf(second)
			how(&in)
			r, err := s.UpdateChange(ctx, by(raiser), second.ID, func(c *models.Change, f models.Facts) error { return c.Edit(in, f) })
			must(t, err)
			second = r.Change
		}
		edit(func(in *models.Input) { in.Plan += " And slowly." })
		again("the other's plan is different", false)
		edit(func(in *models.Input) { in.Title += " tonight" })
		again("the other's title is different", true)
		edit(func(in *models.Input) { in.Start, in.End = in.Start.Add(5*time.Hour), in.End.Add(5*time.Hour) })
		again("the other moves away", true)
		edit(func(in *models.Input) { in.Title += " at last" })
		again("the other, far away, gets another title", false)
		edit(func(in *models.Input) { in.Start, in.End = in.Start.Add(-5*time.Hour), in.End.Add(-5*time.Hour) })
		again("the other comes back", true)
		do := func(id models.ChangeID, who models.UserID, move store.Move) {
			t.Helper()
			_, err := s.UpdateChange(ctx, by(who), id, move)
			must(t, err)
		}
		do(first.ID, cab(0), func(c *models.Change, f models.Facts) error {
			return c.AskForChanges("Say who watches.", c.Revision, f)
		})
		before = drawn()
		do(second.ID, cab(0), approve(second.Revision))
		do(second.ID, cab(1), approve(second.Revision))
		again("the other is approved", false)
		must(t, s.Jump(ctx, second.Window.Start.Sub(s.Now())+time.Minute))
		do(second.ID, second.Implementer, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
		again("the other begins, while this one waits for its requester", true)
		do(second.ID, second.Implementer, func(c *models.Change, f models.Facts) error {
			return c.Complete(models.Completion{Outcome: models.Successful}, f)
		})
		again("the other is done", true)
	})
}

// Of two changes that come up side by side, the later one's command has the
// earlier one's card drawn again, whichever of them is the later.
func TestChangesThatComeUpSideBySideSeeEachOther(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		for range proof.N(10, 100) {
			made := make([]*models.Change, 4)
			var group sync.WaitGroup
			for i := range made {
				group.Go(func() { made[i] = raise(t, s, ws) })
			}
			group.Wait()
			drawn := map[int64]int{}
			for _, c := range made {
				drawn[card(t, s, c).Wanted]++
			}
			for n := int64(1); n <= int64(len(made)); n++ {
				if drawn[n] != 1 {
					t.Fatalf("cards by how often they are drawn: %v; the earliest is drawn anew for each that comes after it", drawn)
				}
			}
			for _, c := range made {
				_, err := s.UpdateChange(ctx, by(raiser), c.ID, func(c *models.Change, f models.Facts) error { return c.Cancel("Not needed any more", f) })
				must(t, err)
			}
		}
	})
}
