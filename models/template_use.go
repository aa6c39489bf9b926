package models

import (
	"maps"
	"slices"
)

// Runs counts how the completed runs of a template ended.
type Runs struct {
	Clean  int // successful
	Issues int // successful with issues
	Failed int // failed or rolled back
}

// Add counts n runs with an outcome.
func (r *Runs) Add(o Outcome, n int) {
	switch o {
	case Successful:
		r.Clean += n
	case SuccessfulWithIssues:
		r.Issues += n
	case Failed, RolledBack:
		r.Failed += n
	}
}

// Total is how many there were.
func (r Runs) Total() int { return r.Clean + r.Issues + r.Failed }

// Root is the change with which a chain of "Raise again" began.
func (c *Change) Root() ChangeID {
	if c.Origin != 0 {
		return c.Origin
	}
	return c.ID
}

// CleanRun reports whether the change counts towards a template: a normal
// change that is closed and went well.
func (c *Change) CleanRun() bool {
	return c.State == Closed && c.Outcome == Successful && c.Type == Normal && c.Identity.RollbackOf == 0
}

func (c *Change) failed() bool { return c.Outcome == Failed || c.Outcome == RolledBack }

// noTemplate says why a change can't become a template, "" when it can.
func (c *Change) noTemplate(runs int) string {
	switch {
	case c.Type == Standard:
		return "it was raised from the template " + string(c.Template.Name) + ". Propose an edit of that one."
	case !c.CleanRun():
		return "a template is made from a normal change that is closed and was successful. Choose one of those."
	case runs < CleanRunsWanted:
		return "it takes " + number(CleanRunsWanted) + " clean runs of the same change on the same services, and there " +
			are(runs) + " so far. Use “Raise again” on it the next time; Gatehouse offers the template by itself then."
	}
	return ""
}

func are(n int) string {
	if n == 1 {
		return "is 1"
	}
	return "are " + number(n)
}

// offerTemplate notes, on the third clean run of a change, that it could be a
// template. Its requester hears of it once.
func (c *Change) offerTemplate(f Facts) {
	if !c.CleanRun() || f.Around.CleanRuns+1 != CleanRunsWanted {
		return
	}
	for _, t := range f.Templates {
		if t.Origin == c.Root() && t.State != TemplateRetired {
			return
		}
	}
	c.record(f, Event{Kind: EventTemplateOffered, From: Closed, To: Closed, Reason: number(CleanRunsWanted) + " clean runs"})
}

// EventTemplateOffered: the change went well three times, so it could be
// raised from a template from now on.
const EventTemplateOffered EventKind = "template_offered"

// FailedRun says what suspends the template of a standard change, "" for
// nothing that the command did.
func FailedRun(c *Change, events []Event) string {
	reported := slices.ContainsFunc(events, func(e Event) bool { return e.Kind == EventCompleted || e.Kind == EventOutcomeCorrected })
	if c.Type != Standard || !reported || !c.failed() {
		return ""
	}
	return c.ID.String() + " " + map[Outcome]string{Failed: "failed", RolledBack: "was rolled back"}[c.Outcome]
}

// TemplateServes refuses, in words, a standard change whose template can't be
// used now.
func (c *Change) TemplateServes(f Facts) error {
	if c.Type != Standard {
		return nil
	}
	t, known := f.Templates[c.Template.Name]
	what := ""
	switch {
	case c.Template.Name == "":
		return Refusef("A standard change is raised from a template, and this one names none. Choose a template, or raise it as a normal change.")
	case !known:
		what = "There is no template " + string(c.Template.Name) + ", so nothing can be raised from it."
	case t.State == TemplateActive:
		return nil
	default:
		what = t.stopped()
	}
	return Refusef("%s Raise it as a normal change, or choose another template.", what)
}

// stopped says why nothing can be raised from the template.
func (t Template) stopped() string {
	switch t.State {
	case TemplateProposed:
		return "The template " + string(t.Name) + " is not approved yet, so nothing can be raised from it."
	case TemplateSuspended:
		return "The template " + string(t.Name) + " is suspended: " + stop(t.Reason) + " Until a change manager reinstates it nothing can be raised from it."
	}
	return "The template " + string(t.Name) + " is retired: " + stop(t.Reason)
}

// WithServices are the facts with these services in the place of what is known
// of them.
func (f Facts) WithServices(list []Service) Facts {
	d := *f.Directory
	d.Services = maps.Clone(f.Services)
	for _, s := range list {
		d.Services[s.Slug] = s
	}
	f.Directory = &d
	return f
}

// Unserved are the active templates on one of these services that cover
// nothing but retired ones, by name.
func Unserved(turned []Service, f Facts) []Slug {
	var out []Slug
	for _, name := range slices.Sorted(maps.Keys(f.Templates)) {
		t := f.Templates[name]
		about := slices.ContainsFunc(turned, func(s Service) bool { return slices.Contains(t.Recipe.Services, s.Slug) })
		if about && t.State == TemplateActive && t.unserved(f) {
			out = append(out, name)
		}
	}
	return out
}

func (t Template) unserved(f Facts) bool {
	return !slices.ContainsFunc(t.Recipe.Services, func(s Slug) bool { return !f.Services[s].Retired })
}

// ServicesRetired suspends a template on which nothing can be raised any more.
func (t *Template) ServicesRetired(f Facts) {
	if t.State == TemplateActive && t.unserved(f) {
		_ = t.step(TemplateSuspended, EventTemplateSuspended, "every service that it covers is retired", 0, f) // legal from active
	}
}

// fill puts the template's own words into a form. A change that was submitted
// before keeps the version that it was raised with.
func (in Input) fill(c *Change, f Facts) Input {
	t, known := f.Templates[in.Template]
	switch {
	case in.Type != Standard || in.Template == "":
		return in
	case c.Revision != "" && c.Template.Name == in.Template:
		in.Environment, in.Plan, in.Check, in.Rollback, in.Risk = c.Environment, c.Plan, c.Check, c.Rollback, c.Risk
		return in
	case !known:
		return in
	}
	r := t.Shown()
	in.Environment, in.Plan, in.Check, in.Rollback, in.Risk = r.Environment, r.Plan, r.Check, r.Rollback, r.Risk
	if blank(in.Title) {
		in.Title = r.Title
	}
	if len(in.Services) == 0 && len(r.Services) == 1 {
		in.Services = slices.Clone(r.Services)
	}
	if in.End.IsZero() && !in.Start.IsZero() {
		in.End = in.Start.Add(r.Length)
	}
	return in
}

// take notes which version of which template the form was filled from.
func (c *Change) take(in Input, before *Change, f Facts) {
	switch {
	case c.Type != Standard:
		c.Template = TemplateRef{}
	case before.Revision != "" && before.Template.Name == in.Template:
		c.Template = before.Template
	default:
		c.Template = TemplateRef{Name: in.Template, Version: f.Templates[in.Template].Version}
	}
}

// byTemplate judges a standard change that is about to be submitted: what the
// template does not cover is refused, with the way out.
func (c *Change) byTemplate(f Facts) error {
	if c.Type != Standard {
		return nil
	}
	if err := c.TemplateServes(f); err != nil {
		return err
	}
	r := f.Templates[c.Template.Name].Recipe
	for _, slug := range c.Services {
		s, known := f.Services[slug]
		switch {
		case !slices.Contains(r.Services, slug):
			return Refusef("The template %s does not cover %s. Leave that service out, or raise it as a normal change.", c.Template.Name, f.serviceName(slug))
		case known && s.Retired:
			return Refusef("%s is retired, so the template %s can't be used on it. Raise a normal change on the service that replaced it; a change manager can edit the template.", s.Name, c.Template.Name)
		}
	}
	for _, x := range c.meets(f, planning) {
		if x.Freeze.strict() {
			return Refusef("This run falls into %s, in which no template approves anything. Choose a time outside it, or raise it as a normal change and say why it can't wait.", x.on(f.Actor.Location()))
		}
	}
	if c.Environment != r.Environment {
		return Refusef("The template %s is for %s, not for %s. Raise it as a normal change.", c.Template.Name, r.Environment, c.Environment)
	}
	if level := c.Assessment.Level; level != level.notAbove(r.MaxRisk) {
		return Refusef("This run has %s risk (%s), and the template %s covers %s risk at most. Raise it as a normal change.",
			level, raisedBy(c.Assessment), c.Template.Name, r.MaxRisk)
	}
	return nil
}

// notAbove is the lower of two bands.
func (r RiskLevel) notAbove(o RiskLevel) RiskLevel {
	if r.atLeast(o) == r {
		return o
	}
	return r
}

// raisedBy is the reason that a person can do something about: the last one
// that lifted the risk, else all of them.
func raisedBy(a Assessment) string {
	return list(a.Reasons, "no reason given")
}

// byTemplateAlone reports whether the template's approval is all that the
// change needs.
func (c *Change) byTemplateAlone() bool {
	return c.Type == Standard && c.Template.Name != "" && len(c.Requirements) == 0
}

// templateCheck: what was approved by a template starts only while that
// template stands.
func templateCheck(c *Change, f Facts, _ stage) []Reason {
	if c.Type != Standard || c.State != Approved {
		return nil
	}
	t, known := f.Templates[c.Template.Name]
	switch {
	case known && t.State == TemplateActive:
		return nil
	case !known:
		return stops("Its template "+string(c.Template.Name)+" is not there any more.", "Raise it as a normal change.")
	}
	return stops(t.stopped(), "Raise it as a normal change, or wait for the template.")
}

func (d *Directory) serviceName(slug Slug) string {
	if s, known := d.Services[slug]; known {
		return s.Name
	}
	return string(slug)
}

// approvedByTemplate finishes a submission that needs nobody: the version of
// the template is what approved it.
func (c *Change) approvedByTemplate(kind EventKind, diff []FieldDiff, f Facts) error {
	from := c.State
	if from != Approved {
		if err := c.move(Approved); err != nil {
			return err
		}
	}
	c.Places = cardPlaces(c, f)
	c.record(f, Event{Kind: kind, From: from, To: Approved, Diff: diff})
	c.record(f, Event{Kind: EventFullyApproved, From: Approved, To: Approved, Reason: "template " + c.Template.String()})
	return nil
}
