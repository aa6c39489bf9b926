package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// state waits until a change has come to it.
func (w *world) state(id models.ChangeID, s models.State) *models.Change {
	w.t.Helper()
	var c *models.Change
	w.until(id.String()+" is "+string(s), func() (ok bool) {
		var err error
		c, err = w.app.Store.Change(w.t.Context(), testWorkspace, id)
		return err == nil && c.State == s
	})
	return c
}

// line is the last private answer to somebody, with its buttons, once it holds
// the words.
func (w *world) line(name string, words ...string) slackfake.Message {
	w.t.Helper()
	w.told(name, words...)
	all := w.fake.Ephemerals(name)
	return all[len(all)-1]
}

// approvedAt raises a change of Ana's and has it approved in Slack.
func (w *world) approvedAt(id string, startsIn time.Duration) {
	w.t.Helper()
	form := safely(goodForm(w, startsIn))
	form["title"] = "Change " + id
	mustDo(w.t, w.As("ana").Slash("general", "/change new"))
	mustDo(w.t, w.As("ana").Submit(form))
	w.told("ana", id, "1 peer", "1 service owner")
	for _, who := range []string{"ben", "chi"} {
		mustDo(w.t, w.As(who).Click(w.dm(who, id), "change.approve"))
		w.told(who, id)
	}
	w.dm("ana", id, "Approved")
	w.card("tracking", id)
	w.thread(w.card("changes", id))
}

// TestALockdownStopsWhatHasNotBegunUntilItIsLifted: one command declares it; it
// holds what has not begun, not what runs; lifting it leaves all as it was.
func TestALockdownStopsWhatHasNotBegunUntilItIsLifted(t *testing.T) {
	tell := func(t *testing.T, w *world) {
		w.approvedAt("CHG-1", 96*time.Hour)
		w.approvedAt("CHG-2", 98*time.Hour)
		w.later(96*time.Hour + time.Minute)
		mustDo(t, w.As("ana").Click(w.card("changes", "CHG-1"), "change.start"))
		w.told("ana", "CHG-1", "is in progress")
		w.later(2 * time.Hour)
		before := w.state(2, models.Approved)

		mustDo(t, w.As("ana").Slash("general", "/change lockdown"))
		w.told("ana", "Only change managers and admins")
		mustDo(t, w.As("eli").Slash("general", "/change lockdown The payment provider is down"))
		w.until("the form is there", func() bool { v, ok := w.As("eli").View(); return ok && v.Title == "Declare a lockdown" })
		mustDo(t, w.As("eli").Submit(nil))
		w.until("it is previewed", func() bool {
			v, ok := w.As("eli").View()
			return ok && strings.Contains(v.Plain(), "It touches 1 change") && strings.Contains(v.Plain(), "CHG-2") && strings.Contains(v.Plain(), "In progress, and may finish or roll back") && strings.Contains(v.Plain(), "CHG-1")
		})
		mustDo(t, w.As("eli").Submit(nil))
		w.told("eli", "Saved", "FRZ-1", "Lockdown: The payment provider is down", "in force")
		w.until("its card says so", func() bool { return strings.Contains(w.card("changes", "CHG-2").Plain(), "lockdown FRZ-1") })
		w.card("tracking", "CHG-2")

		mustDo(t, w.As("ana").Click(w.card("changes", "CHG-2"), "change.start"))
		w.told("ana", "CHG-2", "lockdown FRZ-1", "The payment provider is down")
		w.state(2, models.Approved)
		mustDo(t, w.As("ana").Click(w.card("changes", "CHG-1"), "change.complete")) // what runs may finish
		w.until("the form is there", func() bool { v, ok := w.As("ana").View(); return ok && v.CallbackID == "complete.form" })
		mustDo(t, w.As("ana").Submit(slackfake.Fields{"outcome": "successful"}))
		w.state(1, models.Closed)

		mustDo(t, w.As("eli").Slash("general", "/change freeze"))
		mustDo(t, w.As("eli").Click(w.line("eli", "Freezes in force", "FRZ-1"), "freeze.lift"))
		w.told("eli", "FRZ-1", "is lifted")
		w.until("its card says so no more", func() bool { return !strings.Contains(w.card("changes", "CHG-2").Plain(), "FRZ-1") })
		after := w.state(2, models.Approved)
		if after.Revision != before.Revision || len(after.Approvals) != len(before.Approvals) || len(after.Requirements) != len(before.Requirements) || !after.Window.Start.Equal(before.Window.Start) {
			t.Errorf("the lockdown altered CHG-2: %+v, before %+v", after.Progress, before.Progress)
		}
		mustDo(t, w.As("ana").Click(w.card("changes", "CHG-2"), "change.start"))
		w.told("ana", "CHG-2", "is in progress")
		w.state(2, models.InProgress)
		w.finish("CHG-1", "CHG-2")
	}
	for _, s := range []setting{settings[1], settings[2]} { // either engine, either door; signed HTTP is the first
		t.Run(string(s.engine)+"/"+string(s.mode), func(t *testing.T) {
			t.Parallel()
			tell(t, newWorld(t, s))
		})
	}
}

// finish claims what is on the cards and in their threads, and what reminded Ana.
func (w *world) finish(ids ...string) {
	for _, m := range w.fake.DM("ana") {
		w.claimed["dm-ana"+m.TS] = true
	}
	for _, id := range ids {
		w.card("tracking", id)
		w.thread(w.card("changes", id))
	}
}

// TestALockdownEndsByItself: nobody has to remember it.
func TestALockdownEndsByItself(t *testing.T) {
	w := newWorld(t, settings[1])
	w.approvedAt("CHG-1", 96*time.Hour)
	w.later(95 * time.Hour)
	mustDo(t, w.As("eli").Slash("general", "/change lockdown"))
	w.until("the form is there", func() bool { v, ok := w.As("eli").View(); return ok && v.Title == "Declare a lockdown" })
	end := w.now().Add(70 * time.Minute).Truncate(time.Minute)
	mustDo(t, w.As("eli").Submit(slackfake.Fields{"end": end}))
	w.until("it is previewed", func() bool { v, ok := w.As("eli").View(); return ok && strings.Contains(v.Plain(), "CHG-1") })
	mustDo(t, w.As("eli").Submit(nil))
	w.told("eli", "Saved", "FRZ-1")
	w.later(61 * time.Minute)
	mustDo(t, w.As("ana").Click(w.card("changes", "CHG-1"), "change.start"))
	w.told("ana", "CHG-1", "lockdown FRZ-1")
	w.later(10 * time.Minute)
	mustDo(t, w.As("ana").Click(w.card("changes", "CHG-1"), "change.start"))
	w.told("ana", "CHG-1", "is in progress")
	w.until("its card says so no more", func() bool { return !strings.Contains(w.card("changes", "CHG-1").Plain(), "FRZ-1") })
	w.finish("CHG-1")
}

// TestTwoWhoEditOneFreezeAtOnce: the second is told what the first made of it,
// finds what they typed still in the form, and may save it over that.
func TestTwoWhoEditOneFreezeAtOnce(t *testing.T) {
	w := newWorld(t, settings[1])
	ctx := t.Context()
	_, err := w.app.Store.DeclareFreeze(ctx, store.Command{Workspace: testWorkspace, Actor: "U0ELI"}, func(z *models.Freeze, f models.Facts) ([]models.Event, error) {
		in := models.Freeze{Kind: models.HardFreeze, Name: "Quarter end", Owner: "U0CHI", When: models.When{Window: models.NewWindow(f.Now.Add(time.Hour), f.Now.Add(30*time.Hour))}}
		return z.Declare(in, 0, time.Time{}, f)
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.app.Store.ImportCatalog(ctx, testWorkspace, store.Catalog{Roles: map[models.Role][]models.UserID{models.RoleAdmin: {"U0ELI", "U0DEV"}}})
	if err != nil {
		t.Fatal(err)
	}
	open := func(who string) {
		t.Helper()
		mustDo(t, w.As(who).Slash("general", "/change freeze"))
		mustDo(t, w.As(who).Click(w.line(who, "Freezes in force", "FRZ-1"), "freeze.edit"))
		w.until("the form is there", func() bool { v, ok := w.As(who).View(); return ok && v.CallbackID == "freeze.form" })
	}
	sees := func(who string, words ...string) {
		t.Helper()
		w.until(who+" sees "+strings.Join(words, ", "), func() bool {
			v, ok := w.As(who).View()
			for _, word := range words {
				ok = ok && strings.Contains(v.Plain(), word)
			}
			return ok
		})
	}
	typed := func(who, words string) {
		t.Helper()
		if v, _ := w.As(who).View(); !strings.Contains(fmt.Sprint(v.Blocks), "initial_value:"+words) {
			t.Errorf("what %s typed is lost: %v", who, v.Blocks)
		}
	}
	open("eli")
	open("dev")
	mustDo(t, w.As("dev").Submit(slackfake.Fields{"title": "Year end"}))
	sees("dev", "Nothing is saved yet") // previewed before the other saved
	mustDo(t, w.As("eli").Submit(slackfake.Fields{"title": "Quarter end and audit"}))
	sees("eli", "Nothing is saved yet")
	mustDo(t, w.As("eli").Submit(nil))
	w.told("eli", "Saved", "Quarter end and audit")

	mustDo(t, w.As("dev").Submit(nil))
	sees("dev", "edited FRZ-1 after you opened it", "Quarter end and audit", "is not saved")
	typed("dev", "Year end")
	if z, err := w.app.Store.Freeze(ctx, testWorkspace, 1); err != nil || z.Name != "Quarter end and audit" {
		t.Errorf("kept is %q (%v)", z.Name, err)
	}
	mustDo(t, w.As("dev").Submit(nil))
	sees("dev", "Nothing is saved yet")
	mustDo(t, w.As("dev").Submit(nil))
	w.told("dev", "Saved", "Year end")
	z, err := w.app.Store.Freeze(ctx, testWorkspace, 1)
	if err != nil || z.Name != "Year end" || z.Version != 3 {
		t.Errorf("kept is %q, version %d (%v)", z.Name, z.Version, err)
	}

	open("dev")
	mustDo(t, w.As("eli").Slash("general", "/change freeze"))
	mustDo(t, w.As("eli").Click(w.line("eli", "Freezes in force", "Year end"), "freeze.lift"))
	w.told("eli", "is lifted")
	mustDo(t, w.As("dev").Submit(slackfake.Fields{"title": "Year end, again"}))
	sees("dev", "lifted FRZ-1 after you opened it")
	typed("dev", "Year end, again")
	mustDo(t, w.As("dev").Submit(nil))
	sees("dev", "Nothing is saved yet")
	mustDo(t, w.As("dev").Submit(nil))
	w.told("dev", "Saved", "FRZ-2", "Year end, again")
}
