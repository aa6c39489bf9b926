package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

func version(t *testing.T, s *store.Store) int64 {
	t.Helper()
	d, err := s.Directory(ctx, ws)
	must(t, err)
	return d.Version
}

func TestCatalogIsImportedOnce(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		catalog := store.Catalog{
			Teams: []models.Team{{ID: "data", Name: "Data", Members: []models.UserID{"U_OWNER"}}},
			Services: []models.Service{{Slug: "lake", Name: "Lake", Tier: 3, Team: "data", Owner: "U_OWNER", OpsLead: "U_OWNER",
				DependsOn: []models.Slug{"api"}}},
			Roles: map[models.Role][]models.UserID{models.RoleECAB: {cab(0), cab(1)}},
		}
		before := version(t, s)
		for round, want := range []int{3, 0} {
			if n, err := s.ImportCatalog(ctx, ws, catalog); err != nil || n != want {
				t.Errorf("round %d: %d changed, %v", round, n, err)
			}
		}
		if now := version(t, s); now != before+1 {
			t.Errorf("directory went from %d to %d", before, now)
		}
		catalog.Services[0].Retired = true
		catalog.Roles[models.RoleECAB] = []models.UserID{cab(1), cab(2)}
		if n, err := s.ImportCatalog(ctx, ws, catalog); err != nil || n != 2 {
			t.Errorf("%d changed, %v", n, err)
		}
		d, err := s.Directory(ctx, ws)
		must(t, err)
		catalog.Services[0].ID, catalog.Services[0].Version, catalog.Teams[0].Version = 3, 2, 1
		if diff := cmp.Diff(catalog.Services[0], d.Services["lake"]); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(catalog.Teams[0], d.Teams["data"]); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]models.UserID{cab(1), cab(2)}, d.Roles[models.RoleECAB]); diff != "" {
			t.Error(diff)
		}
		if len(d.Services) != 3 || len(d.Roles[models.RoleCAB]) != board {
			t.Errorf("what the catalog does not name went: %d services, %d on the board", len(d.Services), len(d.Roles[models.RoleCAB]))
		}
		events, err := s.History(ctx, ws, models.RecordRef{Kind: store.RecordCatalog}, 10, 0)
		if err != nil || len(events) != 3 || events[0].Kind != store.EventCatalogImported {
			t.Errorf("%+v, %v", events, err)
		}
		if _, err := s.ImportCatalog(ctx, "T_NOBODY", catalog); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("into no workspace: %v", err)
		}
	})
}

func TestOnlyAHigherPolicyIsActivated(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		activate := func(p models.Policy, parsed error) (bool, error) {
			return s.ActivatePolicy(ctx, ws, p.Version, []byte("source"), func([]byte) (models.Policy, error) { return p, parsed })
		}
		full := quorum(3, 2)
		full.Additions = []models.Rule{{Name: "tier 0", When: models.Match{Tiers: []models.Tier{0}, Risks: []models.RiskLevel{models.RiskHigh}},
			Require: []models.Need{{Role: models.RoleOpsLead, Count: 1}, {Role: models.RoleCAB, Majority: true}, {Person: "U_OWNER"}}}}
		for _, step := range []struct {
			policy models.Policy
			parsed error
			want   bool
		}{
			{full, nil, true}, {quorum(3, 9), nil, false}, {quorum(2, 9), nil, false}, {quorum(4, 9), errChangedMind, false},
		} {
			if got, err := activate(step.policy, step.parsed); got != step.want || !errors.Is(err, step.parsed) {
				t.Errorf("version %d: %v, %v", step.policy.Version, got, err)
			}
		}
		d, err := s.Directory(ctx, ws)
		must(t, err)
		if diff := cmp.Diff(full, d.Policy); diff != "" {
			t.Errorf("given (-) and in force (+):\n%s", diff)
		}
		events, err := s.History(ctx, ws, models.RecordRef{Kind: store.RecordPolicy, ID: 3}, 10, 0)
		if err != nil || len(events) != 1 || events[0].Kind != store.EventPolicyActivated {
			t.Errorf("%+v, %v", events, err)
		}
	})
}

func TestOnlyNewFactsAboutPeopleMakeANewDirectory(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		before := version(t, s)
		p := models.Person{ID: raiser, Name: "Raiser", Zone: "Europe/Berlin", CheckedAt: s.Now().Add(time.Hour)}
		must(t, s.SavePerson(ctx, ws, p))
		if now := version(t, s); now != before {
			t.Errorf("being looked up alone made directory %d of %d", now, before)
		}
		f, err := s.Facts(ctx, ws, raiser)
		must(t, err)
		if !f.Actor.CheckedAt.Equal(p.CheckedAt) {
			t.Errorf("the actor was checked at %v, not %v", f.Actor.CheckedAt, p.CheckedAt)
		}
		must(t, s.MarkSeesHome(ctx, ws, raiser))
		must(t, s.MarkSeesHome(ctx, ws, raiser))
		p.Guest = true
		must(t, s.SavePerson(ctx, ws, p))
		d, err := s.Directory(ctx, ws)
		must(t, err)
		p.SeesHome = true
		if diff := cmp.Diff(p, d.People[raiser]); diff != "" || d.Version != before+2 {
			t.Errorf("directory %d after %d:\n%s", d.Version, before, diff)
		}
		f, err = s.Facts(ctx, ws, "U_NEW")
		must(t, err)
		if diff := cmp.Diff(models.Person{ID: "U_NEW"}, f.Actor); diff != "" {
			t.Error(diff)
		}
		if _, err := s.Facts(ctx, other, raiser); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("of a workspace that is not there: %v", err)
		}
	})
}

func TestALookThatTookLongStandsOverNoLaterOne(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		early, late := s.Now().Add(-time.Minute), s.Now()
		must(t, s.SavePeople(ctx, ws, models.Person{ID: raiser, Name: "Raiser", Zone: "Asia/Tokyo", CheckedAt: late}, models.Person{ID: "U_BOARD", Name: "Board", CheckedAt: early}))
		must(t, s.SavePeople(ctx, ws, models.Person{ID: raiser, Name: "Raiser", Zone: "Europe/Berlin", CheckedAt: early}, models.Person{ID: "U_BOARD", Name: "Board", Zone: "Europe/Rome", CheckedAt: early}))
		d, err := s.Directory(ctx, ws)
		must(t, err)
		if p := d.People[raiser]; p.Zone != "Asia/Tokyo" || !p.CheckedAt.Equal(late) {
			t.Errorf("looked up last in Asia/Tokyo at %v, and kept is %+v", late, p)
		}
		if p := d.People["U_BOARD"]; p.Zone != "Europe/Rome" {
			t.Errorf("whoever was looked up with them: %+v", p)
		}

		// A clock that is set back makes what was kept before it no later look.
		must(t, s.SavePerson(ctx, ws, models.Person{ID: raiser, Name: "Raiser", Zone: "Asia/Tokyo", CheckedAt: late.Add(24 * time.Hour)}))
		must(t, s.SavePerson(ctx, ws, models.Person{ID: raiser, Name: "Raiser", Zone: "Europe/Berlin", CheckedAt: late}))
		d, err = s.Directory(ctx, ws)
		must(t, err)
		if p := d.People[raiser]; p.Zone != "Europe/Berlin" || !p.CheckedAt.Equal(late) {
			t.Errorf("looked up after the clock was set back, and kept is %+v", p)
		}
	})
}

func TestStalePeopleAreThoseWhoMatter(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		must(t, s.SavePerson(ctx, ws, models.Person{ID: "U_PASSER_BY"}))
		_, err := s.CreateChange(ctx, store.Command{Workspace: ws, Actor: "U_UNKNOWN"}, func(c *models.Change, f models.Facts) error {
			f.Actor.Name = "Unknown"
			return c.SaveDraft(input(s), f)
		})
		must(t, err)
		must(t, s.Jump(ctx, time.Hour))
		must(t, s.SavePerson(ctx, ws, models.Person{ID: cab(4), CheckedAt: s.Now()}))
		stale, err := s.StalePeople(ctx, ws, s.Now().Add(-30*time.Minute), 100)
		must(t, err)
		if len(stale) != board-1+4 || stale[0] != "U_UNKNOWN" || slices.Contains(stale, cab(4)) || slices.Contains(stale, "U_PASSER_BY") {
			t.Errorf("%d: %v", len(stale), stale)
		}
		must(t, s.SavePerson(ctx, ws, models.Person{ID: cab(4), CheckedAt: s.Now().Add(24 * time.Hour)})) // and the clock was set back since
		if stale, err = s.StalePeople(ctx, ws, s.Now().Add(-30*time.Minute), 100); err != nil || !slices.Contains(stale, cab(4)) {
			t.Errorf("confirmed in what is time to come again: %v, %v", stale, err)
		}
		if few, err := s.StalePeople(ctx, ws, s.Now(), 2); err != nil || len(few) != 2 {
			t.Errorf("%v, %v", few, err)
		}
	})
}

func TestWorkspaceKeepsItsSettings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		must(t, s.EnsureWorkspace(ctx, ws, "Acme", "U_BOT"))
		d, err := s.Directory(ctx, ws)
		must(t, err)
		if diff := cmp.Diff(models.DefaultWorkingHours(), d.Settings.Hours); diff != "" {
			t.Error(diff)
		}
		want := models.Settings{ChangesChannel: "C1", Hours: models.WorkingHours{From: time.Hour, To: 2 * time.Hour, Days: []time.Weekday{0}, Holidays: []string{"2026-12-25"}}}
		for range 2 {
			must(t, s.SaveSettings(ctx, ws, want))
		}
		must(t, s.EnsureWorkspace(ctx, ws, "Acme Ltd", "U_BOT2"))
		d, err = s.Directory(ctx, ws)
		must(t, err)
		if diff := cmp.Diff(want, d.Settings); diff != "" || d.Version != 2 {
			t.Errorf("version %d\n%s", d.Version, diff)
		}
		list, err := s.Workspaces(ctx)
		if diff := cmp.Diff([]store.Workspace{{ID: ws, Name: "Acme Ltd", BotUser: "U_BOT2"}}, list); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}

func TestWhoWasAskedIsAskedLastNextTime(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		asked := map[models.UserID]bool{}
		for range 5 {
			c := raise(t, s, ws)
			asked[c.Asked[0].User] = true
		}
		if len(asked) != 5 {
			t.Errorf("five changes asked %v", asked)
		}
	})
}
