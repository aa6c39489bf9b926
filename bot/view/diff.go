package view

import (
	"strings"
	"time"
	"unicode"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// changedFrom is what differs between the content somebody decided on and
// the content now, field by field.
func changedFrom(c *models.Change, since models.Material, f models.Facts) []models.FieldDiff {
	before := *c
	before.Material = since
	return models.DiffFields(&before, c, f)
}

// diffLetters is how much of each side of a difference is shown.
const diffLetters = 140

// diffBlock shows differences under a title.
func diffBlock(title string, diff []models.FieldDiff) slack.Block {
	var r rich
	r.line(run(title, slack.RichTextSectionTextStyle{Bold: true}))
	if len(diff) == 0 {
		r.line(run("Nothing that you decide on: the content is the same again.", slack.RichTextSectionTextStyle{}))
	}
	r.diff(diff)
	return r.block()
}

func diffLines(diff []models.FieldDiff) slack.Block {
	var r rich
	r.diff(diff)
	return r.block()
}

// diff shows one difference a line, the old struck through.
func (r *rich) diff(diff []models.FieldDiff) {
	for _, d := range diff {
		before, after := differing(oneLine(d.Before), oneLine(d.After), diffLetters)
		field, bold := clip(oneLine(d.Field), 40), slack.RichTextSectionTextStyle{Bold: true}
		if d.Before == "" && strings.HasSuffix(field, "?") { // a question, and the only answer to it
			r.line(run(field+" ", bold), run(after, slack.RichTextSectionTextStyle{}))
			continue
		}
		runs := []slack.RichTextSectionElement{run(field+": ", bold)}
		runs = append(runs, side(d.Before, before, slack.RichTextSectionTextStyle{Strike: true})...)
		runs = append(runs, run(" → ", slack.RichTextSectionTextStyle{}))
		r.line(append(runs, side(d.After, after, slack.RichTextSectionTextStyle{})...)...)
	}
}

// side is one side of a difference. Windows, which the audit log holds in
// UTC, are shown in the reader's zone.
func side(whole, shown string, style slack.RichTextSectionTextStyle) []slack.RichTextSectionElement {
	w, ok := parseWindow(whole)
	if !ok {
		return []slack.RichTextSectionElement{run(shown, style)}
	}
	end := date(w.End, dateFormat)
	if w.Length() < 24*time.Hour {
		end = date(w.End, "{time}")
	}
	return []slack.RichTextSectionElement{date(w.Start, dateFormat), run(" to ", slack.RichTextSectionTextStyle{}), end}
}

// parseWindow reads a window as [models.DiffFields] writes it.
func parseWindow(s string) (models.Window, bool) {
	const minute = "2006-01-02 15:04"
	from, to, found := strings.Cut(strings.TrimSuffix(s, " UTC"), " to ")
	start, err := time.Parse(minute, from)
	end, err2 := time.Parse(minute, to)
	return models.Window{Start: start, End: end}, found && err == nil && err2 == nil && min(start.Unix(), end.Unix()) > 0
}

func date(t time.Time, format string) slack.RichTextSectionElement {
	fallback := t.UTC().Format(dateFallback)
	return slack.NewRichTextSectionDateElement(t.Unix(), format, nil, &fallback)
}

func diffWords(diff []models.FieldDiff) markup {
	if len(diff) == 0 {
		return "nothing, the content is the same again."
	}
	var out markup
	for _, d := range diff {
		before, after := differing(oneLine(d.Before), oneLine(d.After), 60)
		out = joined("; ", out, esc(d.Field, 30)+" from “"+esc(before, 60)+"” to “"+esc(after, 60)+"”")
	}
	return out + "."
}

// differing cuts two texts down to max letters each around the place where
// they part, so that one changed word in a long plan can be seen.
func differing(before, after string, max int) (string, string) {
	b, a := []rune(before), []rune(after)
	same := 0
	for same < len(b) && same < len(a) && b[same] == a[same] {
		same++
	}
	from := wordBefore(b, same-lead)
	b, a = b[from:], a[from:]
	tail := 0
	for tail < min(len(b), len(a))-(same-from) && b[len(b)-1-tail] == a[len(a)-1-tail] {
		tail++
	}
	return window(b, from > 0, tail, max), window(a, from > 0, tail, max)
}

// lead is how much of what is the same stays in sight around a difference.
const lead = 20

// wordBefore is the start of the word at i, 0 when there is nothing to skip.
func wordBefore(s []rune, i int) int {
	for i > 0 && (i >= len(s) || !unicode.IsSpace(s[i-1]) || joins(s[i])) {
		i--
	}
	return max(i, 0)
}

func window(s []rune, skipped bool, tail, max int) string {
	out := string(s)
	if end := wordAfter(s, len(s)-tail+lead); end+lead/2 < len(s) {
		out = marked(whole(s, end))
	}
	if skipped {
		out = ellipsis + out
	}
	return clip(out, max)
}

func wordAfter(s []rune, i int) int {
	for i < len(s) && !unicode.IsSpace(s[i]) {
		i++
	}
	return i
}
