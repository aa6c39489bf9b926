package view

import (
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Buttons of digests. Their value is whom the digest is for: a channel or a person.
const (
	ActionDigestSet     = "digest.set"
	ActionDigestOff     = "digest.off"
	ActionDigestPreview = "digest.preview"
)

// FormDigest says when a digest comes.
const FormDigest = "digest.form"

// DigestActions lists every button id of digests.
func DigestActions() []string {
	return []string{ActionDigestSet, ActionDigestOff, ActionDigestPreview}
}

// digestMost and digestWeek are how many lines a digest has, of a day and of a week.
const (
	digestMost = 10
	digestWeek = 20
)

// digestLine is one line, with the button that acts on it.
type digestLine struct {
	words  markup
	button *slack.ButtonBlockElement // nil for none
}

// Digest is what a channel or a person needs to know today: at most ten lines,
// twenty for a week, and how many more there are.
func Digest(d models.Digest, f models.Facts) Message {
	title := bold("Readiness") + " · " + markup(d.Date.Format("Monday 2 January"))
	most := digestMost
	if d.Full {
		title, most = title+" and the week", digestWeek
	}
	blocks, text := []slack.Block{section(title)}, title
	lines := digestLines(d, f)
	if len(lines) == 0 {
		lines = []digestLine{{words: "Nothing is due: nothing would be posted."}}
	}
	for _, l := range lines[:min(most, len(lines))] {
		text += "\n" + l.words
		if l.button == nil {
			blocks = append(blocks, section(l.words))
		} else {
			blocks = append(blocks, sectionWith(l.words, l.button))
		}
	}
	if n := len(lines) - most; n > 0 {
		text += "\nand " + number(n) + " more"
	}
	return message(text, append(blocks, moreLine(len(lines)-most)...)...)
}

// digestLines: releases, then what is planned, waits, owes, and is ahead.
func digestLines(d models.Digest, f models.Facts) []digestLine {
	var out []digestLine
	for _, r := range d.Releases {
		line := digestLine{words: digestRelease(r, f)}
		if r.Ready.Colour != models.Green {
			line.button = button(ActionReleaseWhy, "Why "+string(r.Ready.Colour)+"?", ReleaseRef{ID: r.Release.ID}.Value())
		}
		out = append(out, line)
	}
	for _, p := range d.Planned {
		out = append(out, digestLine{plannedLine(p, f), open(p.Change)})
	}
	for _, c := range d.Waiting {
		out = append(out, digestLine{"⏳ " + bold(id(c)) + " " + esc(c.Title, 40) + " · " + waitsFor(c) + " · " + when(c.Window.Start), open(c)})
	}
	for _, c := range d.Reviews {
		out = append(out, digestLine{"📝 " + bold(id(c)) + " " + esc(c.Title, 40) + " · review owed by " + name(c.Implementer, f), open(c)})
	}
	for _, x := range d.Freezes {
		out = append(out, digestLine{words: freezeSign(x.Freeze.Kind) + " " + freezeName(x.Freeze, 40) + " · " + span(x.Window)})
	}
	return out
}

func waitsFor(c *models.Change) markup { return "waits for " + esc(c.Standing().MissingWithin(60), 60) }

func plannedLine(p models.DigestChange, f models.Facts) markup {
	c := p.Change
	s := statusOf(c)
	state, waiting, clash, frozen := markup(s.word), markup(""), markup(""), markup("")
	switch {
	case c.State == models.AwaitingApproval:
		state, waiting = "", waitsFor(c)
	case p.Late(f.Now):
		state = "its window ended " + when(c.Ends()) + ", no outcome yet"
	}
	if c.OwesApproval() {
		waiting = waitsFor(c)
	}
	if n := len(p.Conflicts); n > 0 {
		clash = "⚠️ conflicts with " + markup(p.Conflicts[0].String())
		if n > 1 {
			clash += " and " + number(n-1) + " more"
		}
	}
	if n := len(p.Freezes); n > 0 {
		frozen = "🧊 in " + bold(markup(p.Freezes[0].ID.String())) + " " + esc(p.Freezes[0].Name, 30)
	}
	start := when(c.Window.Start) + " "
	if p.Late(f.Now) {
		start = ""
	}
	return joined(" · ", markup(s.sign)+" "+start+bold(id(c))+" "+esc(c.Title, 40),
		state, waiting, clash, frozen, name(c.Implementer, f))
}

func digestRelease(r models.DigestRelease, f models.Facts) markup {
	live, forecast, why := markup("go-live "), markup(""), markup("")
	if r.Release.GoLive.Before(f.Now) {
		live = "was to go live "
	}
	switch x := r.Ready.Forecast; {
	case x.NoPace:
		forecast = "no pace yet"
	case x.Late > 0:
		forecast = "forecast " + count(x.Late, "day", "days") + " late"
	case x.Remaining > 0 && !x.Far:
		forecast = "forecast in time"
	}
	if list := r.Ready.Why; len(list) > 0 {
		why = esc(list[0].ID, 8) + " " + esc(list[0].What, 60)
		if len(list) > 1 {
			why += " and " + number(len(list)-1) + " more"
		}
	}
	return joined(" · ", "🚀 "+bold(markup(r.Release.ID.String()))+" "+esc(r.Release.Name, 40), live+when(r.Release.GoLive),
		readiness(r.Ready.Readiness), forecast, why)
}

// DigestOver is what is left of a digest when the next one has come.
func DigestOver(day time.Time) Message {
	line := "The readiness of " + markup(day.Format("Monday 2 January")) + " is over."
	return message(line, small(line))
}

// DigestStatus says, privately, when a digest comes. on is nil when it does not.
func DigestStatus(target string, on *models.Schedule) Message {
	who := digestFor(target)
	if on == nil {
		line := "No digest comes " + who + ". It would say each morning what is planned, what waits and what is red, and nothing on a day when nothing is due."
		return message(line, append([]slack.Block{section(line)}, actions(button(ActionDigestSet, "Turn it on…", target), button(ActionDigestPreview, "Preview", target))...)...)
	}
	line := "The digest comes " + who + " " + digestTimes(*on) + ", next " + when(on.NextAt) + ". Nothing due, nothing posted."
	return message(line, append([]slack.Block{section(line)}, actions(button(ActionDigestSet, "Change…", target),
		button(ActionDigestPreview, "Preview", target), button(ActionDigestOff, "Turn it off", target))...)...)
}

func digestFor(target string) markup {
	if (models.Schedule{Target: target}).Person() != "" {
		return "to you by direct message"
	}
	if link := channel(models.ChannelID(target)); link != "" {
		return "in " + link
	}
	return "here"
}

func digestTimes(s models.Schedule) markup {
	in := models.DigestInputOf(s)
	if in.Cron != "" {
		return "by " + code(in.Cron) + ", " + esc(s.Zone, 60)
	}
	var days []string
	for _, d := range in.Days {
		days = append(days, d.String()[:3])
	}
	return "on " + esc(strings.Join(days, ", "), 60) + " at " + markup(time.Time{}.Add(in.At).Format("15:04")) + ", " + esc(s.Zone, 60)
}

type digestMeta struct {
	Target      string `json:"target"`
	ResponseURL string `json:"response_url,omitempty"`
}

// DigestForm asks for days, hour and zone, filled with in.
func DigestForm(target string, in models.DigestInput, responseURL string) slack.ModalViewRequest {
	var days []*slack.OptionBlockObject
	var chosenDays []int
	for n := range 7 {
		d := time.Weekday((n + 1) % 7)
		days = append(days, option(strconv.Itoa(int(d)), d.String()))
	}
	for _, d := range in.Days {
		chosenDays = append(chosenDays, int(d))
	}
	blocks := []slack.Block{
		section("The digest comes " + digestFor(target) + ". It is about what is planned that day, what waits and what is red; the first of a week is about the whole week."),
		input{field: models.FieldDays, label: "Days", optional: true, element: severalOf(models.FieldDays, "All", days, chosenDays)}.block(),
		input{field: models.FieldAt, label: "Time", optional: true, element: hour(models.FieldAt, in.At, true)}.block(),
		input{field: models.FieldZone, label: "Time zone", element: typed(models.FieldZone, in.Zone, "Europe/Berlin", 64, false)}.block(),
		input{field: models.FieldCron, label: "Or a cron line", optional: true, hint: "Five fields, at most once an hour: 30 8 * * 1-5 is working days at 08:30. It counts instead of days and time.",
			element: typed(models.FieldCron, in.Cron, "30 8 * * 1-5", 100, false)}.block(),
	}
	return form(FormDigest, "Readiness digest", "Save", metadata(digestMeta{target, carried(responseURL)}), blocks)
}

// ReadDigestForm reads a sent form.
func ReadDigestForm(v slack.View) (target string, in models.DigestInput, responseURL string) {
	var meta digestMeta
	readMetadata(v, &meta)
	a := answersOf(v)
	in = models.DigestInput{At: clockOf(a[models.FieldAt].SelectedTime), Zone: strings.TrimSpace(a.text(models.FieldZone)), Cron: strings.TrimSpace(a.text(models.FieldCron))}
	if a[models.FieldAt].SelectedTime == "" {
		in.At = -1
	}
	for _, o := range a[models.FieldDays].SelectedOptions {
		if len(o.Value) == 1 && o.Value[0] >= '0' && o.Value[0] <= '6' {
			in.Days = append(in.Days, time.Weekday(o.Value[0]-'0'))
		}
	}
	return meta.Target, in, meta.ResponseURL
}
