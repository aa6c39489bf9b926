package handlers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
)

func TestAFreezeIsPreviewedDeclaredAndLifted(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0CHI")
		c := w.raise()
		fine(t, w.As("chi").Slash("general", "/change freeze new"))
		w.opened("chi", "freeze.form")
		answers := slackfake.Fields{"title": "Quarter end", "start": c.Window.Start.Add(-time.Hour), "end": c.Window.End.Add(time.Hour), "environments": []string{string(c.Environment)}}
		fine(t, w.As("chi").Submit(answers))
		w.sees("chi", "It touches 1 change", c.ID.String(), "Nothing is saved yet")
		fine(t, w.As("chi").Submit(nil))
		w.told("chi", "Saved", "FRZ-1", "Quarter end")
		fine(t, w.As("ana").Slash("general", "/change calendar 14d"))
		w.told("ana", "Calendar", "FRZ-1", c.ID.String())
		fine(t, w.As("chi").Slash("general", "/change freeze"))
		fine(t, w.As("chi").Click(w.told("chi", "Freezes in force", "FRZ-1"), "Lift"))
		w.told("chi", "FRZ-1", "is lifted")
		after := w.change(c.ID)
		if diff := cmp.Diff([]any{c.Material, c.State, c.Revision, c.Requirements}, []any{after.Material, after.State, after.Revision, after.Requirements}); diff != "" {
			t.Errorf("the freeze altered the change itself (-before +after):\n%s", diff)
		}
	})
}

func TestOnlyThoseWhoMayFreezeGetTheForm(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0CHI")
		fine(t, w.As("ana").Slash("general", "/change freeze new"))
		w.told("ana", "Only change managers and admins")
		fine(t, w.As("ana").Slash("general", "/change calendar 90d"))
		w.told("ana", "1 to 14 days")
		fine(t, w.As("ana").Slash("general", "/change calendar nonsuch"))
		w.told("ana", "neither a span of days nor a service")
	})
}

func TestAFreezeThatCanNotBeIsRefusedBesideItsField(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0CHI")
		now := w.store.Now()
		for _, x := range []struct {
			answers slackfake.Fields
			field   models.Field
		}{
			{slackfake.Fields{"title": "x", "start": now.Add(2 * time.Hour), "end": now.Add(time.Hour)}, models.FieldEnd},
			{slackfake.Fields{"title": "x", "cron": "0 0 30 2 *", "length": "2", "zone": "Europe/Berlin"}, models.FieldCron},
			{slackfake.Fields{"title": "x", "cron": "every friday", "length": "2", "zone": "Europe/Berlin"}, models.FieldCron},
			{slackfake.Fields{"title": "x", "cron": "0 18 * * 5", "length": "2", "zone": "Mars/Olympus"}, models.FieldZone},
			{slackfake.Fields{"title": "x", "cron": "0 18 * * 5", "length": "long", "zone": "Europe/Berlin"}, models.FieldLength},
			{slackfake.Fields{"title": "x", "cron": "0 18 * * 5", "length": "2", "zone": "Europe/Berlin", "start": now, "end": now.Add(time.Hour)}, models.FieldCron},
		} {
			fine(t, w.As("chi").Slash("general", "/change freeze new"))
			w.opened("chi", "freeze.form")
			if r := w.As("chi").Submit(x.answers); r.Errors[string(x.field)] == "" {
				t.Errorf("%v: nothing beside %s, but %v", x.answers, x.field, r.Errors)
			}
			w.As("chi").CloseAll()
		}
		f, err := w.store.Facts(t.Context(), workspace, "")
		must(t, err)
		if len(f.Freezes) != 0 {
			t.Errorf("%d freezes were declared", len(f.Freezes))
		}
	})
}

// exceptions are the requirements of a change that except it from a freeze.
func exceptions(c *models.Change) int {
	n := 0
	for _, r := range c.Requirements {
		if strings.HasPrefix(r.Key, "exception:FRZ-1:") {
			n++
		}
	}
	return n
}

func TestAnExceptionIsAskedForInTheFormAndEndsWithTheWindow(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0CHI")
		now := w.store.Now()
		z := models.Freeze{Kind: models.HardFreeze, Name: "Quarter end", Owner: "U0DEV", When: models.When{Window: models.NewWindow(now, now.Add(24*time.Hour))}}
		_, err := w.store.DeclareFreeze(t.Context(), w.command("U0CHI"), func(x *models.Freeze, f models.Facts) ([]models.Event, error) { return x.Declare(z, 0, time.Time{}, f) })
		must(t, err)
		fine(t, w.As("ana").Slash("general", "/change new"))
		w.opened("ana", "change.form")
		answers := w.goodForm()
		if r := w.As("ana").Submit(answers); !strings.Contains(r.Errors["why_now"], "FRZ-1") {
			t.Fatalf("not refused beside the reason: %v", r.Errors)
		}
		fine(t, w.As("ana").Submit(slackfake.Fields{"why_now": "The certificate expires tonight."}))
		w.until("the change is raised", func() bool { return w.count() == 1 })
		c := w.change(1)
		if exceptions(c) != 2 {
			t.Errorf("asks for %d approvals as an exception: %v", exceptions(c), c.Requirements)
		}
		in := models.InputOf(c)
		in.Start, in.End = now.Add(48*time.Hour), now.Add(49*time.Hour)
		cmd := w.command("U0ANA")
		cmd.Calendar = true
		_, err = w.store.UpdateChange(t.Context(), cmd, c.ID, func(c *models.Change, f models.Facts) error { return c.Edit(in, f) })
		must(t, err)
		if moved := w.change(1); exceptions(moved) != 0 || moved.Revision == c.Revision {
			t.Errorf("the exception outlives its window: %v", moved.Requirements)
		}
	})
}
