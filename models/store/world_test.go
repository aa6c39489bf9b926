package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

const (
	ws      models.WorkspaceID = "T1"
	other   models.WorkspaceID = "T2"
	raiser  models.UserID      = "U_RAISER"
	worker_ models.UserID      = "U_WORKER"
)

// boards is how many members the advisory board has.
const board = 30

func cab(i int) models.UserID { return models.UserID(fmt.Sprintf("U_CAB%02d", i)) }

// quorum is a policy that wants n of the board for everything.
func quorum(version, n int) models.Policy {
	return models.Policy{Version: version, Name: "board", Rules: []models.Rule{
		{Name: "everything", Require: []models.Need{{Role: models.RoleCAB, Count: n}}}}}
}

// furnish gives a workspace people, a team, services, a board and a policy.
func furnish(t testing.TB, s *store.Store, ws models.WorkspaceID, policy models.Policy) {
	t.Helper()
	people := []models.Person{{ID: raiser, Name: "Raiser"}, {ID: worker_, Name: "Worker"}, {ID: "U_OWNER", Name: "Owner"}}
	var members []models.UserID
	for i := range board {
		members = append(members, cab(i))
		people = append(people, models.Person{ID: cab(i), Name: fmt.Sprintf("Board %d", i)})
	}
	for i := range people {
		people[i].Zone, people[i].CheckedAt = "Europe/Berlin", s.Now()
	}
	hours := models.DefaultWorkingHours()
	hours.From, hours.To = 0, 24*time.Hour
	hours.Days = []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	must(t, s.EnsureWorkspace(ctx, ws, "Acme", "U_BOT"))
	must(t, s.SaveSettings(ctx, ws, models.Settings{ChangesChannel: "C_CHANGES", Hours: hours}))
	must(t, s.SavePeople(ctx, ws, people...))
	_, err := s.ImportCatalog(ctx, ws, store.Catalog{
		Teams: []models.Team{{ID: "payments", Name: "Payments", Members: []models.UserID{raiser, worker_}}},
		Services: []models.Service{
			{Slug: "api", Name: "API", Tier: 2, Team: "payments", Owner: "U_OWNER", OpsLead: "U_OWNER", Channel: "C_API"},
			{Slug: "web", Name: "Web", Tier: 2, Team: "payments", Owner: "U_OWNER", OpsLead: "U_OWNER", DependsOn: []models.Slug{"api"}},
		},
		Roles: map[models.Role][]models.UserID{models.RoleCAB: members, models.RoleChangeManager: {"U_OWNER"}},
	})
	must(t, err)
	_, err = s.ActivatePolicy(ctx, ws, policy.Version, []byte("board"), func([]byte) (models.Policy, error) { return policy, nil })
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// input is a form whose every field is filled.
func input(s *store.Store) models.Input {
	start := s.Now().Add(time.Hour).Truncate(time.Minute)
	return models.Input{Title: "Raise the pool", Services: []models.Slug{"api"}, Environment: models.Production,
		Start: start, End: start.Add(time.Hour), Plan: "Set it to 40.", Check: "Watch the latency.", Rollback: "When it rises, set it back, 5 minutes.",
		Risk: models.RiskAnswers{Users: models.ReachOneTeam, Rehearsed: models.Yes, RollbackTested: models.Yes, Reversible: models.Yes, DoneBefore: models.TimesSome, Peak: models.No, Parties: models.No}, Background: "It was full on Monday.", Implementer: worker_}
}

// raise submits a change and returns it.
func raise(t testing.TB, s *store.Store, ws models.WorkspaceID) *models.Change {
	t.Helper()
	return raised(t, s, ws, input(s))
}

// raiseLater is raise in another time.
func raiseLater(t testing.TB, s *store.Store, later time.Duration) *models.Change {
	t.Helper()
	in := input(s)
	in.Start, in.End = in.Start.Add(later), in.End.Add(later)
	return raised(t, s, ws, in)
}

func raised(t testing.TB, s *store.Store, ws models.WorkspaceID, in models.Input) *models.Change {
	t.Helper()
	r, err := s.CreateChange(ctx, store.Command{Workspace: ws, Actor: raiser},
		func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
	must(t, err)
	return r.Change
}

func approve(seen models.Revision) store.Move {
	return func(c *models.Change, f models.Facts) error { return c.Approve(seen, f) }
}

func by(u models.UserID) store.Command { return store.Command{Workspace: ws, Actor: u, Calendar: true} }

// each runs a test on both engines with a furnished workspace whose policy
// wants n of the board.
func each(t *testing.T, n int, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		furnish(t, s, ws, quorum(1, n))
		test(t, s)
	})
}

// refusal is the text of a refusal, and fails the test on anything else.
func refusal(t testing.TB, err error) string {
	t.Helper()
	r, ok := errors.AsType[*models.Refusal](err)
	if !ok {
		t.Fatalf("want a refusal, got %v", err)
	}
	return r.Text
}
