package handlers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
)

func TestAReviewIsListedUntilItIsGivenAndOverdueAfterItsTime(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		id := w.approved()
		fine(t, w.As("ana").Click(w.card("ana", id), "Start"))
		w.becomesSoon(id, models.InProgress)
		w.press("ana", id, "Complete…", "complete.form", slackfake.Fields{"outcome": "failed", "reason": "It broke.", "incident": "INC-9", "priority": "2", "outage_minutes": "7"})
		w.becomesSoon(id, models.Implemented)
		if c := w.change(id); c.IncidentPriority != 2 || c.OutageMinutes != 7 {
			t.Errorf("P%d, %d minutes", c.IncidentPriority, c.OutageMinutes)
		}
		fine(t, w.As("ana").Slash("general", "/change list reviews"))
		w.told("ana", "Changes: reviews", id.String(), "review until")
		fine(t, w.As("ana").Slash("general", "/change list overdue"))
		if list := w.told("ana", "Changes: overdue").Plain(); strings.Contains(list, id.String()) {
			t.Errorf("overdue at once:\n%s", list)
		}
		must(t, w.store.Jump(t.Context(), 9*24*time.Hour))
		fine(t, w.As("ana").Slash("general", "/change list overdue"))
		w.told("ana", "Changes: overdue", id.String())

		fine(t, w.As("ana").Click(w.card("ana", id), "Record review…"))
		w.opened("ana", "review.form")
		answers := slackfake.Fields{"findings": "The key was of the wrong kind; we check that first now.", "goal": "no", "as_written": "no", "in_time": "yes",
			"side_effects": "partly", "told": "yes"}
		if r := w.As("ana").Submit(answers); r.Errors["going_back"] == "" {
			t.Errorf("an open question: %v", r.Errors)
		}
		w.As("ana").CloseAll()
		answers["going_back"], answers["better_type"], answers["lesson"] = "yes", "emergency", "The kind of every key is checked"
		w.press("ana", id, "Record review…", "review.form", answers)
		w.becomesSoon(id, models.Closed)
		if c := w.change(id); c.Reviewed.Better != models.Emergency || c.Reviewed.Lesson != "The kind of every key is checked" || c.Reviewed.Answers[models.FieldEffects] != models.ReviewPartly {
			t.Errorf("%+v", c.Reviewed)
		}
		fine(t, w.As("ana").Slash("general", "/change list overdue"))
		fine(t, w.As("ana").Slash("general", "/change list reviews"))
		w.until("nothing is owed", func() bool { return strings.Contains(w.last("ana"), "None.") })
	})
}
