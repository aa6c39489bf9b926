package view

import (
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// ActionChoice is a choice in the change form that may alter what the form
// comes to: it is shown at once. The choice of services, of a release and of
// the type have ids of their own.
const ActionChoice = "change.choice"

// RouteOf is what an action id is routed by: an input whose answer Gatehouse
// has put in itself carries a number behind its id, so that Slack does not keep
// the answer that was there before.
func RouteOf(actionID string) string {
	if strings.HasPrefix(actionID, ActionChoice+".") {
		return ActionChoice
	}
	return actionID
}

// liveID gives an element the id by which a choice is heard of.
func liveID(e slack.BlockElement) slack.BlockElement {
	switch e := e.(type) {
	case *slack.DateTimePickerBlockElement:
		e.ActionID = ActionChoice
	case *slack.SelectBlockElement:
		e.ActionID = ActionChoice
	}
	return e
}

// aheadMost is how many conflicts and freezes a form lists.
const aheadMost = 4

// outlook says under the start of the window what the form would come to if it
// were sent now: risk and approvals, and what stands in the way.
func outlook(in models.Input, o models.Outlook) []slack.Block {
	if !foreseen(in) {
		return nil
	}
	// One thing a block: Slack folds a long one.
	blocks := []slack.Block{section(aheadLine(in, o)), small(aheadRisk(in, o.Assessment))}
	for _, line := range aheadTrouble(in, o) {
		blocks = append(blocks, section(line))
	}
	return blocks
}

// foreseen: enough is filled in to say what it would come to.
func foreseen(in models.Input) bool {
	return len(in.Services) > 0 && !in.Start.IsZero() && (in.Type != models.Standard || in.Template != "")
}

// nextFree offers the next free time when it would fit better, or says why
// there is none.
func nextFree(in models.Input, o models.Outlook) []slack.Block {
	switch {
	case !foreseen(in) || !o.Misfit():
		return nil
	case len(o.Slots.Free) > 0:
		w := o.Slots.Free[0]
		line := "🗓️ *Next free time:* " + span(w) + offHours(o.Slots)
		return []slack.Block{sectionWith(line, button(ActionSlotTake, "Take it", slotValue(w)).WithStyle(slack.StylePrimary))}
	}
	line := markup("🗓️ *No free time within 14 days.*")
	if n := len(o.Slots.Passed); n > 0 {
		last := o.Slots.Passed[n-1]
		line += " " + told(models.Reason{When: last.When}, last.Why, 200)
	}
	return []slack.Block{section(line)}
}

// offHours says why free times lie outside the working hours.
func offHours(s models.Slots) markup {
	if s.Off == "" {
		return ""
	}
	return "\n" + esc(s.Off, 200)
}

// aheadLine is the risk, and who has to agree.
func aheadLine(in models.Input, o models.Outlook) markup {
	out := "*As it stands:* " + markup(o.Assessment.Level.String()) + " risk"
	var needs []string
	for _, r := range o.Requirements {
		needs = append(needs, r.Text)
	}
	switch {
	case o.Trouble != "":
		return out + "."
	case len(needs) == 0 && in.Type == models.Standard:
		return out + "; its template approves it at once."
	case len(needs) == 0:
		return out + ", and nobody has to approve it."
	}
	out += ", to be approved by " + esc(listed(needs), 300)
	if o.Asked > 0 {
		return out + "; " + count(o.Asked, "person is", "people are") + " asked."
	}
	return out + "."
}

// listed are the parts of a sentence: "1 peer, 1 of CAB and 1 change manager".
func listed(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// aheadTrouble is what would keep it from going through, and what clears that.
func aheadTrouble(in models.Input, o models.Outlook) []markup {
	var out []markup
	say := func(line markup) { out = append(out, line) }
	if o.Trouble != "" {
		say("⛔ *In the way:* " + esc(o.Trouble, 400))
	}
	if o.Past { // what would be wrong with it otherwise is idle
		say("⛔ *In the way:* This window has passed. Choose a start that is still to come.")
		return out
	}
	list := o.Verdict.Untold()
	for _, r := range list[:min(aheadMost, len(list))] {
		say(reasonSign(r) + told(r, r.Words(), mostReason))
	}
	if more := len(list) - aheadMost; more > 0 {
		say("and " + number(more) + " more.")
	}
	if o.Expedited {
		say("⏱️ *Expedited:* " + esc(o.WhyNow, 300) + " It would be in time from " + when(o.Earliest) + ".")
	}
	if o.Expedited && o.NoReason { // inside a freeze the verdict says so
		say("⛔ *In the way:* “" + esc(in.WhyNow, 40) + "” is no reason. Say below why it can't wait: approvers read it.")
	}
	if len(o.Unmeetable) > 0 {
		say("⚠️ *Nobody eligible:* " + esc(listed(o.Unmeetable), 200) + ". Too few people hold that role and may decide here; ask an admin to name somebody.")
	}
	if len(o.Absent) > 0 {
		say("⚠️ *No approver is available before the window:* nobody works before " + when(in.Start) + " who could give: " + esc(listed(o.Absent), 200) + ".")
	}
	return out
}

// riskMost is how many reasons of its risk a form gives.
const riskMost = 3

// aheadRisk is why the risk is what it is, and what would lower it at once.
func aheadRisk(in models.Input, a models.Assessment) markup {
	var out markup
	open := 0
	for _, none := range []bool{in.Risk.Users == 0, in.Risk.Rehearsed == 0, in.Risk.RollbackTested == 0, in.Risk.Reversible == 0} {
		if none {
			open++
		}
	}
	if open > 0 && in.Type != models.Standard {
		out = count(open, "question about risk further down is", "questions about risk further down are") + " not answered yet, and no answer counts as the worst one."
	}
	var why markup
	for _, reason := range a.Reasons[:min(riskMost, len(a.Reasons))] {
		why = joined("; ", why, esc(reason, 140))
	}
	if more := len(a.Reasons) - riskMost; more > 0 {
		why += "; and " + count(more, "more reason", "more reasons")
	}
	return joined(" ", out, "Why "+markup(a.Level.String())+": "+why+".")
}
