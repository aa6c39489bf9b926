package view

import (
	"slices"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// ReleaseThread is one line under the card in the release's own channel: a move
// of its life or of its date.
func ReleaseThread(r *models.Release, e models.Event, f models.ReleaseFacts) Message {
	if m := minutesOf(r, e); m != nil {
		return Minutes(r, m, f.Facts)
	}
	line := releaseLine(r, e, f)
	return message(markup(r.ID.String())+": "+line, section(line))
}

// ReleaseNote tells one person by DM what others did that concerns them.
func ReleaseNote(r *models.Release, e models.Event, f models.ReleaseFacts) Message {
	if m, more := handoverNote(r, e, f); more {
		return m
	}
	line := joined("\n", releaseName(r), releaseLine(r, e, f))
	if e.Kind == models.EventHandoverConditional {
		line = joined("\n", line, conditionsOf(r, f))
	}
	return message(line, append([]slack.Block{section(line)}, actions(openChecklist(r))...)...)
}

// conditionsOf lists the reader's conditions of the handover that are not met.
func conditionsOf(r *models.Release, f models.ReleaseFacts) markup {
	var lines []markup
	for _, i := range r.Conditions() {
		if r.OwnerOf(i) == f.Actor.ID && !i.Met(f.Now) {
			lines = append(lines, "• "+itemName(i)+", by "+when(i.Condition.Due)+reason(i.Condition.Test, 120))
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return bold("Yours to meet:") + "\n" + firstOf(lines, 5)
}

// releaseLines say what happened, one event each. A missing kind falls back to
// words that are true of any event.
var releaseLines = map[models.EventKind]func(*models.Release, models.Event, models.ReleaseFacts) markup{
	models.EventGoLiveMoved: func(r *models.Release, e models.Event, f models.ReleaseFacts) markup {
		days, items := r.Slippage(f.Facts)
		return "📅 *Go-live moved* by " + name(e.Actor, f.Facts) + beforeAfter(e) + reason(e.Reason, 300) + "\nNow " + when(r.GoLive) + slipped(days) + caused(items) + ". Open items have new due dates."
	},
	models.EventHandoverScheduled: func(r *models.Release, e models.Event, f models.ReleaseFacts) markup {
		if m := r.Upcoming(); m != nil {
			return "🤝 *Handover scheduled* by " + name(e.Actor, f.Facts) + ": " + when(m.At) + ", " + length(m.Length) + place(m)
		}
		return "🤝 *Handover scheduled* by " + name(e.Actor, f.Facts)
	},
	models.EventHandoverCalledOff: func(_ *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "🚫 *Handover called off* by " + name(e.Actor, f.Facts) + reason(e.Reason, 300)
	},
	models.EventHandoverBriefed: func(*models.Release, models.Event, models.ReleaseFacts) markup {
		return "🤝 *The handover is coming up.*"
	},
	models.EventHandoverAccepted: func(_ *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "✅ *Accepted* by " + name(e.Actor, f.Facts) + reason(e.Reason, 300)
	},
	models.EventHandoverConditional: func(r *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "⚠️ *Accepted with conditions* by " + name(e.Actor, f.Facts) + reason(e.Reason, 300) + ". " + count(len(r.Blocking(f.Now)), "is", "are") + " to be verified before go-live."
	},
	models.EventHandoverDeclined: func(_ *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "⛔ *Declined* by " + name(e.Actor, f.Facts) + reason(e.Reason, 300)
	},
	models.EventHandoverAdjourned: func(_ *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "⏸️ *Handover adjourned* by " + name(e.Actor, f.Facts) + reason(e.Reason, 300)
	},
	models.EventHandoverConfirmed: func(_ *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "✅ *Confirmed* by " + name(e.Actor, f.Facts) + ": every condition before go-live is verified, and operations accept it."
	},
	models.EventReleaseReopened: func(_ *models.Release, e models.Event, _ models.ReleaseFacts) markup {
		return "⚠️ *Accepted no more*" + reason(e.Reason, 300)
	},
	models.EventReleaseLive: func(_ *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "🚀 *Live*, as " + name(e.Actor, f.Facts) + " recorded."
	},
	models.EventEarlyLifeBegun: func(r *models.Release, _ models.Event, _ models.ReleaseFacts) markup {
		return "🩺 *Early-life support began:* " + count(r.EarlyLife.Days, "working day", "working days") + ", until " + when(r.EarlyLife.Ends) + "."
	},
	models.EventEarlyLifeExtended: func(r *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "🩺 *Early-life support extended* by " + name(e.Actor, f.Facts) + " until " + when(r.EarlyLife.Ends) + reason(e.Reason, 300)
	},
	models.EventReleaseClosed: func(_ *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "🏁 *Closed* by " + name(e.Actor, f.Facts) + ": operations run it alone."
	},
	models.EventReleaseCancelled: func(_ *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "🚫 *Cancelled* by " + name(e.Actor, f.Facts) + reason(e.Reason, 300)
	},
	models.EventItemReturned: func(_ *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "↩️ " + name(e.Actor, f.Facts) + " *returned* item " + itemOf(e) + reason(e.Reason, 300)
	},
	models.EventItemReopened: func(_ *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "🔁 " + name(e.Actor, f.Facts) + " *opened again* item " + itemOf(e) + reason(e.Reason, 300)
	},
	models.EventItemExemptionRefused: func(_ *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "↩️ " + name(e.Actor, f.Facts) + " says that item " + itemOf(e) + " *does apply*" + reason(e.Reason, 300)
	},
	models.EventWaiverExpired: func(_ *models.Release, e models.Event, _ models.ReleaseFacts) markup {
		return "⌛ *A waiver ran out:* item " + itemOf(e) + " is open again."
	},
	models.EventConditionOverdue: func(_ *models.Release, e models.Event, _ models.ReleaseFacts) markup {
		return "⏰ *A condition of the handover is overdue:* " + esc(e.Reason, 160)
	},
	models.EventIncidentReported: func(_ *models.Release, e models.Event, f models.ReleaseFacts) markup {
		return "🚨 *Incident* reported into early-life support by " + name(e.Actor, f.Facts) + reason(e.Reason, 160)
	},
	models.EventBucketAssigned: yours, models.EventItemAssigned: yours, models.EventItemAdded: yours, models.EventLessonAsked: yours,
	models.EventItemSubmitted: toVerify, models.EventItemExemptionAsked: toVerify,
}

func releaseLine(r *models.Release, e models.Event, f models.ReleaseFacts) markup {
	if line, known := releaseLines[e.Kind]; known {
		return line(r, e, f)
	}
	if line, known := handoverLines[e.Kind]; known {
		return line(r, e, f)
	}
	return historyLine(e, f.Facts)
}

// ReleaseNoteDue reports whether a note still has something to say: one that
// counts what there is to do something to count, one of a meeting a meeting
// that is still so, and one that tells how it stands nothing newer.
func ReleaseNoteDue(r *models.Release, e models.Event, f models.ReleaseFacts) bool {
	switch e.Kind {
	case models.EventBucketAssigned, models.EventItemAssigned, models.EventItemAdded, models.EventLessonAsked:
		return len(r.ItemsOf(f.Actor.ID, f.Now)) > 0
	case models.EventItemSubmitted, models.EventItemExemptionAsked:
		return len(r.ToSettle(f.Actor.ID)) > 0
	case models.EventHandoverConditional:
		return conditionsOf(r, f) != ""
	case models.EventHandoverScheduled, models.EventHandoverBriefed:
		return r.Upcoming() != nil
	case models.EventVotesMissing:
		m := r.InSession()
		return m != nil && m.RevealedAt.IsZero() && slices.Contains(r.Missing(m), f.Actor.ID)
	case models.EventHandoverOverrun:
		return r.InSession() != nil
	case models.EventEarlyLifePulse: // how it stands is told once, however many of these were held up
		s := r.EarlyLife
		return !e.At.Before(s.PulsedAt.Add(-time.Minute)) && !(r.Leads(f.Actor.ID) && s.PromptedAt.After(e.At))
	}
	return true
}

// yours and toVerify are said once a day at most: they count what there is now.
func yours(r *models.Release, _ models.Event, f models.ReleaseFacts) markup {
	return "📋 " + count(len(r.ItemsOf(f.Actor.ID, f.Now)), "item is", "items are") + " yours to do now; your list of them, further up, is up to date."
}

func toVerify(r *models.Release, _ models.Event, f models.ReleaseFacts) markup {
	return "🔎 " + count(len(r.ToVerify(f.Actor.ID)), "item waits", "items wait") + " for your verification; your list of them, further up, is up to date."
}

// itemOf is the item that an event is about, as its difference names it.
func itemOf(e models.Event) markup {
	if len(e.Diff) == 0 {
		return ""
	}
	return bold(esc(e.Diff[0].Field, 100))
}

// beforeAfter is the first difference of an event.
func beforeAfter(e models.Event) markup {
	if len(e.Diff) == 0 || e.Diff[0].Before == "" {
		return ""
	}
	return " from " + esc(e.Diff[0].Before, 40) + " to " + esc(e.Diff[0].After, 40)
}

// caused names the items that moved the go-live.
func caused(items []*models.Item) markup {
	if len(items) == 0 {
		return ""
	}
	var ids markup
	for _, i := range items[:min(5, len(items))] {
		ids = joined(", ", ids, esc(i.ID, 12))
	}
	return " (because of " + ids + moreOf(len(items)-5) + ")"
}

func moreOf(n int) markup {
	if n <= 0 {
		return ""
	}
	return " and " + number(n) + " more"
}
