package handlers_test

import (
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/handlers"
	"github.com/gatehousehq/gatehouse/models"
)

func TestAHoldIsSeenAndLiftedAndOverridden(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0CHI", "U0DEV")
		id := w.approved()
		w.press("chi", id, "Hold…", "reason.form", slackfake.Fields{"reason": "The vendor has not confirmed."})
		w.told("chi", id.String(), "is on hold")
		fine(t, w.As("ana").Slash("general", "/change "+id.String()))
		w.told("ana", id.String(), "On hold", "The vendor has not confirmed.")
		w.press("chi", id, "Lift hold…", "reason.form", slackfake.Fields{"reason": "Confirmed at noon."})
		w.told("chi", id.String(), "off hold")
		if c := w.change(id); c.OnHold() || c.State != models.Approved {
			t.Fatalf("%s, held %+v", c.State, c.Held)
		}

		w.press("chi", id, "Hold…", "reason.form", slackfake.Fields{"reason": "Wait again."})
		w.until("it is held", func() bool { return w.change(id).OnHold() })
		w.press("dev", id, "Override…", "reason.form", slackfake.Fields{"reason": "The certificate expires in an hour."})
		w.becomesSoon(id, models.InProgress)
		w.told("dev", id.String(), "against what stood in its way")
		c := w.change(id)
		if c.Overridden.By != "U0DEV" || c.Overridden.Reason != "The certificate expires in an hour." || c.OnHold() {
			t.Errorf("%+v", c.Overridden)
		}
		fine(t, w.As("ana").Slash("general", "/change list exceptions"))
		w.told("ana", "Changes: exceptions", id.String())
	})
}

func TestRunningWorkIsExtendedByItsCommandAndItsButton(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		id := w.approved()
		fine(t, w.As("ana").Click(w.card("ana", id), "Start"))
		w.becomesSoon(id, models.InProgress)
		agreed := w.change(id).Window
		fine(t, w.As("ana").Slash("general", "/change "+id.String()+" extend"))
		w.opened("ana", "extend.form")
		if r := w.As("ana").Submit(slackfake.Fields{"end": agreed.End.Add(48 * time.Hour), "reason": "The copy is slow."}); r.Errors["end"] == "" {
			t.Errorf("two days more: %v", r.Errors)
		}
		fine(t, w.As("ana").Submit(slackfake.Fields{"end": agreed.End.Add(time.Hour)}))
		w.told("ana", id.String(), "No approval is void")
		w.press("ana", id, "Extend…", "extend.form", slackfake.Fields{"end": agreed.End.Add(90 * time.Minute), "reason": "Slower still."})
		w.until("it has more time", func() bool { return w.change(id).Ends().Equal(agreed.End.Add(90 * time.Minute)) })
		if c := w.change(id); c.Window != agreed || c.State != models.InProgress {
			t.Errorf("%s, window %v, was %v", c.State, c.Window, agreed)
		}
	})
}

// Nobody fills in a form whose answers could not count.
func TestWhoMayNotReportIsToldSoInsteadOfAsked(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		id := w.approved()
		fine(t, w.As("ana").Click(w.card("ana", id), "Start"))
		w.becomesSoon(id, models.InProgress)
		fine(t, w.As("ben").Slash("general", "/change extend "+id.String()))
		w.sees("ben", id.String(), "can report on it")
		w.until("the refused attempt is on record", func() bool {
			e := w.events(id)
			return len(e) > 0 && e[0].Kind == models.EventRefused && e[0].Actor == models.UserID(w.As("ben").ID())
		})
		fine(t, w.As("ana").Slash("general", "/change extend "+id.String()))
		w.opened("ana", "extend.form")
	})
}

func TestAnExtensionMeetsTheFreezeThatTheStoreKnows(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0CHI")
		id := w.approved()
		fine(t, w.As("ana").Click(w.card("ana", id), "Start"))
		w.becomesSoon(id, models.InProgress)
		end := w.change(id).Window.End
		z := models.Freeze{Kind: models.HardFreeze, Name: "Quarter end", Owner: "U0DEV", When: models.When{Window: models.NewWindow(end.Add(30*time.Minute), end.Add(24*time.Hour))}}
		_, err := w.store.DeclareFreeze(t.Context(), w.command("U0CHI"), func(x *models.Freeze, f models.Facts) ([]models.Event, error) { return x.Declare(z, 0, time.Time{}, f) })
		must(t, err)
		fine(t, w.As("ana").Slash("general", "/change extend "+id.String()))
		w.opened("ana", "extend.form")
		if r := w.As("ana").Submit(slackfake.Fields{"end": end.Add(time.Hour), "reason": "The copy is slow."}); r.Errors["end"] == "" {
			t.Errorf("reaches into a hard freeze: %v", r.Errors)
		}
		fine(t, w.As("ana").Submit(slackfake.Fields{"end": end.Add(20 * time.Minute)}))
		w.until("it has more time", func() bool { return w.change(id).Ends().Equal(end.Add(20 * time.Minute)) })
	})
}

func init() { verbs[handlers.CommandChange]["extend"] = " 1" }
