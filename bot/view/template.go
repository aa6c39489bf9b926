package view

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Buttons of templates. Their value is the template's name and the version
// that was shown ([TemplateValue]); that of ActionTemplateSave is a change's.
const (
	ActionTemplateUse       = "template.use"
	ActionTemplateOpen      = "template.open"
	ActionTemplateSave      = "template.save" // "Save as template…", on a change that went well
	ActionTemplateEdit      = "template.edit"
	ActionTemplateApprove   = "template.approve"
	ActionTemplateDecline   = "template.decline"
	ActionTemplateSuspend   = "template.suspend"
	ActionTemplateReinstate = "template.reinstate"
	ActionTemplateRetire    = "template.retire"
)

// Forms of templates.
const (
	FormTemplate       = "template.form"
	FormTemplateReason = "template.reason.form"
)

// TemplateActions lists every button id of templates.
func TemplateActions() []string {
	return []string{ActionTemplateUse, ActionTemplateOpen, ActionTemplateSave, ActionTemplateEdit, ActionTemplateApprove,
		ActionTemplateDecline, ActionTemplateSuspend, ActionTemplateReinstate, ActionTemplateRetire}
}

// TemplateValue is what a template's button carries: "restart-workers:3", the
// highest version that was shown.
func TemplateValue(t models.Template) string { return string(t.Name) + ":" + strconv.Itoa(t.Last) }

// ParseTemplateValue reads it.
func ParseTemplateValue(s string) (name models.Slug, seen int, ok bool) {
	word, n, found := strings.Cut(s, ":")
	seen, err := strconv.Atoi(n)
	return models.Slug(word), seen, found && err == nil && models.ValidTemplateName(models.Slug(word))
}

var templateStatuses = map[models.TemplateState]status{
	models.TemplateProposed:  {"⏳", "Proposed"},
	models.TemplateActive:    {"✅", "Active"},
	models.TemplateSuspended: {"⛔", "Suspended"},
	models.TemplateRetired:   {"🗄️", "Retired"},
}

// templatesMost is how many templates one answer lists.
const templatesMost = 8

// TemplateList answers "/change templates": state and runs of each, and the
// buttons that f.Actor may use.
func TemplateList(list []models.Template, runs map[models.Slug]models.Runs, f models.Facts) Message {
	const heading = "Templates for standard changes"
	blocks := []slack.Block{section(bold(heading))}
	words := markup(heading)
	if len(list) == 0 {
		const none = "There is none yet. After three clean runs of the same change Gatehouse offers to make one; a templates file brings them, too."
		return message(heading+". "+none, append(blocks, section(none))...)
	}
	for _, t := range list[:min(templatesMost, len(list))] {
		line := templateLine(t, runs[t.Name], f)
		words += "\n" + line
		blocks = append(blocks, section(line))
		blocks = append(blocks, actions(templateButtons(t, f, true)...)...)
	}
	if more := len(list) - templatesMost; more > 0 {
		blocks = append(blocks, small("and "+number(more)+" more. Name one to see it: templates restart-workers"))
		words += "\nand " + number(more) + " more"
	}
	return message(words, blocks...)
}

// templateLine is a template in two or three lines.
func templateLine(t models.Template, runs models.Runs, f models.Facts) markup {
	s := templateStatuses[t.State]
	r := t.Shown()
	return joined("\n",
		markup(s.sign)+" "+bold(esc(string(t.Name), models.MaxTemplateName))+" · "+markup(s.word)+templateVersionWords(t)+" · "+esc(r.Title, 60),
		joined(" · ", recipeServices(r, f, halfLine), esc(string(r.Environment), 20), length(r.Length), "up to "+markup(r.MaxRisk.String())+" risk", runWords(runs)),
		templateNews(t, f))
}

func templateVersionWords(t models.Template) markup {
	if t.Version == 0 {
		return ""
	}
	return ", version " + number(t.Version)
}

func runWords(r models.Runs) markup {
	if r.Total() == 0 {
		return "not used yet"
	}
	out := count(r.Total(), "run", "runs") + ": " + number(r.Clean) + " clean"
	if r.Issues > 0 {
		out += ", " + number(r.Issues) + " with issues"
	}
	if r.Failed > 0 {
		out += ", " + number(r.Failed) + " failed or rolled back"
	}
	return out
}

// templateNews is what somebody has to know or do about it.
func templateNews(t models.Template, f models.Facts) markup {
	var out markup
	if t.State == models.TemplateSuspended || t.State == models.TemplateRetired {
		out = "*" + markup(templateStatuses[t.State].word) + "*" + reason(t.Reason, 160)
	}
	if p := t.Proposal; p != nil {
		out = joined("\n", out, "*Version "+number(p.Version)+" waits for a change manager*, proposed by "+name(p.By, f)+" "+when(p.At))
	}
	for _, slug := range t.Shown().Services {
		if s, known := f.Services[slug]; known && s.Retired && t.State != models.TemplateRetired {
			out = joined("\n", out, "⚠️ "+esc(s.Name, 40)+" is retired: it can't be used on that service any more.")
		}
	}
	return out
}

func recipeServices(r models.Recipe, f models.Facts, room int) markup {
	return serviceList(r.Services, f, room)
}

// length is a span of time in words: "1 h 30 min".
func length(d time.Duration) markup {
	h, m := int(d.Hours()), int(d.Minutes())%60
	switch {
	case h == 0:
		return number(m) + " min"
	case m == 0:
		return number(h) + " h"
	}
	return number(h) + " h " + number(m) + " min"
}

// templateButtons are those that f.Actor may use now.
func templateButtons(t models.Template, f models.Facts, open bool) []*slack.ButtonBlockElement {
	value := TemplateValue(t)
	var out []*slack.ButtonBlockElement
	add := func(action, words string, style slack.Style) {
		out = append(out, button(action, words, value).WithStyle(style))
	}
	if t.State == models.TemplateActive {
		add(ActionTemplateUse, "Raise from it…", slack.StylePrimary)
	}
	if open {
		add(ActionTemplateOpen, "Details", "")
	}
	ok, _ := f.Actor.CanDecide()
	if !ok {
		return out
	}
	if f.Holds(f.Actor.ID, models.RoleChangeManager) {
		if t.Proposal != nil && t.Proposal.By != f.Actor.ID {
			add(ActionTemplateApprove, "Approve version "+strconv.Itoa(t.Proposal.Version), "")
		}
		if t.Proposal != nil {
			add(ActionTemplateDecline, "Decline…", "")
		}
		if t.State == models.TemplateSuspended {
			add(ActionTemplateReinstate, "Reinstate…", "")
		}
		if t.State == models.TemplateActive && t.Proposal == nil {
			add(ActionTemplateSuspend, "Suspend…", "")
		}
		if t.State == models.TemplateActive || t.State == models.TemplateSuspended {
			add(ActionTemplateRetire, "Retire…", slack.StyleDanger)
		}
	}
	if !open && t.State != models.TemplateRetired {
		add(ActionTemplateEdit, "Propose an edit…", "")
	}
	return out
}

// TemplateModal is everything about a template.
func TemplateModal(t models.Template, runs models.Runs, f models.Facts) slack.ModalViewRequest {
	blocks := []slack.Block{section(templateLine(t, runs, f)), section(templateApproval(t, f))}
	blocks = append(blocks, recipeBlocks(t.Shown(), f)...)
	if p := t.Proposal; p != nil && t.Version > 0 {
		blocks = append(blocks, divider(), section("*Version "+number(p.Version)+", which waits for a change manager*"))
		blocks = append(blocks, recipeBlocks(p.Recipe, f)...)
	}
	buttons := templateButtons(t, f, false)
	blocks = append(blocks, actions(buttons[:min(maxButtons, len(buttons))]...)...)
	if len(buttons) > maxButtons {
		blocks = append(blocks, actions(buttons[maxButtons:]...)...)
	}
	return modal("Template", "Close", blocks)
}

func templateApproval(t models.Template, f models.Facts) markup {
	switch {
	case t.Version == 0:
		return "*Approved by:* nobody yet"
	case t.ApprovedBy == "":
		return "*Approved by:* the templates file, " + when(t.ApprovedAt)
	}
	return "*Approved by:* " + name(t.ApprovedBy, f) + ", " + when(t.ApprovedAt)
}

func recipeBlocks(r models.Recipe, f models.Facts) []slack.Block {
	out := []slack.Block{section(joined("\n", "*"+esc(r.Title, models.MaxTitle)+"*",
		joined(" · ", recipeServices(r, f, allOf), esc(string(r.Environment), 20), length(r.Length), "up to "+markup(r.MaxRisk.String())+" risk")))}
	for _, p := range []plan{{"Plan", r.Plan}, {"Check", r.Check}, {"Rollback", r.Rollback}} {
		var text rich
		text.titled(p.label, strings.TrimSpace(clean(p.text)))
		out = append(out, text.block())
	}
	return out
}

// TemplateMeta travels with a template's form.
type TemplateMeta struct {
	Name        models.Slug     `json:"name,omitempty"` // "" = a new one, made from Change
	Seen        int             `json:"seen,omitempty"`
	Change      models.ChangeID `json:"change,omitempty"`
	Kind        string          `json:"kind,omitempty"` // of a reason: the button's id
	ResponseURL string          `json:"response_url,omitempty"`
}

// TemplateForm asks what a template says: a new one is filled from a change
// that went well, an edit from what it says now.
func TemplateForm(meta TemplateMeta, name models.Slug, r models.Recipe, f models.Facts) slack.ModalViewRequest {
	meta.ResponseURL = carried(meta.ResponseURL)
	title, note := "Save as template", markup("Standard changes raised from it are approved at once. A change manager who is not you approves it first.")
	if meta.Name != "" {
		title, note = "Edit template", "This becomes a new version of "+bold(esc(string(meta.Name), models.MaxTemplateName))+
			". What is in force stays so until a change manager who is not you approves it; changes keep the version that they were raised with."
	}
	blocks := []slack.Block{section(note)}
	var asks []input
	if meta.Name == "" {
		asks = append(asks, input{field: models.FieldName, label: "Name", hint: "What people type: /change new restart-workers. Small letters, digits and dashes.",
			element: typed(models.FieldName, string(name), "restart-workers", models.MaxTemplateName, false)})
	}
	minutes := slack.NewNumberInputBlockElement(plain("60", limitPlaceholder), string(models.FieldLength), false).
		WithMinValue("5").WithMaxValue("1440").WithInitialValue(strconv.Itoa(int(r.Length.Minutes())))
	risks := []*slack.OptionBlockObject{option(string(models.RiskLow), "low"), option(string(models.RiskMedium), "medium")}
	asks = append(asks,
		input{field: models.FieldTitle, label: "Title", hint: "The title of every change raised from it.",
			element: typed(models.FieldTitle, r.Title, "Restart the notification workers", models.MaxTitle, false)},
		input{field: models.FieldServices, label: "Services", hint: "Those on which it may be used.", element: chosenServices(r.Services, f)},
		input{field: models.FieldEnvironment, label: "Environment", element: chosen(models.FieldEnvironment, "Choose", environmentOptions(), string(r.Environment), string(models.Production))},
		input{field: models.FieldPlan, label: "Plan", hint: "What is done, step by step.",
			element: typed(models.FieldPlan, r.Plan, "1. Drain a worker  2. Restart it  3. Refill it", models.MaxPlan, true)},
		input{field: models.FieldCheck, label: "How will you see that it worked?", element: typed(models.FieldCheck, r.Check, "Queue age stays below one minute", models.MaxPlan, true)},
		input{field: models.FieldRollback, label: "Rollback", hint: "What triggers it, the steps back, and the time limit.",
			element: typed(models.FieldRollback, r.Rollback, "When a worker fails twice: image 4.0 (4 minutes)", models.MaxPlan, true)},
		input{field: models.FieldLength, label: "Length of the window in minutes", element: minutes},
		input{field: models.FieldMaxRisk, label: "Risk at most", hint: "A run with a higher risk is raised as a normal change.",
			element: chosen(models.FieldMaxRisk, "Choose", risks, string(r.MaxRisk), string(models.RiskMedium))})
	blocks = append(blocks, inputs(asks)...)
	return form(FormTemplate, title, "Propose", metadata(meta), blocks)
}

// ReadTemplateForm reads a sent form. Risk answers are not in it: they stay
// those of the change or the version it was filled from.
func ReadTemplateForm(v slack.View) (meta TemplateMeta, name models.Slug, r models.Recipe) {
	readMetadata(v, &meta)
	a := answersOf(v)
	if name = meta.Name; name == "" {
		name = models.Slug(strings.ToLower(strings.TrimSpace(a.text(models.FieldName))))
	}
	minutes, _ := strconv.Atoi(strings.TrimSpace(a.text(models.FieldLength))) // 0 is refused beside the field
	return meta, name, models.Recipe{
		Title: a.text(models.FieldTitle), Services: a.slugs(), Environment: models.Environment(a.option(models.FieldEnvironment)),
		Plan: a.text(models.FieldPlan), Check: a.text(models.FieldCheck), Rollback: a.text(models.FieldRollback),
		Length: time.Duration(minutes) * time.Minute, MaxRisk: models.RiskLevel(a.option(models.FieldMaxRisk)),
	}
}

var templateReasons = map[string]struct{ title, submit, label, hint, example string }{
	ActionTemplateDecline: {"Decline template", "Decline", "What should be different?", "Whoever proposed it sees this.",
		"Say at which error rate one goes back"},
	ActionTemplateSuspend: {"Suspend template", "Suspend", "Why should nobody use it for now?", "It stands beside the template, and approved changes raised from it can't start until it is reinstated.",
		"The workers lose jobs when they restart; OPS-77"},
	ActionTemplateReinstate: {"Reinstate template", "Reinstate", "What was found out, and why is it safe again?", "It is recorded. If the steps must change, propose an edit instead.",
		"The worker image was broken, not the steps; 4.2 is fixed"},
	ActionTemplateRetire: {"Retire template", "Retire", "Why is it retired, and what is used instead?", "A retired template does not come back.",
		"The workers restart by themselves since 5.0"},
}

// TemplateReasonTitle is what the modal of a reason is called while it loads.
func TemplateReasonTitle(kind string) string { return templateReasons[kind].title }

// TemplateReasonForm asks for the reason that a step of a template must have.
func TemplateReasonForm(kind string, t models.Template, runs models.Runs, seen int, f models.Facts, responseURL string) slack.ModalViewRequest {
	words := templateReasons[kind]
	blocks := []slack.Block{section(templateLine(t, runs, f)),
		input{field: models.FieldReason, label: words.label, hint: words.hint, element: typed(models.FieldReason, "", words.example, models.MaxReason, true)}.block()}
	return form(FormTemplateReason, words.title, words.submit, metadata(TemplateMeta{Name: t.Name, Seen: seen, Kind: kind, ResponseURL: carried(responseURL)}), blocks)
}

// ReadTemplateReasonForm reads a sent form; an empty name means that it is not
// one of ours.
func ReadTemplateReasonForm(v slack.View) (meta TemplateMeta, reason string) {
	readMetadata(v, &meta)
	return meta, strings.TrimSpace(answersOf(v).text(models.FieldReason))
}

// TemplateOutcome answers, privately, a click or form that did something to
// the template.
func TemplateOutcome(t models.Template, f models.Facts) Message {
	s := templateStatuses[t.State]
	line := "The template " + bold(esc(string(t.Name), models.MaxTemplateName)) + " is " + markup(strings.ToLower(s.word)) + templateVersionWords(t) + "."
	switch p := t.Proposal; {
	case p != nil && t.Version == 0:
		line = "The template " + bold(esc(string(t.Name), models.MaxTemplateName)) + " is proposed. A change manager approves it; you hear of it."
	case p != nil && p.By == f.Actor.ID:
		line = "Version " + number(p.Version) + " of the template " + bold(esc(string(t.Name), models.MaxTemplateName)) + " is proposed. What is in force stays so until a change manager approves it."
	}
	return message(line, append([]slack.Block{section(line)}, actions(templateButtons(t, models.Facts{Directory: f.Directory, Now: f.Now}, true)...)...)...)
}

// TemplateNote tells change managers or the proposer by DM what happened to a
// template, with what they can do about it. f.Actor is who gets it.
func TemplateNote(t models.Template, e models.Event, f models.Facts) Message {
	what := "The template " + bold(esc(string(t.Name), models.MaxTemplateName))
	var line markup
	switch e.Kind {
	case models.EventTemplateProposed:
		line = "📋 " + name(e.Actor, f) + " proposes " + strings2(t.Version == 0, "the template ", "a new version of the template ") + bold(esc(string(t.Name), models.MaxTemplateName)) +
			" (" + esc(e.Reason, 40) + "). Once a change manager approves it, changes raised from it need no approval."
		if len(e.Diff) > 0 {
			line += "\nChanged: " + changedFields(e) + "."
		}
	case models.EventTemplateSuspended:
		line = "⛔ " + what + " is suspended" + reason(e.Reason, 300) + ". Nothing can be raised from it, and approved changes raised from it can't start, until a change manager reinstates it."
	case models.EventTemplateApproved:
		line = "✅ " + what + ", " + esc(e.Reason, 40) + ", is approved by " + name(e.Actor, f) + ". It can be used now."
	case models.EventTemplateDeclined:
		line = "✏️ " + what + ": your proposal was declined by " + name(e.Actor, f) + reason(e.Reason, 300)
	default:
		line = what + ": " + esc(strings.ReplaceAll(string(e.Kind), "_", " "), 60) + reason(e.Reason, 300)
	}
	return message(line, append([]slack.Block{section(line)}, actions(templateButtons(t, f, true)...)...)...)
}

func strings2(first bool, a, b markup) markup {
	if first {
		return a
	}
	return b
}

// TemplatesByName puts those that need somebody first, retired ones last.
func TemplatesByName(all map[models.Slug]models.Template) []models.Template {
	order := map[models.TemplateState]int{models.TemplateSuspended: 1, models.TemplateActive: 2, models.TemplateRetired: 3}
	var out []models.Template
	for _, t := range all {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b models.Template) int {
		if d := order[a.State] - order[b.State]; d != 0 {
			return d
		}
		return strings.Compare(string(a.Name), string(b.Name))
	})
	return out
}
