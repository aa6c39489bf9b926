package view

import (
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// ThreadLine is one line under the card in the changes channel: a change of
// state that a reader of the channel would miss.
func ThreadLine(c *models.Change, e models.Event, f models.Facts) Message {
	line := lineOf(c, e, f)
	return message(id(c)+": "+line, section(line))
}

// Note tells requester or implementer by DM what others did with their
// change, and offers the next step.
func Note(c *models.Change, e models.Event, f models.Facts) Message {
	line := joined("\n", ref(c), lineOf(c, e, f), nextStep(c, e, f))
	var buttons []*slack.ButtonBlockElement
	switch e.Kind {
	case models.EventChangesRequested:
		buttons = oneOf(c, ActionEdit)
	case models.EventRejected, models.EventCancelled, models.EventExpired:
		buttons = oneOf(c, ActionAgain)
	case models.EventTemplateOffered:
		buttons = oneOf(c, ActionTemplateSave)
	}
	return message(line, append([]slack.Block{section(line)}, actions(append(buttons, details(c))...)...)...)
}

// NoteDue reports whether a note still tells how things are: one that waited for
// somebody's hours asks for nothing that is done, and promises nothing that is
// over. What came after it has a note of its own.
func NoteDue(c *models.Change, e models.Event) bool {
	switch e.Kind {
	case models.EventChangesRequested:
		return c.State == models.ChangesRequested
	case models.EventFullyApproved:
		return c.State == models.Approved || c.State == models.InProgress || c.State == models.Implemented || c.State == models.Closed
	case models.EventReopened:
		return c.State == models.AwaitingApproval
	case models.EventHeld:
		return c.OnHold()
	}
	return true
}

// lines say what happened, one event each. A missing kind falls back to words
// that are true of any event.
var lines = map[models.EventKind]func(*models.Change, models.Event, models.Facts) markup{
	models.EventRevised: func(c *models.Change, e models.Event, f models.Facts) markup {
		return "✏️ *Edited* by " + name(e.Actor, f) + " (" + changedFields(e) + "): approvals given so far are void."
	},
	models.EventResubmitted: func(c *models.Change, e models.Event, f models.Facts) markup {
		return "⏳ *Resubmitted* by " + name(e.Actor, f) + changedSince(e) + "." + waits(c)
	},
	models.EventFullyApproved: func(c *models.Change, e models.Event, f models.Facts) markup {
		return "✅ *Approved*" + approvedBy(c, f) + reason(e.Reason, 120) + ". Window: " + span(c.Window) + "."
	},
	models.EventReopened: func(c *models.Change, _ models.Event, _ models.Facts) markup {
		return "⏳ *Approved no more:* an approval does not count any longer." + waits(c)
	},
	models.EventChangesRequested: func(c *models.Change, e models.Event, f models.Facts) markup {
		return "✏️ *Changes requested* by " + name(e.Actor, f) + reason(e.Reason, 300)
	},
	models.EventRejected: func(c *models.Change, e models.Event, f models.Facts) markup {
		return "⛔ *Rejected* by " + name(e.Actor, f) + reason(e.Reason, 300)
	},
	models.EventCancelled: func(c *models.Change, e models.Event, f models.Facts) markup {
		return "🚫 *Cancelled* by " + name(e.Actor, f) + reason(e.Reason, 300)
	},
	models.EventExpired: func(*models.Change, models.Event, models.Facts) markup {
		return "⌛ *Expired:* its window passed and it was not started."
	},
	models.EventStarted: func(c *models.Change, e models.Event, f models.Facts) markup {
		if c.Retrospective {
			return "🚨 *Started before its approval* by " + name(e.Actor, f) + reason(e.Reason, 300) + "\nThe approval is owed until " + when(c.StartedAt.Add(models.OweWithin)) + "."
		}
		return "🚧 *Started* by " + name(e.Actor, f) + ". The window ends " + when(c.Ends()) + "."
	},
	models.EventOverridden: func(c *models.Change, e models.Event, f models.Facts) markup {
		return "⚠️ *Overridden* by " + name(e.Actor, f) + ": it is started against what stands in its way" + reason(e.Reason, 300) + "\n" + name(c.Implementer, f) + " carries it out. A review is owed."
	},
	models.EventHeld: func(_ *models.Change, e models.Event, f models.Facts) markup {
		return "⏸️ *Put on hold* by " + name(e.Actor, f) + reason(e.Reason, 300)
	},
	models.EventHoldLifted: func(c *models.Change, e models.Event, f models.Facts) markup {
		return "▶️ *Hold lifted* by " + name(e.Actor, f) + reason(e.Reason, 300) + "\nIt is " + markup(strings.ToLower(c.State.String())) + ", as before."
	},
	models.EventExtended: func(c *models.Change, e models.Event, f models.Facts) markup {
		return "⏱️ *Extended* by " + name(e.Actor, f) + " until " + when(c.Ends()) + reason(e.Reason, 300) + runsInto(e)
	},
	models.EventCompleted: func(c *models.Change, e models.Event, f models.Facts) markup {
		return markup(outcomeSigns[c.Outcome]) + " *Completed* by " + name(e.Actor, f) + ", " + esc(c.Outcome.String(), 40) + reason(e.Reason, 300)
	},
	models.EventOutcomeCorrected: func(c *models.Change, e models.Event, f models.Facts) markup {
		return "↩️ *Rolled back* by " + name(e.Actor, f) + reason(e.Reason, 300)
	},
	models.EventReviewed: func(c *models.Change, e models.Event, f models.Facts) markup {
		return "🔎 *Reviewed* by " + name(e.Actor, f) + reason(e.Reason, 300)
	},
	models.EventNobodyLeft: func(c *models.Change, _ models.Event, _ models.Facts) markup {
		return "🚨 *Everybody who could approve it has been asked, and nobody has answered.*" + stillMissing(c)
	},
	models.EventDelegated: func(_ *models.Change, e models.Event, f models.Facts) markup {
		return "↪️ " + name(e.Actor, f) + " *handed their decision on*" + to(e)
	},
	models.EventApprovedLater: func(c *models.Change, e models.Event, f models.Facts) markup {
		return "✅ *Approved afterwards*" + approvedBy(c, f) + reason(e.Reason, 60) + "."
	},
	models.EventRefusedLater: func(_ *models.Change, e models.Event, f models.Facts) markup {
		return "⛔ *Not agreed to afterwards* by " + name(e.Actor, f) + reason(e.Reason, 300)
	},
	models.EventIncidentLinked: func(_ *models.Change, e models.Event, f models.Facts) markup {
		return "🔗 *Incident named* by " + name(e.Actor, f) + reason(e.Reason, 120)
	},
	models.EventTemplateOffered: func(*models.Change, models.Event, models.Facts) markup {
		return "📋 *This went well three times.* Saved as a template, the next one needs a start and a person, and no approval. A change manager approves the template once."
	},
	models.EventRollbackRaised: func(c *models.Change, e models.Event, f models.Facts) markup {
		return "↩️ *Raised* by " + name(e.Actor, f) + " to roll back " + markup(c.Identity.RollbackOf.String()) + reason(e.Reason, 300)
	},
}

func lineOf(c *models.Change, e models.Event, f models.Facts) markup {
	if line, known := lines[e.Kind]; known {
		return line(c, e, f)
	}
	return historyLine(e, f)
}

// runsInto names the changes that work which was extended runs into.
func runsInto(e models.Event) markup {
	for _, d := range e.Diff {
		if d.Field == "Overlaps" {
			return "\n⚠️ It runs into " + esc(d.After, 200) + "."
		}
	}
	return ""
}

// waits says what the change waits for, unless it went on meanwhile: lines are
// drawn when they are sent.
func waits(c *models.Change) markup {
	if c.State != models.AwaitingApproval {
		return ""
	}
	return " It waits for " + esc(c.Standing().MissingWithin(120), 120) + "."
}

func stillMissing(c *models.Change) markup {
	if s := c.Standing(); !s.Met() {
		return " Still needed: " + esc(s.MissingWithin(120), 120) + "."
	}
	return ""
}

func approvedBy(c *models.Change, f models.Facts) markup {
	if len(c.Standing().Slots) == 0 && c.Type == models.Standard && c.Template.Version > 0 {
		return " by the template " + esc(c.Template.String(), 60)
	}
	if who := givers(c.Standing()); len(who) > 0 {
		return " by " + names(who, f) + behalf(c.Standing(), f)
	}
	return ""
}

// to names the delegate of an event.
func to(e models.Event) markup {
	for _, d := range e.Diff {
		if d.Field == "Delegate" && d.After != "" {
			return " to " + esc(d.After, 60)
		}
	}
	return ""
}

func changedFields(e models.Event) markup {
	if len(e.Diff) == 0 {
		return "content"
	}
	var out markup
	for _, d := range e.Diff {
		out = joined(", ", out, esc(strings.ToLower(d.Field), 30))
	}
	return out
}

func changedSince(e models.Event) markup {
	if len(e.Diff) == 0 {
		return ""
	}
	return " with changes to " + changedFields(e)
}

func nextStep(c *models.Change, e models.Event, f models.Facts) markup {
	switch {
	case e.Kind == models.EventFullyApproved && c.State == models.Approved:
		return name(c.Implementer, f) + " can start it inside the window, with Start on its card."
	case e.Kind == models.EventChangesRequested:
		return "Edit it; saving asks the approvers again."
	case e.Kind == models.EventRejected, e.Kind == models.EventCancelled, e.Kind == models.EventExpired:
		return "“Raise again” opens the form with everything filled in."
	}
	return ""
}

// Raised answers, privately, whoever submitted a change or saved a draft: what
// it waits for now, and what nobody could give. Saved does it for an edit.
func Raised(c *models.Change, f models.Facts) Message { return kept(c, " is raised.", f) }

// Saved answers whoever edited a change that was raised before.
func Saved(c *models.Change, f models.Facts) Message { return kept(c, " is saved.", f) }

func kept(c *models.Change, verb markup, f models.Facts) Message {
	line := keptLine(c, verb, f)
	if missing := c.Unmeetable(f); len(missing) > 0 && c.State == models.AwaitingApproval {
		line += "\n⚠️ Nobody can give " + esc(strings.Join(missing, ", "), 200) + ": too few people hold that role and may decide here. Ask an admin to name somebody; " +
			strings2(len(c.Stuck(f)) == 0, "else it goes on without half an hour later, owes a review and is listed as an exception.", "until then it can't be approved.")
	}
	buttons := []*slack.ButtonBlockElement{open(c)}
	if c.State == models.Draft {
		buttons = oneOf(c, ActionSubmit, ActionEdit)
	}
	if c.State == models.AwaitingApproval && emergency(c) && implements(c, f) {
		buttons = append(oneOf(c, ActionStartNow), open(c))
	}
	return message(line, append([]slack.Block{section(line)}, actions(buttons...)...)...)
}

func keptLine(c *models.Change, verb markup, f models.Facts) markup {
	switch c.State {
	case models.Draft:
		return quoted(c) + " is saved as a draft. Nobody is asked until you submit it."
	case models.AwaitingApproval:
		return quoted(c) + verb + waits(c) + whereCard(f)
	case models.InProgress:
		return quoted(c) + verb + " It is in progress."
	case models.Approved:
		return quoted(c) + verb + " It is approved" + byTemplate(c) + "; " + name(c.Implementer, f) + " can start it " + fromWhen(c, f) + "." + whereCard(f)
	}
	return quoted(c) + verb + " It is " + markup(strings.ToLower(c.State.String())) + "."
}

// fromWhen is from when on a change may start.
func fromWhen(c *models.Change, f models.Facts) markup {
	if c.Window.Start.After(f.Now) {
		return "from " + when(c.Window.Start)
	}
	return "now, until " + when(c.Window.End)
}

func byTemplate(c *models.Change) markup {
	if c.Type == models.Standard && len(c.Requirements) == 0 && c.Template.Version > 0 {
		return " by the template " + esc(c.Template.String(), 60)
	}
	return ""
}

func whereCard(f models.Facts) markup {
	if link := channel(f.Settings.ChangesChannel); link != "" {
		return " Its card stands in " + link + "."
	}
	return ""
}

// Outcome answers, privately, a click or form that did something to the
// change, with the buttons that f.Actor may want next. did is the id of the
// button, or a sentence of the caller's own. After a rollback of a closed
// change, c is the new change.
func Outcome(c *models.Change, did string, f models.Facts) Message {
	switch did {
	case ActionEdit:
		return Saved(c, f)
	case ActionMove:
		return kept(c, " is moved to "+span(c.Window)+".", f)
	case "", ActionSubmit, ActionDraft:
		return Raised(c, f)
	}
	line := outcomeLine(c, did, f)
	return message(line, append([]slack.Block{section(line)}, actions(nextButtons(c, f)...)...)...)
}

// nextButtons are what f.Actor can do about the change right after an act of
// theirs: take an approval back, begin, finish, review.
func nextButtons(c *models.Change, f models.Facts) []*slack.ButtonBlockElement {
	return buttonsOf(c, func(o offer) bool {
		switch o.action {
		case ActionWithdraw, ActionStart, ActionComplete, ActionReview, ActionStartNow, ActionIncident, ActionLift:
		case ActionRollback:
			if c.State != models.InProgress {
				return false
			}
		default:
			return false
		}
		return o.possible(c) && o.may(c, f)
	})
}

func outcomeLine(c *models.Change, did string, f models.Facts) markup {
	switch did {
	case ActionLessonDrop:
		return "Releases planned from now on are not asked for the lesson of " + quoted(c) + ". Those that have the item keep it."
	case ActionApprove:
		if c.State == models.Approved {
			return "Your approval of " + quoted(c) + " is recorded; it was the last one needed. " + name(c.Implementer, f) + " can start it " + fromWhen(c, f) + "."
		}
		if c.Retrospective {
			return "Your approval of " + quoted(c) + ", which began before it, is recorded. " + tally(c) + "."
		}
		return "Your approval of " + quoted(c) + " is recorded. " + tally(c) + "."
	case ActionDelegate:
		for _, d := range c.Delegations {
			if d.From == f.Actor.ID {
				return "You handed your decision on " + quoted(c) + " to " + name(d.To, f) + ", who is asked now. You can still decide until they have."
			}
		}
		return "The decision on " + quoted(c) + " is yours again. " + tally(c) + "."
	case ActionReject:
		if c.RetroRefused {
			return "It is recorded that you do not agree to " + quoted(c) + ", which began before its approval. " + name(c.Implementer, f) + " gets your reason, and the review answers it."
		}
		return "You rejected " + quoted(c) + ". " + name(c.Requester, f) + " gets your reason."
	case ActionAsk:
		return quoted(c) + " went back to " + name(c.Requester, f) + ", who gets your comment. You are asked again when it is resubmitted."
	case ActionWithdraw:
		return "Your approval of " + quoted(c) + " is withdrawn. " + tally(c) + "."
	case ActionStart:
		return quoted(c) + " is in progress. Its window ends " + when(c.Window.End) + ". Say how it ended as soon as it is over."
	case ActionStartNow:
		return quoted(c) + " is in progress. Its approval is owed until " + when(c.StartedAt.Add(models.OweWithin)) + "; ECAB is asked now. Say how it ended as soon as it is over."
	case ActionIncident:
		return quoted(c) + " names its incident now: " + esc(c.RepairedIncident(), 60) + "."
	case ActionOverride:
		return quoted(c) + " is in progress, against what stood in its way. " + name(c.Implementer, f) + ", who carries it out, is told; a review is owed afterwards."
	case ActionHold:
		return quoted(c) + " is on hold: it can't start until a change manager lifts that."
	case ActionLift:
		return quoted(c) + " is off hold: it is " + markup(strings.ToLower(c.State.String())) + ", as before."
	case ActionMoreTime:
		return quoted(c) + " has time until " + when(c.Ends()) + ". No approval is void."
	case ActionComplete:
		return quoted(c) + " is completed: " + esc(c.Outcome.String(), 40) + ". " + afterwards(c)
	case ActionReview:
		return "The review of " + quoted(c) + " is recorded. " + afterwards(c)
	case ActionRollback:
		if c.Identity.RollbackOf != 0 && c.State == models.Approved {
			return quoted(c) + " is raised; it rolls back " + markup(c.Identity.RollbackOf.String()) + ". It needs no approval and may start at once."
		}
		return quoted(c) + " is recorded as rolled back. " + afterwards(c)
	case ActionCancel:
		return quoted(c) + " is cancelled. “Raise again” on its card opens the form filled, should it still be needed."
	}
	return quoted(c) + ": " + esc(did, 300) + standingNow(c)
}

func standingNow(c *models.Change) markup {
	switch {
	case c.State == models.AwaitingApproval:
		return " Approvals: " + tally(c) + "."
	case reviewOwed(c) != "":
		return " " + reviewOwed(c) + "."
	}
	return " It is " + markup(strings.ToLower(statusOf(c).word)) + "."
}

// tally is how far the approvals have come, without names.
func tally(c *models.Change) markup {
	s := c.Standing()
	return missing(c, number(s.Filled())+" of "+number(len(s.Slots)), 120)
}

func afterwards(c *models.Change) markup {
	if owed := reviewOwed(c); owed != "" {
		return owed + "."
	}
	if c.State != models.Closed {
		return owed(c) + "."
	}
	return "Nothing more is owed: it is closed."
}
