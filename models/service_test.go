package models

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func init() { maps.Copy(refusals, serviceRefusals) }

// edited is what Kim's form about a service comes to.
func (w *world) edited(u UserID, slug Slug, edit func(*ServiceInput)) (ServiceEdit, error) {
	s := w.Services[slug]
	in := InputOfService(s, w.Directory)
	edit(&in)
	return s.Set(in, s.Version, w.as(u))
}

func setting(u UserID, slug Slug, edit func(*ServiceInput)) func(*testing.T, *world) error {
	return func(_ *testing.T, w *world) error {
		_, err := w.edited(u, slug, edit)
		return err
	}
}

// serviceRefusals are what nobody can do with a service.
var serviceRefusals = map[string]func(*testing.T, *world) error{
	"edit a service as its owner": setting(dee, "pay-api", func(in *ServiceInput) { in.Tier = 3 }),
	"edit a service as a guest":   setting(pat, "pay-api", func(in *ServiceInput) { in.Tier = 3 }),
	"edit nothing of a service":   setting(kim, "pay-api", func(*ServiceInput) {}),
	"a service with nothing filled in": setting(kim, "", func(in *ServiceInput) {
		*in = ServiceInput{Service: Service{Slug: "Not A Slug", Name: strings.Repeat("x", MaxTitle+1), Tier: 9, OpsLead: robo, Environments: []Environment{"moon"}}}
	}),
	"a service of a team that is not there": setting(kim, "pay-api", func(in *ServiceInput) { in.Team, in.Members = "nonsuch", nil }),
	"a service of a team with a bad name":   setting(kim, "pay-api", func(in *ServiceInput) { in.Team = "No Such" }),
	"a team that is a group and people":     setting(kim, "pay-api", func(in *ServiceInput) { in.Group = "S0123" }),
	"a group that is none":                  setting(kim, "pay-api", func(in *ServiceInput) { in.Members, in.Group = nil, "@payments" }),
	"a bot in a team":                       setting(kim, "pay-api", func(in *ServiceInput) { in.Members = []UserID{ana, robo} }),
	"depends on a retired service":          setting(kim, "pay-api", func(in *ServiceInput) { in.DependsOn = []Slug{"fax"} }),
	"depends on no service":                 setting(kim, "pay-api", func(in *ServiceInput) { in.DependsOn = []Slug{"nonsuch"} }),
	"a circle": func(t *testing.T, w *world) error {
		w.depends("ledger", "wallet").depends("wallet", "web")
		return setting(kim, "web", func(in *ServiceInput) { in.DependsOn = []Slug{"ledger"} })(t, w)
	},
	"a service that is there": setting(kim, "", func(in *ServiceInput) { in.Service = Service{Slug: "pay-api", Team: "payments", Owner: dee} }),
	"a service edited by two": func(_ *testing.T, w *world) error {
		s := w.Services["pay-api"]
		in := InputOfService(s, w.Directory)
		in.Tier = 3
		_, err := s.Set(in, s.Version+1, w.as(kim))
		return err
	},
	"a team edited by two": setting(kim, "pay-api", func(in *ServiceInput) { in.Members, in.SeenTeam = []UserID{ana}, 7 }),
	"retire a retired service": func(_ *testing.T, w *world) error {
		_, err := w.Services["fax"].Retire(0, w.as(kim))
		return err
	},
	"retire a service edited meanwhile": func(_ *testing.T, w *world) error {
		_, err := w.Services["pay-api"].Retire(5, w.as(kim))
		return err
	},
	"retire a service as its owner": func(_ *testing.T, w *world) error {
		_, err := w.Services["pay-api"].Retire(0, w.as(dee))
		return err
	},
	"bring back what is in use": func(_ *testing.T, w *world) error {
		_, err := w.Services["pay-api"].BringBack(0, w.as(kim))
		return err
	},
	"start on a service that was retired": func(t *testing.T, w *world) error {
		return w.startOn(t, func(s *Service) { s.Retired = true })
	},
	"start on a service that does not run there": func(t *testing.T, w *world) error {
		return w.startOn(t, func(s *Service) { s.Environments = []Environment{Test, Development} })
	},
	"start on a service that is gone": func(t *testing.T, w *world) error { return w.startOn(t, nil) },
	"reinstate a template without a service": func(_ *testing.T, w *world) error {
		t := &Template{Name: "send-fax", State: TemplateSuspended, Version: 1, Recipe: Recipe{Services: []Slug{"fax"}}}
		return t.Reinstate("It is safe again.", w.as(kim))
	},
}

// depends makes a service depend on others.
func (w *world) depends(slug Slug, on ...Slug) *world {
	s := w.Services[slug]
	s.DependsOn = on
	w.Services[slug] = s
	return w
}

func TestAServiceIsAddedAndEditedWithWhatWasDifferent(t *testing.T) {
	w := newWorld().clone()
	edit, err := w.edited(oli, "", func(in *ServiceInput) {
		*in = ServiceInput{Service: Service{Slug: "search", Tier: 2, Owner: eli, Team: "search", Environments: Environments}, Members: []UserID{ray, ana, ray}}
	})
	must(t, err)
	want := ServiceEdit{Service: Service{Slug: "search", Name: "search", Tier: 2, Owner: eli, Team: "search", Version: 1},
		Team: &Team{ID: "search", Name: "Search", Members: []UserID{ana, ray}, Version: 1},
		Events: []Event{{Kind: EventServiceAdded, Actor: oli, At: w.now, Reason: "search", Diff: []FieldDiff{{"Name", "", "search"}, {"Tier", "", "2"},
			{"Team", "", "search"}, {"Owner", "", "Eli"}, {"Team Search", "", "Ana, Ray"}}}}}
	if diff := cmp.Diff(want, edit); diff != "" {
		t.Error(diff)
	}
	edit, err = w.edited(kim, "pay-api", func(in *ServiceInput) { in.Tier, in.DependsOn = 0, []Slug{"wallet", "ledger", "wallet"} })
	must(t, err)
	if diff := cmp.Diff([]FieldDiff{{"Tier", "1", "0"}, {"Depends on", "", "ledger, wallet"}}, edit.Events[0].Diff); diff != "" || edit.Team != nil || edit.Service.Version != 1 {
		t.Errorf("version %d, team %v, %s", edit.Service.Version, edit.Team, diff)
	}
}

func TestChoosingAnotherTeamLeavesItsPeopleAlone(t *testing.T) {
	w := newWorld()
	edit, err := w.edited(kim, "pay-api", func(in *ServiceInput) { in.Team = "web" }) // the form still shows those of payments
	must(t, err)
	if edit.Team != nil || edit.Service.Team != "web" {
		t.Errorf("team %q became %+v", edit.Service.Team, edit.Team)
	}
	edit, err = w.edited(kim, "pay-api", func(in *ServiceInput) { in.Members = []UserID{ana, ben} })
	must(t, err)
	if edit.Team == nil || len(edit.Team.Members) != 2 || edit.Team.Name != "Payments" {
		t.Errorf("%+v", edit.Team)
	}
}

func TestACircleIsSpelledOut(t *testing.T) {
	w := newWorld().clone().depends("ledger", "wallet").depends("wallet", "web")
	_, err := w.edited(kim, "web", func(in *ServiceInput) { in.DependsOn = []Slug{"docs", "ledger"} })
	if said := refused(t, err).Fields[FieldServices]; !strings.Contains(said, "web → ledger → wallet → web") {
		t.Error(said)
	}
	_, err = w.edited(kim, "web", func(in *ServiceInput) { in.DependsOn = []Slug{"web"} })
	if said := refused(t, err).Fields[FieldServices]; !strings.Contains(said, "web → web") {
		t.Error(said)
	}
	if c := Circle(w.Services, "docs"); c != nil {
		t.Errorf("%v is no circle", c)
	}
}

func TestATemplateIsSuspendedOnceNothingThatItCoversIsLeft(t *testing.T) {
	w := newWorld().clone()
	active := func(slugs ...Slug) Template {
		return Template{Name: "x", State: TemplateActive, Version: 1, Recipe: Recipe{Services: slugs}}
	}
	w.Templates = map[Slug]Template{"both": active("wallet", "web"), "one": active("wallet"), "gone": active("wallet", "fax"), "other": active("web")}
	edit, err := w.Services["wallet"].Retire(0, w.as(kim))
	must(t, err)
	f := w.as(kim).WithServices([]Service{edit.Service})
	if got := fmt.Sprint(Unserved([]Service{edit.Service}, f)); got != "[gone one]" {
		t.Error(got)
	}
	one := f.Templates["one"]
	one.ServicesRetired(f)
	if one.State != TemplateSuspended || kinds(one.Events()) != "template_suspended" {
		t.Errorf("it is %s", one.State)
	}
	if w.Services["wallet"].Retired {
		t.Error("the directory itself was altered")
	}
}

func TestAnImportNamesEveryBadLineAndPlansNothingTwice(t *testing.T) {
	w := newWorld()
	row := func(line int, s Service) ServiceRow { return ServiceRow{Line: line, Service: s} }
	good := Service{Slug: "search", Name: "Search", Tier: 2, Team: "search", Owner: eli, DependsOn: []Slug{"web"}}
	in := Import{Source: "services.csv", Teams: []TeamRow{{2, Team{ID: "search", Members: []UserID{ray}}}}, Services: []ServiceRow{row(2, good),
		{Line: 3, Service: Service{Slug: "web", Tier: 1}, Has: map[Field]bool{FieldTier: true}}}}
	plan := in.Plan(w.as(""))
	if len(plan.Problems) != 0 || len(plan.Changes) != 2 || len(plan.Teams) != 1 || !plan.Changes[0].Added() ||
		cmp.Diff([]FieldDiff{{"Tier", "2", "1"}}, plan.Changes[1].Diff) != "" || plan.Changes[1].Service.Owner != eli {
		t.Errorf("%+v", plan)
	}
	after := w.clone()
	for _, c := range plan.Changes {
		after.Services[c.Service.Slug] = c.Service
	}
	for _, team := range plan.Teams {
		after.Teams[team.ID] = team
	}
	if again := in.Plan(after.as("")); len(again.Changes)+len(again.Teams)+len(again.Problems) != 0 || again.Same != 2 {
		t.Errorf("the second time %+v", again)
	}
	bad := Import{Teams: []TeamRow{{9, Team{ID: "x", Members: []UserID{ray}}}, {10, Team{ID: "x", Members: []UserID{ana}}}, {11, Team{ID: "y", Members: []UserID{ana}, Group: "S012"}}},
		Services: []ServiceRow{
			row(2, Service{Slug: "a", Team: "payments", Owner: eli, DependsOn: []Slug{"b"}}),
			row(3, Service{Slug: "b", Team: "payments", Owner: eli, DependsOn: []Slug{"a"}}),
			row(4, Service{Slug: "a", Team: "payments", Owner: eli}),
			row(5, Service{Slug: "c", Team: "nonsuch", Owner: eli}),
			row(6, Service{Slug: "d", Team: "payments"}),
			row(7, Service{Slug: "e", Team: "payments", Owner: eli, DependsOn: []Slug{"nonsuch", "f"}}),
			{Line: 8, Service: Service{Slug: "f"}, Bad: true},
			{Line: 12, Service: Service{Slug: "g", Team: "payments", Owner: eli}, Has: map[Field]bool{FieldTeam: true, FieldOwner: true}},
		}}
	var got []string
	for _, p := range bad.Plan(w.as("")).Problems {
		got = append(got, fmt.Sprintf("%d %s", p.Line, p.Text))
	}
	want := []string{"2 these depend on each other in a circle: a → b → a", "4 the service a is listed twice; it stands in line 2 already",
		`5 c: there is no team "nonsuch"; name its people or its Slack user group`, "6 d: Choose who owns the service: this person approves changes to it.",
		`7 e: depends on "nonsuch", and there is no such service`, "10 the team x has other people here than in line 9",
		"11 the team y has people and a Slack user group: give one of the two", "12 g: Give the tier of a new service, from 0, the most critical, to 3."}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// startOn starts approved work after its service was altered, or deleted.
func (w *world) startOn(t *testing.T, alter func(*Service)) error {
	c := w.in(t, Approved)
	s := w.Services["pay-api"]
	delete(w.Services, "pay-api")
	if alter != nil {
		alter(&s)
		w.Services["pay-api"] = s
	}
	w.later(65 * time.Minute)
	return c.Start(c.Revision, w.as(c.Implementer))
}

func TestProductionIsChangedOnRegisteredServicesInUseOnly(t *testing.T) {
	for _, env := range Environments {
		w := newWorld().clone()
		s := w.Services["pay-api"]
		s.Retired = true
		w.Services["pay-api"] = s
		in := w.input()
		in.Environment = env
		for slug, want := range map[Slug]string{"pay-api": "is retired", "nonsuch": "There is no service"} {
			in.Services = []Slug{slug}
			err := (&Change{Identity: Identity{ID: 4, Requester: ana}}).Raise(in, w.as(ana))
			if said := refused(t, err).Fields[FieldServices]; !strings.Contains(said, want) {
				t.Errorf("%s in %s: %q", slug, env, said)
			}
		}
		if blocked := !PlanVerdict(&Change{Material: Material{Environment: env, Services: []Slug{"pay-api"}}, Progress: Progress{State: Approved}}, w.as(ana)).Clear(); blocked != (env == Production) {
			t.Errorf("what waits in %s is blocked: %v", env, blocked)
		}
	}
	w := newWorld().clone()
	c := w.in(t, Closed)
	s := w.Services["pay-api"]
	s.Retired = true
	w.Services["pay-api"] = s
	must(t, undo(c, w.as(c.Implementer))) // going back is always allowed
}
