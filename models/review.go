package models

import (
	"maps"
	"slices"
	"time"
	"unicode/utf8"
)

// ReviewAnswer answers one question of a review.
type ReviewAnswer string

// The answers; Needless only where going back is asked about.
const (
	ReviewYes      ReviewAnswer = "yes"
	ReviewPartly   ReviewAnswer = "partly"
	ReviewNo       ReviewAnswer = "no"
	ReviewNeedless ReviewAnswer = "not needed"
)

// The fields of a review that are chosen, beside its findings.
const (
	FieldGoal    Field = "goal"
	FieldWritten Field = "as_written"
	FieldInTime  Field = "in_time"
	FieldEffects Field = "side_effects"
	FieldTold    Field = "told"
	FieldBack    Field = "going_back"
	FieldBetter  Field = "better_type"
	FieldLesson  Field = "lesson"
)

// ReviewQuestion is one that is answered by choosing. With the findings and the
// type that it should have been, a review asks eight.
type ReviewQuestion struct {
	Field   Field
	Words   string
	Answers []ReviewAnswer
}

var plainAnswers = []ReviewAnswer{ReviewYes, ReviewPartly, ReviewNo}

// ReviewQuestions are asked of every review, in this order.
var ReviewQuestions = []ReviewQuestion{
	{FieldGoal, "Was its goal reached?", plainAnswers},
	{FieldWritten, "Did the plan work as it was written?", plainAnswers},
	{FieldInTime, "Did it keep to its window and its people?", plainAnswers},
	{FieldEffects, "Did it stay free of side effects?", plainAnswers},
	{FieldTold, "Did those affected know in time?", plainAnswers},
	{FieldBack, "Did going back work?", append(slices.Clone(plainAnswers), ReviewNeedless)},
}

// Review is a post-implementation review: what happened, and what is learnt.
type Review struct {
	Findings string
	Judgement
}

// Judgement is what a review says beside its findings.
type Judgement struct {
	Answers map[Field]ReviewAnswer `json:",omitempty"`
	Better  ChangeType             `json:",omitempty"` // which type it should have been; "" = it was the right one
	Lesson  string                 `json:",omitempty"` // an item that a checklist lacked
	Bucket  Bucket                 `json:",omitempty"` // where future releases of its services have it; "" = it stays with the review
	Dropped bool                   `json:",omitempty"` // future releases are not asked for it any more
	At      time.Time              `json:",omitzero"`
	By      UserID                 `json:",omitempty"`
}

// YesToAll is a review of work in which nothing went another way than planned.
func YesToAll(findings string) Review {
	r := Review{findings, Judgement{Answers: map[Field]ReviewAnswer{}}}
	for _, q := range ReviewQuestions {
		r.Answers[q.Field] = ReviewYes
	}
	return r
}

// Review records the post-implementation review and closes the change.
func (c *Change) Review(in Review, f Facts) error {
	if err := c.MayReview(f); err != nil {
		return err
	}
	if err := in.check(); err != nil {
		return err
	}
	if in.Better == c.Type {
		in.Better = ""
	}
	c.Findings = tidy(in.Findings)
	c.Reviewed = Judgement{Answers: maps.Clone(in.Answers), Better: in.Better, Lesson: oneLine(in.Lesson), Bucket: in.Bucket, By: f.Actor.ID, At: f.Now}
	if c.Reviewed.Lesson == "" {
		c.Reviewed.Bucket = ""
	}
	c.record(f, Event{Kind: EventReviewed, From: Implemented, To: Implemented, Reason: c.Findings, Diff: c.Reviewed.diff()})
	if c.Reviewed.Lesson != "" {
		kept := Event{Kind: EventLessonKept, From: Implemented, To: Implemented, Reason: c.Reviewed.Lesson}
		if l, asked := c.Asks(); asked {
			kept.Diff = []FieldDiff{{Field: lessonField, After: l.Bucket.String()}}
		}
		c.record(f, kept)
	}
	return c.closeIfDone(f)
}

// MayReview refuses a review that is not owed, that is recorded already, or that
// is not f.Actor's to record, whatever it says.
func (c *Change) MayReview(f Facts) error {
	if c.State != Implemented {
		return Settledf("%s is %s, so no review is owed now. Nothing was recorded.", c.ID, c.phrase())
	}
	if !c.runs(f) && !isOwner(c, f) {
		return Refusef("Only those who raised or carried out %s, an owner of its services or a change manager can record its review. Ask one of them.", c.ID)
	}
	if c.Findings != "" {
		return Settledf("The review of %s is recorded already. %s", c.ID, c.stillOwes())
	}
	return nil
}

// diff is what a reader of the history should see beside the findings.
func (r Judgement) diff() []FieldDiff {
	var out []FieldDiff
	for _, q := range ReviewQuestions {
		if a := r.Answers[q.Field]; a != ReviewYes && a != ReviewNeedless {
			out = append(out, FieldDiff{Field: q.Words, After: string(a)})
		}
	}
	if r.Better != "" {
		out = append(out, FieldDiff{Field: "It should have been", After: string(r.Better)})
	}
	return out
}

func (r Review) check() error {
	errs := fieldErrors{}
	for _, q := range ReviewQuestions {
		if !slices.Contains(q.Answers, r.Answers[q.Field]) {
			errs.add(q.Field, "Choose an answer: the figures of all reviews count on it.")
		}
	}
	if n := utf8.RuneCountInString(tidy(r.Findings)); n < 20 || n > MaxPlan || blank(r.Findings) {
		errs.add(FieldFindings, "Say in a few sentences what happened and what you learn from it (20 to 3,000 letters).")
	}
	if r.Better != "" && !slices.Contains(ChangeTypes, r.Better) {
		errs.add(FieldBetter, "Choose one of the types, or that it was the right one.")
	}
	if n := utf8.RuneCountInString(oneLine(r.Lesson)); n > MaxTitle {
		errs.add(FieldLesson, "At most 120 letters fit: one line, as an item of a checklist.")
	}
	if _, known := bucketNames[r.Bucket]; r.Bucket != "" && (!known || r.Bucket == BucketEarlyLife) {
		errs.add(FieldBucket, "Choose one of the six buckets, or that the line stays with the review.")
	} else if r.Bucket != "" && blank(oneLine(r.Lesson)) {
		errs.add(FieldLesson, "Say in one line what future releases are to be asked for, or choose that it stays with the review.")
	}
	return errs.err("The review is not recorded yet.")
}
