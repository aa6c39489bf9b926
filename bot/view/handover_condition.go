package view

import (
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Answers to "until when does it count".
const (
	conditionBefore = "before"
	conditionAfter  = "after"
)

// ConditionsForm asks, for each item that is not met, who meets it until when,
// what can be seen then, and whether go-live waits for it; and for one
// condition that no item says.
func ConditionsForm(r *models.Release, m *models.Meeting, list []models.ConditionInput, f models.ReleaseFacts, responseURL string) slack.ModalViewRequest {
	meta := HandoverMeta{Release: r.ID, Meeting: m.No, ResponseURL: carried(responseURL)}
	intro := "Every item that is not met becomes a condition. One *before go-live* blocks the acceptance until it is verified and you confirm; one *after* is tracked until early-life support ends."
	if len(list) == 0 {
		intro = "Nothing mandatory is unmet. Name a condition of your own, or press Accept instead."
	}
	blocks := []slack.Block{section(joined("\n", releaseName(r)+" · go-live "+when(r.GoLive), markup(intro)))}
	for _, in := range list {
		meta.Items = append(meta.Items, in.No)
		label := "item"
		if i, ok := r.Item(strconv.Itoa(in.No)); ok {
			label = i.Label() + " " + clip(oneLine(i.Title), 120)
		}
		blocks = append(blocks, conditionInputs(in, label)...)
	}
	blocks = append(blocks, divider(), section("*Something that no item says* (leave it empty if there is nothing)"))
	own := conditionInputs(models.ConditionInput{}, "Who meets it?")
	title := input{field: models.ConditionField(models.FieldTitle, 0), label: "What is to be done?", optional: true,
		element: typed(models.ConditionField(models.FieldTitle, 0), "", "A rota for the first two weekends", models.MaxTitle, false)}.block()
	blocks = append(append(blocks, title), own...)
	return form(FormConditions, "Conditions for "+r.ID.String(), "Accept", metadata(meta), blocks)
}

// conditionInputs ask about one condition. Those of an item must be answered;
// the empty one's need not.
func conditionInputs(in models.ConditionInput, who string) []slack.Block {
	field := func(part models.Field) models.Field { return models.ConditionField(part, in.No) }
	optional := in.No == 0
	if !optional {
		who += ": who meets it?"
	}
	when := []*slack.OptionBlockObject{option(conditionBefore, "Before go-live (blocks)"), option(conditionAfter, "After go-live (tracked)")}
	value := conditionBefore
	if in.After {
		value = conditionAfter
	}
	var out []slack.Block
	out = append(out, inputs([]input{
		{field: field(models.FieldOwner), label: who, optional: optional, element: person(field(models.FieldOwner), in.Owner)},
		{field: field(models.FieldDue), label: "Until when?", optional: optional, element: picked(field(models.FieldDue), in.Due)},
		{field: field(models.FieldCheck), label: "What can be seen when it is met?", optional: optional,
			element: typed(field(models.FieldCheck), in.Test, "Operations can open the runbook and restart a worker with it", models.MaxReason, true)},
		{field: field(models.FieldKind), label: "Does go-live wait for it?", element: chosen(field(models.FieldKind), "Choose", when, value, "")},
	})...)
	return out
}

// ReadConditionsForm reads a sent form. The condition that no item says counts
// only when something of it was filled in.
func ReadConditionsForm(v slack.View) (meta HandoverMeta, list []models.ConditionInput) {
	readMetadata(v, &meta)
	a := answersOf(v)
	for _, no := range append(slices.Clone(meta.Items), 0) {
		field := func(part models.Field) models.Field { return models.ConditionField(part, no) }
		in := models.ConditionInput{No: no, Owner: models.UserID(a[field(models.FieldOwner)].SelectedUser), Due: a.time(field(models.FieldDue)),
			Test: strings.TrimSpace(a.text(field(models.FieldCheck))), After: a.option(field(models.FieldKind)) == conditionAfter}
		if no == 0 {
			in.Title = strings.TrimSpace(a.text(field(models.FieldTitle)))
		}
		if no != 0 || in.Title != "" || in.Test != "" || in.Owner != "" || !in.Due.IsZero() {
			list = append(list, in)
		}
	}
	return meta, list
}
