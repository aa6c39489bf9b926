package handlers_test

import (
	"strings"
	"testing"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/bot/view"
)

func TestASuggestedSlotFillsTheForm(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		other := w.raise()
		fine(t, w.As("ana").Slash("general", "/change new"))
		w.opened("ana", "change.form")
		answers := w.goodForm()
		answers["start"] = other.Window.Start
		must(t, w.As("ana").Fill(answers))
		fine(t, w.As("ana").Press("Suggest a slot"))
		w.sees("ana", "Free times", "Why not earlier", other.ID.String())
		fine(t, w.As("ana").Press("Take it"))
		w.until("the slot is filled in", func() bool {
			v, open := w.As("ana").View()
			return open && !strings.Contains(v.Plain(), "Free times")
		})
		fine(t, w.As("ana").Submit(slackfake.Fields{}))
		w.until("the change is raised", func() bool { return w.count() == 2 })
		if c := w.change(other.ID + 1); c.Window.Overlaps(other.Window) || c.Plan == "" {
			t.Errorf("window %v overlaps %v, or the plan %q is lost", c.Window, other.Window, c.Plan)
		}
	})
}

func TestASlotNeedsTheServicesFirst(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		fine(t, w.As("ana").Slash("general", "/change new"))
		w.opened("ana", "change.form")
		fine(t, w.As("ana").Press("Suggest a slot"))
		w.sees("ana", "Choose the services first")
	})
}

func TestAValueThatIsNoSlotFillsNothing(t *testing.T) {
	for _, s := range []string{"", "1", "2:1", "a:b", "1:"} {
		if w, ok := view.ParseSlotValue(s); ok {
			t.Errorf("%q reads as %v", s, w)
		}
	}
}
