package view

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// recipe is what a template of the gallery says.
func (k cast) recipe() models.Recipe {
	return models.Recipe{Title: k.in.Title, Services: k.in.Services, Environment: models.Production, Plan: k.in.Plan, Check: k.in.Check,
		Rollback: k.in.Rollback, Risk: k.in.Risk, Length: 90 * time.Minute, MaxRisk: models.RiskMedium}
}

// templates of the gallery, one in each state, made by the rules.
func (k cast) templates() []models.Template {
	clean := &models.Change{Identity: models.Identity{ID: 3, Requester: ana}, Material: models.Material{Type: models.Normal},
		Progress: models.Progress{State: models.Closed, Outcome: models.Successful}}
	f := func(u models.UserID) models.Facts { return k.facts(u, opening) }
	proposed := func(id int64, name models.Slug) *models.Template {
		t := &models.Template{ID: id}
		must(t.Propose(name, k.recipe(), clean, 3, f(cara)))
		return t
	}
	active := func(id int64, name models.Slug) *models.Template {
		t := proposed(id, name)
		must(t.Approve(1, f(mia)))
		return t
	}
	waiting, edited, running := proposed(1, "rotate-key"), active(2, "restart-workers"), active(3, "warm-the-cache")
	better := k.recipe()
	better.Plan = clip(better.Plan, 2900) + "\n5. Tell support"
	must(edited.Edit(better, 1, f(ana)))
	suspended := active(4, "move-partition")
	suspended.RunFailed(&models.Change{Identity: models.Identity{ID: 9}, Material: models.Material{Template: models.TemplateRef{Name: "move-partition"}}}, "CHG-9 failed", f(ben))
	retired := active(5, "a-name-as-long-as-a-name-can-possibly-be")
	must(retired.Retire(k.note, f(mia)))
	file := &models.Template{ID: 6}
	_, err := file.Store("restart-everything", 7, k.recipe(), f(""))
	must(err)
	return []models.Template{*waiting, *edited, *running, *suspended, *retired, *file}
}

func (g *gallery) templates(k cast) {
	all := k.templates()
	runs := map[models.Slug]models.Runs{"restart-workers": {Clean: 12, Issues: 1}, "move-partition": {Clean: 4, Failed: 1}, "warm-the-cache": {Clean: 1}}
	manager, engineer := k.facts(mia, opening.Add(time.Hour)), k.facts(ana, opening.Add(time.Hour))
	g.add(TemplateList(all, runs, manager), k.name, "templates", "manager")
	g.add(TemplateList(all, runs, engineer), k.name, "templates", "engineer")
	g.add(TemplateList(append(all, all...), runs, engineer), k.name, "templates", "many")
	g.add(TemplateList(nil, nil, engineer), k.name, "templates", "none")
	for _, t := range all {
		g.add(TemplateModal(t, runs[t.Name], manager), k.name, "template", string(t.Name))
	}
	g.add(TemplateForm(TemplateMeta{Change: 3}, "rotate-key", k.recipe(), engineer), k.name, "form", "template", "new")
	g.add(TemplateForm(TemplateMeta{Name: "restart-workers", Seen: 2}, "", k.recipe(), engineer), k.name, "form", "template", "edit")
	for _, kind := range []string{ActionTemplateDecline, ActionTemplateSuspend, ActionTemplateReinstate, ActionTemplateRetire} {
		g.add(TemplateReasonForm(kind, all[1], runs[all[1].Name], 2, manager, ""), k.name, "form", strings.ReplaceAll(kind, ".", "-"))
	}
	for i, e := range []models.Event{
		{Kind: models.EventTemplateProposed, Actor: cara, Reason: "version 1"},
		{Kind: models.EventTemplateProposed, Actor: ana, Reason: "version 2", Diff: []models.FieldDiff{{Field: "Plan", Before: "a", After: "b"}}},
		{Kind: models.EventTemplateApproved, Actor: mia, Reason: "version 1"},
		{Kind: models.EventTemplateSuspended, Actor: ben, Reason: "CHG-9 failed"},
		{Kind: models.EventTemplateDeclined, Actor: mia, Reason: k.note},
		{Kind: models.EventTemplateStored, Reason: "version 7"},
	} {
		g.add(TemplateNote(all[i], e, manager), k.name, "note", string(e.Kind), string(all[i].Name))
		g.add(TemplateOutcome(all[i], manager), k.name, "outcome", "template", string(all[i].Name))
	}
	offered := k.life("closed")
	g.add(Note(offered.c, models.Event{Kind: models.EventTemplateOffered, At: offered.now}, k.facts("", offered.now)), k.name, "note", "template_offered")
	f := k.facts(ana, offered.now)
	f.Around.CleanRuns = 2
	offered.c.Material.Type, offered.c.Outcome = models.Normal, models.Successful
	g.add(PrivateCard(offered.c, f), k.name, "private", "clean-three-times")
	d, c, t := *k.dir, k.blank(), all[2]
	t.Recipe.Risk, t.Recipe.Services = everyday().in.Risk, slices.Clone(k.in.Services[:2])
	d.Policy.Rules = append([]models.Rule{{Name: "by its template", When: models.Match{Types: []models.ChangeType{models.Standard}}}}, d.Policy.Rules...)
	d.Templates = map[models.Slug]models.Template{t.Name: t}
	k.dir = &d
	must(c.Raise(models.Input{Type: models.Standard, Template: t.Name, Title: k.in.Title, Services: k.in.Services[:2], Environment: models.Production,
		Start: k.in.Start, End: k.in.Start.Add(time.Hour), Implementer: ben}, k.facts(ana, opening)))
	g.add(ChangeCard(c, k.facts("", opening)), k.name, "card", "standard")
	g.add(Raised(c, k.facts(ana, opening)), k.name, "raised", "standard")
}

// emergencies are seen before their approval, while it is owed, and late.
func (g *gallery) emergencies(k cast) {
	dir := *k.dir
	dir.Roles = maps.Clone(dir.Roles)
	dir.Roles[models.RoleECAB] = []models.UserID{cara, paul}
	dir.Policy = models.Policy{Version: 4, Rules: []models.Rule{{Name: "emergency", Require: []models.Need{{Role: models.RoleECAB, Count: 1}}}}}
	k.dir = &dir
	in := k.in
	in.Type, in.IncidentRef, in.WhyNow, in.Start, in.End = models.Emergency, "INC-2041", k.note, opening, opening.Add(time.Hour)
	raise := func() point {
		c := k.blank()
		return point{"emergency", c, opening}.then("emergency", k, ana, 0, func(f models.Facts) error { return c.Raise(in, f) })
	}
	show := func(p point, by models.UserID, name string) {
		g.add(ChangeCard(p.c, k.facts("", p.now)), k.name, "card", name)
		g.add(PrivateCard(p.c, k.facts(by, p.now)), k.name, "private", name)
		ask := models.Ask{User: cara, Revision: p.c.Revision, At: p.c.SubmittedAt}
		g.add(AskCard(p.c, ask, true, nil, k.facts("", p.now)), k.name, "ask", name)
		g.add(DetailsModal(p.c, k.facts(cara, p.now)), k.name, "details", name)
		g.add(ChangeList("Debts", []*models.Change{p.c}, 0, nil, k.facts(ana, p.now)), k.name, "list", name)
	}
	p := raise()
	show(p, ben, "emergency")
	g.add(Raised(p.c, k.facts(ben, p.now)), k.name, "raised", "emergency")
	for _, kind := range []string{ReasonStartNow, ReasonIncident} {
		g.add(ReasonForm(kind, p.c, p.c.Revision, k.facts(ben, p.now), ""), k.name, "form", kind)
	}
	p = p.then("owed", k, ben, 5*time.Minute, func(f models.Facts) error { return p.c.StartNow(k.note, p.c.Revision, f) })
	p.c.IncidentRef = ""
	show(p, ben, "emergency-begun")
	g.add(ReasonForm(ReasonReject, p.c, p.c.Revision, k.facts(ben, p.now), ""), k.name, "form", ReasonReject, "afterwards")
	g.add(Outcome(p.c, ActionStartNow, k.facts(ben, p.now)), k.name, "outcome", "start-now")
	for _, e := range []models.Event{
		{Kind: models.EventStarted, Actor: ben, Reason: k.note}, {Kind: models.EventNobodyLeft},
		{Kind: models.EventApprovedLater, Actor: cara, Reason: "late by 3 hours"}, {Kind: models.EventRefusedLater, Actor: cara, Reason: k.note},
		{Kind: models.EventIncidentLinked, Actor: ben, Reason: "INC-2041"},
	} {
		e.At = p.now
		g.add(ThreadLine(p.c, e, k.facts("", p.now)), k.name, "thread", "emergency", string(e.Kind))
		g.add(Note(p.c, e, k.facts("", p.now)), k.name, "note", "emergency", string(e.Kind))
	}
	p = p.then("done", k, ben, time.Hour, func(f models.Facts) error {
		return p.c.Complete(models.Completion{Outcome: models.Successful, Note: k.note}, f)
	})
	show(p, ben, "emergency-done")
	p = p.then("late", k, cara, 30*time.Hour, func(f models.Facts) error { return p.c.Approve(p.c.Revision, f) })
	show(p, ana, "emergency-late")
	g.add(Outcome(p.c, ActionApprove, k.facts(cara, p.now)), k.name, "outcome", "approved-afterwards")
	agreed := raise()
	agreed = agreed.then("agreed", k, cara, 5*time.Minute, func(f models.Facts) error { return agreed.c.Approve(agreed.c.Revision, f) })
	g.add(Outcome(agreed.c, ActionApprove, k.facts(cara, agreed.now)), k.name, "outcome", "emergency-approved")
	r := raise()
	r = r.then("begun", k, ben, 5*time.Minute, func(f models.Facts) error { return r.c.StartNow(k.note, r.c.Revision, f) })
	r = r.then("done", k, ben, time.Hour, func(f models.Facts) error {
		return r.c.Complete(models.Completion{Outcome: models.Successful, Note: k.note}, f)
	})
	r = r.reviewed("reviewed", k)
	show(r, ben, "emergency-reviewed")
	g.add(Outcome(r.c, ActionReview, k.facts(ben, r.now)), k.name, "outcome", "emergency-reviewed")
	q := raise()
	q = q.then("begun", k, ben, 5*time.Minute, func(f models.Facts) error { return q.c.StartNow(k.note, q.c.Revision, f) })
	q = q.then("refused", k, cara, time.Hour, func(f models.Facts) error { return q.c.Reject(k.note, q.c.Revision, f) })
	show(q, ben, "emergency-refused")
	g.add(Outcome(q.c, ActionReject, k.facts(cara, q.now)), k.name, "outcome", "refused-afterwards")
	g.add(Outcome(q.c, ActionIncident, k.facts(ben, q.now)), k.name, "outcome", "incident")
}
