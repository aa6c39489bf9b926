// Package bot puts Gatehouse together: configuration, the store, the Slack
// client, the handlers behind both doors, and the jobs. It is the only
// package that knows every room; it holds no rule of its own.
package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/handlers"
	"github.com/gatehousehq/gatehouse/jobs"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
	"github.com/gatehousehq/gatehouse/models/store"
)

// App is one running Gatehouse.
type App struct {
	Store    *store.Store
	Handlers *handlers.Handlers
	Jobs     *jobs.Jobs
	Slack    *slackapi.Client
	Identity slackapi.Identity

	config   Config
	log      *slog.Logger
	listener net.Listener
	ready    chan struct{}
	sockets  atomic.Int64

	policyTrouble string // why the policy file was refused
}

// Options are what only the demo and tests set.
type Options struct {
	Log          *slog.Logger
	MovableClock bool          // the business clock may be moved
	AnswerWithin time.Duration // see handlers.Config
}

// New checks the configuration, opens and migrates the database, proves the
// bot token with Slack and reads policy and services. While Slack can't be
// reached it keeps trying until ctx ends.
func New(ctx context.Context, c Config, o Options) (*App, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if o.Log == nil {
		level, _ := c.level() // Validate has read it
		o.Log = slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	}
	a := &App{config: c, log: o.Log, ready: make(chan struct{})}
	if err := a.open(ctx, o); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func (a *App) open(ctx context.Context, o Options) (err error) {
	c := a.config
	if c.DatabaseURL == "" {
		if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
			return fmt.Errorf("make the data directory: %w", err)
		}
	}
	if a.Store, err = store.Open(ctx, store.Options{URL: c.StoreURL(), Logger: o.Log, MovableClock: o.MovableClock}); err != nil {
		return err
	}
	if err := a.policyToServe(ctx); err != nil {
		return err
	}
	if a.Slack, err = slackapi.New(slackapi.Config{BotToken: string(c.BotToken), AppToken: string(c.AppToken), BaseURL: c.SlackAPIURL, Log: o.Log}); err != nil {
		return err
	}
	if a.Identity, err = a.identify(ctx); err != nil {
		return err
	}
	if err := a.prepare(ctx); err != nil {
		return err
	}
	ws := models.WorkspaceID(a.Identity.TeamID)
	a.Handlers = handlers.New(handlers.Config{Store: a.Store, Slack: a.Slack, Log: o.Log, Workspace: ws,
		ChangeCommand: c.ChangeCommand, ChecklistCommand: c.ChecklistCommand, GatehouseCommand: c.GatehouseCommand, SigningSecret: string(c.SigningSecret), AnswerWithin: o.AnswerWithin})
	host, _ := os.Hostname()
	a.Jobs, err = jobs.New(jobs.Config{Store: a.Store, Slack: a.Slack, Log: o.Log, Workspace: ws,
		Owner: host + "/" + strconv.Itoa(os.Getpid()), HasHistoryScope: a.hasHistoryScope,
		Commands: view.Commands{Change: c.ChangeCommand, Checklist: c.ChecklistCommand, Gatehouse: c.GatehouseCommand}, Times: o.times()})
	return err
}

func (a *App) hasHistoryScope() bool { return slices.Contains(a.Identity.Scopes, "channels:history") }

// identify asks Slack whose token this is. A refusal is final; an outage is
// waited out.
func (a *App) identify(ctx context.Context) (slackapi.Identity, error) {
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		id, err := a.Slack.AuthTest(ctx)
		var failed *slackapi.Error
		if err == nil || !errors.As(err, &failed) || failed.Kind == slackapi.Never || ctx.Err() != nil {
			if failed != nil {
				err = fmt.Errorf("prove the bot token: %s (%w)", failed.Words(), err)
			}
			return id, err
		}
		a.log.WarnContext(ctx, "Slack can't be reached yet; trying again", "wait", wait, "error", err)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// prepare brings what is set from outside into the store: the workspace, its
// settings, the policy and the services.
func (a *App) prepare(ctx context.Context) error {
	ws := models.WorkspaceID(a.Identity.TeamID)
	if err := a.Store.EnsureWorkspace(ctx, ws, a.Identity.Team, models.UserID(a.Identity.BotUser)); err != nil {
		return err
	}
	if err := a.preparePolicy(ctx, ws); err != nil {
		return err
	}
	if err := a.prepareServices(ctx, ws); err != nil {
		return err
	}
	if err := a.prepareTemplates(ctx, ws); err != nil {
		return err
	}
	if err := a.prepareChecklists(ctx, ws); err != nil {
		return err
	}
	d, err := a.Store.Directory(ctx, ws)
	if err != nil {
		return err
	}
	settings := d.Settings
	if a.config.ChangesChannel != "" { // else it is the one that an admin chose
		settings.ChangesChannel = models.ChannelID(a.config.ChangesChannel)
	}
	if settings.Hours.To == 0 {
		settings.Hours = models.DefaultWorkingHours()
	}
	if err := a.Store.SaveSettings(ctx, ws, settings); err != nil {
		return err
	}
	for _, role := range models.StandingRoles {
		if len(d.Roles[role]) == 0 && role != models.RoleAuditor {
			a.log.WarnContext(ctx, "nobody holds a role; changes that need it can't be approved", "role", role)
		}
	}
	for _, what := range d.Unheld() {
		a.log.WarnContext(ctx, "the policy asks for what nobody here can give", "what", what)
	}
	return a.Store.NotePolicy(ctx, ws, a.policyTrouble)
}

// policyToServe refuses to start by a policy file that is refused while no
// earlier policy is stored, before anything else is asked of Slack or anybody:
// whoever sets Gatehouse up reads all that is wrong with it at the first try.
func (a *App) policyToServe(ctx context.Context) error {
	if a.config.PolicyFile == "" {
		return nil
	}
	source, err := os.ReadFile(a.config.PolicyFile)
	if err != nil {
		return fmt.Errorf("read the policy file: %w", err)
	}
	if _, err = files.Policy(source); err == nil {
		return nil
	}
	if stored, serr := a.Store.AnyPolicy(ctx); serr != nil || stored {
		return serr // the last good one serves, and admins are told
	}
	return a.refusedPolicy(err)
}

func (a *App) refusedPolicy(err error) error {
	return fmt.Errorf("the policy file %[1]s is refused, and no earlier policy is stored that could serve instead, so Gatehouse does not start. Mend these lines; `gatehouse policy validate %[1]s` checks the file without starting anything:\n%[2]w", a.config.PolicyFile, err)
}

// preparePolicy activates the policy file, or the built-in policy. A file
// that can't be read or is refused leaves the last good one in force.
func (a *App) preparePolicy(ctx context.Context, ws models.WorkspaceID) error {
	source := files.DefaultPolicy
	if a.config.PolicyFile != "" {
		own, err := os.ReadFile(a.config.PolicyFile)
		if err != nil {
			return fmt.Errorf("read the policy file: %w", err)
		}
		source = own
	}
	policy, err := files.Policy(source)
	if err == nil {
		if _, err = a.Store.ActivatePolicy(ctx, ws, policy.Version, source, files.Policy); err != nil {
			return err
		}
		return a.comparePolicy(ctx, ws, policy, source)
	}
	d, derr := a.Store.Directory(ctx, ws)
	if derr != nil {
		return derr
	}
	if d.Policy.Version == 0 {
		return a.refusedPolicy(err) // another workspace has one
	}
	a.policyTrouble = err.Error()
	a.log.ErrorContext(ctx, "the policy file is refused; the last good policy stays in force", "file", a.config.PolicyFile, "version", d.Policy.Version, "error", err)
	return nil
}

// comparePolicy warns of a file that is not the one in force: all replicas
// judge by the stored policy.
func (a *App) comparePolicy(ctx context.Context, ws models.WorkspaceID, own models.Policy, source []byte) error {
	stored, err := a.Store.Policies(ctx, ws)
	if err != nil || len(stored) == 0 {
		return err
	}
	switch now := stored[0]; {
	case own.Version < now.Policy.Version:
		a.log.WarnContext(ctx, "the policy file has an older version than the stored one; it is ignored", "file", own.Version, "stored", now.Policy.Version)
	case now.Source != string(source):
		a.log.WarnContext(ctx, "the policy file was edited without a higher version; it is ignored until its version grows", "version", own.Version)
	}
	return nil
}

func (a *App) prepareServices(ctx context.Context, ws models.WorkspaceID) error {
	if a.config.ServicesFile == "" {
		return nil
	}
	source, err := os.ReadFile(a.config.ServicesFile)
	if err != nil {
		return fmt.Errorf("read the services file: %w", err)
	}
	catalog, err := files.ReadCatalog(source)
	if err != nil {
		return fmt.Errorf("%s is refused, nothing of it was applied:\n%w", a.config.ServicesFile, err)
	}
	_, err = a.Store.ImportFile(ctx, ws, store.Catalog(catalog), source)
	return err
}

// prepareTemplates stores what is newer in the templates file. A file that is
// refused, or a version that does not fit the services, leaves what is stored:
// serving goes on.
func (a *App) prepareTemplates(ctx context.Context, ws models.WorkspaceID) error {
	if a.config.TemplatesFile == "" {
		return nil
	}
	source, err := os.ReadFile(a.config.TemplatesFile)
	if err != nil {
		return fmt.Errorf("read the templates file: %w", err)
	}
	list, err := files.Templates(source)
	if err != nil {
		a.log.ErrorContext(ctx, "the templates file is refused; what is stored stays in force", "file", a.config.TemplatesFile, "error", err)
		return nil
	}
	stored, err := a.Store.ImportTemplates(ctx, ws, list)
	for _, name := range stored {
		a.log.InfoContext(ctx, "a version of a template is stored", "template", name)
	}
	if err != nil {
		a.log.ErrorContext(ctx, "a template is not stored; what is stored of it stays in force", "file", a.config.TemplatesFile, "error", err)
	}
	d, err := a.Store.Directory(ctx, ws)
	if err != nil {
		return err
	}
	for _, v := range list {
		if t := d.Templates[v.Name]; v.Version < t.Last {
			a.log.WarnContext(ctx, "the templates file has an older version than the stored one; it is ignored", "template", v.Name, "file", v.Version, "stored", t.Last)
		}
	}
	for name, t := range d.Templates {
		for _, slug := range t.Recipe.Services {
			if t.State == models.TemplateActive && d.Services[slug].Retired {
				a.log.WarnContext(ctx, "a template names a retired service; it can't be used on it", "template", name, "service", slug)
			}
		}
	}
	return nil
}

// Run serves until ctx ends, then stops gracefully: no new requests, what is
// at work is finished or handed back. It returns nil after a wished stop.
func (a *App) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var err error
	if a.listener, err = net.Listen("tcp", a.config.ListenAddr); err != nil {
		return fmt.Errorf("listen on %s: %w", a.config.ListenAddr, err)
	}
	handler := a.Handlers.Probes()
	if a.config.Mode == ModeHTTP {
		handler = a.Handlers.HTTP()
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	var group sync.WaitGroup
	begin := func(what string, f func() error) {
		group.Go(func() {
			if err := f(); err != nil {
				cancel(fmt.Errorf("%s: %w", what, err))
			}
		})
	}
	begin("jobs", func() error { return a.Jobs.Run(ctx) })
	begin("http", func() error {
		if err := server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	if a.config.Mode == ModeSocket {
		socket := &handlers.Socket{Handlers: a.Handlers, Connections: a.config.SocketCount, Log: a.log, OnConnected: func(n int) { a.sockets.Store(int64(n)) }}
		begin("socket mode", func() error { return socket.Run(ctx) })
	}
	close(a.ready)
	a.log.InfoContext(ctx, "Gatehouse is ready", "workspace", a.Identity.Team, "mode", a.config.Mode, "listen", a.listener.Addr().String())
	<-ctx.Done()
	calm, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer done()
	_ = server.Shutdown(calm)
	a.Handlers.Close(calm)
	group.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Ready is closed once Run serves.
func (a *App) Ready() <-chan struct{} { return a.ready }

// Addr is where HTTP is served, once ready.
func (a *App) Addr() string { return a.listener.Addr().String() }

// Sockets is how many Socket Mode connections are open.
func (a *App) Sockets() int { return int(a.sockets.Load()) }

// Close lets go of the database. Call it after Run has returned.
func (a *App) Close() {
	if a.Store != nil {
		if err := a.Store.Close(); err != nil {
			a.log.Error("could not close the database", "error", err)
		}
	}
}
