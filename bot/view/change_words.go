package view

import (
	"slices"
	"strconv"

	"github.com/gatehousehq/gatehouse/models"
)

// status is a state at a glance: a sign and a word, never the sign alone.
type status struct{ sign, word string }

var statuses = map[models.State]status{
	models.Draft:            {"📝", "Draft"},
	models.AwaitingApproval: {"⏳", "Awaiting approval"},
	models.ChangesRequested: {"✏️", "Changes requested"},
	models.Approved:         {"✅", "Approved"},
	models.InProgress:       {"🚧", "In progress"},
	models.Implemented:      {"🏁", "Implemented"},
	models.Closed:           {"🏁", "Closed"},
	models.Rejected:         {"⛔", "Rejected"},
	models.Cancelled:        {"🚫", "Cancelled"},
	models.Expired:          {"⌛", "Expired"},
}

// outcomeSigns replace the sign of finished work.
var outcomeSigns = map[models.Outcome]string{
	models.Successful: "🏁", models.SuccessfulWithIssues: "⚠️", models.RolledBack: "↩️", models.Failed: "❌",
}

func statusOf(c *models.Change) status {
	s, known := statuses[c.State]
	if !known {
		return status{"❔", c.State.String()}
	}
	if sign, done := outcomeSigns[c.Outcome]; done && (c.State == models.Implemented || c.State == models.Closed) {
		return status{sign, s.word + ", " + c.Outcome.String()}
	}
	return s
}

// headline is line 1 of every card: sign, word, id, title.
func headline(c *models.Change, limit int) string {
	s := statusOf(c)
	return clip16(s.sign+" "+s.word+" · "+c.ID.String()+" · "+oneLine(c.Title), limit)
}

// ref is the change at the start of a line; quoted is it inside a sentence.
func ref(c *models.Change) markup { return bold(id(c)) + " " + esc(c.Title, 80) }

func quoted(c *models.Change) markup { return bold(id(c)) + " “" + esc(c.Title, 60) + "”" }

func id(c *models.Change) markup { return markup(c.ID.String()) }

// serviceList names the services with their tiers, as many as room letters
// hold, and at least one.
func serviceList(slugs []models.Slug, f models.Facts, room int) markup {
	if len(slugs) == 0 {
		return "none chosen yet"
	}
	var out markup
	for i, slug := range slugs {
		next := joined(", ", out, serviceName(slug, f))
		if i > 0 && len16(string(next)) > room {
			return out + " and " + number(len(slugs)-i) + " more"
		}
		out = next
	}
	return out
}

func serviceName(slug models.Slug, f models.Facts) markup {
	const letters = 24
	if s, known := f.Services[slug]; known {
		return esc(s.Name, letters) + " (tier " + number(int(s.Tier)) + ")"
	}
	return esc(string(slug), letters)
}

// Room for services: three lines of half a card, two beside their label and
// "and 12 more", half a line, all there are.
const (
	halfCard = 78
	twoRows  = 2*34 - 22
	halfLine = 48
	allOf    = 1500
)

func environment(c *models.Change) markup {
	out := esc(string(c.Environment), 20)
	if c.Type != models.Normal && c.Type != "" {
		out += " · " + esc(string(c.Type), 20) + " change"
	}
	switch {
	case c.Type == models.Standard && c.Template.Name != "":
		out += " (" + esc(string(c.Template.Name), 24) + ")"
	case c.Type == models.Emergency && c.RepairedIncident() != "":
		out += " (" + esc(c.RepairedIncident(), 24) + ")"
	}
	return out
}

// timeOf is the time of the change; running work may have got more of it.
func timeOf(c *models.Change) markup {
	if c.ExtendedTo.IsZero() {
		return span(c.Window)
	}
	return span(c.Occupies()) + ", extended"
}

func riskLevel(c *models.Change) markup {
	if c.Assessment.Level == "" {
		return "judged when it is submitted"
	}
	return markup(c.Assessment.Level.String())
}

// atRisk is the risk in a row of facts, "" before it is judged.
func atRisk(c *models.Change) markup {
	if c.Assessment.Level == "" {
		return ""
	}
	return riskLevel(c) + " risk"
}

// riskReasons is why the risk is what it is, in one paragraph.
func riskReasons(a models.Assessment) markup {
	var out markup
	for _, reason := range a.Reasons {
		out = joined("; ", out, esc(reason, 160))
	}
	return out
}

// highRisk: its approval asks back before it counts.
func highRisk(c *models.Change) bool {
	return c.Assessment.Level == models.RiskHigh || c.Assessment.Level == models.RiskVeryHigh
}

// approvals says how far they have come: "1 of 2, by Ana; still needed: 1 peer".
func approvals(c *models.Change, f models.Facts) markup {
	return missing(c, given(c, f), 120)
}

// given is who approved: "1 of 2, by Ana".
func given(c *models.Change, f models.Facts) markup {
	standing := c.Standing()
	switch {
	case len(standing.Slots) == 0 && c.Type == models.Standard && c.Template.Version > 0:
		return "by the template " + esc(c.Template.String(), 60)
	case len(standing.Slots) == 0:
		return "none needed"
	}
	out := number(standing.Filled()) + " of " + number(len(standing.Slots))
	if standing.Filled() > 0 {
		out += ", by " + names(givers(standing), f) + behalf(standing, f)
	}
	for _, x := range c.Exceptions() {
		out += "; " + esc(x, 60)
	}
	return out
}

// nobodyEligible says what small-team mode has on record, and when the change
// goes on without it; and what it never goes on without.
func nobodyEligible(c *models.Change, f models.Facts) markup {
	short := c.Short()
	if len(short) == 0 {
		return ""
	}
	if stuck := c.Stuck(f); len(stuck) > 0 {
		return "⚠️ Nobody eligible: " + esc(stuck[0], 60) + ". It waits until an admin names somebody."
	}
	out := "⚠️ Not met, nobody eligible: " + esc(short[0], 60)
	if more := len(short) - 1; more > 0 {
		out += " and " + number(more) + " more"
	}
	if due := c.LapseDue(); !due.IsZero() {
		return out + ". It goes on without after " + when(due) + "."
	}
	return out + ". It goes on without once the others have approved."
}

// behalf says in whose place people approved: " (Ana on behalf of Ben)".
func behalf(s models.Standing, f models.Facts) markup {
	var out markup
	var named []models.UserID
	for _, slot := range s.Slots {
		if slot.For != "" && !slices.Contains(named, slot.By) {
			named = append(named, slot.By)
			out = joined(", ", out, name(slot.By, f)+" on behalf of "+name(slot.For, f))
		}
	}
	if out == "" {
		return ""
	}
	return " (" + out + ")"
}

func missing(c *models.Change, given markup, max int) markup {
	standing := c.Standing()
	if standing.Met() {
		return given
	}
	return given + "; still needed: " + esc(standing.MissingWithin(max), max)
}

func givers(s models.Standing) []models.UserID {
	var out []models.UserID
	for _, slot := range s.Slots {
		if slot.By != "" && !slices.Contains(out, slot.By) {
			out = append(out, slot.By)
		}
	}
	return out
}

// names lists people as a sentence does; a long list ends in a number.
func names(list []models.UserID, f models.Facts) markup { return namesWith(" and ", list, f) }

// either names those of whom one is enough.
func either(list []models.UserID, f models.Facts) markup { return namesWith(" or ", list, f) }

func namesWith(last markup, list []models.UserID, f models.Facts) markup {
	const most = 2
	var out markup
	for i, u := range list[:min(most, len(list))] {
		sep := markup(", ")
		if i == len(list)-1 {
			sep = last
		}
		out = joined(sep, out, name(u, f))
	}
	if more := len(list) - most; more > 0 {
		out += last + number(more) + " more"
	}
	return out
}

// decider is who last gave the decision, "" when nobody did.
func decider(c *models.Change, d models.Decision) models.UserID {
	for _, a := range slices.Backward(c.Approvals) {
		if a.Decision == d {
			return a.By
		}
	}
	return ""
}

// reason says why something happened, unless there is no room for it.
func reason(s string, max int) markup {
	if !visible(s) || max < 10 {
		return ""
	}
	return ": " + esc(s, max)
}

// reviewOwed says which review is owed and until when, "" once it is recorded.
func reviewOwed(c *models.Change) markup {
	if c.State != models.Implemented || len(c.ReviewOwed) == 0 || reviewed(c) {
		return ""
	}
	var why markup
	for _, r := range c.ReviewOwed {
		why = joined(", ", why, esc(r, 40))
	}
	out := "A review is owed (" + why + ")"
	if !c.ReviewDue.IsZero() {
		out += " until " + when(c.ReviewDue)
	}
	return out
}

// owed is what the change owes beside its review, and until when.
func owed(c *models.Change) markup {
	var out markup
	for _, d := range c.Debts() {
		if d.Kind != models.DebtReview {
			out = joined(", ", out, markup(d.Kind.String())+" until "+when(d.Due))
		}
	}
	if out != "" {
		out = "*Owed:* " + out
	}
	switch {
	case c.RetroRefused:
		return joined("\n", out, "*Not agreed to afterwards.*")
	case c.ApprovedLate() > 0:
		return joined("\n", out, "*Approved afterwards, too late.*")
	}
	return out
}

func number(n int) markup { return markup(strconv.Itoa(n)) }

func count(n int, one, many markup) markup {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}
