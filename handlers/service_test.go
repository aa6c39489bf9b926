package handlers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

func (w *house) service(slug models.Slug) models.Service {
	w.t.Helper()
	f, err := w.store.Facts(w.t.Context(), workspace, "")
	must(w.t, err)
	return f.Services[slug]
}

func TestAServiceIsAddedEditedAndRetiredFromSlack(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0CHI")
		fine(t, w.As("chi").Slash("general", "/gatehouse services new"))
		w.opened("chi", "service.form")
		fine(t, w.As("chi").Submit(slackfake.Fields{"name": "Search", "title": "Site search", "owner": "chi", "team": "search", "members": []string{"ana", "ben"},
			"environments": []string{"production", "staging"}, "tier": "1", "services": []string{"tracking"}, "channel": "C0TRACKING"}))
		w.sees("chi", "Added", "Site search", "tracking", "production, staging")
		want := models.Service{Slug: "search", Name: "Site search", Tier: 1, Team: "search", Owner: "U0CHI", Channel: "C0TRACKING", DependsOn: []models.Slug{"tracking"},
			Environments: []models.Environment{"production", "staging"}}
		if s := w.service("search"); s.Name != want.Name || s.Tier != 1 || s.Team != want.Team || s.Owner != want.Owner || s.Channel != want.Channel || len(s.DependsOn) != 1 || len(s.Environments) != 2 {
			t.Errorf("%+v", s)
		}
		w.As("chi").CloseAll()

		fine(t, w.As("ana").Slash("general", "/gatehouse services"))
		w.sees("ana", "3 services", "Parcel tracking", "Site search", "Reporting")
		w.As("ana").CloseAll()
		fine(t, w.As("ana").Slash("general", "/gatehouse services track"))
		w.sees("ana", "Parcel tracking", "Needed by", "search", "Nothing.")
		w.As("ana").CloseAll()

		fine(t, w.As("chi").Slash("general", "/gatehouse services search"))
		w.sees("chi", "Site search")
		fine(t, w.As("chi").Press("Edit…"))
		w.opened("chi", "service.form")
		fine(t, w.As("chi").Submit(slackfake.Fields{"tier": "3"}))
		w.sees("chi", "Saved", "tier 3")
		fine(t, w.As("chi").Press("Who edited it"))
		w.sees("chi", "Tier", "edited it", "added it")
		w.As("chi").CloseAll()

		fine(t, w.As("chi").Slash("general", "/gatehouse services search"))
		w.sees("chi", "Site search")
		fine(t, w.As("chi").Press("Retire…"))
		w.sees("chi", "Retired.", "Bring it back")
		if !w.service("search").Retired {
			t.Error("it is in use")
		}
	})
}

func TestOnlyThoseWhoManageServicesGetTheirForm(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0CHI")
		fine(t, w.As("ana").Slash("general", "/gatehouse services new"))
		w.told("ana", "Only change managers and admins", "Ask Chi")
		fine(t, w.As("ana").Slash("general", "/gatehouse services nonsuch"))
		w.sees("ana", "No service has", "/gatehouse services")
		w.As("ana").CloseAll()
		fine(t, w.As("chi").Slash("general", "/gatehouse services new"))
		w.opened("chi", "service.form")
		r := w.As("chi").Submit(slackfake.Fields{"name": "No slug!", "title": "x", "owner": "chi", "team": "nonsuch"})
		if r.Errors["team"] == "" {
			t.Errorf("nothing beside the team, but %v", r.Errors)
		}
	})
}

func TestTwoWhoEditOneServiceAreKeptApart(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0CHI", "U0BEN")
		for _, who := range []string{"chi", "ben"} {
			fine(t, w.As(who).Slash("general", "/gatehouse services reporting"))
			w.sees(who, "Reporting")
			fine(t, w.As(who).Press("Edit…"))
			w.opened(who, "service.form")
		}
		fine(t, w.As("ben").Submit(slackfake.Fields{"title": "Reports"}))
		w.sees("ben", "Saved", "Reports")
		if r := w.As("chi").Submit(slackfake.Fields{"title": "Statistics"}); !strings.Contains(fmt.Sprint(r.Errors), "edited by somebody else") {
			t.Errorf("chi is told %v", r.Errors)
		}
		if s := w.service("reporting"); s.Name != "Reports" {
			t.Errorf("it is called %s", s.Name)
		}
	})
}

func TestWhatChangedHereIsListedByServiceAndTime(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		for words, want := range map[string]string{
			"since:yesterday": "since:yesterday” says no time", "since:0h": "since:0h” says no time", "since:9999w": "since:9999w” says no time",
			"since:2999-01-01": "since:2999-01-01” says no time", "sinse:24h": "sinse:24h” is not a filter that list knows",
			"service:nonsuch": "no service “nonsuch”", "state:nonsuch": "state:nonsuch” is not a filter", "env:moon": "env:moon” is not a filter",
		} {
			fine(t, w.As("ana").Slash("general", "/change list "+words))
			w.told("ana", strings.NewReplacer("“", `"`, "”", `"`).Replace(want), "nothing was listed")
		}
		id := w.approved()
		listed := func(words string) bool {
			before := len(w.Ephemerals("ana"))
			fine(t, w.As("ana").Slash("general", "/change list "+words))
			w.until("the list is there", func() bool { return len(w.Ephemerals("ana")) > before })
			return strings.Contains(w.Ephemerals("ana")[before].Text, id.String())
		}
		for words, want := range map[string]bool{"since:24h": false, "service:reporting": true, "service:tracking": false, "state:all env:dev": true} {
			if listed(words) != want {
				t.Errorf("before the work, %s: %v", words, !want)
			}
		}
		for _, move := range []store.Move{
			func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) },
			func(c *models.Change, f models.Facts) error {
				return c.Complete(models.Completion{Outcome: models.SuccessfulWithIssues, Note: "One retry.", AsBuilt: "reporting 4.2", Incident: "INC-9", Priority: 2}, f)
			},
		} {
			_, err := w.store.UpdateChange(t.Context(), w.command(ana), id, move)
			must(t, err)
		}
		for words, want := range map[string]bool{"since:24h": true, "service:reporting since:1d env:dev": true, "service:reporting since:1d env:prod": false,
			"since:" + w.store.Now().Format("2006-01-02"): true, "service:reporting state:all": true} {
			if listed(words) != want {
				t.Errorf("after the work, %s: %v", words, !want)
			}
		}
		fine(t, w.As("ana").Slash("general", "/gatehouse services reporting"))
		w.sees("ana", "Runs now", "reporting 4.2", "Changed in the last 24 hours", "successful with issues", "caused INC-9")
	})
}
