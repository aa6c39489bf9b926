package models

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// tidy makes texts that look the same hash the same, and leaves out what no
// database keeps: control characters and broken UTF-8.
func tidy(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s))
}

// oneLine is tidy for a text that stands in one line.
func oneLine(s string) string { return strings.Join(strings.Fields(tidy(s)), " ") }

// blank reports whether nothing of s can be seen: zero-width characters make
// no title and no reason.
func blank(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) })
}

// Is reports whether the change says already what the form would have it say.
func (c *Change) Is(in Input, f Facts) bool { return len(DiffFields(c, in.asChange(c, f), f)) == 0 }

// check is the whole form, for a submission or an edit of c.
func (in Input) check(c *Change, f Facts) error {
	errs := in.checkAlways(f)
	if title := oneLine(in.Title); blank(title) || title == untitled {
		errs.add(FieldTitle, "A title is needed: say in one line what will be different.")
	}
	if len(in.Services) == 0 {
		errs.add(FieldServices, "Choose at least one service, so that the change is recorded against it.")
	}
	if !slices.Contains(Environments, in.Environment) {
		errs.add(FieldEnvironment, "Choose the environment in which the change takes effect.")
	}
	in.checkWindow(errs, c, f.Now)
	if in.Type == Emergency {
		if why := badIncident(oneLine(in.IncidentRef)); why != "" {
			errs.add(FieldIncidentRef, "%s", why)
		}
	}
	in.lint(errs, c)
	implementer := in.Implementer
	if implementer == "" {
		implementer = c.Requester
	}
	if p := f.People[implementer]; p.Deleted || p.Bot {
		errs.add(FieldImplementer, "%s can't carry out a change: this account is deactivated or a bot. Choose another person.", upperFirst(f.Name(implementer)))
	}
	in.checkWhyNow(errs, c, f)
	return errs.err("Nothing is saved yet: some answers need another look.")
}

// lateStart is how long ago a start may lie when the form arrives: people
// choose "now" and then need a while to write the plan.
const lateStart = 15 * time.Minute

// MaxWindow keeps a mistyped month from blocking a service for weeks.
const MaxWindow = 14 * 24 * time.Hour

func (in Input) checkWindow(errs fieldErrors, c *Change, now time.Time) {
	w := NewWindow(in.Start, in.End)
	switch {
	case in.Start.IsZero():
		errs.add(FieldStart, "Choose when the work starts.")
	case in.End.IsZero():
		errs.add(FieldEnd, "Choose when the work is over.")
	case !w.End.After(w.Start):
		errs.add(FieldEnd, "The end has to be after the start.")
	case c.Revision != "" && w.Start.Equal(c.Window.Start) && w.End.Equal(c.Window.End) && w.End.After(now):
		// A window that has begun may stay while something else is corrected.
	case w.Start.Before(now.Add(-lateStart)):
		errs.add(FieldStart, "This start is in the past. Choose a start that is still to come.")
	case !w.End.After(now):
		errs.add(FieldEnd, "This end is in the past already. Choose one that is still to come.")
	case w.Start.After(now.AddDate(1, 0, 0)):
		errs.add(FieldStart, "This start is more than a year away. Check the year.")
	case w.Length() > MaxWindow:
		errs.add(FieldEnd, "A window is at most 14 days long. Split longer work into several changes.")
	}
}

// checkAlways holds for drafts too: what could not be kept, or never be true.
func (in Input) checkAlways(f Facts) fieldErrors {
	errs := fieldErrors{}
	for _, limit := range []struct {
		field Field
		text  string
		max   int
	}{
		{FieldTitle, oneLine(in.Title), MaxTitle}, {FieldPlan, in.Plan, MaxPlan}, {FieldCheck, in.Check, MaxPlan},
		{FieldRollback, in.Rollback, MaxPlan}, {FieldBackground, in.Background, MaxPlan},
		{FieldIncidentRef, oneLine(in.IncidentRef), MaxTitle}, {FieldWhyNow, in.WhyNow, MaxReason},
	} {
		if n := utf8.RuneCountInString(tidy(limit.text)); n > limit.max {
			errs.add(limit.field, "This is %d letters long; at most %d fit. Nothing you typed is lost: shorten it and send again.", n, limit.max)
		}
	}
	for _, slug := range in.Services {
		switch s, known := f.Services[slug]; {
		case !known:
			errs.add(FieldServices, "There is no service %q. Choose one from the list, or ask an admin to add it.", string(slug))
		case s.Retired:
			errs.add(FieldServices, "%s is retired. Choose the service that replaced it.", s.Name)
		}
	}
	for field := range in.Risk.wrong() {
		errs.add(field, "Choose one of the answers in the list, or leave it open.")
	}
	if in.Release < 0 {
		errs.add(FieldRelease, "This names no release. Choose one from the list, or leave it empty.")
	}
	if in.Type != "" && !slices.Contains(ChangeTypes, in.Type) {
		errs.add(FieldType, "Choose the type of the change from the list.")
	}
	return errs
}

// Input is what a person filled in to raise or edit a change.
type Input struct {
	Type        ChangeType // "" = normal
	Template    Slug       // of a standard change; "" = none
	IncidentRef string
	WhyNow      string
	Title       string
	Services    []Slug
	Environment Environment
	Start, End  time.Time
	Plan        string
	Check       string
	Rollback    string
	Risk        RiskAnswers
	Release     ReleaseID // the release that it belongs to; 0 = none
	Background  string
	Implementer UserID
}

// InputOf is the form content of a change, for editing or raising it again.
func InputOf(c *Change) Input {
	return Input{
		Type: c.Type, Template: c.Template.Name, IncidentRef: c.IncidentRef, WhyNow: c.WhyNow,
		Title: c.Title, Services: slices.Clone(c.Services), Environment: c.Environment,
		Start: c.Window.Start, End: c.Window.End, Plan: c.Plan, Check: c.Check,
		Rollback: c.Rollback, Risk: c.Risk, Release: c.Release, Background: c.Background, Implementer: c.Implementer,
	}
}

// apply writes the form into the change, in the form in which it is hashed.
func (in Input) apply(c *Change) {
	services := slices.Clone(in.Services)
	slices.Sort(services)
	c.Services = slices.Compact(services)
	if c.Type = in.Type; c.Type == "" {
		c.Type = Normal
	}
	if c.Template.Name != in.Template {
		c.Template = TemplateRef{Name: in.Template}
	}
	c.IncidentRef, c.WhyNow = oneLine(in.IncidentRef), tidy(in.WhyNow)
	c.Environment = in.Environment
	c.Window = NewWindow(in.Start, in.End)
	c.Plan, c.Check, c.Rollback = tidy(in.Plan), tidy(in.Check), tidy(in.Rollback)
	c.Risk, c.Release = in.Risk, in.Release
	c.Title, c.Background = oneLine(in.Title), tidy(in.Background)
	if c.Implementer = in.Implementer; c.Implementer == "" {
		c.Implementer = c.Requester
	}
}
