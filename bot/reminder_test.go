package bot

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
)

// reminded waits until the person's newest message holds the words.
func (w *world) reminded(name string, words ...string) slackfake.Message {
	w.t.Helper()
	w.until(name+" hears of "+strings.Join(words, ", "), func() bool {
		all := w.fake.DM(name)
		return len(all) > 0 && !missing(all[len(all)-1].Plain(), words)
	})
	return w.dm(name, words...)
}

func missing(text string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// knownForm is a good form with every question answered: two approvers decide.
func knownForm(w *world, startsIn time.Duration) slackfake.Fields {
	form := goodForm(w, startsIn)
	maps.Copy(form, slackfake.Fields{"users": "one team", "rehearsed": "yes", "rollback_tested": "yes", "reversible": "yes", "done_before": "one to four times"})
	return form
}

func TestAReminderIsPutOffByItsMenuAndItsKindMutedInTheSettings(t *testing.T) {
	for _, s := range settings[:1] {
		w := newWorld(t, s)
		mustDo(t, w.As("ana").Slash("general", "/change new"))
		mustDo(t, w.As("ana").Submit(knownForm(w, 96*time.Hour)))
		w.told("ana", "CHG-1")
		ask := w.dm("ben", "CHG-1")
		w.dm("chi", "CHG-1")
		w.card("changes", "CHG-1")
		w.card("tracking", "CHG-1")

		mustDo(t, w.As("ben").Slash("general", "/gatehouse me"))
		w.told("ben", "You in Gatehouse")
		private := w.fake.Ephemerals("ben")
		mustDo(t, w.As("ben").Click(private[len(private)-1], "me.edit"))
		w.until("the form is filled", func() bool { v, ok := w.As("ben").View(); return ok && v.CallbackID == "me.form" })
		mustDo(t, w.As("ben").Submit(slackfake.Fields{"muted": []string{"decide"}}))
		w.told("ben", "You are not reminded of: Approvals that wait for me")

		w.later(48 * time.Hour) // half of the time is left
		mustDo(t, w.As("chi").Click(w.reminded("chi", "still waits for a decision"), "Remind me in 1 hour"))
		w.told("chi", "You hear of it again")
		w.reminded("chi", "CHG-1", "You hear of it again")
		w.settle()
		if all := w.fake.DM("ben"); all[len(all)-1].TS != ask.TS {
			t.Errorf("ben was reminded of what he had muted: %s", all[len(all)-1].Plain())
		}
		w.later(time.Hour)
		w.reminded("chi", "still waits for a decision")
	}
}

func TestAWindowThatIsOverIsEndedFromItsReminder(t *testing.T) {
	for _, s := range settings[:1] {
		w := newWorld(t, s)
		form := goodForm(w, time.Hour)
		form["environment"] = "development"
		mustDo(t, w.As("ana").Slash("general", "/change new"))
		mustDo(t, w.As("ana").Submit(form))
		w.told("ana", "CHG-1")
		w.later(time.Hour)
		mustDo(t, w.As("ana").Click(w.card("changes", "CHG-1"), "change.start"))
		w.told("ana", "is in progress")
		w.later(time.Hour)
		over := w.reminded("ana", "no outcome is recorded")
		mustDo(t, w.As("ana").Click(over, "Failed…"))
		w.until("the form is filled", func() bool { v, ok := w.As("ana").View(); return ok && v.CallbackID == "complete.form" })
		mustDo(t, w.As("ana").Submit(slackfake.Fields{"reason": "The replica would not start."})) // failed is chosen already
		w.told("ana", "failed")
		w.settle()
		w.until("nothing of it waits", func() bool { return strings.Contains(w.dm("ana").Plain(), "Nothing of this waits") })
		w.card("changes", "CHG-1")
		w.card("tracking", "CHG-1")
	}
}
