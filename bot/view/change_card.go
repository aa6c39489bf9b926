package view

import (
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// discussion stands under every card that waits for decisions.
const discussion = "Replies are discussion; only the buttons decide."

// ChangeCard is the public card of a change, in every state: at most 15 lines
// while it lives, 6 when it is over. Its buttons follow from the state.
func ChangeCard(c *models.Change, f models.Facts) Message {
	body, listed := cardBody(c, f)
	blocks := append(body, actions(publicButtons(c)...)...)
	return message(cardText(c, f), append(blocks, footer(c, listed, f)...)...)
}

// PrivateCard is the same card for f.Actor alone, with the buttons that they
// may use now. If they could start the work but for something that the card
// does not list anyway, it says what; Details and why say what clears it.
func PrivateCard(c *models.Change, f models.Facts) Message {
	blocks, listed := cardBody(c, f)
	hint := markup("")
	if len(listed) == 0 {
		hint = inTheWay(c, f)
	}
	if hint != "" {
		blocks = append(blocks, section(hint))
	}
	blocks = append(blocks, actions(privateButtons(c, f)...)...)
	return message(joined("\n", cardText(c, f), hint), append(blocks, footer(c, listed, f)...)...)
}

// footer gives its line away when the card needs it: for a second reason, or for
// one under much that it says otherwise.
func footer(c *models.Change, listed []models.Reason, f models.Facts) []slack.Block {
	if c.State != models.AwaitingApproval || len(listed) > 1 || len(listed) > 0 && veryFull(c, f) {
		return nil
	}
	return []slack.Block{small(discussion)}
}

func inTheWay(c *models.Change, f models.Facts) markup {
	if c.State != models.Approved || f.Actor.ID != c.Implementer {
		return ""
	}
	if v := models.StartVerdict(c, f); !v.Clear() {
		return "*It can't start now.* " + esc(v.WordsFor(f), 128)
	}
	return ""
}

// twoLines is how long a headline may be; Details shows all of it.
const twoLines = 112

// cardBody also returns the reasons that it lists.
func cardBody(c *models.Change, f models.Facts) ([]slack.Block, []models.Reason) {
	if c.State.Final() {
		return finalBody(c, f), nil
	}
	listed := reasons(c, f)
	room := halfCard
	if len(listed) > 0 {
		room = twoRows
	}
	blocks := []slack.Block{header(headline(c, twoLines)), cardFields(c, room, f)}
	if line := joined("\n", progress(c, f), ofRelease(c, f), cardReasons(c, listed, f)); line != "" {
		blocks = append(blocks, section(line))
	}
	return blocks, listed
}

// reasons are the conflicts, freezes and whatever else the verdict names that
// a card does not say otherwise. It says them in the verdict's words; what
// clears them stands in Details and in why.
func reasons(c *models.Change, f models.Facts) []models.Reason {
	if !c.State.Editable() {
		return nil
	}
	return models.StartVerdict(c, f).Untold()
}

// cardLine is how many letters stand in one line of a message at least.
const cardLine = 76

// reasonsMost is how many reasons a card has room for: two, and one when what
// it says otherwise takes more than two lines.
func reasonsMost(c *models.Change, f models.Facts) int {
	if linesOf(progress(c, f)) > 2 {
		return 1
	}
	return 2
}

// veryFull: what the card says beside its reasons takes more than three lines.
func veryFull(c *models.Change, f models.Facts) bool { return linesOf(progress(c, f)) > 3 }

func linesOf(m markup) int {
	lines := 0
	for line := range strings.SplitSeq(string(m), "\n") {
		lines += 1 + len16(line)/cardLine
	}
	return lines
}

// reasonLetters is how much of each reason stands in a message; what people
// write in it is cut to a length for which that is enough.
const reasonLetters = 148

// cardReasons are those that fit under what the card says otherwise: of a very
// full one a line is left.
func cardReasons(c *models.Change, list []models.Reason, f models.Facts) markup {
	if veryFull(c, f) {
		return cutReasons(list, 1, cardLine-2)
	}
	return reasonLines(list, reasonsMost(c, f))
}

// reasonLines are the first of the reasons, and how many more there are.
func reasonLines(list []models.Reason, most int) markup { return cutReasons(list, most, reasonLetters) }

func cutReasons(list []models.Reason, most, letters int) markup {
	var out markup
	shown := list[:min(most, len(list))]
	for i, r := range shown {
		sign, more := reasonSign(r), markup("")
		if left := len(list) - len(shown); left > 0 && i == len(shown)-1 {
			more = " " + number(left) + " more in Details."
		}
		room := letters - len16(string(sign+more))
		what := told(r, r.What, room)
		if letters < cardLine && r.Brief != "" {
			what = esc(r.Brief, room)
		}
		out = joined("\n", out, sign+what+more)
	}
	return out
}

func reasonSign(r models.Reason) markup {
	if r.Blocks {
		return "⛔ *In the way:* "
	}
	return "⚠️ *To know:* "
}

// finalBody is short: what it was, and how it ended.
func finalBody(c *models.Change, f models.Facts) []slack.Block {
	return []slack.Block{
		header(headline(c, 100)),
		section(joined("\n", joined(" · ", serviceList(c.Services, f, halfLine), environment(c), timeOf(c)), ending(c, f, 74), overridden(c, f))),
	}
}

// cardFields gives the names of services that many letters.
func cardFields(c *models.Change, room int, f models.Facts) slack.Block {
	risk := riskLevel(c)
	if len(c.Assessment.Reasons) > 0 {
		risk += " (why: Details)"
	}
	return fields(
		"*Services:* "+serviceList(c.Services, f, room),
		"*Environment:* "+environment(c),
		"*Window:* "+timeOf(c),
		"*Risk:* "+risk,
		"*Requester:* "+name(c.Requester, f),
		"*Implementer:* "+name(c.Implementer, f),
	)
}

// ofRelease says of production work that belongs to a release whether it may
// start as far as that goes.
func ofRelease(c *models.Change, f models.Facts) markup {
	l := f.Around.Release
	if l == nil || c.Release != l.ID || c.Environment != models.Production || !c.State.Editable() {
		return ""
	}
	out := "*Release:* " + markup(l.ID.String()) + " " + esc(l.Name, 40)
	if l.State.HandedOver() {
		return out + ", accepted by operations."
	}
	if l.State == models.ReleaseCancelled {
		return out + " is cancelled: it can't start until it names another, or none."
	}
	if l.State == models.ReleaseConditional {
		return out + ", accepted with conditions: it can start once those before go-live are verified and operations have confirmed."
	}
	return out + ", " + markup(strings.ToLower(l.State.String())) + ": it can start once operations have accepted that."
}

// progress says where the change stands and what is next, in three lines at
// most.
func progress(c *models.Change, f models.Facts) markup {
	switch c.State {
	case models.AwaitingApproval:
		return joined("\n", "*Approvals:* "+approvals(c, f), nobodyEligible(c, f), held(c, f))
	case models.ChangesRequested:
		return joined("\n", because("*Changes requested* by "+name(decider(c, models.DecisionAsk), f), c.Reason, 148), held(c, f))
	case models.Approved:
		if c.OnHold() {
			return joined("\n", "*Approvals:* "+given(c, f)+".", held(c, f))
		}
		return "*Approvals:* " + given(c, f) + ". " + name(c.Implementer, f) + " can start it inside its window."
	case models.InProgress:
		started := markup("*Started* ")
		if c.Retrospective {
			started = "*Started before its approval* "
		}
		return joined("\n", started+when(c.StartedAt)+" by "+name(c.Implementer, f)+". Rolling back is always possible.", overridden(c, f), owed(c))
	case models.Implemented:
		return joined("\n", ending(c, f, 74), overridden(c, f), reviewOwed(c), owed(c))
	}
	return ""
}

// held says who holds the change and what it waits for.
func held(c *models.Change, f models.Facts) markup {
	if !c.OnHold() {
		return ""
	}
	return because("⏸️ *On hold* by "+name(c.Held.By, f), c.Held.Reason, 74)
}

// overridden says who had it started against the verdict, and why.
func overridden(c *models.Change, f models.Facts) markup {
	if !c.WasOverridden() {
		return ""
	}
	return because("⚠️ *Overridden* by "+name(c.Overridden.By, f), c.Overridden.Reason, 110)
}

// ending says how a change ended, in at most max letters.
func ending(c *models.Change, f models.Facts, max int) markup {
	switch c.State {
	case models.Rejected:
		return because("*Rejected* by "+name(decider(c, models.DecisionReject), f), c.Reason, max)
	case models.Cancelled:
		return because("*Cancelled*", c.Reason, max)
	case models.Expired:
		return "*Expired:* its window passed and it was not started."
	}
	out := "*Outcome:* " + esc(c.Outcome.String(), 40)
	if visible(c.AsBuilt) {
		out += ", now runs " + esc(c.AsBuilt, 28)
	}
	return because(out, c.OutcomeNote, max)
}

// because adds the reason in what is left of max letters.
func because(what markup, why string, max int) markup {
	return what + reason(why, max-len16(string(what)))
}

// cardText is the whole card in sentences.
func cardText(c *models.Change, f models.Facts) markup {
	s := statusOf(c)
	out := markup(s.sign) + " " + markup(s.word) + ": " + id(c) + " " + esc(c.Title, models.MaxTitle) + "\n" +
		joined(" · ", serviceList(c.Services, f, halfCard), environment(c), span(c.Window)) + "\n" +
		"Risk: " + riskLevel(c) + ". Requester: " + name(c.Requester, f) + ". Implementer: " + name(c.Implementer, f) + "."
	line := progress(c, f)
	if c.State.Final() {
		line = ending(c, f, 200)
	}
	return joined("\n", out, line, cardReasons(c, reasons(c, f), f))
}
