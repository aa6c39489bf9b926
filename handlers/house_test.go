package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gatehousehq/gatehouse/bot"
	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/handlers"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

const (
	workspace = models.WorkspaceID("T0TEST")
	secret    = "0123456789abcdef0123456789abcdef"
	ana       = models.UserID("U0ANA") // raises
	ben       = models.UserID("U0BEN") // peer
	chi       = models.UserID("U0CHI") // owns the services
)

// cast are the people of the workspace.
var cast = []slackfake.User{
	{ID: "U0ANA", Name: "ana", RealName: "Ana", TZ: "Europe/Berlin"},
	{ID: "U0BEN", Name: "ben", RealName: "Ben", TZ: "Europe/Berlin"},
	{ID: "U0CHI", Name: "chi", RealName: "Chi", TZ: "America/New_York", IsAdmin: true},
	{ID: "U0DEV", Name: "dev", RealName: "Dev", TZ: "Asia/Kolkata"},
	{ID: "U0KAI", Name: "kai", RealName: "Kai", TZ: "Europe/Berlin", IsRestricted: true},
	{ID: "U0OUT", Name: "out", RealName: "Out", TZ: "Europe/Berlin", TeamID: "T0OTHER"},
}

const catalog = `
teams:
  - {id: web, name: Web, members: [U0ANA, U0BEN, U0KAI, U0OUT]}
roles: {admin: [U0DEV], change_manager: [U0DEV], cab: [U0DEV], ecab: [U0DEV]}
services:
  - {slug: tracking, name: Parcel tracking, tier: 2, team: web, owner: U0CHI, ops_lead: U0DEV, channel: C0TRACKING}
  - {slug: reporting, name: Reporting, tier: 3, team: web, owner: U0CHI, ops_lead: U0DEV}
`

// house is the handlers with a real database behind them and a Slack in front.
type house struct {
	*slackfake.Server
	t     *testing.T
	store *store.Store
	h     *handlers.Handlers
	url   string // of the HTTP door
	log   *logbook

	socket    *handlers.Socket
	connected atomic.Int64
	leave     context.CancelFunc // ends Socket Mode
	left      chan error
}

// plan says what kind of house is built.
type plan struct {
	engine  store.Engine
	mode    bot.Mode
	slack   func(*slackfake.Config)
	config  func(*handlers.Config)
	url     string // of the database; "" = a fresh one
	sockets int
	quiet   time.Duration

	parallel bool // beside other tests
}

// both tells a story through both doors, on SQLite.
func both(t *testing.T, story func(t *testing.T, w *house)) {
	for _, mode := range []bot.Mode{bot.ModeHTTP, bot.ModeSocket} {
		t.Run(string(mode), func(t *testing.T) { story(t, build(t, plan{mode: mode})) })
	}
}

func build(t *testing.T, p plan) *house {
	t.Helper()
	if !p.parallel { // others' goroutines are no leaks
		before := goleak.IgnoreCurrent()
		t.Cleanup(func() {
			if !t.Failed() {
				goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("github.com/gatehousehq/gatehouse/models/store/storetest.launch.func1"))
			}
		})
	}
	if p.engine == "" {
		p.engine = store.SQLite
	}
	if p.mode == "" {
		p.mode = bot.ModeHTTP
	}
	if p.url == "" {
		p.url = storetest.URL(t, p.engine)
	}
	w := &house{t: t, log: &logbook{}}
	w.openStore(p)
	base := w.openSlack(p)
	api, err := slackapi.New(slackapi.Config{BotToken: "xoxb-test", AppToken: "xapp-test", BaseURL: base + "/api/", Log: w.log.logger(),
		HTTPClient: &http.Client{Transport: transport(t)}})
	if err != nil {
		t.Fatal(err)
	}
	config := handlers.Config{Store: w.store, Slack: api, Log: w.log.logger(), Workspace: workspace, ChangeCommand: "/change", SigningSecret: secret}
	if p.config != nil {
		p.config(&config)
	}
	w.h = handlers.New(config)
	t.Cleanup(func() { w.h.Close(soon(t)) })
	door := httptest.NewServer(w.h.HTTP())
	t.Cleanup(door.Close)
	w.url = door.URL
	manifest, err := bot.Manifest(bot.ManifestOptions{Mode: p.mode, PublicURL: w.url})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Install(manifest); err != nil {
		t.Fatal(err)
	}
	if p.mode == bot.ModeSocket {
		w.connect(p)
	}
	return w
}

// transport is closed with the test, so that no idle connection looks like a leak.
func transport(t *testing.T) *http.Transport {
	tr := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

func (w *house) openStore(p plan) {
	t := w.t
	t.Helper()
	ctx := t.Context()
	var err error
	w.store, err = store.Open(ctx, store.Options{URL: p.url, MovableClock: true, MaxConns: 12, Logger: storetest.Logger(t)})
	must(t, err)
	t.Cleanup(func() { must(t, w.store.Close()) })
	must(t, w.store.Jump(ctx, tuesday(w.store.Now()).Sub(w.store.Now())))
	must(t, w.store.EnsureWorkspace(ctx, workspace, "Test", "U0FAKEBOT0"))
	unhurried := func(source []byte) (models.Policy, error) { // these tests are about doors, not about notice
		policy, err := files.Policy(source)
		policy.Notice = nil
		return policy, err
	}
	_, err = w.store.ActivatePolicy(ctx, workspace, 1, files.DefaultPolicy, unhurried)
	must(t, err)
	services, err := files.ReadCatalog([]byte(catalog))
	must(t, err)
	_, err = w.store.ImportCatalog(ctx, workspace, store.Catalog(services))
	must(t, err)
	must(t, w.store.SaveSettings(ctx, workspace, models.Settings{ChangesChannel: "C0CHANGES", Hours: models.DefaultWorkingHours()}))
	for _, u := range cast {
		must(t, w.store.SavePerson(ctx, workspace, models.Person{ID: models.UserID(u.ID), Name: u.RealName, Zone: u.TZ,
			Guest: u.IsRestricted || u.TeamID != "", CheckedAt: w.store.Now()}))
	}
}

// tuesday is the next Tuesday at 10:00 UTC: these tests mean the same whenever
// they run.
func tuesday(now time.Time) time.Time {
	days := (int(time.Tuesday) - int(now.Weekday()) + 7) % 7
	t := time.Date(now.Year(), now.Month(), now.Day()+days, 10, 0, 0, 0, time.UTC)
	if !t.After(now) {
		t = t.AddDate(0, 0, 7)
	}
	return t
}

func (w *house) openSlack(p plan) (base string) {
	t := w.t
	t.Helper()
	config := slackfake.Config{
		Team: slackfake.Team{ID: string(workspace), Name: "Test", Domain: "test"}, Users: slices.Clone(cast),
		Channels: []slackfake.Channel{{ID: "C0CHANGES", Name: "changes", Bot: true}, {ID: "C0TRACKING", Name: "tracking", Bot: true}, {ID: "C0GENERAL", Name: "general"}},
		BotToken: "xoxb-test", AppToken: "xapp-test", SigningSecret: secret, Now: func() time.Time { return w.store.Now() },
		EventRetries: []time.Duration{0, 0, 0}, Pace: slackfake.Pace{Off: true}, SocketGrace: 50 * time.Millisecond,
	}
	if p.slack != nil {
		p.slack(&config)
	}
	var err error
	w.Server, err = slackfake.New(config)
	must(t, err)
	base, stop, err := w.Listen("127.0.0.1:0")
	must(t, err)
	t.Cleanup(stop)
	return base
}

// connect opens the other door.
func (w *house) connect(p plan) {
	w.t.Helper()
	w.socket = &handlers.Socket{Handlers: w.h, Connections: max(1, p.sockets), Log: w.log.logger(), Quiet: p.quiet,
		OnConnected: func(n int) { w.connected.Store(int64(n)) }}
	ctx, cancel := context.WithCancel(context.Background())
	w.leave, w.left = cancel, make(chan error, 1)
	go func() { w.left <- w.socket.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		<-w.left
	})
	w.counts(max(1, p.sockets))
}

// until waits for a state of Slack; it gives up loudly.
func (w *house) until(what string, holds func() bool) {
	w.t.Helper()
	if err := w.Wait(soon(w.t), holds); err != nil {
		w.t.Fatalf("waited in vain for: %s\nthe log says:\n%s", what, w.log)
	}
}

// counts waits until that many connections are open, for Slack and for us. We
// count a moment later than Slack does, and nothing signals that.
func (w *house) counts(n int) {
	w.t.Helper()
	for tick, end := time.NewTicker(2*time.Millisecond), soon(w.t); w.Sockets() != n || w.connected.Load() != int64(n); {
		select {
		case <-tick.C:
		case <-end.Done():
			w.t.Fatalf("%d connections at Slack, %d counted, want %d; the log says:\n%s", w.Sockets(), w.connected.Load(), n, w.log)
		}
	}
}

// told waits for a private line to the person that holds the words, and
// returns it.
func (w *house) told(name string, words ...string) slackfake.Message {
	w.t.Helper()
	var found slackfake.Message
	w.until(fmt.Sprintf("%s is told %q", name, words), func() bool {
		all := w.Ephemerals(name)
		for _, m := range slices.Backward(all) {
			if holds(m.Plain()+"\n"+m.Text, words...) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// sees waits for a modal of the person that holds the words.
func (w *house) sees(name string, words ...string) slackfake.View {
	w.t.Helper()
	var found slackfake.View
	w.until(fmt.Sprintf("%s sees %q", name, words), func() bool {
		v, open := w.As(name).View()
		found = v
		return open && holds(v.Plain(), words...)
	})
	return found
}

// opened waits for a form.
func (w *house) opened(name, callback string) slackfake.View {
	w.t.Helper()
	var found slackfake.View
	w.until(name+" has "+callback+" open", func() bool {
		v, open := w.As(name).View()
		found = v
		return open && v.CallbackID == callback
	})
	return found
}

// goodForm are answers that a careful person gives.
func (w *house) goodForm() slackfake.Fields {
	return slackfake.Fields{
		"title": "Read tracking from the replica", "services": []string{"tracking"},
		"start": w.store.Now().Add(2 * time.Hour).Truncate(time.Minute),
		"plan":  "Point the read pool at the replica.", "check": "Scans are not older than 30 s.",
		"rollback": "When the lag exceeds 30 s: point the pool back (1 minute).",
	}
}

// input is the same form, as a rule gets it.
func (w *house) input() models.Input {
	start := w.store.Now().Add(2 * time.Hour).Truncate(time.Minute)
	return models.Input{Title: "Read tracking from the replica", Services: []models.Slug{"tracking"}, Environment: models.Production,
		Start: start, End: start.Add(time.Hour), Plan: "Point the read pool at the replica.", Check: "Scans are not older than 30 s.",
		Rollback: "When the lag exceeds 30 s: point the pool back (1 minute).", Implementer: ana}
}

// raise puts a change of Ana's into the store, waiting for approval.
func (w *house) raise() *models.Change {
	w.t.Helper()
	res, err := w.store.CreateChange(w.t.Context(), store.Command{Workspace: workspace, Actor: ana},
		func(c *models.Change, f models.Facts) error { return c.Raise(w.input(), f) })
	must(w.t, err)
	return res.Change
}

// change is the record as it is kept.
func (w *house) change(id models.ChangeID) *models.Change {
	w.t.Helper()
	c, err := w.store.Change(w.t.Context(), workspace, id)
	must(w.t, err)
	return c
}

// count is how many changes there are.
func (w *house) count() int {
	w.t.Helper()
	all, err := w.store.Changes(w.t.Context(), workspace, store.ChangeFilter{Limit: 500})
	must(w.t, err)
	return len(all)
}

// events is how many lines the history of a change has.
func (w *house) events(id models.ChangeID) []models.Event {
	w.t.Helper()
	all, err := w.store.History(w.t.Context(), workspace, w.change(id).Ref(), 1000, 0)
	must(w.t, err)
	return all
}

// card shows a change to a person, privately, with the buttons they may use.
func (w *house) card(name string, id models.ChangeID) slackfake.Message {
	w.t.Helper()
	fine(w.t, w.As(name).Slash("general", "/change "+id.String()))
	return w.told(name, id.String())
}

func holds(text string, words ...string) bool {
	return !slices.ContainsFunc(words, func(s string) bool { return !strings.Contains(text, s) })
}

// fine: the person sees no trouble.
func fine(t *testing.T, r slackfake.Result) {
	t.Helper()
	if !r.OK {
		t.Fatalf("the person sees: %s %s %v", r.Code, r.Error, r.Errors)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// soon is a deadline that only a test that hangs reaches.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// logbook remembers what was logged.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logbook) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

func toJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // a test's own value
	}
	return string(raw)
}

func (w *house) command(by models.UserID) store.Command {
	return store.Command{Workspace: workspace, Actor: by, Calendar: true}
}
