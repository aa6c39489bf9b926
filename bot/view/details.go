package view

import (
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// DetailsModal is everything about a change: whole plans, every reason of its
// risk, every decision. History stands behind a button.
func DetailsModal(c *models.Change, f models.Facts) slack.ModalViewRequest {
	blocks := append([]slack.Block{header(headline(c, limitHeader)), fields(detailFields(c, f)...)}, detailLines(c, f)...)
	for _, p := range append(plansOf(c), plan{"Why it can't wait", c.WhyNow}, plan{"Background", c.Background}, plan{"Reason", c.Reason}, plan{"What happened", c.OutcomeNote}, plan{"Review", c.Findings}) {
		if visible(p.text) {
			var r rich
			r.titled(p.label, strings.TrimSpace(clean(p.text)))
			blocks = append(blocks, r.block())
		}
	}
	blocks = append(blocks, actions(button(ActionHistory, "History", Value(c)))...)
	return modal(c.ID.String(), "Close", blocks)
}

func detailFields(c *models.Change, f models.Facts) []markup {
	out := []markup{
		"*Services:* " + serviceList(c.Services, f, allOf),
		"*Environment:* " + environment(c),
		"*Window:* " + timeOf(c),
		"*Requester:* " + name(c.Requester, f),
		"*Implementer:* " + name(c.Implementer, f),
	}
	if c.LastEditor != "" && c.LastEditor != c.Requester {
		out = append(out, "*Last edited by:* "+name(c.LastEditor, f))
	}
	if c.Revision != "" {
		out = append(out, "*Revision:* "+code(c.Revision.Short()))
	}
	if c.Identity.RollbackOf != 0 {
		out = append(out, "*Rolls back:* "+markup(c.Identity.RollbackOf.String()))
	}
	return out
}

func detailLines(c *models.Change, f models.Facts) []slack.Block {
	out := []slack.Block{section(joined("\n", "*Risk:* "+riskLevel(c), bullets(c.Assessment.Reasons)))}
	if c.State != models.Draft {
		out = append(out, section(joined("\n", "*Approvals:* "+approvals(c, f), policyLine(c), decisions(c, f))))
	}
	if c.State == models.AwaitingApproval || c.State == models.Approved {
		if lines := verdictLines(models.StartVerdict(c, f).Reasons); lines != "" {
			out = append(out, section(lines))
		}
	}
	if line := joined("\n", progressLine(c, f), facts(c), againstWhat(c), reviewAnswers(c)); line != "" {
		out = append(out, section(line))
	}
	return out
}

// progressLine leaves reasons out: they stand further down, whole.
func progressLine(c *models.Change, f models.Facts) markup {
	switch {
	case c.State == models.InProgress:
		return progress(c, f)
	case c.State == models.Implemented:
		return joined("\n", ending(c, f, 0), reviewOwed(c))
	case c.State == models.ChangesRequested:
		return "*Changes requested* by " + name(decider(c, models.DecisionAsk), f)
	case c.State.Final():
		return ending(c, f, 0)
	}
	return ""
}

// facts of finished work.
func facts(c *models.Change) markup {
	var out markup
	if !c.FinishedAt.IsZero() {
		out = "*Worked on:* " + when(c.StartedAt) + " to " + when(c.FinishedAt)
	}
	if visible(c.Incident) {
		out = joined("\n", out, "*Caused incident:* "+esc(c.Incident, 120))
		if c.IncidentPriority > 0 {
			out += " (P" + number(c.IncidentPriority) + ")"
		}
	}
	if c.OutageMinutes > 0 {
		out = joined("\n", out, "*Outage:* "+count(c.OutageMinutes, "minute", "minutes"))
	}
	return out
}

// againstWhat is what an override went past, and how long work was extended.
func againstWhat(c *models.Change) markup {
	var out markup
	if c.WasOverridden() {
		out = "*In the way when it was overridden:* " + esc(c.Overridden.Against, mostReason)
	}
	if !c.ExtendedTo.IsZero() {
		out = joined("\n", out, "*Extended:* the window that was agreed to ended "+when(c.Window.End))
	}
	return out
}

func policyLine(c *models.Change) markup {
	if c.PolicyRule == "" {
		return ""
	}
	return "Policy version " + number(c.PolicyVersion) + ", rule: " + esc(c.PolicyRule, 120)
}

var decisionWords = map[models.Decision]markup{
	models.DecisionApprove: "approved",
	models.DecisionReject:  "rejected",
	models.DecisionAsk:     "asked for changes",
}

// decisions lists who decided what, the latest first, void ones too.
func decisions(c *models.Change, f models.Facts) markup {
	const most = 12
	var out markup
	for i := len(c.Approvals) - 1; i >= 0 && i >= len(c.Approvals)-most; i-- {
		a := c.Approvals[i]
		line := "• " + name(a.By, f) + " " + decisionWords[a.Decision] + " " + when(a.At) + reason(a.Comment, 120)
		if a.OnBehalf() != "" {
			line += ", on behalf of " + name(a.OnBehalf(), f)
		}
		if a.Void != "" {
			line += " (void: " + esc(a.Void, 80) + ")"
		}
		out = joined("\n", out, line)
	}
	if older := len(c.Approvals) - most; older > 0 {
		out += "\n• " + number(older) + " older ones: see History"
	}
	return out
}

func bullets(list []string) markup {
	var out markup
	for _, s := range list {
		out = joined("\n", out, "• "+esc(s, 160))
	}
	return out
}

// historyMost keeps the modal far from Slack's 100 blocks.
const historyMost = 30

// HistoryModal is what happened to the change, newest first, one line an
// event. With more, a button leads to older ones.
func HistoryModal(c *models.Change, events []models.Event, more bool, f models.Facts) slack.ModalViewRequest {
	events = newestFirst(events)
	if len(events) > historyMost {
		events, more = events[:historyMost], true
	}
	blocks := []slack.Block{section(ref(c))}
	if len(events) == 0 {
		blocks = append(blocks, section("Nothing older is recorded."))
	}
	for _, e := range events {
		blocks = append(blocks, section(when(e.At)+" · "+historyLine(e, f)))
		if diff := historyDiff(e); diff != nil {
			blocks = append(blocks, diff)
		}
	}
	if more && len(events) > 0 {
		older := Value(c) + ":" + strconv.FormatInt(events[len(events)-1].ID, 10)
		blocks = append(blocks, actions(button(ActionOlder, "Older", older))...)
	}
	return modal("History of "+c.ID.String(), "Close", blocks)
}
