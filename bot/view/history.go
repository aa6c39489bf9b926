package view

import (
	"cmp"
	"slices"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

func newestFirst(events []models.Event) []models.Event {
	out := slices.Clone(events)
	slices.SortStableFunc(out, func(a, b models.Event) int {
		return cmp.Or(cmp.Compare(b.ID, a.ID), b.At.Compare(a.At))
	})
	return out
}

// deeds are events as what somebody did; happenings have no doer worth naming.
var deeds = map[models.EventKind]markup{
	models.EventDraftSaved:        "saved the draft",
	models.EventSubmitted:         "submitted it for approval",
	models.EventResubmitted:       "resubmitted it",
	models.EventRevised:           "edited its content; approvals given before are void",
	models.EventEdited:            "corrected it; approvals stand",
	models.EventApprovalGiven:     "approved",
	models.EventApprovalWithdrawn: "withdrew the approval",
	models.EventChangesRequested:  "asked for changes",
	models.EventRejected:          "rejected it",
	models.EventCancelled:         "cancelled it",
	models.EventStarted:           "started the work",
	models.EventOverridden:        "had it started against what stood in its way",
	models.EventHeld:              "put it on hold",
	models.EventHoldLifted:        "lifted the hold",
	models.EventExtended:          "extended the running work",
	models.EventCompleted:         "completed the work",
	models.EventOutcomeCorrected:  "corrected the outcome to rolled back",
	models.EventLessonKept:        "kept a lesson for the checklist",
	models.EventLessonDropped:     "let future releases be without the lesson",
	models.EventReviewed:          "recorded the review",
	models.EventRollbackRaised:    "raised it to roll back another change",
	models.EventApprovedLater:     "gave the last approval that was owed for work already begun",
	models.EventRefusedLater:      "did not agree to it afterwards",
	models.EventIncidentLinked:    "named its incident",
	models.EventDelegated:         "handed the decision on",
	models.EventTakenBack:         "took the decision back",
	models.EventServiceAdded:      "added it",
	models.EventServiceEdited:     "edited it",
	models.EventServiceRetired:    "retired it",
	models.EventServiceBack:       "brought it back",
	models.EventRefused:           "tried something that was refused",
}

var happenings = map[models.EventKind]markup{
	models.EventFullyApproved:   "All approvals are given: approved",
	models.EventReopened:        "An approval is missing again: awaiting approval",
	models.EventExpired:         "The window passed without a start: expired",
	models.EventAskedNext:       "Nobody answered for ten minutes: the next person was asked",
	models.EventNobodyLeft:      "Everybody who could approve it was asked",
	models.EventTemplateOffered: "It went well three times: offered as a template",
	models.EventAsksMoved:       "An absence began or ended: others decide now",
	models.EventNobodyEligible:  "Recorded, because of small-team mode",
	models.EventEligibleAgain:   "Somebody can give it after all",
	models.EventNotMetLetGo:     "Half an hour passed: it goes on",
	models.EventFreezeLetGo:     "No freeze asks for it any more",
	models.EventClosed:          "Nothing more is owed: closed",
}

// withRevision are the deeds that bind to content.
var withRevision = map[models.EventKind]bool{
	models.EventSubmitted: true, models.EventResubmitted: true, models.EventRevised: true, models.EventApprovalGiven: true,
}

// by names the token through which somebody's pipeline acted.
func by(e models.Event) markup {
	if e.Via == "" {
		return ""
	}
	return " by the token " + bold(esc(e.Via, 40))
}

// historyLine is one event in words.
func historyLine(e models.Event, f models.Facts) markup {
	line, happened := happenings[e.Kind]
	if !happened {
		deed, known := deeds[e.Kind]
		if !known {
			deed = esc(string(e.Kind), 40)
		}
		line = bold(name(e.Actor, f)) + by(e) + " " + deed
	}
	if withRevision[e.Kind] && e.Revision != "" {
		line += " (revision " + esc(e.Revision.Short(), 8) + ")"
	}
	return line + reason(e.Reason, 300)
}

func historyDiff(e models.Event) slack.Block {
	if len(e.Diff) == 0 {
		return nil
	}
	return diffLines(e.Diff)
}
