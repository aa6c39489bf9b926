package handlers

import (
	"context"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// newChange opens the empty form at once, from what is at hand.
func (h *Handlers) newChange(ctx context.Context, r *Request) (Reply, error) {
	f := h.glance(ctx, r.User)
	in := freshInput(f)
	if r.Door == DoorSlash {
		in.Title = r.Text
	}
	return h.openForm(ctx, r, view.FormMeta{Mode: view.ModeNew}, in, f)
}

// newFromMessage opens the form with a message's text and link carried over.
func (h *Handlers) newFromMessage(ctx context.Context, r *Request) (Reply, error) {
	f := h.glance(ctx, r.User)
	in := freshInput(f)
	in.Background = strings.TrimSpace(clip(view.Plain(r.Message.Text), models.MaxPlan-200) + "\n" + r.link())
	return h.openForm(ctx, r, view.FormMeta{Mode: view.ModeMessage}, in, f)
}

func (h *Handlers) openForm(ctx context.Context, r *Request, meta view.FormMeta, in models.Input, f models.Facts) (Reply, error) {
	meta.ResponseURL, meta.Channel = r.ResponseURL, r.Channel
	_, err := h.Slack.OpenView(ctx, r.Trigger, view.ChangeForm(meta, in, f, 0))
	return Reply{}, err
}

// freshInput are the defaults in sight: production, the next full hour, me.
func freshInput(f models.Facts) models.Input {
	return models.Input{Environment: models.Production, Implementer: f.Actor.ID,
		Start: f.Now.Add(time.Hour).Truncate(time.Hour)}
}

// submitForm raises a new change, or saves an edit of one.
func (h *Handlers) submitForm(ctx context.Context, r *Request) (Reply, error) {
	meta, in := view.ReadChangeForm(r.View)
	h.know(ctx, r.User)
	res, err := h.saveForm(ctx, r, meta, func(c *models.Change, f models.Facts) error {
		switch {
		case meta.Mode != view.ModeEdit || c.State == models.Draft:
			return c.Raise(in, f)
		case meta.Seen != c.Revision:
			return models.Refusef("%s was edited by someone else while this form was open, so saving would undo that. Copy what you need, close the form and open Edit again.", c.ID)
		}
		return c.Edit(in, f)
	})
	return h.raised(ctx, r, meta, res, err)
}

// saveDraft keeps the form as it is; it is a button in the form, so what was
// typed comes with the click.
func (h *Handlers) saveDraft(ctx context.Context, r *Request) (Reply, error) {
	meta, in := view.ReadChangeForm(r.View)
	h.know(ctx, r.User)
	res, err := h.saveForm(ctx, r, meta, func(c *models.Change, f models.Facts) error { return c.SaveDraft(in, f) })
	if refusal, ok := models.AsRefusal(err); ok {
		// A click can't put errors beside fields; the form stays open as typed.
		return Reply{SayAt: meta.ResponseURL}, models.Refusef("%s", refusal.Error())
	}
	if err != nil {
		return Reply{SayAt: meta.ResponseURL}, err
	}
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	saved := view.Raised(res.Change, f)
	_, err = h.Slack.UpdateView(ctx, r.View.ID, "", view.FormGone("Draft saved", saved.Text))
	return Reply{}, err
}

func (h *Handlers) saveForm(ctx context.Context, r *Request, meta view.FormMeta, fn func(*models.Change, models.Facts) error) (store.Result, error) {
	if meta.Mode == view.ModeEdit {
		return h.Store.UpdateChange(ctx, h.command(r), meta.Change, fn)
	}
	return h.Store.CreateChange(ctx, h.command(r), fn)
}

// raised is the one private line after a form.
func (h *Handlers) raised(ctx context.Context, r *Request, meta view.FormMeta, res store.Result, err error) (Reply, error) {
	reply := Reply{SayAt: meta.ResponseURL}
	if err != nil {
		return reply, err
	}
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return reply, err
	}
	reply.Say = ref(view.Raised(res.Change, f))
	return reply, nil
}

// submit sends a saved draft to its approvers.
func (h *Handlers) submit(ctx context.Context, r *Request) (Reply, error) {
	id, _, ok := view.ParseValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	h.know(ctx, r.User)
	res, err := h.Store.UpdateChange(ctx, h.command(r), id, func(c *models.Change, f models.Facts) error { return c.Submit(f) })
	if refusal, refused := models.AsRefusal(err); refused && len(refusal.Fields) > 0 {
		return Reply{}, models.Refusef("%s is not complete yet. %s Press Edit to complete it.", id, refusal.Error())
	}
	return h.raised(ctx, r, view.FormMeta{}, res, err)
}

// edit opens the form with what is kept: a light modal at once, then filled.
func (h *Handlers) edit(ctx context.Context, r *Request) (Reply, error) {
	return h.fill(ctx, r, "Edit change", func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
		if !c.State.Editable() {
			return slack.ModalViewRequest{}, models.Refusef("%s is %s, so it can't be edited any more.", c.ID, strings.ToLower(c.State.String()))
		}
		meta := view.FormMeta{Mode: view.ModeEdit, Change: c.ID, Seen: c.Revision, ResponseURL: r.ResponseURL, Channel: r.Channel}
		return view.ChangeForm(meta, models.InputOf(c), f, c.WouldVoid()), nil
	})
}

// raiseAgain opens a new form filled from a change that ended.
func (h *Handlers) raiseAgain(ctx context.Context, r *Request) (Reply, error) {
	return h.fill(ctx, r, "Raise a change", func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
		in := models.InputOf(c)
		length := c.Window.Length()
		in.Start, in.Implementer = freshInput(f).Start, r.User
		in.End = in.Start.Add(length)
		meta := view.FormMeta{Mode: view.ModeAgain, ResponseURL: r.ResponseURL, Channel: r.Channel}
		return view.ChangeForm(meta, in, f, 0), nil
	})
}

func (h *Handlers) details(ctx context.Context, r *Request) (Reply, error) {
	return h.fill(ctx, r, "Details", func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
		return view.DetailsModal(c, f), nil
	})
}

// fill opens a light modal at once and puts the record into it when it is
// read; a refusal is said in the modal.
func (h *Handlers) fill(ctx context.Context, r *Request, title string, make func(*models.Change, models.Facts) (slack.ModalViewRequest, error)) (Reply, error) {
	id, _, ok := view.ParseValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	opened, err := h.openOrPush(ctx, r, view.Skeleton(title))
	if err != nil {
		return Reply{}, err
	}
	modal, err := h.modalOf(ctx, r, id, make)
	if err != nil {
		reply := h.inWords(&Request{Door: DoorClick, Name: r.Name, User: r.User}, result{err: err})
		modal = view.FormGone(title, reply.Say.Text)
	}
	_, err = h.Slack.UpdateView(ctx, opened.ID, opened.Hash, modal)
	return Reply{}, err
}

func (h *Handlers) modalOf(ctx context.Context, r *Request, id models.ChangeID, make func(*models.Change, models.Facts) (slack.ModalViewRequest, error)) (slack.ModalViewRequest, error) {
	c, f, err := h.load(ctx, r.User, id)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return make(c, f)
}

func (h *Handlers) load(ctx context.Context, u models.UserID, id models.ChangeID) (*models.Change, models.Facts, error) {
	c, err := h.Store.Change(ctx, h.Workspace, id)
	if err != nil {
		return nil, models.Facts{}, err
	}
	f, err := h.facts(ctx, u)
	return c, f, err
}

// show answers "/change CHG-4" with the card and the buttons that this person may use.
func (h *Handlers) show(ctx context.Context, r *Request, id models.ChangeID) (Reply, error) {
	c, f, err := h.load(ctx, r.User, id)
	if err != nil {
		return Reply{}, err
	}
	return say(view.PrivateCard(c, f)), nil
}

func (h *Handlers) open(ctx context.Context, r *Request) (Reply, error) {
	id, _, ok := view.ParseValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	return h.show(ctx, r, id)
}

func (h *Handlers) serviceOptions(ctx context.Context, r *Request) (Reply, error) {
	d, err := h.Store.Directory(ctx, h.Workspace)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Options: &slack.OptionsResponse{Options: view.ServiceOptions(d.ActiveServices(), r.Text)}}, nil
}

// clip cuts by letters, not bytes.
func clip(s string, letters int) string {
	if runes := []rune(s); len(runes) > letters {
		return string(runes[:letters-1]) + "…"
	}
	return s
}
