package store_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

func holders(role models.Role, users ...models.UserID) func(models.Facts) ([]models.UserID, []models.Event, error) {
	return func(f models.Facts) ([]models.UserID, []models.Event, error) {
		return models.SetRole(role, users, models.RoleSeen(f.Roles[role]), f)
	}
}

func TestTheFirstAdminNamesOthersAndSomebodyStays(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		first := func(f models.Facts) ([]models.UserID, []models.Event, error) { return models.FirstAdmin(true, f) }
		must(t, s.SetRole(ctx, keyed(raiser, "first"), models.RoleAdmin, first))
		must(t, s.SetRole(ctx, keyed(raiser, "first"), models.RoleAdmin, first)) // a repeat
		if err := s.SetRole(ctx, by(worker_), models.RoleAdmin, first); !strings.Contains(refusal(t, err), "has an admin already") {
			t.Error(err)
		}
		if err := s.SetRole(ctx, by(worker_), models.RoleCAB, holders(models.RoleCAB, worker_)); !strings.Contains(refusal(t, err), "Only admins") {
			t.Error(err)
		}
		err := s.SetRole(ctx, by(raiser), models.RoleAdmin, holders(models.RoleAdmin))
		if r, ok := errors.AsType[*models.Refusal](err); !ok || !strings.Contains(r.Fields[models.FieldPeople], "has to stay admin") {
			t.Error(err)
		}
		must(t, s.SetRole(ctx, by(raiser), models.RoleCAB, holders(models.RoleCAB, worker_, raiser)))
		f, err := s.Facts(ctx, ws, raiser)
		must(t, err)
		if diff := cmp.Diff([]models.UserID{raiser, worker_}, f.Roles[models.RoleCAB]); diff != "" || len(f.Roles[models.RoleAdmin]) != 1 {
			t.Errorf("%v %s", f.Roles[models.RoleAdmin], diff)
		}
		history, err := s.History(ctx, ws, models.RoleAdmin.Ref(), 10, 0)
		must(t, err)
		if len(history) != 1 || history[0].Kind != models.EventRoleSet || history[0].Actor != raiser || history[0].Diff[0].After != "Raiser" {
			t.Errorf("%+v", history)
		}
	})
}

func TestAnAuditorsClickIsRefusedInWords(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		must(t, s.SetRole(ctx, by(raiser), models.RoleAdmin, func(f models.Facts) ([]models.UserID, []models.Event, error) { return models.FirstAdmin(true, f) }))
		var rest []models.UserID
		for i := 1; i < board; i++ {
			rest = append(rest, cab(i))
		}
		must(t, s.SetRole(ctx, by(raiser), models.RoleCAB, holders(models.RoleCAB, rest...)))
		must(t, s.SetRole(ctx, by(raiser), models.RoleAuditor, holders(models.RoleAuditor, cab(0))))
		in := input(s)
		for what, move := range map[string]store.Move{
			"approve": approve(c.Revision),
			"cancel":  func(c *models.Change, f models.Facts) error { return c.Cancel("I don't like it.", f) },
			"edit":    func(c *models.Change, f models.Facts) error { return c.Edit(in, f) },
			"start":   func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) },
		} {
			_, err := s.UpdateChange(ctx, by(cab(0)), c.ID, move)
			if said := refusal(t, err); !strings.Contains(said, "You are an auditor here") {
				t.Errorf("%s: %s", what, said)
			}
		}
		_, err := s.CreateChange(ctx, by(cab(0)), func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
		if said := refusal(t, err); !strings.Contains(said, "You are an auditor here") {
			t.Error(said)
		}
		_, err = s.UpdateService(ctx, by(cab(0)), "api", edit(1, func(in *models.ServiceInput) { in.Tier = 0 }))
		if said := refusal(t, err); !strings.Contains(said, "auditor") {
			t.Error(said)
		}
		history, err := s.History(ctx, ws, c.Ref(), 20, 0)
		must(t, err)
		refusals := 0
		for _, e := range history {
			if e.Kind == models.EventRefused && e.Actor == cab(0) {
				refusals++
			}
		}
		if after, err := s.Change(ctx, ws, c.ID); err != nil || len(after.Approvals) != 0 || refusals != 4 {
			t.Errorf("%d approvals, %d refused attempts in the log, %v", len(after.Approvals), refusals, err)
		}
	})
}

func TestTheWorkspacesZoneIsOfThoseWhoHaveNone(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		must(t, s.SetRole(ctx, by(raiser), models.RoleAdmin, func(f models.Facts) ([]models.UserID, []models.Event, error) { return models.FirstAdmin(true, f) }))
		must(t, s.SavePeople(ctx, ws, models.Person{ID: worker_, Name: "Worker", CheckedAt: s.Now()}))
		f, err := s.Facts(ctx, ws, worker_)
		must(t, err)
		seen := f.Settings.Seen()
		set := func(f models.Facts) (models.Settings, []models.Event, error) {
			in := f.Settings
			in.Zone, in.Hours.Holidays = "Asia/Tokyo", []string{"2026-12-25"}
			return models.SetUp(in, seen, f)
		}
		must(t, s.SetUp(ctx, by(raiser), set))
		if err := s.SetUp(ctx, by(raiser), set); !strings.Contains(refusal(t, err), "Somebody else saved") {
			t.Error(err)
		}
		if err := s.SetUp(ctx, by(worker_), set); !strings.Contains(refusal(t, err), "Only admins") {
			t.Error(err)
		}
		f, err = s.Facts(ctx, ws, worker_)
		must(t, err)
		for what, p := range map[string]models.Person{"the actor": f.Actor, "in the directory": f.People[worker_], "unknown": f.Person("U_STRANGER")} {
			if got := p.Location().String(); got != "Asia/Tokyo" {
				t.Errorf("%s: %s", what, got)
			}
		}
		if got := f.Person(raiser).Location().String(); got != "Europe/Berlin" {
			t.Errorf("whom Slack knows: %s", got)
		}
		nine := time.Date(2026, 12, 25, 0, 0, 0, 0, time.UTC)
		if next := f.Settings.Hours.Next(f.Actor, nine); next.In(f.Actor.Location()).Format(time.DateOnly) != "2026-12-26" {
			t.Errorf("asked on a holiday: %s", next)
		}
		history, err := s.History(ctx, ws, models.RecordRef{Kind: models.RecordSettings, ID: 1}, 10, 0)
		if must(t, err); len(history) != 3 || history[2].Kind != models.EventSettingsSaved || len(history[2].Diff) != 2 {
			t.Errorf("%+v", history)
		}
	})
}

func TestTwoAdminsWhoStepDownAtOnceLeaveOne(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		must(t, s.SetRole(ctx, by(raiser), models.RoleAdmin, func(f models.Facts) ([]models.UserID, []models.Event, error) { return models.FirstAdmin(true, f) }))
		rounds, bad := proof.N(6, 40), 0
		for range rounds {
			f, err := s.Facts(ctx, ws, "")
			must(t, err)
			must(t, s.SetRole(ctx, by(f.Roles[models.RoleAdmin][0]), models.RoleAdmin, holders(models.RoleAdmin, raiser, worker_)))
			f, err = s.Facts(ctx, ws, "")
			must(t, err)
			seen := models.RoleSeen(f.Roles[models.RoleAdmin])
			var wg sync.WaitGroup
			for who, stays := range map[models.UserID]models.UserID{raiser: worker_, worker_: raiser} {
				wg.Go(func() {
					_ = s.SetRole(ctx, by(who), models.RoleAdmin, func(f models.Facts) ([]models.UserID, []models.Event, error) {
						return models.SetRole(models.RoleAdmin, []models.UserID{stays}, seen, f)
					})
				})
			}
			wg.Wait()
			f, err = s.Facts(ctx, ws, "")
			must(t, err)
			if left := f.Roles[models.RoleAdmin]; len(left) != 1 {
				bad++
				t.Errorf("admins left: %v", left)
			}
		}
		proof.Record(t, proof.Row{What: "two admins step down at one instant: rounds that left not exactly one", Where: s.Engine(), Tried: rounds, Bad: bad})
	})
}
