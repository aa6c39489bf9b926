package store_test

import (
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

func TestReleasesAreAskedForWhatReviewsFoundUntilItIsDropped(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		move := func(u models.UserID, id models.ChangeID, do store.Move) *models.Change {
			res, err := s.UpdateChange(ctx, by(u), id, do)
			must(t, err)
			return res.Change
		}
		learn := func(lesson string, b models.Bucket) *models.Change {
			c := approved(t, s, raise(t, s, ws))
			must(t, s.Jump(ctx, c.Window.Start.Sub(s.Now())+time.Minute))
			for _, u := range []models.UserID{raiser, worker_, opsLead, cab(0), cab(1), cab(2)} { // Slack is asked again while time passes
				must(t, s.SavePeople(ctx, ws, models.Person{ID: u, Name: string(u), Zone: "Europe/Berlin", CheckedAt: s.Now()}))
			}
			move(worker_, c.ID, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
			move(worker_, c.ID, func(c *models.Change, f models.Facts) error {
				return c.Complete(models.Completion{Outcome: models.Failed, Note: "It broke."}, f)
			})
			return move(raiser, c.ID, func(c *models.Change, f models.Facts) error {
				r := models.YesToAll("It broke, and we know why.")
				r.Lesson, r.Bucket = lesson, b
				return c.Review(r, f)
			})
		}
		lessonsOf := func() (out []models.ChangeID) {
			for _, i := range planned(t, s).Items {
				if i.Lesson != 0 {
					out = append(out, i.Lesson)
				}
			}
			return out
		}
		learn("It stays with the review", "")
		c := learn("The key is of the right kind", models.BucketTests)
		if c.State != models.Closed || c.Reviewed.Bucket != models.BucketTests {
			t.Fatalf("%s, %+v", c.State, c.Reviewed)
		}
		found, err := s.Changes(ctx, ws, store.ChangeFilter{Lessons: true})
		must(t, err)
		if len(found) != 1 || found[0].ID != c.ID {
			t.Errorf("found %v", found)
		}
		if got := lessonsOf(); len(got) != 1 || got[0] != c.ID {
			t.Errorf("a new release is asked for the lessons of %v, want %s", got, c.ID)
		}
		move(opsLead, c.ID, func(c *models.Change, f models.Facts) error { return c.DropLesson(f) })
		if got := lessonsOf(); len(got) != 0 {
			t.Errorf("a lesson that was dropped is asked for: %v", got)
		}
	})
}
