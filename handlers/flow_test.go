package handlers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
)

func TestAChangeIsRaisedByFormAndApproved(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		fine(t, w.As("ana").Slash("general", "/change new"))
		fine(t, w.As("ana").Submit(w.goodForm()))
		w.told("ana", "CHG-1", "raised")
		if c := w.change(1); c.State != models.AwaitingApproval {
			t.Fatalf("state is %s", c.State)
		}
		fine(t, w.As("ben").Click(w.card("ben", 1), "Approve"))
		w.told("ben", "CHG-1", "still needed")
		if n := len(w.change(1).Counting()); n != 1 {
			t.Errorf("%d approvals count, want 1", n)
		}
		fine(t, w.As("ben").Click(w.told("ben", "Your approval of CHG-1"), "Withdraw my approval"))
		w.told("ben", "withdr")
		if n := len(w.change(1).Counting()); n != 0 {
			t.Errorf("%d approvals count after it was withdrawn", n)
		}
	})
}

// becomes waits for nothing: what a person was told of is kept.
func (w *house) becomes(id models.ChangeID, state models.State) {
	w.t.Helper()
	if c := w.change(id); c.State != state {
		w.t.Fatalf("%s is %s, want %s; the log says:\n%s", id, c.State, state, w.log)
	}
}

// press clicks a button on the person's own card and fills the form that follows.
func (w *house) press(name string, id models.ChangeID, button, form string, answers slackfake.Fields) {
	w.t.Helper()
	fine(w.t, w.As(name).Click(w.card(name, id), button))
	w.opened(name, form)
	fine(w.t, w.As(name).Submit(answers))
}

func TestADraftIsSavedEditedAndSubmitted(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		fine(t, w.As("ana").Slash("general", "/change new Half a thought"))
		fine(t, w.As("ana").Press("Save as draft"))
		saved := w.sees("ana", "Draft saved", "CHG-1")
		w.becomes(1, models.Draft)
		if n := lines(w, "ana", "CHG-1"); n != 0 {
			t.Errorf("the draft is told of %d times beside the modal", n)
		}
		fine(t, w.As("ana").PressIn(saved, "Submit for approval"))
		w.sees("ana", "CHG-1 is not submitted yet", "Edit it, then submit it again")
		w.becomes(1, models.Draft)
		w.As("ana").CloseAll()
		form := w.goodForm()
		form["end"] = w.store.Now().Add(4 * time.Hour)
		w.press("ana", 1, "Edit…", "change.form", form)
		w.told("ana", "CHG-1", "raised")
		w.becomes(1, models.AwaitingApproval)
	})
}

func TestADecisionWithAReasonIsTaken(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		for _, try := range []struct {
			who, button string
			state       models.State
			word        string
		}{
			{"ben", "Reject…", models.Rejected, "rejected"},
			{"chi", "Ask for changes…", models.ChangesRequested, "changes"},
			{"ana", "Cancel change…", models.Cancelled, "cancelled"},
		} {
			c := w.raise()
			w.press(try.who, c.ID, try.button, "reason.form", slackfake.Fields{"reason": "The month-end run is on that day."})
			w.told(try.who, c.ID.String(), try.word)
			w.becomes(c.ID, try.state)
			if got := w.change(c.ID).Reason; got != "The month-end run is on that day." {
				t.Errorf("the reason is %q", got)
			}
		}
		// What was sent back is edited, and so resubmitted.
		form := w.goodForm()
		form["plan"] = "Point the read pool at the replica, at night."
		w.press("ana", 2, "Edit…", "change.form", form)
		w.told("ana", "CHG-2", "is saved. It waits for")
		w.becomes(2, models.AwaitingApproval)
		form["title"] = "Read tracking from the new replica"
		w.press("ana", 2, "Edit…", "change.form", form)
		w.told("ana", "CHG-2", "the new replica", "is saved. It waits for") // it was raised long ago
		// What ended is raised again, as a change of its own.
		fine(t, w.As("ana").Click(w.card("ana", 3), "Raise again…"))
		w.opened("ana", "change.form")
		fine(t, w.As("ana").Submit(nil))
		w.told("ana", "CHG-4", "raised")
		if c := w.change(4); c.Title != w.change(3).Title || c.State != models.AwaitingApproval {
			t.Errorf("%+v", c)
		}
	})
}

// approved brings a change of Ana's to where its work may start.
func (w *house) approved() models.ChangeID {
	w.t.Helper()
	in := w.input()
	in.Environment, in.Services = models.Development, []models.Slug{"reporting"}
	in.Risk = models.RiskAnswers{Rehearsed: models.Yes, DoneBefore: models.TimesOften}
	in.Start = w.store.Now().Add(time.Minute)
	in.End = in.Start.Add(time.Hour)
	res, err := w.store.CreateChange(w.t.Context(), w.command(ana), func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
	must(w.t, err)
	for _, by := range []models.UserID{ben, chi, "U0DEV"} {
		if w.change(res.Change.ID).State == models.Approved {
			break
		}
		_, err := w.store.UpdateChange(w.t.Context(), w.command(by), res.Change.ID, func(c *models.Change, f models.Facts) error { return c.Approve(c.Revision, f) })
		must(w.t, err)
	}
	w.becomes(res.Change.ID, models.Approved)
	must(w.t, w.store.Jump(w.t.Context(), 2*time.Minute))
	return res.Change.ID
}

func TestWorkIsStartedCompletedAndRolledBack(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		id := w.approved()
		fine(t, w.As("ana").Click(w.card("ana", id), "Start"))
		w.becomesSoon(id, models.InProgress)
		w.told("ana", id.String(), "Complete")
		running := w.card("ana", id)
		fine(t, w.As("ana").Click(running, "Complete…"))
		w.opened("ana", "complete.form")
		if r := w.As("ana").Submit(slackfake.Fields{"outcome": "failed"}); r.Errors["reason"] != "Say what happened: others will want to learn from it." {
			t.Errorf("a failure without a word: %v %s", r.Errors, r.Error)
		}
		fine(t, w.As("ana").Submit(slackfake.Fields{"outcome": "successful", "as_built": "reporting 4.2"}))
		w.becomesSoon(id, models.Closed)
		fine(t, w.As("ana").Click(running, "Complete…")) // nobody fills in a form for nothing
		w.sees("ana", id.String()+" is completed already: successful")
		w.As("ana").CloseAll()

		// Undone later: a change of its own that may start at once.
		w.press("ana", id, "Roll back…", "reason.form", slackfake.Fields{"reason": "Reports are empty."})
		w.told("ana", "CHG-2")
		w.becomes(2, models.Approved)
		if c := w.change(2); c.Identity.RollbackOf != id {
			t.Errorf("CHG-2 rolls back %s", c.Identity.RollbackOf)
		}
		fine(t, w.As("ana").Click(w.card("ana", 2), "Start"))
		w.becomesSoon(2, models.InProgress)
		w.press("ana", 2, "Complete…", "complete.form", slackfake.Fields{"outcome": "successful"})
		w.becomesSoon(2, models.Implemented) // it owes a review
		w.press("ana", 2, "Record review…", "review.form", slackfake.Fields{
			"findings": "The reports came back within two minutes; next time we test with yesterday's data.", "lesson": "Reports were tried with yesterday's data",
			"goal": "yes", "as_written": "partly", "in_time": "yes", "side_effects": "yes", "told": "no", "going_back": "not needed", "better_type": "standard"})
		w.becomesSoon(2, models.Closed)

		// Work under way is rolled back as its outcome.
		third := w.approved()
		fine(t, w.As("ana").Click(w.card("ana", third), "Start"))
		w.becomesSoon(third, models.InProgress)
		w.press("ana", third, "Roll back…", "reason.form", slackfake.Fields{"reason": "Errors rose at once."})
		w.told("ana", third.String(), "rolled back")
		if c := w.change(third); c.Outcome != models.RolledBack {
			t.Errorf("the outcome is %q", c.Outcome)
		}
	})
}

// becomesSoon waits until the person is told that it is kept.
func (w *house) becomesSoon(id models.ChangeID, state models.State) {
	w.t.Helper()
	w.until(fmt.Sprintf("%s becomes %s", id, state), func() bool { return w.change(id).State == state })
}

func TestDetailsAndHistoryCanBeRead(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		c := w.raise()
		for i := range 20 { // two pages of history
			_, err := w.store.UpdateChange(t.Context(), w.command(ana), c.ID, func(c *models.Change, f models.Facts) error {
				in := models.InputOf(c)
				in.Title = fmt.Sprintf("Title number %d", i)
				return c.Edit(in, f)
			})
			must(t, err)
		}
		fine(t, w.As("ben").Click(w.card("ben", c.ID), "Details"))
		w.sees("ben", "Point the read pool at the replica.", "Scans are not older than 30 s.")
		fine(t, w.As("ben").Press("History"))
		w.sees("ben", "History of CHG-1", "Title number 19")
		if n := len(w.As("ben").Views()); n != 2 {
			t.Errorf("%d modals are open, want the history on the details", n)
		}
		fine(t, w.As("ben").Press("Older"))
		last := w.sees("ben", "submitted it for approval")
		if strings.Contains(last.Plain(), "Title number 10") || !strings.Contains(last.Plain(), "Title number 0") {
			t.Errorf("the second page: %s", last.Plain())
		}
		fine(t, w.As("ben").Slash("general", "/change list"))
		fine(t, w.As("ben").Click(w.told("ben", "Planned and running"), "Open"))
		w.told("ben", "CHG-1", "Title number 19", "Risk")
	})
}

func TestTheHomeTabIsWorkedIn(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		c := w.raise()
		fine(t, w.As("ben").Home())
		w.until("Ben's Home is there", func() bool { _, ok := w.As("ben").HomeView(); return ok })
		home, _ := w.As("ben").HomeView()
		fine(t, w.As("ben").PressIn(home, "Approve"))
		w.sees("ben", "CHG-1", "still needed")
		if n := len(w.change(c.ID).Counting()); n != 1 {
			t.Errorf("%d approvals", n)
		}
		w.As("ben").CloseAll()
		fine(t, w.As("ben").PressIn(home, "Reject…"))
		w.opened("ben", "reason.form")
		fine(t, w.As("ben").Submit(slackfake.Fields{"reason": "Second thoughts."}))
		w.sees("ben", "CHG-1", "rejected")
		w.As("ben").CloseAll()
		fine(t, w.As("ben").PressIn(home, "Raise a change…"))
		w.opened("ben", "change.form")
		fine(t, w.As("ben").Submit(w.goodForm()))
		w.sees("ben", "CHG-2", "raised") // there is no conversation to say it in
		if n := len(w.DM("ben")) + len(w.Ephemerals("ben")); n != 0 {
			t.Errorf("%d messages beside", n)
		}
	})
}

func TestAChangeIsRaisedFromTheShortcut(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		fine(t, w.As("ana").Shortcut("change.shortcut.new"))
		w.opened("ana", "change.form")
		fine(t, w.As("ana").Submit(w.goodForm()))
		w.sees("ana", "CHG-1", "raised")
	})
}

// TestNobodyWritesAReasonThatCantCount: what is refused whatever somebody
// writes is said in the place of the form.
func TestNobodyWritesAReasonThatCantCount(t *testing.T) {
	w := build(t, plan{})
	c := w.raise()
	asked, own := w.card("ben", c.ID), w.card("ana", c.ID)
	_, err := w.store.UpdateChange(t.Context(), w.command(ana), c.ID, func(c *models.Change, f models.Facts) error { return c.Cancel("The vendor moved it.", f) })
	must(t, err)
	for who, click := range map[string]struct {
		on     slackfake.Message
		button string
		says   string
	}{"ben": {asked, "change.reject", "was cancelled already"}, "ana": {own, "change.cancel", "is cancelled already"}} {
		fine(t, w.As(who).Click(click.on, click.button))
		v := w.sees(who, click.says)
		if len(v.Values) > 0 || v.CallbackID == "reason.form" {
			t.Errorf("%s is asked for a reason: %s", who, v.CallbackID)
		}
	}
}

func TestListsAreFiltered(t *testing.T) {
	w := build(t, plan{})
	w.raise()
	w.approved()
	for typed, want := range map[string]string{
		"list": "CHG-1 CHG-2", "list service:tracking": "CHG-1", "list env:dev": "CHG-2", "list environment:prod today": "CHG-1", "list state:approved": "CHG-2",
		"list state:awaiting-approval week": "CHG-1", "ls service:reporting": "CHG-2", "list state:closed": "", "mine": "", "approvals": "CHG-1", "approve 2": "CHG-2",
	} {
		fine(t, w.As("ben").Slash("general", "/change "+typed))
		got := w.last("ben")
		for _, id := range []string{"CHG-1", "CHG-2"} {
			if strings.Contains(got, id) != strings.Contains(want, id) {
				t.Errorf("%q shows: %s", typed, got)
			}
		}
	}
	for typed, want := range map[string]string{
		"list service:nope": `There is no service "nope", so nothing was listed. A service is named by its short name, such as reporting.`,
		"list env:moon":     `"env:moon" is not a filter that list knows, so nothing was listed. Use service:reporting, env:production, state:approved or state:all, since:24h, today, week, debts, exceptions, reviews or overdue.`,
		"list running":      `"running" is not a filter that list knows, so nothing was listed. Did you mean state:in_progress? Use service:`,
		"list in progress":  `Did you mean state:in_progress?`,
		"list state:runing": `Did you mean state:in_progress?`,
		"list reviws":       `Did you mean reviews?`,
		"list prod":         `Did you mean env:production?`,
		"list trackng":      `Did you mean service:tracking?`,
		"list sinse:24h":    `Did you mean since:24h?`,
		"list toady":        `Did you mean today?`,
		"list done":         `Did you mean state:closed?`,
		"list zzzz":         `so nothing was listed. Use service:`,
		"list state:draft":  `"state:draft" is not a filter that list knows`,
		"history":           "Say which change: `/change history 4`.",
	} {
		fine(t, w.As("ben").Slash("general", "/change "+typed))
		if got := w.last("ben"); !strings.Contains(got, want) {
			t.Errorf("%q is answered: %s", typed, got)
		}
	}
}
