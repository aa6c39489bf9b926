// Package handlers answers Slack and HTTP: it reads what a person did, lets a
// rule decide, has the store keep it, and says the result to that person. One
// table of routes stands behind both doors, HTTP and Socket Mode. Handlers
// never post to channels: what others must see is delivered by package jobs.
package handlers

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// Config is what the handlers work with.
type Config struct {
	Store     *store.Store
	Slack     *slackapi.Client
	Log       *slog.Logger
	Workspace models.WorkspaceID // requests of any other workspace are refused
	// The slash commands as the app's manifest names them; empty means
	// "/change", "/checklist" and "/gatehouse".
	ChangeCommand, ChecklistCommand, GatehouseCommand string
	SigningSecret                                     string // needed by the HTTP door only
	// AnswerWithin is when a person gets an interim answer while the work goes
	// on; Slack waits 3 s. Zero means DefaultAnswerWithin.
	AnswerWithin time.Duration
	// AtOnce bounds how many requests are worked on side by side; one more is
	// asked to come again. Zero means DefaultAtOnce.
	AtOnce int
}

// DefaultAnswerWithin leaves Slack's three seconds some room for the network.
const DefaultAnswerWithin = 2200 * time.Millisecond

// DefaultAtOnce is far above what a workspace does in the seconds that a
// request takes, and keeps a database that hangs from filling the memory.
const DefaultAtOnce = 512

const (
	// workWithin bounds the work on one request, interim answer or not.
	workWithin = 25 * time.Second
	// sayWithin bounds the telling of its result, on top of that: work that ran
	// out of time must still be able to say so.
	sayWithin = 20 * time.Second
)

// Handlers answers everything that comes in. It is safe for concurrent use.
type Handlers struct {
	Config
	acts  *once
	slots chan struct{} // one is held by each piece of work

	mu      sync.Mutex
	checked map[models.UserID]time.Time // when Slack last confirmed a person, in business time
	latest  atomic.Pointer[models.Directory]

	redraws redraws

	rates, guesses rates // calls of pipelines, by token, and those that no token opened, by address

	life   context.Context // outlives a request, ends with the app
	stop   context.CancelFunc
	gate   sync.RWMutex // guards closed against requests that come in while Close begins
	closed bool
	work   sync.WaitGroup
}

// New makes the handlers. Close them to wait for what is still at work.
func New(c Config) *Handlers {
	if c.AnswerWithin <= 0 {
		c.AnswerWithin = DefaultAnswerWithin
	}
	if c.AtOnce <= 0 {
		c.AtOnce = DefaultAtOnce
	}
	c.ChangeCommand = cmp.Or(c.ChangeCommand, "/"+string(CommandChange))
	c.ChecklistCommand = cmp.Or(c.ChecklistCommand, "/"+string(CommandChecklist))
	c.GatehouseCommand = cmp.Or(c.GatehouseCommand, "/"+string(CommandGatehouse))
	ctx, cancel := context.WithCancel(context.Background())
	return &Handlers{Config: c, acts: newOnce(), slots: make(chan struct{}, c.AtOnce),
		checked: map[models.UserID]time.Time{}, redraws: redraws{open: map[string]*redrawn{}}, rates: rates{most: callRate}, guesses: rates{most: guessRate}, life: ctx, stop: cancel}
}

// Close lets nothing in any more and waits for everything that was begun,
// until ctx ends; then it cancels what is left and waits for that.
func (h *Handlers) Close(ctx context.Context) {
	h.gate.Lock()
	h.closed = true
	h.gate.Unlock()
	stop := context.AfterFunc(ctx, h.stop)
	defer stop()
	h.work.Wait()
	h.stop()
}

// enter counts a request in; false means that Gatehouse is going. Whoever
// entered calls leave when everything about the request has been begun.
func (h *Handlers) enter() bool {
	h.gate.RLock()
	defer h.gate.RUnlock()
	if !h.closed {
		h.work.Add(1)
	}
	return !h.closed
}

func (h *Handlers) leave() { h.work.Done() }

// working is the context of a request's work, saying that of telling its
// result. Both outlive the request itself.
func (h *Handlers) working() (context.Context, context.CancelFunc) {
	return context.WithTimeout(h.life, workWithin)
}

func (h *Handlers) saying() (context.Context, context.CancelFunc) {
	return context.WithTimeout(h.life, sayWithin)
}

// command is what the store needs to know about the request.
func (h *Handlers) command(r *Request) store.Command {
	return store.Command{Workspace: h.Workspace, Key: r.Key, Actor: r.User}
}
