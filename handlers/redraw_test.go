package handlers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// typed is what stands in an input of the topmost modal.
func typed(v slackfake.View, block string) string {
	for _, value := range v.Values[block] {
		for _, key := range []string{"value", "selected_date_time"} {
			if x, there := value[key]; there && x != nil {
				return fmt.Sprint(x)
			}
		}
	}
	return ""
}

// TestAnEmergencyStartsNowUnlessSomebodyChoseAnotherTime: the form begins with
// the next full hour, which is late for what is broken.
func TestAnEmergencyStartsNowUnlessSomebodyChoseAnotherTime(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		fine(t, w.As("ana").Slash("general", "/change new"))
		first := w.opened("ana", "change.form")
		seconds := func(at time.Time) string { return fmt.Sprint(float64(at.Unix())) }
		hour, now := typed(first, "start"), seconds(w.store.Now().Truncate(time.Minute))
		starts := func(choice, want string) {
			t.Helper()
			fine(t, w.As("ana").ChooseIn("type", choice))
			w.until("it starts at "+want, func() bool { v, open := w.As("ana").View(); return open && typed(v, "start") == want })
		}
		starts("emergency", now)
		starts("normal", hour)
		chosen := w.store.Now().Add(26 * time.Hour).Truncate(time.Hour)
		fine(t, w.As("ana").ChooseIn("start", chosen))
		fine(t, w.As("ana").ChooseIn("type", "emergency"))
		w.sees("ana", "Why can't it wait?", "Incident")
		if v, _ := w.As("ana").View(); typed(v, "start") != seconds(chosen) {
			t.Errorf("the start that was chosen became %s", typed(v, "start"))
		}
	})
}

// TestWhoeverMovesTheStartKeepsTheLength: the end goes along until somebody
// chooses another.
func TestWhoeverMovesTheStartKeepsTheLength(t *testing.T) {
	w := build(t, plan{})
	c := w.raise()
	fine(t, w.As("ana").Click(w.card("ana", c.ID), "change.edit"))
	w.opened("ana", "change.form")
	shows := func(start, end time.Time) {
		t.Helper()
		want := fmt.Sprint(float64(start.Unix())) + " to " + fmt.Sprint(float64(end.Unix()))
		w.until("the form shows "+want, func() bool {
			v, open := w.As("ana").View()
			return open && typed(v, "start")+" to "+typed(v, "end") == want
		})
	}
	start, end := c.Window.Start, c.Window.End
	shows(start, end)
	for range 2 {
		start, end = start.Add(26*time.Hour), end.Add(26*time.Hour)
		fine(t, w.As("ana").ChooseIn("start", start))
		shows(start, end)
	}
	end = end.Add(3 * time.Hour)
	fine(t, w.As("ana").ChooseIn("end", end))
	start = start.Add(time.Hour)
	fine(t, w.As("ana").ChooseIn("start", start))
	shows(start, end)
}

func TestTheFormSaysWhatItComesToWhileItIsFilledIn(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		other := w.raise()
		fine(t, w.As("ana").Slash("general", "/change new"))
		form := w.opened("ana", "change.form")
		must(t, w.As("ana").Fill(slackfake.Fields{"title": "Read tracking from a cache", "plan": "Half a sent"}))
		fine(t, w.As("ana").ChooseIn("services", []string{"tracking"}))
		w.sees("ana", "As it stands:", "risk, to be approved by")
		must(t, w.As("ana").Fill(slackfake.Fields{"plan": "Half a sentence, and on"})) // nobody waits for the form
		fine(t, w.As("ana").ChooseIn("start", other.Window.Start))
		now := w.sees("ana", other.ID.String()+" (Read tracking from the replica) is planned from ", "Next free time:")
		if typed(now, "title") != "Read tracking from a cache" || typed(now, "plan") != "Half a sentence, and on" {
			t.Errorf("what was typed is lost: title %q, plan %q", typed(now, "title"), typed(now, "plan"))
		}
		if now.ID != form.ID || now.PrivateMetadata != form.PrivateMetadata {
			t.Errorf("it is another form: %s %s", now.ID, now.PrivateMetadata)
		}
		fine(t, w.As("ana").Press("Take it"))
		w.until("the free time is taken", func() bool {
			v, open := w.As("ana").View()
			return open && !strings.Contains(v.Plain(), other.ID.String()) && strings.Contains(v.Plain(), "As it stands:")
		})
		now, _ = w.As("ana").View()
		if typed(now, "plan") != "Half a sentence, and on" {
			t.Errorf("what was typed is lost by taking a time: %q", typed(now, "plan"))
		}
		answers := w.goodForm()
		delete(answers, "start")
		delete(answers, "services")
		fine(t, w.As("ana").Submit(answers))
		w.until("the change is raised", func() bool { return w.count() == 2 })
		if c := w.change(other.ID + 1); c.Window.Overlaps(other.Window) {
			t.Errorf("%v overlaps %v", c.Window, other.Window)
		}
	})
}

// TestTheLastOfManyQuickChoicesIsShown: each choice carries the hash of a form
// that Gatehouse may have drawn again meanwhile.
func TestTheLastOfManyQuickChoicesIsShown(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		other := w.raise()
		fine(t, w.As("ana").Slash("general", "/change new"))
		w.opened("ana", "change.form")
		for n := range 12 {
			fine(t, w.As("ana").ChooseIn("services", []string{"tracking"}))
			fine(t, w.As("ana").ChooseIn("start", other.Window.Start.Add(time.Duration(n%2)*5*time.Hour)))
			fine(t, w.As("ana").ChooseIn("environment", []string{"production", "staging"}[n%2]))
		}
		w.until("the last answers are shown", func() bool {
			v, _ := w.As("ana").View()
			return strings.Contains(v.Plain(), "As it stands:") && !strings.Contains(v.Plain(), other.ID.String())
		})
		fine(t, w.As("ana").ChooseIn("start", other.Window.Start))
		fine(t, w.As("ana").ChooseIn("environment", "production"))
		w.sees("ana", other.ID.String())
	})
}

func TestAFormThatIsRefusedForItsTimeOffersTheNextFreeOne(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		for name, start := range map[string]time.Duration{"past": -2 * time.Hour, "frozen": 2 * time.Hour} {
			if name == "frozen" {
				w.manager("U0CHI")
				now := w.store.Now()
				w.freeze(models.Freeze{Kind: models.HardFreeze, Name: "Quarter end", Reason: "The books close", Owner: "U0CHI", When: models.When{Window: models.NewWindow(now, now.Add(6*time.Hour))}})
			}
			fine(t, w.As("ana").Slash("general", "/change new"))
			w.opened("ana", "change.form")
			answers := w.goodForm()
			answers["start"] = w.store.Now().Add(start).Truncate(time.Minute)
			before := w.count()
			if r := w.As("ana").Submit(answers); len(r.Errors) == 0 {
				t.Fatalf("%s: a window that can't be was taken: %+v", name, r)
			}
			form := w.sees("ana", "In the way:", "Next free time:")
			if typed(form, "plan") != answers["plan"] {
				t.Errorf("%s: the plan is lost: %q", name, typed(form, "plan"))
			}
			fine(t, w.As("ana").Press("Take it"))
			w.until("the time is taken", func() bool {
				v, open := w.As("ana").View()
				return open && !strings.Contains(v.Plain(), "In the way:")
			})
			fine(t, w.As("ana").Submit(nil))
			w.until("it is raised", func() bool { return w.count() == before+1 })
			w.As("ana").CloseAll()
		}
	})
}

// freeze declares a freeze of Chi's.
func (w *house) freeze(z models.Freeze) {
	w.t.Helper()
	_, err := w.store.DeclareFreeze(w.t.Context(), store.Command{Workspace: workspace, Actor: "U0CHI", Calendar: true}, func(x *models.Freeze, f models.Facts) ([]models.Event, error) {
		return x.Declare(z, 0, time.Time{}, f)
	})
	must(w.t, err)
}

func TestAStartThatIsRefusedForAFreezeOffersTheNextFreeTime(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0CHI", "U0DEV")
		c := w.change(w.approved())
		card := w.card("ana", c.ID)
		w.freeze(models.Freeze{Kind: models.HardFreeze, Name: "Quarter end", Reason: "The books close", Owner: "U0CHI", When: models.When{Window: models.NewWindow(c.Window.Start.Add(-time.Hour), c.Window.End.Add(time.Hour))}})
		fine(t, w.As("ana").Click(card, "Start"))
		no := w.told("ana", "FRZ-1", "Next free time:")
		fine(t, w.As("ana").Click(no, "Move it there"))
		w.told("ana", "is moved to", "It is approved") // nobody has to agree in development
		moved := w.change(c.ID)
		if moved.State != models.Approved || !moved.Window.Start.After(c.Window.End) || moved.Plan != c.Plan {
			t.Errorf("it is %s, from %v", moved.State, moved.Window.Start)
		}
		fine(t, w.As("ana").Click(no, "Move it there")) // once more, as it was offered
		w.told("ana", "was edited after this time was offered")
	})
}

func TestADraftWhoseTimeHasPassedIsSubmittedInTheNextFreeOne(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		in := w.input()
		r, err := w.store.CreateChange(t.Context(), w.command(ana), func(c *models.Change, f models.Facts) error { return c.SaveDraft(in, f) })
		must(t, err)
		must(t, w.store.Jump(t.Context(), 30*time.Hour))
		fine(t, w.As("ana").Click(w.card("ana", r.Change.ID), "Submit for approval"))
		fine(t, w.As("ana").Click(w.told("ana", "is not submitted yet", "Next free time:"), "Move it there"))
		w.told("ana", "is moved to", "waits for")
		w.becomes(r.Change.ID, models.AwaitingApproval)
	})
}
