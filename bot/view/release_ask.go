package view

import (
	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// releaseAskers say what each kind of ask shows. A kind that is not here shows
// the release's card.
var releaseAskers = map[models.AskKind]func(*models.Release, models.ReleaseFacts) Message{
	models.AskItems:  myItems,
	models.AskVerify: myVerifications,
}

// ReleaseAsk is what f.Actor is asked about a release, by DM: one message of a
// kind, edited in place.
func ReleaseAsk(r *models.Release, kind models.AskKind, f models.ReleaseFacts) Message {
	if show, known := releaseAskers[kind]; known {
		return show(r, f)
	}
	return ReleaseCard(r, f)
}

// ReleaseAskOpen reports whether anything of the ask is left to do for f.Actor.
func ReleaseAskOpen(r *models.Release, kind models.AskKind, f models.ReleaseFacts) bool {
	u := f.Actor.ID
	switch {
	case r.State.Final():
		return false
	case kind == models.AskItems:
		return len(r.ItemsOf(u, f.Now)) > 0
	case kind == models.AskVerify:
		return len(r.ToSettle(u)) > 0
	}
	return true
}

// askMost is how many items one message lists.
const askMost = 6

func myItems(r *models.Release, f models.ReleaseFacts) Message {
	list := r.ItemsOf(f.Actor.ID, f.Now)
	heading := "📋 " + releaseName(r) + ": " + count(len(list), "item is", "items are") + " yours to do"
	if len(list) == 0 || r.State.Final() {
		return nothingLeft(r)
	}
	return askList(heading, r, list, f, workButtons)
}

// workButtons are for whoever has an item to do.
func workButtons(r *models.Release, i *models.Item, f models.ReleaseFacts) []*slack.ButtonBlockElement {
	value := itemRef(r, i).Value()
	out := []*slack.ButtonBlockElement{button(ActionItemSubmit, "Submit evidence…", value).WithStyle(slack.StylePrimary)}
	if r.Fits(models.ActBegin, i, f) {
		out = append(out, button(ActionItemBegin, "Begin", value))
	}
	if r.Fits(models.ActBlock, i, f) {
		out = append(out, button(ActionItemBlock, "Blocked…", value))
	}
	return append(out, button(ActionItemOpen, "More…", value))
}

// verifyButtons are for whoever's word an item waits for.
func verifyButtons(r *models.Release, i *models.Item, f models.ReleaseFacts) []*slack.ButtonBlockElement {
	var out []*slack.ButtonBlockElement
	for _, x := range []struct {
		act           models.ItemAct
		action, words string
		style         slack.Style
	}{{models.ActVerify, ActionItemVerify, "Verify", slack.StylePrimary}, {models.ActConfirm, ActionItemConfirm, "Does not apply", slack.StylePrimary},
		{models.ActReturn, ActionItemReturn, "Return…", ""}, {models.ActRefuse, ActionItemRefuse, "It does apply…", ""}} {
		if r.Fits(x.act, i, f) {
			out = append(out, button(x.action, x.words, itemRef(r, i).Value()).WithStyle(x.style))
		}
	}
	return append(out, button(ActionItemOpen, "More…", itemRef(r, i).Value()))
}

func myVerifications(r *models.Release, f models.ReleaseFacts) Message {
	list := r.ToSettle(f.Actor.ID)
	heading := "🔎 " + releaseName(r) + ": " + count(len(list), "item waits", "items wait") + " for your verification"
	if len(list) == 0 || r.State.Final() {
		return nothingLeft(r)
	}
	return askList(heading, r, list, f, verifyButtons)
}

func nothingLeft(r *models.Release) Message {
	line := "✅ " + releaseName(r) + ": nothing of this waits for you any more."
	if r.State.Final() {
		line = markup(releaseSigns[r.State]) + " " + releaseName(r) + " is " + markup(r.State.String()) + ": nothing of it waits for you any more."
	}
	return message(line, section(line))
}

func askList(heading markup, r *models.Release, list []*models.Item, f models.ReleaseFacts,
	buttons func(*models.Release, *models.Item, models.ReleaseFacts) []*slack.ButtonBlockElement) Message {
	blocks, text := []slack.Block{section(heading)}, heading
	for _, i := range list[:min(askMost, len(list))] {
		line := itemLine(i, f)
		text += "\n" + line
		blocks = append(blocks, evidenceBlock(joined("\n", line, conditionLine(i), evidenceLine(i, f)), r, i))
		blocks = append(blocks, actions(buttons(r, i, f)...)...)
	}
	blocks = append(blocks, moreLine(len(list)-askMost)...)
	return message(text+moreWords(len(list)-askMost, "item", "items"), append(blocks, actions(openChecklist(r))...)...)
}

// itemLine is an item in one line: what, how far, until when.
func itemLine(i *models.Item, f models.ReleaseFacts) markup {
	out := bold(number(i.No)+" "+esc(i.ID, 12)) + " " + esc(i.Title, 100) + " · " + itemStatus(i)
	switch {
	case i.Met(f.Now):
		return out
	case i.Overdue(f.Now):
		return out + ", *overdue* since " + when(i.Due)
	}
	return out + ", due " + when(i.Due)
}

var itemSigns = map[models.ItemStatus]markup{
	models.ItemOpen: "⚪", models.ItemInProgress: "🔵", models.ItemBlocked: "⛔", models.ItemSubmitted: "📎",
	models.ItemVerified: "✅", models.ItemReturned: "↩️", models.ItemWaived: "🕓", models.ItemNotApplicable: "➖",
}

// itemStatus is a sign and a word, never the sign alone.
func itemStatus(i *models.Item) markup {
	out := itemSigns[i.Status] + " " + markup(i.Status.String())
	if !i.Mandatory {
		out = "advisory · " + out
	}
	if i.Exempt != nil {
		out += ", asked to be not applicable"
	}
	if i.Tests && i.OpenIssues > 0 {
		out += ", " + count(i.OpenIssues, "open issue", "open issues")
	}
	return out
}

// conditionLine is what the handover asked of an item, while that is not met.
func conditionLine(i *models.Item) markup {
	if !i.OpenCondition() {
		return ""
	}
	return "*Condition of the handover*" + reason(i.Condition.Test, 160)
}

// evidenceLine is what stands to be verified or was, or why it stands where it does.
func evidenceLine(i *models.Item, f models.ReleaseFacts) markup {
	var out markup
	if e := i.Standing(); e != nil {
		out = "Evidence " + number(e.Version) + " by " + name(e.By, f.Facts) + ": " + evidence(e)
	}
	if i.Exempt != nil {
		out = joined("\n", out, "Not applicable, says "+name(i.Exempt.By, f.Facts)+reason(i.Exempt.Reason, 160))
	}
	if visible(i.Reason) && i.Status != models.ItemSubmitted {
		out = joined("\n", out, esc(i.Reason, 160))
	}
	return out
}

// evidence is shown as text: Slack links nothing by itself, and nobody's words
// become a link of ours.
func evidence(e *models.Evidence) markup {
	what := markup("")
	switch e.Kind {
	case models.EvidenceLink:
		what = esc(e.Ref, 160)
	case models.EvidenceFile:
		id, name := models.SlackFile(e.Ref)
		what = joined(" ", "file", esc(name, 80), "("+esc(id, 20)+")")
		if name == "" {
			what = "file " + esc(id, 20)
		}
	}
	if visible(e.Note) {
		what = joined(" ", what, "“"+esc(e.Note, 160)+"”")
	}
	return what
}
