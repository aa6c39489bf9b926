package handlers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// wellKnown is the risk of routine.
var wellKnown = models.RiskAnswers{Users: models.ReachNobody, Rehearsed: models.Yes, RollbackTested: models.Yes, Reversible: models.Yes, DoneBefore: models.TimesOften}

// template stores an active template in the house, as a file would.
func (w *house) template() {
	w.t.Helper()
	in := w.input()
	_, err := w.store.ImportTemplates(w.t.Context(), workspace, []models.TemplateVersion{{Name: "rotate-key", Version: 1, Recipe: models.Recipe{
		Title: in.Title, Services: in.Services, Environment: models.Staging, Plan: in.Plan, Check: in.Check, Rollback: in.Rollback,
		Risk: wellKnown, Length: time.Hour, MaxRisk: models.RiskMedium}}})
	must(w.t, err)
}

func (w *house) named(name models.Slug) *models.Template {
	w.t.Helper()
	t, err := w.store.Template(w.t.Context(), workspace, name)
	must(w.t, err)
	return t
}

// manager makes somebody change manager.
func (w *house) manager(u ...models.UserID) {
	w.t.Helper()
	_, err := w.store.ImportCatalog(w.t.Context(), workspace, store.Catalog{Roles: map[models.Role][]models.UserID{models.RoleChangeManager: u, models.RoleECAB: {"U0BEN"}}})
	must(w.t, err)
}

func TestAChangeManagerLooksAfterTemplates(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.template()
		w.manager("U0CHI")
		fine(t, w.As("ben").Slash("general", "/change templates"))
		list := w.told("ben", "rotate-key", "Active, version 1")
		fine(t, w.As("ben").Click(list, "Details"))
		w.sees("ben", "rotate-key")
		fine(t, w.As("ben").Press("Propose an edit…"))
		w.opened("ben", "template.form")
		fine(t, w.As("ben").Submit(slackfake.Fields{"plan": "1. Add the new key.\n2. Wait.\n3. Remove the old one."}))
		w.sees("ben", "Version 2", "proposed")
		w.As("ben").CloseAll()
		fine(t, w.As("chi").Slash("general", "/change templates rotate-key"))
		fine(t, w.As("chi").Click(w.told("chi", "Version 2 waits"), "Approve version 2"))
		w.told("chi", "is active, version 2")
		if tpl := w.named("rotate-key"); tpl.Version != 2 || tpl.ApprovedBy != "U0CHI" {
			t.Errorf("version %d, approved by %q", tpl.Version, tpl.ApprovedBy)
		}
		for _, step := range []struct {
			button string
			state  models.TemplateState
		}{{"Suspend…", models.TemplateSuspended}, {"Reinstate…", models.TemplateActive}, {"Retire…", models.TemplateRetired}} {
			fine(t, w.As("chi").Slash("general", "/change templates rotate-key"))
			fine(t, w.As("chi").Click(w.told("chi", "rotate-key", "version 2 ·"), step.button))
			w.opened("chi", "template.reason.form")
			fine(t, w.As("chi").Submit(slackfake.Fields{"reason": "The key store is being moved."}))
			w.until("the template moves", func() bool { return w.named("rotate-key").State == step.state })
			w.As("chi").CloseAll()
		}
		fine(t, w.As("ben").Click(list, "Raise from it…")) // on an old message
		w.told("ben", "is retired", "normal change")
	})
}

func TestAnEmergencyIsBegunAndItsDebtsArePaid(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0CHI")
		in := w.input()
		in.Type, in.IncidentRef, in.WhyNow, in.Start, in.End = models.Emergency, "INC-482", "Nobody can pay.", w.store.Now(), w.store.Now().Add(time.Hour)
		in.Risk = wellKnown
		res, err := w.store.CreateChange(t.Context(), w.command("U0ANA"), func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
		must(t, err)
		id := res.Change.ID
		w.press("ana", id, "Start now…", "reason.form", slackfake.Fields{"reason": "Nobody can pay, every minute counts."})
		w.told("ana", "is in progress", "approval is owed")
		w.becomes(id, models.InProgress)
		fine(t, w.As("ana").Slash("general", "/change list debts"))
		w.told("ana", id.String(), "owes approval afterwards")
		fine(t, w.As("ana").Slash("general", "/change mine"))
		w.told("ana", "What you raised", "owes approval afterwards")
		fine(t, w.As("ben").Slash("general", "/change approvals"))
		w.told("ben", "Waiting for your decision", id.String())
		fine(t, w.As("ben").Click(w.card("ben", id), "Approve"))
		w.told("ben", "which began before it")
		if c := w.change(id); len(c.Debts()) != 0 || c.RetroApprovedAt.IsZero() {
			t.Errorf("owes %v", c.Debts())
		}
	})
}

func TestAStandardChangeIsRaisedByThreeAnswers(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.template()
		for n, door := range []func() slackfake.Result{
			func() slackfake.Result { return w.As("ana").Slash("general", "/change new rotate-key") },
			func() slackfake.Result {
				fine(t, w.As("ana").Slash("general", "/change new"))
				w.opened("ana", "change.form")
				must(t, w.As("ana").Fill(slackfake.Fields{"plan": "Half a thought"}))
				fine(t, w.As("ana").ChooseIn("type", "standard"))
				w.until("a template can be chosen", func() bool {
					v, _ := w.As("ana").View()
					return strings.Contains(v.Plain(), "agreed to it once for all")
				})
				return w.As("ana").ChooseIn("template", "rotate-key")
			},
		} {
			fine(t, door())
			w.sees("ana", "Point the read pool at the replica.", "As long after the start as the template says")
			fine(t, w.As("ana").Submit(slackfake.Fields{"services": []string{"tracking"}, "start": w.store.Now().Add(time.Duration(2+2*n) * time.Hour).Truncate(time.Minute), "implementer": "ana"}))
			w.until("it is raised", func() bool { return w.count() == n+1 })
			c := w.change(models.ChangeID(n + 1))
			if c.State != models.Approved || c.Template.String() != "rotate-key, version 1" || c.Environment != models.Staging || c.Plan != w.input().Plan || c.Window.Length() != time.Hour {
				t.Errorf("%s by %q in %s for %v: %q", c.State, c.Template, c.Environment, c.Window.Length(), c.Plan)
			}
			w.As("ana").CloseAll()
		}
	})
}
