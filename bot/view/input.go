package view

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// input is one thing that a form asks for.
//
// The block id of an input is its field, and so is its action id, but for
// the services, whose options Slack asks for by action id.
type input struct {
	field    models.Field
	label    string
	hint     string
	optional bool
	live     bool // choosing it redraws the form
	element  slack.BlockElement
}

func (in input) block() slack.Block {
	b := slack.NewInputBlock(string(in.field), label(in.label, 2000), nil, in.element).WithOptional(in.optional)
	b.DispatchAction = in.live
	if in.hint != "" {
		b.Hint = plain(in.hint, 2000)
	}
	return b
}

// inputs are what a form asks for, one under the other.
func inputs(list []input) []slack.Block {
	out := make([]slack.Block, len(list))
	for i, in := range list {
		out[i] = in.block()
	}
	return out
}

func typed(field models.Field, initial, example string, max int, multiline bool) slack.BlockElement {
	e := slack.NewPlainTextInputBlockElement(plain("For example: "+example, limitPlaceholder), string(field)).
		WithMultiline(multiline).WithMaxLength(max)
	if visible(initial) {
		e.InitialValue = clip(strings.ToValidUTF8(initial, "\uFFFD"), max)
	}
	return e
}

func picked(field models.Field, t time.Time) slack.BlockElement {
	e := slack.NewDateTimePickerBlockElement(string(field))
	if u := t.Unix(); !t.IsZero() && u >= 1e9 && u < 1e10 { // Slack takes ten digits
		e.InitialDateTime = u
	}
	return e
}

func chosen(field models.Field, placeholder string, options []*slack.OptionBlockObject, value, fallback string) slack.BlockElement {
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain(placeholder, limitPlaceholder), string(field), options...)
	for _, want := range []string{value, fallback} {
		if i := slices.IndexFunc(options, func(o *slack.OptionBlockObject) bool { return o.Value == want }); i >= 0 {
			return e.WithInitialOption(options[i])
		}
	}
	return e
}

func person(field models.Field, u models.UserID) slack.BlockElement {
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plain("Choose a person", limitPlaceholder), string(field))
	e.InitialUser = string(u)
	return e
}

func option(value, words string) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(value, plain(words, limitOption), nil)
}

// metadata is at most 3,000 characters: ids, and a response_url that [carried]
// let through.
func metadata(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // strings and numbers always marshal
		panic(fmt.Sprintf("marshal the metadata of a form: %v", err))
	}
	return string(b)
}

// carried is a response_url that fits the metadata whatever is escaped in it;
// Slack's have about 100 letters. Without one the answer goes by DM.
func carried(url string) string {
	if len(url) > 400 {
		return ""
	}
	return url
}

// readMetadata leaves the target as it is when the metadata is not ours.
func readMetadata(v slack.View, into any) { _ = json.Unmarshal([]byte(v.PrivateMetadata), into) }

// answers are the filled elements of a form, by field.
type answers map[models.Field]slack.BlockAction

func answersOf(v slack.View) answers {
	out := answers{}
	if v.State == nil {
		return out
	}
	for block, elements := range v.State.Values {
		for _, a := range elements {
			out[models.Field(block)] = a
		}
	}
	return out
}

func (a answers) text(f models.Field) string   { return a[f].Value }
func (a answers) option(f models.Field) string { return a[f].SelectedOption.Value }

func (a answers) time(f models.Field) time.Time {
	if u := a[f].SelectedDateTime; u > 0 {
		return time.Unix(u, 0).UTC()
	}
	return time.Time{}
}

func (a answers) users(f models.Field) []models.UserID {
	var out []models.UserID
	for _, u := range a[f].SelectedUsers {
		out = append(out, models.UserID(u))
	}
	return out
}

func (a answers) slugs() []models.Slug {
	var out []models.Slug
	for _, o := range a[models.FieldServices].SelectedOptions {
		out = append(out, models.Slug(o.Value))
	}
	return out
}

// nearest is where an error stands whose field no form has.
var nearest = map[models.Field]models.Field{
	models.FieldType:        models.FieldEnvironment,
	models.FieldTemplate:    models.FieldServices,
	models.FieldIncidentRef: models.FieldBackground,
	models.FieldArtifact:    models.FieldPlan,
}

// FieldErrors puts errors beside the inputs of the form, by block id. A field
// that the form does not ask for goes to the nearest one that it does.
func FieldErrors(fields map[models.Field]string) map[string]string {
	out := map[string]string{}
	for _, field := range sortedFields(fields) {
		target := field
		if n, moved := nearest[field]; moved {
			target = n
		}
		out[string(target)] = strings.TrimSpace(out[string(target)] + " " + clip(oneLine(fields[field]), 300))
	}
	return out
}

func sortedFields(m map[models.Field]string) []models.Field {
	out := make([]models.Field, 0, len(m))
	for f := range m {
		out = append(out, f)
	}
	slices.Sort(out)
	return out
}
