package models

import (
	"strings"
	"testing"
)

func TestAReviewKeepsItsAnswersItsLessonAndTheBetterType(t *testing.T) {
	w := newWorld().clone()
	c := w.in(t, Implemented)
	c.Events()
	r := YesToAll("The new key was refused; we check its kind first from now on.")
	r.Answers[FieldWritten], r.Answers[FieldBack], r.Better, r.Lesson = ReviewNo, ReviewNeedless, Emergency, " Check the kind\nof the key "
	must(t, c.Review(r, w.as(ana)))
	events := c.Events()
	if c.State != Closed || c.Reviewed.Better != Emergency || c.Reviewed.Lesson != "Check the kind of the key" || c.Reviewed.By != ana || c.Findings != r.Findings {
		t.Errorf("%s, %+v", c.State, c.Reviewed)
	}
	if kinds(events) != "reviewed lesson_kept closed" || events[1].Reason != c.Reviewed.Lesson {
		t.Errorf("%s", kinds(events))
	}
	if diff := events[0].Diff; len(diff) != 2 || diff[0].After != "no" || diff[1].After != "emergency" {
		t.Errorf("the history says %v", diff)
	}
	r.Answers[FieldGoal] = ReviewNo
	if c.Reviewed.Answers[FieldGoal] != ReviewYes {
		t.Error("what was recorded is the caller's to change")
	}
}

func TestAReviewAsksEightQuestions(t *testing.T) {
	if n := len(ReviewQuestions) + 2; n != 8 {
		t.Errorf("%d questions", n)
	}
	w := newWorld().clone()
	c := w.in(t, Implemented)
	r := refused(t, c.Review(Review{Judgement: Judgement{Better: "other", Lesson: strings.Repeat("x", 121)}}, w.as(ana)))
	for _, q := range ReviewQuestions {
		if r.Fields[q.Field] == "" {
			t.Errorf("%s may stay open", q.Words)
		}
	}
	for _, field := range []Field{FieldFindings, FieldBetter, FieldLesson} {
		if r.Fields[field] == "" {
			t.Errorf("%s is taken as it is", field)
		}
	}
	needless := YesToAll("Nothing special happened, and nothing was learnt.")
	needless.Answers[FieldGoal] = ReviewNeedless
	if r := refused(t, c.Review(needless, w.as(ana))); r.Fields[FieldGoal] == "" {
		t.Error("a goal can be needless")
	}
}

// TestTheTypeThatItWasIsNoBetterOne: figures count what should have been another.
func TestTheTypeThatItWasIsNoBetterOne(t *testing.T) {
	w := newWorld().clone()
	c := w.in(t, Implemented)
	r := YesToAll("Nothing special happened, and nothing was learnt.")
	r.Better = Normal
	must(t, c.Review(r, w.as(ana)))
	if c.Reviewed.Better != "" {
		t.Errorf("%s", c.Reviewed.Better)
	}
}

func TestACorrectedOutcomeIsReviewedAnew(t *testing.T) {
	w := newWorld().clone()
	c := w.broken(t, nil)
	must(t, c.StartNow("Nobody can pay.", c.Revision, w.as(c.Implementer)))
	must(t, c.Complete(Completion{Outcome: Successful}, w.as(c.Implementer)))
	must(t, c.Review(YesToAll("It held, and the approval follows."), w.as(c.Implementer)))
	must(t, c.RollBack("It came back at night.", w.as(c.Implementer)))
	if c.Findings != "" || len(c.Reviewed.Answers) != 0 || !c.owesReview() {
		t.Errorf("%q %+v", c.Findings, c.Reviewed)
	}
}

func TestAnIncidentHasASeverityAndASeverityAnIncident(t *testing.T) {
	w := newWorld()
	for _, x := range []struct {
		done  Completion
		field Field
	}{
		{Completion{Outcome: Successful, Incident: "INC-7"}, FieldPriority},
		{Completion{Outcome: Successful, Incident: "INC-7", Priority: 4}, FieldPriority},
		{Completion{Outcome: Successful, Priority: 2}, FieldIncident},
		{Completion{Outcome: Successful, Incident: "INC-7", Priority: 3}, ""},
	} {
		c := w.in(t, InProgress)
		err := c.Complete(x.done, w.as(ana))
		if x.field == "" {
			must(t, err)
			if c.IncidentPriority != 3 || c.State != Implemented {
				t.Errorf("P%d, %s", c.IncidentPriority, c.State)
			}
			continue
		}
		if r := refused(t, err); r.Fields[x.field] == "" {
			t.Errorf("%+v: %v", x.done, r.Fields)
		}
	}
}
