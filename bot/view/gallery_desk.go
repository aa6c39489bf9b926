package view

import (
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// releaseStages are a release at the moments at which its card differs.
func (k cast) releaseStages() map[string]*releaseStage {
	due := k.released()
	conditional := k.released()
	conditional.met()
	accepted := k.released()
	accepted.met()
	accepted.confirmed()
	live := k.released()
	live.met()
	live.confirmed()
	must(live.r.GoLiveNow(live.facts(ana)))
	early := k.released()
	early.met()
	early.confirmed()
	must(early.r.GoLiveNow(early.facts(ana)))
	must(early.r.BeginEarlyLife(0, early.facts(ana)))
	must(early.r.ReportIncident("INC-77", 2, k.note, early.facts(ben)))
	gone := k.released()
	must(gone.r.MoveGoLive(gone.r.GoLive.AddDate(0, 0, 14), k.note, nil, gone.facts(ana)))
	must(gone.r.Cancel(k.note, gone.facts(ana)))
	return map[string]*releaseStage{"planning": k.planned(), "planned": due, "conditional": conditional, "accepted": accepted,
		"live": live, "early-life": early, "cancelled": gone}
}

// planned is a release on its first day.
func (k cast) planned() *releaseStage {
	s := &releaseStage{k: k, r: &models.Release{ReleaseIdentity: models.ReleaseIdentity{Workspace: "T0DEMO", ID: 3}}, now: opening}
	must(s.r.Plan(models.ReleaseInput{Name: k.in.Title, Services: []models.Slug{"payments-api"}, ProjectLead: ana, OpsLead: mia,
		GoLive: opening.AddDate(0, 0, 56), Channel: "C0RELEASE"}, s.facts(ana)))
	return s
}

// releases shows the desk of a release: its card, lines, notes and asks.
func (g *gallery) releases(k cast) {
	stages := k.releaseStages()
	for _, name := range []string{"planning", "planned", "conditional", "accepted", "live", "early-life", "cancelled"} {
		s := stages[name]
		g.add(ReleaseCard(s.r, s.facts("")), k.name, "release", "card", name)
	}
	s := stages["planned"]
	g.add(ReleaseWhy(s.r, s.facts(ana)), k.name, "release", "why")
	late := k.released()
	late.now = late.now.AddDate(0, 0, 50)
	g.add(ReleaseCard(late.r, late.facts("")), k.name, "release", "card", "late")
	g.add(ReleaseWhy(late.r, late.facts(ana)), k.name, "release", "why", "late")
	g.add(ReleaseWhyModal(late.r, late.facts(ana)), k.name, "release", "why", "modal")
	g.add(ReleaseAsk(s.r, models.AskItems, s.facts(ben)), k.name, "release", "ask", "items")
	g.add(ReleaseAsk(s.r, models.AskItems, s.facts(ana)), k.name, "release", "ask", "items", "many")
	g.add(ReleaseAsk(s.r, models.AskVerify, s.facts(mia)), k.name, "release", "ask", "verify")
	g.add(ReleaseAsk(s.r, models.AskVerify, s.facts(gus)), k.name, "release", "ask", "nothing-left")
	g.add(ReleaseAsk(stages["cancelled"].r, models.AskItems, s.facts(ana)), k.name, "release", "ask", "cancelled")
	g.releaseLines(k, s)
}

// releaseLines shows one event of each kind that people hear of.
func (g *gallery) releaseLines(k cast, s *releaseStage) {
	for _, kind := range []models.EventKind{models.EventGoLiveMoved, models.EventHandoverScheduled, models.EventHandoverAccepted,
		models.EventHandoverConditional, models.EventHandoverDeclined, models.EventHandoverAdjourned, models.EventHandoverConfirmed,
		models.EventReleaseReopened, models.EventReleaseLive, models.EventEarlyLifeBegun, models.EventEarlyLifeExtended,
		models.EventReleaseClosed, models.EventReleaseCancelled} {
		g.add(ReleaseThread(s.r, k.releaseEvent(kind, s.now), s.facts("")), k.name, "release", "thread", string(kind))
	}
	for _, kind := range []models.EventKind{models.EventItemReturned, models.EventItemExemptionRefused, models.EventWaiverExpired,
		models.EventConditionOverdue, models.EventHandoverScheduled, models.EventHandoverCalledOff, models.EventHandoverBriefed,
		models.EventReleaseReopened, models.EventIncidentReported, models.EventItemAssigned, models.EventItemSubmitted} {
		g.add(ReleaseNote(s.r, k.releaseEvent(kind, s.now), s.facts(mia)), k.name, "release", "note", string(kind))
	}
}

func (k cast) releaseEvent(kind models.EventKind, at time.Time) models.Event {
	return models.Event{ID: 7, Kind: kind, Actor: ana, At: at, Reason: k.note,
		Diff: []models.FieldDiff{{Field: "12 (DO2) " + k.in.Title, Before: "2026-03-02 17:00 UTC", After: "2026-03-16 17:00 UTC"}}}
}
