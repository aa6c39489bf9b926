package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
)

// goodForm are answers that a careful person gives.
func goodForm(w *world, startsIn time.Duration) slackfake.Fields {
	return slackfake.Fields{
		"title":    "Read tracking from the replica",
		"services": []string{"tracking"},
		"start":    w.now().Add(startsIn).Truncate(time.Minute),
		"plan":     "Point the read pool at the replica.",
		"check":    "Scans on the page are not older than 30 s.",
		"rollback": "When the lag exceeds 30 s: point the pool back (1 minute).",
	}
}

func TestAChangeIsRaisedApprovedAndCarriedOut(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		form := goodForm(w, 96*time.Hour) // more than its notice, whatever the weekday
		for field, answer := range map[string]string{"users": "one team", "rehearsed": "yes", "rollback_tested": "yes", "reversible": "yes",
			"done_before": "one to four times"} {
			form[field] = answer
		}
		mustDo(t, w.As("ana").Slash("general", "/change new"))
		mustDo(t, w.As("ana").Submit(form))
		w.told("ana", "CHG-1", "1 peer", "1 service owner")

		card := w.card("changes", "CHG-1")
		mustHold(t, card.Plain(), "Awaiting approval", "Read tracking from the replica", "medium")
		w.card("tracking", "CHG-1")

		mustDo(t, w.As("ben").Click(w.dm("ben", "CHG-1"), "change.approve"))
		w.told("ben", "1 of 2")
		mustDo(t, w.As("chi").Click(w.dm("chi", "CHG-1"), "change.approve"))
		w.told("chi", "last one needed")
		w.dm("ana", "CHG-1", "Approved")
		mustHold(t, w.card("changes", "CHG-1").Plain(), "Approved")

		mustDo(t, w.As("ana").Click(w.card("changes", "CHG-1"), "change.start"))
		w.told("ana", "window opens")
		w.later(96*time.Hour + time.Minute)
		mustDo(t, w.As("ana").Click(w.card("changes", "CHG-1"), "change.start"))
		w.told("ana", "is in progress")
		mustDo(t, w.As("ana").Click(w.card("tracking", "CHG-1"), "change.complete"))
		w.until("the form is filled", func() bool { v, ok := w.As("ana").View(); return ok && v.CallbackID == "complete.form" })
		mustDo(t, w.As("ana").Submit(slackfake.Fields{"outcome": "successful"}))
		w.told("ana", "completed")
		card = w.card("changes", "CHG-1")
		mustHold(t, card.Plain(), "Closed", "successful")
		w.card("tracking", "CHG-1")

		lines := w.thread(card)
		if len(lines) > 4 {
			t.Errorf("%d thread lines, at most 4 are allowed:\n%s", len(lines), strings.Join(lines, "\n"))
		}
	})
}
