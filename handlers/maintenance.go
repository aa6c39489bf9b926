package handlers

import (
	"context"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// askMaintenance opens the maintenance windows of a service.
func (h *Handlers) askMaintenance(ctx context.Context, r *Request) (Reply, error) {
	return h.fillWith(ctx, r, "Maintenance windows", func() (slack.ModalViewRequest, error) {
		f, err := h.facts(ctx, r.User)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		_, err = models.SetMaintenance(models.Slug(r.Value), nil, f)
		return view.MaintenanceForm(models.Slug(r.Value), f, r.ResponseURL), err
	})
}

// saveMaintenance replaces them by what was filled in.
func (h *Handlers) saveMaintenance(ctx context.Context, r *Request) (Reply, error) {
	slug, when, bad, at := view.ReadMaintenanceForm(r.View)
	reply := Reply{SayAt: at}
	h.know(ctx, r.User)
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return reply, err
	}
	for _, w := range when {
		if _, err := store.NextTime(w, f.Now); err != nil && bad == "" {
			refusal, _ := models.AsRefusal(err)
			bad = refusal.Fields[models.FieldCron] + refusal.Fields[models.FieldZone]
		}
	}
	if bad != "" {
		return reply, &models.Refusal{Text: "Nothing is saved yet.", Fields: map[models.Field]string{models.FieldCron: bad}}
	}
	event, err := models.SetMaintenance(slug, when, f)
	if err != nil {
		return reply, err
	}
	if err := h.Store.SetMaintenance(ctx, h.command(r), slug, when, event); err != nil {
		return reply, err
	}
	reply.Say = ref(view.MaintenanceOutcome(slug, len(when), f))
	return reply, nil
}
