// Package handlers answers Slack and HTTP: it reads what a person did, lets a
// rule decide, has the store keep it, and says the result to that person. One
// table of routes stands behind both doors, HTTP and Socket Mode. Handlers
// never post to channels: what others must see is delivered by package jobs.
package handlers

import (
	"context"
	"log/slog"
	"sync"
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
	// ChangeCommand is the slash command as the app's manifest names it, "/change".
	ChangeCommand string
	SigningSecret string // needed by the HTTP door only
	// AnswerWithin is when a person gets an interim answer while the work goes
	// on; Slack waits 3 s. Zero means DefaultAnswerWithin.
	AnswerWithin time.Duration
}

// DefaultAnswerWithin leaves Slack's three seconds some room for the network.
const DefaultAnswerWithin = 2200 * time.Millisecond

// workWithin bounds what goes on after an interim answer.
const workWithin = 25 * time.Second

// Handlers answers everything that comes in. It is safe for concurrent use.
type Handlers struct {
	Config
	seen *recent // event ids, so that Slack's retries save work

	mu      sync.Mutex
	checked map[models.UserID]time.Time // when Slack last confirmed a person, in business time

	background context.Context // outlives a request, ends with the app
	stop       context.CancelFunc
	work       sync.WaitGroup
}

// New makes the handlers. Close them to wait for what is still at work.
func New(c Config) *Handlers {
	if c.AnswerWithin == 0 {
		c.AnswerWithin = DefaultAnswerWithin
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Handlers{Config: c, seen: newRecent(), checked: map[models.UserID]time.Time{}, background: ctx, stop: cancel}
}

// Close waits for everything that was begun, until ctx ends; then it cancels
// what is left.
func (h *Handlers) Close(ctx context.Context) {
	done := make(chan struct{})
	go func() { h.work.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	h.stop()
	<-done
}

// spawn runs f in the background; Close waits for it.
func (h *Handlers) spawn(f func(ctx context.Context)) {
	h.work.Go(func() {
		ctx, cancel := context.WithTimeout(h.background, workWithin)
		defer cancel()
		f(ctx)
	})
}

// command is what the store needs to know about the request.
func (h *Handlers) command(r *Request) store.Command {
	return store.Command{Workspace: h.Workspace, Key: r.Key, Actor: r.User}
}

// know makes sure that Slack confirmed who the person is within the last
// hour: rights are judged on facts of that age at most. A failure leaves the
// older facts in place, and the rules refuse when those are too old.
func (h *Handlers) know(ctx context.Context, u models.UserID) {
	now := h.Store.Now()
	h.mu.Lock()
	fresh := now.Sub(h.checked[u]).Abs() < models.FactsValidFor/2
	h.mu.Unlock()
	if fresh {
		return
	}
	user, err := h.Slack.User(ctx, string(u))
	if err != nil {
		h.Log.WarnContext(ctx, "could not confirm a person with Slack", "user", u, "error", err)
		return
	}
	person := models.Person{ID: u, Name: user.Name, Zone: user.Zone, Bot: user.Bot, Deleted: user.Deleted,
		Guest: user.Restricted || user.UltraRestricted || user.Stranger || (user.TeamID != "" && user.TeamID != string(h.Workspace)), CheckedAt: now}
	if err := h.Store.SavePerson(ctx, h.Workspace, person); err != nil {
		h.Log.WarnContext(ctx, "could not keep what Slack said of a person", "user", u, "error", err)
		return
	}
	h.mu.Lock()
	h.checked[u] = now
	h.mu.Unlock()
}

// forget makes the next decision of the person ask Slack again.
func (h *Handlers) forget(u models.UserID) {
	h.mu.Lock()
	delete(h.checked, u)
	h.mu.Unlock()
}

// facts for showing something. Deciding facts are read by the store itself.
func (h *Handlers) facts(ctx context.Context, u models.UserID) (models.Facts, error) {
	return h.Store.Facts(ctx, h.Workspace, u)
}

// glance is facts for a form that must open at once: what is at hand within
// a moment, else an empty directory, so that a hanging database can't cost
// the person their trigger.
func (h *Handlers) glance(ctx context.Context, u models.UserID) models.Facts {
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	f, err := h.facts(short, u)
	if err != nil {
		return models.Facts{Directory: &models.Directory{}, Now: h.Store.Now(), Actor: models.Person{ID: u}}
	}
	return f
}
