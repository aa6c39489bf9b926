package view

import (
	"slices"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// offer is one button of a change: in which states it stands, whether on the
// public card, and who may use it. The rules in models decide in the end; an
// offer only keeps buttons away that would be refused.
type offer struct {
	action string
	words  string
	states []models.State
	public bool
	may    func(*models.Change, models.Facts) bool
	style  slack.Style
	asks   func(*models.Change) *slack.ConfirmationBlockObject
	// also is where it stands beside its states; only narrows it inside them.
	also, only func(*models.Change) bool
}

// A "…" means that a form follows.
var offers = []offer{
	{action: ActionApprove, words: "Approve", states: awaiting, public: true, may: mayApprove, style: slack.StylePrimary, asks: confirmApprove, also: owesApproval},
	{action: ActionReject, words: "Reject…", states: awaiting, public: true, may: mayDecide, style: slack.StyleDanger, also: owesApproval},
	{action: ActionAsk, words: "Ask for changes…", states: awaiting, public: true, may: mayDecide},
	{action: ActionDelegate, words: "Delegate…", states: awaiting, public: true, may: mayDelegate, also: owesApproval},
	{action: ActionStartNow, words: "Start now…", states: []models.State{models.Draft, models.AwaitingApproval}, public: true, may: implements, style: slack.StyleDanger, only: emergency},
	{action: ActionSubmit, words: "Submit for approval", states: []models.State{models.Draft}, may: mayEdit, style: slack.StylePrimary},
	{action: ActionStart, words: "Start", states: []models.State{models.Approved}, public: true, may: mayStart, style: slack.StylePrimary, only: notHeld},
	{action: ActionOverride, words: "Override…", states: []models.State{models.Approved}, may: mayOverride, style: slack.StyleDanger},
	{action: ActionLift, words: "Lift hold…", states: editable, may: manages, only: onHold},
	{action: ActionComplete, words: "Complete…", states: []models.State{models.InProgress}, public: true, may: runs, style: slack.StylePrimary},
	{action: ActionMoreTime, words: "Extend…", states: []models.State{models.InProgress}, public: true, may: runs},
	{action: ActionReview, words: "Record review…", states: []models.State{models.Implemented}, public: true, may: mayReview, style: slack.StylePrimary, only: notReviewed},
	{action: ActionIncident, words: "Name the incident…", states: []models.State{models.InProgress, models.Implemented}, may: runs, only: owesIncident},
	{action: ActionRollback, words: "Roll back…", states: []models.State{models.InProgress, models.Implemented, models.Closed}, public: true, may: mayRollback, style: slack.StyleDanger, asks: confirmRollback},
	{action: ActionEdit, words: "Edit…", states: editable, may: mayEdit},
	{action: ActionHold, words: "Hold…", states: editable[1:], may: manages, only: holdable},
	{action: ActionWithdraw, words: "Withdraw my approval", states: []models.State{models.AwaitingApproval, models.Approved}, may: mayWithdraw},
	{action: ActionAgain, words: "Raise again…", states: []models.State{models.Rejected, models.Cancelled, models.Expired, models.Closed}, public: true, may: anybody, only: repeatable},
	{action: ActionTemplateSave, words: "Save as template…", states: []models.State{models.Closed}, may: mayPropose},
	{action: ActionCancel, words: "Cancel change…", states: editable, may: mayCancel, style: slack.StyleDanger, asks: confirmCancel},
}

var (
	awaiting = []models.State{models.AwaitingApproval}
	editable = []models.State{models.Draft, models.AwaitingApproval, models.ChangesRequested, models.Approved}
)

// maxButtons in one row; more are not read.
const maxButtons = 5

// publicButtons follow from the state alone: everybody sees the same card.
// A final card carries what can still be done with it and nothing else.
func publicButtons(c *models.Change) []*slack.ButtonBlockElement {
	out := buttonsOf(c, func(o offer) bool { return o.public && o.possible(c) })
	for _, spare := range []string{ActionDelegate, ActionMoreTime} { // approvers delegate in their DM, who runs it extends on their own card
		if len(out) >= maxButtons {
			out = slices.DeleteFunc(out, func(b *slack.ButtonBlockElement) bool { return b.ActionID == spare })
		}
	}
	if !c.State.Final() {
		out = append(out, details(c))
	}
	return out
}

// privateButtons are those that f.Actor may use now, and Details.
func privateButtons(c *models.Change, f models.Facts) []*slack.ButtonBlockElement {
	out := buttonsOf(c, func(o offer) bool { return o.possible(c) && o.may(c, f) })
	return append(out[:min(len(out), maxButtons-1)], details(c))
}

// oneOf picks single buttons by id.
func oneOf(c *models.Change, ids ...string) []*slack.ButtonBlockElement {
	return buttonsOf(c, func(o offer) bool { return slices.Contains(ids, o.action) })
}

func buttonsOf(c *models.Change, want func(offer) bool) []*slack.ButtonBlockElement {
	var out []*slack.ButtonBlockElement
	for _, o := range offers {
		if want(o) {
			out = append(out, o.button(c))
		}
	}
	return out
}

func (o offer) button(c *models.Change) *slack.ButtonBlockElement {
	b := button(o.action, o.words, Value(c)).WithStyle(o.style)
	if o.asks != nil {
		b.Confirm = o.asks(c)
	}
	return b
}

func (o offer) possible(c *models.Change) bool {
	if o.action == ActionRollback && (c.Outcome == models.RolledBack || c.State == models.Closed && c.Identity.RollbackOf != 0) {
		return false // nothing of it is left to undo, or undoing it would put a change in again
	}
	if o.only != nil && !o.only(c) {
		return false
	}
	return slices.Contains(o.states, c.State) || o.also != nil && o.also(c)
}

func details(c *models.Change) *slack.ButtonBlockElement {
	return button(ActionDetails, "Details", Value(c))
}

func open(c *models.Change) *slack.ButtonBlockElement { return button(ActionOpen, "Open", Value(c)) }

func raise() *slack.ButtonBlockElement {
	return button(ActionRaise, "Raise a change…", "").WithStyle(slack.StylePrimary)
}

// Who may: the same conditions as the methods of models.Change.

func anybody(*models.Change, models.Facts) bool { return true }

// active: an account that may do anything at all.
func active(f models.Facts) bool { return f.Actor.ID != "" && !f.Actor.Bot && !f.Actor.Deleted }

// runs: those who carry the change, and change managers.
func runs(c *models.Change, f models.Facts) bool {
	return active(f) && (f.Actor.ID == c.Requester || f.Actor.ID == c.Implementer || f.Holds(f.Actor.ID, models.RoleChangeManager))
}

func owns(c *models.Change, f models.Facts) bool {
	return active(f) && slices.ContainsFunc(c.Services, func(s models.Slug) bool { return f.Services[s].Owner == f.Actor.ID })
}

func mayDecide(c *models.Change, f models.Facts) bool { return c.MayDecide(f.Actor, f) }

func implements(c *models.Change, f models.Facts) bool {
	return active(f) && f.Actor.ID == c.Implementer
}

func emergency(c *models.Change) bool { return c.Type == models.Emergency }

func owesApproval(c *models.Change) bool { return c.OwesApproval() }

func owesIncident(c *models.Change) bool { return emergency(c) && c.RepairedIncident() == "" }

func reviewed(c *models.Change) bool { return c.Findings != "" }

func notReviewed(c *models.Change) bool { return !reviewed(c) }

func notHeld(c *models.Change) bool { return !c.OnHold() }

func onHold(c *models.Change) bool { return c.OnHold() }

func holdable(c *models.Change) bool { return !c.OnHold() && c.Identity.RollbackOf == 0 }

func manages(c *models.Change, f models.Facts) bool {
	ok, _ := f.Actor.CanDecide()
	return ok && f.Holds(f.Actor.ID, models.RoleChangeManager)
}

// mayOverride: where something stands in the way that an override goes past.
func mayOverride(c *models.Change, f models.Facts) bool {
	blocking := models.StartVerdict(c, f).Blocking()
	return manages(c, f) && c.Excluded(f.Actor.ID) == "" && len(blocking) > 0 &&
		!slices.ContainsFunc(blocking, func(r models.Reason) bool { return r.Firm })
}

// repeatable: undoing something twice is no routine.
func repeatable(c *models.Change) bool { return c.Identity.RollbackOf == 0 }

// mayPropose: what went well three times, and is no template yet.
func mayPropose(c *models.Change, f models.Facts) bool {
	ok, _ := f.Actor.CanDecide()
	return ok && c.CleanRun() && f.Around.CleanRuns+1 >= models.CleanRunsWanted
}

func mayEdit(c *models.Change, f models.Facts) bool {
	ok, _ := f.Actor.CanDecide()
	return runs(c, f) && (ok || f.Actor.ID == c.Requester)
}

func mayDelegate(c *models.Change, f models.Facts) bool { return c.CanDelegate(f) == nil }

func mayApprove(c *models.Change, f models.Facts) bool {
	return mayDecide(c, f) && !mayWithdraw(c, f)
}

// mayCancel: whoever may reject needs no second way to end a change.
func mayCancel(c *models.Change, f models.Facts) bool { return runs(c, f) && !mayDecide(c, f) }

func mayStart(c *models.Change, f models.Facts) bool {
	return f.Actor.ID == c.Implementer && models.StartVerdict(c, f).Clear()
}

func mayReview(c *models.Change, f models.Facts) bool { return runs(c, f) || owns(c, f) }

func mayRollback(c *models.Change, f models.Facts) bool {
	return runs(c, f) || c.State == models.Closed && owns(c, f)
}

func mayWithdraw(c *models.Change, f models.Facts) bool {
	return slices.ContainsFunc(c.Counting(), func(a models.Approval) bool { return a.By == f.Actor.ID })
}

// confirmApprove asks back where the risk is high; else a click is enough.
func confirmApprove(c *models.Change) *slack.ConfirmationBlockObject {
	if !highRisk(c) {
		return nil
	}
	return confirm("Approve "+c.ID.String()+"?",
		"This change has "+c.Assessment.Level.String()+" risk: “"+clip(oneLine(c.Title), 100)+"”. You approve it as it stands now; if its content changes, you are asked again.",
		"Approve", "Not yet", slack.StylePrimary)
}

func confirmCancel(c *models.Change) *slack.ConfirmationBlockObject {
	return confirm("Cancel "+c.ID.String()+"?",
		"This ends the change: nobody can approve or start it any more. You say why in the next step; it can be raised again later.",
		"Cancel the change", "Keep it", slack.StyleDanger)
}

func confirmRollback(c *models.Change) *slack.ConfirmationBlockObject {
	words := "The change is recorded as rolled back and owes a review. You say why in the next step."
	if c.State == models.Closed {
		words = "A new change that undoes this one is raised. It may start at once and owes a review. You say why in the next step."
	}
	return confirm("Roll back "+c.ID.String()+"?", words, "Roll back", "Go back", slack.StyleDanger)
}
