package handlers

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// redraws are the forms that are drawn again while people fill them in. A form
// is drawn by one goroutine at a time and always with its latest answers, so
// that a slow look at the calendar never puts older ones over newer ones.
type redraws struct {
	mu   sync.Mutex
	open map[string]*redrawn // by view id
}

// redrawn is one form.
type redrawn struct {
	next *Request // the latest choice that is not shown yet
	busy bool
	own  []string  // the hashes of what Gatehouse has drawn over
	is   string    // the hash of what it drew last
	at   time.Time // when that was, by the machine's clock
}

// add notes a choice, and reports whether somebody has to begin to draw.
func (d *redraws) add(r *Request) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.open[r.View.ID]
	if x == nil {
		for id, old := range d.open { // forget what was closed long ago
			if !old.busy && time.Since(old.at) > time.Hour {
				delete(d.open, id)
			}
		}
		x = &redrawn{}
		d.open[r.View.ID] = x
	}
	begin := !x.busy
	x.next, x.busy, x.at = r, true, time.Now()
	return begin
}

// take gives the choice to draw next, with the hash of the form as it is now:
// a choice made before Gatehouse drew the one before still carries the older.
func (d *redraws) take(viewID string) (r *Request, hash string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.open[viewID]
	if x == nil {
		return nil, ""
	}
	r, x.next, x.busy = x.next, nil, x.next != nil
	if r == nil {
		return nil, ""
	}
	if hash = r.View.Hash; slices.Contains(x.own, hash) {
		hash = x.is
	}
	return r, hash
}

func (d *redraws) forget(viewID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, viewID)
}

// drawn notes how Gatehouse has left the form.
func (d *redraws) drawn(viewID, was, is string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if x := d.open[viewID]; x != nil {
		x.own, x.is, x.at = append(x.own, was), is, time.Now()
	}
}

// redrawForm asks for what the answers so far call for, and says what they come
// to. What was typed stays: Slack keeps the answer of an input whose ids are
// the same. Nobody's click waits for it.
func (h *Handlers) redrawForm(_ context.Context, r *Request) (Reply, error) {
	if h.redraws.add(r) {
		h.background(func(ctx context.Context) { h.drawForms(ctx, r.View.ID) })
	}
	return Reply{}, nil
}

func (h *Handlers) drawForms(ctx context.Context, viewID string) {
	defer func() {
		if p := recover(); p != nil { // the next choice begins anew
			h.redraws.forget(viewID)
			panic(p)
		}
	}()
	for {
		r, hash := h.redraws.take(viewID)
		if r == nil {
			return
		}
		meta, in := view.ReadChangeForm(r.View)
		if r.Name == view.ActionType {
			meta, in = startFor(meta, in, h.glance(ctx, r.User))
		}
		meta.KeepLength(&in)
		h.drawForm(ctx, slackapi.View{ID: viewID, Hash: hash}, r.User, meta, in)
	}
}

// startFor gives a type that was just chosen the start that it begins with,
// where nobody chose another: now for an emergency, else the next full hour.
func startFor(meta view.FormMeta, in models.Input, f models.Facts) (view.FormMeta, models.Input) {
	was, hour := in.Start, freshInput(f).Start
	switch {
	case in.Type == models.Emergency && was.Equal(hour):
		in.Start = f.Now.Truncate(time.Minute)
	case in.Type != models.Emergency && meta.Slot == was.Unix() && !was.After(f.Now):
		in.Start = hour
	default:
		return meta, in
	}
	if meta.Slot, meta.Filled = in.Start.Unix(), (view.Filled{}); in.End.Equal(was.Add(view.DefaultLength)) {
		in.End = in.Start.Add(view.DefaultLength)
		meta.FilledIn(in)
	}
	return meta, in
}

// drawForm puts the form as it is filled in so far in the place of itself. One
// that was closed or changed meanwhile stays as it is.
func (h *Handlers) drawForm(ctx context.Context, at slackapi.View, u models.UserID, meta view.FormMeta, in models.Input) {
	now, err := h.Slack.UpdateView(ctx, at.ID, at.Hash, h.formAhead(ctx, u, meta, in))
	var failed *slackapi.Error
	switch {
	case err == nil:
		h.redraws.drawn(at.ID, at.Hash, now.Hash)
	case !errors.As(err, &failed) || failed.Trouble != slackapi.ViewChanged:
		h.Log.InfoContext(ctx, "could not bring a form up to date", "user", u, "error", err)
	}
}

// outlookWithin is how long a form waits for what it would come to; then it is
// drawn without.
const outlookWithin = 3 * time.Second

// formAhead is the form with what it would come to if it were sent now.
func (h *Handlers) formAhead(ctx context.Context, u models.UserID, meta view.FormMeta, in models.Input) slack.ModalViewRequest {
	look, cancel := context.WithTimeout(ctx, outlookWithin)
	defer cancel()
	var c *models.Change
	var err error
	if meta.Mode == view.ModeEdit {
		c, err = h.Store.Change(look, h.Workspace, meta.Change)
	}
	if err == nil && len(in.Services) > 0 {
		var ahead models.Outlook
		var f models.Facts
		if ahead, f, err = h.Store.Outlook(look, h.Workspace, u, in, c); err == nil {
			return view.ChangeFormAhead(meta, in, ahead, f)
		}
	}
	if err != nil {
		h.Log.WarnContext(ctx, "a form does not say what it would come to", "user", u, "error", err)
	}
	return view.ChangeForm(meta, in, h.glance(ctx, u), meta.Resets)
}

// drawAhead brings a form that was just opened up to date, unless there is
// nothing to say about it yet.
func (h *Handlers) drawAhead(at slackapi.View, u models.UserID, meta view.FormMeta, in models.Input) {
	if len(in.Services) > 0 && at.ID != "" {
		h.background(func(ctx context.Context) { h.drawForm(ctx, at, u, meta, in) })
	}
}
