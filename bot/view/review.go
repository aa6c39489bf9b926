package view

import (
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// FormReview is the post-implementation review.
const FormReview = "review.form"

// ReviewForm asks for the post-implementation review: eight questions, six of
// them answered by choosing, and a line for the checklist of the next release.
func ReviewForm(c *models.Change, f models.Facts, responseURL string) slack.ModalViewRequest {
	blocks := []slack.Block{section(joined("\n", ref(c), ending(c, f, 300), whyNow(c), reviewOwed(c)))}
	for _, q := range models.ReviewQuestions {
		var list []*slack.OptionBlockObject
		for _, a := range q.Answers {
			list = append(list, option(string(a), reviewWords[a]))
		}
		blocks = append(blocks, input{field: q.Field, label: q.Words, element: chosen(q.Field, "Choose", list, string(c.Reviewed.Answers[q.Field]), "")}.block())
	}
	var types []*slack.OptionBlockObject
	for _, t := range append([]models.ChangeType{rightType}, models.ChangeTypes...) {
		if t != c.Type {
			types = append(types, option(string(t), betterWords[t]))
		}
	}
	buckets := []*slack.OptionBlockObject{option(string(lessonStays), "No, it stays with this review")}
	for _, b := range models.Buckets {
		buckets = append(buckets, option(string(b), "Yes, in “"+b.String()+"”"))
	}
	blocks = append(blocks, inputs([]input{
		{field: models.FieldFindings, label: "What happened, and what do you learn from it?",
			hint:    "What did not go as planned and why, and what you will do differently.",
			element: typed(models.FieldFindings, c.Findings, "The rollback took 20 minutes instead of 4, because … Next time we …", models.MaxPlan, true)},
		{field: models.FieldBetter, label: "Should it have been another type?",
			element: chosen(models.FieldBetter, "Choose", types, string(c.Reviewed.Better), string(rightType))},
		{field: models.FieldLesson, label: "What should a checklist have asked for?", hint: "One line, as an item of a release's checklist.", optional: true,
			element: typed(models.FieldLesson, c.Reviewed.Lesson, "The rollback was timed with production's data", models.MaxTitle, false)},
		{field: models.FieldBucket, label: "Ask every future release for it?",
			hint:    "Releases of these services that are planned from now on get it as an advisory item.",
			element: chosen(models.FieldBucket, "Choose", buckets, string(c.Reviewed.Bucket), string(lessonStays))},
	})...)
	return form(FormReview, "Review "+c.ID.String(), "Record review", metadata(reportMeta{c.ID, carried(responseURL)}), blocks)
}

var reviewWords = map[models.ReviewAnswer]string{
	models.ReviewYes: "Yes", models.ReviewPartly: "Partly", models.ReviewNo: "No", models.ReviewNeedless: "It was not needed",
}

// rightType stands for a type that was the right one: an option has a value.
const rightType models.ChangeType = "right"

// lessonStays stands for no bucket.
const lessonStays models.Bucket = "review"

var betterWords = map[models.ChangeType]string{
	rightType: "No, it was the right one", models.Normal: "Yes, a normal change",
	models.Standard: "Yes, a standard change from a template", models.Emergency: "Yes, an emergency",
}

// ReadReviewForm reads a sent form. A zero id means that it is not one of ours.
func ReadReviewForm(v slack.View) (id models.ChangeID, r models.Review, responseURL string) {
	var meta reportMeta
	readMetadata(v, &meta)
	a := answersOf(v)
	r = models.Review{Findings: strings.TrimSpace(a.text(models.FieldFindings)),
		Judgement: models.Judgement{Answers: map[models.Field]models.ReviewAnswer{}, Lesson: a.text(models.FieldLesson)}}
	for _, q := range models.ReviewQuestions {
		if answer := a.option(q.Field); answer != "" {
			r.Answers[q.Field] = models.ReviewAnswer(answer)
		}
	}
	if r.Better = models.ChangeType(a.option(models.FieldBetter)); r.Better == rightType {
		r.Better = ""
	}
	if r.Bucket = models.Bucket(a.option(models.FieldBucket)); r.Bucket == lessonStays {
		r.Bucket = ""
	}
	return meta.Change, r, meta.ResponseURL
}

// reviewAnswers are what a review says beside its findings: what was not simply
// as planned, the type that it should have been, and the lesson.
func reviewAnswers(c *models.Change) markup {
	var out markup
	for _, q := range models.ReviewQuestions {
		if a := c.Reviewed.Answers[q.Field]; a != "" && a != models.ReviewYes && a != models.ReviewNeedless {
			out = joined("\n", out, "• "+markup(q.Words)+" "+markup(reviewWords[a]))
		}
	}
	if t := c.Reviewed.Better; t != "" {
		out = joined("\n", out, "• Should it have been another type? "+markup(betterWords[t]))
	}
	if l := c.Reviewed.Lesson; visible(l) {
		line := "• For the checklist: " + esc(l, models.MaxTitle)
		if x, asked := c.Asks(); asked {
			line += " (future releases are asked for it, in " + escapeAll(x.Bucket.String()) + ")"
		}
		out = joined("\n", out, line)
	}
	if out == "" {
		return ""
	}
	return joined("\n", "*Reviewed:*", out)
}
