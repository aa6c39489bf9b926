package view

import (
	"regexp"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

const (
	// ActionMaintenance opens the maintenance windows of a service, which is its value.
	ActionMaintenance = "maintenance.edit"
	// FormMaintenance is the form that sets them.
	FormMaintenance = "maintenance.form"
)

type maintenanceMeta struct {
	Service     models.Slug `json:"service,omitempty"`
	ResponseURL string      `json:"response_url,omitempty"`
}

const onceLayout = "2006-01-02 15:04"

// MaintenanceForm asks for the maintenance windows of a service, one a line, so
// that adding, changing and removing one is the same.
func MaintenanceForm(slug models.Slug, f models.Facts, responseURL string) slack.ModalViewRequest {
	var lines []string
	for _, x := range f.Windows {
		if x.Service == slug {
			lines = append(lines, whenLine(x.When))
		}
	}
	return form(FormMaintenance, "Maintenance windows", "Save", metadata(maintenanceMeta{slug, carried(responseURL)}), []slack.Block{
		section("Production work on " + bold(esc(f.Services[slug].Name, 60)) + " starts only inside these, emergencies excepted. Without any it may start at any time."),
		input{field: models.FieldCron, label: "Windows, one a line", optional: true,
			hint:    "A cron line, or a date and time, then how long and where: 0 22 * * 1-4 for 4h in Europe/Berlin; 2026-12-01 22:00 for 2h in Europe/Berlin",
			element: typed(models.FieldCron, strings.Join(lines, "\n"), "0 22 * * 1-4 for 4h in Europe/Berlin", models.MaxPlan, true)}.block()})
}

func whenLine(w models.When) string {
	if w.Cron == "" {
		return w.Window.Start.UTC().Format(onceLayout) + " for " + typedLength(w.Window.Length()) + " in UTC"
	}
	return w.Cron + " for " + typedLength(w.Length) + " in " + w.Zone
}

// typedLength is a length as people type it: "4h" or "1h30m", never "4h0m0s".
func typedLength(d time.Duration) string {
	return wholeHours.ReplaceAllString(wholeMinutes.ReplaceAllString(d.String(), "m"), "h")
}

var wholeMinutes, wholeHours = regexp.MustCompile("m0s$"), regexp.MustCompile("h0m$")

// ReadMaintenanceForm reads a sent form; bad is the first line that says no
// window, in words, "" when all do.
func ReadMaintenanceForm(v slack.View) (slug models.Slug, when []models.When, bad, responseURL string) {
	var meta maintenanceMeta
	readMetadata(v, &meta)
	for line := range strings.Lines(answersOf(v).text(models.FieldCron)) {
		if line = strings.Join(strings.Fields(line), " "); line == "" {
			continue
		}
		w, ok := readWhen(line)
		if !ok && bad == "" {
			bad = "“" + clip(line, 60) + "” is no window. Write it as in 0 22 * * 1-4 for 4h in Europe/Berlin, from one minute to 24 hours long."
		}
		when = append(when, w)
	}
	return meta.Service, when, bad, meta.ResponseURL
}

func readWhen(line string) (models.When, bool) {
	first, rest, a := strings.Cut(line, " for ")
	span, zone, b := strings.Cut(rest, " in ")
	length, err := time.ParseDuration(strings.ReplaceAll(span, " ", ""))
	if !a || !b || err != nil || length < time.Minute || length > 24*time.Hour {
		return models.When{}, false
	}
	if loc, err := time.LoadLocation(zone); err == nil {
		if start, err := time.ParseInLocation(onceLayout, first, loc); err == nil {
			return models.When{Window: models.NewWindow(start, start.Add(length))}, true
		}
	}
	return models.When{Cron: first, Length: length, Zone: zone}, true
}

// MaintenanceOutcome says, privately, what is set now.
func MaintenanceOutcome(slug models.Slug, n int, f models.Facts) Message {
	line := "Saved: " + bold(esc(f.Services[slug].Name, 60)) + " has " + count(n, "maintenance window", "maintenance windows") + "."
	if n == 0 {
		line += " Production work on it may start at any time."
	}
	return message(line, section(line))
}
