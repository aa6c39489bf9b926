package jobs

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

func TestTheNextOfECABIsAskedAfterTenMinutesAndNobodyTwice(t *testing.T) {
	s := fast
	s.replica = 2
	each(t, s, func(w *world, jobs ...*Jobs) {
		ctx := context.Background()
		policy := models.Policy{Version: 9, Rules: []models.Rule{{Name: "emergency", Require: []models.Need{{Role: models.RoleCAB, Count: 1}}}}}
		_, err := w.store.ActivatePolicy(ctx, team, 9, []byte("x"), func([]byte) (models.Policy, error) { return policy, nil })
		w.must(err)
		_, err = w.store.ImportCatalog(ctx, team, store.Catalog{Roles: map[models.Role][]models.UserID{models.RoleCAB: {ben, cai, dee}}})
		w.must(err)
		d, err := w.store.Directory(ctx, team)
		w.must(err)
		board := d.Roles[models.RoleCAB]
		start := w.store.Now()
		r, err := w.store.CreateChange(ctx, w.by(ana), func(c *models.Change, f models.Facts) error {
			return c.Raise(models.Input{Type: models.Emergency, IncidentRef: "INC-7", WhyNow: "It is down.", Title: "Restore", Services: []models.Slug{anyService(d)},
				Environment: models.Production, Start: start, End: start.Add(3 * time.Hour), Plan: "Restore the backup of last night.",
				Check: "The page loads within 2 s.", Rollback: "When it fails twice: old disk, 5 minutes.", Implementer: ana}, f)
		})
		w.must(err)
		asked := func() (out []models.UserID) {
			c, err := w.store.Change(ctx, team, r.Change.ID)
			w.must(err)
			for _, a := range c.Asked {
				out = append(out, a.User)
			}
			return out
		}
		want := len(slices.DeleteFunc(slices.Clone(board), func(u models.UserID) bool { return u == ana }))
		if want < 2 {
			t.Fatalf("a board of %d shows nothing", want)
		}
		for n := 1; n < want; n++ {
			if got := asked(); len(got) != n {
				t.Fatalf("after %d waits %v are asked", n-1, got)
			}
			w.later(9 * time.Minute)
			w.quiet()
			if got := asked(); len(got) != n {
				t.Fatalf("asked early: %v", got)
			}
			w.later(61 * time.Second)
			w.kept("the next is asked", func() bool { return len(asked()) == n+1 })
		}
		w.later(11 * time.Minute)
		w.kept("everybody was asked, and that is said", func() bool {
			c, err := w.store.Change(ctx, team, r.Change.ID)
			w.must(err)
			return c.AskedAll
		})
		got := asked()
		slices.Sort(got)
		if len(slices.Compact(got)) != want {
			t.Errorf("asked %v of %v", got, board)
		}
		if n := jobs[0].Counts.Escalated.Load() + jobs[1].Counts.Escalated.Load(); int(n) != want {
			t.Errorf("%d escalations, want %d", n, want)
		}
	})
}

func anyService(d *models.Directory) models.Slug {
	for slug := range d.Services {
		return slug
	}
	return ""
}
