package handlers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// templates lists the templates with their state and runs, or shows one.
func (h *Handlers) templates(ctx context.Context, r *Request) (Reply, error) {
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	list := view.TemplatesByName(f.Templates)
	if word := strings.ToLower(strings.TrimSpace(r.Text)); word != "" {
		t, err := h.named(models.Slug(word), f)
		if err != nil {
			return Reply{}, err
		}
		list = []models.Template{t}
	}
	runs, err := h.Store.TemplateRuns(ctx, h.Workspace)
	if err != nil {
		return Reply{}, err
	}
	return say(view.TemplateList(list, runs, f)), nil
}

// named finds a template by its name.
func (h *Handlers) named(name models.Slug, f models.Facts) (models.Template, error) {
	t, known := f.Templates[name]
	if !known {
		return t, models.Refusef("There is no template %q, so nothing was done. `%s templates` lists those there are.", clip(string(name), 40), h.ChangeCommand)
	}
	return t, nil
}

// fromTemplate is a form filled from a template: what is left to choose is
// when, who, and on which of its services. The template's own words come in
// when it is sent.
func fromTemplate(t models.Template, f models.Facts) models.Input {
	in, r := freshInput(f), t.Recipe
	in.Type, in.Template, in.Title, in.Environment = models.Standard, t.Name, r.Title, r.Environment
	if len(r.Services) == 1 {
		in.Services = r.Services
	}
	return in
}

// useTemplate opens the form of a template's button.
func (h *Handlers) useTemplate(ctx context.Context, r *Request) (Reply, error) {
	name, _, ok := view.ParseTemplateValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	return h.newFromTemplate(ctx, r, name)
}

// newFromTemplate opens the form of a template, or says why it can't be used.
func (h *Handlers) newFromTemplate(ctx context.Context, r *Request, name models.Slug) (Reply, error) {
	f := h.glance(ctx, r.User)
	t, err := h.named(name, f)
	if err != nil {
		return Reply{}, err
	}
	c := models.Change{Material: models.Material{Type: models.Standard, Template: models.TemplateRef{Name: t.Name}}}
	if err := c.TemplateServes(f); err != nil {
		return Reply{}, err
	}
	return h.openForm(ctx, r, view.FormMeta{Mode: view.ModeNew}, fromTemplate(t, f), f)
}

// showTemplate opens everything about a template.
func (h *Handlers) showTemplate(ctx context.Context, r *Request) (Reply, error) {
	return h.fillTemplate(ctx, r, "Template", func(t models.Template, _ int, f models.Facts) (slack.ModalViewRequest, error) {
		runs, err := h.Store.TemplateRuns(ctx, h.Workspace)
		return view.TemplateModal(t, runs[t.Name], f), err
	})
}

// editTemplate opens the form with what a template says now.
func (h *Handlers) editTemplate(ctx context.Context, r *Request) (Reply, error) {
	return h.fillTemplate(ctx, r, "Edit template", func(t models.Template, _ int, f models.Facts) (slack.ModalViewRequest, error) {
		recipe := t.Recipe
		if t.Proposal != nil {
			recipe = t.Proposal.Recipe
		}
		return view.TemplateForm(view.TemplateMeta{Name: t.Name, Seen: t.Last, ResponseURL: r.ResponseURL}, "", recipe, f), nil
	})
}

// askTemplateReason opens the form in which a step gets its reason.
func (h *Handlers) askTemplateReason(ctx context.Context, r *Request) (Reply, error) {
	return h.fillTemplate(ctx, r, view.TemplateReasonTitle(r.Name), func(t models.Template, seen int, f models.Facts) (slack.ModalViewRequest, error) {
		runs, err := h.Store.TemplateRuns(ctx, h.Workspace)
		return view.TemplateReasonForm(r.Name, t, runs[t.Name], seen, f, r.ResponseURL), err
	})
}

func (h *Handlers) fillTemplate(ctx context.Context, r *Request, title string,
	draw func(models.Template, int, models.Facts) (slack.ModalViewRequest, error)) (Reply, error) {
	name, seen, ok := view.ParseTemplateValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	return h.fillWith(ctx, r, title, func() (slack.ModalViewRequest, error) {
		f, err := h.facts(ctx, r.User)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		t, err := h.named(name, f)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		return draw(t, seen, f)
	})
}

// saveAsTemplate opens the form of a new template, filled from a change that
// went well often enough.
func (h *Handlers) saveAsTemplate(ctx context.Context, r *Request) (Reply, error) {
	return h.fill(ctx, r, "Save as template", func(c *models.Change, f models.Facts) (slack.ModalViewRequest, error) {
		meta := view.TemplateMeta{Change: c.ID, ResponseURL: r.ResponseURL}
		return view.TemplateForm(meta, models.TemplateName(c.Title), models.RecipeOf(c), f), nil
	})
}

// sendTemplate proposes a new template, or a new version of one.
func (h *Handlers) sendTemplate(ctx context.Context, r *Request) (Reply, error) {
	meta, name, recipe := view.ReadTemplateForm(r.View)
	h.know(ctx, r.User)
	if meta.Name == "" {
		t, err := h.Store.ProposeTemplate(ctx, h.command(r), name, meta.Change, func(t *models.Template, from *models.Change, runs int, f models.Facts) error {
			recipe.Risk = models.RecipeOf(from).Risk
			return t.Propose(name, recipe, from, runs, f)
		})
		return h.templateOutcome(ctx, r, t, err, meta.ResponseURL)
	}
	return h.moveTemplate(ctx, r, meta.Name, meta.ResponseURL, func(t *models.Template, f models.Facts) error {
		recipe.Risk = t.Shown().Risk
		return t.Edit(recipe, meta.Seen, f)
	})
}

// approveTemplate puts the version that a change manager saw into force.
func (h *Handlers) approveTemplate(ctx context.Context, r *Request) (Reply, error) {
	name, seen, ok := view.ParseTemplateValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	return h.moveTemplate(ctx, r, name, "", func(t *models.Template, f models.Facts) error { return t.Approve(seen, f) })
}

// giveTemplateReason takes a step of a template with its reason.
func (h *Handlers) giveTemplateReason(ctx context.Context, r *Request) (Reply, error) {
	meta, reason := view.ReadTemplateReasonForm(r.View)
	move, ok := map[string]store.TemplateMove{
		view.ActionTemplateDecline:   func(t *models.Template, f models.Facts) error { return t.Decline(reason, meta.Seen, f) },
		view.ActionTemplateSuspend:   func(t *models.Template, f models.Facts) error { return t.Suspend(reason, f) },
		view.ActionTemplateReinstate: func(t *models.Template, f models.Facts) error { return t.Reinstate(reason, f) },
		view.ActionTemplateRetire:    func(t *models.Template, f models.Facts) error { return t.Retire(reason, f) },
	}[meta.Kind]
	if !ok || meta.Name == "" {
		return Reply{SayAt: meta.ResponseURL}, errors.New("unreadable reason form of a template")
	}
	return h.moveTemplate(ctx, r, meta.Name, meta.ResponseURL, move)
}

func (h *Handlers) moveTemplate(ctx context.Context, r *Request, name models.Slug, at string, move store.TemplateMove) (Reply, error) {
	h.know(ctx, r.User)
	t, err := h.Store.UpdateTemplate(ctx, h.command(r), name, move)
	return h.templateOutcome(ctx, r, t, err, at)
}

func (h *Handlers) templateOutcome(ctx context.Context, r *Request, t *models.Template, err error, at string) (Reply, error) {
	reply := Reply{SayAt: at}
	if err != nil {
		return reply, err
	}
	reply.Say = ref(view.TemplateOutcome(*t, h.glance(ctx, r.User)))
	return reply, nil
}

// rootOf is the change with which the chain of the one that a form was filled
// from began; 0 when it was filled from none.
func (h *Handlers) rootOf(ctx context.Context, meta view.FormMeta) (models.ChangeID, error) {
	if meta.Mode != view.ModeAgain || meta.Change == 0 {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	c, err := h.Store.Change(ctx, h.Workspace, meta.Change)
	if err != nil {
		return 0, fmt.Errorf("find what it was filled from: %w", err)
	}
	return c.Root(), nil
}
