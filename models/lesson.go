package models

import (
	"slices"
	"time"
)

// What can happen to a lesson.
const (
	EventLessonKept    EventKind = "lesson_kept"    // a review found what a checklist should have asked for
	EventLessonDropped EventKind = "lesson_dropped" // future releases are not asked for it any more
	EventLessonAsked   EventKind = "lesson_asked"   // a release has it as an item
)

// Lesson is what the review of a change found that a checklist should have
// asked for: an item of every future release of one of its services.
type Lesson struct {
	Change   ChangeID
	Text     string
	Bucket   Bucket
	Services []Slug
	By       UserID
	At       time.Time // when the review was recorded
}

// lessonDue is how many working days before go-live a lesson is due: with the
// last items of build and test, so that there is time to act on it.
const lessonDue = 10

// Asks is the lesson that future releases are asked for; false when the
// review found none, kept it to itself, or it was dropped since.
func (c *Change) Asks() (Lesson, bool) {
	r := c.Reviewed
	if r.Lesson == "" || r.Bucket == "" || r.Dropped {
		return Lesson{}, false
	}
	return Lesson{Change: c.ID, Text: r.Lesson, Bucket: r.Bucket, Services: slices.Clone(c.Services), By: r.By, At: r.At}, true
}

// about reports whether the lesson was learnt on one of the services.
func (l Lesson) about(services []Slug) bool {
	return slices.ContainsFunc(l.Services, func(s Slug) bool { return slices.Contains(services, s) })
}

// DropLesson lets future releases be without the lesson. What has it already
// keeps it: there it is waived or called not applicable like any other item.
func (c *Change) DropLesson(f Facts) error {
	if c.Reviewed.Dropped {
		return Settledf("The lesson of %s is dropped already, so no new release is asked for it. Nothing more was recorded.", c.ID)
	}
	l, asked := c.Asks()
	if !asked {
		return Settledf("No release is asked for a lesson of %s, so there is nothing to drop.", c.ID)
	}
	if err := mayManage("drop the lesson of "+c.ID.String(), f); err != nil {
		return err
	}
	c.Reviewed.Dropped = true
	c.record(f, Event{Kind: EventLessonDropped, From: c.State, To: c.State, Reason: l.Text,
		Diff: []FieldDiff{{Field: lessonField, Before: l.Bucket.String()}}})
	return nil
}

// lessonField is what the audit log calls the bucket that a lesson goes into.
const lessonField = "Asked of future releases in"

// learn gives the release an item for each lesson about these services that it
// does not have yet, and says so for the audit log. It is advisory: what a
// review found out binds nobody who was not asked, and whoever runs the release
// may hold it to more.
func (r *Release) learn(services []Slug, f ReleaseFacts) []Event {
	var out []Event
	for _, l := range f.Lessons {
		known := slices.ContainsFunc(r.Items, func(i Item) bool { return i.Lesson == l.Change })
		if known || !l.about(services) || len(r.Items) >= MaxItems {
			continue
		}
		i := r.add(Item{Bucket: l.Bucket, Title: l.Text, Expected: "What shows that it was thought of this time", DueDays: lessonDue,
			Status: ItemOpen, Since: f.Now, Origin: FromLesson, Lesson: l.Change})
		i.ID = r.newID(l.Bucket)
		i.Due = r.dueOf(i, f)
		out = append(out, Event{Kind: EventLessonAsked, Reason: i.Label() + " " + l.Text, Asked: []UserID{r.OwnerOf(i)},
			Diff: []FieldDiff{{Field: "Lesson of", After: l.Change.String()}}})
	}
	return out
}
