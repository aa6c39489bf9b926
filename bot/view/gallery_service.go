package view

import (
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// services are the list, one service with its history, and its form.
func (g *gallery) services(k cast) {
	now := opening.Add(8 * time.Hour)
	d := *k.dir
	d.Services = map[models.Slug]models.Service{}
	for slug, s := range k.dir.Services {
		s.ID, s.Version = int64(len(d.Services)+1), 2
		d.Services[slug] = s
	}
	one := d.Services["payments-api"]
	one.DependsOn, one.Environments = []models.Slug{"ledger"}, []models.Environment{models.Production, models.Staging}
	d.Services[one.Slug] = one
	old := d.Services["web_shop"]
	old.Retired, old.DependsOn, old.Owner = true, []models.Slug{one.Slug}, ""
	k.dir = &d
	manager, engineer := k.facts(mia, now), k.facts(ana, now)
	list := d.FindServices("")
	for range 3 {
		list = append(list, append(d.FindServices(""), old)...)
	}
	g.add(ServiceList(list, "", 0, manager), k.name, "services", "first")
	g.add(ServiceList(list, k.in.Title, 1, engineer), k.name, "services", "last")
	g.add(ServiceList(nil, "", 0, manager), k.name, "services", "none")

	var all []*models.Change
	for _, p := range k.lives() {
		all = append(all, p.c)
	}
	done := k.completed("closed", models.Completion{Outcome: models.SuccessfulWithIssues, Note: k.note, AsBuilt: "payments-api 4.12.0", Incident: k.in.Title, Priority: 1}).c
	h := models.ServiceHistory{Today: []*models.Change{done, all[6]}, Latest: all[len(all)-8:], More: true,
		Running: []models.AsBuilt{{Service: one.Slug, Environment: models.Production, Version: k.in.Title, Change: 4, At: now}}}
	g.add(ServiceModal(one, h, "Saved.", manager), k.name, "service", "manager")
	g.add(ServiceModal(one, models.ServiceHistory{}, "", engineer), k.name, "service", "engineer")
	g.add(ServiceModal(old, models.ServiceHistory{}, "", manager), k.name, "service", "retired")
	g.add(ServiceForm(ServiceMeta{}, models.ServiceInput{}, manager), k.name, "form", "service", "new")
	g.add(ServiceForm(ServiceMeta{Slug: one.Slug, Seen: 2}, models.InputOfService(one, &d), manager), k.name, "form", "service", "edit")
	group := models.InputOfService(one, &d)
	group.Members, group.Group = nil, "S0PAYMENTS"
	g.add(ServiceForm(ServiceMeta{Slug: one.Slug, Seen: 2}, group, manager), k.name, "form", "service", "group")
	events := []models.Event{
		{ID: 3, Kind: models.EventServiceRetired, Actor: mia, At: now, Reason: "payments-api"},
		{ID: 2, Kind: models.EventServiceEdited, Actor: mia, At: now, Reason: "payments-api", Diff: []models.FieldDiff{{Field: "Tier", Before: "2", After: "1"}, {Field: "Name", Before: "x", After: k.in.Title}}},
		{ID: 1, Kind: models.EventServiceAdded, At: opening, Reason: "payments-api"},
	}
	g.add(ServiceEvents(one, events, engineer), k.name, "service", "events")
	g.add(ServiceEvents(one, nil, engineer), k.name, "service", "events", "none")
}
