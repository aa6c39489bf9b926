package view

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Callback ids of the forms of releases.
const (
	FormRelease       = "release.form"        // plan a release, or edit one
	FormGoLive        = "release.golive.form" // move its go-live
	FormReleaseReason = "release.reason.form" // cancel it
	FormAdopt         = "release.adopt.form"  // take over lines of a newer template
)

// ReleaseForms lists the callback id of every form of releases and their items.
func ReleaseForms() []string {
	return slices.Concat([]string{FormRelease, FormGoLive, FormReleaseReason, FormAdopt, FormItem, FormNewItem, FormBucket}, HandoverForms(), EarlyLifeForms())
}

// ReleaseMeta travels with the forms of releases.
type ReleaseMeta struct {
	ID          models.ReleaseID `json:"id,omitempty"`   // 0 = a new one
	Seen        models.Revision  `json:"seen,omitempty"` // of an edit
	ResponseURL string           `json:"response_url,omitempty"`
}

// ReleaseForm asks for a release, filled with in. Its go-live is asked for once;
// later it is moved, with a reason.
func ReleaseForm(meta ReleaseMeta, in models.ReleaseInput, f models.Facts) slack.ModalViewRequest {
	meta.ResponseURL, meta.Seen = carried(meta.ResponseURL), in.Seen
	title, submit := "Plan a release", "Plan it"
	if meta.ID != 0 {
		title, submit = "Edit "+meta.ID.String(), "Save"
	}
	var blocks []slack.Block
	blocks = append(blocks, inputs(releaseInputs(meta, in, f))...)
	return form(FormRelease, title, submit, metadata(meta), blocks)
}

func releaseInputs(meta ReleaseMeta, in models.ReleaseInput, f models.Facts) []input {
	lead := in.ProjectLead
	if lead == "" && meta.ID == 0 {
		lead = f.Actor.ID
	}
	asks := []input{
		{field: models.FieldTitle, label: "Name", hint: "What goes live, in one line.", element: typed(models.FieldTitle, in.Name, "Parcel tracking for Poland", models.MaxTitle, false)},
		{field: models.FieldServices, label: "Services", hint: "What operations receive. Type a part of a name.", element: chosenServices(in.Services, f)},
	}
	if meta.ID == 0 {
		asks = append(asks, input{field: models.FieldGoLive, label: "Go-live", hint: "In your time zone" + zoneOf(f.Actor) + ". Items fall due before it; it can be moved later, with a reason.",
			element: picked(models.FieldGoLive, in.GoLive)})
	}
	if names := f.ChecklistNames(); meta.ID == 0 && len(names) > 1 {
		asks = append(asks, input{field: models.FieldTemplate, label: "Checklist", hint: "The release keeps the version that it starts with.", element: checklistChoice(names, in, f)})
	}
	return append(asks,
		input{field: models.FieldChannel, label: "Channel", hint: "Where its card and its handover stand. Invite Gatehouse there.", element: room(models.FieldChannel, in.Channel)},
		input{field: models.FieldProjectLead, label: "Project lead", hint: "Owns every bucket that nobody else is given.", element: person(models.FieldProjectLead, lead)},
		input{field: models.FieldOpsLead, label: "Operations lead", hint: "Accepts the release or declines it. Empty means the operations lead of the most critical service.", optional: true,
			element: person(models.FieldOpsLead, in.OpsLead)},
		input{field: models.FieldDeputy, label: "Deputy", hint: "Accepts in the operations lead's stead.", optional: true, element: person(models.FieldDeputy, in.Deputy)},
		input{field: models.FieldAttributes, label: "The release …", hint: "Decides which items of the checklist apply.", optional: true,
			element: severalOf(models.FieldAttributes, "None of these", attributeOptions(), in.Attributes)},
	)
}

// checklistChoice chooses the template that a release starts with.
func checklistChoice(names []models.Slug, in models.ReleaseInput, f models.Facts) slack.BlockElement {
	var options []*slack.OptionBlockObject
	for _, name := range names[:min(mostOptions, len(names))] {
		t := f.Checklist(name)
		options = append(options, option(string(name), t.Title+", "+strconv.Itoa(len(t.Items))+" items"))
	}
	return chosen(models.FieldTemplate, "Choose a checklist", options, string(in.Template), string(names[0]))
}

func attributeOptions() []*slack.OptionBlockObject {
	var out []*slack.OptionBlockObject
	for _, a := range models.Attributes {
		out = append(out, option(string(a), a.String()))
	}
	return out
}

// room chooses a channel, public or private.
func room(field models.Field, c models.ChannelID) slack.BlockElement {
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeConversations, plain("Choose a channel", limitPlaceholder), string(field))
	e.InitialConversation = string(c)
	e.Filter = &slack.SelectBlockElementFilter{Include: []string{"public", "private"}, ExcludeBotUsers: true}
	return e
}

// ReadReleaseForm reads a sent form.
func ReadReleaseForm(v slack.View) (ReleaseMeta, models.ReleaseInput) {
	var meta ReleaseMeta
	readMetadata(v, &meta)
	a := answersOf(v)
	in := models.ReleaseInput{Name: a.text(models.FieldTitle), Services: a.slugs(), GoLive: a.time(models.FieldGoLive),
		ProjectLead: a.user(models.FieldProjectLead), OpsLead: a.user(models.FieldOpsLead), Deputy: a.user(models.FieldDeputy),
		Channel: models.ChannelID(a[models.FieldChannel].SelectedConversation), Template: models.Slug(a.option(models.FieldTemplate)), Seen: meta.Seen}
	for _, value := range a.options(models.FieldAttributes) {
		in.Attributes = append(in.Attributes, models.Attribute(value))
	}
	return meta, in
}

// GoLiveForm asks for another go-live, the reason, and what caused it.
func GoLiveForm(r *models.Release, f models.ReleaseFacts, responseURL string) slack.ModalViewRequest {
	days, _ := r.Slippage(f.Facts)
	blocks := []slack.Block{section(releaseName(r) + "\nGo-live " + when(r.GoLive) + slipped(days) + ", first planned for " + when(r.Baseline) +
		". Items that are still open get new due dates; the channel is told once.")}
	asks := []input{
		{field: models.FieldGoLive, label: "New go-live", hint: "In your time zone" + zoneOf(f.Actor) + ".", element: picked(models.FieldGoLive, r.GoLive)},
		{field: models.FieldReason, label: "Reason", hint: "It is kept with the move and told in the channel.", element: typed(models.FieldReason, "", "The vendor delivers two weeks late", models.MaxReason, true)},
	}
	if list := unmetOptions(r, f); len(list) > 0 {
		asks = append(asks, input{field: models.FieldItem, label: "Which items cause it?", hint: "None chosen means those that decide the release now.", optional: true,
			element: severalOf(models.FieldItem, "Those that decide it now", list, []string{})})
	}
	blocks = append(blocks, inputs(asks)...)
	return form(FormGoLive, "Move go-live", "Move it", metadata(ReleaseMeta{ID: r.ID, ResponseURL: carried(responseURL)}), blocks)
}

// mostOptions is how many options a select of Slack's has.
const mostOptions = 100

func unmetOptions(r *models.Release, f models.ReleaseFacts) []*slack.OptionBlockObject {
	var out []*slack.OptionBlockObject
	for _, i := range r.Unmet(f.Now) {
		if len(out) < mostOptions {
			out = append(out, option(strconv.Itoa(i.No), i.Label()+" "+oneLine(i.Title)))
		}
	}
	return out
}

// GoLiveAnswer is what a sent GoLiveForm says.
type GoLiveAnswer struct {
	ReleaseMeta
	To     time.Time
	Reason string
	Causes []int
}

// ReadGoLiveForm reads it.
func ReadGoLiveForm(v slack.View) GoLiveAnswer {
	var out GoLiveAnswer
	readMetadata(v, &out.ReleaseMeta)
	a := answersOf(v)
	out.To, out.Reason = a.time(models.FieldGoLive), a.text(models.FieldReason)
	for _, value := range a.options(models.FieldItem) {
		if n, err := strconv.Atoi(value); err == nil {
			out.Causes = append(out.Causes, n)
		}
	}
	return out
}

// ReleaseReasonForm asks why a release is cancelled.
func ReleaseReasonForm(r *models.Release, f models.ReleaseFacts, responseURL string) slack.ModalViewRequest {
	why := input{field: models.FieldReason, label: "Reason", hint: "Everybody who worked on it reads it.", element: typed(models.FieldReason, "", "The market entry is put off until next year", models.MaxReason, true)}
	blocks := []slack.Block{section(releaseName(r) + "\nCancelling ends the release: its handover is called off, and its items are left as they are. It can't be undone.")}
	if line := linkedLine(f.Linked); line != "" {
		blocks = append(blocks, section(line+"\nThese can't start any more until they name another release, or none."))
	}
	return form(FormReleaseReason, "Cancel "+r.ID.String(), "Cancel the release", metadata(ReleaseMeta{ID: r.ID, ResponseURL: carried(responseURL)}), append(blocks, why.block()))
}

// ReadReleaseReasonForm reads it.
func ReadReleaseReasonForm(v slack.View) (meta ReleaseMeta, reason string) {
	readMetadata(v, &meta)
	return meta, answersOf(v).text(models.FieldReason)
}

// AdoptForm offers what a newer version of the template says otherwise, to be
// taken over item by item.
func AdoptForm(r *models.Release, f models.ReleaseFacts, responseURL string) slack.ModalViewRequest {
	offers := r.Offers(f.Template)
	if len(offers) == 0 {
		return FormGone("Newer template", r.ID.String()+" has everything that the newest version of its template says.")
	}
	var lines []markup
	var list []*slack.OptionBlockObject
	for _, o := range offers[:min(mostOptions, len(offers))] {
		list = append(list, option(o.ID, o.ID+" "+string(o.Kind)+": "+oneLine(offerTitle(r, o))))
		lines = append(lines, offerLine(r, o))
	}
	blocks := []slack.Block{section(releaseName(r) + " follows " + code(r.Template.String()) + "; the newest is " + code(f.Template.Ref().String()) + ". Nothing changes that you don't choose.")}
	for chunk := range slices.Chunk(lines, offersInABlock) {
		blocks = append(blocks, section(joined("\n", chunk...)))
	}
	which := input{field: models.FieldItem, label: "Take over", element: severalOf(models.FieldItem, "Choose", list, []string{})}
	return form(FormAdopt, "Newer template", "Take over", metadata(ReleaseMeta{ID: r.ID, ResponseURL: carried(responseURL)}), append(blocks, which.block()))
}

const offersInABlock = 8

func offerTitle(r *models.Release, o models.Offer) string {
	if i, known := r.Item(strconv.Itoa(o.No)); known && o.Item.Title == "" {
		return i.Title
	}
	return o.Item.Title
}

func offerLine(r *models.Release, o models.Offer) markup {
	out := "• " + bold(esc(o.ID, 12)) + " " + markup(o.Kind) + ": " + esc(offerTitle(r, o), 80)
	if o.Kind == models.OfferChanged {
		for _, d := range o.What {
			out += "; " + esc(d.Field, 30) + " " + esc(d.Before, 40) + " → " + esc(d.After, 40)
		}
	}
	return out
}

// ReadAdoptForm reads the ids that were chosen.
func ReadAdoptForm(v slack.View) (meta ReleaseMeta, ids []string) {
	readMetadata(v, &meta)
	return meta, answersOf(v).options(models.FieldItem)
}

func (a answers) user(f models.Field) models.UserID { return models.UserID(a[f].SelectedUser) }

func (a answers) options(f models.Field) []string {
	var out []string
	for _, o := range a[f].SelectedOptions {
		out = append(out, o.Value)
	}
	return out
}

// chosenRelease is a search over the open releases.
func chosenRelease(id models.ReleaseID, f models.Facts) slack.BlockElement {
	none := 0
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain("None", limitPlaceholder), ActionRelease)
	e.MinQueryLength = &none
	if id > 0 {
		l := models.LinkedRelease{ID: id}
		if r := f.Around.Release; r != nil && r.ID == id {
			l = *r
		}
		e.InitialOption = releaseOption(l.ID, l.Name)
	}
	return e
}

func releaseOption(id models.ReleaseID, name string) *slack.OptionBlockObject {
	if !visible(name) {
		return option(id.String(), id.String())
	}
	return option(id.String(), id.String()+" "+oneLine(name))
}

// ReleaseOptions are the releases that match what was typed, by number or name,
// at most 100.
func ReleaseOptions(list []*models.Release, query string) Options {
	out := Options{Options: []*slack.OptionBlockObject{}}
	query = strings.ToLower(strings.TrimSpace(query))
	for _, r := range list {
		if len(out.Options) < mostOptions && strings.Contains(strings.ToLower(r.ID.String()+" "+r.Name), query) {
			out.Options = append(out.Options, releaseOption(r.ID, r.Name))
		}
	}
	return out
}

// readRelease reads a release's number in any spelling; what is none comes back
// as models.NoRelease, for the rules to refuse.
func readRelease(s string) models.ReleaseID {
	if strings.TrimSpace(s) == "" {
		return 0
	}
	id, ok := models.ParseReleaseID(s)
	if !ok {
		return models.NoRelease
	}
	return id
}
