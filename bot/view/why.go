package view

import (
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Why answers, privately, why a change stands where it stands: the rule, each
// requirement and who met it, what is in the way with the cheapest way to
// clear it, and the risk.
func Why(c *models.Change, w models.Why, f models.Facts) Message {
	blocks := []slack.Block{section(ref(c) + "\n" + markup(statusOf(c).sign) + " " + markup(statusOf(c).word) + " · " + span(c.Window))}
	if line := policyLine(c); line != "" {
		blocks = append(blocks, section(joined("\n", "*Approvals:* "+line, whyAsks(w, f))))
	}
	if lines := verdictLines(w.Reasons); lines != "" {
		blocks = append(blocks, section(lines))
	} else if c.State == models.Approved {
		blocks = append(blocks, section("*Nothing is in the way:* "+name(c.Implementer, f)+" can start it now."))
	}
	blocks = append(blocks, section(joined("\n", "*Risk:* "+riskLevel(c), bullets(c.Assessment.Reasons))))
	text := joined("\n", ref(c)+": "+markup(statusOf(c).word), policyLine(c), whyAsks(w, f), verdictLines(w.Reasons))
	return message(text, append(blocks, actions(open(c), details(c))...)...)
}

// WhyModal is Why in a window.
func WhyModal(c *models.Change, w models.Why, f models.Facts) slack.ModalViewRequest {
	return modal("Why "+c.ID.String(), "Close", Why(c, w, f).Blocks)
}

func whyAsks(w models.Why, f models.Facts) markup {
	var out markup
	for _, a := range w.Asks {
		line := "• " + esc(a.Requirement.Text, 120) + ": "
		var parts markup
		for _, slot := range a.Met {
			who := name(slot.By, f)
			if slot.For != "" {
				who += " on behalf of " + name(slot.For, f)
			}
			parts = joined(", ", parts, "✅ "+who)
		}
		if a.Lapsed > 0 {
			parts = joined(", ", parts, number(a.Lapsed)+" not met: nobody eligible")
		}
		if a.Open > 0 {
			parts = joined(", ", parts, missingFrom(a, f))
		}
		out = joined("\n", out, line+parts)
	}
	return out
}

// missingFrom says who could give what is still open.
func missingFrom(a models.WhyAsk, f models.Facts) markup {
	out := number(a.Open) + " missing"
	others := slices.DeleteFunc(slices.Clone(a.Able), func(u models.UserID) bool { return slices.Contains(a.Asked, u) })
	switch {
	case len(a.Able) == 0:
		return out + " (nobody eligible)"
	case len(a.Asked) == 0:
		return out + " (from " + names(a.Able, f) + ")"
	case len(others) == 0:
		return out + " (asked: " + names(a.Asked, f) + ")"
	}
	return out + " (asked: " + names(a.Asked, f) + "; also " + names(others, f) + ")"
}

// verdictLines are the reasons of a verdict, the same wherever they are listed.
func verdictLines(reasons []models.Reason) markup {
	var out markup
	for i, r := range reasons {
		if i == 0 && r.Blocks {
			out = "*It can't start now:*"
		}
		if !r.Blocks && (i == 0 || reasons[i-1].Blocks) {
			out = joined("\n", out, "*To know:*")
		}
		out = joined("\n", out, "• "+told(r, r.Words(), mostReason))
	}
	return out
}

// mostReason is how long one reason may become in a list.
const mostReason = 400

// told is what a reason says, with the time that it speaks of as the reader's
// own clock shows it.
func told(r models.Reason, words string, max int) markup {
	if r.When.Start.IsZero() {
		return esc(words, max)
	}
	const longer = 20 // letters, that a time takes with its year or its day
	out := esc(words, max-longer)
	return markup(strings.Replace(string(out), string(escapeAll(r.When.Words())), string(span(r.When)), 1))
}
