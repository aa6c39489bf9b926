package view

import (
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// mostRules is how many rules of a policy are listed; the file has them all.
const mostRules = 24

// Policy answers, privately, which approvals are asked for: the rules in their
// order, the notice, and what nobody can give. Admins see what is wrong with
// the file, too.
func Policy(f models.Facts) Message {
	p := f.Policy
	head := "*Policy version " + number(p.Version) + "*" + titled(p.Name)
	blocks := []slack.Block{section(head)}
	if line := policyTrouble(f); line != "" && f.Holds(f.Actor.ID, models.RoleAdmin) {
		blocks = append(blocks, section(line))
	}
	for lines := ruleLines(p); len(lines) > 0; {
		n := min(12, len(lines))
		blocks = append(blocks, section(joined("\n", lines[:n]...)))
		lines = lines[n:]
	}
	blocks = append(blocks, section(policyFoot(p)))
	if line := unheld(f); line != "" {
		blocks = append(blocks, section(line))
	}
	return message(joined("\n", head, policyFoot(p), unheld(f)), blocks...)
}

// PolicyNote tells an admin by DM what is wrong with the policy.
func PolicyNote(f models.Facts) Message {
	line := joined("\n", policyTrouble(f), unheld(f))
	if line == "" {
		line = "✅ The policy file is in order again, and everybody it asks for is there."
	}
	return message(line, section(line))
}

func policyTrouble(f models.Facts) markup {
	if f.PolicyTrouble == "" {
		return ""
	}
	out := markup("⚠️ *The policy file is refused.* Version " + string(number(f.Policy.Version)) + " stays in force. `gatehouse policy validate` says this of a file before it is used:")
	for i, line := range strings.Split(f.PolicyTrouble, "\n") {
		if i == 8 {
			return out + "\n• …"
		}
		out += "\n• " + esc(line, 200)
	}
	return out
}

func unheld(f models.Facts) markup {
	list := f.Unheld()
	if len(list) == 0 {
		return ""
	}
	var out markup
	for _, what := range list[:min(8, len(list))] {
		out = joined(", ", out, esc(what, 80))
	}
	return "⚠️ *Nobody can give:* " + out + ". The policy asks for it, and changes that need it wait until somebody is named."
}

func titled(s string) markup {
	if !visible(s) {
		return ""
	}
	return ", " + esc(s, 80)
}

func ruleLines(p models.Policy) []markup {
	var out []markup
	for _, r := range p.Rules {
		out = append(out, "• *"+esc(r.Name, 80)+"*: "+needs(r, "nothing"))
	}
	for _, r := range p.Additions {
		out = append(out, "• also, *"+esc(r.Name, 80)+"*: "+needs(r, "nothing more"))
	}
	if more := len(out) - mostRules; more > 0 {
		out = append(out[:mostRules:mostRules], "… and "+number(more)+" more, in the file")
	}
	return out
}

func needs(r models.Rule, none markup) markup {
	var out markup
	for _, n := range r.Require {
		out = joined(" + ", out, esc(n.String(), 60))
	}
	if out == "" {
		return none
	}
	return out
}

func policyFoot(p models.Policy) markup {
	var notice markup
	for _, level := range models.RiskLevels {
		notice = joined(", ", notice, markup(strings.ToLower(level.String()))+" "+number(p.Notice[level]))
	}
	out := "*Notice* in working days: " + notice + "."
	if p.SmallTeam {
		out += "\n*Small-team mode:* what nobody eligible can give is recorded as not met; the change goes on half an hour later and owes a review."
	}
	return out + "\nRequester, implementer and last editor never count."
}
