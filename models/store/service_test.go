package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// edit sets something of a service as whoever saw it as version seen.
func edit(seen int, set func(*models.ServiceInput)) store.ServiceMove {
	return func(s models.Service, f models.Facts) (models.ServiceEdit, error) {
		in := models.InputOfService(s, f.Directory)
		set(&in)
		return s.Set(in, seen, f)
	}
}

func keyed(u models.UserID, key string) store.Command {
	return store.Command{Workspace: ws, Actor: u, Key: key}
}

func TestAServiceIsAddedEditedAndRetiredWithItsHistory(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		fresh := edit(0, func(in *models.ServiceInput) {
			*in = models.ServiceInput{Service: models.Service{Slug: "search", Name: "Search", Tier: 2, Team: "search", Owner: "U_OWNER",
				Environments: []models.Environment{models.Production}, DependsOn: []models.Slug{"api"}}, Members: []models.UserID{worker_}}
		})
		added, err := s.UpdateService(ctx, keyed("U_OWNER", "add"), "", fresh)
		must(t, err)
		again, err := s.UpdateService(ctx, keyed("U_OWNER", "add"), "", fresh)
		must(t, err)
		if diff := cmp.Diff(added, again); diff != "" || added.ID != 3 || added.Version != 1 {
			t.Errorf("number %d, version %d; a repeat: %s", added.ID, added.Version, diff)
		}
		_, err = s.UpdateService(ctx, by(raiser), "search", edit(1, func(in *models.ServiceInput) { in.Tier = 3 }))
		if _, refused := models.AsRefusal(err); !refused {
			t.Errorf("edited by anybody: %v", err)
		}
		_, err = s.UpdateService(ctx, by("U_OWNER"), "search", edit(1, func(in *models.ServiceInput) { in.Tier = 3 }))
		must(t, err)
		retired, err := s.UpdateService(ctx, by("U_OWNER"), "search", func(x models.Service, f models.Facts) (models.ServiceEdit, error) { return x.Retire(2, f) })
		must(t, err)
		f, err := s.Facts(ctx, ws, raiser)
		must(t, err)
		if diff := cmp.Diff(retired, f.Services["search"]); diff != "" || !retired.Retired || retired.Version != 3 || retired.Tier != 3 {
			t.Errorf("%+v, kept: %s", retired, diff)
		}
		if members := f.Teams["search"].Members; len(members) != 1 || members[0] != worker_ {
			t.Errorf("the team has %v", members)
		}
		history, err := s.History(ctx, ws, added.Ref(), 10, 0)
		must(t, err)
		var kinds []string
		for _, e := range history {
			kinds = append(kinds, string(e.Kind))
		}
		if got := strings.Join(kinds, " "); got != "service_retired service_edited refused service_added" {
			t.Error(got)
		}
		if _, err := s.UpdateService(ctx, by("U_OWNER"), "nonsuch", fresh); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a service that is not there: %v", err)
		}
		in := input(s)
		in.Services = []models.Slug{"search"}
		_, err = s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
		if r, refused := models.AsRefusal(err); !refused || !strings.Contains(r.Fields[models.FieldServices], "is retired") {
			t.Errorf("raised on a retired service: %v", err)
		}
	})
}

func TestOfTwoAdminsWhoEditOneServiceOneIsTold(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		rounds, bad := proof.N(6, 40), 0
		for i := range rounds {
			f, err := s.Facts(ctx, ws, "")
			must(t, err)
			seen := f.Services["api"].Version
			errs := make([]error, 4)
			var wg sync.WaitGroup
			for j := range errs {
				wg.Go(func() {
					_, errs[j] = s.UpdateService(ctx, by("U_OWNER"), "api", edit(seen, func(in *models.ServiceInput) { in.Name = fmt.Sprintf("API %d %d", i, j) }))
				})
			}
			wg.Wait()
			saved := 0
			for _, err := range errs {
				if err == nil {
					saved++
				} else if said := refusal(t, err); !strings.Contains(said, "somebody else") {
					t.Error(said)
				}
			}
			if saved != 1 {
				bad++
				t.Errorf("%d of four edits of one version were saved", saved)
			}
		}
		proof.Record(t, proof.Row{What: "four admins edit one version of a service at one instant: rounds in which not exactly one was saved", Where: s.Engine(), Tried: rounds, Bad: bad})
	})
}

func TestTwoEditsAtOnceCloseNoCircle(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		rounds, bad := proof.N(6, 40), 0
		for range rounds {
			f, err := s.Facts(ctx, ws, "")
			must(t, err)
			var wg sync.WaitGroup
			for slug, on := range map[models.Slug]models.Slug{"api": "web", "web": "api"} {
				x := f.Services[slug]
				if len(x.DependsOn) > 0 {
					_, err := s.UpdateService(ctx, by("U_OWNER"), slug, edit(x.Version, func(in *models.ServiceInput) { in.DependsOn = nil }))
					must(t, err)
					x.Version++
				}
				wg.Go(func() {
					_, _ = s.UpdateService(ctx, by("U_OWNER"), slug, edit(x.Version, func(in *models.ServiceInput) { in.DependsOn = []models.Slug{on} }))
				})
			}
			wg.Wait()
			after, err := s.Facts(ctx, ws, "")
			must(t, err)
			if c := models.Circle(after.Services, "api"); c != nil {
				bad++
				t.Errorf("a circle: %v", c)
			}
		}
		proof.Record(t, proof.Row{What: "two edits at one instant that together would close a circle of dependencies: circles stored", Where: s.Engine(), Tried: rounds, Bad: bad})
	})
}

func TestARetiredServiceTakesItsTemplateAndStopsWhatWaits(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		in := input(s)
		_, err := s.ImportTemplates(ctx, ws, []models.TemplateVersion{{Name: "raise-pool", Version: 1, Recipe: models.Recipe{Title: in.Title, Services: []models.Slug{"api"},
			Environment: models.Production, Plan: in.Plan, Check: in.Check, Rollback: in.Rollback, Risk: in.Risk, Length: time.Hour, MaxRisk: models.RiskMedium}}})
		must(t, err)
		c := raise(t, s, ws)
		_, err = s.UpdateService(ctx, by("U_OWNER"), "api", func(x models.Service, f models.Facts) (models.ServiceEdit, error) { return x.Retire(1, f) })
		must(t, err)
		tpl, err := s.Template(ctx, ws, "raise-pool")
		must(t, err)
		if tpl.State != models.TemplateSuspended || !strings.Contains(tpl.Reason, "retired") {
			t.Errorf("the template is %s: %q", tpl.State, tpl.Reason)
		}
		_, err = s.UpdateTemplate(ctx, by("U_OWNER"), "raise-pool", func(x *models.Template, f models.Facts) error { return x.Reinstate("It is safe.", f) })
		if said := refusal(t, err); !strings.Contains(said, "is retired") {
			t.Error(said)
		}
		_, err = s.UpdateChange(ctx, by(cab(0)), c.ID, approve(c.Revision))
		if said := refusal(t, err); !strings.Contains(said, "retired") {
			t.Errorf("approved on a retired service: %s", said)
		}
		f, err := s.Facts(ctx, ws, "")
		must(t, err)
		_, err = s.UpdateService(ctx, by("U_OWNER"), "api", func(x models.Service, f models.Facts) (models.ServiceEdit, error) {
			return x.BringBack(f.Services["api"].Version, f)
		})
		must(t, err)
		if f.Services["api"].Version != 2 {
			t.Errorf("version %d", f.Services["api"].Version)
		}
		_, err = s.UpdateChange(ctx, by(cab(0)), c.ID, approve(c.Revision))
		must(t, err)
	})
}

func TestOneFileIsAppliedOnceSoThatARestartUndoesNoEdit(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		file := store.Catalog{Services: []models.Service{{Slug: "api", Name: "API from the file", Tier: 1, Team: "payments", Owner: "U_OWNER"}}}
		n, err := s.ImportFile(ctx, ws, file, []byte("one"))
		if must(t, err); n != 1 {
			t.Errorf("%d different", n)
		}
		_, err = s.UpdateService(ctx, by("U_OWNER"), "api", edit(2, func(in *models.ServiceInput) { in.Name = "API by hand" }))
		must(t, err)
		for _, step := range []struct{ source, name string }{{"one", "API by hand"}, {"two", "API from the file"}} {
			_, err := s.ImportFile(ctx, ws, file, []byte(step.source))
			must(t, err)
			f, err := s.Facts(ctx, ws, "")
			if must(t, err); f.Services["api"].Name != step.name {
				t.Errorf("after file %s it is %q", step.source, f.Services["api"].Name)
			}
		}
	})
}

func TestTheVersionThatACompletedChangeLeftIsKept(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		run := func(version string) *models.Change {
			in := input(s)
			in.Start, in.End = s.Now().Add(-time.Minute), s.Now().Add(time.Hour)
			r, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
			must(t, err)
			id := r.Change.ID
			_, err = s.UpdateChange(ctx, by(cab(0)), id, approve(r.Change.Revision))
			must(t, err)
			_, err = s.UpdateChange(ctx, by(worker_), id, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) })
			must(t, err)
			done := models.Completion{Outcome: models.SuccessfulWithIssues, Note: "One retry.", AsBuilt: version, Incident: "INC-" + version, Priority: 2}
			r, err = s.UpdateChange(ctx, by(worker_), id, func(c *models.Change, f models.Facts) error { return c.Complete(done, f) })
			must(t, err)
			return r.Change
		}
		first, second := run("4.1"), run("4.2")
		h, err := s.ServiceHistory(ctx, ws, "api")
		must(t, err)
		if len(h.Running) != 1 || h.Running[0].Version != "4.2" || h.Running[0].Change != second.ID || len(h.Today) != 2 || len(h.Latest) != 2 || h.More {
			t.Errorf("%+v", h)
		}
		_, err = s.UpdateChange(ctx, by(worker_), second.ID, func(c *models.Change, f models.Facts) error { return c.RollBack("It was slow.", f) })
		must(t, err)
		h, err = s.ServiceHistory(ctx, ws, "api")
		must(t, err)
		if len(h.Running) != 1 || h.Running[0].Change != first.ID || h.Running[0].Environment != models.Production {
			t.Errorf("after the rollback %+v", h.Running)
		}
		must(t, s.Jump(ctx, 25*time.Hour))
		h, err = s.ServiceHistory(ctx, ws, "api")
		must(t, err)
		if len(h.Today) != 0 || len(h.Latest) != 2 {
			t.Errorf("a day later: %d today, %d in all", len(h.Today), len(h.Latest))
		}
	})
}
