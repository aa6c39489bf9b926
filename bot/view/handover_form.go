package view

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// HandoverForm asks when and where the meeting is, and who comes beside those
// who belong there.
func HandoverForm(r *models.Release, in models.MeetingInput, f models.ReleaseFacts, responseURL string) slack.ModalViewRequest {
	title, submit := "Schedule handover", "Schedule"
	if r.Upcoming() != nil {
		title, submit = "Move handover", "Move"
	}
	minutes := slack.NewNumberInputBlockElement(plain("45", limitPlaceholder), string(models.FieldLength), false).
		WithMinValue("10").WithMaxValue("480").WithInitialValue(strconv.Itoa(int(in.Length.Minutes())))
	guests := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeUser, plain("Choose people", limitPlaceholder), string(models.FieldGuests))
	for _, u := range in.Guests {
		guests.InitialUsers = append(guests.InitialUsers, string(u))
	}
	blocks := []slack.Block{section(joined("\n", releaseName(r)+" · go-live "+when(r.GoLive),
		"Invited: "+everyName(r.Seated(), f.Facts)+". They are told now, read the brief the day before, and find the calendar entry under the card."))}
	blocks = append(blocks, inputs([]input{
		{field: models.FieldStart, label: "When does it begin?", element: picked(models.FieldStart, in.At)},
		{field: models.FieldLength, label: "Minutes", element: minutes},
		{field: models.FieldPlace, label: "Where?", hint: "A room or a link.", optional: true, element: typed(models.FieldPlace, in.Place, "https://meet.example/rel-3", 2*models.MaxTitle, false)},
		{field: models.FieldGuests, label: "Who else?", optional: true, element: guests},
	})...)
	return form(FormHandover, title, submit, metadata(HandoverMeta{Release: r.ID, ResponseURL: carried(responseURL)}), blocks)
}

// ReadHandoverForm reads a sent form; a zero release means that it is none of ours.
func ReadHandoverForm(v slack.View) (meta HandoverMeta, in models.MeetingInput) {
	readMetadata(v, &meta)
	a := answersOf(v)
	minutes, err := strconv.Atoi(strings.TrimSpace(a.text(models.FieldLength)))
	if err != nil {
		minutes = -1 // refused beside the field
	}
	return meta, models.MeetingInput{At: a.time(models.FieldStart), Length: time.Duration(minutes) * time.Minute, Place: a.text(models.FieldPlace), Guests: a.users(models.FieldGuests)}
}

// VoteForm asks a bucket owner for their vote.
func VoteForm(r *models.Release, m *models.Meeting, f models.ReleaseFacts, responseURL string) slack.ModalViewRequest {
	words := map[models.Choice]string{models.ChoiceReady: "Ready", models.ChoiceConditions: "Ready with conditions", models.ChoiceNotReady: "Not ready"}
	var choices []*slack.OptionBlockObject
	for _, c := range models.Choices {
		choices = append(choices, option(string(c), words[c]))
	}
	radio := slack.NewRadioButtonsBlockElement(string(models.FieldKind), choices...)
	v, voted := m.VoteOf(f.Actor.ID)
	if voted {
		radio.InitialOption = choices[slices.Index(models.Choices, v.Choice)]
	}
	note := "Nobody sees it before all are shown; until then it may be changed."
	if !m.RevealedAt.IsZero() {
		note = "The votes are shown already: yours is kept and marked as late."
	}
	blocks := []slack.Block{section(joined("\n", releaseName(r), markup(note))),
		input{field: models.FieldKind, label: "Are your buckets ready for operations?", element: radio}.block(),
		input{field: models.FieldReason, label: "What should the meeting know?", hint: "Needed when it is not ready.", optional: true,
			element: typed(models.FieldReason, v.Comment, "The rota has no one for the second weekend", models.MaxReason, true)}.block()}
	return form(FormVote, "Vote on "+r.ID.String(), "Vote", metadata(HandoverMeta{Release: r.ID, Meeting: m.No, ResponseURL: carried(responseURL)}), blocks)
}

// ReadVoteForm reads a sent form.
func ReadVoteForm(v slack.View) (meta HandoverMeta, choice models.Choice, comment string) {
	readMetadata(v, &meta)
	a := answersOf(v)
	return meta, models.Choice(a.option(models.FieldKind)), strings.TrimSpace(a.text(models.FieldReason))
}

var putOffs = map[string]struct{ title, submit, label, hint, example string }{
	ActionDecline: {"Decline handover", "Decline", "What is missing?", "It stands in the minutes, and the next meeting looks at it first.", "No rehearsed rollback, and nobody on call at night"},
	ActionAdjourn: {"Adjourn handover", "Adjourn", "What came up?", "Nothing is decided; the release is planned again.", "A load test of last night failed, and nobody has read it yet"},
}

// PutOffTitle is what the modal is called while it loads.
func PutOffTitle(kind string) string { return putOffs[kind].title }

// PutOffForm asks for the reason and the next date, which declining and
// adjourning both need.
func PutOffForm(kind string, r *models.Release, m *models.Meeting, next time.Time, responseURL string) slack.ModalViewRequest {
	words := putOffs[kind]
	blocks := []slack.Block{section(releaseName(r)),
		input{field: models.FieldReason, label: words.label, hint: words.hint, element: typed(models.FieldReason, "", words.example, models.MaxReason, true)}.block(),
		input{field: models.FieldNext, label: "When is the next meeting?", hint: "It is scheduled at once, with the same people; it can be moved.", element: picked(models.FieldNext, next)}.block()}
	return form(FormPutOff, words.title, words.submit, metadata(HandoverMeta{Release: r.ID, Meeting: m.No, Kind: kind, ResponseURL: carried(responseURL)}), blocks)
}

// ReadPutOffForm reads a sent form.
func ReadPutOffForm(v slack.View) (meta HandoverMeta, reason string, next time.Time) {
	readMetadata(v, &meta)
	a := answersOf(v)
	return meta, strings.TrimSpace(a.text(models.FieldReason)), a.time(models.FieldNext)
}
