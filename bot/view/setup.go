package view

import (
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// FormSetup is what the whole workspace goes by.
const FormSetup = "setup.form"

type setupMeta struct {
	Seen        string `json:"seen,omitempty"`
	ResponseURL string `json:"response_url,omitempty"`
}

var weekdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

// SetupForm asks for the workspace's settings. first greets whoever has just
// become its first admin.
func SetupForm(first bool, f models.Facts, responseURL string) slack.ModalViewRequest {
	s := f.Settings
	var days, chosenDays []*slack.OptionBlockObject
	for _, d := range weekdays {
		days = append(days, option(strconv.Itoa(int(d)), d.String()))
	}
	for _, o := range days {
		for _, d := range s.Hours.Days {
			if o.Value == strconv.Itoa(int(d)) {
				chosenDays = append(chosenDays, o)
			}
		}
	}
	workdays := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plain("Choose days", limitPlaceholder), string(models.FieldWorkdays), days...)
	workdays.InitialOptions = chosenDays
	greeting := markup("What everybody goes by who set nothing of their own with `/gatehouse me`.")
	if first {
		greeting = "✅ *You are the first admin of Gatehouse here.* `/gatehouse roles` names others and the change managers; `/gatehouse services` holds what changes are recorded against. " + greeting
	}
	return form(FormSetup, "Set up Gatehouse", "Save", metadata(setupMeta{s.Seen(), carried(responseURL)}), []slack.Block{
		section(greeting),
		input{field: models.FieldChannel, label: "Changes channel", hint: "Every change has its card here. Invite Gatehouse to it. GATEHOUSE_CHANGES_CHANNEL, where it is set, wins at the next start.", optional: true,
			element: channelChosen(models.FieldChannel, s.ChangesChannel)}.block(),
		input{field: models.FieldHoursFrom, label: "Work begins", element: hour(models.FieldHoursFrom, s.Hours.From, s.Hours.To > s.Hours.From)}.block(),
		input{field: models.FieldHoursUntil, label: "Work ends", element: hour(models.FieldHoursUntil, s.Hours.To, s.Hours.To > s.Hours.From)}.block(),
		input{field: models.FieldWorkdays, label: "Working days", element: workdays}.block(),
		input{field: models.FieldHolidays, label: "Holidays", hint: "One date a line. Nobody is asked or reminded on these.", optional: true,
			element: typed(models.FieldHolidays, strings.Join(s.Hours.Holidays, "\n"), "2026-12-25", models.MaxPlan, true)}.block(),
		input{field: models.FieldZone, label: "Time zone", hint: "Of those whose zone Slack does not say.", optional: true, element: typed(models.FieldZone, s.Zone, "Europe/Berlin", 64, false)}.block(),
	})
}

// ReadSetupForm reads a sent form.
func ReadSetupForm(v slack.View) (s models.Settings, seen, responseURL string) {
	var meta setupMeta
	readMetadata(v, &meta)
	a := answersOf(v)
	s.ChangesChannel = models.ChannelID(a[models.FieldChannel].SelectedConversation)
	s.Hours.From, s.Hours.To = clockOf(a[models.FieldHoursFrom].SelectedTime), clockOf(a[models.FieldHoursUntil].SelectedTime)
	for _, o := range a[models.FieldWorkdays].SelectedOptions {
		if d, err := strconv.Atoi(o.Value); err == nil {
			s.Hours.Days = append(s.Hours.Days, time.Weekday(d))
		}
	}
	s.Hours.Holidays = strings.FieldsFunc(a.text(models.FieldHolidays), func(r rune) bool { return strings.ContainsRune(" ,;\t\r\n", r) })
	s.Zone = strings.TrimSpace(a.text(models.FieldZone))
	return s, meta.Seen, meta.ResponseURL
}

// SetupOutcome says, privately, what holds now.
func SetupOutcome(f models.Facts) Message {
	s := f.Settings
	line := "Saved. Work is from " + esc(hoursOf(models.Person{}, f), 20) + ", " + count(len(s.Hours.Days), "day", "days") + " a week, with " + count(len(s.Hours.Holidays), "holiday", "holidays") + "."
	if c := channel(s.ChangesChannel); c != "" {
		line += " Cards of changes go to " + c + ", where Gatehouse has to be invited."
	} else {
		line += " No channel is chosen yet in which cards of changes stand."
	}
	return message(line, section(line))
}
