package bot

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models/proof"
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

// TestTheReferenceChangeStaysInsideTheNoiseBudget: two approvers, one material
// edit after the first approval, success. It is counted at the stand-in.
func TestTheReferenceChangeStaysInsideTheNoiseBudget(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		form := knownForm(w, 6*24*time.Hour) // Monday at ten
		form["services"] = []string{"reporting"}
		mustDo(t, w.As("ana").Slash("general", "/change new"))
		mustDo(t, w.As("ana").Submit(form))
		w.told("ana", "CHG-1", "1 peer", "1 service owner")
		w.dm("chi", "CHG-1")
		mustDo(t, w.As("ben").Click(w.dm("ben", "CHG-1"), "change.approve"))
		w.told("ben", "1 of 2")

		mustDo(t, w.As("ana").Slash("general", "/change 1"))
		w.told("ana", "Read tracking")
		private := w.fake.Ephemerals("ana")
		mustDo(t, w.As("ana").Click(private[len(private)-1], "change.edit"))
		w.until("the form is filled", func() bool { v, ok := w.As("ana").View(); return ok && v.CallbackID == "change.form" })
		mustDo(t, w.As("ana").Submit(slackfake.Fields{"plan": "Point the read pool at the second replica."}))
		w.told("ana", "CHG-1")
		w.settle()
		mustDo(t, w.As("ben").Click(w.dm("ben", "second replica"), "change.approve"))
		w.told("ben", "1 of 2")
		mustDo(t, w.As("chi").Click(w.dm("chi", "second replica"), "change.approve"))
		w.told("chi", "last one needed")
		w.dm("ana", "CHG-1", "Approved")

		w.later(6*24*time.Hour + time.Minute)
		mustDo(t, w.As("ana").Click(w.card("changes", "CHG-1"), "change.start"))
		w.told("ana", "is in progress")
		mustDo(t, w.As("ana").Click(w.card("changes", "CHG-1"), "change.complete"))
		w.until("the form is filled", func() bool { v, ok := w.As("ana").View(); return ok && v.CallbackID == "complete.form" })
		mustDo(t, w.As("ana").Submit(slackfake.Fields{"outcome": "successful"}))
		w.told("ana", "completed")

		card := w.card("changes", "CHG-1")
		posts, lines, dms := 0, len(w.thread(card)), map[string]int{}
		for _, channel := range []string{"changes", "tracking", "general"} {
			for _, m := range w.fake.Messages(channel) {
				if m.User == w.fake.BotUser() {
					posts++
				}
			}
		}
		sum := 0
		for _, u := range cast {
			for _, m := range w.fake.DM(u.Name) {
				if m.User == w.fake.BotUser() {
					dms[u.Name]++
					sum++
					w.claimed["dm-"+u.Name+m.TS] = true
				}
			}
		}
		if posts != 1 || lines > 4 || sum > 4 {
			t.Errorf("%d posts in channels, want 1; %d lines in the thread, at most 4; %d direct messages, at most 4: %v", posts, lines, sum, dms)
		}
		proof.Record(t, proof.Row{What: "the reference change (two approvers, one edit, success): beyond 1 channel post, 4 thread lines, 4 direct messages", Where: "both",
			Tried: posts + lines + sum, Bad: max(0, posts-1) + max(0, lines-4) + max(0, sum-4), Note: fmt.Sprintf("%d post, %d lines, %d direct messages.", posts, lines, sum)})
	})
}
