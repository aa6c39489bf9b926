package handlers_test

import (
	"strings"
	"testing"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
)

// TestALessonOfAReviewIsAnItemOfTheNextRelease: from the review's form over the
// list of lessons to the item and its why, and until a change manager drops it.
func TestALessonOfAReviewIsAnItemOfTheNextRelease(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0DEV")
		before := w.plan() // planned before anybody learnt anything
		id := w.approved()
		fine(t, w.As("ana").Click(w.card("ana", id), "Start"))
		w.becomesSoon(id, models.InProgress)
		w.press("ana", id, "Complete…", "complete.form", slackfake.Fields{"outcome": "failed", "reason": "It broke."})
		w.becomesSoon(id, models.Implemented)
		answers := slackfake.Fields{"findings": "The key was of the wrong kind; we check that first now.", "goal": "no", "as_written": "no", "in_time": "yes",
			"side_effects": "partly", "told": "yes", "going_back": "yes", "bucket": "documentation"}
		fine(t, w.As("ana").Click(w.card("ana", id), "Record review…"))
		w.opened("ana", "review.form")
		if r := w.As("ana").Submit(answers); !strings.Contains(r.Errors["lesson"], "Say in one line") {
			t.Errorf("a bucket without a lesson: %v", r.Errors)
		}
		answers["lesson"] = "The kind of every key is checked"
		fine(t, w.As("ana").Submit(answers))
		w.becomesSoon(id, models.Closed)

		fine(t, w.As("ben").Slash("general", "/change lessons"))
		if list := w.told("ben", "The kind of every key is checked", "Documentation", id.String()); len(list.Controls()) != 0 {
			t.Errorf("an engineer may drop it: %v", list.Controls())
		}

		in := w.releaseInput()
		in.Services = []models.Slug{"tracking", "reporting"}
		res, err := w.store.CreateRelease(t.Context(), w.command(ana), func(r *models.Release, f models.ReleaseFacts) error { return r.Plan(in, f) })
		must(t, err)
		items := w.release(res.Release.ID).Items
		last := items[len(items)-1]
		if last.Lesson != id || last.Origin != models.FromLesson || last.Bucket != models.BucketDocumentation {
			t.Fatalf("the new release ends in %+v", last)
		}
		if n := len(w.release(before.ID).Items); n != len(items)-1 {
			t.Errorf("the release that was there before has %d items, the new one %d", n, len(items))
		}
		w.itemForm("ana", res.Release.ID, models.BucketDocumentation, last.ID)
		w.sees("ana", "A lesson: the review of", id.String(), "The kind of every key is checked")
		w.As("ana").CloseAll()

		fine(t, w.As("dev").Slash("general", "/change lessons"))
		fine(t, w.As("dev").Click(w.told("dev", "The kind of every key is checked"), "Ask no more"))
		w.told("dev", "are not asked for the lesson of", id.String())
		next, err := w.store.CreateRelease(t.Context(), w.command(ana), func(r *models.Release, f models.ReleaseFacts) error { return r.Plan(in, f) })
		must(t, err)
		if n := len(next.Release.Items); n != len(items)-1 {
			t.Errorf("a release after that has %d items", n)
		}
		kinds := map[models.EventKind]int{}
		for _, e := range w.events(id) {
			kinds[e.Kind]++
		}
		if kinds[models.EventLessonKept] != 1 || kinds[models.EventLessonDropped] != 1 {
			t.Errorf("the audit log of %s: %v", id, kinds)
		}
	})
}
