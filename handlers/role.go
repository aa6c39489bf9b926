package handlers

import (
	"context"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// roles shows who holds which standing role.
func (h *Handlers) roles(ctx context.Context, r *Request) (Reply, error) {
	return h.fillWith(ctx, r, "Roles", func() (slack.ModalViewRequest, error) {
		f, err := h.facts(ctx, r.User)
		return view.Roles("", f), err
	})
}

// askRole opens the form of a role with who holds it.
func (h *Handlers) askRole(ctx context.Context, r *Request) (Reply, error) {
	return h.fillWith(ctx, r, "Role", func() (slack.ModalViewRequest, error) {
		f, err := h.facts(ctx, r.User)
		if err == nil {
			err = f.MaySetUp("give and take roles")
		}
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		return view.RoleForm(models.Role(r.Value), f, r.ResponseURL), nil
	})
}

// saveRole keeps who holds a role. Admins hear of a role that the policy needs
// and nobody holds any more.
func (h *Handlers) saveRole(ctx context.Context, r *Request) (Reply, error) {
	role, users, seen, at := view.ReadRoleForm(r.View)
	reply := Reply{SayAt: at}
	h.knowAll(ctx, append([]models.UserID{r.User}, users...))
	err := h.Store.SetRole(ctx, h.command(r), role, func(f models.Facts) ([]models.UserID, []models.Event, error) {
		return models.SetRole(role, users, seen, f)
	})
	if err != nil {
		return reply, err
	}
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return reply, err
	}
	if err := h.Store.NotePolicy(ctx, h.Workspace, f.PolicyTrouble); err != nil {
		h.Log.ErrorContext(ctx, "admins could not be told of roles that nobody holds", "error", err)
	}
	reply.View = ref(view.Roles("Saved. It holds from the next decision on.", f))
	return reply, nil
}

// setup opens the settings for an admin. Where there is none yet, an admin of
// the Slack workspace becomes the first one by asking.
func (h *Handlers) setup(ctx context.Context, r *Request) (Reply, error) {
	return h.fillWith(ctx, r, "Set up Gatehouse", func() (slack.ModalViewRequest, error) {
		h.know(ctx, r.User)
		f, err := h.facts(ctx, r.User)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		first := !f.HasAdmin()
		if first {
			if f, err = h.firstAdmin(ctx, r); err != nil {
				return slack.ModalViewRequest{}, err
			}
		}
		return view.SetupForm(first, f, r.ResponseURL), f.MaySetUp("set Gatehouse up")
	})
}

func (h *Handlers) firstAdmin(ctx context.Context, r *Request) (models.Facts, error) {
	user, err := h.Slack.User(ctx, string(r.User))
	if err != nil {
		return models.Facts{}, err
	}
	err = h.Store.SetRole(ctx, h.command(r), models.RoleAdmin, func(f models.Facts) ([]models.UserID, []models.Event, error) {
		return models.FirstAdmin(user.Admin, f)
	})
	if err != nil {
		return models.Facts{}, err
	}
	return h.facts(ctx, r.User)
}

// saveSetup keeps what an admin filled in.
func (h *Handlers) saveSetup(ctx context.Context, r *Request) (Reply, error) {
	settings, seen, at := view.ReadSetupForm(r.View)
	reply := Reply{SayAt: at}
	h.know(ctx, r.User)
	err := h.Store.SetUp(ctx, h.command(r), func(f models.Facts) (models.Settings, []models.Event, error) {
		return models.SetUp(settings, seen, f)
	})
	if err != nil {
		return reply, err
	}
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return reply, err
	}
	reply.Say = ref(view.SetupOutcome(f))
	return reply, nil
}
