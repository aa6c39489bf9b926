package view

import (
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// FormMe is what a person sets for themself.
const FormMe = "me.form"

// MeForm shows f.Actor's hours, zone, absence and delegate, to be changed.
func MeForm(f models.Facts, responseURL string) slack.ModalViewRequest {
	in := models.OwnOf(f.Actor)
	blocks := []slack.Block{
		section("Gatehouse asks and reminds you in your hours. While you are away nobody waits for you: your delegate is asked and decides on your behalf, and it ends by itself."),
		input{field: models.FieldHoursFrom, label: "Work begins", optional: true, hint: "Leave both empty for the hours of the workspace.", element: hour(models.FieldHoursFrom, in.From, in.Until > in.From)}.block(),
		input{field: models.FieldHoursUntil, label: "Work ends", optional: true, element: hour(models.FieldHoursUntil, in.Until, in.Until > in.From)}.block(),
		input{field: models.FieldZone, label: "Time zone", optional: true, hint: "Leave it empty for the one in your Slack profile.",
			element: typed(models.FieldZone, in.Zone, "Europe/Berlin", 64, false)}.block(),
		input{field: models.FieldAwayFrom, label: "Away from", optional: true, element: day(models.FieldAwayFrom, in.AwayFrom)}.block(),
		input{field: models.FieldAwayUntil, label: "Away until", optional: true, hint: "The last day of your absence.", element: day(models.FieldAwayUntil, in.AwayEnd)}.block(),
		input{field: models.FieldDelegate, label: "Delegate", optional: true, hint: "Decides in your place on those days, never on a change of their own.",
			element: person(models.FieldDelegate, in.Delegate)}.block(),
		input{field: models.FieldMuted, label: "Reminders that you don't want", optional: true,
			hint: "What others hear when nothing is done comes all the same, also to you when you stand in for them.", element: mutes(in.Muted)}.block(),
	}
	return form(FormMe, "You in Gatehouse", "Save", metadata(reasonMeta{ResponseURL: carried(responseURL)}), blocks)
}

func hour(field models.Field, d time.Duration, set bool) slack.BlockElement {
	e := slack.NewTimePickerBlockElement(string(field))
	if set {
		e.InitialTime = time.Time{}.Add(min(d, 24*time.Hour-time.Minute)).Format("15:04")
	}
	return e
}

func day(field models.Field, date string) slack.BlockElement {
	e := slack.NewDatePickerBlockElement(string(field))
	e.InitialDate = date
	return e
}

// mutes are the kinds of reminder, those ticked that the person does not want.
func mutes(muted []models.ReminderKind) slack.BlockElement {
	var all, ticked []*slack.OptionBlockObject
	for _, k := range models.ReminderKinds {
		o := option(string(k), k.String())
		if all = append(all, o); slices.Contains(muted, k) {
			ticked = append(ticked, o)
		}
	}
	e := slack.NewCheckboxGroupsBlockElement(string(models.FieldMuted), all...)
	e.InitialOptions = ticked
	return e
}

// ReadMeForm reads a sent form.
func ReadMeForm(v slack.View) (in models.OwnInput, responseURL string) {
	var meta reasonMeta
	readMetadata(v, &meta)
	a := answersOf(v)
	var muted []models.ReminderKind
	for _, o := range a[models.FieldMuted].SelectedOptions {
		muted = append(muted, models.ReminderKind(o.Value))
	}
	return models.OwnInput{
		Muted: muted,
		From:  clockOf(a[models.FieldHoursFrom].SelectedTime), Until: clockOf(a[models.FieldHoursUntil].SelectedTime),
		Zone:     strings.TrimSpace(a.text(models.FieldZone)),
		AwayFrom: a[models.FieldAwayFrom].SelectedDate, AwayEnd: a[models.FieldAwayUntil].SelectedDate,
		Delegate: models.UserID(a[models.FieldDelegate].SelectedUser),
	}, meta.ResponseURL
}

func clockOf(s string) time.Duration {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}

// Me says, privately, what is set now. f.Actor is the person.
func Me(f models.Facts) Message {
	p := f.Actor
	line := "*You in Gatehouse:* " + esc(hoursOf(p, f), 60) + ", " + esc(p.Location().String(), 60)
	if away := p.Own.Away; away.Until.After(f.Now) {
		line += "\nAway from " + when(away.From) + " to " + when(away.Until)
		if away.Delegate != "" {
			line += "; " + bold(name(away.Delegate, f)) + " decides in your place"
		}
		line += "."
	}
	var muted []string
	for _, k := range p.Own.Muted {
		muted = append(muted, k.String())
	}
	if len(muted) > 0 {
		line += "\nYou are not reminded of: " + esc(strings.Join(muted, "; "), 300) + "."
	}
	return message(line, append([]slack.Block{section(line)}, actions(button(ActionMe, "Change…", ""))...)...)
}

func hoursOf(p models.Person, f models.Facts) string {
	from, until := f.Settings.Hours.From, f.Settings.Hours.To
	if p.Own.Until > p.Own.From {
		from, until = p.Own.From, p.Own.Until
	}
	return time.Time{}.Add(from).Format("15:04") + " to " + time.Time{}.Add(until).Format("15:04")
}
