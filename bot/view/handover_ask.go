package view

import (
	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// HandoverAsk is what f.Actor is asked to vote on or to decide about a release,
// by DM, and whether it still is theirs to do. Of what a lead is asked only the
// newest message is live.
func HandoverAsk(r *models.Release, ask models.ReleaseAsk, f models.ReleaseFacts) (m Message, open bool) {
	if ask.Kind == models.AskVote {
		meeting, known := r.Meeting(ask.Round)
		if !known {
			return nothingLeft(r), false
		}
		_, voted := meeting.VoteOf(ask.User)
		return VoteAsk(r, meeting, f), meeting.State == models.MeetingInSession && !voted
	}
	newest := r.Leads(ask.User)
	for _, other := range r.Asked {
		newest = newest && (other.User != ask.User || other.Kind != models.AskLead || other.Round <= ask.Round)
	}
	switch {
	case newest && r.State == models.ReleaseConditional && !r.ConfirmAt.IsZero():
		return ConfirmAsk(r, f), true
	case newest && r.State == models.ReleaseEarlyLife && !r.EarlyLife.PromptedAt.IsZero():
		return ExitAsk(r, f), true
	}
	return nothingLeft(r), false
}

// handoverNote is what a person gets by DM of an event in which more than a line
// and the buttons of the card is due.
func handoverNote(r *models.Release, e models.Event, f models.ReleaseFacts) (Message, bool) {
	m := r.InSession()
	switch {
	case e.Kind == models.EventHandoverBriefed && r.Upcoming() != nil:
		return Brief(r, r.Upcoming(), r.Brief(f), f.Facts), true
	case e.Kind == models.EventVotesMissing && m != nil:
		return VoteAsk(r, m, f), true
	case e.Kind == models.EventHandoverOverrun && m != nil:
		line := joined("\n", releaseName(r), handoverLines[e.Kind](r, e, f))
		blocks := []slack.Block{section(line), section(voteState(r, m, f))}
		for _, row := range promptButtons(r, m) {
			blocks = append(blocks, actions(row...)...)
		}
		return message(line, blocks...), true
	case e.Kind == models.EventEarlyLifePulse && r.State == models.ReleaseEarlyLife:
		return EarlyLife(r, f), true
	}
	return Message{}, false
}

// handoverLines say what happened between a meeting and the end of early-life
// support where nobody acted.
var handoverLines = map[models.EventKind]func(*models.Release, models.Event, models.ReleaseFacts) markup{
	models.EventVotesMissing: func(*models.Release, models.Event, models.ReleaseFacts) markup {
		return "🗳️ *Your vote is missing* in the handover."
	},
	models.EventHandoverOverrun: func(*models.Release, models.Event, models.ReleaseFacts) markup {
		return "⏰ *The handover's time is over, and nothing is decided.* Decide now, or adjourn it to another day."
	},
	models.EventEarlyLifePulse: func(r *models.Release, _ models.Event, _ models.ReleaseFacts) markup {
		return "🩺 *Early-life support goes on* until " + when(r.EarlyLife.Ends) + "."
	},
}

// minutesOf is the meeting that an event decided; nil when it decided none.
func minutesOf(r *models.Release, e models.Event) *models.Meeting {
	switch e.Kind {
	case models.EventHandoverAccepted, models.EventHandoverConditional, models.EventHandoverDeclined, models.EventHandoverAdjourned:
	default:
		return nil
	}
	for n := range r.Meetings {
		if m := &r.Meetings[n]; m.Decision != nil && m.Decision.At.Equal(e.At) {
			return m
		}
	}
	return nil
}

// Handover buttons of a card stand where the release can be handed over, or
// looks after itself in production.

func canSchedule(r *models.Release) bool { return r.InSession() == nil }

func scheduleWords(r *models.Release, _ models.ReleaseFacts) string {
	if r.Upcoming() != nil {
		return "Move handover…"
	}
	return "Schedule handover…"
}

func hasUpcoming(r *models.Release) bool { return r.Upcoming() != nil }

func toConfirm(r *models.Release) bool { return !r.ConfirmAt.IsZero() }

func lastMeetingNo(r *models.Release) int {
	if m := r.LastMeeting(); m != nil {
		return m.No
	}
	return 0
}

func leadsRelease(r *models.Release, f models.ReleaseFacts) bool {
	ok, _ := f.Actor.CanDecide()
	return ok && r.Leads(f.Actor.ID)
}

func mayReport(_ *models.Release, f models.ReleaseFacts) bool { return active(f.Facts) }

// VoteAsk asks f.Actor, by DM, for the vote on their buckets.
func VoteAsk(r *models.Release, m *models.Meeting, f models.ReleaseFacts) Message {
	about := bold(markup(r.ID.String()) + " " + esc(r.Name, models.MaxTitle))
	if m.State != models.MeetingInSession {
		over := markup("called off")
		if m.Decision != nil {
			over = markup(m.Decision.Outcome.String())
		}
		line := "🗳️ The handover of " + about + " is over: " + over + "."
		return message(line, section(line))
	}
	line := "🗳️ The handover of " + about + " is under way, and your vote is wanted. Nobody sees it before all are shown."
	v, voted := m.VoteOf(f.Actor.ID)
	switch {
	case voted && m.RevealedAt.IsZero():
		line = "🗳️ Your vote on " + about + ": " + bold(markup(v.Choice.String())) + ". It may be changed until all are shown."
	case voted:
		line = "🗳️ Your vote on " + about + ": " + bold(markup(v.Choice.String())) + ". All votes are shown; another one counts as late."
	case !m.RevealedAt.IsZero():
		line = "🗳️ The votes on " + about + " are shown without yours. A vote now is kept and marked as late."
	}
	blocks := []slack.Block{section(line)}
	for _, b := range r.Brief(f).Buckets {
		if b.Owner == f.Actor.ID {
			blocks = append(blocks, section(bucketBrief(b, f.Facts)))
		}
	}
	ready := meetingButton(ActionVoteReady, "Ready", r, m).WithStyle(slack.StylePrimary)
	return message(line, append(blocks, actions(ready, meetingButton(ActionVote, "Vote otherwise…", r, m))...)...)
}

// ConfirmAsk asks the operations lead, by DM, whether the conditions are met.
func ConfirmAsk(r *models.Release, f models.ReleaseFacts) Message {
	heading := "✅ " + bold("Every condition before go-live is verified: "+markup(r.ID.String())+" "+esc(r.Name, models.MaxTitle))
	var lines []markup
	for _, i := range r.Conditions() {
		if !i.Condition.After {
			lines = append(lines, "• "+itemName(i)+", verified by "+name(i.VerifiedBy, f.Facts)+reason(i.Condition.Test, 100))
		}
	}
	after := markup("\nWith your word it is accepted: linked production changes may start, and a certificate is made.")
	return message(heading+after, append([]slack.Block{section(heading + "\n" + firstOf(lines, 8) + after)}, actions(confirmButton(r))...)...)
}

func confirmButton(r *models.Release) *slack.ButtonBlockElement {
	return meetingButton(ActionConfirm, "Confirm acceptance", r, r.LastMeeting()).WithStyle(slack.StylePrimary)
}
