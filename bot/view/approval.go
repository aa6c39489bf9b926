package view

import (
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// AskCard asks one approver, by DM. While the change waits for them it shows
// what they must see to decide; since, if given, is the content they decided
// on last, and the card starts with what is different. Once they decided, the
// change went on, or a newer request took its place, it is one or two lines.
func AskCard(c *models.Change, ask models.Ask, latest bool, since *models.Material, f models.Facts) Message {
	if line := askOver(c, ask, latest, f); line != "" {
		return message(line, section(line))
	}
	sentence := askSentence(c, f)
	blocks := []slack.Block{header(headline(c, limitHeader)), section(sentence)}
	text := markup(statusOf(c).sign) + " " + markup(statusOf(c).word) + ": " + ref(c) + "\n" + sentence
	if line := whyNow(c); line != "" {
		blocks = append(blocks, section(line))
		text += "\n" + line
	}
	if since != nil {
		diff := changedFrom(c, *since, f)
		blocks = append(blocks, diffBlock("Changed since you decided last", diff))
		text += "\nChanged since you decided last: " + diffWords(diff)
	}
	blocks = append(blocks, askFields(c, f), section(riskLine(c)))
	if lines := reasonLines(reasons(c, f), asksMost); lines != "" {
		blocks = append(blocks, section(lines))
		text += "\n" + lines
	}
	blocks = append(blocks, plans(c))
	if line := inPlaceOf(c, ask.User, f); line != "" {
		blocks = append(blocks, section(line))
		text += "\n" + line
	}
	blocks = append(blocks, actions(append(oneOf(c, askButtons(c, ask.User, f)...), details(c))...)...)
	blocks = append(blocks, small(discussion))
	text = joined("\n", text, askText(c, f))
	return message(text, blocks...)
}

// askButtons: what has begun is not edited any more, and whoever is asked in the
// place of others has nothing of their own to hand on.
func askButtons(c *models.Change, u models.UserID, f models.Facts) []string {
	out := []string{ActionApprove, ActionReject}
	if !c.OwesApproval() {
		out = append(out, ActionAsk)
	}
	if f.Actor = f.Person(u); mayDelegate(c, f) {
		out = append(out, ActionDelegate)
	}
	return out
}

// asksMost is how many conflicts and freezes an approver sees in place.
const asksMost = 5

// askOver is what is left of a request when there is nothing to decide, ""
// while there is.
func askOver(c *models.Change, ask models.Ask, latest bool, f models.Facts) markup {
	given := decisionOf(c, ask.User)
	switch {
	case !latest:
		return "↪️ " + ref(c) + "\nA newer request for it stands further down."
	case decidable(c) && given == models.DecisionApprove:
		return "✅ You approved " + quoted(c) + "\n" + tally(c) + "."
	case decidable(c) && c.Excluded(ask.User) != "":
		return "↪️ " + ref(c) + "\nYour decision is not needed any more: " + esc(c.Excluded(ask.User), 80) + "."
	case decidable(c) && c.StandIn(ask.User, f) != "":
		return "↪️ " + ref(c) + "\n" + bold(name(c.StandIn(ask.User, f), f)) + " decides in your place. You still can, on its card, until they have."
	case decidable(c) && c.NoRight(ask.User, f) != "":
		return "↪️ " + ref(c) + "\nYour decision is not needed any more: " + esc(c.NoRight(ask.User, f), 120) + "."
	case decidable(c):
		return ""
	}
	s := statusOf(c)
	line := markup(s.sign) + " " + markup(s.word) + ": " + ref(c)
	if given == models.DecisionApprove {
		line += " · you approved it"
	}
	switch c.State {
	case models.Approved:
		return line + "\nApproved" + approvedBy(c, f) + "."
	case models.ChangesRequested:
		return line + "\nBy " + name(decider(c, models.DecisionAsk), f) + reason(c.Reason, 150)
	case models.Rejected, models.Cancelled, models.Expired:
		return line + "\n" + ending(c, f, 150)
	}
	return line
}

// decisionOf is the person's decision on the content as it is, if it stands.
func decisionOf(c *models.Change, u models.UserID) models.Decision {
	for _, a := range c.Approvals {
		if a.By == u && a.Void == "" && a.Revision == c.Revision {
			return a.Decision
		}
	}
	return ""
}

// decidable: it waits for decisions, before the work or afterwards.
func decidable(c *models.Change) bool { return c.State == models.AwaitingApproval || c.OwesApproval() }

func askSentence(c *models.Change, f models.Facts) markup {
	if c.OwesApproval() {
		return "*The work began before its approval*" + reason(c.RetroReason, 200) + "\n" + bold(name(c.Requester, f)) + " asks for your decision by " +
			when(c.StartedAt.Add(models.OweWithin)) + ". Approvals: " + approvals(c, f) + "."
	}
	by := " before " + when(c.Window.Start)
	if !c.Window.Start.After(f.Now) {
		by = " now: its window is open until " + when(c.Window.End)
	}
	return bold(name(c.Requester, f)) + " asks for your decision" + by + ". Approvals: " + approvals(c, f) + "."
}

// whyNow is what the requester says to those who decide and review: why it
// comes with too little notice, inside a freeze, or as an emergency.
func whyNow(c *models.Change) markup {
	if !visible(c.WhyNow) {
		return ""
	}
	out := "*Why it can't wait:* " + esc(c.WhyNow, planLetters)
	if c.Expedited {
		out = "⏱️ *Expedited.* " + out
	}
	return out
}

// inPlaceOf says in whose place the person is asked, if not in their own right.
func inPlaceOf(c *models.Change, u models.UserID, f models.Facts) markup {
	if who := c.StandsInFor(u, f); len(who) > 0 {
		return "You are asked in the place of " + names(who, f) + ": your approval is recorded as given on their behalf."
	}
	return ""
}

func askFields(c *models.Change, f models.Facts) slack.Block {
	return fields(
		"*Services:* "+serviceList(c.Services, f, allOf),
		"*Environment:* "+environment(c),
		"*Window:* "+span(c.Window),
		"*Implementer:* "+name(c.Implementer, f),
	)
}

func riskLine(c *models.Change) markup {
	return joined(", because ", "*Risk: "+riskLevel(c)+"*", riskReasons(c.Assessment)) + "."
}

// planLetters is how much of each plan an approver sees in place.
const planLetters = 300

type plan struct{ label, text string }

func plansOf(c *models.Change) []plan {
	return []plan{{"Plan", c.Plan}, {"Check", c.Check}, {"Rollback", c.Rollback}}
}

// plans are shown as typed: commands in them can be copied.
func plans(c *models.Change) slack.Block {
	var r rich
	for _, p := range plansOf(c) {
		r.titled(p.label, extract(p.text, planLetters))
	}
	return r.block()
}

func askText(c *models.Change, f models.Facts) markup {
	out := joined(" · ", serviceList(c.Services, f, allOf), environment(c), span(c.Window)) + "\n" +
		"Implementer: " + name(c.Implementer, f) + ". " + riskLine(c)
	for _, p := range plansOf(c) {
		out += "\n" + markup(p.label) + ": " + esc(p.text, planLetters)
	}
	return out
}

// reasonMeta travels with a reason form.
type reasonMeta struct {
	Kind        string          `json:"kind"`
	Change      models.ChangeID `json:"change"`
	Seen        models.Revision `json:"seen,omitempty"`
	ResponseURL string          `json:"response_url,omitempty"`
}

// Kinds of a reason form.
const (
	ReasonReject   = "reject"
	ReasonAsk      = "ask"
	ReasonCancel   = "cancel"
	ReasonRollback = "rollback"
	ReasonStartNow = "now"
	ReasonIncident = "incident"
	ReasonHold     = "hold"
	ReasonLift     = "lift"
	ReasonOverride = "override"
)

var reasonForms = map[string]struct{ title, submit, label, hint, example string }{
	ReasonStartNow: {"Start ", "Start now", "Why can't it wait for an approval?",
		"ECAB owes its approval within 24 hours, of the change as it stands now: it can't be edited any more. A review follows.",
		"Nobody can pay, and each minute costs orders"},
	ReasonIncident: {"Incident of ", "Name the incident", "Which incident does it repair?",
		"A number or a link. It is recorded with the change.",
		"INC-482"},
	ReasonHold: {"Hold ", "Put on hold", "What does it wait for?",
		"It stands on the card. The change can be approved and edited as ever, and can't start until a change manager lifts the hold.",
		"The vendor confirms the maintenance of its gateway"},
	ReasonLift: {"Lift hold of ", "Lift the hold", "Why may it go on?",
		"The change is then as it was before the hold. Requester and implementer are told.",
		"The vendor is done since 11:00"},
	ReasonOverride: {"Override ", "Start it now", "Why can't it wait until that is cleared?",
		"The work counts as started with this. It stands on the card with your name, is listed among the exceptions, and owes a review.",
		"The certificate expires at noon, and the freeze ends on Monday"},
	ReasonReject: {"Reject ", "Reject", "Why do you reject it?",
		"The requester sees this, and so does everybody on the card. A rejected change is over; to get it changed instead, ask for changes.",
		"The window falls into the month-end run; choose a day after the 3rd"},
	ReasonAsk: {"Ask about ", "Ask for changes", "What should be different?",
		"The requester sees this and edits the change; you are asked again afterwards.",
		"Say at which error rate you roll back"},
	ReasonCancel: {"Cancel ", "Cancel the change", "Why is it cancelled?",
		"It stands on the card, for those who counted on it.",
		"The vendor moved the date"},
	ReasonRollback: {"Roll back ", "Roll back", "Why is it rolled back?",
		"What you saw, in a sentence. It is recorded with the change, and a review is owed.",
		"Checkout errors rose to 3 % right after step 2"},
}

// ReasonForm asks for the reason that a decision must have. kind is one of
// the Reason constants.
func ReasonForm(kind string, c *models.Change, seen models.Revision, f models.Facts, responseURL string) slack.ModalViewRequest {
	words := reasonForms[kind]
	if kind == ReasonReject && c.OwesApproval() {
		words.label, words.hint = "What should have been done instead?",
			"The work began before its approval, and this does not stop it: your no stands on the card, and the review has to answer it."
	}
	blocks := []slack.Block{section(ref(c) + "\n" + joined(" · ", serviceList(c.Services, f, halfCard), environment(c), span(c.Window)))}
	if kind == ReasonOverride {
		blocks = append(blocks, section(verdictLines(models.StartVerdict(c, f).Blocking())))
	}
	blocks = append(blocks,
		input{field: models.FieldReason, label: words.label, hint: words.hint,
			element: typed(models.FieldReason, "", words.example, models.MaxReason, true)}.block())
	meta := reasonMeta{Kind: kind, Change: c.ID, Seen: seen, ResponseURL: carried(responseURL)}
	return form(FormReason, words.title+c.ID.String(), words.submit, metadata(meta), blocks)
}

// ReasonTitle is what the modal of a reason form is called while it loads.
func ReasonTitle(kind string) string { return reasonForms[kind].submit }

// ReadReasonForm reads a sent reason form. A zero id means that it is not
// one of ours.
func ReadReasonForm(v slack.View) (kind string, id models.ChangeID, seen models.Revision, reason, responseURL string) {
	var meta reasonMeta
	readMetadata(v, &meta)
	return meta.Kind, meta.Change, meta.Seen, strings.TrimSpace(answersOf(v).text(models.FieldReason)), meta.ResponseURL
}
