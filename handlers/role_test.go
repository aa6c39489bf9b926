package handlers_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/handlers"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

func TestAnAdminGivesAndTakesRoles(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		fine(t, w.As("ana").Slash("general", "/gatehouse roles"))
		if v := w.sees("ana", "Workspace admin", "Dev", "Auditor", "nobody"); strings.Contains(v.Plain(), "Set auditor") {
			t.Error("everybody may give roles")
		}
		w.As("ana").CloseAll()
		w.sets("auditor", "ben")
		w.sees("dev", "Saved", "Auditor", "ben")
		w.As("dev").CloseAll()

		c := w.raise()
		fine(t, w.As("ben").Slash("general", "/change "+c.ID.String()))
		if text := w.told("ben", c.ID.String()).Plain(); strings.Contains(text, "Approve") {
			t.Errorf("an auditor is offered to approve: %s", text)
		}
		fine(t, w.As("ben").Slash("general", "/change new"))
		w.told("ben", "You are an auditor here")
		if code, body := w.send(w.signed(handlers.PathInteractions, formType, time.Now(), w.approval(c, ben, "1.2.audit"))); code != 200 {
			t.Errorf("%d %s", code, body)
		}
		w.until("the attempt is in the log", func() bool {
			e := w.events(c.ID)
			return len(w.change(c.ID).Approvals) == 0 && slices.ContainsFunc(e, func(e models.Event) bool { return e.Kind == models.EventRefused && e.Actor == ben })
		})

		w.sets("workspace admin") // nobody
		if r := w.As("dev").Submit(slackfake.Fields{"people": []string{}}); !strings.Contains(r.Errors["people"], "has to stay admin") {
			t.Errorf("%v", r.Errors)
		}
	})
}

// sets opens the form of a role as Dev, an admin, and sends it.
func (w *house) sets(role string, users ...string) {
	w.t.Helper()
	fine(w.t, w.As("dev").Slash("general", "/gatehouse roles"))
	w.sees("dev", "Workspace admin")
	fine(w.t, w.As("dev").Press("Set "+role+"…"))
	w.opened("dev", "role.form")
	if len(users) > 0 {
		fine(w.t, w.As("dev").Submit(slackfake.Fields{"people": users}))
	}
}

func TestTheFirstAdminOfTheWorkspaceSetsItUp(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		_, err := w.store.ImportCatalog(t.Context(), workspace, store.Catalog{Roles: map[models.Role][]models.UserID{models.RoleAdmin: {}}})
		must(t, err)
		fine(t, w.As("ana").Slash("general", "/gatehouse setup"))
		w.sees("ana", "Nobody is admin of Gatehouse yet", "admin or owner of this Slack workspace")
		w.As("ana").CloseAll()
		fine(t, w.As("chi").Slash("general", "/gatehouse setup")) // an admin in Slack
		w.opened("chi", "setup.form")
		w.sees("chi", "You are the first admin")
		if r := w.As("chi").Submit(slackfake.Fields{"holidays": "Christmas", "zone": "Mars/Olympus"}); r.Errors["holidays"] == "" || r.Errors["zone"] == "" {
			t.Errorf("%v", r.Errors)
		}
		fine(t, w.As("chi").Submit(slackfake.Fields{"holidays": "2026-12-25\n2026-12-26", "zone": "Europe/Vienna", "hours_from": "08:00", "channel": "C0TRACKING"}))
		w.told("chi", "Saved", "2 holidays")
		f, err := w.store.Facts(t.Context(), workspace, "")
		must(t, err)
		if s := f.Settings; s.Zone != "Europe/Vienna" || s.ChangesChannel != "C0TRACKING" || len(s.Hours.Holidays) != 2 || s.Hours.From.Hours() != 8 {
			t.Errorf("%+v", s)
		}
		if admins := f.Roles[models.RoleAdmin]; len(admins) != 1 || admins[0] != chi {
			t.Errorf("admins: %v", admins)
		}
		fine(t, w.As("ana").Slash("general", "/gatehouse setup"))
		w.sees("ana", "Only admins set Gatehouse up", "Ask chi")
	})
}
