package view

import (
	"slices"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// templateInputs are what a template leaves open: which one, where and when.
// What was typed before it was chosen is kept, for it may be wanted after all.
func templateInputs(in models.Input, f models.Facts) []input {
	var inputs []input
	if list := activeTemplates(in.Template, f); len(list) > 0 {
		inputs = append(inputs, input{field: models.FieldTemplate, label: "Template", hint: "It says what is done and how; a change manager agreed to it once for all.", live: true,
			element: templateChosen(list, in.Template)})
	}
	rest := map[models.Field]input{}
	for _, ask := range restInputs(in, nil, f) {
		rest[ask.field] = ask
	}
	title, end := rest[models.FieldTitle], rest[models.FieldEnd]
	title.optional, title.hint = true, "The template's own title unless you write another."
	services := rest[models.FieldServices]
	services.hint = "Those of the template that this run touches."
	end.hint = "As long after the start as the template says, unless you set it."
	inputs = append(inputs, services, rest[models.FieldStart], end, rest[models.FieldImplementer], title)
	r := f.Templates[in.Template].Recipe
	for _, kept := range []struct {
		field         models.Field
		text, recipes string
	}{{models.FieldPlan, in.Plan, r.Plan}, {models.FieldCheck, in.Check, r.Check}, {models.FieldRollback, in.Rollback, r.Rollback}} {
		if ask := rest[kept.field]; visible(kept.text) && kept.text != kept.recipes {
			ask.optional, ask.hint = true, "Kept from before you chose a template, and not used: the template says this."
			inputs = append(inputs, ask)
		}
	}
	return append(inputs, rest[models.FieldRelease], rest[models.FieldBackground])
}

// activeTemplates are those that can be chosen, by name; the chosen one always.
func activeTemplates(chosen models.Slug, f models.Facts) []models.Template {
	return slices.DeleteFunc(TemplatesByName(f.Templates), func(t models.Template) bool {
		return t.State != models.TemplateActive && t.Name != chosen
	})
}

func templateChosen(list []models.Template, name models.Slug) slack.BlockElement {
	var options []*slack.OptionBlockObject
	for _, t := range list[:min(mostOptions, len(list))] {
		options = append(options, option(string(t.Name), string(t.Name)+" · "+oneLine(t.Title())))
	}
	return liveID(chosen(models.FieldTemplate, "Choose a template", options, string(name), ""))
}

// templateNote says under the choice of the type that there is no template, and
// under the choice of the template what that does.
func templateNote(under models.Field, in models.Input, f models.Facts) []slack.Block {
	t, known := f.Templates[in.Template]
	switch {
	case under == models.FieldType && len(activeTemplates(in.Template, f)) == 0:
		return []slack.Block{section("⚠️ *There is no template yet.* One is made of a normal change that went well three times. Until then, choose another type.")}
	case under == models.FieldType || !known:
		return nil
	}
	r := t.Shown()
	var plan rich
	plan.titled("Plan", extract(r.Plan, planLetters))
	return []slack.Block{section("*" + esc(r.Title, models.MaxTitle) + "*\n" +
		joined(" · ", recipeServices(r, f, halfCard), esc(string(r.Environment), 20), length(r.Length), "up to "+markup(r.MaxRisk.String())+" risk")), plan.block()}
}
