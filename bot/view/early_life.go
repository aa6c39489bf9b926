package view

import (
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Buttons of a release from its go-live on. Their value is a [ReleaseRef]; the
// number is an incident's, or none.
const (
	ActionLive           = "early.live"
	ActionEarlyLife      = "early.begin"
	ActionSupport        = "early.open" // how it stands
	ActionReportIncident = "early.incident"
	ActionSolved         = "early.solved"
	ActionExtend         = "early.extend"
	ActionClose          = "early.close"
)

// Forms of early-life support.
const (
	FormSupport  = "early.form" // begin or extend
	FormIncident = "early.incident.form"
)

// EarlyLifeActions lists every button id of early-life support.
func EarlyLifeActions() []string {
	return []string{ActionLive, ActionEarlyLife, ActionSupport, ActionReportIncident, ActionSolved, ActionExtend, ActionClose}
}

// EarlyLifeForms lists every form of early-life support.
func EarlyLifeForms() []string { return []string{FormSupport, FormIncident} }

// Bounds of what one message about early-life support lists.
const (
	mostCriteria  = 8
	mostIncidents = 5
	mostOwnItems  = 8
)

// criteriaLines are the exit criteria, each with whether it is met.
func criteriaLines(r *models.Release, f models.ReleaseFacts) markup {
	var lines []markup
	open := 0
	for _, c := range r.ExitCriteria(f.Now) {
		sign := markup("✅ ")
		if !c.Met {
			sign, open = "⬜ ", open+1
		}
		line := sign + esc(c.What, 100)
		if c.No != 0 {
			line = sign + number(c.No) + " " + esc(c.What, 100)
		}
		lines = append(lines, line)
	}
	return "*Exit criteria:* " + number(len(lines)-open) + " of " + number(len(lines)) + " met\n" + firstOf(lines, mostCriteria)
}

func openIncidents(r *models.Release) []models.EarlyIncident {
	var out []models.EarlyIncident
	for _, x := range r.Incidents {
		if x.Open() {
			out = append(out, x)
		}
	}
	return out
}

func incidentLine(x models.EarlyIncident, f models.ReleaseFacts) markup {
	return "🚨 " + bold(esc(x.Ref, 80)) + ", priority " + number(x.Priority) + ", reported by " + name(x.By, f.Facts) + " " + when(x.At) + reason(x.Note, 120)
}

// earlyLifeBlocks is what the card of a release in production shows in the
// place of its buckets: what keeps support open, in three lines.
func earlyLifeBlocks(r *models.Release, f models.ReleaseFacts) []slack.Block {
	var open markup
	criteria := r.OpenCriteria(f.Now)
	for _, c := range criteria[:min(2, len(criteria))] {
		open = joined("; ", open, esc(c.What, 45))
	}
	line := markup("Every exit criterion is met.")
	if len(criteria) > 0 {
		line = "*Not met:* " + open + moreOf(len(criteria)-2)
	}
	if list := openIncidents(r); len(list) > 0 {
		worst := slices.MinFunc(list, func(a, b models.EarlyIncident) int { return a.Priority - b.Priority })
		line += "\n🚨 " + bold(esc(worst.Ref, 40)) + ", priority " + number(worst.Priority) + moreOf(len(list)-1)
	}
	return []slack.Block{section(line)}
}

func supportUntil(r *models.Release) markup {
	switch {
	case r.State == models.ReleaseLive:
		return "Live since " + when(r.LiveAt) + "; early-life support begins by itself on the next working day."
	case r.State.BeforeGoLive():
		return "It has not begun, because the release is not live yet (" + markup(strings.ToLower(r.State.String())) + ")."
	case r.State != models.ReleaseEarlyLife:
		return "The release is " + markup(strings.ToLower(r.State.String())) + "."
	}
	out := "Since " + when(r.EarlyLife.Began) + ", until " + when(r.EarlyLife.Ends)
	if n := len(r.EarlyLife.Extensions); n > 0 {
		out += ", extended " + count(n, "time", "times") + reason(r.EarlyLife.Extensions[n-1].Reason, 120)
	}
	return out
}

// EarlyLife shows how early-life support stands: its days, its exit criteria,
// its own items and its incidents, with the buttons that f.Actor may use.
func EarlyLife(r *models.Release, f models.ReleaseFacts) Message {
	return earlyLife("🩺 "+bold("Early-life support of "+markup(r.ID.String())+" "+esc(r.Name, models.MaxTitle)), r, f)
}

// ExitAsk asks the operations lead, by DM, whether early-life support can end.
func ExitAsk(r *models.Release, f models.ReleaseFacts) Message {
	about := markup(r.ID.String()) + " " + esc(r.Name, models.MaxTitle)
	heading := "🏁 " + bold("The agreed days of early-life support are over: "+about) + "\nCan operations run it alone? "
	if open := len(r.OpenCriteria(f.Now)); open > 0 {
		heading += "Not yet, by what was agreed: " + count(open, "exit criterion is", "exit criteria are") + " not met. Have them met, or extend the support."
	} else {
		heading += "Every exit criterion is met."
	}
	return earlyLife(heading, r, f)
}

func earlyLife(heading markup, r *models.Release, f models.ReleaseFacts) Message {
	blocks := []slack.Block{section(heading + "\n" + supportUntil(r)), section(criteriaLines(r, f))}
	var items []markup
	for _, i := range r.Bucket(models.BucketEarlyLife) {
		items = append(items, itemLine(i, f))
	}
	if len(items) > 0 {
		blocks = append(blocks, section("*Its own items*\n"+firstOf(items, mostOwnItems)))
	}
	open := openIncidents(r)
	for _, x := range open[:min(mostIncidents, len(open))] {
		solved := button(ActionSolved, "Solved", ReleaseRef{ID: r.ID, No: x.No}.Value())
		blocks = append(blocks, sectionWith(incidentLine(x, f), solved))
	}
	blocks = append(blocks, moreLine(len(open)-mostIncidents)...)
	if len(open) == 0 {
		blocks = append(blocks, section("No open incident; "+count(len(r.Incidents), "was", "were")+" reported."))
	}
	return message(joined("\n", heading, supportUntil(r), criteriaLines(r, f)), append(blocks, actions(supportButtons(r, f)...)...)...)
}

// supportButtons follow from the state; closing is for those who lead
// operations, and stands where nothing is open.
func supportButtons(r *models.Release, f models.ReleaseFacts) []*slack.ButtonBlockElement {
	value := ReleaseRef{ID: r.ID}.Value()
	var out []*slack.ButtonBlockElement
	if r.State == models.ReleaseEarlyLife && r.Leads(f.Actor.ID) && len(r.OpenCriteria(f.Now)) == 0 {
		out = append(out, closeButton(r))
	}
	switch r.State {
	case models.ReleaseEarlyLife:
		out = append(out, button(ActionReportIncident, "Report incident…", value), button(ActionExtend, "Extend…", value))
	case models.ReleaseLive:
		out = append(out, button(ActionReportIncident, "Report incident…", value), button(ActionEarlyLife, "Begin early-life support…", value))
	}
	return out
}

func closeButton(r *models.Release) *slack.ButtonBlockElement {
	b := button(ActionClose, "Close early-life support", ReleaseRef{ID: r.ID}.Value()).WithStyle(slack.StylePrimary)
	b.Confirm = confirm("Close "+r.ID.String()+"?", "Operations run it alone from here, and the project is done with it. A closed release does not open again.", "Close it", "Not yet", slack.StylePrimary)
	return b
}

// EarlyLifeModal is EarlyLife in a window.
func EarlyLifeModal(r *models.Release, f models.ReleaseFacts) slack.ModalViewRequest {
	return modal("Early life of "+r.ID.String(), "Close", EarlyLife(r, f).Blocks)
}

// SupportForm asks for how many working days, and for an extension why.
func SupportForm(kind string, r *models.Release, f models.ReleaseFacts, responseURL string) slack.ModalViewRequest {
	title, submit, note, initial, most := "Early-life support", "Begin", joined("\n", releaseName(r),
		"Its tier asks for "+count(models.EarlyLifeDays(r.Tier), "working day", "working days")+"; the operations lead may agree to fewer."), models.EarlyLifeDays(r.Tier), "120"
	if kind == ActionExtend {
		title, submit, note, initial, most = "Extend support", "Extend", joined("\n", releaseName(r), supportUntil(r)), 5, "60"
	}
	days := slack.NewNumberInputBlockElement(plain("5", limitPlaceholder), string(models.FieldDays), false).WithMinValue("1").WithMaxValue(most).WithInitialValue(strconv.Itoa(initial))
	blocks := []slack.Block{section(note), input{field: models.FieldDays, label: "Working days", element: days}.block()}
	if kind == ActionExtend {
		blocks = append(blocks, input{field: models.FieldReason, label: "Why do operations still need the project?",
			element: typed(models.FieldReason, "", "Two alerts fire each night, and nobody knows why yet", models.MaxReason, true)}.block())
	}
	return form(FormSupport, title, submit, metadata(HandoverMeta{Release: r.ID, Kind: kind, ResponseURL: carried(responseURL)}), blocks)
}

// ReadSupportForm reads a sent form; what is no number is refused as days.
func ReadSupportForm(v slack.View) (meta HandoverMeta, days int, reason string) {
	readMetadata(v, &meta)
	a := answersOf(v)
	days, err := strconv.Atoi(strings.TrimSpace(a.text(models.FieldDays)))
	if err != nil || days == 0 {
		days = -1
	}
	return meta, days, strings.TrimSpace(a.text(models.FieldReason))
}

// IncidentForm asks which incident is reported into early-life support.
func IncidentForm(r *models.Release, responseURL string) slack.ModalViewRequest {
	var priorities []*slack.OptionBlockObject
	for n, words := range []string{"1: everybody is stopped", "2: many are stopped or slowed", "3: few are", "4: a blemish"} {
		priorities = append(priorities, option(strconv.Itoa(n+1), words))
	}
	blocks := []slack.Block{section(releaseName(r) + "\nOne of priority 1 or 2 keeps early-life support open until it is solved.")}
	blocks = append(blocks, inputs([]input{
		{field: models.FieldIncident, label: "Incident", hint: "Its number or link.", element: typed(models.FieldIncident, "", "INC-2041", models.MaxTitle, false)},
		{field: models.FieldPriority, label: "Priority", element: chosen(models.FieldPriority, "Choose", priorities, "", "")},
		{field: models.FieldNote, label: "What happened?", optional: true, element: typed(models.FieldNote, "", "Pages of the new market time out", models.MaxReason, true)},
	})...)
	return form(FormIncident, "Report incident", "Report", metadata(HandoverMeta{Release: r.ID, ResponseURL: carried(responseURL)}), blocks)
}

// ReadIncidentForm reads a sent form.
func ReadIncidentForm(v slack.View) (meta HandoverMeta, ref string, priority int, note string) {
	readMetadata(v, &meta)
	a := answersOf(v)
	priority, _ = strconv.Atoi(a.option(models.FieldPriority)) // 0 is refused beside the field
	return meta, strings.TrimSpace(a.text(models.FieldIncident)), priority, strings.TrimSpace(a.text(models.FieldNote))
}

// EarlyLifeOutcome answers, privately, what somebody did from go-live on.
func EarlyLifeOutcome(r *models.Release, did string, f models.ReleaseFacts) Message {
	line := earlyLifeWords(r, did)
	return message(line, section(line))
}

func earlyLifeWords(r *models.Release, did string) markup {
	about := bold(markup(r.ID.String()))
	switch did {
	case ActionLive:
		return "🚀 " + about + " is live. Early-life support begins by itself on the next working day; incidents can be reported into it from now on."
	case ActionEarlyLife:
		return "🩺 Early-life support of " + about + " has begun, until " + when(r.EarlyLife.Ends) + "."
	case ActionReportIncident:
		x := r.Incidents[len(r.Incidents)-1]
		out := "🚨 " + bold(esc(x.Ref, 80)) + " is reported into " + about + ", priority " + number(x.Priority) + "."
		if x.Priority <= 2 {
			out += " It keeps early-life support open until it is solved."
		}
		return out
	case ActionSolved:
		return "Recorded: the incident is solved. " + about + " has " + count(len(openIncidents(r)), "open incident", "open incidents") + " now."
	case ActionExtend:
		return "🩺 Early-life support of " + about + " lasts until " + when(r.EarlyLife.Ends) + " now."
	case ActionClose:
		return "🏁 " + about + " is closed: operations run it alone."
	}
	return "Recorded."
}
