package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

func activate(t *testing.T, s *store.Store, p models.Policy) {
	t.Helper()
	_, err := s.ActivatePolicy(ctx, ws, p.Version, []byte("source"), func([]byte) (models.Policy, error) { return p, nil })
	must(t, err)
}

func missing(t *testing.T, s *store.Store, id models.ChangeID) string {
	t.Helper()
	c, err := s.Change(ctx, ws, id)
	must(t, err)
	return c.Standing().Missing()
}

func TestRaisingAPolicyDoesNotWeakenAPendingChange(t *testing.T) {
	each(t, 3, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		weak := quorum(2, 1)
		weak.SmallTeam = true
		activate(t, s, weak)
		if got := missing(t, s, c.ID); got != "3 of CAB" {
			t.Errorf("pending under a weaker policy: missing %s", got)
		}
		for i := range 2 {
			_, err := s.UpdateChange(ctx, by(cab(i)), c.ID, approve(c.Revision))
			must(t, err)
		}
		// Sending the same content again keeps what it needed, too.
		_, err := s.UpdateChange(ctx, by(cab(2)), c.ID, func(c *models.Change, f models.Facts) error {
			return c.AskForChanges("Say how long it takes.", c.Revision, f)
		})
		must(t, err)
		_, err = s.UpdateChange(ctx, by(raiser), c.ID, func(c *models.Change, f models.Facts) error { return c.Edit(models.InputOf(c), f) })
		must(t, err)
		if got := missing(t, s, c.ID); got != "1 more of CAB" {
			t.Errorf("resubmitted under a weaker policy: missing %s", got)
		}
		strict := quorum(3, 4)
		activate(t, s, strict)
		_, err = s.UpdateChange(ctx, by(cab(2)), c.ID, func(c *models.Change, f models.Facts) error {
			return c.AskForChanges("Say who watches.", c.Revision, f)
		})
		must(t, err)
		_, err = s.UpdateChange(ctx, by(raiser), c.ID, func(c *models.Change, f models.Facts) error { return c.Edit(models.InputOf(c), f) })
		must(t, err)
		if got := missing(t, s, c.ID); got != "2 more of CAB" {
			t.Errorf("resubmitted under a stricter policy: missing %s", got)
		}
	})
}

func TestDelegationsAndAbsencesAreKept(t *testing.T) {
	each(t, 2, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		_, err := s.UpdateChange(ctx, by(cab(0)), c.ID, func(c *models.Change, f models.Facts) error { return c.Delegate("U_OWNER", f) })
		must(t, err)
		r, err := s.UpdateChange(ctx, by("U_OWNER"), c.ID, approve(c.Revision))
		must(t, err)
		kept, err := s.Change(ctx, ws, c.ID)
		must(t, err)
		if diff := cmp.Diff([]models.Behalf{{For: cab(0), Fits: []string{"cab"}}}, kept.Approvals[0].Behalf); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(r.Change.Standing(), kept.Standing()); diff != "" || kept.Standing().Slots[0].For != cab(0) {
			t.Errorf("%s", diff)
		}
		if len(kept.Delegations) != 1 || kept.Delegations[0].To != "U_OWNER" {
			t.Errorf("%+v", kept.Delegations)
		}

		today := s.Now().In(time.UTC)
		set := func(in models.OwnInput) error {
			return s.SaveOwn(ctx, store.Command{Workspace: ws, Actor: cab(1), Key: "me" + in.AwayEnd}, func(f models.Facts) (models.Own, []models.Event, error) {
				return models.SetOwn(in, f)
			})
		}
		away := models.OwnInput{Zone: "UTC", AwayFrom: today.Format(time.DateOnly), AwayEnd: today.AddDate(0, 0, 1).Format(time.DateOnly), Delegate: "U_OWNER"}
		must(t, set(away))
		must(t, set(away)) // the same command again
		f, err := s.Facts(ctx, ws, cab(1))
		must(t, err)
		if !f.Actor.Own.Away.Now(s.Now()) || !f.People[cab(1)].Own.Away.Now(s.Now()) || f.Actor.Name != "Board 1" {
			t.Errorf("%+v", f.Actor)
		}
		due, err := s.DueAbsences(ctx, ws, s.Now(), 9)
		must(t, err)
		if len(due) != 1 || due[0].User != cab(1) {
			t.Fatalf("%+v", due)
		}
		must(t, s.AwayMoved(ctx, due[0], s.Now()))
		if due, _ := s.DueAbsences(ctx, ws, s.Now(), 9); len(due) != 0 {
			t.Errorf("due again at once: %+v", due)
		}
		if due, _ := s.DueAbsences(ctx, ws, f.Actor.Own.Away.Until, 9); len(due) != 1 {
			t.Errorf("its end is not noticed: %+v", due)
		}
		refusal(t, set(models.OwnInput{Zone: "Mars"}))
		if f, _ := s.Facts(ctx, ws, cab(1)); f.Actor.Own.Zone != "UTC" {
			t.Errorf("a refusal changed the zone to %s", f.Actor.Own.Zone)
		}
	})
}

func TestWhatNobodyCouldGiveIsLetGoThroughTheDoorAndListed(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		p := models.Policy{Version: 2, Name: "small", SmallTeam: true, Rules: []models.Rule{{Name: "all", Require: []models.Need{{Role: models.RoleECAB, Count: 1}}}}}
		activate(t, s, p)
		c := raise(t, s, ws)
		if due, err := s.DueChanges(ctx, s.Now().Add(models.LapseAfter+time.Second), 9); err != nil || len(due) != 1 {
			t.Fatalf("%+v, %v", due, err)
		}
		must(t, s.Jump(ctx, models.LapseAfter+time.Second))
		r, err := s.UpdateChange(ctx, store.Command{Workspace: ws}, c.ID, func(c *models.Change, f models.Facts) error { return c.Elapse(f) })
		must(t, err)
		if r.Change.State != models.Approved || len(r.Change.Approvals) != 0 {
			t.Errorf("%s with %d approvals", r.Change.State, len(r.Change.Approvals))
		}
		raise(t, s, ws)
		list, err := s.Changes(ctx, ws, store.ChangeFilter{Exceptions: true})
		if err != nil || len(list) != 1 || list[0].ID != c.ID || !slices.Equal(list[0].Exceptions(), []string{"1 of ECAB not met: nobody eligible"}) {
			t.Errorf("%d exceptions, %v", len(list), err)
		}
	})
}

func TestMembersOfGroupsAreWrittenWhenTheyAreNews(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		group := models.Team{ID: "S0DBA", Name: "DBAs", Group: "S0DBA", Members: []models.UserID{cab(0)}, CheckedAt: s.Now()}
		must(t, s.SaveGroups(ctx, ws, group))
		before := version(t, s)
		group.CheckedAt = group.CheckedAt.Add(10 * time.Minute)
		must(t, s.SaveGroups(ctx, ws, group))
		if now := version(t, s); now != before {
			t.Error("the same members ten minutes later made a new directory")
		}
		group.CheckedAt = group.CheckedAt.Add(20 * time.Minute)
		group.Members = []models.UserID{cab(0), cab(1)}
		must(t, s.SaveGroups(ctx, ws, group))
		d, err := s.Directory(ctx, ws)
		must(t, err)
		if diff := cmp.Diff(group, d.Teams["S0DBA"]); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAdminsHearOfARefusedPolicyOnce(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		_, err := s.ImportCatalog(ctx, ws, store.Catalog{Roles: map[models.Role][]models.UserID{models.RoleAdmin: {cab(3)}}})
		must(t, err)
		notes := func() int64 { return count(t, s, "deliveries WHERE kind = 'note'") }
		for range 3 {
			must(t, s.NotePolicy(ctx, ws, "line 4: nobody holds \"boss\""))
		}
		d, err := s.Directory(ctx, ws)
		must(t, err)
		if notes() != 1 || d.PolicyTrouble != "line 4: nobody holds \"boss\"" {
			t.Errorf("%d notes, %q", notes(), d.PolicyTrouble)
		}
		must(t, s.NotePolicy(ctx, ws, ""))
		if d, _ := s.Directory(ctx, ws); notes() != 1 || d.PolicyTrouble != "" {
			t.Errorf("%d notes, %q after it was mended", notes(), d.PolicyTrouble)
		}
	})
}
