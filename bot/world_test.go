package bot

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// The cast of the stories. Ana raises; the others have the duties that their
// titles say.
var cast = []slackfake.User{
	{ID: "U0ANA", Name: "ana", RealName: "Ana", Title: "engineer", TZ: "Europe/Berlin"},
	{ID: "U0BEN", Name: "ben", RealName: "Ben", Title: "peer", TZ: "Europe/Berlin"},
	{ID: "U0CHI", Name: "chi", RealName: "Chi", Title: "service owner", TZ: "Europe/Berlin"},
	{ID: "U0DEV", Name: "dev", RealName: "Dev", Title: "operations lead", TZ: "Europe/Berlin"},
	{ID: "U0ELI", Name: "eli", RealName: "Eli", Title: "change manager", TZ: "Europe/Berlin"},
	{ID: "U0FAY", Name: "fay", RealName: "Fay", Title: "CAB", TZ: "Europe/Berlin"},
	{ID: "U0GUS", Name: "gus", RealName: "Gus", Title: "CAB", TZ: "Europe/Berlin"},
	{ID: "U0KAI", Name: "kai", RealName: "Kai", Title: "guest", TZ: "Europe/Berlin", IsRestricted: true},
}

const castCatalog = `
teams:
  - {id: web, name: Web, members: [U0ANA, U0BEN]}
roles: {admin: [U0ELI], change_manager: [U0ELI], cab: [U0FAY, U0GUS, U0DEV], ecab: [U0DEV]}
services:
  - {slug: tracking, name: Parcel tracking, tier: 2, team: web, owner: U0CHI, ops_lead: U0DEV, channel: C0TRACKING}
  - {slug: reporting, name: Reporting, tier: 3, team: web, owner: U0CHI, ops_lead: U0DEV}
`

const (
	testWorkspace = models.WorkspaceID("T0TEST")
	testSecret    = "0123456789abcdef0123456789abcdef"
)

// world is one Gatehouse, whole, on one engine and behind one door, with a
// Slack that remembers everything it was sent. A message that no story
// expected fails the test.
type world struct {
	t    *testing.T
	fake *slackfake.Server
	app  *App

	running atomic.Pointer[App] // for the stand-in's clock
	claimed map[string]bool     // channel + ts of messages that a story has seen
}

// setting is one way to run Gatehouse; stories are told in all of them.
type setting struct {
	engine store.Engine
	mode   Mode
}

var settings = []setting{{store.SQLite, ModeSocket}, {store.SQLite, ModeHTTP}, {store.Postgres, ModeSocket}, {store.Postgres, ModeHTTP}}

// everywhere tells a story on both engines and through both doors.
func everywhere(t *testing.T, story func(t *testing.T, w *world)) {
	for _, s := range settings {
		t.Run(fmt.Sprintf("%s/%s", s.engine, s.mode), func(t *testing.T) {
			t.Parallel() // most of it is waiting
			story(t, newWorld(t, s))
		})
	}
}

func newWorld(t *testing.T, s setting, more ...func(*slackfake.Config)) *world {
	t.Helper()
	w := &world{t: t, claimed: map[string]bool{}}
	config := slackfake.Config{
		Team: slackfake.Team{ID: string(testWorkspace), Name: "Test"}, Users: cast,
		Channels: []slackfake.Channel{
			{ID: "C0CHANGES", Name: "changes", Bot: true},
			{ID: "C0TRACKING", Name: "tracking", Bot: true},
			{ID: "C0GENERAL", Name: "general"},
		},
		BotToken: "xoxb-test", AppToken: "xapp-test", SigningSecret: testSecret,
		Now: func() time.Time { return w.now() },
	}
	for _, f := range more {
		f(&config)
	}
	var err error
	if w.fake, err = slackfake.New(config); err != nil {
		t.Fatal(err)
	}
	base, stop, err := w.fake.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	w.serve(s, base)
	t.Cleanup(w.nothingUnexpected)
	return w
}

// now is the app's business time, on which the stand-in lives too.
func (w *world) now() time.Time {
	if app := w.running.Load(); app != nil {
		return app.Store.Now()
	}
	return time.Now()
}

func (w *world) serve(s setting, base string) {
	t := w.t
	t.Helper()
	services := filepath.Join(t.TempDir(), "services.yaml")
	if err := os.WriteFile(services, []byte(castCatalog), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := freeAddr(t)
	manifest, err := Manifest(ManifestOptions{Mode: s.mode, PublicURL: "http://" + addr})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.fake.Install(manifest); err != nil {
		t.Fatal(err)
	}
	c := Config{BotToken: "xoxb-test", AppToken: "xapp-test", SigningSecret: testSecret, Mode: s.mode, DataDir: t.TempDir(),
		ListenAddr: addr, ChangesChannel: "C0CHANGES", ServicesFile: services, ChangeCommand: "/change", ChecklistCommand: "/checklist", GatehouseCommand: "/gatehouse", LogLevel: "warn",
		SocketCount: 2, SlackAPIURL: base + "/api/"}
	if s.engine == store.Postgres {
		c.DatabaseURL = Secret(storetest.URL(t, store.Postgres))
	}
	ctx, cancel := context.WithCancel(context.Background())
	app, err := New(ctx, c, Options{Log: storetest.Logger(t), MovableClock: true})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	w.app = app
	w.running.Store(app)
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		app.Close()
	})
	<-app.Ready()
	w.until("connected", func() bool { return s.mode == ModeHTTP || app.Sockets() == 2 })
	w.workday()
}

// workday moves the clock to the next Tuesday at 10:00 in Berlin, when
// everybody works.
func (w *world) workday() {
	now := w.app.Store.Now()
	berlin, _ := time.LoadLocation("Europe/Berlin")
	at := time.Date(now.Year(), now.Month(), now.Day()+1, 10, 0, 0, 0, berlin)
	for at.Weekday() != time.Tuesday {
		at = at.AddDate(0, 0, 1)
	}
	w.later(at.Sub(now))
}

// As is a person at their Slack client.
func (w *world) As(name string) *slackfake.Actor { return w.fake.As(name) }

// later lets everything arrive, then moves the clock.
func (w *world) later(d time.Duration) {
	w.t.Helper()
	w.settle()
	if err := w.app.Jump(context.Background(), d); err != nil {
		w.t.Fatal(err)
	}
}

// settle lets everything that is due arrive.
func (w *world) settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.app.Settle(ctx); err != nil {
		w.t.Fatalf("wait until everything that is due was sent: %v", err)
	}
}

// until polls what has no signal of its own to wait for; it gives up loudly.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited a minute for: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// card is the one message about a change in a channel: others may name it, but
// not in their head.
func (w *world) card(channel, id string) slackfake.Message {
	w.t.Helper()
	w.settle()
	var found []slackfake.Message
	for _, m := range w.fake.Messages(channel) {
		if head, _, _ := strings.Cut(m.Plain(), "\n"); strings.Contains(head, id) {
			found = append(found, m)
			w.claimed[channel+m.TS] = true
		}
	}
	if len(found) != 1 {
		w.t.Fatalf("%d cards of %s in #%s, want 1", len(found), id, channel)
	}
	return found[0]
}

// dm is the last message from Gatehouse to a person; it must hold the words.
func (w *world) dm(name string, words ...string) slackfake.Message {
	w.t.Helper()
	w.settle()
	all := w.fake.DM(name)
	if len(all) == 0 {
		w.t.Fatalf("%s has no message from Gatehouse", name)
	}
	m := all[len(all)-1]
	w.claimed["dm-"+name+m.TS] = true
	mustHold(w.t, m.Plain()+"\n"+m.Text, words...)
	return m
}

// told is the last private line that only this person sees.
func (w *world) told(name string, words ...string) string {
	w.t.Helper()
	text := "(nothing)"
	defer func() {
		if w.t.Failed() {
			w.t.Logf("%s was told: %s", name, text)
		}
	}()
	w.until(fmt.Sprintf("%s is told %q", name, words), func() bool {
		all := w.fake.Ephemerals(name)
		if len(all) == 0 {
			return false
		}
		text = all[len(all)-1].Plain() + "\n" + all[len(all)-1].Text
		return !slices.ContainsFunc(words, func(s string) bool { return !strings.Contains(text, s) })
	})
	return text
}

// thread claims the lines under a card.
func (w *world) thread(m slackfake.Message) []string {
	w.settle()
	var out []string
	for _, line := range w.fake.Thread(m) {
		if line.TS != m.TS {
			out = append(out, line.Plain())
			w.claimed["thread"+line.TS] = true
		}
	}
	return out
}

// nothingUnexpected fails the test for every message that no story looked at.
func (w *world) nothingUnexpected() {
	if w.t.Failed() {
		return
	}
	for _, channel := range []string{"changes", "tracking", "general"} {
		for _, m := range w.fake.Messages(channel) {
			if m.User == w.fake.BotUser() && !w.claimed[channel+m.TS] {
				w.t.Errorf("nobody expected this in #%s: %s", channel, m.Plain())
			}
		}
	}
	for _, u := range cast {
		for _, m := range w.fake.DM(u.Name) {
			if m.User == w.fake.BotUser() && !w.claimed["dm-"+u.Name+m.TS] {
				w.t.Errorf("nobody expected this DM to %s: %s", u.Name, m.Plain())
			}
		}
	}
}

func mustHold(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q is missing in:\n%s", word, text)
		}
	}
}

func mustDo(t *testing.T, r slackfake.Result) {
	t.Helper()
	if !r.OK || len(r.Errors) > 0 {
		t.Fatalf("the person sees: %s %s %v", r.Code, r.Error, r.Errors)
	}
}

// handedOut are the addresses that this run has handed out.
var handedOut sync.Map

// freeAddr is an address for a process that starts soon. Its port is not one of
// those that the system gives to outgoing connections (from 32768 on, on Linux),
// of which another may have it by then, nor one that was handed out before.
func freeAddr(t testing.TB) string {
	t.Helper()
	for range 1000 {
		addr := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))
		if _, taken := handedOut.LoadOrStore(addr, true); taken {
			continue
		}
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}
