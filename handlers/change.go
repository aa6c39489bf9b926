package handlers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// newChange opens the empty form at once, from what is at hand.
func (h *Handlers) newChange(ctx context.Context, r *Request) (Reply, error) {
	f := h.glance(ctx, r.User)
	in := freshInput(f)
	if r.Door == DoorSlash {
		if t, named := f.Templates[models.Slug(strings.ToLower(strings.TrimSpace(r.Text)))]; named {
			return h.newFromTemplate(ctx, r, t.Name)
		}
		if reply, fits := h.titled(&in, r.Text); !fits {
			return reply, nil
		}
	}
	return h.openForm(ctx, r, view.FormMeta{Mode: view.ModeNew}, in, f)
}

// titled takes over what was typed after "new". What is too long for a title
// is kept as the background; what is too long even for that is given back.
func (h *Handlers) titled(in *models.Input, text string) (reply Reply, fits bool) {
	line := strings.Join(strings.Fields(text), " ")
	switch n := utf8.RuneCountInString(text); {
	case n <= models.MaxTitle:
		in.Title = line
	case n <= models.MaxPlan:
		in.Title, in.Background = clip(line, models.MaxTitle), text
	default:
		no := view.Refusal(fmt.Sprintf("This is %d letters long, and a title has at most %d, so no form was opened. Type %s new and put the details under Plan. You typed:",
			n, models.MaxTitle, h.ChangeCommand))
		no.Blocks = append(no.Blocks, view.FormGone("", text).Blocks.BlockSet...)
		return say(no), false
	}
	return Reply{}, true
}

// newFromMessage opens the form with a message's text and link carried over.
func (h *Handlers) newFromMessage(ctx context.Context, r *Request) (Reply, error) {
	f := h.glance(ctx, r.User)
	in := freshInput(f)
	link := r.link()
	room := models.MaxPlan - utf8.RuneCountInString(link) - 1
	in.Background = strings.TrimSpace(clip(view.Plain(r.Message.Text, f), room) + "\n" + link)
	return h.openForm(ctx, r, view.FormMeta{Mode: view.ModeMessage}, in, f)
}

func (h *Handlers) openForm(ctx context.Context, r *Request, meta view.FormMeta, in models.Input, f models.Facts) (Reply, error) {
	if err := f.MayAct(); err != nil {
		return Reply{}, err
	}
	meta.ResponseURL, meta.Channel = r.ResponseURL, r.Channel
	opened, err := h.openOrPush(ctx, r, view.ChangeForm(meta, in, f, 0))
	if err == nil {
		h.drawAhead(opened, r.User, meta, in)
	}
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
	h.knowBoth(ctx, r.User, in.Implementer)
	origin, err := h.rootOf(ctx, meta)
	if err != nil {
		return Reply{SayAt: meta.ResponseURL}, err
	}
	res, err := h.keepForm(ctx, r, meta, in, func(c *models.Change, f models.Facts) error {
		if c.State == "" {
			c.Origin = origin
		}
		switch {
		case c.State == "" || c.State == models.Draft:
			return c.Raise(in, f)
		case meta.Mode == view.ModeEdit && meta.Seen != c.Revision:
			return models.Refusef("%s was edited after this form was opened, so saving would undo that. Copy what you need, close the form and open Edit again.", c.ID)
		}
		return c.Edit(in, f)
	})
	reply, err := h.raised(ctx, r, res, err, meta.ResponseURL)
	if refusal, refused := models.AsRefusal(err); refused && aboutTime(refusal) {
		// The form stays open with its errors; it says what clears them, too.
		reply.Then = func() { h.drawAhead(slackapi.View{ID: r.View.ID, Hash: r.View.Hash}, r.User, meta, in) }
	}
	return reply, err
}

// aboutTime: another time would answer all that is refused.
func aboutTime(r *models.Refusal) bool {
	for field := range r.Fields {
		if field != models.FieldStart && field != models.FieldWhyNow {
			return false
		}
	}
	return len(r.Fields) > 0
}

// saveDraft keeps the form as it is; it is a button in the form, so what was
// typed comes with the click. A click can't put errors beside fields: they are
// said on top of the form, which stays as it was typed.
func (h *Handlers) saveDraft(ctx context.Context, r *Request) (Reply, error) {
	meta, in := view.ReadChangeForm(r.View)
	h.knowBoth(ctx, r.User, in.Implementer)
	r.Key = id("form", r.View.ID)
	origin, err := h.rootOf(ctx, meta)
	if err != nil {
		return Reply{}, err
	}
	res, err := h.keepForm(ctx, r, meta, in, func(c *models.Change, f models.Facts) error {
		if c.State == "" {
			c.Origin = origin
		}
		return c.SaveDraft(in, f)
	})
	if refusal, ok := models.AsRefusal(err); ok && len(refusal.Fields) > 0 {
		err = models.Refusef("%s", refusal.Error())
	}
	if err != nil {
		return Reply{}, err
	}
	reply, err := h.raised(ctx, r, res, nil, meta.ResponseURL)
	reply.View = shown("Draft saved", *reply.Say)
	return reply, err
}

// keepForm saves what a form holds. A form makes one record, however often it
// is sent: where an earlier sending got through after all, what differs now is
// saved in the record that it made. A sending that comes once more, however
// late, saves nothing: it would undo what was edited since.
func (h *Handlers) keepForm(ctx context.Context, r *Request, meta view.FormMeta, in models.Input, move store.Move) (store.Result, error) {
	cmd := h.command(r)
	cmd.Calendar = true
	if meta.Mode == view.ModeEdit {
		cmd.Key = r.ID
		return h.Store.UpdateChange(ctx, cmd, meta.Change, move)
	}
	cmd.Sending = r.ID
	first, err := h.Store.CreateChange(ctx, cmd, move)
	if err != nil || !first.Repeat {
		return first, err
	}
	cmd.Key, cmd.Sending = r.ID, ""
	again, err := h.Store.UpdateChange(ctx, cmd, first.Change.ID, func(c *models.Change, f models.Facts) error {
		switch {
		case c.State == models.Draft:
		case c.Is(in, f):
			return models.Settledf("%s holds all of this already.", c.ID) // its answer was lost; rules may have moved on since
		case c.LastEditor != f.Actor.ID:
			return models.Settledf("%s was edited by %s since.", c.ID, f.Name(c.LastEditor))
		}
		return move(c, f)
	})
	if refusal, ok := models.AsRefusal(err); again.Repeat || ok && len(refusal.Fields) == 0 {
		return first, nil // nothing differs, or the change went on meanwhile
	}
	return again, err
}

// raised is the one private line after a form.
func (h *Handlers) raised(ctx context.Context, r *Request, res store.Result, err error, at string) (Reply, error) {
	reply := Reply{SayAt: at}
	if err != nil {
		return reply, err
	}
	f := h.glance(ctx, r.User)
	reply.Say = ref(view.Saved(res.Change, f))
	if slices.ContainsFunc(res.Events, func(e models.Event) bool { return e.Kind == models.EventSubmitted }) {
		reply.Say = ref(view.Raised(res.Change, f))
	}
	return reply, nil
}

// submit sends a saved draft to its approvers.
func (h *Handlers) submit(ctx context.Context, r *Request) (Reply, error) {
	return h.press(ctx, r, func(c *models.Change, _ models.Revision, f models.Facts) error { return c.Submit(f) })
}

// show answers "/change CHG-4" with the card and the buttons that this person
// may use.
func (h *Handlers) show(ctx context.Context, r *Request, id models.ChangeID) (Reply, error) {
	c, f, err := h.loadAround(ctx, r.User, id)
	if err != nil {
		return Reply{}, err
	}
	if c.CleanRun() {
		runs, err := h.Store.CleanRuns(ctx, c)
		if err != nil {
			return Reply{}, err
		}
		f.Around.CleanRuns = runs - 1
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

// loadAround is load with what stands around the change, for showing its verdict.
func (h *Handlers) loadAround(ctx context.Context, u models.UserID, id models.ChangeID) (*models.Change, models.Facts, error) {
	c, err := h.Store.Change(ctx, h.Workspace, id)
	if err != nil {
		return nil, models.Facts{}, err
	}
	f, err := h.Store.FactsAround(ctx, c, u)
	return c, f, err
}

func (h *Handlers) load(ctx context.Context, u models.UserID, id models.ChangeID) (*models.Change, models.Facts, error) {
	c, err := h.Store.Change(ctx, h.Workspace, id)
	if err != nil {
		return nil, models.Facts{}, err
	}
	f, err := h.facts(ctx, u)
	return c, f, err
}

func (h *Handlers) serviceOptions(ctx context.Context, r *Request) (Reply, error) {
	options := view.ServiceOptions(h.glance(ctx, r.User).ActiveServices(), r.Text)
	return Reply{Options: &options}, nil
}

// clip cuts by letters, not bytes.
func clip(s string, letters int) string {
	if runes := []rune(s); len(runes) > letters {
		return string(runes[:letters-1]) + "…"
	}
	return s
}
