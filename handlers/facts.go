package handlers

import (
	"context"
	"sync"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

const (
	// askSlackWithin is how long a decision waits for Slack to confirm a person;
	// then it goes on with the older facts, and the rules refuse on those that
	// are too old.
	askSlackWithin = 5 * time.Second
	// glanceWithin is what a form that must open at once can wait for its facts.
	glanceWithin = 300 * time.Millisecond
)

// know makes sure that Slack confirmed who the person is within the last half
// hour: rights are judged on facts of an hour's age at most.
func (h *Handlers) know(ctx context.Context, u models.UserID) {
	h.mu.Lock()
	at, known := h.checked[u]
	h.mu.Unlock()
	if known && h.Store.Now().Sub(at).Abs() < models.FactsValidFor/2 {
		return
	}
	if err := h.confirm(ctx, u); err != nil {
		h.Log.WarnContext(ctx, "could not confirm a person with Slack", "user", u, "error", err)
	}
}

// knowBoth is know for whoever acts and for whom they name, at the same time.
func (h *Handlers) knowBoth(ctx context.Context, actor, named models.UserID) {
	var group sync.WaitGroup
	if named != "" && named != actor {
		group.Go(func() { h.know(ctx, named) })
	}
	h.know(ctx, actor)
	group.Wait()
}

// confirm keeps what Slack says of the person now.
func (h *Handlers) confirm(ctx context.Context, u models.UserID) error {
	ctx, cancel := context.WithTimeout(ctx, askSlackWithin)
	defer cancel()
	now := h.Store.Now()
	user, err := h.Slack.User(ctx, string(u))
	if err != nil {
		return err
	}
	stranger := user.Stranger || user.TeamID != "" && user.TeamID != string(h.Workspace)
	person := models.Person{ID: u, Name: user.Name, Zone: user.Zone, Bot: user.Bot, Deleted: user.Deleted,
		Guest: user.Restricted || user.UltraRestricted || stranger, CheckedAt: now}
	if err := h.Store.SavePerson(ctx, h.Workspace, person); err != nil {
		return err
	}
	h.mu.Lock()
	h.checked[u] = now
	h.mu.Unlock()
	return nil
}

// forget makes the next act of the person ask Slack again.
func (h *Handlers) forget(u models.UserID) {
	h.mu.Lock()
	delete(h.checked, u)
	h.mu.Unlock()
}

// facts are for showing something. Deciding facts are read by the store itself.
func (h *Handlers) facts(ctx context.Context, u models.UserID) (models.Facts, error) {
	f, err := h.Store.Facts(ctx, h.Workspace, u)
	if err == nil {
		h.latest.Store(f.Directory)
	}
	return f, err
}

// glance is facts for what must be shown at once, and never fails: when the
// database gives none within a moment it is what was read last.
func (h *Handlers) glance(ctx context.Context, u models.UserID) models.Facts {
	short, cancel := context.WithTimeout(ctx, glanceWithin)
	defer cancel()
	f, err := h.facts(short, u)
	if err == nil {
		return f
	}
	f = models.Facts{Directory: h.latest.Load(), Now: h.Store.Now()}
	if f.Directory == nil {
		f.Directory = &models.Directory{}
	}
	f.Actor = f.Person(u)
	f.Actor.ID = u
	return f
}
