package models

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of a recipe.
const (
	MaxTemplateName   = 40
	MaxTemplateLength = 24 * time.Hour
	MinTemplateLength = 5 * time.Minute
)

// Recipe is what one version of a template says. Changes raised from it take
// it over word for word; they choose when, who, and which of the services.
type Recipe struct {
	Title       string
	Services    []Slug // those allowed, sorted, distinct
	Environment Environment
	Plan        string
	Check       string
	Rollback    string
	Risk        RiskAnswers
	Length      time.Duration // of the window, unless another end is chosen
	MaxRisk     RiskLevel     // low or medium; a riskier run is a normal change
}

// templateName is what a template is called in commands.
var templateName = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$`)

// ValidTemplateName reports whether a template can be called so.
func ValidTemplateName(name Slug) bool {
	return len(name) <= MaxTemplateName && templateName.MatchString(string(name))
}

// TemplateName makes a name out of a title: "Restart the workers" becomes
// "restart-the-workers".
func TemplateName(title string) Slug {
	name := strings.Trim(strings.Join(strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-"), "-")
	return Slug(strings.Trim(name[:min(len(name), MaxTemplateName)], "-"))
}

// tidy brings a recipe into the form in which it is compared and kept.
func (r Recipe) tidy() Recipe {
	r.Services = slices.Clone(r.Services)
	slices.Sort(r.Services)
	r.Services = slices.Compact(r.Services)
	r.Title, r.Plan, r.Check, r.Rollback = oneLine(r.Title), tidy(r.Plan), tidy(r.Check), tidy(r.Rollback)
	if r.MaxRisk == "" {
		r.MaxRisk = RiskMedium
	}
	return r
}

func (r Recipe) equal(o Recipe) bool {
	return slices.Equal(r.Services, o.Services) && r.Title == o.Title && r.Environment == o.Environment && r.Plan == o.Plan && r.Check == o.Check &&
		r.Rollback == o.Rollback && r.Risk == o.Risk && r.Length == o.Length && r.MaxRisk == o.MaxRisk
}

// RecipeOf is what a change that went well says about the next one like it.
func RecipeOf(c *Change) Recipe {
	risk := c.Risk
	if risk.DoneBefore == TimesCounted { // what was done cleanly three times was done before
		risk.DoneBefore = TimesSome
	}
	return Recipe{Title: c.Title, Services: slices.Clone(c.Services), Environment: c.Environment,
		Plan: c.Plan, Check: c.Check, Rollback: c.Rollback, Risk: risk,
		Length: min(max(c.Window.Length(), MinTemplateLength), MaxTemplateLength), MaxRisk: RiskMedium}
}

// check is the whole form of a template.
func (r Recipe) check(f Facts) error {
	errs := fieldErrors{}
	if blank(r.Title) {
		errs.add(FieldTitle, "A title is needed: say in one line what is done.")
	}
	if len(r.Services) == 0 {
		errs.add(FieldServices, "Choose the services on which it may be used.")
	}
	for _, slug := range r.Services {
		switch s, known := f.Services[slug]; {
		case !known:
			errs.add(FieldServices, "There is no service %q. Choose one from the list, or ask an admin to add it.", string(slug))
		case s.Retired:
			errs.add(FieldServices, "%s is retired. Choose the service that replaced it.", s.Name)
		}
	}
	if !slices.Contains(Environments, r.Environment) {
		errs.add(FieldEnvironment, "Choose the environment in which it is used.")
	}
	for field, text := range map[Field]string{FieldPlan: r.Plan, FieldCheck: r.Check, FieldRollback: r.Rollback} {
		if why := LintPlan(field, text); why != "" {
			errs.add(field, "%s", why)
		}
	}
	for _, limit := range []struct {
		field Field
		text  string
		max   int
	}{{FieldTitle, r.Title, MaxTitle}, {FieldPlan, r.Plan, MaxPlan}, {FieldCheck, r.Check, MaxPlan}, {FieldRollback, r.Rollback, MaxPlan}} {
		if n := utf8.RuneCountInString(limit.text); n > limit.max {
			errs.add(limit.field, "This is %d letters long; at most %d fit. Nothing you typed is lost: shorten it and send again.", n, limit.max)
		}
	}
	if r.Length < MinTemplateLength || r.Length > MaxTemplateLength || r.Length%time.Minute != 0 {
		errs.add(FieldLength, "Say in whole minutes how long a run takes, from 5 to 1440 (a day).")
	}
	if r.MaxRisk != RiskLow && r.MaxRisk != RiskMedium {
		errs.add(FieldMaxRisk, "A template is for low or medium risk. What is riskier is raised as a normal change.")
	}
	return errs.err("Nothing is saved yet: some answers need another look.")
}

// diff is what another version changes, in words; nothing for the first one.
func (r Recipe) diff(o Recipe, earlier bool, f Facts) []FieldDiff {
	if !earlier {
		return nil
	}
	was, is := r.change(), o.change()
	out := DiffFields(was, is, f)
	if r.Length != o.Length {
		out = append(out, FieldDiff{"Length", span(r.Length), span(o.Length)})
	}
	if r.MaxRisk != o.MaxRisk {
		out = append(out, FieldDiff{"Risk at most", r.MaxRisk.String(), o.MaxRisk.String()})
	}
	return out
}

// change is the recipe as a change would hold it, for comparing.
func (r Recipe) change() *Change {
	return &Change{Material: Material{Type: Standard, Environment: r.Environment, Services: r.Services, Plan: r.Plan,
		Check: r.Check, Rollback: r.Rollback, Risk: r.Risk}, Cosmetic: Cosmetic{Title: r.Title}}
}
