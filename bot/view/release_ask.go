package view

import (
	"slices"

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
		return len(toSettle(r, f)) > 0
	}
	return true
}

// toSettle are the items that f.Actor may verify, and those that they are to
// confirm as not applicable.
func toSettle(r *models.Release, f models.ReleaseFacts) []*models.Item {
	out := r.ToVerify(f.Actor.ID)
	for k := range r.Items {
		if i := &r.Items[k]; i.Exempt != nil && r.Leads(f.Actor.ID) && i.Exempt.By != f.Actor.ID && !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	return out
}

// askMost is how many items one message lists.
const askMost = 6

func myItems(r *models.Release, f models.ReleaseFacts) Message {
	list := r.ItemsOf(f.Actor.ID, f.Now)
	heading := "📋 " + releaseName(r) + ": " + count(len(list), "item is", "items are") + " yours to do"
	if len(list) == 0 || r.State.Final() {
		return nothingLeft(r)
	}
	return askList(heading, list, f, func(i *models.Item) []*slack.ButtonBlockElement { return nil })
}

func myVerifications(r *models.Release, f models.ReleaseFacts) Message {
	list := toSettle(r, f)
	heading := "🔎 " + releaseName(r) + ": " + count(len(list), "item waits", "items wait") + " for your verification"
	if len(list) == 0 || r.State.Final() {
		return nothingLeft(r)
	}
	return askList(heading, list, f, func(i *models.Item) []*slack.ButtonBlockElement { return nil })
}

func nothingLeft(r *models.Release) Message {
	line := "✅ " + releaseName(r) + ": nothing of this waits for you any more."
	if r.State.Final() {
		line = markup(releaseSigns[r.State]) + " " + releaseName(r) + " is " + markup(r.State.String()) + ": nothing of it waits for you any more."
	}
	return message(line, section(line))
}

func askList(heading markup, list []*models.Item, f models.ReleaseFacts, buttons func(*models.Item) []*slack.ButtonBlockElement) Message {
	blocks, text := []slack.Block{section(heading)}, heading
	for _, i := range list[:min(askMost, len(list))] {
		line := itemLine(i, f)
		text += "\n" + line
		blocks = append(blocks, section(joined("\n", line, evidenceLine(i, f))))
		blocks = append(blocks, actions(buttons(i)...)...)
	}
	return message(text+moreWords(len(list)-askMost, "item", "items"), append(blocks, moreLine(len(list)-askMost)...)...)
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

// evidenceLine is what stands to be verified, or why it stands where it does.
func evidenceLine(i *models.Item, f models.ReleaseFacts) markup {
	var out markup
	if e := i.Standing(); e != nil && i.Status != models.ItemVerified {
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
		what = "file " + esc(e.Ref, 40)
	}
	if visible(e.Note) {
		what = joined(" ", what, "“"+esc(e.Note, 160)+"”")
	}
	return what
}
