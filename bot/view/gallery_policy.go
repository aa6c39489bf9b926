package view

import (
	"slices"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// policies are the views about who decides: the policy in force, why a change
// stands where it stands, delegates, and what people set for themselves.
func (g *gallery) policies(k cast) {
	now := opening.Add(time.Hour)
	f := k.facts(mia, now)
	d := *f.Directory
	f.Directory = &d
	g.add(Policy(f), k.name, "policy")
	d.Policy.SmallTeam, d.PolicyTrouble = true, "line 4: "+k.note+"\nline 9: "+k.in.Title
	d.Roles = map[models.Role][]models.UserID{models.RoleAdmin: {mia}}
	d.Policy.Additions = append(slices.Clone(d.Policy.Additions), models.Rule{Name: k.in.Title, Require: []models.Need{{Group: k.in.Title, Count: 1}, {Person: gus}}})
	g.add(Policy(f), k.name, "policy", "trouble")
	g.add(PolicyNote(f), k.name, "note", "policy")
	d.PolicyTrouble, d.Policy.Additions, d.Policy.Rules = "", nil, nil
	g.add(PolicyNote(f), k.name, "note", "policy", "mended")

	for _, p := range k.lives() {
		facts := k.facts(ana, p.now)
		g.add(Why(p.c, models.Explain(p.c, facts), facts), k.name, "why", p.name)
	}
	small := k.life("awaiting")
	for i := range small.c.Requirements {
		if r := &small.c.Requirements[i]; r.Role == models.RoleServiceOwner {
			r.MayLapse, r.Short, r.ShortAt = true, 1, small.now
		}
	}
	g.add(ChangeCard(small.c, k.facts("", small.now)), k.name, "card", "small-team")
	g.add(Raised(small.c, k.facts(ana, small.now)), k.name, "raised", "small-team")
	stuck := *small.c // a freeze asks its owner, who raised the change, and never goes on without
	stuck.Requirements = append(slices.Clone(stuck.Requirements), models.Requirement{Key: "exception:FRZ-3:owner", Person: stuck.Requester, Count: 1, Text: f.Name(stuck.Requester) + " for an exception to FRZ-3"})
	g.add(ChangeCard(&stuck, k.facts("", small.now)), k.name, "card", "small-team", "stuck")
	g.add(Raised(&stuck, k.facts(ana, small.now)), k.name, "raised", "small-team", "stuck")
	for i := range small.c.Requirements {
		small.c.Requirements[i].Lapsed = small.c.Requirements[i].Short
	}
	must(small.c.Approve(small.c.Revision, k.facts(cara, small.now)))
	g.add(ChangeCard(small.c, k.facts("", small.now)), k.name, "card", "small-team", "approved")
	g.add(Why(small.c, models.Explain(small.c, f), f), k.name, "why", "small-team")
	g.delegates(k)

	f = k.facts(cara, now)
	g.add(Me(f), k.name, "me")
	g.add(MeForm(f, ""), k.name, "form", "me")
	f.Actor.Own = models.Own{From: 7 * time.Hour, Until: 15*time.Hour + 30*time.Minute, Zone: "Europe/Lisbon",
		Away: models.Absence{From: now.Truncate(24 * time.Hour), Until: now.Truncate(24*time.Hour).AddDate(0, 0, 14), Delegate: paul}, Muted: models.ReminderKinds[1:3]}
	g.add(Me(f), k.name, "me", "away")
	g.add(MeForm(f, "https://hooks.slack.example/commands/T0/1/abc"), k.name, "form", "me", "away")
}

// delegates shows a decision that was handed on, and one given on behalf.
func (g *gallery) delegates(k cast) {
	p := k.life("awaiting")
	g.add(DelegateForm(p.c, k.facts(paul, p.now), ""), k.name, "form", "delegate")
	must(p.c.Delegate(mia, k.facts(paul, p.now)))
	e := p.c.Events()
	delegated := e[len(e)-1]
	delegated.ID = 7
	g.add(DelegateForm(p.c, k.facts(paul, p.now), ""), k.name, "form", "delegate", "again")
	g.add(Outcome(p.c, ActionDelegate, k.facts(paul, p.now)), k.name, "outcome", "delegate")
	g.add(Outcome(p.c, ActionDelegate, k.facts(cara, p.now)), k.name, "outcome", "delegate", "back")
	for _, u := range []models.UserID{paul, mia} {
		ask := models.Ask{User: u, Revision: p.c.Revision, At: p.now}
		g.add(AskCard(p.c, ask, true, nil, k.facts("", p.now)), k.name, "ask", "delegated", map[models.UserID]string{paul: "from", mia: "to"}[u])
	}
	g.add(HistoryModal(p.c, []models.Event{delegated}, false, k.facts(cara, p.now)), k.name, "history", "delegated")
	must(p.c.Delegate(paul, k.facts(paul, p.now)))
	g.add(AskCard(p.c, models.Ask{User: mia, Revision: p.c.Revision, At: p.now}, true, nil, k.facts("", p.now)), k.name, "ask", "delegated", "ended")
	must(p.c.Delegate(mia, k.facts(paul, p.now)))
	must(p.c.Approve(p.c.Revision, k.facts(mia, p.now)))
	g.add(ChangeCard(p.c, k.facts("", p.now)), k.name, "card", "behalf")
	facts := k.facts(ana, p.now)
	g.add(Why(p.c, models.Explain(p.c, facts), facts), k.name, "why", "behalf")
	g.add(DetailsModal(p.c, facts), k.name, "details", "behalf")
}
