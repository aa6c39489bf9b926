package slackapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
)

func modal() slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: "test.form",
		Title:  slack.NewTextBlockObject(slack.PlainTextType, "Title", false, false),
		Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewDividerBlock()}},
	}
}

// recorder answers by path with fixed bodies and keeps the forms it was sent.
type recorder struct {
	answers map[string]string
	paths   []string
	forms   []url.Values
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	req.ParseForm()
	r.paths = append(r.paths, req.URL.Path)
	r.forms = append(r.forms, req.Form)
	body, ok := r.answers[req.URL.Path]
	if !ok {
		body = `{"ok":true,"channel":"C1","ts":"1700000000.000100"}`
	}
	io.WriteString(w, body)
}

func TestAPostIsPlainAndCarriesItsDelivery(t *testing.T) {
	r := &recorder{}
	c, _, _ := client(t, r.ServeHTTP)
	got, err := c.Post(context.Background(), slackapi.Message{
		Channel: "C1", ThreadTS: "1.5", Text: "CHG-4 &lt;x&gt;", Blocks: []slack.Block{slack.NewDividerBlock()},
		Metadata: slackapi.Metadata{DeliveryID: "d-7", Record: "CHG-4"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := (slackapi.Sent{Channel: "C1", TS: "1700000000.000100"}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	want := url.Values{
		"token": {botToken}, "channel": {"C1"}, "thread_ts": {"1.5"}, "text": {"CHG-4 &lt;x&gt;"},
		"blocks": {`[{"type":"divider"}]`}, "unfurl_links": {"false"}, "unfurl_media": {"false"},
		"metadata": {`{"event_type":"gatehouse_delivery","event_payload":{"delivery_id":"d-7","record":"CHG-4"}}`},
	}
	if d := cmp.Diff(want, r.forms[0]); d != "" {
		t.Error(d)
	}
}

func TestAnUpdateWithoutBlocksTakesTheOldOnesAway(t *testing.T) {
	r := &recorder{}
	c, _, _ := client(t, r.ServeHTTP)
	if err := c.Update(context.Background(), slackapi.Sent{Channel: "C1", TS: "1.2"}, slackapi.Message{Text: "closed"}); err != nil {
		t.Fatal(err)
	}
	if f := r.forms[0]; f.Get("blocks") != "[]" || f.Get("ts") != "1.2" || f.Has("unfurl_links") || r.paths[0] != "/api/chat.update" {
		t.Errorf("sent %v to %v", f, r.paths)
	}
}

func TestAMessageWithoutTextOrPlaceIsNeverSent(t *testing.T) {
	c, base, _ := client(t, func(http.ResponseWriter, *http.Request) { t.Error("Slack was called") })
	ctx, there := context.Background(), slackapi.Sent{Channel: "C1", TS: "1.2"}
	_, noText := c.Post(ctx, slackapi.Message{Channel: "C1", Blocks: []slack.Block{slack.NewDividerBlock()}})
	_, noPlace := c.Post(ctx, slackapi.Message{Text: "x"})
	for name, err := range map[string]error{
		"post": noText, "no place": noPlace, "update": c.Update(ctx, there, slackapi.Message{}),
		"no ts":     c.Update(ctx, slackapi.Sent{Channel: "C1"}, slackapi.Message{Text: "x"}),
		"ephemeral": c.PostEphemeral(ctx, "U1", slackapi.Message{Channel: "C1"}), "reply": c.Respond(ctx, base, slackapi.Reply{}),
	} {
		e, _ := errors.AsType[*slackapi.Error](err)
		if e == nil || e.Kind != slackapi.Never || e.Trouble != slackapi.BadContent {
			t.Errorf("%s: got %v, want Never", name, err)
		}
	}
}

func TestRepliesAreSmallAndExplicit(t *testing.T) {
	var got []string
	c, base, _ := client(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "" || !json.Valid(b) {
			t.Errorf("headers %v, body %s", r.Header, b)
		}
		got = append(got, string(b))
		io.WriteString(w, "ok")
	})
	for _, r := range []slackapi.Reply{
		{Text: "done"},
		{Text: "all", InChannel: true, Blocks: []slack.Block{slack.NewDividerBlock()}},
		{Text: "new", Replace: true},
		{Delete: true, Text: "dropped"},
	} {
		if err := c.Respond(context.Background(), base+"/actions/T1/1/x", r); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		`{"response_type":"ephemeral","text":"done","replace_original":false,"unfurl_links":false,"unfurl_media":false}`,
		`{"response_type":"in_channel","text":"all","blocks":[{"type":"divider"}],"replace_original":false,"unfurl_links":false,"unfurl_media":false}`,
		`{"response_type":"ephemeral","text":"new","replace_original":true,"unfurl_links":false,"unfurl_media":false}`,
		`{"delete_original":true}`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestASpentReplyURLSaysSo(t *testing.T) {
	for body, want := range map[string]slackapi.Trouble{
		"used_url": slackapi.TooLate, `{"ok":false,"error":"expired_url"}`: slackapi.TooLate, "no_text": slackapi.BadContent,
	} {
		c, base, _ := client(t, says(404, body))
		err := c.Respond(context.Background(), base+"/x", slackapi.Reply{Text: "x"})
		if e, _ := errors.AsType[*slackapi.Error](err); e == nil || e.Trouble != want {
			t.Errorf("%s: got %v, want %s", body, err, want)
		}
	}
}

func TestAReplyURLOutsideSlackIsNeverCalled(t *testing.T) {
	called := faulty(func(r *http.Request) (*http.Response, error) {
		t.Errorf("called %s", r.URL)
		return nil, io.EOF
	})
	c, err := slackapi.New(slackapi.Config{BotToken: botToken, HTTPClient: &http.Client{Transport: called}})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []string{
		"", "://", "http://hooks.slack.com/x", "https://hooks.slack.com.evil.example/x", "https://evil.example/hooks.slack.com",
		"https://hooks.slack.com@evil.example/x", "https://hooks.slack.com:8443/x", "https://169.254.169.254/latest",
		"file:///etc/passwd", "https://slack.com/x", "http://127.0.0.1:1/",
	} {
		err := c.Respond(context.Background(), u, slackapi.Reply{Text: "x"})
		if e, _ := errors.AsType[*slackapi.Error](err); e == nil || e.Trouble != slackapi.TooLate {
			t.Errorf("%s: got %v, want a refusal", u, err)
		}
	}
}

// page is one answer of history: the named deliveries by us, and foreign
// messages that a strict reader would choke on.
func page(next string, deliveries ...string) string {
	var ms []any
	for i, d := range deliveries {
		ms = append(ms, map[string]any{"ts": fmt.Sprintf("17%08d.000100", i), "user": "UBOT",
			"metadata": map[string]any{"event_type": "gatehouse_delivery", "event_payload": map[string]any{"delivery_id": d}}})
	}
	ms = append(ms, json.RawMessage(`{"ts":"1.9","user":"UX","blocks":[{"type":"actions","elements":[{"type":"from_the_future"}]}]}`))
	b, _ := json.Marshal(map[string]any{"ok": true, "messages": ms, "response_metadata": map[string]any{"next_cursor": next}})
	return string(b)
}

func TestADeliveryIsFoundByItsMetadata(t *testing.T) {
	var forms []url.Values
	c, _, _ := client(t, func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		forms = append(forms, r.Form)
		if r.Form.Get("cursor") == "" {
			io.WriteString(w, page("more", "d-1", "d-2"))
			return
		}
		io.WriteString(w, page("", "d-3"))
	})
	since := time.Unix(1700000000, 0)
	got, found, err := c.FindByMetadata(context.Background(), "C1", "", "d-3", since)
	if want := (slackapi.Sent{Channel: "C1", TS: "1700000000.000100"}); err != nil || !found || got != want {
		t.Errorf("got %v %v %v, want %v", got, found, err, want)
	}
	if len(forms) != 2 || forms[0].Get("oldest") != "1699999700.000000" || forms[0].Get("include_all_metadata") != "1" || forms[1].Get("cursor") != "more" {
		t.Errorf("asked %v", forms)
	}
	if _, found, err := c.FindByMetadata(context.Background(), "C1", "1.5", "d-9", since); found || err != nil {
		t.Errorf("found a delivery that is not there: %v", err)
	}
	if f := forms[len(forms)-1]; f.Get("ts") != "1.5" {
		t.Errorf("asked %v, want the thread", f)
	}
}

func TestACopyOfOurMetadataIsNotOurMessage(t *testing.T) {
	r := &recorder{answers: map[string]string{
		"/api/auth.test":             `{"ok":true,"user_id":"UOTHER","team_id":"T1"}`,
		"/api/conversations.history": page("", "d-1"),
	}}
	c, _, _ := client(t, r.ServeHTTP)
	if _, err := c.AuthTest(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, found, err := c.FindByMetadata(context.Background(), "C1", "", "d-1", time.Now()); found || err != nil {
		t.Errorf("found %v, error %v; want another app's message left alone", found, err)
	}
}

func TestALookUpThatCannotFinishIsNotANo(t *testing.T) {
	c, _, _ := client(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, page("more", "d-1")) },
		func(c *slackapi.Config) { c.Background = 10 * time.Second })
	_, found, err := c.FindByMetadata(context.Background(), "C1", "", "d-2", time.Now())
	e, _ := errors.AsType[*slackapi.Error](err)
	if found || e == nil || e.Trouble != slackapi.Unsearchable {
		t.Errorf("got %v %v, want Unsearchable after a bounded number of pages", found, err)
	}
}

func TestAuthTestTellsScopesAndTheClock(t *testing.T) {
	c, _, _ := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-OAuth-Scopes", "chat:write, commands,im:write")
		w.Header().Set("Date", time.Now().Add(-90*time.Second).UTC().Format(http.TimeFormat))
		io.WriteString(w, `{"ok":true,"url":"https://acme.example/","team":"Acme","team_id":"T1","user_id":"UBOT","bot_id":"B1"}`)
	})
	got, err := c.AuthTest(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got.Ahead < 88*time.Second || got.Ahead > 92*time.Second {
		t.Errorf("clock is ahead by %v, want about 90s", got.Ahead)
	}
	got.Ahead = 0
	want := slackapi.Identity{TeamID: "T1", Team: "Acme", URL: "https://acme.example/", BotUser: "UBOT", BotID: "B1",
		Scopes: []string{"chat:write", "commands", "im:write"}, HasDate: true}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestADirectMessageIsOpenedOnce(t *testing.T) {
	r := &recorder{answers: map[string]string{"/api/conversations.open": `{"ok":true,"channel":{"id":"D7"}}`}}
	c, _, _ := client(t, r.ServeHTTP)
	for range 3 {
		if ch, err := c.OpenDM(context.Background(), "U1"); ch != "D7" || err != nil {
			t.Errorf("got %q, %v", ch, err)
		}
	}
	if len(r.paths) != 1 {
		t.Errorf("%d calls, want 1", len(r.paths))
	}
}

func TestPeopleAreToldAsSlackKnowsThem(t *testing.T) {
	r := &recorder{answers: map[string]string{
		"/api/users.info": `{"ok":true,"user":{"id":"U1","team_id":"T1","name":"ana","real_name":"Ana Lima","tz":"America/Sao_Paulo",
			"is_restricted":true,"is_stranger":true,"deleted":true,"profile":{"display_name":"Ana","title":"SRE"}}}`,
		"/api/usergroups.list":       `{"ok":true,"usergroups":[{"id":"S1","handle":"cab","name":"CAB"},{"id":"S2","handle":"old","name":"Old","date_delete":17}]}`,
		"/api/usergroups.users.list": `{"ok":true,"users":["U1","U2"]}`,
		"/api/conversations.info":    `{"ok":true,"channel":{"id":"C1","name":"changes","is_member":true,"is_archived":true}}`,
		"/api/chat.getPermalink":     `{"ok":true,"permalink":"https://acme.example/archives/C1/p1"}`,
		"/api/apps.connections.open": `{"ok":true,"url":"wss://acme.example/?ticket=1"}`,
	}}
	c, _, _ := client(t, r.ServeHTTP)
	ctx := context.Background()
	u, err1 := c.User(ctx, "U1")
	gs, err2 := c.Groups(ctx)
	ms, err3 := c.GroupMembers(ctx, "S1")
	ch, err4 := c.Channel(ctx, "C1")
	link, err5 := c.Permalink(ctx, slackapi.Sent{Channel: "C1", TS: "1.2"})
	sock, err6 := c.OpenSocketURL(ctx)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		t.Fatal(err)
	}
	got := []any{u, gs, ms, ch, link, sock}
	want := []any{
		slackapi.User{ID: "U1", TeamID: "T1", Name: "Ana", RealName: "Ana Lima", Title: "SRE", Zone: "America/Sao_Paulo", Restricted: true, Stranger: true, Deleted: true},
		[]slackapi.Group{{ID: "S1", Handle: "cab", Name: "CAB"}, {ID: "S2", Handle: "old", Name: "Old", Disabled: true}},
		[]string{"U1", "U2"},
		slackapi.Channel{ID: "C1", Name: "changes", Member: true, Archived: true},
		"https://acme.example/archives/C1/p1", "wss://acme.example/?ticket=1",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestBadConfigurationIsRefused(t *testing.T) {
	for name, c := range map[string]slackapi.Config{
		"no token": {}, "no scheme": {BotToken: "x", BaseURL: "slack.local/api"}, "no host": {BotToken: "x", BaseURL: "http://"},
	} {
		if _, err := slackapi.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
