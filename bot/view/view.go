// Package view turns models into Slack's Block Kit, and filled forms back
// into models. It is pure: the same values give the same view, whether it is
// posted for the first time or edits an older message. Words of people leave
// it only through text.go, so that they can't mention, link or break a view.
package view

import (
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Message is what is shown in a channel, a DM or a private answer. Text
// carries the full meaning for notifications and screen readers and is never
// empty; Blocks may be empty.
type Message struct {
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"blocks,omitempty"`
}

// Ids of buttons. A button's value is the record and the revision it was
// drawn from ([Value]), nothing else; ActionRaise and ActionDraft of a new
// change have none.
const (
	ActionApprove  = "change.approve"
	ActionReject   = "change.reject"
	ActionAsk      = "change.ask"
	ActionWithdraw = "change.withdraw"
	ActionEdit     = "change.edit"
	ActionSubmit   = "change.submit"
	ActionStart    = "change.start"
	ActionComplete = "change.complete"
	ActionRollback = "change.rollback"
	ActionCancel   = "change.cancel"
	ActionReview   = "change.review"
	ActionDetails  = "change.details"
	ActionHistory  = "change.history"
	ActionAgain    = "change.again"
	ActionOpen     = "change.open"  // show the change privately
	ActionRaise    = "change.raise" // open the empty form
	ActionDraft    = "change.draft" // "Save as draft", inside the form
	ActionOlder    = "history.older"
	ActionStartNow = "change.start.now" // an emergency, before its approval
	ActionIncident = "change.incident"  // name the incident that it repairs
	ActionType     = "change.type"      // the form asks for other things
	ActionDelegate = "change.delegate"  // hand one decision on
	ActionMe       = "me.edit"          // what a person sets for themself
	ActionSlot     = "change.slot"      // look for free times, inside the form
	ActionSlotTake = "change.slot.take" // fill one of them in
	ActionHold     = "change.hold"      // a change manager keeps it from starting
	ActionLift     = "change.lift"
	ActionOverride = "change.override" // start it against the verdict
	ActionMoreTime = "change.extend"   // give running work more time
)

// The external selects of the change form: Slack asks for their options, it
// never clicks.
const (
	ActionServices = "change.services"
	ActionRelease  = "change.release"
)

// Callback ids of forms.
const (
	FormChange   = "change.form"
	FormReason   = "reason.form"
	FormComplete = "complete.form"
	FormExtend   = "extend.form"
)

// Callback ids of shortcuts.
const (
	ShortcutNew     = "change.shortcut.new"
	ShortcutMessage = "change.shortcut.message"
)

// AllActions lists every button id that a view can carry.
func AllActions() []string {
	return append([]string{ActionHold, ActionLift, ActionOverride, ActionMoreTime, ActionApprove, ActionReject, ActionAsk, ActionWithdraw, ActionEdit, ActionSubmit, ActionStart,
		ActionComplete, ActionRollback, ActionCancel, ActionReview, ActionDetails, ActionHistory, ActionAgain,
		ActionOpen, ActionRaise, ActionDraft, ActionOlder, ActionStartNow, ActionIncident, ActionType, ActionChoice, ActionServices, ActionRelease, ActionDelegate, ActionMe, ActionSlot, ActionSlotTake, ActionMove, ActionMaintenance}, slices.Concat(FreezeActions(), TemplateActions(), DigestActions(), ReleaseActions(), ServiceActions(), ReminderActions(), DeliveryActions(), LessonActions())...)
}

// AllSelects lists every id for which Slack asks Gatehouse for options.
func AllSelects() []string { return []string{ActionServices, ActionRelease} }

// AllForms lists the callback id of every form that can be sent.
func AllForms() []string { return append(forms(), FormExtend) }

func forms() []string {
	return append([]string{FormChange, FormReason, FormComplete, FormReview, FormTemplate, FormTemplateReason, FormDelegate, FormMe, FormFreeze, FormMaintenance, FormDigest, FormService, FormRole, FormSetup}, ReleaseForms()...)
}

// Value is what a button of the change carries: "4:<revision>". A draft has
// no revision yet.
func Value(c *models.Change) string { return value(c.ID, c.Revision) }

func value(id models.ChangeID, r models.Revision) string {
	return strconv.FormatInt(int64(id), 10) + ":" + string(r)
}

// ParseValue reads the value of any button but those that have none. What
// stands behind the revision is for [ParseOlder].
func ParseValue(s string) (models.ChangeID, models.Revision, bool) {
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 || !isRevision(parts[1]) {
		return 0, "", false
	}
	n, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || n <= 0 {
		return 0, "", false
	}
	return models.ChangeID(n), models.Revision(parts[1]), true
}

// ParseOlder reads the value of the history's "Older" button: events of the
// change with an id below before are wanted.
func ParseOlder(s string) (id models.ChangeID, before int64, ok bool) {
	parts := strings.Split(s, ":")
	if id, _, ok = ParseValue(s); !ok || len(parts) != 3 {
		return 0, 0, false
	}
	before, err := strconv.ParseInt(parts[2], 10, 64)
	return id, before, err == nil && before > 0
}

func isRevision(s string) bool {
	for _, r := range s {
		if !strings.ContainsRune("0123456789abcdef", r) {
			return false
		}
	}
	return len(s) <= 64
}
