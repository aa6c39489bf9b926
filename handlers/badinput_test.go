package handlers_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/handlers"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// submission is a form as Slack sends it, with some values put in by hand:
// what no client would let through.
func (w *house) submission(by models.UserID, v slackfake.View, change map[string]map[string]any) []byte {
	values := maps.Clone(v.Values)
	for block, answer := range change {
		action := block
		if block == "services" {
			action = "change.services"
		}
		values[block] = map[string]map[string]any{action: answer}
	}
	return payload(map[string]any{"type": "view_submission", "trigger_id": unique(), "team": map[string]any{"id": workspace, "domain": "test"}, "user": map[string]any{"id": by},
		"view": map[string]any{"id": v.ID, "type": "modal", "hash": v.Hash, "callback_id": v.CallbackID, "private_metadata": v.PrivateMetadata, "blocks": v.Blocks,
			"state": map[string]any{"values": values}}})
}

// unique is a trigger that Slack does not know.
func unique() string { return rand.Text() }

func text(s string) map[string]any { return map[string]any{"type": "plain_text_input", "value": s} }
func at(t time.Time) map[string]any {
	return map[string]any{"type": "datetimepicker", "selected_date_time": t.Unix()}
}
func someone(id string) map[string]any {
	return map[string]any{"type": "users_select", "selected_user": id}
}
func release(id string) map[string]any {
	return map[string]any{"type": "external_select", "selected_option": map[string]any{"text": map[string]any{"type": "plain_text", "text": id}, "value": id}}
}

func service(slug string) map[string]any {
	return map[string]any{"type": "multi_external_select", "selected_options": []any{map[string]any{"value": slug, "text": map[string]any{"type": "plain_text", "text": slug}}}}
}

// sendForm posts a submission and returns what stands beside the fields.
func (w *house) sendForm(body []byte) map[string]string {
	w.t.Helper()
	status, answer := w.send(w.signed(handlers.PathInteractions, formType, time.Now(), body))
	if status != http.StatusOK {
		w.t.Fatalf("the form got status %d", status)
	}
	var out struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
	}
	if answer != "" {
		must(w.t, json.Unmarshal([]byte(answer), &out))
	}
	return out.Errors
}

// filled opens the form for Ana and fills it in well.
func (w *house) filled() slackfake.View {
	w.t.Helper()
	fine(w.t, w.As("ana").Slash("general", "/change new"))
	must(w.t, w.As("ana").Fill(w.goodForm()))
	v, _ := w.As("ana").View()
	return v
}

func TestWrongAnswersAreToldBesideTheirFields(t *testing.T) {
	w := build(t, plan{})
	now := w.store.Now()
	w.SetUser(slackfake.User{ID: "U0ROBO", Name: "robo", RealName: "Robo", IsBot: true}) // of whom Gatehouse never heard before
	w.SetUser(slackfake.User{ID: "U0LEFT", Name: "left", RealName: "Left", Deleted: true})
	v := w.filled()
	for _, try := range []struct {
		name   string
		change map[string]map[string]any
		want   map[string]string
	}{
		{"a title of 4,000 letters", map[string]map[string]any{"title": text(strings.Repeat("é", 4000))},
			map[string]string{"title": "This is 4000 letters long; at most 120 fit. Nothing you typed is lost: shorten it and send again."}},
		{"a plan of 4,000 letters", map[string]map[string]any{"plan": text(strings.Repeat("字", 4000))},
			map[string]string{"plan": "This is 4000 letters long; at most 3000 fit. Nothing you typed is lost: shorten it and send again."}},
		{"a title that nobody sees", map[string]map[string]any{"title": text("\u200b \u2060")},
			map[string]string{"title": "A title is needed: say in one line what will be different."}},
		{"an end before the start", map[string]map[string]any{"start": at(now.Add(3 * time.Hour)), "end": at(now.Add(2 * time.Hour))},
			map[string]string{"end": "The end has to be after the start."}},
		{"an end at the start", map[string]map[string]any{"start": at(now.Add(3 * time.Hour)), "end": at(now.Add(3 * time.Hour))},
			map[string]string{"end": "The end has to be after the start."}},
		{"a past window", map[string]map[string]any{"start": at(now.Add(-3 * time.Hour)), "end": at(now.Add(-2 * time.Hour))},
			map[string]string{"start": "This start is in the past. Choose a start that is still to come."}},
		{"a window in ten years", map[string]map[string]any{"start": at(now.AddDate(10, 0, 0))},
			map[string]string{"start": "This start is more than a year away. Check the year."}},
		{"an unknown service", map[string]map[string]any{"services": service("payments-nope")},
			map[string]string{"services": `There is no service "payments-nope". Choose one from the list, or ask an admin to add it.`}},
		{"a bot that is to carry it out", map[string]map[string]any{"implementer": someone("U0ROBO")},
			map[string]string{"implementer": "Robo can't carry out a change: this account is deactivated or a bot. Choose another person."}},
		{"somebody who left", map[string]map[string]any{"implementer": someone("U0LEFT")},
			map[string]string{"implementer": "Left can't carry out a change: this account is deactivated or a bot. Choose another person."}},
		{"no release", map[string]map[string]any{"release": release("<!channel>")},
			map[string]string{"release": "This names no release. Choose one from the list, or leave it empty."}},
		{"several at once", map[string]map[string]any{"services": service("x"), "plan": text(" "), "title": text("")},
			map[string]string{"services": `There is no service "x". Choose one from the list, or ask an admin to add it.`,
				"plan": "Say step by step what will be done. For example: 1. Deploy 4.2 to one node. 2. Wait 10 minutes. 3. Deploy the others.", "title": "A title is needed: say in one line what will be different."}},
	} {
		if diff := cmp.Diff(try.want, w.sendForm(w.submission(ana, v, try.change))); diff != "" {
			t.Errorf("%s: beside the fields (-want +got):\n%s", try.name, diff)
		}
	}
	if n := w.count(); n != 0 {
		t.Fatalf("%d changes were raised by wrong forms", n)
	}
	if errs := w.sendForm(w.submission(ana, v, nil)); len(errs) != 0 { // the same form, put right
		t.Errorf("the mended form got %v", errs)
	}
	if n := w.count(); n != 1 {
		t.Errorf("%d changes, want 1", n)
	}
}

func TestALongTitleAfterTheCommandIsNotLost(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		long := strings.Repeat("Move the parcels ", 30) + "to the new depot"
		fine(t, w.As("ana").Slash("general", "/change new "+long))
		form := w.opened("ana", "change.form")
		if got := fmt.Sprint(form.Values["background"]["background"]["value"]); got != long {
			t.Errorf("the background holds %q", got)
		}
		if got := []rune(fmt.Sprint(form.Values["title"]["title"]["value"])); len(got) != 120 || !strings.HasPrefix(long, string(got[:119])) {
			t.Errorf("the title holds %q", string(got))
		}
		w.As("ana").CloseAll()
		huge := strings.Repeat("abcdefghi ", 399) + "0123456789"
		fine(t, w.As("ana").Slash("general", "/change new "+huge))
		m := w.told("ana", "This is 4000 letters long, and a title has at most 120, so no form was opened.")
		if !strings.Contains(strings.Join(strings.Fields(m.Plain()), " "), huge) {
			t.Errorf("what was typed is not given back: %s", m.Plain())
		}
		if v, open := w.As("ana").View(); open {
			t.Errorf("%q is open", v.Title)
		}
		if n := w.count(); n != 0 {
			t.Errorf("%d changes", n)
		}
	})
}

// hostile are words that want to be more than words.
var hostile = []string{"<!channel> look", "<@U0BEN> and <#C0SECRET>", "<https://evil.example|bank>", "`code` *bold* _it_ ~no~", "&lt;!here&gt;", "מעבר למסד נתונים חדש",
	"\u202eadmin\u202c", "🚀🚀 👩‍👩‍👧‍👦 go", "a\nb\tc", "{\"json\": true}", "<!subteam^S1|@cab>", "<!date^0^{date}|x>", "@everyone"}

func TestWordsStayWords(t *testing.T) {
	w := build(t, plan{})
	for i, words := range hostile {
		v := w.filled()
		if errs := w.sendForm(w.submission(ana, v, map[string]map[string]any{"title": text(words), "plan": text("Say so: " + words), "background": text(words)})); len(errs) != 0 {
			t.Errorf("%q is refused: %v", words, errs)
			continue
		}
		w.As("ana").CloseAll()
		id := models.ChangeID(i + 1)
		c := w.change(id)
		if c.Plan != "Say so: "+strings.TrimSpace(strings.Map(dropControls, words)) {
			t.Errorf("kept as %q, typed as %q", c.Plan, words)
		}
		for _, m := range []slackfake.Message{w.told("ana", id.String(), "raised"), w.card("ben", id)} {
			shown := mrkdwn(m)
			for _, token := range []string{"<!channel>", "<!here>", "<@U0BEN>", "<#C0SECRET>", "<https://evil", "<!subteam", "<!date^0^"} {
				if strings.Contains(words, token[:3]) && strings.Contains(shown, token) {
					t.Errorf("%q became live: %s", words, shown)
				}
			}
		}
	}
}

func dropControls(r rune) rune {
	if r < ' ' && r != '\n' && r != '\t' {
		return -1
	}
	return r
}

// mrkdwn is everything in a message that Slack looks for tokens in.
func mrkdwn(m slackfake.Message) string {
	out := m.Text
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, part := range v {
				walk(part)
			}
		case map[string]any:
			if v["type"] == "mrkdwn" {
				out += "\n" + fmt.Sprint(v["text"])
			}
			for _, part := range v {
				walk(part)
			}
		}
	}
	walk(m.Blocks)
	return out
}

func TestAFormSentTwiceMakesOneChange(t *testing.T) {
	for _, p := range slowSettings[:2] {
		t.Run(string(p.engine), func(t *testing.T) {
			w := build(t, plan{engine: p.engine})
			v := w.filled()
			body := w.submission(ana, v, nil)
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					if errs := w.sendForm(body); len(errs) != 0 {
						t.Errorf("sending it again got %v", errs)
					}
				})
			}
			group.Wait()
			w.told("ana", "CHG-1", "raised")
			// Typed on after the first sending got through unseen, as when the
			// database was slow: nothing of it is lost.
			if errs := w.sendForm(w.submission(ana, v, map[string]map[string]any{"plan": text("Point the pool at the replica, in two steps.")})); len(errs) != 0 {
				t.Errorf("sending more got %v", errs)
			}
			if n := w.count(); n != 1 {
				t.Errorf("%d changes, want 1", n)
			}
			if c := w.change(1); c.Plan != "Point the pool at the replica, in two steps." {
				t.Errorf("the plan is %q", c.Plan)
			}
			w.h.Close(soon(t))
			if n := lines(w, "ana", "is raised"); n > 2 {
				t.Errorf("told %d times", n)
			}
		})
	}
}

func TestAFormThatComesOnceMoreLateUndoesNoEdit(t *testing.T) {
	for _, p := range slowSettings[:2] {
		t.Run(string(p.engine), func(t *testing.T) {
			var config handlers.Config
			w := build(t, plan{engine: p.engine, config: func(c *handlers.Config) { config = *c }})
			body := w.submission(ana, w.filled(), nil)
			w.sendForm(body)
			w.told("ana", "CHG-1", "raised")
			_, err := w.store.UpdateChange(t.Context(), w.command(ana), 1, func(c *models.Change, f models.Facts) error {
				in := models.InputOf(c)
				in.Title, in.Plan = "Read from the new replica", "Point the pool at the new replica."
				return c.Edit(in, f)
			})
			must(t, err)
			edited := w.change(1)
			other := handlers.New(config) // a replica that was held up with the same sending, and remembers nothing
			t.Cleanup(func() { other.Close(soon(t)) })
			door := httptest.NewServer(other.HTTP())
			t.Cleanup(door.Close)
			w.url = door.URL
			if errs := w.sendForm(body); len(errs) != 0 {
				t.Errorf("it got %v", errs)
			}
			if c := w.change(1); c.Revision != edited.Revision || c.Title != edited.Title || w.count() != 1 {
				t.Errorf("%d changes, CHG-1 is %q: %q", w.count(), c.Title, c.Plan)
			}
		})
	}
}

func TestADraftSavedTwiceIsOneDraft(t *testing.T) {
	w := build(t, plan{})
	v := w.filled()
	press := func(trigger string) {
		w.sendForm(payload(map[string]any{"type": "block_actions", "trigger_id": trigger, "team": map[string]any{"id": workspace}, "user": map[string]any{"id": ana},
			"actions": []any{map[string]any{"type": "button", "action_id": "change.draft"}},
			"view": map[string]any{"id": v.ID, "type": "modal", "hash": v.Hash, "callback_id": v.CallbackID, "private_metadata": v.PrivateMetadata, "blocks": v.Blocks,
				"state": map[string]any{"values": v.Values}}}))
	}
	var group sync.WaitGroup
	for i := range 3 {
		group.Go(func() { press(fmt.Sprintf("t%d", i)) })
	}
	group.Wait()
	w.sees("ana", "CHG-1", "saved as a draft")
	if n := w.count(); n != 1 {
		t.Fatalf("%d drafts, want 1", n)
	}
	// Submit was pressed in the same form: the draft goes on.
	if errs := w.sendForm(w.submission(ana, v, nil)); len(errs) != 0 {
		t.Errorf("submitting after saving got %v", errs)
	}
	if c := w.change(1); w.count() != 1 || c.State != models.AwaitingApproval {
		t.Errorf("%d changes, CHG-1 is %s", w.count(), c.State)
	}
}

func TestAnIncompleteDraftSaysWhatIsWrongAndStaysOpen(t *testing.T) {
	w := build(t, plan{})
	v := w.filled()
	values := maps.Clone(v.Values)
	values["title"] = map[string]map[string]any{"title": text(strings.Repeat("x", 500))}
	w.sendForm(payload(map[string]any{"type": "block_actions", "trigger_id": unique(), "team": map[string]any{"id": workspace}, "user": map[string]any{"id": ana},
		"actions": []any{map[string]any{"type": "button", "action_id": "change.draft"}},
		"view":    map[string]any{"id": v.ID, "type": "modal", "callback_id": v.CallbackID, "private_metadata": v.PrivateMetadata, "blocks": v.Blocks, "state": map[string]any{"values": values}}}))
	w.until("Ana is told", func() bool { return lines(w, "ana", "not saved yet", "500 letters") == 1 })
	if v, open := w.As("ana").View(); !open || v.CallbackID != "change.form" || w.count() != 0 {
		t.Errorf("open %v, %d changes", open, w.count())
	}
}

func TestDoubleAndStaleClicksAreAnswered(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		c := w.raise()
		card := w.card("ben", c.ID)
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() { fine(t, w.As("ben").Click(card, "Approve")) })
		}
		group.Wait()
		w.told("ben", "Your approval of CHG-1")
		w.told("ben", "You approved CHG-1 already, so nothing was recorded twice.")
		if n := len(w.change(c.ID).Approvals); n != 1 {
			t.Errorf("%d approvals after a double click", n)
		}
		chi := w.card("chi", c.ID)
		_, err := w.store.UpdateChange(t.Context(), w.command(ana), c.ID, func(c *models.Change, f models.Facts) error {
			in := models.InputOf(c)
			in.Plan = "Something else entirely."
			return c.Edit(in, f)
		})
		must(t, err)
		fine(t, w.As("chi").Click(chi, "Approve"))
		w.told("chi", "edited")
		if n := len(w.change(c.ID).Counting()); n != 0 {
			t.Errorf("%d approvals count for what nobody has seen", n)
		}
		before := len(w.events(c.ID))
		w.sign(w.approval(w.change(c.ID), ana, "ana-herself"))
		w.until("Ana is told why not", func() bool { return lines(w, "ana", "someone else") > 0 })
		if got := w.events(c.ID); len(got) != before+1 || got[0].Kind != models.EventRefused || len(w.change(c.ID).Counting()) != 0 {
			t.Errorf("after the requester's own click: %d events more, the last is %s", len(got)-before, got[0].Kind)
		}
	})
}

func TestPeopleWithoutTheRightAreToldSo(t *testing.T) {
	w := build(t, plan{})
	c := w.raise()
	for _, try := range []struct {
		who, want string
		id        models.UserID
	}{
		{"kai", "guests and people of other workspaces can't decide", "U0KAI"},
		{"out", "guests and people of other workspaces can't decide", "U0OUT"},
	} {
		card := w.card(try.who, c.ID)
		for _, button := range card.Controls() {
			if button.ActionID == "change.approve" {
				t.Errorf("%s is offered to approve", try.who)
			}
		}
		w.sign(w.approval(c, try.id, "click-of-"+try.who))
		w.until(try.who+" is told", func() bool { return lines(w, try.who, try.want) == 1 })
	}
	// Ben's account is deactivated; a click of his that is still on its way
	// comes after that.
	w.SetUser(slackfake.User{ID: "U0BEN", Name: "ben", RealName: "Ben", TZ: "Europe/Berlin", Deleted: true})
	w.sign(w.approval(c, ben, "click-of-ben"))
	w.h.Close(soon(t))
	if n := len(w.change(c.ID).Approvals); n != 0 {
		t.Errorf("%d approvals were recorded", n)
	}
	refused := 0
	for _, e := range w.events(c.ID) {
		if e.Kind == models.EventRefused {
			refused++
		}
	}
	if refused != 3 {
		t.Errorf("%d refused attempts are in the log, want 3", refused)
	}
}

// sign delivers an interaction by hand, whatever the mode.
func (w *house) sign(body []byte) {
	w.t.Helper()
	if status, answer := w.send(w.signed(handlers.PathInteractions, formType, time.Now(), body)); status != http.StatusOK || answer != "" {
		w.t.Fatalf("the click got %d %s", status, answer)
	}
}

func TestAnEditThatWouldUndoAnotherIsRefusedAndStaysAsTyped(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		c := w.raise()
		fine(t, w.As("ana").Click(w.card("ana", c.ID), "Edit…"))
		w.opened("ana", "change.form")
		_, err := w.store.UpdateChange(t.Context(), w.command("U0DEV"), c.ID, func(c *models.Change, f models.Facts) error {
			in := models.InputOf(c)
			in.Plan = "What the change manager wrote meanwhile."
			return c.Edit(in, f)
		})
		must(t, err)
		r := w.As("ana").Submit(slackfake.Fields{"plan": "What Ana typed."})
		if want := "CHG-1 was edited after this form was opened, so saving would undo that. Copy what you need, close the form and open Edit again."; r.Errors["type"] != want {
			t.Errorf("Ana sees %v %s", r.Errors, r.Error)
		}
		if v, open := w.As("ana").View(); !open || v.Values["plan"]["plan"]["value"] != "What Ana typed." {
			t.Error("what Ana typed is gone")
		}
		if got := w.change(c.ID).Plan; got != "What the change manager wrote meanwhile." {
			t.Errorf("the plan is %q", got)
		}
	})
}

func TestADraftWhoseFormWasClosedMeanwhileIsToldOf(t *testing.T) {
	w := build(t, plan{})
	v := w.filled()
	must(t, w.closes("ana"))
	w.sign(payload(map[string]any{"type": "block_actions", "trigger_id": unique(), "team": map[string]any{"id": workspace}, "user": map[string]any{"id": ana},
		"actions": []any{map[string]any{"type": "button", "action_id": "change.draft"}},
		"view": map[string]any{"id": v.ID, "type": "modal", "callback_id": v.CallbackID, "private_metadata": v.PrivateMetadata, "blocks": v.Blocks,
			"state": map[string]any{"values": v.Values}}}))
	w.told("ana", "CHG-1", "saved as a draft")
}

func (w *house) closes(name string) error {
	if r := w.As(name).CloseAll(); !r.OK {
		return fmt.Errorf("close: %s", r.Error)
	}
	return nil
}

// TestWhatAnotherVersionMadeIsAnsweredInWords: an old card after an update, or
// two versions side by side.
func TestWhatAnotherVersionMadeIsAnsweredInWords(t *testing.T) {
	w := build(t, plan{})
	c := w.raise()
	who := map[string]any{"id": ben}
	team := map[string]any{"id": workspace}
	click := func(action, value string) map[string]any {
		return map[string]any{"type": "block_actions", "trigger_id": "t" + action + value, "team": team, "user": who, "actions": []any{map[string]any{"type": "button", "action_id": action, "value": value}}}
	}
	w.sign(payload(click("change.next_year", value(c))))
	w.until("Ben is told of the button", func() bool {
		return lines(w, "ben", "This button belongs to another version of Gatehouse, so nothing was done.") == 1
	})
	w.sign(payload(map[string]any{"type": "shortcut", "trigger_id": "t2", "team": team, "user": who, "callback_id": "next.year"}))
	w.until("Ben is told of the shortcut", func() bool { return lines(w, "ben", "This shortcut belongs to another version") == 1 })
	form := w.sendForm(payload(map[string]any{"type": "view_submission", "team": team, "user": who,
		"view": map[string]any{"id": "V1", "type": "modal", "callback_id": "next.year", "blocks": []any{map[string]any{"type": "section"}, map[string]any{"type": "input", "block_id": "words"}}}}))
	if want := "This form belongs to another version of Gatehouse, so nothing was saved. Copy what you need and open the form again with /change."; form["words"] != want {
		t.Errorf("beside the form: %v", form)
	}
	if _, body := w.send(w.signed(handlers.PathCommands, formType, time.Now(), slash("/chg new", "t3", ""))); !holds(body, "other commands than this one", "Use /change", "ephemeral") {
		t.Errorf("another command is answered %s", body)
	}
	for i, broken := range []string{"", "x", "1", ":", "-1:", "0:", "9999999999999999999999:", "1:XYZ", value(c) + ":1:2"} {
		for _, action := range []string{"change.approve", "change.details", "change.open", "change.history", "history.older", "change.reject"} {
			w.sign(payload(click(action, broken)))
		}
		w.until("Ben is told", func() bool { return len(w.DM("ben")) == 2+6*(i+1) })
	}
	w.h.Close(soon(t))
	if n := len(w.change(c.ID).Approvals); n != 0 {
		t.Errorf("%d approvals", n)
	}
}

func TestHelpExplainsOneWord(t *testing.T) {
	w := build(t, plan{})
	fine(t, w.As("ben").Slash("general", "/change help history"))
	if got := w.last("ben"); !strings.Contains(got, "/change history 4") || strings.Contains(got, "/change mine") {
		t.Error(got)
	}
}

// The answer to a form can be lost on its way, and the form sent again to
// another replica. It is the same form: what has come about since is no reason
// to refuse it, nor to act once more.
func TestAFormWhoseAnswerWasLostIsTheSameForm(t *testing.T) {
	p := plan{engine: store.Postgres}
	p.url = storetest.URL(t, p.engine)
	w := build(t, p)
	form := w.submission(ana, w.filled(), nil)
	if errs := w.sendForm(form); len(errs) != 0 {
		t.Fatal(errs)
	}
	_, err := w.store.UpdateChange(t.Context(), store.Command{Workspace: workspace, Actor: chi}, 1, func(c *models.Change, f models.Facts) error {
		return c.AskForChanges("Who watches the replica?", c.Revision, f)
	})
	must(t, err)
	before := w.change(1)
	_, err = w.store.UpdateService(t.Context(), store.Command{Workspace: workspace, Actor: "U0DEV"}, before.Services[0], func(s models.Service, f models.Facts) (models.ServiceEdit, error) {
		return s.Retire(s.Version, f)
	})
	must(t, err)
	if errs := build(t, p).sendForm(form); len(errs) != 0 {
		t.Errorf("sent again: %v", errs)
	}
	if diff := cmp.Diff(before, w.change(1), cmpopts.IgnoreUnexported(models.Progress{})); diff != "" || w.count() != 1 {
		t.Errorf("sent again, it acted again (%d changes):\n%s", w.count(), diff)
	}
}
