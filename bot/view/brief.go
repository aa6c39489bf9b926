package view

import (
	"slices"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

var colours = map[models.Colour]markup{models.Green: "🟢", models.Amber: "🟡", models.Red: "🔴"}

// readiness is a bucket's or a release's state in three words: "🟡 72 % amber".
func readiness(x models.Readiness) markup {
	return colours[x.Colour] + " " + number(x.Percent()) + " % " + markup(x.Colour)
}

// briefExceptions is how many exceptions of a bucket a brief names.
const briefExceptions = 4

// Brief is what those invited to a handover read the day before: readiness by
// bucket, exceptions only, test results with open issues, linked changes.
func Brief(r *models.Release, m *models.Meeting, b models.Brief, f models.Facts) Message {
	heading := markup("Handover of "+r.ID.String()) + " " + esc(r.Name, models.MaxTitle)
	at := when(m.At) + ", " + length(m.Length)
	if m.Place != "" {
		at += ", " + esc(m.Place, 80)
	}
	blocks := []slack.Block{
		section("🤝 " + bold(heading)),
		section(joined("\n", at, "Go-live "+when(r.GoLive)+slipped(b.Slipped), readiness(b.Ready.Readiness)+" · "+unmetWords(b.Ready.Unmet),
			esc(b.Ready.Forecast.Words(f.Person(r.ProjectLead).Location()), 300), before(b.Since))),
	}
	for _, x := range b.Buckets {
		blocks = append(blocks, section(bucketBrief(x, f)))
	}
	if lines := issueLines(b.Issues); len(lines) > 0 {
		blocks = append(blocks, section(bold("Tests with open issues")+"\n"+firstOf(lines, 5)))
	}
	if lines := linkedLines(b.Linked); len(lines) > 0 {
		blocks = append(blocks, section(bold("Linked changes")+"\n"+firstOf(lines, 5)))
	}
	return message(heading+", "+at, append(blocks, small("Decides: "+either(leads(r), f)))...)
}

func leads(r *models.Release) []models.UserID {
	return slices.DeleteFunc([]models.UserID{r.OpsLead, r.Deputy}, func(u models.UserID) bool { return u == "" })
}

func slipped(days int) markup {
	switch {
	case days > 0:
		return ", " + count(days, "working day", "working days") + " later than first planned"
	case days < 0:
		return ", " + count(-days, "working day", "working days") + " earlier than first planned"
	}
	return ""
}

func unmetWords(n int) markup {
	if n == 0 {
		return "nothing mandatory is unmet"
	}
	return count(n, "mandatory item", "mandatory items") + " not met"
}

// before recalls the meeting that ended without acceptance.
func before(m *models.Meeting) markup {
	if m == nil || m.Decision == nil {
		return ""
	}
	return "Last time " + markup(m.Decision.Outcome.String()) + reason(m.Decision.Reason, 120)
}

func bucketBrief(x models.BucketBrief, f models.Facts) markup {
	var lines []markup
	for _, e := range x.Exceptions {
		lines = append(lines, "• "+itemName(e.Item)+", "+name(e.Owner, f)+": "+esc(e.What, 120))
	}
	head := bold(esc(x.Bucket.String(), 40)) + " · " + readiness(x.Readiness) + " · " + name(x.Owner, f)
	return joined("\n", head, firstOf(lines, briefExceptions))
}

// itemName is an item as people find it again: number, id and title.
func itemName(i *models.Item) markup {
	return number(i.No) + " " + esc(i.ID, 12) + " " + esc(i.Title, 60)
}

func issueLines(list []*models.Item) []markup {
	var lines []markup
	for _, i := range list {
		lines = append(lines, "• "+itemName(i)+": "+count(i.OpenIssues, "open issue", "open issues"))
	}
	return lines
}

func linkedLines(list []models.LinkedChange) []markup {
	var lines []markup
	for _, c := range list {
		lines = append(lines, "• "+markup(c.ID.String())+" "+esc(c.Title, 60)+", "+markup(c.State.String())+", "+span(c.Window))
	}
	return lines
}

// Minutes is the record of a meeting that ended: who was there, how they voted,
// what was decided and under which conditions.
func Minutes(r *models.Release, m *models.Meeting, f models.Facts) Message {
	d := m.Decision
	if d == nil {
		d = &models.HandoverDecision{Outcome: models.HandoverAdjourned, At: m.At}
	}
	heading := markup("Handover of "+r.ID.String()) + " " + esc(r.Name, models.MaxTitle) + ": " + markup(d.Outcome.String())
	by := "Decided by " + name(d.By, f)
	if d.AsDeputy {
		by += " as deputy"
	}
	next := markup("")
	if !d.Next.IsZero() {
		next = "Next meeting " + when(d.Next)
	}
	blocks := []slack.Block{section("📝 " + bold(heading)),
		section(joined("\n", by+" "+when(d.At)+reason(d.Reason, 300), next, "Present: "+everyName(m.Present, f)))}
	if lines := voteLines(m, f); len(lines) > 0 {
		blocks = append(blocks, section(bold("Votes")+"\n"+firstOf(lines, 12)))
	}
	if lines := conditionLines(r, d, f); len(lines) > 0 {
		blocks = append(blocks, section(bold("Conditions")+"\n"+firstOf(lines, 10)))
	}
	return message(heading+". "+by, blocks...)
}

// everyName lists people without leaving many out: of a meeting it matters who
// was there.
func everyName(list []models.UserID, f models.Facts) markup {
	var out []markup
	for n, u := range list {
		if n == 15 {
			out = append(out, number(len(list)-n)+" more")
			break
		}
		out = append(out, name(u, f))
	}
	if len(out) == 0 {
		return "nobody"
	}
	return joined(", ", out...)
}

// voteLines are the votes that may be seen; late ones say so.
func voteLines(m *models.Meeting, f models.Facts) []markup {
	var lines []markup
	for _, v := range m.Shown() {
		line := "• " + name(v.By, f) + ": " + markup(v.Choice.String())
		if v.Late {
			line += " (late: after the votes were shown)"
		}
		lines = append(lines, line+reason(v.Comment, 100))
	}
	return lines
}

func conditionLines(r *models.Release, d *models.HandoverDecision, f models.Facts) []markup {
	var lines []markup
	for n := range r.Items {
		i := &r.Items[n]
		if i.Condition == nil || !slices.Contains(d.Conditions, i.No) {
			continue
		}
		kind := markup("before go-live")
		if i.Condition.After {
			kind = "after go-live"
		}
		lines = append(lines, "• "+itemName(i)+", "+name(i.Owner, f)+", by "+when(i.Condition.Due)+", "+kind+reason(i.Condition.Test, 100))
	}
	return lines
}
