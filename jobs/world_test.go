package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

const (
	team = models.WorkspaceID("T0FAKE0001")

	ana, ben, cai, dee = models.UserID("U0ANA00001"), models.UserID("U0BEN00001"), models.UserID("U0CAI00001"), models.UserID("U0DEE00001")

	changesRoom, payRoom = "C0CHANGES1", "C0PAYMENT1"
)

var names = map[models.UserID]string{ana: "ana", ben: "ben", cai: "cai", dee: "dee"}

// profile is how much the tests try; GATEHOUSE_PROVE=full gives the figures of
// the proof.
type profile struct {
	each    int // faults of each kind
	changes int // raised among them
	kills   int // processes killed at each point

	everywhere bool // each point on both engines
}

var sizes = func() profile {
	if os.Getenv("GATEHOUSE_PROVE") == "full" {
		return profile{each: 30, changes: 120, kills: 10, everywhere: true}
	}
	return profile{each: 2, changes: 8, kills: 1}
}()

// quick are the times of the tests: everything that production waits for
// seconds is over in a moment.
var quick = Times{
	Call: 2 * time.Second, Turn: time.Second, Soft: 4 * time.Second, Lease: 7 * time.Second,
	Again: 40 * time.Millisecond, Doubt: 80 * time.Millisecond, Tick: time.Second, Overdue: 2 * time.Second,
	People: time.Hour, Prune: time.Hour,
}

// patience is how long a test waits for what must come; only failures take it.
var patience = time.Duration(proof.N(2, 10)) * time.Minute

// world is a company in a database and in a stand-in for Slack, which shares
// its clock.
type world struct {
	*testing.T
	open  func(...func(*store.Options)) *store.Store
	store *store.Store
	fake  *slackfake.Server
	base  string
	calls *calls
	jobs  []*Jobs
	keys  atomic.Int64
}

// setting is what a test wants otherwise than usual.
type setting struct {
	pace    slackfake.Pace
	scopes  []string
	replica int // how many Jobs; 1
	idle    bool
	paced   bool // keep to Slack's published rates, which takes real time
	hours   *models.WorkingHours
	wrap    func(http.RoundTripper) http.RoundTripper
	change  func(*Config)
	tune    func(*Jobs)
}

// each runs the story on both engines, with Jobs running unless idle.
func each(t *testing.T, s setting, story func(w *world, jobs ...*Jobs)) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		t.Parallel()
		w := newWorld(t, open, s)
		var all []*Jobs
		if !s.idle {
			for i := range max(1, s.replica) {
				all = append(all, w.start(fmt.Sprintf("r%d", i), s))
			}
		}
		story(w, all...)
	})
}

func newWorld(t *testing.T, open func(...func(*store.Options)) *store.Store, s setting) *world {
	t.Helper()
	w := &world{T: t, open: open, store: open(), calls: &calls{}}
	// What is red at night must be red at noon: every story begins on a Wednesday at 10:00.
	w.goTo(w.morning(1 + int(time.Wednesday+6-w.morning(0).Weekday())%7).Add(time.Hour))
	var err error
	people := []slackfake.User{}
	for u, name := range names {
		people = append(people, slackfake.User{ID: string(u), Name: name, TZ: "Europe/Berlin"})
	}
	w.fake, err = slackfake.New(slackfake.Config{
		Users:    people,
		Channels: []slackfake.Channel{{ID: changesRoom, Name: "changes", Bot: true}, {ID: payRoom, Name: "payments", Bot: true}},
		Scopes:   append(slices.Clone(slackfake.LeastScopes), s.scopes...),
		Pace:     s.pace, Now: func() time.Time { return w.store.Now() }, Record: io.MultiWriter(w.calls, w.forTheContract()),
	})
	w.must(err)
	base, stop, err := w.fake.Listen("127.0.0.1:0")
	w.must(err)
	w.base = base + "/api/"
	t.Cleanup(stop)
	w.must(w.fake.Install([]byte(manifest(append(slices.Clone(slackfake.LeastScopes), s.scopes...)))))
	w.settle(s)
	return w
}

// forTheContract keeps the calls for the outside check too, when that is asked for.
func (w *world) forTheContract() io.Writer {
	dir := os.Getenv("GATEHOUSE_RECORD_DIR")
	if dir == "" {
		return io.Discard
	}
	w.must(os.MkdirAll(dir, 0o755))
	f, err := os.CreateTemp(dir, "jobs-*.jsonl")
	w.must(err)
	w.Cleanup(func() { f.Close() })
	return f
}

func manifest(scopes []string) string {
	b, _ := json.Marshal(scopes)
	return `{"_metadata":{"major_version":2},"display_information":{"name":"Gatehouse"},"features":{"app_home":{"home_tab_enabled":true},
		"bot_user":{"display_name":"Gatehouse"}},"oauth_config":{"scopes":{"bot":` + string(b) + `}},"settings":{"socket_mode_enabled":true}}`
}

// settle moves the company in: everybody works round the clock unless said
// otherwise, so that no ask waits for the morning.
func (w *world) settle(s setting) {
	w.Helper()
	ctx := context.Background()
	w.must(w.store.EnsureWorkspace(ctx, team, "Example", models.UserID(w.fake.BotUser())))
	_, err := w.store.ActivatePolicy(ctx, team, 1, nil, func([]byte) (models.Policy, error) {
		return models.Policy{Version: 1, Name: "test", Rules: []models.Rule{{Name: "all",
			Require: []models.Need{{Role: models.RolePeer, Count: 1}, {Role: models.RoleServiceOwner, Count: 1}}}}}, nil
	})
	w.must(err)
	hours := models.WorkingHours{To: 24 * time.Hour, Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}}
	if s.hours != nil {
		hours = *s.hours
	}
	w.must(w.store.SaveSettings(ctx, team, models.Settings{ChangesChannel: changesRoom, Hours: hours}))
	_, err = w.store.ImportCatalog(ctx, team, store.Catalog{
		Teams: []models.Team{{ID: "payments", Name: "Payments", Members: []models.UserID{ana, ben, cai}}},
		Services: []models.Service{{Slug: "pay-api", Name: "Payments API", Tier: 2, Team: "payments", Owner: dee, Channel: payRoom},
			{Slug: "docs", Name: "Docs", Tier: 3, Team: "payments", Owner: dee}},
		Roles: map[models.Role][]models.UserID{models.RoleAdmin: {dee}},
	})
	w.must(err)
	for u, name := range names {
		w.must(w.store.SavePeople(ctx, team, models.Person{ID: u, Name: name, Zone: "Europe/Berlin", CheckedAt: w.store.Now()}))
	}
}

func (w *world) slack(s setting) *slackapi.Client {
	var rt http.RoundTripper = &http.Transport{MaxIdleConnsPerHost: 32}
	if s.wrap != nil {
		rt = s.wrap(rt)
	}
	c, err := slackapi.New(slackapi.Config{BotToken: "xoxb-fake-bot", BaseURL: w.base, HTTPClient: &http.Client{Transport: rt},
		Log: slog.New(slog.DiscardHandler)})
	w.must(err)
	return c
}

// start runs one replica until the test ends.
func (w *world) start(name string, s setting) *Jobs {
	w.Helper()
	kept := w.store
	if strings.HasSuffix(w.Name(), "/postgres") && name != "r0" {
		kept = w.open() // a replica with a pool and a clock of its own
	}
	j, stop := w.runOn(kept, name, s)
	w.Cleanup(stop)
	return j
}

// run runs one replica until stop is called.
func (w *world) run(s setting) (stop func()) {
	w.Helper()
	w.jobs = nil
	_, stop = w.runOn(w.store, "r0", s)
	return stop
}

func (w *world) runOn(kept *store.Store, name string, s setting) (*Jobs, func()) {
	w.Helper()
	c := Config{Store: kept, Slack: w.slack(s), Workspace: team, Owner: name, Times: quick, Workers: 8, Log: slog.New(slog.DiscardHandler),
		HasHistoryScope: func() bool { return slices.Contains(s.scopes, "channels:history") }}
	if s.change != nil {
		s.change(&c)
	}
	j, err := New(c)
	w.must(err)
	if !s.paced {
		j.pace.rates = nil
	}
	if s.tune != nil {
		s.tune(j)
	}
	w.jobs = append(w.jobs, j)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- j.Run(ctx) }()
	return j, func() {
		cancel()
		if err := <-done; err != nil {
			w.Errorf("run jobs: %v", err)
		}
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// raise submits a change of ana's: it needs one peer and dee, the owner.
func (w *world) raise(title string, services ...models.Slug) *models.Change {
	w.Helper()
	if len(services) == 0 {
		services = []models.Slug{"docs"}
	}
	start := w.store.Now().Add(time.Hour)
	r, err := w.store.CreateChange(context.Background(), w.by(ana), func(c *models.Change, f models.Facts) error {
		return c.Raise(models.Input{Title: title, Services: services, Environment: models.Production, Start: start, End: start.Add(time.Hour),
			Plan: "Switch the flag.", Check: "The banner shows.", Rollback: "When it does not: switch it off, 5 minutes."}, f)
	})
	w.must(err)
	return r.Change
}

func (w *world) by(u models.UserID) store.Command {
	return store.Command{Workspace: team, Key: fmt.Sprintf("k%d", w.keys.Add(1)), Actor: u, Calendar: true}
}

// do moves a change through the store's door.
func (w *world) do(u models.UserID, id models.ChangeID, move store.Move) *models.Change {
	w.Helper()
	r, err := w.store.UpdateChange(context.Background(), w.by(u), id, move)
	w.must(err)
	return r.Change
}

func (w *world) retitle(id models.ChangeID, title string) {
	w.Helper()
	w.do(ana, id, func(c *models.Change, f models.Facts) error {
		in := models.InputOf(c)
		in.Title = title
		return c.Edit(in, f)
	})
}

func (w *world) cancel(id models.ChangeID) {
	w.Helper()
	w.do(ana, id, func(c *models.Change, f models.Facts) error { return c.Cancel("not needed any more", f) })
}

func (w *world) approve(u models.UserID, id models.ChangeID) {
	w.Helper()
	w.do(u, id, func(c *models.Change, f models.Facts) error { return c.Approve(c.Revision, f) })
}

func (w *world) later(d time.Duration) {
	w.Helper()
	w.must(w.store.Jump(context.Background(), d))
}

// until waits for a condition in Slack.
func (w *world) until(what string, cond func() bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.fake.Wait(ctx, cond); err != nil {
		w.Fatalf("%s: %v\n%s", what, err, w.state())
	}
}

// kept waits for a condition in the database; a job that ends, of which the
// tick is one each second, is the sign to look again.
func (w *world) kept(what string, cond func() bool) {
	w.Helper()
	ended := make(chan struct{}, 1)
	for _, j := range w.jobs {
		events, stop := j.runner.Subscribe(river.EventKindJobCompleted, river.EventKindJobSnoozed, river.EventKindJobFailed)
		defer stop()
		go func() {
			for range events {
				select {
				case ended <- struct{}{}:
				default:
				}
			}
		}()
	}
	timeout := time.After(patience)
	for !cond() {
		select {
		case <-ended:
		case <-timeout:
			w.Fatalf("%s: not in time\n%s", what, w.state())
		}
	}
}

// quiet waits until nothing is left to deliver.
func (w *world) quiet() {
	w.Helper()
	w.kept("all is delivered", func() bool {
		n, err := w.store.DeliveryCounts(context.Background())
		w.must(err)
		return n[store.DeliveryPending]+n[store.DeliverySending]+n[store.DeliveryUncertain] == 0
	})
}

func (w *world) state() string {
	n, _ := w.store.DeliveryCounts(context.Background())
	var b strings.Builder
	fmt.Fprintf(&b, "deliveries %v\n", n)
	for id := int64(1); id < 200; id++ {
		if r, err := w.store.Delivery(context.Background(), id); err == nil && r.State != store.DeliverySent {
			fmt.Fprintf(&b, "%+v\n", r)
		}
	}
	for _, c := range w.calls.all() {
		fmt.Fprintf(&b, "%s %s %s\n", c.Method, c.Args.Channel, c.Answer)
	}
	return b.String()
}

// nineToSix are the working hours of people who work every day of the week, so
// that a story need not mind on which one it falls.
func nineToSix() *models.WorkingHours {
	return &models.WorkingHours{From: 9 * time.Hour, To: 18 * time.Hour, Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}}
}

// cards are the live messages of a room that speak of a change.
func (w *world) cards(room string, id models.ChangeID) (out []slackfake.Message) {
	for _, m := range w.fake.Messages(room) {
		if p, _ := m.Metadata["event_payload"].(map[string]any); p["record"] == id.String() {
			out = append(out, m)
		}
	}
	return out
}

// call is one line of the stand-in's record.
type call struct {
	Method string  `json:"method"`
	Answer string  `json:"answer"`
	At     float64 `json:"at"`
	Args   struct {
		Channel  string `json:"channel"`
		Text     string `json:"text"`
		ThreadTS string `json:"thread_ts"`
		Blocks   []any  `json:"blocks"`
		Metadata struct {
			Type    string `json:"event_type"`
			Payload struct {
				DeliveryID string `json:"delivery_id"`
				Record     string `json:"record"`
			} `json:"event_payload"`
		} `json:"metadata"`
	} `json:"args"`
}

// calls keeps the record of one stand-in.
type calls struct {
	mu   sync.Mutex
	list []call
}

func (c *calls) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for line := range bytes.Lines(p) {
		var one call
		if err := json.Unmarshal(line, &one); err != nil {
			return 0, err
		}
		c.list = append(c.list, one)
	}
	return len(p), nil
}

func (c *calls) all() []call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

// of counts the calls of a method with an answer; "" counts every answer.
func (c *calls) of(method, answer string) (out []call) {
	for _, one := range c.all() {
		if one.Method == method && (answer == "" || one.Answer == answer) {
			out = append(out, one)
		}
	}
	return out
}
