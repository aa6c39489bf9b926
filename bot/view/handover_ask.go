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
	models.EventConditionDue: func(_ *models.Release, e models.Event, _ models.ReleaseFacts) markup {
		return "⏰ *A condition of the handover that you own is due soon:* " + esc(e.Reason, 160)
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
