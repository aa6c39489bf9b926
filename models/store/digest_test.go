package store_test

import (
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// TestADigestNamesWhatIsUnfinished: work whose window is over, and reviews owed
// whatever they are owed for, in a channel's digest and in the implementer's.
func TestADigestNamesWhatIsUnfinished(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		do := func(u models.UserID, id models.ChangeID, m store.Move) {
			t.Helper()
			_, err := s.UpdateChange(ctx, by(u), id, m)
			must(t, err)
		}
		failed, late := raise(t, s, ws), raiseLater(t, s, 2*time.Hour)
		for _, c := range []*models.Change{failed, late} {
			must(t, s.SavePeople(ctx, ws, models.Person{ID: cab(0), Name: "Board", Zone: "Europe/Berlin", CheckedAt: s.Now()}))
			do(cab(0), c.ID, approve(c.Revision))
			must(t, s.Jump(ctx, c.Window.Start.Sub(s.Now())+time.Minute))
			must(t, s.SavePeople(ctx, ws, models.Person{ID: worker_, Name: "Worker", Zone: "Europe/Berlin", CheckedAt: s.Now()}))
			do(worker_, c.ID, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
			if c == failed {
				do(worker_, c.ID, func(c *models.Change, f models.Facts) error {
					return c.Complete(models.Completion{Outcome: models.Failed, Note: "It did not start."}, f)
				})
			}
		}
		must(t, s.Jump(ctx, 24*time.Hour))
		for _, target := range []string{"C_CHANGES", "C_API", string(worker_)} {
			d, f, err := s.Digest(ctx, models.Schedule{Workspace: ws, Kind: models.ScheduleDigest, Target: target, Cron: "0 9 * * *", Zone: "Europe/Berlin"})
			must(t, err)
			if len(d.Planned) != 1 || d.Planned[0].Change.ID != late.ID || !d.Planned[0].Late(f.Now) {
				t.Errorf("%s hears of %+v as planned, want %s, whose window is over", target, d.Planned, late.ID)
			}
			if len(d.Reviews) != 1 || d.Reviews[0].ID != failed.ID {
				t.Errorf("%s hears of %d reviews, want that of %s", target, len(d.Reviews), failed.ID)
			}
		}
	})
}

// TestTheWeeksDigestIsTheFirstThatComes: none comes on a holiday, so the one
// after it is about the week.
func TestTheWeeksDigestIsTheFirstThatComes(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		berlin, err := time.LoadLocation("Europe/Berlin")
		must(t, err)
		now := s.Now().In(berlin)
		monday := time.Date(now.Year(), now.Month(), now.Day()+8-int(now.Weekday()), 9, 0, 0, 0, berlin)
		must(t, s.SaveSettings(ctx, ws, models.Settings{ChangesChannel: "C_CHANGES",
			Hours: models.WorkingHours{To: 24 * time.Hour, Days: []time.Weekday{1, 2, 3, 4, 5}, Holidays: []string{monday.Format(time.DateOnly)}}}))
		for _, day := range []int{1, 2, 7, 8} { // Tuesday and Wednesday, Monday and Tuesday
			want := day == 1 || day == 7
			must(t, s.Jump(ctx, monday.AddDate(0, 0, day).Sub(s.Now())))
			d, _, err := s.Digest(ctx, models.Schedule{Workspace: ws, Kind: models.ScheduleDigest, Target: "C_API", Cron: "0 9 * * 1-5", Zone: "Europe/Berlin"})
			must(t, err)
			if d.Full != want {
				t.Errorf("%s: of the week %v, want %v", s.Now().In(berlin).Format(time.DateOnly), d.Full, want)
			}
		}
	})
}
