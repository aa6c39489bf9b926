package handlers_test

import (
	"testing"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
)

func TestAReleaseStartsWithTheChecklistThatIsChosen(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		_, err := w.store.ImportChecklist(t.Context(), workspace, []byte("version: 4\nname: small\ntitle: Small\ncosting:\n  - {id: CB1, title: Money, mandatory: true, due: 5}\n"), files.Checklist)
		must(t, err)
		fine(t, w.As("dev").Slash("general", "/checklist list")) // what is at hand is read anew
		for n, chosen := range []string{"small", ""} {
			fine(t, w.As("ana").Slash("general", "/checklist new Tracking for Poland"))
			w.opened("ana", "release.form")
			fields := slackfake.Fields{"services": []string{"tracking"}, "go_live": w.store.Now().AddDate(0, 0, 60), "channel": "tracking"}
			if chosen != "" {
				fields["template"] = chosen
			}
			fine(t, w.As("ana").Submit(fields))
			id := models.ReleaseID(n + 1)
			w.told("ana", id.String())
			switch r := w.release(id); {
			case chosen == "small" && (r.Template != models.TemplateRef{Name: "small", Version: 4} || len(r.Items) != 1):
				t.Errorf("it starts with %s, %d items", r.Template, len(r.Items))
			case chosen == "" && r.Template.Name != models.DefaultChecklistName:
				t.Errorf("nobody chose another, and it starts with %s", r.Template)
			}
		}
	})
}
