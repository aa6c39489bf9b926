package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// fromTemplates wants nothing for standard changes and one of the board else.
func fromTemplates() models.Policy {
	p := quorum(2, 1)
	p.Rules = append([]models.Rule{{Name: "standard", When: models.Match{Types: []models.ChangeType{models.Standard}}}}, p.Rules...)
	return p
}

// eachWithTemplate furnishes a workspace with an active template.
func eachWithTemplate(t *testing.T, test func(t *testing.T, s *store.Store)) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		policy := fromTemplates()
		_, err := s.ActivatePolicy(ctx, ws, policy.Version, []byte("standard"), func([]byte) (models.Policy, error) { return policy, nil })
		must(t, err)
		stored, err := s.ImportTemplates(ctx, ws, []models.TemplateVersion{{Name: "raise-pool", Version: 1, Recipe: poolRecipe(s)}})
		must(t, err)
		if len(stored) != 1 {
			t.Fatalf("stored %v", stored)
		}
		test(t, s)
	})
}

func poolRecipe(s *store.Store) models.Recipe {
	in := input(s)
	return models.Recipe{Title: in.Title, Services: []models.Slug{"api", "web"}, Environment: models.Staging, Plan: in.Plan, Check: in.Check,
		Rollback: in.Rollback, Risk: in.Risk, Length: time.Hour, MaxRisk: models.RiskMedium}
}

func standard(s *store.Store) models.Input {
	return models.Input{Type: models.Standard, Template: "raise-pool", Services: []models.Slug{"api"}, Start: s.Now().Add(time.Minute), Implementer: worker_}
}

func raiseStandard(s *store.Store) (*models.Change, error) {
	in := standard(s)
	r, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
	return r.Change, err
}

// running starts a standard change.
func running(t testing.TB, s *store.Store) *models.Change {
	t.Helper()
	c, err := raiseStandard(s)
	must(t, err)
	must(t, s.Jump(ctx, 2*time.Minute))
	r, err := s.UpdateChange(ctx, by(worker_), c.ID, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
	must(t, err)
	return r.Change
}

func fail(s *store.Store, id models.ChangeID) error {
	_, err := s.UpdateChange(ctx, by(worker_), id, func(c *models.Change, f models.Facts) error {
		return c.Complete(models.Completion{Outcome: models.Failed, Note: "The pool leaked."}, f)
	})
	return err
}

func templateEvents(t testing.TB, s *store.Store, name models.Slug) (out []models.EventKind) {
	t.Helper()
	tpl, err := s.Template(ctx, ws, name)
	must(t, err)
	events, err := s.History(ctx, ws, tpl.Ref(), 100, 0)
	must(t, err)
	for _, e := range events {
		out = append(out, e.Kind)
	}
	return out
}

func TestTwoFailingRunsSuspendTheirTemplateOnce(t *testing.T) {
	eachWithTemplate(t, func(t *testing.T, s *store.Store) {
		var runs []*models.Change
		for range 6 {
			runs = append(runs, running(t, s))
		}
		var wg sync.WaitGroup
		errs := make([]error, len(runs))
		for i, c := range runs {
			wg.Go(func() { errs[i] = fail(s, c.ID) })
		}
		wg.Wait()
		for _, err := range errs {
			must(t, err)
		}
		want := []models.EventKind{models.EventTemplateSuspended, models.EventTemplateStored}
		if diff := cmp.Diff(want, templateEvents(t, s, "raise-pool")); diff != "" {
			t.Error(diff)
		}
		tpl, err := s.Template(ctx, ws, "raise-pool")
		must(t, err)
		if tpl.State != models.TemplateSuspended || tpl.FailedRun == 0 {
			t.Errorf("%s by %s", tpl.State, tpl.FailedRun)
		}
		var notes int64
		must(t, s.DB().Table("deliveries").Where("record_kind = 'template' AND kind = 'note' AND user_id = 'U_OWNER'").Count(&notes).Error)
		if notes != 1 {
			t.Errorf("the change manager got %d notes", notes)
		}
		counts, err := s.TemplateRuns(ctx, ws)
		must(t, err)
		if counts["raise-pool"] != (models.Runs{Failed: 6}) {
			t.Errorf("runs %+v", counts)
		}
	})
}

func TestASubmissionAndASuspensionAtTheSameMomentAreOneAfterTheOther(t *testing.T) {
	rounds := 12
	eachWithTemplate(t, func(t *testing.T, s *store.Store) {
		raised, refused := 0, 0
		for n := range rounds {
			run := running(t, s)
			var wg sync.WaitGroup
			var failed error
			errs := make([]error, 4)
			got := make([]*models.Change, len(errs))
			wg.Go(func() { failed = fail(s, run.ID) })
			for i := range errs {
				wg.Go(func() { got[i], errs[i] = raiseStandard(s) })
			}
			wg.Wait()
			must(t, failed)
			suspension := lastID(t, s, fmt.Sprintf("kind = 'template_suspended' AND at >= '%s'", "2000-01-01"))
			for i, err := range errs {
				if err != nil {
					refused++
					refusal(t, err)
					continue
				}
				raised++
				if id := lastID(t, s, fmt.Sprintf("kind = 'submitted' AND record_kind = 'change' AND record_id = %d", got[i].ID)); id > suspension {
					t.Errorf("round %d: %s was submitted after its template was suspended", n, got[i].ID)
				}
			}
			// The next round is about the suspension alone, not about a poor record.
			must(t, s.DB().Exec("UPDATE changes SET outcome = 'successful' WHERE outcome = 'failed'").Error)
			_, err := s.UpdateTemplate(ctx, by("U_OWNER"), "raise-pool", func(tpl *models.Template, f models.Facts) error {
				return tpl.Reinstate("It was the weather.", f)
			})
			must(t, err)
		}
		t.Logf("%d raised, %d refused", raised, refused)
	})
}

func lastID(t testing.TB, s *store.Store, where string) (id int64) {
	t.Helper()
	must(t, s.DB().Raw("SELECT coalesce(max(id), 0) FROM events WHERE workspace_id = ? AND "+where, ws).Scan(&id).Error)
	return id
}

func TestATemplateIsProposedFromThreeCleanRunsAndOneNameIsGivenOnce(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		first := cleanRun(t, s, 0)
		second := cleanRun(t, s, first.ID)
		propose := func(from models.ChangeID, name models.Slug) error {
			_, err := s.ProposeTemplate(ctx, by(raiser), name, from, func(tpl *models.Template, c *models.Change, runs int, f models.Facts) error {
				return tpl.Propose(name, models.RecipeOf(c), c, runs, f)
			})
			return err
		}
		refusal(t, propose(second.ID, "raise-pool")) // two are too few
		third := cleanRun(t, s, first.ID)
		history, err := s.History(ctx, ws, third.Ref(), 1, 0)
		must(t, err)
		if history[0].Kind != models.EventTemplateOffered {
			t.Errorf("the third clean run ends with %s", history[0].Kind)
		}
		errs := make([]error, 5)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = propose(third.ID, "raise-pool") })
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else {
				refusal(t, err)
			}
		}
		if made != 1 {
			t.Errorf("%d templates of one name", made)
		}
		if _, err := s.UpdateTemplate(ctx, by("U_OWNER"), "raise-pool", func(tpl *models.Template, f models.Facts) error { return tpl.Approve(1, f) }); err != nil {
			t.Error(err)
		}
		fourth := cleanRun(t, s, first.ID)
		if n := lastID(t, s, fmt.Sprintf("kind = 'template_offered' AND record_id = %d", fourth.ID)); n != 0 {
			t.Error("offered again")
		}
	})
}

// cleanRun raises the change again and carries it out.
func cleanRun(t testing.TB, s *store.Store, origin models.ChangeID) *models.Change {
	t.Helper()
	in := input(s)
	r, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error {
		c.Origin = origin
		return c.Raise(in, f)
	})
	must(t, err)
	id := r.Change.ID
	must(t, s.SavePeople(ctx, ws, models.Person{ID: cab(1), Name: "Board 1", CheckedAt: s.Now()}))
	_, err = s.UpdateChange(ctx, by(cab(1)), id, approve(r.Change.Revision))
	must(t, err)
	must(t, s.Jump(ctx, in.Start.Sub(s.Now())+time.Minute))
	_, err = s.UpdateChange(ctx, by(worker_), id, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
	must(t, err)
	r, err = s.UpdateChange(ctx, by(worker_), id, func(c *models.Change, f models.Facts) error {
		return c.Complete(models.Completion{Outcome: models.Successful}, f)
	})
	must(t, err)
	for _, u := range []models.UserID{raiser, worker_, "U_OWNER"} {
		must(t, s.SavePeople(ctx, ws, models.Person{ID: u, Name: string(u), CheckedAt: s.Now()}))
	}
	return r.Change
}

func TestATemplatesFileIsStoredByVersion(t *testing.T) {
	eachWithTemplate(t, func(t *testing.T, s *store.Store) {
		version := func(n int, plan string) []models.Slug {
			r := poolRecipe(s)
			r.Plan = plan
			stored, err := s.ImportTemplates(ctx, ws, []models.TemplateVersion{{Name: "raise-pool", Version: n, Recipe: r}})
			must(t, err)
			return stored
		}
		for _, step := range []struct {
			version int
			stored  bool
		}{{1, false}, {3, true}, {3, false}, {2, false}} {
			if got := version(step.version, fmt.Sprintf("Plan %d.", step.version)); (len(got) == 1) != step.stored {
				t.Errorf("version %d: stored %v", step.version, got)
			}
		}
		tpl, err := s.Template(ctx, ws, "raise-pool")
		must(t, err)
		if tpl.Version != 3 || tpl.Recipe.Plan != "Plan 3." || tpl.State != models.TemplateActive {
			t.Errorf("%+v", tpl)
		}
		bad := poolRecipe(s)
		bad.Services = []models.Slug{"nope"}
		stored, err := s.ImportTemplates(ctx, ws, []models.TemplateVersion{{Name: "bad", Version: 1, Recipe: bad}, {Name: "good", Version: 1, Recipe: poolRecipe(s)}})
		if err == nil || len(stored) != 1 || stored[0] != "good" {
			t.Errorf("stored %v, %v", stored, err)
		}
		run := running(t, s)
		must(t, fail(s, run.ID))
		version(4, "Plan 4.")
		if tpl, err = s.Template(ctx, ws, "raise-pool"); err != nil || tpl.State != models.TemplateSuspended || tpl.Version != 4 {
			t.Errorf("%v: a file made a suspended template %s", err, tpl.State)
		}
	})
}

func TestDebtsAreFoundByTeam(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		policy := models.Policy{Version: 2, Name: "debts", Rules: []models.Rule{{Name: "all", Require: []models.Need{{Role: models.RoleCAB, Count: 1}}}},
			Additions: []models.Rule{{Name: "debts", When: models.Match{Debts: new(true)}, Require: []models.Need{{Role: models.RoleChangeManager, Count: 1}}}}}
		_, err := s.ActivatePolicy(ctx, ws, 2, []byte("debts"), func([]byte) (models.Policy, error) { return policy, nil })
		must(t, err)
		before := raise(t, s, ws)
		in := input(s)
		in.Services = []models.Slug{"api"}
		in.Type, in.IncidentRef, in.WhyNow, in.Start, in.End = models.Emergency, "INC-1", "It is down.", s.Now(), s.Now().Add(time.Hour)
		r, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
		must(t, err)
		if _, err = s.UpdateChange(ctx, by(worker_), r.Change.ID, func(c *models.Change, f models.Facts) error {
			return c.StartNow("It is down.", c.Revision, f)
		}); err != nil {
			t.Fatal(err)
		}
		debts, err := s.Debts(ctx, ws, []models.Slug{"web"}, 0) // another service of the same team
		must(t, err)
		if len(debts) != 1 || debts[0].Change != r.Change.ID || debts[0].Team != "payments" {
			t.Errorf("owes %v", debts)
		}
		if own, err := s.Debts(ctx, ws, []models.Slug{"web"}, r.Change.ID); err != nil || len(own) != 0 {
			t.Errorf("its own debts: %v, %v", own, err)
		}
		list, err := s.Changes(ctx, ws, store.ChangeFilter{Debts: true})
		must(t, err)
		if len(list) != 1 || list[0].ID != r.Change.ID {
			t.Errorf("listed %v", list)
		}
		later := input(s)
		later.Start, later.End = later.Start.Add(24*time.Hour), later.End.Add(24*time.Hour)
		r, err = s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error { return c.Raise(later, f) })
		must(t, err)
		after := r.Change
		if len(before.Requirements) != 1 || len(after.Requirements) != 2 || after.Requirements[1].Role != models.RoleChangeManager {
			t.Errorf("%v became %v", before.Requirements, after.Requirements)
		}
	})
}
