package view

import (
	"strings"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// convened is a release in its handover meeting.
func (k cast) convened() *releaseStage {
	s := k.released()
	s.now = s.now.Add(26 * time.Hour)
	must(s.r.Elapse(s.facts("")))
	return s
}

// voted has every bucket owner vote, and one of them once more.
func (s *releaseStage) voted() {
	for n, u := range s.r.Voters() {
		must(s.r.Vote(0, models.Choices[n%3], s.k.note, s.facts(u)))
	}
	must(s.r.Vote(0, models.ChoiceReady, "", s.facts(s.r.Voters()[1])))
}

// supported is a release whose early-life support is about to end.
func (k cast) supported() *releaseStage {
	s := k.released()
	s.met()
	s.confirmed()
	must(s.r.GoLiveNow(s.facts(ana)))
	must(s.r.BeginEarlyLife(0, s.facts(ana)))
	for n := range 7 {
		must(s.r.ReportIncident("INC-"+string(rune('1'+n)), 1+n%4, k.note, s.facts(ben)))
	}
	must(s.r.Extend(3, k.note, s.facts(mia)))
	return s
}

// meetings shows a handover meeting from its scheduling to its record.
func (g *gallery) meetings(k cast) {
	s := k.released()
	g.add(HandoverForm(s.r, models.MeetingInput{At: s.now.Add(48 * time.Hour), Length: models.MeetingLength}, s.facts(ana), "https://hooks.slack.com/commands/x"), k.name, "handover", "form")
	g.add(HandoverForm(s.r, models.MeetingInput{At: s.r.Upcoming().At, Length: time.Hour, Place: k.in.Title, Guests: []models.UserID{gus}}, s.facts(ana), ""), k.name, "handover", "form", "move")
	g.add(HandoverOutcome(s.r, ActionHandover, s.facts(ana)), k.name, "handover", "scheduled")

	s = k.convened()
	g.add(HandoverPrompt(s.r, s.r.InSession(), s.facts("")), k.name, "handover", "prompt", "begun")
	ask := models.ReleaseAsk{User: ben, Kind: models.AskVote, Round: 1}
	m, _ := HandoverAsk(s.r, ask, s.facts(ben))
	g.add(m, k.name, "handover", "vote", "ask")
	g.add(VoteForm(s.r, s.r.InSession(), s.facts(ben), ""), k.name, "handover", "vote", "form")
	must(s.r.Vote(0, models.ChoiceNotReady, k.note, s.facts(ben)))
	m, _ = HandoverAsk(s.r, ask, s.facts(ben))
	g.add(m, k.name, "handover", "vote", "given")
	g.add(VoteForm(s.r, s.r.InSession(), s.facts(ben), ""), k.name, "handover", "vote", "form", "again")
	g.add(HandoverPrompt(s.r, s.r.InSession(), s.facts("")), k.name, "handover", "prompt", "silent")
	g.add(HandoverOutcome(s.r, ActionVote, s.facts(ben)), k.name, "handover", "voted")

	s.voted()
	meeting := s.r.InSession()
	g.add(HandoverPrompt(s.r, meeting, s.facts("")), k.name, "handover", "prompt", "votes")
	g.add(VoteForm(s.r, meeting, s.facts(ben), ""), k.name, "handover", "vote", "form", "late")
	g.add(HandoverOutcome(s.r, ActionVote, s.facts(s.r.Voters()[1])), k.name, "handover", "voted", "late")
	list, err := s.r.Proposed(s.facts(mia))
	must(err)
	for len(list) < 20 { // as many as one form can hold
		list = append(list, list[0])
		list[len(list)-1].No = 100 + len(list)
	}
	g.add(ConditionsForm(s.r, meeting, list, s.facts(mia), ""), k.name, "handover", "conditions")
	g.add(ConditionsForm(s.r, meeting, nil, s.facts(mia), ""), k.name, "handover", "conditions", "none")
	for _, kind := range []string{ActionDecline, ActionAdjourn} {
		g.add(PutOffForm(kind, s.r, meeting, s.now.AddDate(0, 0, 7), ""), k.name, "handover", strings.ToLower(putOffs[kind].submit))
	}
	for _, kind := range []models.EventKind{models.EventVotesMissing, models.EventHandoverOverrun} {
		g.add(ReleaseNote(s.r, k.releaseEvent(kind, s.now), s.facts(ben)), k.name, "release", "note", string(kind))
	}
	g.results(k)
}

// results shows what becomes of a meeting.
func (g *gallery) results(k cast) {
	for _, end := range []string{"declined", "adjourned", "called-off", "conditional"} {
		s := k.convened()
		s.voted()
		next := s.now.AddDate(0, 0, 7)
		switch end {
		case "declined":
			must(s.r.Decline(0, k.note, next, s.facts(mia)))
			g.add(HandoverOutcome(s.r, ActionDecline, s.facts(mia)), k.name, "handover", "put-off")
		case "adjourned":
			must(s.r.Adjourn(0, k.note, next, s.facts(cara)))
		case "called-off":
			must(s.r.Cancel(k.note, s.facts(ana)))
		default:
			s = k.released()
			s.met()
			g.add(HandoverOutcome(s.r, ActionConditions, s.facts(mia)), k.name, "handover", "conditional")
			g.add(ReleaseThread(s.r, models.Event{Kind: models.EventHandoverConditional, Actor: cara, At: s.now}, s.facts("")), k.name, "release", "thread", "minutes")
			g.add(ReleaseNote(s.r, models.Event{Kind: models.EventHandoverConditional, Actor: cara, At: s.now}, s.facts(s.r.OwnerOf(s.r.Conditions()[0]))), k.name, "release", "note", "conditions")
			g.add(ReleaseAsk(s.r, models.AskItems, s.facts(s.r.OwnerOf(s.r.Conditions()[0]))), k.name, "release", "ask", "conditions")
		}
		g.add(HandoverPrompt(s.r, &s.r.Meetings[0], s.facts("")), k.name, "handover", "result", end)
		m, _ := HandoverAsk(s.r, models.ReleaseAsk{User: ben, Kind: models.AskVote, Round: 1}, s.facts(ben))
		g.add(m, k.name, "handover", "vote", "over", end)
	}
	s := k.released()
	s.met()
	s.verified()
	lead := models.ReleaseAsk{User: mia, Kind: models.AskLead}
	m, _ := HandoverAsk(s.r, lead, s.facts(mia))
	g.add(m, k.name, "handover", "confirm")
	g.add(ReleaseCard(s.r, s.facts("")), k.name, "release", "card", "to-confirm")
	must(s.r.Confirm(s.facts(mia)))
	g.add(HandoverOutcome(s.r, ActionConfirm, s.facts(mia)), k.name, "handover", "confirmed")
	m, _ = HandoverAsk(s.r, lead, s.facts(mia))
	g.add(m, k.name, "handover", "confirm", "done")
	g.add(HandoverRecord(s.r, s.r.LastMeeting(), s.facts(ana)), k.name, "handover", "record")
}

// support shows a release from its go-live to its close.
func (g *gallery) support(k cast) {
	s := k.released()
	s.met()
	s.confirmed()
	g.add(EarlyLife(s.r, s.facts(ana)), k.name, "early-life", "not-live")
	must(s.r.GoLiveNow(s.facts(ana)))
	g.add(EarlyLifeOutcome(s.r, ActionLive, s.facts(ana)), k.name, "early-life", "live")
	g.add(EarlyLife(s.r, s.facts(ana)), k.name, "early-life", "before")
	g.add(SupportForm(ActionEarlyLife, s.r, s.facts(mia), ""), k.name, "early-life", "form")
	g.add(IncidentForm(s.r, ""), k.name, "early-life", "incident")

	s = k.supported()
	g.add(EarlyLife(s.r, s.facts(ana)), k.name, "early-life", "incidents")
	g.add(EarlyLifeModal(s.r, s.facts(mia)), k.name, "early-life", "modal")
	g.add(ReleaseCard(s.r, s.facts("")), k.name, "release", "card", "incidents")
	g.add(SupportForm(ActionExtend, s.r, s.facts(mia), ""), k.name, "early-life", "extend")
	g.add(EarlyLifeOutcome(s.r, ActionReportIncident, s.facts(ben)), k.name, "early-life", "reported")
	g.add(EarlyLifeOutcome(s.r, ActionExtend, s.facts(mia)), k.name, "early-life", "extended")
	g.add(ReleaseNote(s.r, k.releaseEvent(models.EventEarlyLifePulse, s.now), s.facts(mia)), k.name, "release", "note", string(models.EventEarlyLifePulse))
	s.now = s.r.EarlyLife.Ends
	must(s.r.Elapse(s.facts("")))
	lead := models.ReleaseAsk{User: mia, Kind: models.AskLead, Round: 9}
	m, _ := HandoverAsk(s.r, lead, s.facts(mia))
	g.add(m, k.name, "early-life", "exit", "open")
	for n := range s.r.Incidents {
		must(s.r.CloseIncident(n+1, s.facts(ana)))
	}
	for _, i := range s.r.Conditions() {
		if i.OpenCondition() {
			s.verify(i)
		}
	}
	m, _ = HandoverAsk(s.r, lead, s.facts(mia))
	g.add(m, k.name, "early-life", "exit")
	must(s.r.Close(s.facts(mia)))
	g.add(EarlyLifeOutcome(s.r, ActionClose, s.facts(mia)), k.name, "early-life", "closed")
	g.add(ReleaseCard(s.r, s.facts("")), k.name, "release", "card", "closed")
}
