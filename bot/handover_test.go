package bot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// Ana leads the project, Dev operations, Eli stands in for him; Ben, Chi and Fay
// look after buckets.
const (
	projectLead = models.UserID("U0ANA")
	opsLead     = models.UserID("U0DEV")
)

// onRelease is what somebody does with a release elsewhere than in this story.
func (w *world) onRelease(by models.UserID, id models.ReleaseID, move store.ReleaseMove) *models.Release {
	w.t.Helper()
	r, err := w.app.Store.UpdateRelease(context.Background(), store.Command{Workspace: testWorkspace, Actor: by}, id, move)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Release
}

func (w *world) release(id models.ReleaseID) *models.Release {
	w.t.Helper()
	r, err := w.app.Store.Release(context.Background(), testWorkspace, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// planned is REL-1 with its buckets shared out.
func (w *world) planned() *models.Release {
	w.t.Helper()
	w.fresh()
	r, err := w.app.Store.CreateRelease(context.Background(), store.Command{Workspace: testWorkspace, Actor: projectLead},
		func(r *models.Release, f models.ReleaseFacts) error {
			return r.Plan(models.ReleaseInput{Name: "Market expansion", Services: []models.Slug{"tracking"}, ProjectLead: projectLead, OpsLead: opsLead, Deputy: "U0ELI",
				GoLive: f.Now.AddDate(0, 0, 28).Truncate(time.Minute), Channel: "C0TRACKING"}, f)
		})
	if err != nil {
		w.t.Fatal(err)
	}
	for b, u := range map[models.Bucket]models.UserID{models.BucketDocumentation: "U0BEN", models.BucketTests: "U0CHI", models.BucketResources: "U0FAY"} {
		w.onRelease(projectLead, r.Release.ID, func(r *models.Release, f models.ReleaseFacts) error { return r.AssignBucket(b, u, f) })
	}
	return r.Release
}

// fresh has Slack's word on everybody, as the clock jumps past what it is good for.
func (w *world) fresh() {
	w.t.Helper()
	for _, u := range cast {
		p := models.Person{ID: models.UserID(u.ID), Name: u.Name, Zone: u.TZ, Guest: u.IsRestricted, CheckedAt: w.now()}
		if err := w.app.Store.SavePerson(context.Background(), testWorkspace, p); err != nil {
			w.t.Fatal(err)
		}
	}
}

// prove has an item submitted by its owner and verified by operations.
func (w *world) prove(id models.ReleaseID, no int) {
	w.t.Helper()
	none := 0
	r := w.release(id)
	i := r.Items[slices.IndexFunc(r.Items, func(i models.Item) bool { return i.No == no })]
	in := models.EvidenceInput{Kind: models.EvidenceLink, Ref: "https://wiki.example/" + i.ID}
	if i.Tests {
		in.OpenIssues = &none
	}
	r = w.onRelease(r.OwnerOf(&i), id, func(r *models.Release, f models.ReleaseFacts) error { return r.Submit(no, in, f) })
	seen := 1
	if x, ok := r.Item(i.ID); ok {
		seen = x.Version()
	}
	w.onRelease(opsLead, id, func(r *models.Release, f models.ReleaseFacts) error { return r.Verify(no, seen, f) })
}

// work brings every mandatory item but those to verified.
func (w *world) work(id models.ReleaseID, but ...string) {
	w.t.Helper()
	for _, i := range w.release(id).Unmet(w.now()) {
		if !slices.Contains(but, i.ID) {
			w.prove(id, i.No)
		}
	}
}

// prompt is the one message of a meeting in the release's channel.
func (w *world) prompt(words ...string) slackfake.Message {
	w.t.Helper()
	return w.shows("the meeting has no prompt", func(all []slackfake.Message) (found slackfake.Message) {
		for _, m := range all {
			if strings.Contains(m.Text, "Handover of REL-1") || strings.Contains(m.Text, ": REL-1 Market expansion\nBy ") {
				found = m
				w.claimed["tracking"+m.TS] = true
			}
		}
		return found
	}, words...)
}

// shows waits until what is found in the release's channel holds the words: an
// edit may have to wait for its turn at Slack's pace.
func (w *world) shows(missing string, find func([]slackfake.Message) slackfake.Message, words ...string) slackfake.Message {
	w.t.Helper()
	w.settle()
	for deadline := time.Now().Add(60 * time.Second); ; <-time.After(20 * time.Millisecond) {
		found := find(w.fake.Messages("tracking"))
		text := found.Text + "\n" + found.Plain()
		if !slices.ContainsFunc(words, func(s string) bool { return !strings.Contains(text, s) }) && found.TS != "" {
			return found
		}
		if time.Now().After(deadline) {
			if found.TS == "" {
				w.t.Fatal(missing)
			}
			mustHold(w.t, text, words...)
			return found
		}
	}
}

// relCard is the card of the release.
func (w *world) relCard(words ...string) slackfake.Message {
	w.t.Helper()
	return w.shows("the release has no card", func(all []slackfake.Message) slackfake.Message {
		for _, m := range all {
			if strings.Contains(m.Text, "REL-1") && strings.Contains(m.Text, "go-live") && !strings.Contains(m.Text, "Handover of") {
				w.claimed["tracking"+m.TS] = true
				return m
			}
		}
		return slackfake.Message{}
	}, words...)
}

// passes moves the clock and waits for what is due by then.
func (w *world) passes(d time.Duration, what string, holds func(r *models.Release) bool) {
	w.t.Helper()
	w.later(d)
	w.fresh()
	w.until(what, func() bool { return holds(w.release(1)) })
	w.settle()
}

// fills waits for a form and sends it.
func (w *world) fills(name, form string, answers slackfake.Fields) slackfake.Result {
	w.t.Helper()
	w.until("the form "+form+" is filled", func() bool { v, ok := w.As(name).View(); return ok && v.CallbackID == form })
	return w.As(name).Submit(answers)
}

// vote gives one by the buttons of the prompt.
func (w *world) vote(name, choice, comment string) {
	w.t.Helper()
	mustDo(w.t, w.As(name).Click(w.prompt(), "handover.vote"))
	mustDo(w.t, w.fills(name, "handover.vote.form", slackfake.Fields{"kind": choice, "reason": comment}))
}

// scheduled has Ana set the meeting for the day after tomorrow.
func (w *world) scheduled() {
	w.t.Helper()
	mustDo(w.t, w.As("ana").Slash("general", "/checklist handover REL-1"))
	mustDo(w.t, w.fills("ana", "handover.form", slackfake.Fields{"start": w.now().Add(48 * time.Hour).Truncate(time.Minute), "place": "Room 4"}))
	w.told("ana", "is set for", "Room 4")
}

// claimDMs takes note of all that people got by DM, and says how much that was.
func (w *world) claimDMs() map[string]int {
	w.settle()
	out := map[string]int{}
	for _, u := range cast {
		for _, m := range w.fake.DM(u.Name) {
			if m.User == w.fake.BotUser() {
				w.claimed["dm-"+u.Name+m.TS] = true
				out[u.Name]++
			}
		}
	}
	return out
}

func (w *world) convened() {
	w.t.Helper()
	w.scheduled()
	w.passes(24*time.Hour, "the brief", func(r *models.Release) bool { return r.State == models.ReleaseHandoverDue })
	w.passes(24*time.Hour, "the meeting begins", func(r *models.Release) bool { return r.InSession() != nil })
}

// eachOnce tells a long story on each engine and through each door, once.
func eachOnce(t *testing.T, story func(t *testing.T, w *world)) {
	for _, s := range settings[1:3] {
		t.Run(fmt.Sprintf("%s/%s", s.engine, s.mode), func(t *testing.T) {
			t.Parallel() // most of it is waiting
			story(t, newWorld(t, s))
		})
	}
}

func TestAReleaseIsHandedOverWithConditionsAndLookedAfterUntilItIsClosed(t *testing.T) {
	eachOnce(t, func(t *testing.T, w *world) {
		w.planned()
		w.work(1, "DO2", "TS5")
		form := goodForm(w, 30*24*time.Hour)
		form["release"] = "REL-1"
		for field, answer := range map[string]string{"users": "one team", "rehearsed": "yes", "rollback_tested": "yes", "reversible": "yes", "done_before": "one to four times"} {
			form[field] = answer
		}
		mustDo(t, w.As("ana").Slash("general", "/change new"))
		mustDo(t, w.As("ana").Submit(form))

		w.scheduled()
		card := w.relCard("Handover", "Room 4", "CHG-1 awaiting approval") // the form of the change named the release
		if files := w.fake.Files(); len(files) != 1 || !strings.Contains(string(files[0].Data), "LOCATION:Room 4") {
			t.Errorf("the calendar entry: %v", files)
		}
		w.passes(24*time.Hour, "the brief", func(r *models.Release) bool { return r.State == models.ReleaseHandoverDue })
		w.dm("dev", "Handover of REL-1", "2 mandatory items not met", "Linked changes", "CHG-1")
		w.passes(24*time.Hour, "the meeting begins", func(r *models.Release) bool { return r.InSession() != nil })
		first := w.prompt("Quorum", "Silent vote: 0 of 4", "Runbook")

		mustDo(t, w.As("ben").Click(w.dm("ben", "your vote is wanted"), "handover.vote.ready"))
		w.told("ben", "recorded: ready", "Nobody sees it")
		mustDo(t, w.As("dev").Click(w.prompt(), "handover.attend"))
		w.vote("chi", "Ready with conditions", "The rehearsal is on Friday.")
		silent := w.prompt("Silent vote: 2 of 4")
		if strings.Contains(silent.Text+silent.Plain(), "rehearsal") {
			t.Errorf("a silent vote is told: %s", silent.Text)
		}
		mustDo(t, w.As("fay").Click(w.prompt(), "handover.vote"))
		w.until("the vote's form", func() bool { v, ok := w.As("fay").View(); return ok && v.CallbackID == "handover.vote.form" })
		if res := w.As("fay").Submit(slackfake.Fields{"kind": "Not ready"}); len(res.Errors) == 0 {
			t.Error("a vote of not ready without a reason was taken")
		}
		mustDo(t, w.As("fay").Submit(slackfake.Fields{"kind": "Not ready", "reason": "Nobody is on call."}))
		w.vote("ana", "Ready", "")
		w.prompt("Votes", "chi: ready with conditions", "fay: not ready", "Now decides")
		w.vote("fay", "Ready", "")
		w.told("fay", "late")
		open := w.prompt("fay: ready (late")

		mustDo(t, w.As("ben").Click(open, "handover.accept"))
		w.told("ben", "Only the operations lead of REL-1", "dev and eli", "Nothing was recorded")
		mustDo(t, w.As("dev").Click(open, "handover.accept"))
		w.told("dev", "2 mandatory items are not met", "DO2")
		mustDo(t, w.As("dev").Click(open, "handover.conditions"))
		w.until("the conditions", func() bool { v, ok := w.As("dev").View(); return ok && v.CallbackID == "handover.conditions.form" })
		r := w.release(1)
		doc, _ := r.Item("DO2")
		rehearsal, _ := r.Item("TS5")
		due := w.now().Add(72 * time.Hour).Truncate(time.Minute)
		d, s := "/"+strconv.Itoa(doc.No), "/"+strconv.Itoa(rehearsal.No)
		if res := w.As("dev").Submit(slackfake.Fields{"owner" + d: "ben", "due" + d: w.now().Add(-time.Hour), "check" + d: "It can be opened."}); res.Errors["due"+d] == "" {
			t.Errorf("a condition due in the past was taken: %+v", res)
		}
		mustDo(t, w.As("dev").Submit(slackfake.Fields{"owner" + d: "ben", "due" + d: due, "check" + d: "Operations restart a worker with it.", "kind" + d: "before",
			"owner" + s: "chi", "due" + s: due.AddDate(0, 0, 40), "check" + s: "The log of the rehearsal.", "kind" + s: "after"}))
		w.told("dev", "with conditions: 1 is to be verified")
		over := w.prompt("accepted with conditions", "2 conditions: 1 before go-live, 1 after")
		if over.TS != first.TS {
			t.Error("the prompt was posted anew")
		}
		mustDo(t, w.As("dev").Click(open, "handover.accept")) // the copy that he still had open
		w.told("dev", "decided before")

		w.prove(1, doc.No)
		mustDo(t, w.As("dev").Click(w.latest("dev", "Every condition before go-live is verified"), "handover.confirm"))
		w.told("dev", "You accepted REL-1")
		w.relCard("Accepted")
		if files := w.fake.Files(); len(files) != 2 || !strings.Contains(string(files[1].Data), "Certificate of acceptance 1 of REL-1") {
			t.Errorf("the certificate: %v", files)
		}
		w.carriesOut(t)

		mustDo(t, w.As("ana").Click(w.relCard(), "early.live"))
		w.told("ana", "is live")
		w.passes(72*time.Hour, "early-life support begins", func(r *models.Release) bool { return r.State == models.ReleaseEarlyLife })
		w.closesEarlyLife(t, rehearsal.No)

		minutes, lines := 0, w.thread(card)
		for _, line := range lines {
			if strings.Contains(line, "Decided by") {
				minutes++
			}
		}
		if minutes != 1 {
			t.Errorf("the minutes were posted %d times:\n%s", minutes, strings.Join(lines, "\n"))
		}
		t.Logf("messages by DM: %v; lines under the card: %d", w.claimDMs(), len(lines))
		w.card("changes", "CHG-1")
		w.card("tracking", "CHG-1")
	})
}

// carriesOut starts the linked change, which waited for the handover.
func (w *world) carriesOut(t *testing.T) {
	mustDo(t, w.As("ben").Click(w.card("changes", "CHG-1"), "change.approve"))
	w.told("ben", "1 of 2")
	mustDo(t, w.As("chi").Click(w.card("changes", "CHG-1"), "change.approve"))
	w.told("chi", "last one needed")
	c, err := w.app.Store.Change(context.Background(), testWorkspace, 1)
	if err != nil {
		t.Fatal(err)
	}
	w.later(c.Window.Start.Sub(w.now()) + time.Minute)
	w.fresh()
	mustDo(t, w.As("ana").Click(w.card("changes", "CHG-1"), "change.start"))
	w.told("ana", "CHG-1", "is in progress")
	mustDo(t, w.As("ana").Click(w.card("changes", "CHG-1"), "change.complete"))
	mustDo(t, w.fills("ana", "complete.form", slackfake.Fields{"outcome": "successful"}))
}

// latest is the newest message to a person that names something.
func (w *world) latest(name, word string) slackfake.Message {
	w.t.Helper()
	w.settle()
	for _, m := range slices.Backward(w.fake.DM(name)) {
		if strings.Contains(m.Text+m.Plain(), word) {
			w.claimed["dm-"+name+m.TS] = true
			return m
		}
	}
	w.t.Fatalf("%s has no message about %s", name, word)
	return slackfake.Message{}
}

// closesEarlyLife reports an incident, extends, and closes when nothing is open.
func (w *world) closesEarlyLife(t *testing.T, condition int) {
	mustDo(t, w.As("gus").Click(w.relCard("Early-life support"), "early.incident"))
	mustDo(t, w.fills("gus", "early.incident.form", slackfake.Fields{"incident": "INC-7", "priority": "1", "note": "Pages time out."}))
	w.told("gus", "INC-7", "keeps early-life support open")
	w.dm("dev", "INC-7")
	mustDo(t, w.As("dev").Slash("general", "/checklist support REL-1"))
	panel := w.fake.Ephemerals("dev")[len(w.fake.Ephemerals("dev"))-1]
	mustHold(t, panel.Plain(), "Exit criteria", "INC-7", "Its own items")
	mustDo(t, w.As("dev").Click(panel, "early.extend"))
	mustDo(t, w.fills("dev", "early.form", slackfake.Fields{"days": 2, "reason": "Two alerts fire each night."}))
	w.told("dev", "lasts until")

	w.passes(30*24*time.Hour, "the days are over", func(r *models.Release) bool { return !r.EarlyLife.PromptedAt.IsZero() })
	ask := w.latest("dev", "The agreed days of early-life support are over")
	mustHold(t, ask.Plain(), "Not yet, by what was agreed", "INC-7")
	if slices.ContainsFunc(ask.Controls(), func(c slackfake.Control) bool { return c.ActionID == "early.close" }) {
		t.Error("closing is offered while a criterion is open")
	}
	mustDo(t, w.As("ana").Click(w.relCard(), "early.open"))
	w.until("the window of early-life support", func() bool { v, ok := w.As("ana").View(); return ok && strings.Contains(v.Plain(), "INC-7") })
	mustDo(t, w.As("ana").Press("early.solved"))
	w.until("the window says that it is solved", func() bool { v, ok := w.As("ana").View(); return ok && strings.Contains(v.Plain(), "No open incident") })
	w.prove(1, condition)
	for _, c := range w.release(1).OpenCriteria(w.now()) {
		if c.No != 0 {
			w.prove(1, c.No)
		}
	}
	w.settle()
	mustDo(t, w.As("dev").Click(w.latest("dev", "The agreed days of early-life support are over"), "early.close"))
	w.told("dev", "is closed")
	w.relCard("Closed")
}

func TestADeclinedHandoverIsHeldAgain(t *testing.T) {
	t.Parallel()
	for _, s := range settings[:1] {
		w := newWorld(t, s)
		w.planned()
		w.work(1, "DO2")
		w.convened()
		for _, name := range []string{"ben", "chi", "fay"} {
			w.vote(name, "Not ready", "The runbook is missing.")
		}
		w.passes(35*time.Minute, "those who have not voted are asked", func(r *models.Release) bool { return !r.InSession().NudgedAt.IsZero() })
		mustDo(t, w.As("ana").Click(w.dm("ana", "your vote is wanted"), "handover.vote.ready"))
		w.told("ana", "It was the last one")
		w.prompt("Now decides")
		mustDo(t, w.As("eli").Click(w.prompt(), "handover.decline"))
		w.until("the form", func() bool { v, ok := w.As("eli").View(); return ok && v.CallbackID == "handover.putoff.form" })
		next := w.now().Add(7 * 24 * time.Hour).Truncate(time.Minute)
		if res := w.As("eli").Submit(slackfake.Fields{"reason": "No runbook.", "next": w.now().Add(-time.Hour)}); res.Errors["next"] == "" {
			t.Errorf("a next meeting in the past was taken: %+v", res)
		}
		mustDo(t, w.As("eli").Submit(slackfake.Fields{"reason": "No runbook.", "next": next}))
		w.told("eli", "put off")
		old := w.prompt("declined", "No runbook.", "the deputy")
		r := w.release(1)
		if up := r.Upcoming(); r.State != models.ReleasePlanning || up == nil || !up.At.Equal(next) {
			t.Fatalf("it is %s, next %+v", r.State, up)
		}
		w.prove(1, r.Unmet(w.now())[0].No)
		w.passes(next.Sub(w.now())-24*time.Hour, "the second brief", func(r *models.Release) bool { return r.State == models.ReleaseHandoverDue })
		mustHold(t, w.latest("dev", "Handover of REL-1").Plain(), "Last time declined")
		w.passes(24*time.Hour, "the second meeting begins", func(r *models.Release) bool { return r.InSession() != nil })
		for _, name := range []string{"ana", "ben", "chi", "fay"} {
			w.vote(name, "Ready", "")
		}
		mustDo(t, w.As("dev").Click(w.prompt("Now decides"), "handover.accept"))
		w.told("dev", "You accepted REL-1")
		if second := w.prompt("accepted"); second.TS == old.TS {
			t.Error("the second meeting has no prompt of its own")
		}
		w.relCard("Accepted")
		w.claimDMs()
	}
}

func TestAnOperationsLeadWhoLeftKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings[1])
	w.planned()
	w.work(1)
	w.onRelease(opsLead, 1, func(r *models.Release, f models.ReleaseFacts) error {
		in := models.ReleaseInputOf(r)
		in.Deputy = ""
		return r.Edit(in, f)
	})
	w.convened()
	gone := models.Person{ID: opsLead, Name: "dev", Zone: "Europe/Berlin", Deleted: true, CheckedAt: w.now()}
	if err := w.app.Store.SavePerson(context.Background(), testWorkspace, gone); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ana", "ben", "chi", "fay"} {
		w.vote(name, "Ready", "")
	}
	open := w.prompt("Nobody can decide", "A change manager can name another operations lead")
	mustDo(t, w.As("ana").Click(open, "handover.accept"))
	w.told("ana", "deactivated in Slack", "change manager")
	w.onRelease("U0ELI", 1, func(r *models.Release, f models.ReleaseFacts) error {
		in := models.ReleaseInputOf(r)
		in.OpsLead = "U0GUS"
		return r.Edit(in, f)
	})
	mustDo(t, w.As("gus").Click(w.prompt(), "handover.accept"))
	w.told("gus", "You accepted REL-1")
	w.relCard("Accepted")
	w.claimDMs()
}
