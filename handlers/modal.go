package handlers

import (
	"context"
	"errors"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// drawing makes a modal of a change, or refuses.
type drawing func(*models.Change, models.Facts) (slack.ModalViewRequest, error)

// fill opens a light modal at once and puts the record that the button is
// about into it when it is read; a refusal is said in the modal.
func (h *Handlers) fill(ctx context.Context, r *Request, title string, draw drawing) (Reply, error) {
	id, _, ok := view.ParseValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	return h.fillFor(ctx, r, id, title, draw)
}

func (h *Handlers) fillFor(ctx context.Context, r *Request, id models.ChangeID, title string, draw drawing) (Reply, error) {
	return h.fillWith(ctx, r, title, func() (slack.ModalViewRequest, error) {
		c, f, err := h.loadAround(ctx, r.User, id)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		modal, err := draw(c, f)
		if refusal, ok := models.AsRefusal(err); ok { // as what is written in the form would have been
			h.Store.NoteRefusal(ctx, h.command(r), c.Ref(), refusal)
		}
		return modal, err
	})
}

func (h *Handlers) fillWith(ctx context.Context, r *Request, title string, read func() (slack.ModalViewRequest, error)) (Reply, error) {
	opened, err := h.openOrPush(ctx, r, view.Skeleton(title))
	if err != nil {
		return Reply{}, err
	}
	modal, err := read()
	if err != nil {
		reply := h.inWords(&Request{Door: DoorClick, Name: r.Name, User: r.User}, result{err: err})
		modal = *shown(title, *reply.Say)
	}
	ctx, cancel := h.saying() // reading may have used up the request's own time
	defer cancel()
	_, err = h.Slack.UpdateView(ctx, opened.ID, opened.Hash, modal)
	var failed *slackapi.Error
	if errors.As(err, &failed) && failed.Trouble == slackapi.ViewChanged {
		return Reply{}, nil // the person did not wait and closed it
	}
	return Reply{}, err
}

// edit opens the form with what is kept.
func (h *Handlers) edit(ctx context.Context, r *Request) (Reply, error) {
	return h.fill(ctx, r, "Edit change", func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
		if !c.State.Editable() {
			return slack.ModalViewRequest{}, models.Refusef("%s is %s, so it can't be edited any more.", c.ID, strings.ToLower(c.State.String()))
		}
		meta := view.FormMeta{Mode: view.ModeEdit, Change: c.ID, Seen: c.Revision, ResponseURL: r.ResponseURL, Channel: r.Channel, Resets: c.WouldVoid()}
		in := asked(c)
		meta.FilledIn(in)
		return h.formAhead(ctx, r.User, meta, in), nil
	})
}

// raiseAgain opens a new form filled from a change that ended.
func (h *Handlers) raiseAgain(ctx context.Context, r *Request) (Reply, error) {
	return h.fill(ctx, r, "Raise a change", func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
		if err := f.MayAct(); err != nil {
			return slack.ModalViewRequest{}, err
		}
		in := asked(c)
		length := c.Window.Length()
		in.Start, in.Implementer = freshInput(f).Start, r.User
		in.End = in.Start.Add(length)
		meta := view.FormMeta{Mode: view.ModeAgain, Change: c.ID, ResponseURL: r.ResponseURL, Channel: r.Channel}
		meta.FilledIn(in)
		return h.formAhead(ctx, r.User, meta, in), nil
	})
}

// asked is what a form asks for, as the change holds it. What a standard change
// does its template says.
func asked(c *models.Change) models.Input {
	in := models.InputOf(c)
	if c.Type == models.Standard {
		in.Plan, in.Check, in.Rollback = "", "", ""
	}
	return in
}

func (h *Handlers) details(ctx context.Context, r *Request) (Reply, error) {
	return h.fill(ctx, r, "Details", func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
		return view.DetailsModal(c, f), nil
	})
}

// askReason opens the form in which a decision gets its reason.
func askReason(kind string) handle {
	return func(h *Handlers, ctx context.Context, r *Request) (Reply, error) {
		_, seen, _ := view.ParseValue(r.Value)
		return h.fill(ctx, r, view.ReasonTitle(kind), func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
			rule := reasoned[kind].rule("", seen)
			if kind == view.ReasonRollback && c.State == models.Closed {
				rule = func(c *models.Change, f models.Facts) error { return new(models.Change).RollbackOf(c, "", f) }
			}
			if err := futile(rule, c, f); err != nil {
				return slack.ModalViewRequest{}, err
			}
			return view.ReasonForm(kind, c, seen, f, r.ResponseURL), nil
		})
	}
}

func (h *Handlers) askCompletion(ctx context.Context, r *Request) (Reply, error) {
	return h.askOutcome(ctx, r, func(c *models.Change, f models.Facts) slack.ModalViewRequest {
		return view.CompleteForm(c, f, r.ResponseURL)
	})
}

// askOutcome opens the form. What can't be completed, whatever somebody writes,
// is said before they write it.
func (h *Handlers) askOutcome(ctx context.Context, r *Request, draw func(*models.Change, models.Facts) slack.ModalViewRequest) (Reply, error) {
	return h.fill(ctx, r, "Complete change", func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
		if c.State != models.InProgress {
			return slack.ModalViewRequest{}, c.Complete(models.Completion{}, f)
		}
		if err := c.MayReport(f); err != nil {
			return slack.ModalViewRequest{}, err
		}
		return draw(c, f), nil
	})
}

func (h *Handlers) askExtension(ctx context.Context, r *Request) (Reply, error) {
	id, _, ok := view.ParseValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	return h.extendForm(ctx, r, id)
}

// extendTyped answers "/change extend 4" and "/change CHG-4 extend".
func (h *Handlers) extendTyped(ctx context.Context, r *Request) (Reply, error) {
	id, ok := models.ParseChangeID(r.Text)
	if !ok {
		return Reply{}, models.Refusef("Say which change: `%s extend 4`.", h.ChangeCommand)
	}
	return h.extendForm(ctx, r, id)
}

func (h *Handlers) extendForm(ctx context.Context, r *Request, id models.ChangeID) (Reply, error) {
	return h.fillFor(ctx, r, id, "Extend", func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
		if c.State != models.InProgress {
			return slack.ModalViewRequest{}, models.Refusef("%s is %s, so there is no running work to give more time.", c.ID, strings.ToLower(c.State.String()))
		}
		if err := c.MayReport(f); err != nil {
			return slack.ModalViewRequest{}, err
		}
		return view.ExtendForm(c, f, r.ResponseURL), nil
	})
}

// askCompletionAs is askCompletion with the answer chosen already.
func askCompletionAs(outcome models.Outcome) handle {
	return func(h *Handlers, ctx context.Context, r *Request) (Reply, error) {
		return h.askOutcome(ctx, r, func(c *models.Change, f models.Facts) slack.ModalViewRequest {
			return view.CompleteFormAs(c, outcome, f, r.ResponseURL)
		})
	}
}

func (h *Handlers) askReview(ctx context.Context, r *Request) (Reply, error) {
	return h.fill(ctx, r, "Record review", func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
		if err := c.MayReview(f); err != nil {
			return slack.ModalViewRequest{}, err
		}
		return view.ReviewForm(c, f, r.ResponseURL), nil
	})
}

// historyPage is how many events one page of the history shows.
const historyPage = 15

// history answers "/change history 4".
func (h *Handlers) history(ctx context.Context, r *Request) (Reply, error) {
	id, ok := h.changeNamed(ctx, r.Text)
	if !ok {
		return Reply{}, models.Refusef("Say which change: `%s history 4`.", h.ChangeCommand)
	}
	return h.historyOf(ctx, r, id)
}

func (h *Handlers) historyModal(ctx context.Context, r *Request) (Reply, error) {
	id, _, ok := view.ParseValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	return h.historyOf(ctx, r, id)
}

func (h *Handlers) historyOf(ctx context.Context, r *Request, id models.ChangeID) (Reply, error) {
	return h.fillWith(ctx, r, "History", func() (slack.ModalViewRequest, error) { return h.page(ctx, r.User, id, 0) })
}

// olderHistory shows the next page in the place of this one.
func (h *Handlers) olderHistory(ctx context.Context, r *Request) (Reply, error) {
	id, before, ok := view.ParseOlder(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	modal, err := h.page(ctx, r.User, id, before)
	return Reply{View: &modal}, err
}

// page is one page of a change's history, from the audit log.
func (h *Handlers) page(ctx context.Context, u models.UserID, id models.ChangeID, before int64) (slack.ModalViewRequest, error) {
	c, f, err := h.load(ctx, u, id)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	events, err := h.Store.History(ctx, h.Workspace, c.Ref(), historyPage+1, before)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	n := min(historyPage, len(events))
	return view.HistoryModal(c, events[:n], len(events) > n, f), nil
}
