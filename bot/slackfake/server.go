// Package slackfake is a Slack to talk to in tests and in `gatehouse demo`: the Web API, signed HTTP
// deliveries, Socket Mode and a web page, kept in memory. It speaks raw JSON, imports nothing of Gatehouse
// and no Slack library, and is never kinder than Slack: what Slack refuses, it refuses, with the same codes.
package slackfake

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

//go:embed web
var page embed.FS

// Config describes the workspace and how strict its clocks are. The zero value of every field is usable.
type Config struct {
	Team       Team
	Users      []User
	Channels   []Channel
	UserGroups []UserGroup

	BotToken, AppToken, SigningSecret string
	// Scopes of the bot token until a manifest is installed; nil means LeastScopes.
	Scopes []string

	// Now is business time: message timestamps, pace, the life of a response_url and the recorder's "at".
	// Signatures, trigger_ids, ack budgets and pings always follow the machine's clock.
	Now func() time.Time
	// Jump moves business time for the page's clock; nil means it cannot be moved.
	Jump func(ctx context.Context, d time.Duration) error

	// Record receives every call of the app as JSON lines. When nil and GATEHOUSE_RECORD_DIR is set, a new file there does.
	Record io.Writer
	// Restore is an earlier Snapshot; it replaces Users, Channels and UserGroups.
	Restore []byte

	Pace         Pace
	AckBudget    time.Duration   // how long the app may take to acknowledge; 3 s
	TriggerLife  time.Duration   // life of a trigger_id; 3 s
	EventRetries []time.Duration // waits before each repeat of a failed event; 0, 1 min, 5 min
	PingEvery    time.Duration   // WebSocket pings; 5 s
	SocketGrace  time.Duration   // from a disconnect frame to the closing of its socket; 10 s
	Seed         uint64          // of the random choices of fault rules
	Hints        []string        // lines that the page shows a newcomer
	Log          *slog.Logger    // nil discards
}

// Server is the stand-in: an http.Handler for /api/*, /respond/*, /upload/*, /link, /_fake/* and the page at /.
// All methods are safe for concurrent use.
type Server struct {
	cfg  Config
	mux  *http.ServeMux
	http *http.Client // delivers to the app
	log  *slog.Logger

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	tasks  sync.Mutex // orders the start of tasks and the end of all

	mu       sync.Mutex // guards all below
	base     string
	world    world
	app      app
	views    map[string]*view   // open modals and Home views by id
	stacks   map[string][]*view // open modals by user, top last
	triggers map[string]*trigger
	hooks    map[string]*hook  // response_urls by token
	picks    map[string]values // what people chose in messages: state.values by channel, ts and user
	uploads  map[string]*upload
	changed  chan struct{} // closed and replaced on every change
	passed   chan struct{} // closed and replaced after every delivery
	watchers map[*watcher]struct{}

	faults  *faults
	pace    *pace
	ring    ring
	rec     *recorder
	sockets *sockets
}

// New builds a stand-in from the configuration; it listens nowhere until it is served (see Listen).
func New(cfg Config) (*Server, error) {
	fill(&cfg)
	s := &Server{cfg: cfg, log: cfg.Log, base: "http://slack.invalid", mux: http.NewServeMux(),
		views: map[string]*view{}, stacks: map[string][]*view{}, triggers: map[string]*trigger{}, hooks: map[string]*hook{},
		picks: map[string]values{}, uploads: map[string]*upload{}, changed: make(chan struct{}), passed: make(chan struct{}), watchers: map[*watcher]struct{}{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, CheckRedirect: atMostTwoRedirects}
	s.faults, s.pace, s.sockets = newFaults(cfg.Seed), newPace(cfg.Pace, cfg.Now), newSockets(s)
	var err error
	if s.rec, err = newRecorder(cfg.Record, cfg.Now); err != nil {
		return nil, err
	}
	s.app = newApp(cfg)
	if s.world, err = newWorld(cfg); err != nil {
		return nil, err
	}
	for _, v := range s.world.Homes {
		s.views[v.ID] = v
	}
	web, err := fs.Sub(page, "web")
	if err != nil {
		return nil, fmt.Errorf("open the embedded page: %w", err)
	}
	s.mux.HandleFunc("/api/{method}", s.serveAPI)
	s.mux.HandleFunc("POST /respond/{token}", s.serveRespond)
	s.mux.HandleFunc("POST /upload/{id}", s.serveUpload)
	s.mux.HandleFunc("/link", s.sockets.serve)
	s.mux.Handle("/_fake/", s.control())
	s.mux.Handle("/", localOnly(http.FileServerFS(web)))
	return s, nil
}

func fill(c *Config) {
	def := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	span := func(p *time.Duration, v time.Duration) {
		if *p == 0 {
			*p = v
		}
	}
	def(&c.Team.ID, "T0FAKE0001")
	def(&c.Team.Name, "Example")
	def(&c.Team.Domain, "example")
	def(&c.BotToken, "xoxb-fake-bot")
	def(&c.AppToken, "xapp-fake-app")
	def(&c.SigningSecret, "fake-signing-secret")
	span(&c.AckBudget, 3*time.Second)
	span(&c.TriggerLife, 3*time.Second)
	span(&c.PingEvery, 5*time.Second)
	span(&c.SocketGrace, 10*time.Second)
	if c.EventRetries == nil {
		c.EventRetries = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	if c.Scopes == nil {
		c.Scopes = LeastScopes
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

func atMostTwoRedirects(_ *http.Request, via []*http.Request) error {
	if len(via) > 2 {
		return errors.New("too many redirects")
	}
	return nil
}

// ServeHTTP answers the app, its sockets, the page and the page's control calls.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// SetURL tells the server its own base URL (no trailing slash), which response_url, upload and socket links are made from.
func (s *Server) SetURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = strings.TrimSuffix(base, "/")
}

// URL is the server's own base URL; the Web API is below URL() + "/api/".
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base
}

// Listen serves on addr ("127.0.0.1:0" for any free port) and sets the base URL. stop closes the listener,
// every socket and every delivery in flight, and waits for them.
func (s *Server) Listen(addr string) (base string, stop func(), err error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return "", nil, fmt.Errorf("listen for the Slack stand-in: %w", err)
	}
	base = "http://" + ln.Addr().String()
	s.SetURL(base)
	srv := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return s.ctx }}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(ln) }()
	var once sync.Once
	return base, func() {
		once.Do(func() { _ = srv.Close(); <-done; s.Close() })
	}, nil
}

// Close ends sockets, deliveries and event retries, and waits for them. State can still be read afterwards.
func (s *Server) Close() {
	s.tasks.Lock()
	s.cancel()
	s.tasks.Unlock()
	s.sockets.closeAll()
	s.wg.Wait()
	s.http.CloseIdleConnections()
	s.rec.close()
}

// run starts a task that Close ends and waits for; false means that the server is closing.
func (s *Server) run(task func(context.Context)) bool {
	s.tasks.Lock()
	defer s.tasks.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.wg.Go(func() { task(s.ctx) })
	return true
}

// Wait returns nil as soon as cond holds; it is tried at every change of state, never by polling.
func (s *Server) Wait(ctx context.Context, cond func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for the Slack stand-in: %w", ctx.Err())
		}
	}
}
