package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehousehq/gatehouse/bot"
	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// Options of the demo.
type Options struct {
	Addr string // where the page is served; loopback only
	Data string // keep the state here; "" = a temporary directory
	Mode string // "socket" or "http": how the stand-in reaches Gatehouse
	Out  io.Writer
	Log  *slog.Logger // nil = errors only, on standard error
	// Ready, if set, is called with the page's address once it can be used.
	Ready func(base string)
}

// Run serves the demo until ctx ends.
func Run(ctx context.Context, o Options) error {
	if err := loopback(o.Addr); err != nil {
		return err
	}
	if mode := bot.Mode(o.Mode); mode != bot.ModeSocket && mode != bot.ModeHTTP {
		return fmt.Errorf("--mode is %q; it should be socket or http", o.Mode)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	}
	dir, cleanUp, err := dataDir(o.Data)
	if err != nil {
		return err
	}
	defer cleanUp()
	d := &demo{Options: o, dir: dir}
	return d.run(ctx)
}

type demo struct {
	Options
	dir  string
	app  *bot.App
	fake *slackfake.Server

	running atomic.Pointer[bot.App] // for the stand-in, which starts first

	saving sync.Mutex
	saved  []byte // what was saved last
}

func (d *demo) run(ctx context.Context) error {
	began := time.Now()
	base, stopFake, err := d.startSlack()
	if err != nil {
		return err
	}
	defer stopFake()
	known, err := d.restored()
	if err != nil {
		return err
	}
	if d.app, err = d.startGatehouse(ctx, base); err != nil {
		return err
	}
	if !known {
		defer d.unlessTold()
	}
	defer d.app.Close()
	d.running.Store(d.app)
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- d.app.Run(running) }()
	if !known {
		_, _ = fmt.Fprintln(d.Out, "Raising the last week's changes of a made-up company …")
		s := &story{app: d.app, ws: teamID}
		if err := s.tell(ctx); err != nil {
			stop()
			<-ended
			if ctx.Err() != nil {
				return nil // interrupted while setting up
			}
			return fmt.Errorf("play the company's history: %w", err)
		}
		if err := d.save(); err != nil {
			return err
		}
	}
	d.welcome(base, time.Since(began))
	if d.Ready != nil {
		d.Ready(base)
	}
	if d.Data != "" {
		go d.keepSaving(running)
	}
	err = <-ended
	return errors.Join(err, d.save())
}

// keepSaving lets a demo that is killed lose no more than a moment of what the
// stand-in showed.
func (d *demo) keepSaving(ctx context.Context) {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := d.save(); err != nil {
				d.Log.ErrorContext(ctx, "the demo is not kept", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// startSlack serves the stand-in and its page.
func (d *demo) startSlack() (string, func(), error) {
	restore, _ := os.ReadFile(d.snapshot()) // none at the first start
	fake, err := slackfake.New(slackfake.Config{
		Team: slackfake.Team{ID: teamID, Name: "Parcel & Post"}, Users: staff(), Channels: channels(),
		BotToken: botToken, AppToken: appToken, SigningSecret: signingSecret,
		Now: d.now, Jump: d.jump, Restore: restore, Hints: hints, Log: d.Log,
	})
	if err != nil {
		return "", nil, fmt.Errorf("set up the stand-in for Slack: %w", err)
	}
	d.fake = fake
	base, stop, err := fake.Listen(d.Addr)
	if err != nil {
		return "", nil, fmt.Errorf("serve the page on %s (is another demo running? choose another --addr): %w", d.Addr, err)
	}
	return base, stop, nil
}

// The stand-in checks these; they open nothing else.
const (
	botToken      = "xoxb-demo"
	appToken      = "xapp-demo"
	signingSecret = "0123456789abcdef0123456789abcdef"
)

func (d *demo) startGatehouse(ctx context.Context, base string) (*bot.App, error) {
	services := filepath.Join(d.dir, "services.yaml")
	if err := os.WriteFile(services, []byte(strings.TrimSpace(catalog)+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("write the services file: %w", err)
	}
	recipes := filepath.Join(d.dir, "templates.yaml")
	if err := os.WriteFile(recipes, []byte(strings.TrimSpace(templates)+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("write the templates file: %w", err)
	}
	rules := filepath.Join(d.dir, "policy.yaml")
	if err := os.WriteFile(rules, policy(), 0o600); err != nil {
		return nil, fmt.Errorf("write the policy file: %w", err)
	}
	listen, err := net.Listen("tcp", "127.0.0.1:0") // a free port, for the manifest to name
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	addr := listen.Addr().String()
	_ = listen.Close()
	mode := bot.Mode(d.Mode)
	manifest, err := bot.Manifest(bot.ManifestOptions{Mode: mode, PublicURL: "http://" + addr})
	if err != nil {
		return nil, err
	}
	if err := d.fake.Install(manifest); err != nil {
		return nil, fmt.Errorf("install the app: %w", err)
	}
	return bot.New(ctx, bot.Config{
		BotToken: botToken, AppToken: appToken, SigningSecret: signingSecret, Mode: mode,
		DataDir: d.dir, ListenAddr: addr, ChangesChannel: changes, ServicesFile: services, TemplatesFile: recipes, PolicyFile: rules,
		ChangeCommand: "/change", ChecklistCommand: "/checklist", GatehouseCommand: "/gatehouse", LogLevel: "warn", SocketCount: 2, SlackAPIURL: base + "/api/",
	}, bot.Options{Log: d.Log, MovableClock: true})
}

// now is business time as soon as Gatehouse is there to tell it.
func (d *demo) now() time.Time {
	if app := d.running.Load(); app != nil {
		return app.Store.Now()
	}
	return time.Now()
}

func (d *demo) jump(ctx context.Context, by time.Duration) error {
	app := d.running.Load()
	if app == nil {
		return errors.New("still starting; try again in a moment")
	}
	return app.Jump(ctx, by)
}

func (d *demo) snapshot() string { return filepath.Join(d.dir, "slack.json") }
func (d *demo) database() string { return filepath.Join(d.dir, "gatehouse.db") }

// restored reports whether a demo was kept here. A database without the
// stand-in's state may be somebody's own, so it is left alone.
func (d *demo) restored() (bool, error) {
	if _, err := os.Stat(d.snapshot()); err == nil {
		return true, nil
	}
	if _, err := os.Stat(d.database()); err == nil {
		return false, fmt.Errorf("%s holds a database that no demo has kept whole; choose another directory for --data, or empty this one", d.dir)
	}
	return false, nil
}

// unlessTold takes back what was begun here and not brought to the end, so that
// the next start begins anew.
func (d *demo) unlessTold() {
	if _, err := os.Stat(d.snapshot()); err != nil {
		for _, file := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(d.database() + file)
		}
	}
}

// save keeps the stand-in's state beside the database.
func (d *demo) save() error {
	d.saving.Lock()
	defer d.saving.Unlock()
	state, err := d.fake.Snapshot()
	if err == nil && bytes.Equal(state, d.saved) {
		return nil
	}
	whole := d.snapshot() + ".new"
	if err == nil {
		err = os.WriteFile(whole, state, 0o600)
	}
	if err == nil {
		err = os.Rename(whole, d.snapshot()) // half a file is never found
	}
	if err != nil {
		return fmt.Errorf("save the stand-in's state: %w", err)
	}
	d.saved = state
	return nil
}

func (d *demo) welcome(base string, took time.Duration) {
	ws := models.WorkspaceID(teamID)
	n := 0
	if list, err := d.app.Store.Changes(context.Background(), ws, store.ChangeFilter{Limit: 1000}); err == nil {
		n = len(list)
	}
	_, _ = fmt.Fprintf(d.Out, "\nGatehouse is ready after %s, with %d changes on its books. Open\n\n    %s\n\nand try:\n", took.Round(100*time.Millisecond), n, base)
	for i, hint := range hints {
		_, _ = fmt.Fprintf(d.Out, "  %d. %s\n", i+1, hint)
	}
	_, _ = fmt.Fprintln(d.Out, "\nCtrl-C ends it.")
}

// dataDir is where the state is kept, and what to do with it afterwards.
func dataDir(kept string) (string, func(), error) {
	if kept != "" {
		if err := os.MkdirAll(kept, 0o700); err != nil {
			return "", nil, fmt.Errorf("make the data directory: %w", err)
		}
		return kept, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "gatehouse-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("make a temporary directory: %w", err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// loopback: the page lets anybody play anybody, so it must stay on this machine.
func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("--addr is %q; it should look like 127.0.0.1:8765", addr)
	}
	if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("--addr is %q: the demo lets anybody play anybody, so it is served on this machine only; use 127.0.0.1:8765", addr)
}
