package bot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// rig is what load tests stand on: a stand-in for Slack with as many people as
// wanted, and a configuration with which Gatehouse serves them, in this process
// or in one that can be killed.
type rig struct {
	t       testing.TB
	setting setting
	fake    *slackfake.Server
	config  Config
	crew    []string // names of the people; all hold the same roles
	program string   // what is launched; "" = Gatehouse as it is
}

// rigged says how a rig differs from the plainest one.
type rigged struct {
	people  int
	require string           // what the policy asks of every change
	lookup  bool             // the app was granted the history scopes
	url     string           // of the database; "" = a fresh one
	target  string           // where the stand-in sends what people do, "" = to the app
	now     func() time.Time // the stand-in's business time, nil = the machine's

	// unrecorded leaves the calls out of what is held against Slack's contract:
	// where Slack itself brings an act to two replicas, both open its modal.
	unrecorded bool
}

func newRig(t testing.TB, s setting, o rigged) *rig {
	t.Helper()
	r := &rig{t: t, setting: s}
	var users []slackfake.User
	for i := range o.people {
		name := fmt.Sprintf("p%02d", i)
		r.crew = append(r.crew, name)
		users = append(users, slackfake.User{ID: "U0" + strings.ToUpper(name), Name: name, RealName: "Person " + name, TZ: "Europe/Berlin"})
	}
	var record io.Writer
	if o.unrecorded {
		record = io.Discard
	}
	var err error
	r.fake, err = slackfake.New(slackfake.Config{
		Record: record,
		Team:   slackfake.Team{ID: string(testWorkspace), Name: "Test"}, Users: users,
		Channels: []slackfake.Channel{
			{ID: "C0CHANGES", Name: "changes", Bot: true},
			{ID: "C0BETA", Name: "beta", Bot: true},
			{ID: "C0GENERAL", Name: "general"},
		},
		BotToken: "xoxb-test", AppToken: "xapp-test", SigningSecret: testSecret, Now: o.now,
		Pace: slackfake.Pace{Off: true}, // people here act faster than people do
	})
	if err != nil {
		t.Fatal(err)
	}
	base, stop, err := r.fake.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	r.configure(o, base)
	return r
}

func (r *rig) configure(o rigged, base string) {
	t := r.t
	t.Helper()
	dir := t.TempDir()
	r.config = Config{
		BotToken: "xoxb-test", AppToken: "xapp-test", SigningSecret: testSecret, Mode: r.setting.mode,
		DatabaseURL: Secret(o.url), DataDir: filepath.Join(dir, "data"), ListenAddr: freeAddr(t), ChangesChannel: "C0CHANGES",
		PolicyFile: filepath.Join(dir, "policy.yaml"), ServicesFile: filepath.Join(dir, "services.yaml"),
		ChangeCommand: "/change", ChecklistCommand: "/checklist", GatehouseCommand: "/gatehouse", LogLevel: "warn", SocketCount: 2, SlackAPIURL: base + "/api/",
	}
	if o.url == "" && r.setting.engine == store.Postgres {
		r.config.DatabaseURL = Secret(storetest.EmptyURL(t, store.Postgres))
	}
	all := strings.ToUpper("U0" + strings.Join(r.crew, ", U0"))
	for path, text := range map[string]string{
		r.config.PolicyFile: "version: 1\nname: Load\nnotice: {medium: 0, high: 0, very_high: 0}\nrules:\n  - {name: everything, require: [" + o.require + "]}\n",
		r.config.ServicesFile: "teams:\n  - {id: crew, name: Crew, members: [" + all + "]}\n" +
			"roles: {cab: [" + all + "]}\nservices:\n" +
			"  - {slug: alpha, name: Alpha, tier: 2, team: crew, owner: U0P00}\n" +
			"  - {slug: beta, name: Beta, tier: 2, team: crew, owner: U0P01, channel: C0BETA}\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	target := o.target
	if target == "" {
		target = "http://" + r.config.ListenAddr
	}
	manifest, err := Manifest(ManifestOptions{Mode: r.setting.mode, PublicURL: target, Lookup: o.lookup})
	if err == nil {
		err = r.fake.Install(manifest)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// prepare makes the workspace as if Gatehouse had served it for a while: people
// are known to it, and they work at all hours, so that a test run at night
// sends what one by day does.
func (r *rig) prepare() {
	r.t.Helper()
	ctx := context.Background()
	if err := os.MkdirAll(r.config.DataDir, 0o700); err != nil {
		r.t.Fatal(err)
	}
	s, err := store.Open(ctx, store.Options{URL: r.config.StoreURL(), Logger: storetest.Logger(r.t)})
	if err != nil {
		r.t.Fatal(err)
	}
	always := models.WorkingHours{To: 24 * time.Hour}
	for day := time.Sunday; day <= time.Saturday; day++ {
		always.Days = append(always.Days, day)
	}
	err = errors.Join(
		s.EnsureWorkspace(ctx, testWorkspace, "Test", models.UserID(r.fake.BotUser())),
		s.SaveSettings(ctx, testWorkspace, models.Settings{ChangesChannel: "C0CHANGES", Hours: always}),
	)
	for _, u := range r.fake.Users() {
		err = errors.Join(err, s.SavePerson(ctx, testWorkspace, models.Person{ID: models.UserID(u.ID), Name: u.RealName, Zone: u.TZ, CheckedAt: s.Now()}))
	}
	if err := errors.Join(err, s.Close()); err != nil {
		r.t.Fatal(err)
	}
}

// assemble makes Gatehouse in this process; it does nothing by itself until run.
func (r *rig) assemble(o Options) *App {
	r.t.Helper()
	if o.Log == nil {
		o.Log = storetest.Logger(r.t)
	}
	app, err := New(context.Background(), r.config, o)
	if err != nil {
		r.t.Fatal(err)
	}
	return app
}

// run serves until the test ends.
func (r *rig) run(app *App) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	r.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Errorf("Run: %v", err)
		}
		app.Close()
	})
	<-app.Ready()
}

// look opens the database beside whoever has it, for reading.
func (r *rig) look() (*store.Store, *sql.DB) {
	r.t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: r.config.StoreURL(), ReadOnly: true, MaxConns: 4, Logger: storetest.Logger(r.t)})
	if err != nil {
		r.t.Fatal(err)
	}
	driver, address := "pgx", r.config.StoreURL()
	if r.setting.engine == store.SQLite {
		driver, address = "sqlite", "file:"+address+"?mode=ro&_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _, _ = s.Close(), db.Close() })
	return s, db
}

// environ is the configuration as `gatehouse serve` reads it, and nothing else
// of ours.
func (r *rig) environ(more ...string) []string {
	var out []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, Prefix+"_") {
			out = append(out, entry)
		}
	}
	v := reflect.ValueOf(r.config)
	for field, value := range v.Fields() {
		text := fmt.Sprint(value.Interface())
		if value.Kind() == reflect.String {
			text = value.String() // a Secret prints as [secret]
		}
		out = append(out, field.Tag.Get("envconfig")+"="+text)
	}
	return append(out, more...)
}
