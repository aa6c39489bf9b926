package handlers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// freezes lists what is frozen now and later.
func (h *Handlers) freezes(ctx context.Context, r *Request) (Reply, error) {
	if word := strings.ToLower(r.Text); word == "new" || word == "declare" {
		return h.newFreeze(ctx, r)
	}
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	list := slices.DeleteFunc(slices.Clone(f.Freezes), func(z models.Freeze) bool { return z.Over(f.Now) })
	next := nextSpans(f)
	slices.SortStableFunc(list, func(a, b models.Freeze) int { return next[a.ID].Start.Compare(next[b.ID].Start) })
	return say(view.FreezeList(list, next, f)), nil
}

// nextSpans is the present or next time of each freeze.
func nextSpans(f models.Facts) map[models.FreezeID]models.Window {
	out := map[models.FreezeID]models.Window{}
	for _, x := range store.FreezeSpans(f, models.NewWindow(f.Now, f.Now.Add(lookAhead)), "") {
		if _, there := out[x.Freeze.ID]; !there {
			out[x.Freeze.ID] = x.Window
		}
	}
	return out
}

// newFreeze opens the empty form at once, for those who may send it.
func (h *Handlers) newFreeze(ctx context.Context, r *Request) (Reply, error) {
	f := h.glance(ctx, r.User)
	if err := models.MayFreeze(f); err != nil {
		return Reply{}, err
	}
	z := models.Freeze{Environments: []models.Environment{models.Production}}
	_, err := h.openOrPush(ctx, r, view.FreezeForm(view.FreezeMeta{ResponseURL: r.ResponseURL}, z, nil, f))
	return Reply{}, err
}

// lockdownFor is how long a lockdown lasts unless somebody says otherwise: long
// enough for an incident, short enough that a forgotten one ends the same day.
const lockdownFor = 4 * time.Hour

// lockdown opens the form with all that a lockdown needs, so that stopping
// everything takes one command, a look at what it touches, and a press.
func (h *Handlers) lockdown(ctx context.Context, r *Request) (Reply, error) {
	f := h.glance(ctx, r.User)
	if err := models.MayFreeze(f); err != nil {
		return Reply{}, err
	}
	name := "Lockdown"
	if why := strings.Join(strings.Fields(r.Text), " "); why != "" {
		name += ": " + why
	}
	z := models.Freeze{Kind: models.Lockdown, Name: clip(name, models.MaxTitle), Environments: []models.Environment{models.Production},
		When: models.When{Window: models.Window{End: f.Now.Add(lockdownFor).Truncate(time.Minute)}}}
	_, err := h.openOrPush(ctx, r, view.FreezeForm(view.FreezeMeta{ResponseURL: r.ResponseURL}, z, nil, f))
	return Reply{}, err
}

// editFreeze opens the form with what the freeze says now.
func (h *Handlers) editFreeze(ctx context.Context, r *Request) (Reply, error) {
	id, _, ok := view.ParseFreezeValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	return h.fillWith(ctx, r, "Edit "+id.String(), func() (slack.ModalViewRequest, error) {
		f, err := h.facts(ctx, r.User)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		if err := models.MayFreeze(f); err != nil {
			return slack.ModalViewRequest{}, err
		}
		z, err := h.Store.Freeze(ctx, h.Workspace, id)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		return view.FreezeForm(view.FreezeMeta{ID: id, Seen: z.Version, ResponseURL: r.ResponseURL}, *z, nil, f), nil
	})
}

// sendFreeze shows what the freeze would hold, and saves it when the same form
// is sent again: whoever declares it has seen that.
func (h *Handlers) sendFreeze(ctx context.Context, r *Request) (Reply, error) {
	meta, in := view.ReadFreezeForm(r.View)
	h.know(ctx, r.User)
	h.know(ctx, in.Owner)
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{SayAt: meta.ResponseURL}, err
	}
	if reply, stale, err := h.overtaken(ctx, r, meta, in, f); stale || err != nil {
		return reply, err
	}
	next, err := in.Complete(func(w models.When) (time.Time, error) { return store.NextTime(w, f.Now) }, f)
	if err != nil {
		return Reply{SayAt: meta.ResponseURL}, err
	}
	if of := fingerprint(r.View.State); meta.Previewed != of {
		return h.previewFreeze(ctx, meta, in, of, next, f)
	}
	move := func(z *models.Freeze, f models.Facts) ([]models.Event, error) {
		return z.Declare(in, meta.Seen, next, f)
	}
	var z *models.Freeze
	if meta.ID == 0 {
		z, err = h.Store.DeclareFreeze(ctx, h.command(r), move)
	} else {
		z, err = h.Store.UpdateFreeze(ctx, h.command(r), meta.ID, move)
		if _, refused := models.AsRefusal(err); refused { // somebody may have been faster by a moment
			if reply, stale, err := h.overtaken(ctx, r, meta, in, f); stale || err != nil {
				return reply, err
			}
		}
	}
	return h.freezeOutcome(ctx, r, z, err, meta.ResponseURL)
}

// overtaken shows a form anew whose freeze somebody else edited or lifted after
// it was opened: what they made of it, above what was typed, which is kept. Sent
// again it counts as written by somebody who knows theirs.
func (h *Handlers) overtaken(ctx context.Context, r *Request, meta view.FreezeMeta, in models.Freeze, f models.Facts) (Reply, bool, error) {
	if meta.ID == 0 {
		return Reply{}, false, nil
	}
	reply := Reply{SayAt: meta.ResponseURL}
	z, err := h.Store.Freeze(ctx, h.Workspace, meta.ID)
	if err != nil {
		return reply, false, err
	}
	if z.Version == meta.Seen {
		return reply, false, nil
	}
	events, err := h.Store.History(ctx, h.Workspace, z.Ref(), 10, 0)
	if err != nil {
		return reply, false, err
	}
	last := slices.IndexFunc(events, func(e models.Event) bool { return e.Kind != models.EventRefused })
	if last < 0 || events[last].Actor == r.User { // their own form, sent twice
		return reply, false, nil
	}
	modal := view.FreezeOvertaken(meta, in, *z, nextSpans(f)[z.ID], events[last].Actor, f)
	reply.View = &modal
	return reply, true, nil
}

// previewFreeze refuses what could not be saved, and shows the rest.
func (h *Handlers) previewFreeze(ctx context.Context, meta view.FreezeMeta, in models.Freeze, of string, next time.Time, f models.Facts) (Reply, error) {
	was := &models.Freeze{}
	if meta.ID != 0 {
		z, err := h.Store.Freeze(ctx, h.Workspace, meta.ID)
		if err != nil {
			return Reply{SayAt: meta.ResponseURL}, err
		}
		was = z
	}
	if _, err := was.Declare(in, meta.Seen, next, f); err != nil {
		return Reply{SayAt: meta.ResponseURL}, err
	}
	held, running, err := h.Store.HeldBy(ctx, h.Workspace, *was)
	if err != nil {
		return Reply{SayAt: meta.ResponseURL}, err
	}
	modal := view.FreezeForm(meta, in, &view.FreezeHeld{Of: of, List: held, Running: running}, f)
	return Reply{View: &modal}, nil
}

// liftFreeze ends a freeze for good.
func (h *Handlers) liftFreeze(ctx context.Context, r *Request) (Reply, error) {
	id, _, ok := view.ParseFreezeValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	h.know(ctx, r.User)
	z, err := h.Store.UpdateFreeze(ctx, h.command(r), id, func(z *models.Freeze, f models.Facts) ([]models.Event, error) { return z.Lift(f) })
	return h.freezeOutcome(ctx, r, z, err, "")
}

func (h *Handlers) freezeOutcome(ctx context.Context, r *Request, z *models.Freeze, err error, at string) (Reply, error) {
	reply := Reply{SayAt: at}
	if errors.Is(err, store.ErrNotFound) {
		return reply, models.Refusef("There is no such freeze any more, so nothing was done. `%s freeze` lists those there are.", h.ChangeCommand)
	}
	if err != nil {
		return reply, err
	}
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return reply, err
	}
	reply.Say = ref(view.FreezeOutcome(*z, nextSpans(f)[z.ID], f))
	return reply, nil
}
