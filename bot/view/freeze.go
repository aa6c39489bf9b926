package view

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Buttons of freezes. Their value is the freeze and the version that was shown
// ([FreezeValue]); ActionFreezeNew has none.
const (
	ActionFreezeNew  = "freeze.new"
	ActionFreezeEdit = "freeze.edit"
	ActionFreezeLift = "freeze.lift"
)

// FormFreeze declares a freeze or edits one: it previews first.
const FormFreeze = "freeze.form"

// FreezeActions lists every button id of freezes.
func FreezeActions() []string { return []string{ActionFreezeNew, ActionFreezeEdit, ActionFreezeLift} }

// FreezeValue is what a freeze's button carries: "2:1".
func FreezeValue(z models.Freeze) string { return fmt.Sprintf("%d:%d", int64(z.ID), z.Version) }

// ParseFreezeValue reads it.
func ParseFreezeValue(s string) (id models.FreezeID, seen int, ok bool) {
	a, b, found := strings.Cut(s, ":")
	n, err := strconv.ParseInt(a, 10, 64)
	seen, bad := strconv.Atoi(b)
	return models.FreezeID(n), seen, found && err == nil && bad == nil && n > 0
}

var freezeKinds = []struct {
	kind  models.FreezeKind
	sign  markup
	words string
}{
	{models.SoftFreeze, "🟡", "Soft: the owner has to agree too"},
	{models.HardFreeze, "🧊", "Hard: no start without an exception"},
	{models.Lockdown, "🔒", "Lockdown: hard, from now on"},
}

func freezeSign(kind models.FreezeKind) markup {
	for _, k := range freezeKinds {
		if k.kind == kind {
			return k.sign
		}
	}
	return ""
}

func freezeName(z models.Freeze, room int) markup {
	return bold(markup(z.ID.String())) + " " + esc(z.Name, room) + " (" + esc(string(z.Kind), 10) + ")"
}

// FreezeList answers "/change freeze": what is in force and ahead, with the
// buttons that f.Actor may use. next has the next time of each.
func FreezeList(list []models.Freeze, next map[models.FreezeID]models.Window, f models.Facts) Message {
	const heading = "Freezes in force and ahead"
	blocks := []slack.Block{section(bold(heading))}
	words := markup(heading)
	may := models.MayFreeze(f) == nil
	if len(list) == 0 {
		blocks = append(blocks, section("There is none: nothing is frozen."))
		words += ": none"
	}
	for _, z := range list[:min(listMost, len(list))] {
		line := freezeLine(z, next[z.ID], f)
		words += "\n" + line
		blocks = append(blocks, section(line))
		if may {
			lift := button(ActionFreezeLift, "Lift", FreezeValue(z)).WithStyle(slack.StyleDanger)
			lift.Confirm = confirm("Lift "+z.ID.String()+"?", "It ends for good, and what it held is as it was before.", "Lift it", "Keep it", slack.StyleDanger)
			blocks = append(blocks, actions(button(ActionFreezeEdit, "Edit…", FreezeValue(z)), lift)...)
		}
	}
	blocks = append(blocks, moreLine(len(list)-listMost)...)
	if may {
		blocks = append(blocks, actions(button(ActionFreezeNew, "Declare a freeze…", ""))...)
	}
	return message(words, blocks...)
}

// freezeLine is a freeze in three lines: what, when, and about what.
func freezeLine(z models.Freeze, next models.Window, f models.Facts) markup {
	time := span(next)
	if next.Start.IsZero() {
		time = "no more times in sight"
	} else if next.Contains(f.Now) {
		time = "*in force*, " + time
	}
	if z.When.Cron != "" {
		time += " · recurs: " + code(z.When.Cron) + " for " + length(z.When.Length) + ", " + esc(z.When.Zone, 40)
	}
	return joined("\n", freezeSign(z.Kind)+" "+freezeName(z, 60), time,
		freezeScope(z, f)+" · owner "+name(z.Owner, f)+reason(z.Reason, 160))
}

// freezeScope says what a freeze is about.
func freezeScope(z models.Freeze, f models.Facts) markup {
	environments, tiers := markup("every environment"), markup("")
	for i, e := range z.Environments {
		environments = joined(", ", strings2(i == 0, "", environments), esc(string(e), 20))
	}
	for _, t := range z.Tiers {
		tiers = joined(", ", tiers, number(int(t)))
	}
	if tiers != "" {
		tiers = "tier " + tiers
	}
	services := markup("every service")
	if len(z.Services) > 0 {
		services = serviceList(z.Services, f, halfLine)
	}
	return joined(" · ", environments, tiers, services)
}

// FreezeMeta travels with a freeze's form.
type FreezeMeta struct {
	ID          models.FreezeID `json:"id,omitempty"` // 0 = a new one
	Seen        int             `json:"seen,omitempty"`
	Previewed   string          `json:"previewed,omitempty"` // what was previewed: [FreezeHeld.Of]
	ResponseURL string          `json:"response_url,omitempty"`
}

// FreezeHeld is what a freeze would hold, shown before it is declared.
type FreezeHeld struct {
	Of      string // tells this filling of the form from another
	List    []*models.Change
	Running []*models.Change // in progress, which it lets finish
}

// FreezeForm asks for a freeze, filled with z; with held it also shows what
// the freeze would hold, and can be declared.
func FreezeForm(meta FreezeMeta, z models.Freeze, held *FreezeHeld, f models.Facts) slack.ModalViewRequest {
	meta.ResponseURL = carried(meta.ResponseURL)
	title, submit := "Declare a freeze", "Preview"
	if meta.ID != 0 {
		title = "Edit " + meta.ID.String()
	} else if z.Kind == models.Lockdown {
		title = "Declare a lockdown"
	}
	var blocks []slack.Block
	if held != nil {
		meta.Previewed, submit = held.Of, "Declare"
		if meta.ID != 0 {
			submit = "Save"
		}
		switch { // seen wherever the form is scrolled to
		case len(held.List) > 0:
			title = "Touches " + string(count(len(held.List), "change", "changes"))
		case len(held.Running) > 0:
			title = "Stops no change"
		default:
			title = "Touches no change"
		}
		blocks = append(blocks, section(heldWords(*held)))
		if len(held.Running) > 0 {
			blocks = append(blocks, section(goesOnWords(held.Running, f)))
		}
	}
	blocks = append(blocks, inputs(freezeInputs(z, f))...)
	if held != nil { // who has just pressed Preview is at the end of the form
		blocks = append(blocks, section(heldSum(*held)+" Press *"+markup(submit)+"* to save it, or change an answer to look again."))
	}
	return form(FormFreeze, title, submit, metadata(meta), blocks)
}

// FreezeOvertaken is the form of a freeze that somebody else edited or lifted
// after it was opened: theirs above, what was typed below. Sent again it is
// previewed as written by somebody who knows theirs; of a lifted one it makes a
// new freeze.
func FreezeOvertaken(meta FreezeMeta, typed, theirs models.Freeze, next models.Window, by models.UserID, f models.Facts) slack.ModalViewRequest {
	meta.Seen, meta.Previewed = theirs.Version, ""
	news := "⚠️ " + bold(name(by, f)+" edited "+markup(theirs.ID.String())+" after you opened it") + ". It says now:\n" + freezeLine(theirs, next, f) +
		"\nWhat you typed stands below and is not saved. Preview it to put it in the place of theirs, or close the form to keep theirs."
	if !theirs.LiftedAt.IsZero() {
		meta.ID, meta.Seen = 0, 0
		news = "⚠️ " + bold(name(by, f)+" lifted "+markup(theirs.ID.String())+" after you opened it") +
			". What you typed stands below and is not saved. Preview it to declare it as a new freeze, or close the form."
	}
	v := FreezeForm(meta, typed, nil, f)
	v.Blocks.BlockSet = append([]slack.Block{section(news)}, v.Blocks.BlockSet...)
	return v
}

// heldSum says how much a freeze would touch.
func heldSum(held FreezeHeld) markup {
	switch {
	case len(held.List) > 0:
		return "*It touches " + count(len(held.List), "change", "changes") + " as planned now.* Nothing is saved yet."
	case len(held.Running) > 0:
		return "*It stops no change as planned now.* Nothing is saved yet."
	}
	return "*As planned now it touches no change.* Nothing is saved yet."
}

// heldWords is the preview: how many changes, and the first of them.
func heldWords(held FreezeHeld) markup {
	out, list := heldSum(held), held.List
	if len(list) > 0 && len(held.Running) == 0 {
		out += " What is in progress may finish or roll back."
	}
	for _, c := range list[:min(listMost, len(list))] {
		out += "\n• " + bold(id(c)) + " " + esc(c.Title, 40) + " · " + span(c.Window)
	}
	return out + moreWords(len(list)-listMost, "change", "changes")
}

// goesOnMost is how much of the work in progress a preview names.
const goesOnMost = 3

// goesOnWords name the work that goes on in the freeze, with whom to ask.
func goesOnWords(list []*models.Change, f models.Facts) markup {
	out := "*In progress, and may finish or roll back:* " + count(len(list), "change", "changes") + "."
	for _, c := range list[:min(goesOnMost, len(list))] {
		until := markup(" · until ")
		if !c.Ends().After(f.Now) {
			until = " · its time was over "
		}
		out += "\n• " + bold(id(c)) + " " + esc(c.Title, 40) + " · " + name(c.Implementer, f) + until + when(c.Ends())
	}
	return out + moreWords(len(list)-goesOnMost, "change", "changes")
}

func freezeInputs(z models.Freeze, f models.Facts) []input {
	var kinds, tiers []*slack.OptionBlockObject
	for _, k := range freezeKinds {
		kinds = append(kinds, option(string(k.kind), k.words))
	}
	for t := range 4 {
		tiers = append(tiers, option(strconv.Itoa(t), "tier "+strconv.Itoa(t)))
	}
	owner, hours := z.Owner, ""
	if owner == "" {
		owner = f.Actor.ID
	}
	if z.When.Length > 0 {
		hours = strconv.FormatFloat(z.When.Length.Hours(), 'f', -1, 64)
	}
	return []input{
		{field: models.FieldKind, label: "How strict?", element: chosen(models.FieldKind, "Choose", kinds, string(z.Kind), string(models.HardFreeze))},
		{field: models.FieldTitle, label: "Name", hint: "People read it wherever the freeze stops them.", element: typed(models.FieldTitle, z.Name, "Quarter end", models.MaxTitle, false)},
		{field: models.FieldOwner, label: "Owner", hint: "Is asked for exceptions, beside a change manager.", element: person(models.FieldOwner, owner)},
		{field: models.FieldStart, label: "Begins", hint: "Leave it empty for a lockdown, which begins now, and for a freeze that recurs.", optional: true, element: picked(models.FieldStart, z.When.Window.Start)},
		{field: models.FieldEnd, label: "Ends", optional: true, element: picked(models.FieldEnd, z.When.Window.End)},
		{field: models.FieldCron, label: "Recurs", hint: "A cron line of five fields instead of begin and end: 0 18 * * 5 is Fridays at 18:00.", optional: true,
			element: typed(models.FieldCron, z.When.Cron, "0 18 * * 5", 100, false)},
		{field: models.FieldLength, label: "Hours it lasts each time", optional: true, element: typed(models.FieldLength, hours, "62", 8, false)},
		{field: models.FieldZone, label: "Time zone of the cron line", optional: true, element: typed(models.FieldZone, zoneFor(z, f), "Europe/Berlin", 64, false)},
		{field: models.FieldEnvironments, label: "Environments", hint: "None chosen means all; so for tiers and services.", optional: true,
			element: severalOf(models.FieldEnvironments, "All", environmentOptions(), z.Environments)},
		{field: models.FieldTiers, label: "Tiers", optional: true, element: severalOf(models.FieldTiers, "All", tiers, z.Tiers)},
		{field: models.FieldServices, label: "Services", optional: true, element: chosenServices(z.Services, f)},
		{field: models.FieldReason, label: "Reason", optional: true, element: typed(models.FieldReason, z.Reason, "The books are closed; nothing may move", models.MaxReason, true)},
	}
}

func zoneFor(z models.Freeze, f models.Facts) string {
	if z.When.Zone != "" {
		return z.When.Zone
	}
	return f.Actor.Zone
}

func severalOf[T ~string | ~int](field models.Field, none string, options []*slack.OptionBlockObject, values []T) slack.BlockElement {
	e := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plain(none, limitPlaceholder), string(field), options...)
	for _, o := range options {
		for _, v := range values {
			if plainValue(v) == o.Value {
				e.InitialOptions = append(e.InitialOptions, o)
			}
		}
	}
	return e
}

// plainValue is what stands for it in a form, which is not what it is called.
func plainValue[T ~string | ~int](v T) string {
	if x := reflect.ValueOf(v); x.Kind() == reflect.String {
		return x.String()
	}
	return strconv.FormatInt(reflect.ValueOf(v).Int(), 10)
}

// ReadFreezeForm reads a sent form. A length that is no number comes back as
// -1, for the rules to refuse.
func ReadFreezeForm(v slack.View) (FreezeMeta, models.Freeze) {
	var meta FreezeMeta
	readMetadata(v, &meta)
	a := answersOf(v)
	z := models.Freeze{Kind: models.FreezeKind(a.option(models.FieldKind)), Name: a.text(models.FieldTitle), Reason: a.text(models.FieldReason),
		Owner: models.UserID(a[models.FieldOwner].SelectedUser), Services: a.slugs()}
	z.When.Window = models.Window{Start: a.time(models.FieldStart), End: a.time(models.FieldEnd)}
	if z.When.Cron = strings.Join(strings.Fields(a.text(models.FieldCron)), " "); z.When.Cron != "" {
		z.When.Zone, z.When.Length = strings.TrimSpace(a.text(models.FieldZone)), hoursIn(a.text(models.FieldLength))
	}
	for _, o := range a[models.FieldEnvironments].SelectedOptions {
		z.Environments = append(z.Environments, models.Environment(o.Value))
	}
	for _, o := range a[models.FieldTiers].SelectedOptions {
		if n, err := strconv.Atoi(o.Value); err == nil {
			z.Tiers = append(z.Tiers, models.Tier(n))
		}
	}
	return meta, z
}

func hoursIn(s string) time.Duration {
	n, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(s), ",", "."), 64)
	if err != nil || !(n > 0 && n < 1e4) {
		return -1
	}
	return time.Duration(n * float64(time.Hour)).Round(time.Minute)
}

// FreezeOutcome answers, privately, what was done to a freeze.
func FreezeOutcome(z models.Freeze, next models.Window, f models.Facts) Message {
	line := "Saved. Cards of the changes that it touches say so.\n" + freezeLine(z, next, f)
	if !z.LiftedAt.IsZero() {
		line = freezeName(z, 60) + " is lifted. What it held is as it was before."
	}
	return message(line, section(line))
}
