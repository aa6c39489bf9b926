package handlers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/handlers"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

func init() { verbs[handlers.CommandGatehouse]["token"] = "" }

// pipeline calls the API.
type pipeline struct {
	w     *house
	url   string
	token string
}

func (w *house) pipeline(token string) *pipeline {
	server := httptest.NewServer(w.h.HTTP())
	w.t.Cleanup(server.Close)
	return &pipeline{w, server.URL + "/api/v1/evidence", token}
}

// answer is what came back.
type answer struct {
	status   int
	header   http.Header
	Error    string
	Release  string
	Item     int
	ID       string
	Status   string
	Version  int
	Repeated bool
	Message  string
}

func (p *pipeline) call(body string, header ...string) answer {
	p.w.t.Helper()
	return p.method(http.MethodPost, body, header...)
}

func (p *pipeline) method(method, body string, header ...string) answer {
	p.w.t.Helper()
	r, err := http.NewRequestWithContext(p.w.t.Context(), method, p.url, strings.NewReader(body))
	must(p.w.t, err)
	if r.Header.Set("Content-Type", "application/json"); p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	must(p.w.t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	must(p.w.t, err)
	out := answer{status: res.StatusCode, header: res.Header}
	if err := json.Unmarshal(raw, &out); err != nil || res.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		p.w.t.Errorf("%d is no JSON: %s", res.StatusCode, raw)
	}
	return out
}

// secretOf makes a token as the admin does, in Slack.
func (w *house) secretOf(name string) string {
	w.t.Helper()
	fine(w.t, w.As("dev").Slash("general", "/gatehouse token new "+name))
	m := w.told("dev", "The token", name, "Save its secret now")
	_, rest, _ := strings.Cut(m.Text, "`")
	secret, _, _ := strings.Cut(rest, "`")
	if !strings.HasPrefix(secret, "gatehouse-") || len(secret) != 74 {
		w.t.Fatalf("the secret is %q", secret)
	}
	return secret
}

// release is planned, with the built-in checklist.
func (w *house) expansion() *models.Release {
	w.t.Helper()
	res, err := w.store.CreateRelease(w.t.Context(), store.Command{Workspace: workspace, Actor: ana}, func(r *models.Release, f models.ReleaseFacts) error {
		return r.Plan(models.ReleaseInput{Name: "Market expansion", Services: []models.Slug{"tracking"}, ProjectLead: ana, OpsLead: chi,
			GoLive: f.Now.AddDate(0, 0, 50), Channel: "C0GENERAL"}, f)
	})
	must(w.t, err)
	return res.Release
}

func TestAPipelineSubmitsEvidenceAndVerifiesNothing(t *testing.T) {
	w := build(t, plan{})
	rel := w.expansion()
	p := w.pipeline(w.secretOf("ci-shop"))

	a := p.call(fmt.Sprintf(`{"release": "rel %d", "item": "ts-1", "link": "https://ci.example/runs/7", "note": "412 of 412 passed", "open_issues": 0}`, rel.ID))
	if a.status != http.StatusOK || a.ID != "TS1" || a.Version != 1 || a.Status != "evidence submitted" || !strings.Contains(a.Message, "operations verify it") {
		t.Fatalf("%+v", a)
	}
	i := w.item(rel.ID, "TS1")
	if e := i.Standing(); i.Status != models.ItemSubmitted || e == nil || e.Via != "ci-shop" || e.By != "U0DEV" || e.Ref != "https://ci.example/runs/7" {
		t.Errorf("%+v", i)
	}
	if a = p.call(fmt.Sprintf(`{"release": "REL-%d", "item": %d, "note": "One scan failed.", "open_issues": 1}`, rel.ID, i.No)); a.status != http.StatusOK || a.Version != 2 {
		t.Errorf("%+v", a)
	}
	if i = w.item(rel.ID, "TS1"); i.OpenIssues != 1 || i.Status != models.ItemSubmitted {
		t.Errorf("%+v", i)
	}
	// Whoever made the token has submitted it, and so can't verify it.
	_, err := w.store.UpdateRelease(t.Context(), store.Command{Workspace: workspace, Actor: "U0DEV"}, rel.ID, func(r *models.Release, f models.ReleaseFacts) error {
		return r.Verify(i.No, 2, f)
	})
	if _, refused := models.AsRefusal(err); !refused {
		t.Errorf("verified by whoever made the token: %v", err)
	}
	events, err := w.store.History(t.Context(), workspace, rel.Ref(), 10, 0)
	must(t, err)
	if e := events[1]; e.Kind != models.EventItemSubmitted || e.Via != "ci-shop" || e.Actor != "U0DEV" {
		t.Errorf("the audit log says %+v", e)
	}
}

func TestTheSameCallTwiceIsOneVersion(t *testing.T) {
	w := build(t, plan{})
	rel := w.expansion()
	p := w.pipeline(w.secretOf("ci-shop"))
	body := fmt.Sprintf(`{"release": "REL-%d", "item": "QG3", "link": "https://ci.example/runs/7"}`, rel.ID)
	var wg sync.WaitGroup
	answers := make([]answer, 8)
	for n := range answers {
		wg.Go(func() { answers[n] = p.call(body, "Idempotency-Key", "build-7") })
	}
	wg.Wait()
	first := 0
	for _, a := range answers {
		if a.status != http.StatusOK || a.Version != 1 {
			t.Errorf("%+v", a)
		}
		if !a.Repeated {
			first++
		}
	}
	if i := w.item(rel.ID, "QG3"); len(i.Evidence) != 1 || first != 1 {
		t.Errorf("%d versions, %d first answers, want 1 and 1", len(i.Evidence), first)
	}
	other := fmt.Sprintf(`{"release": "REL-%d", "item": "QG3", "link": "https://ci.example/runs/8"}`, rel.ID)
	if a := p.call(other, "Idempotency-Key", "build-7"); a.status != http.StatusConflict || !strings.Contains(a.Error, "Use a new key") {
		t.Errorf("another call under the same key: %+v", a)
	}
	if a := p.call(other, "Idempotency-Key", "build-8"); a.status != http.StatusOK || a.Version != 2 {
		t.Errorf("%+v", a)
	}
}

func TestEveryCallThatIsRefusedSaysWhyInASentence(t *testing.T) {
	w := build(t, plan{})
	rel := w.expansion()
	secret := w.secretOf("ci-shop")
	p := w.pipeline(secret)
	with := func(edit string) string {
		return fmt.Sprintf(`{"release": "REL-%d", %s}`, rel.ID, edit)
	}
	for _, test := range []struct {
		name, body string
		header     []string
		status     int
		says       string
	}{
		{"no token", with(`"item": 1, "note": "Done."`), []string{"Authorization", ""}, 401, "A token is needed"},
		{"not a bearer", with(`"item": 1, "note": "Done."`), []string{"Authorization", "Basic " + secret}, 401, "A token is needed"},
		{"unknown token", with(`"item": 1, "note": "Done."`), []string{"Authorization", "Bearer " + secret + "x"}, 401, "not known here"},
		{"a half token", with(`"item": 1, "note": "Done."`), []string{"Authorization", "Bearer " + secret[:20]}, 401, "not known here"},
		{"a form", "release=REL-1", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "must be JSON"},
		{"no JSON", "{", nil, 400, "can't be read as JSON"},
		{"not an object", `[1]`, nil, 400, "can't be understood"},
		{"unknown field", with(`"item": 1, "evidence": "x"`), nil, 400, "It takes release, item, link, note and open_issues"},
		{"no release", `{"item": 1, "note": "Done."}`, nil, 400, "names no release"},
		{"release of no number", `{"release": "the next", "item": 1, "note": "Done."}`, nil, 400, `"the next" names no release`},
		{"no such release", `{"release": "REL-99", "item": 1, "note": "Done."}`, nil, 404, "There is no REL-99"},
		{"no item", with(`"note": "Done."`), nil, 400, "names no item"},
		{"no such item", with(`"item": "ZZ9", "note": "Done."`), nil, 404, `no item "ZZ9"`},
		{"item of another kind", with(`"item": [1], "note": "Done."`), nil, 400, "names no item"},
		{"nothing shown", with(`"item": "QG3"`), nil, 422, "Evidence is needed"},
		{"no link", with(`"item": "QG3", "link": "javascript:alert(1)"`), nil, 422, "This is no link"},
		{"issues where nothing is tested", with(`"item": "QG3", "note": "Done.", "open_issues": 2`), nil, 422, "reports no tests"},
		{"fewer than no issues", with(`"item": "TS1", "note": "Done.", "open_issues": -1`), nil, 422, "0 or more"},
		{"early life too early", with(`"item": "EL2", "note": "Done."`), nil, 422, "is not live yet"},
		{"a bad key", with(`"item": "QG3", "note": "Done."`), []string{"Idempotency-Key", "two words"}, 400, "Idempotency-Key must be"},
		{"too long a note", with(`"item": "QG3", "note": "` + strings.Repeat("x", 1001) + `"`), nil, 422, "1,000 letters"},
		{"too large", with(`"item": "QG3", "note": "` + strings.Repeat("x", 70_000) + `"`), nil, 413, "larger than 64 kB"},
	} {
		a := p.call(test.body, test.header...)
		if a.status != test.status || !strings.Contains(a.Error, test.says) || !strings.HasSuffix(a.Error, ".") {
			t.Errorf("%s: %d %q, want %d %q", test.name, a.status, a.Error, test.status, test.says)
		}
	}
	if a := p.method(http.MethodGet, ""); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "POST" || !strings.Contains(a.Error, "POST only") {
		t.Errorf("GET: %+v", a)
	}
	elsewhere := *p
	elsewhere.url = strings.TrimSuffix(p.url, "evidence") + "verify"
	if a := elsewhere.call("{}"); a.status != http.StatusNotFound || !strings.Contains(a.Error, "nothing at /api/v1/verify") {
		t.Errorf("elsewhere: %+v", a)
	}
	for _, i := range w.items(rel.ID) {
		if len(i.Evidence) > 0 {
			t.Errorf("item %s got evidence by a call that was refused", i.Label())
		}
	}
}

func (w *house) items(id models.ReleaseID) []models.Item {
	w.t.Helper()
	r, err := w.store.Release(w.t.Context(), workspace, id)
	must(w.t, err)
	return r.Items
}

func TestATokenOpensNothingOnceItIsRevokedExpiredOrItsMakerHasLeft(t *testing.T) {
	w := build(t, plan{})
	rel := w.expansion()
	body := fmt.Sprintf(`{"release": "REL-%d", "item": "QG3", "note": "Done."}`, rel.ID)
	p := w.pipeline(w.secretOf("ci-shop"))
	if a := p.call(body); a.status != http.StatusOK {
		t.Fatalf("%+v", a)
	}
	fine(t, w.As("dev").Slash("general", "/gatehouse token"))
	w.told("dev", "ci-shop", "in force", "submit evidence", "last used")
	fine(t, w.As("dev").Slash("general", "/gatehouse token revoke ci-shop"))
	w.told("dev", "ci-shop", "opens nothing")
	if a := p.call(body); a.status != http.StatusForbidden || !strings.Contains(a.Error, "was revoked on") {
		t.Errorf("revoked: %+v", a)
	}
	fine(t, w.As("dev").Slash("general", "/gatehouse token revoke ci-shop"))
	w.told("dev", "was revoked before")

	short := w.pipeline(w.secretOf("ci-short"))
	must(t, w.store.Jump(t.Context(), 90*24*time.Hour+time.Minute))
	if a := short.call(body); a.status != http.StatusForbidden || !strings.Contains(a.Error, "expired on") {
		t.Errorf("expired: %+v", a)
	}

	w.fresh()
	left := w.pipeline(w.secretOf("ci-left"))
	must(t, w.store.SavePerson(t.Context(), workspace, models.Person{ID: "U0DEV", Name: "Dev", Deleted: true, CheckedAt: w.store.Now()}))
	if a := left.call(body); a.status != http.StatusForbidden || !strings.Contains(a.Error, "has left the workspace") {
		t.Errorf("left: %+v", a)
	}
}

// fresh has Slack confirm who everybody is.
func (w *house) fresh() {
	w.t.Helper()
	for _, u := range cast {
		must(w.t, w.store.SavePerson(w.t.Context(), workspace, models.Person{ID: models.UserID(u.ID), Name: u.RealName, Zone: u.TZ,
			Guest: u.IsRestricted || u.TeamID != "", CheckedAt: w.store.Now()}))
	}
}

func TestOnlyAdminsMakeTokensAndTheSecretIsKeptNowhere(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		for _, x := range []struct{ who, typed, says string }{
			{"ana", "new ci-shop", "Only admins of Gatehouse make a token"},
			{"ana", "revoke ci-shop", "no token"},
			{"dev", "new CI shop", "no number of days"},
			{"dev", "new Shop", "small letters, digits and dashes"},
			{"dev", "new", "small letters, digits and dashes"},
			{"dev", "new ci-shop 900d", "holds for 1 to 366 days"},
			{"dev", "new ci-shop soon", "no number of days"},
			{"dev", "verify", "nothing a token can do"},
		} {
			fine(t, w.As(x.who).Slash("general", "/gatehouse token "+x.typed))
			w.told(x.who, x.says)
		}
		secret := w.secretOf("ci-shop")
		fine(t, w.As("dev").Slash("general", "/gatehouse token new ci-shop"))
		w.told("dev", "was made before")
		list, err := w.store.Tokens(t.Context(), workspace)
		must(t, err)
		if len(list) != 1 || list[0].By != "U0DEV" || len(list[0].Hash) != 64 {
			t.Errorf("%+v", list)
		}
		if strings.Contains(w.log.String(), secret) {
			t.Error("the secret is in the log")
		}
	})
}

func TestTheSecretOfATokenStandsNowhereInTheDatabase(t *testing.T) {
	url := storetest.URL(t, store.SQLite)
	w := build(t, plan{url: url})
	secret := strings.TrimPrefix(w.secretOf("ci-shop"), "gatehouse-")
	found := false
	for _, path := range []string{url, url + "-wal"} {
		raw, err := os.ReadFile(path)
		must(t, err)
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%s holds the secret", filepath.Base(path))
		}
		found = found || bytes.Contains(raw, []byte("ci-shop"))
	}
	if !found {
		t.Error("the token itself is not there either, so nothing was looked at")
	}
}

func TestTooManyCallsAreAskedToWait(t *testing.T) {
	w := build(t, plan{})
	w.expansion()
	p := w.pipeline(w.secretOf("ci-shop"))
	var last answer
	for range 61 {
		last = p.call(`{"release": "REL-1", "item": "ZZ9", "note": "Done."}`)
	}
	if last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" || !strings.Contains(last.Error, "more than 60 times") {
		t.Errorf("%+v", last)
	}
	guesser := *p
	for n := range 21 {
		guesser.token = fmt.Sprint("gatehouse-", n)
		last = guesser.call(`{}`)
	}
	if last.status != http.StatusTooManyRequests || !strings.Contains(last.Error, "tokens that open nothing") {
		t.Errorf("%+v", last)
	}
}
