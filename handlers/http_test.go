package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/handlers"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

func TestSlackCanCheckTheCertificateAndTheURL(t *testing.T) {
	w := build(t, plan{})
	if status, err := w.ProbeSSL(t.Context(), "/change"); err != nil || status != http.StatusOK {
		t.Errorf("ssl_check got %d, %v", status, err)
	}
	if err := w.VerifyEventsURL(t.Context()); err != nil {
		t.Errorf("url_verification: %v", err)
	}
	challenge := []byte(`{"type":"url_verification","token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}`)
	status, body := w.send(w.signed(handlers.PathEvents, jsonType, time.Now(), challenge))
	if status != http.StatusOK || body != "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P" {
		t.Errorf("the challenge came back as %d %q", status, body)
	}
	unsigned, err := http.NewRequest(http.MethodPost, w.url+handlers.PathEvents, strings.NewReader(string(challenge)))
	must(t, err)
	if status, body := w.send(unsigned); status != http.StatusUnauthorized || strings.Contains(body, "3eZbrw") {
		t.Errorf("an unsigned challenge got %d %q", status, body)
	}
}

var slackPaths = []string{handlers.PathCommands, handlers.PathInteractions, handlers.PathOptions, handlers.PathEvents}

func TestLargeBodiesAreRefused(t *testing.T) {
	w := build(t, plan{})
	large := []byte("payload=" + strings.Repeat("x", 10<<20))
	for _, path := range slackPaths {
		status, body := w.send(w.signed(path, formType, time.Now(), large))
		if status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: 10 MB got status %d %q", path, status, body)
		}
	}
	if status, _ := w.send(w.signed(handlers.PathCommands, formType, time.Now(), slash("/change help", "t", ""))); status != http.StatusOK {
		t.Errorf("after large bodies a command got status %d", status)
	}
}

func TestOnlyPOSTReachesSlacksDoors(t *testing.T) {
	w := build(t, plan{})
	for _, path := range slackPaths {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
			r, err := http.NewRequest(method, w.url+path, nil)
			must(t, err)
			if status, _ := w.send(r); status != http.StatusMethodNotAllowed {
				t.Errorf("%s %s got status %d", method, path, status)
			}
		}
	}
	r, err := http.NewRequest(http.MethodPost, w.url+"/slack/other", nil)
	must(t, err)
	if status, _ := w.send(r); status != http.StatusNotFound {
		t.Errorf("an unknown path got status %d", status)
	}
}

// oddities are signed bodies that mean nothing to Gatehouse. Each must be
// acknowledged, because sending it again would not mend it.
func oddities() map[string][]string {
	unknownElement := `{"type":"block_actions","team":{"id":"T0TEST"},"user":{"id":"U0BEN"},
		"actions":[{"type":"hologram","action_id":"unknown.element","block_id":"b","value":"x"}],
		"message":{"ts":"1.1","text":"x","blocks":[{"type":"actions","elements":[{"type":"hologram","depth":3}]},{"type":"input","element":{"type":"mind_reader"}},{"type":"context","elements":[{"type":"scent"}]}]}}`
	garbage := []string{"", " ", "null", "[]", "{}", "1", `"x"`, "{", "\x00\xff", strings.Repeat("[", 100_000), `{"type":`, `{"type":5}`,
		`{"type":"unheard_of","team":{"id":"T0TEST"},"user":{"id":"U0BEN"}}`, `{"type":"view_closed","team":{"id":"T0TEST"},"user":{"id":"U0BEN"},"view":{"id":"V1"}}`,
		`{"type":"interactive_message","team":{"id":"T0TEST"}}`, `{"type":"block_actions","team":{"id":"T0TEST"},"user":{"id":"U0BEN"},"actions":[]}`,
		`{"type":"block_actions","team":null,"user":null,"actions":null,"view":null}`, unknownElement}
	var interactions []string
	for _, g := range garbage {
		interactions = append(interactions, url.Values{"payload": {g}}.Encode())
	}
	interactions = append(interactions, "payload=%zz", "no=payload", "payload", "&&&", "\x00")
	return map[string][]string{
		handlers.PathInteractions: interactions,
		handlers.PathOptions:      interactions,
		handlers.PathCommands:     {"", "command=/change", "team_id=T0TEST&user_id=U0BEN", "%zz=1", "\xff\xfe", "command=&user_id=&team_id="},
		handlers.PathEvents: append(garbage, `{"type":"event_callback","team_id":"T0TEST","event_id":"Ev1","event":{"type":"unheard_of"}}`,
			`{"type":"event_callback","team_id":"T0TEST","event_id":"Ev2","event":"text"}`, `{"type":"event_callback","team_id":"T0TEST","event_id":"Ev3"}`,
			`{"type":"event_callback","team_id":"T0TEST","event_id":"Ev4","event":{"type":"message","user":{"id":5}}}`,
			`{"type":"app_rate_limited","team_id":"T0TEST","minute_rate_limited":1518467820}`),
	}
}

func TestWhatMeansNothingIsAcknowledged(t *testing.T) {
	w := build(t, plan{})
	w.raise()
	for path, bodies := range oddities() {
		for _, body := range bodies {
			if status, answer := w.send(w.signed(path, formType, time.Now(), []byte(body))); status != http.StatusOK {
				t.Errorf("%s %.60q got %d %.80q", path, body, status, answer)
			}
		}
	}
	if n := len(w.events(1)); n != 2 && w.change(1).State != models.AwaitingApproval {
		t.Errorf("something happened to CHG-1: %d events", n)
	}
	if n := w.count(); n != 1 {
		t.Errorf("%d changes, want 1", n)
	}
	if strings.Contains(w.log.String(), "panic") {
		t.Errorf("something panicked:\n%s", w.log)
	}
}

func TestAMessageWithUnknownElementsCanStillBeRaisedFrom(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		fine(t, w.As("chi").Home()) // from then on Gatehouse knows her
		w.knows("U0CHI", func(p models.Person) bool { return p.Name == "chi" })
		ts := w.As("ben").Say("general", "Payments are slow since 9:00, @chi").TS
		m, _ := w.Message("C0GENERAL", ts)
		fine(t, w.As("ana").MessageShortcut("change.shortcut.message", m))
		form := w.opened("ana", "change.form")
		background := form.Values["background"]["background"]["value"]
		if text := fmt.Sprint(background); !holds(text, "Payments are slow since 9:00, @chi\n", "https://test.slack.com/archives/C0GENERAL/p") {
			t.Errorf("carried over: %q", text)
		}
	})
	// The same as it comes with a message of somebody else's app.
	w := build(t, plan{})
	body := payload(map[string]any{"type": "message_action", "callback_id": "change.shortcut.message", "trigger_id": unique(), "team": map[string]any{"id": workspace, "domain": "test"},
		"user": map[string]any{"id": ana}, "channel": map[string]any{"id": "C0GENERAL"}, "message": map[string]any{"ts": "1.2", "text": "x",
			"blocks": []any{map[string]any{"type": "actions", "elements": []any{map[string]any{"type": "hologram"}}}}}})
	w.send(w.signed(handlers.PathInteractions, formType, time.Now(), body))
	w.until("the form was tried", func() bool { return len(w.DM("ana")) == 1 }) // its trigger is made up, so the person is told
}

func TestRequestsOfAnotherWorkspaceChangeNothing(t *testing.T) {
	w := build(t, plan{})
	c := w.raise()
	elsewhere := func(body []byte) []byte {
		return []byte(strings.ReplaceAll(strings.ReplaceAll(string(body), string(workspace), "T0ELSE"), url.QueryEscape(`"`+string(workspace)+`"`), url.QueryEscape(`"T0ELSE"`)))
	}
	status, body := w.send(w.signed(handlers.PathCommands, formType, time.Now(), elsewhere(slash("/change "+c.ID.String(), "t1", ""))))
	if status != http.StatusOK || !holds(body, "another workspace", "ephemeral") || strings.Contains(body, c.Title) {
		t.Errorf("a command from elsewhere got %d %s", status, body)
	}
	if status, _ := w.send(w.signed(handlers.PathInteractions, formType, time.Now(), elsewhere(w.approval(c, ben, "t2")))); status != http.StatusOK {
		t.Errorf("a click from elsewhere got %d", status)
	}
	options := payload(map[string]any{"type": "block_suggestion", "action_id": "change.services", "value": "", "team": map[string]any{"id": "T0ELSE"}, "user": map[string]any{"id": ben}})
	if status, body := w.send(w.signed(handlers.PathOptions, formType, time.Now(), options)); status != http.StatusOK || strings.Contains(body, "tracking") {
		t.Errorf("a search from elsewhere got %d %s", status, body)
	}
	event := `{"type":"event_callback","team_id":"T0ELSE","event_id":"EvElse","event":{"type":"app_home_opened","user":"U0BEN","tab":"home"}}`
	if status, _ := w.send(w.signed(handlers.PathEvents, jsonType, time.Now(), []byte(event))); status != http.StatusOK {
		t.Errorf("an event from elsewhere got %d: Slack would send it again and again", status)
	}
	w.h.Close(soon(t)) // everything that was begun is over
	if n := len(w.change(c.ID).Approvals); n != 0 {
		t.Errorf("%d approvals came from another workspace", n)
	}
	if _, open := w.As("ben").HomeView(); open {
		t.Error("a Home was published for another workspace")
	}
}

func TestNumbersOfAnotherWorkspaceStayThere(t *testing.T) {
	w := build(t, plan{})
	ctx := t.Context()
	other := models.WorkspaceID("T0OTHER")
	must(t, w.store.EnsureWorkspace(ctx, other, "Other", "U0OTHERBOT"))
	for range 3 {
		_, err := w.store.CreateChange(ctx, store.Command{Workspace: other, Actor: "U0THEM"}, func(c *models.Change, f models.Facts) error {
			return c.SaveDraft(models.Input{Title: "A secret of theirs"}, f)
		})
		must(t, err)
	}
	for _, typed := range []string{"/change 2", "/change CHG-3", "/change history 2"} {
		fine(t, w.As("ana").Slash("general", typed))
	}
	w.told("ana", "no such change")
	w.sees("ana", "no such change")
	for _, m := range w.Ephemerals("ana") {
		if strings.Contains(m.Plain()+m.Text, "secret") {
			t.Errorf("another workspace's change was shown: %s", m.Plain())
		}
	}
}

func TestProbesAnswer(t *testing.T) {
	w := build(t, plan{})
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		r, err := http.NewRequest(http.MethodGet, w.url+path, nil)
		must(t, err)
		if status, body := w.send(r); status != http.StatusOK || body != want {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
}
