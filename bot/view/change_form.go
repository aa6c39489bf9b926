package view

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Modes of the change form.
const (
	ModeNew     = "new"
	ModeEdit    = "edit"
	ModeAgain   = "again"
	ModeMessage = "message"
)

// FormMeta travels with a form and comes back with it. It holds ids only;
// rights and state are read again when the form is sent.
type FormMeta struct {
	Mode        string          `json:"mode,omitempty"`
	Change      models.ChangeID `json:"change,omitempty"`
	Seen        models.Revision `json:"seen,omitempty"` // "" while the change is a draft
	ResponseURL string          `json:"response_url,omitempty"`
	Channel     string          `json:"channel,omitempty"`
	Resets      int             `json:"resets,omitempty"` // approvals that saving would void, as the form was opened
	Kept        Kept            `json:"kept,omitzero"`    // answers that a form from a template does not ask for
	Slot        int64           `json:"slot,omitempty"`   // the start that was filled in last: Slack keeps what was typed in an input of the same id
	Filled      Filled          `json:"filled,omitzero"`  // the window, if its end was filled in, too
}

// Filled is a window that stands in the form without anybody having typed its
// end: that moves along with the start.
type Filled struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

// FilledIn notes that the window of the input is filled in as it is.
func (m *FormMeta) FilledIn(in models.Input) {
	m.Filled = Filled{}
	if in.Start.Before(in.End) {
		m.Filled = Filled{in.Start.Unix(), in.End.Unix()}
	}
}

// KeepLength moves an end that nobody typed along with the start that was
// chosen: whoever moves the work does not make it longer.
func (m *FormMeta) KeepLength(in *models.Input) {
	if m.Filled.End == 0 || in.Start.IsZero() || in.End.Unix() != m.Filled.End || in.Start.Unix() == m.Filled.Start {
		return
	}
	in.End = in.End.Add(in.Start.Sub(time.Unix(m.Filled.Start, 0)))
	m.FilledIn(*in)
}

// suffix makes the input of a time another one whenever it is filled in anew.
func (m FormMeta) suffix(field models.Field) string {
	at := m.Slot
	if field == models.FieldEnd && m.Filled.Start != 0 {
		at = m.Filled.Start
	}
	if at == 0 {
		return ""
	}
	return "." + strconv.FormatInt(at, 10)
}

// Kept are answers that were given before a template was chosen, which asks for
// none of them: they are there again when another type is chosen.
type Kept struct {
	Risk        models.RiskAnswers `json:"risk,omitzero"`
	Environment models.Environment `json:"environment,omitempty"`
}

// draft: what the form edits was never submitted.
func (m FormMeta) draft() bool { return m.Mode != ModeEdit || m.Seen == "" }

// DefaultLength is how long a window is unless its end is set.
const DefaultLength = time.Hour

// ChangeForm asks for a change: six things, and defaults for the rest. in
// fills it; resets is how many approvals a material edit would void.
func ChangeForm(meta FormMeta, in models.Input, f models.Facts, resets int) slack.ModalViewRequest {
	return changeForm(meta, in, nil, f, resets, nil)
}

// ChangeFormAhead is the form as it was filled in so far, with what it would
// come to under the start of the window.
func ChangeFormAhead(meta FormMeta, in models.Input, ahead models.Outlook, f models.Facts) slack.ModalViewRequest {
	return changeForm(meta, in, &ahead, f, meta.Resets, nextFree(in, ahead))
}

func changeForm(meta FormMeta, in models.Input, ahead *models.Outlook, f models.Facts, resets int, slots []slack.Block) slack.ModalViewRequest {
	meta.ResponseURL, meta.Resets = carried(meta.ResponseURL), resets
	if in.Type == models.Standard && meta.Kept == (Kept{}) {
		meta.Kept = Kept{in.Risk, in.Environment}
	} else if in.Type != models.Standard {
		meta.Kept = Kept{}
	}
	title, submit := "Raise a change", "Submit for approval"
	if in.Type == models.Standard || ahead != nil && ahead.Trouble == "" && len(ahead.Requirements) == 0 {
		submit = "Submit" // nobody has to approve it
	}
	if meta.Mode == ModeEdit {
		title = "Edit " + meta.Change.String()
		if !meta.draft() {
			submit = "Save"
		}
	}
	blocks := formNotes(meta, resets)
	for _, ask := range changeInputs(in, ahead, f) {
		if e, isTime := ask.element.(*slack.DateTimePickerBlockElement); isTime {
			e.ActionID += meta.suffix(ask.field)
		}
		blocks = append(blocks, ask.block())
		switch {
		case ask.field == models.FieldStart:
			if ahead != nil {
				blocks = append(blocks, outlook(in, *ahead)...)
			}
			// Free times stand where the time is chosen: what is drawn elsewhere in a long form is not seen.
			blocks = append(append(blocks, slots...), actions(button(ActionSlot, "Suggest a slot", ""))...)
		case in.Type == models.Standard && (ask.field == models.FieldTemplate || ask.field == models.FieldType):
			blocks = append(blocks, templateNote(ask.field, in, f)...)
		}
	}
	if meta.draft() {
		blocks = append(blocks, actions(button(ActionDraft, "Save as draft", meta.value()))...)
	}
	return form(FormChange, title, submit, metadata(meta), blocks)
}

// value of the draft button: what is raised again becomes a record of its own.
func (m FormMeta) value() string {
	if m.Mode != ModeEdit {
		return ""
	}
	return value(m.Change, m.Seen)
}

func formNotes(meta FormMeta, resets int) []slack.Block {
	switch {
	case resets > 0:
		return []slack.Block{section("⚠️ Saving a change to services, environment, start, end, plan, check, rollback or the answers about risk *resets " +
			count(resets, "approval", "approvals") + "*. Title, background and implementer can be corrected freely.")}
	case meta.Mode == ModeAgain:
		from := markup("an earlier change")
		if meta.Change != 0 {
			from = markup(meta.Change.String())
		}
		return []slack.Block{small("Filled from " + from + ". This becomes a change of its own, with a new number; choose a new time.")}
	}
	return nil
}

// changeInputs are what a form asks for, the answers so far considered: by its
// type, and by what it would come to.
func changeInputs(in models.Input, ahead *models.Outlook, f models.Facts) []input {
	if in.Implementer == "" {
		in.Implementer = f.Actor.ID
	}
	inputs := []input{{field: models.FieldType, label: "Type", hint: "Normal unless a template covers it, or something is broken now.", live: true,
		element: typeChosen(in.Type)}}
	if in.Type == models.Emergency || in.IncidentRef != "" {
		inputs = append(inputs, input{field: models.FieldIncidentRef, label: "Incident", hint: "Which incident it repairs: a number or a link.",
			element: typed(models.FieldIncidentRef, in.IncidentRef, "INC-482", models.MaxTitle, false)})
	}
	why := input{field: models.FieldWhyNow, label: "Why can't it wait?", hint: "Approvers and the review will read it.", optional: true,
		element: typed(models.FieldWhyNow, in.WhyNow, "Customers can't pay until this is out", models.MaxReason, true)}
	switch asked := ahead != nil && ahead.WhyNow != ""; {
	case in.Type == models.Standard:
		return append(inputs, templateInputs(in, f)...)
	case in.Type == models.Emergency:
		if in.Start.IsZero() {
			in.Start = f.Now
		}
		return append(append(inputs, why), restInputs(in, nil, f)...)
	case asked:
		why.optional = !ahead.Expedited // inside a freeze it asks for an exception, outside one for agreement to the hurry
		return append(inputs, restInputs(in, &why, f)...)
	case in.WhyNow != "":
		return append(append(inputs, why), restInputs(in, nil, f)...)
	}
	why.hint = "Only for work with less notice than its risk asks for, or inside a freeze: it asks for an exception."
	return append(append(inputs, restInputs(in, nil, f)...), why)
}

// restInputs are what every change has; why, when it is given, stands where the
// time is chosen.
func restInputs(in models.Input, why *input, f models.Facts) []input {
	inputs := []input{
		{field: models.FieldTitle, label: "Title", hint: "What will be different, in one line that a colleague understands without asking.",
			element: typed(models.FieldTitle, in.Title, "Rotate the signing key of the payments API", models.MaxTitle, false)},
		{field: models.FieldServices, label: "Services", hint: "What it touches. Type a part of a name; owners and teams of these services are asked to approve.", live: true,
			element: chosenServices(in.Services, f)},
		{field: models.FieldStart, label: "Start", hint: "When the work begins, in your time zone" + zoneOf(f.Actor) + ". Others see it in theirs.", live: true,
			element: liveID(picked(models.FieldStart, in.Start))},
	}
	if why != nil {
		inputs = append(inputs, *why)
	}
	return append(inputs, []input{
		{field: models.FieldPlan, label: "Plan", hint: "What you will do, step by step, so that somebody else could do it or stop you.",
			element: typed(models.FieldPlan, in.Plan, "1. Create the new key  2. Deploy with both keys  3. Remove the old key after 10 minutes", models.MaxPlan, true)},
		{field: models.FieldCheck, label: "How will you see that it worked?", hint: "What you look at, and which value is good.",
			element: typed(models.FieldCheck, in.Check, "Error rate of /pay stays under 0.1 % for 15 minutes", models.MaxPlan, true)},
		{field: models.FieldRollback, label: "Rollback", hint: "What triggers it, the steps back, and the time limit for deciding and doing it.",
			element: typed(models.FieldRollback, in.Rollback, "If errors exceed 1 % for 5 minutes: deploy the previous version; takes 4 minutes", models.MaxPlan, true)},
		{field: models.FieldEnvironment, label: "Environment", hint: "Where it takes effect.", live: true,
			element: liveID(chosen(models.FieldEnvironment, "Choose", environmentOptions(), string(in.Environment), string(models.Production)))},
		{field: models.FieldEnd, label: "End", hint: "One hour after the start unless you set it.", optional: true, live: true,
			element: liveID(picked(models.FieldEnd, in.End))},
		{field: models.FieldImplementer, label: "Implementer", hint: "Who carries it out. Neither you nor this person can approve it.", live: true,
			element: liveID(person(models.FieldImplementer, in.Implementer))},
		{field: models.FieldUsers, label: "Who notices if it goes wrong?", hint: "No answer counts as the worst one.", optional: true, live: true,
			element: liveID(chosen(models.FieldUsers, "Not answered", answerOptions(models.Reaches), answerValue(in.Risk.Users), ""))},
		yesOrNo(models.FieldRehearsed, "Was it rehearsed?", "In staging, with the same artifact. No answer counts as no.", in.Risk.Rehearsed),
		yesOrNo(models.FieldRollbackTested, "Was the rollback tested?", "No answer counts as no.", in.Risk.RollbackTested),
		yesOrNo(models.FieldReversible, "Can data be brought back?", "After the rollback nothing is lost. No answer counts as no.", in.Risk.Reversible),
		{field: models.FieldDoneBefore, label: "How often was this done before?", hint: "Gatehouse counts what it has seen itself; correct it here.", optional: true, live: true,
			element: liveID(chosen(models.FieldDoneBefore, "As counted", answerOptions(models.TimesDone), answerValue(in.Risk.DoneBefore), ""))},
		yesOrNo(models.FieldPeak, "In peak hours?", "Gatehouse goes by the working hours of the services' owners; correct it here.", in.Risk.Peak),
		yesOrNo(models.FieldParties, "Are other teams or vendors involved?", "Gatehouse goes by the teams of the services; correct it here.", in.Risk.Parties),
		{field: models.FieldRelease, label: "Release", hint: "The project that it belongs to: production work of a release waits for its handover.", optional: true, live: true,
			element: chosenRelease(in.Release, f)},
		{field: models.FieldBackground, label: "Background", hint: "Why it is done: tickets, links, who else should know.", optional: true,
			element: typed(models.FieldBackground, in.Background, "The old key expires on Friday: OPS-1234", models.MaxPlan, true)},
	}...)
}

var typeNames = map[models.ChangeType]string{
	models.Normal: "Normal", models.Standard: "Standard, from a template", models.Emergency: "Emergency: something is broken, or about to be",
}

func typeChosen(t models.ChangeType) slack.BlockElement {
	var list []*slack.OptionBlockObject
	for _, x := range models.ChangeTypes {
		list = append(list, option(string(x), typeNames[x]))
	}
	e := chosen(models.FieldType, "Normal", list, string(t), string(models.Normal)).(*slack.SelectBlockElement)
	e.ActionID = ActionType
	return e
}

// zoneOf names the zone in which Slack shows times to the person.
func zoneOf(p models.Person) string {
	if p.Zone == "" {
		return ""
	}
	return " (" + clip(oneLine(p.Zone), 40) + ")"
}

func chosenServices(slugs []models.Slug, f models.Facts) slack.BlockElement {
	e := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeExternal, plain("Find services by name", limitPlaceholder), ActionServices).WithMinQueryLength(0)
	for _, slug := range slugs {
		s, known := f.Services[slug]
		if !known {
			s = models.Service{Slug: slug, Name: string(slug), Tier: unknownTier}
		}
		e.InitialOptions = append(e.InitialOptions, serviceOption(s))
	}
	return e
}

const unknownTier = -1

func serviceOption(s models.Service) *slack.OptionBlockObject {
	words := oneLine(s.Name)
	if s.Tier != unknownTier {
		tier := fmt.Sprintf(" · tier %d", s.Tier)
		words = clip16(words, limitOption-len16(tier)) + tier
	}
	return option(string(s.Slug), words)
}

func environmentOptions() []*slack.OptionBlockObject {
	var out []*slack.OptionBlockObject
	for _, e := range models.Environments {
		out = append(out, option(string(e), string(e)))
	}
	return out
}

// answer is what a question about risk can be answered with.
type answer interface {
	~int
	String() string
}

func answerOptions[A answer](list []A) []*slack.OptionBlockObject {
	var out []*slack.OptionBlockObject
	for _, a := range list {
		out = append(out, option(answerValue(a), a.String()))
	}
	return out
}

func answerValue[A answer](a A) string { return strconv.Itoa(int(a)) }

func yesOrNo(field models.Field, label, hint string, a models.Answer) input {
	return input{field: field, label: label, hint: hint, optional: true, live: true,
		element: liveID(chosen(field, "Not answered", answerOptions([]models.Answer{models.Yes, models.No}), answerValue(a), ""))}
}

// readAnswer is the chosen one of the list, or none.
func readAnswer[A answer](a answers, field models.Field, list []A) A {
	n, err := strconv.Atoi(a.option(field))
	if err != nil || !slices.Contains(list, A(n)) {
		return 0
	}
	return A(n)
}

// readRisk reads the answers about risk.
func readRisk(a answers) models.RiskAnswers {
	yes := []models.Answer{models.Yes, models.No}
	return models.RiskAnswers{
		Users: readAnswer(a, models.FieldUsers, models.Reaches), Rehearsed: readAnswer(a, models.FieldRehearsed, yes),
		RollbackTested: readAnswer(a, models.FieldRollbackTested, yes), Reversible: readAnswer(a, models.FieldReversible, yes),
		DoneBefore: readAnswer(a, models.FieldDoneBefore, models.TimesDone), Peak: readAnswer(a, models.FieldPeak, yes),
		Parties: readAnswer(a, models.FieldParties, yes),
	}
}

// ReadChangeForm reads what was filled in, when the form is sent and when
// "Save as draft" is pressed. An empty end becomes one hour after the start;
// what is missing otherwise stays empty, for the rules to name.
func ReadChangeForm(v slack.View) (FormMeta, models.Input) {
	var meta FormMeta
	readMetadata(v, &meta)
	a := answersOf(v)
	in := models.Input{
		Type: models.ChangeType(a.option(models.FieldType)), Template: models.Slug(a.option(models.FieldTemplate)), IncidentRef: a.text(models.FieldIncidentRef), WhyNow: a.text(models.FieldWhyNow),
		Title: a.text(models.FieldTitle), Services: a.slugs(), Environment: models.Environment(a.option(models.FieldEnvironment)),
		Start: a.time(models.FieldStart), End: a.time(models.FieldEnd),
		Plan: a.text(models.FieldPlan), Check: a.text(models.FieldCheck), Rollback: a.text(models.FieldRollback),
		Background: a.text(models.FieldBackground), Implementer: models.UserID(a[models.FieldImplementer].SelectedUser),
	}
	in.Risk, in.Release = readRisk(a), readRelease(a.option(models.FieldRelease))
	if _, asked := a[models.FieldUsers]; !asked && in.Type != models.Standard {
		in.Risk, in.Environment = meta.Kept.Risk, meta.Kept.Environment
	}
	if in.Type != models.Standard {
		in.Template = ""
	}
	if in.End.IsZero() && !in.Start.IsZero() && in.Type != models.Standard { // a template says how long it takes
		in.End = in.Start.Add(DefaultLength)
	}
	return meta, in
}

// Options answers Slack's request for the options of a select. Unlike
// slack.OptionsResponse it says so when there are none.
type Options struct {
	Options []*slack.OptionBlockObject `json:"options"`
}
