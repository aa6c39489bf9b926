package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

func ids(list []*models.Change) []models.ChangeID {
	out := []models.ChangeID{}
	for _, c := range list {
		out = append(out, c.ID)
	}
	return out
}

// shelf keeps four changes: 1 submitted for api, 2 a draft for web in staging by
// a board member, 3 approved for both, starting tomorrow, 4 cancelled.
func shelf(t *testing.T, s *store.Store) {
	t.Helper()
	raise(t, s, ws)
	_, err := s.CreateChange(ctx, by(cab(9)), func(c *models.Change, f models.Facts) error {
		in := input(s)
		in.Title, in.Services, in.Environment, in.Implementer = "100% Größe_x", []models.Slug{"web"}, models.Staging, ""
		return c.SaveDraft(in, f)
	})
	must(t, err)
	r, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error {
		in := input(s)
		in.Services, in.Start, in.End = []models.Slug{"web", "api"}, in.Start.Add(24*time.Hour), in.End.Add(24*time.Hour)
		return c.Raise(in, f)
	})
	must(t, err)
	_, err = s.UpdateChange(ctx, by(cab(0)), r.Change.ID, approve(r.Change.Revision))
	must(t, err)
	last := raise(t, s, ws)
	_, err = s.UpdateChange(ctx, by(raiser), last.ID, func(c *models.Change, f models.Facts) error { return c.Cancel("Not needed.", f) })
	must(t, err)
}

func TestListsFindWhatTheFilterSays(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		shelf(t, s)
		now := s.Now()
		for name, c := range map[string]struct {
			filter store.ChangeFilter
			want   []models.ChangeID
		}{
			"everything":   {store.ChangeFilter{}, []models.ChangeID{4, 3, 2, 1}},
			"a page":       {store.ChangeFilter{Limit: 2, Before: 4}, []models.ChangeID{3, 2}},
			"states":       {store.ChangeFilter{States: []models.State{models.Draft, models.Cancelled}}, []models.ChangeID{4, 2}},
			"requester":    {store.ChangeFilter{Requester: raiser}, []models.ChangeID{4, 3, 1}},
			"implementer":  {store.ChangeFilter{Implementer: cab(9)}, []models.ChangeID{2}},
			"mine":         {store.ChangeFilter{Mine: worker_, States: []models.State{models.Approved}}, []models.ChangeID{3}},
			"service":      {store.ChangeFilter{Service: "web"}, []models.ChangeID{3, 2}},
			"environment":  {store.ChangeFilter{Environment: models.Staging}, []models.ChangeID{2}},
			"text":         {store.ChangeFilter{Text: "RAISE the"}, []models.ChangeID{4, 3, 1}},
			"text, itself": {store.ChangeFilter{Text: "100% Gr"}, []models.ChangeID{2}},
			"text, no %":   {store.ChangeFilter{Text: "1%x"}, []models.ChangeID{}},
			"window":       {store.ChangeFilter{From: now.Add(20 * time.Hour), To: now.Add(30 * time.Hour)}, []models.ChangeID{3}},
			"hostile":      {store.ChangeFilter{Text: `'; DROP TABLE changes; --`, Service: `' OR 1=1`}, []models.ChangeID{}},
		} {
			list, err := s.Changes(ctx, ws, c.filter)
			if diff := cmp.Diff(c.want, ids(list)); diff != "" || err != nil {
				t.Errorf("%s: %v\n%s", name, err, diff)
			}
		}
		list, err := s.Changes(ctx, ws, store.ChangeFilter{States: []models.State{models.Approved}})
		if err != nil || len(list) != 1 || len(list[0].Approvals) != 1 {
			t.Errorf("approvals are missing from the list: %v, %v", list, err)
		}
		if list, err = s.Changes(ctx, other, store.ChangeFilter{}); err != nil || len(list) != 0 {
			t.Errorf("another workspace sees %v, %v", ids(list), err)
		}
		if list, err = s.Awaiting(ctx, ws); err != nil || !cmp.Equal(ids(list), []models.ChangeID{1}) {
			t.Errorf("awaiting: %v, %v", ids(list), err)
		}
	})
}

func TestHomeHoldsWhatIsThePersons(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		shelf(t, s)
		for u, want := range map[models.UserID][3][]models.ChangeID{
			raiser:  {{}, {3, 1}, {}},
			cab(9):  {{1}, {2}, {3}},
			cab(0):  {{1}, {}, {3}},
			"U_NEW": {{}, {}, {1, 3}},
		} {
			home, _, err := s.Home(ctx, ws, u)
			got := [3][]models.ChangeID{ids(home.Waiting), ids(home.Mine), ids(home.Coming)}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v\n%s", u, err, diff)
			}
		}
		must(t, s.Jump(ctx, 25*time.Hour+10*time.Minute)) // 3 may start now
		home, _, err := s.Home(ctx, ws, worker_)
		if diff := cmp.Diff([]models.ChangeID{3}, ids(home.Waiting)); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

// TestAHomeCountsWhatItDoesNotRead: only the latest hundred of somebody's own
// changes are read.
func TestAHomeCountsWhatItDoesNotRead(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		const many = 103
		for range many {
			raise(t, s, ws)
		}
		home, _, err := s.Home(ctx, ws, raiser)
		if err != nil || len(home.Mine) != 100 || home.Older != many-100 {
			t.Errorf("%d are read and %d more counted of %d: %v", len(home.Mine), home.Older, many, err)
		}
	})
}

func TestEveryRevisionIsKept(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		first := c.Material
		r, err := s.UpdateChange(ctx, by(raiser), c.ID, func(c *models.Change, f models.Facts) error {
			in := models.InputOf(c)
			in.Plan = "Another plan."
			return c.Edit(in, f)
		})
		must(t, err)
		for rev, want := range map[models.Revision]models.Material{c.Revision: first, r.Change.Revision: r.Change.Material} {
			got, err := s.Material(ctx, ws, c.ID, rev)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v\n%s", rev.Short(), err, diff)
			}
		}
		if first.Plan == r.Change.Plan {
			t.Error("nothing was edited")
		}
	})
}

func TestHistoryIsPagedNewestFirst(t *testing.T) {
	each(t, 5, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		for i := range 4 {
			_, err := s.UpdateChange(ctx, by(cab(i)), c.ID, approve(c.Revision))
			must(t, err)
		}
		var actors []models.UserID
		for before := int64(0); ; {
			page, err := s.History(ctx, ws, c.Ref(), 2, before)
			must(t, err)
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				actors = append(actors, e.Actor)
			}
			before = page[len(page)-1].ID
		}
		if diff := cmp.Diff([]models.UserID{cab(3), cab(2), cab(1), cab(0), raiser}, actors); diff != "" {
			t.Error(diff)
		}
	})
}
