package handlers

import (
	"context"
	"errors"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// services lists what changes are recorded against; named by its short name it
// is one of them with its history.
func (h *Handlers) services(ctx context.Context, r *Request) (Reply, error) {
	if word := strings.ToLower(r.Text); word == "new" || word == "add" {
		return h.newService(ctx, r)
	}
	return h.fillWith(ctx, r, "Services", func() (slack.ModalViewRequest, error) {
		f, err := h.facts(ctx, r.User)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		list := f.FindServices(r.Text)
		switch {
		case len(list) == 0 && r.Text != "":
			return slack.ModalViewRequest{}, models.Refusef("No service has %q in its name, so nothing is shown. `%s services` lists them all.", clip(r.Text, 40), h.GatehouseCommand)
		case len(list) == 1 && r.Text != "":
			return h.serviceModal(ctx, list[0], "", f)
		}
		return view.ServiceList(list, clip(r.Text, 60), 0, f), nil
	})
}

func (h *Handlers) serviceModal(ctx context.Context, s models.Service, note string, f models.Facts) (slack.ModalViewRequest, error) {
	history, err := h.Store.ServiceHistory(ctx, h.Workspace, s.Slug)
	return view.ServiceModal(s, history, note, f), err
}

// pageOfServices shows another page in the place of this one.
func (h *Handlers) pageOfServices(ctx context.Context, r *Request) (Reply, error) {
	page, words, ok := view.ParseServicePageValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	return Reply{View: ref(view.ServiceList(f.FindServices(words), words, page, f))}, nil
}

// openService shows one service with its history.
func (h *Handlers) openService(ctx context.Context, r *Request) (Reply, error) {
	return h.aboutService(ctx, r, "Service", func(s models.Service, f models.Facts) (slack.ModalViewRequest, error) {
		return h.serviceModal(ctx, s, "", f)
	})
}

// eventsOfService shows who edited it.
func (h *Handlers) eventsOfService(ctx context.Context, r *Request) (Reply, error) {
	return h.aboutService(ctx, r, "Who edited it", func(s models.Service, f models.Facts) (slack.ModalViewRequest, error) {
		events, err := h.Store.History(ctx, h.Workspace, s.Ref(), historyPage, 0)
		return view.ServiceEvents(s, events, f), err
	})
}

// aboutService opens a modal about the service that the button names.
func (h *Handlers) aboutService(ctx context.Context, r *Request, title string, draw func(models.Service, models.Facts) (slack.ModalViewRequest, error)) (Reply, error) {
	slug, _, ok := view.ParseServiceValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	return h.fillWith(ctx, r, title, func() (slack.ModalViewRequest, error) {
		f, err := h.facts(ctx, r.User)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		s, known := f.Services[slug]
		if !known {
			return slack.ModalViewRequest{}, h.noService(slug)
		}
		return draw(s, f)
	})
}

func (h *Handlers) noService(slug models.Slug) error {
	return models.Refusef("There is no service %q, so nothing was done. `%s services` lists those there are.", clip(string(slug), 40), h.GatehouseCommand)
}

// newService opens the empty form at once, for those who may send it.
func (h *Handlers) newService(ctx context.Context, r *Request) (Reply, error) {
	f := h.glance(ctx, r.User)
	if err := models.MayManageServices(f); err != nil {
		return Reply{}, err
	}
	_, err := h.openOrPush(ctx, r, view.ServiceForm(view.ServiceMeta{ResponseURL: r.ResponseURL}, models.ServiceInput{}, f))
	return Reply{}, err
}

// editService opens the form with what the service is now.
func (h *Handlers) editService(ctx context.Context, r *Request) (Reply, error) {
	return h.aboutService(ctx, r, "Edit service", func(s models.Service, f models.Facts) (slack.ModalViewRequest, error) {
		if err := models.MayManageServices(f); err != nil {
			return slack.ModalViewRequest{}, err
		}
		return view.ServiceForm(view.ServiceMeta{Slug: s.Slug, Seen: s.Version, ResponseURL: r.ResponseURL}, models.InputOfService(s, f.Directory), f), nil
	})
}

// saveService keeps what was filled in, and shows the service as it is then.
func (h *Handlers) saveService(ctx context.Context, r *Request) (Reply, error) {
	meta, in := view.ReadServiceForm(r.View)
	h.knowAll(ctx, append([]models.UserID{r.User, in.Owner, in.OpsLead}, in.Members...))
	note := "Saved. “Who edited it” shows what it was before."
	if meta.Slug == "" {
		note = "Added. Changes can be raised on it from now on."
	}
	return h.moveService(ctx, r, meta.Slug, note, meta.ResponseURL, func(s models.Service, f models.Facts) (models.ServiceEdit, error) {
		return s.Set(in, meta.Seen, f)
	})
}

// mostKnown bounds how many people of a form Slack is asked about at once;
// the others are confirmed with everybody else.
const mostKnown = 10

func (h *Handlers) knowAll(ctx context.Context, list []models.UserID) {
	n := 0
	for _, u := range list {
		if u != "" && n < mostKnown {
			n++
			h.know(ctx, u)
		}
	}
}

func (h *Handlers) retireService(ctx context.Context, r *Request) (Reply, error) {
	return h.turnService(ctx, r, "Retired. Nothing can be raised on it any more; its history stays.", models.Service.Retire)
}

func (h *Handlers) returnService(ctx context.Context, r *Request) (Reply, error) {
	return h.turnService(ctx, r, "Back in use. Templates that were suspended with it wait for a change manager to reinstate them.", models.Service.BringBack)
}

func (h *Handlers) turnService(ctx context.Context, r *Request, note string, turn func(models.Service, int, models.Facts) (models.ServiceEdit, error)) (Reply, error) {
	slug, seen, ok := view.ParseServiceValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	h.know(ctx, r.User)
	return h.moveService(ctx, r, slug, note, "", func(s models.Service, f models.Facts) (models.ServiceEdit, error) { return turn(s, seen, f) })
}

func (h *Handlers) moveService(ctx context.Context, r *Request, slug models.Slug, note, at string, move store.ServiceMove) (Reply, error) {
	reply := Reply{SayAt: at}
	s, err := h.Store.UpdateService(ctx, h.command(r), slug, move)
	if errors.Is(err, store.ErrNotFound) {
		return reply, h.noService(slug)
	}
	if err != nil {
		return reply, err
	}
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return reply, err
	}
	modal, err := h.serviceModal(ctx, s, note, f)
	reply.View = &modal
	return reply, err
}
