package models

import (
	"slices"
	"strings"
	"testing"
)

// learnt is a closed change whose review found what releases are to be asked for.
func (w *world) learnt(t testing.TB, bucket Bucket) *Change {
	t.Helper()
	c := w.in(t, Implemented)
	r := YesToAll("The rollback took forty minutes instead of four.")
	r.Lesson, r.Bucket = "The rollback was timed with production's data", bucket
	must(t, c.Review(r, w.as(ana)))
	return c
}

// taught are the facts of a release when these changes have taught something.
func (w *world) taught(u UserID, list ...*Change) ReleaseFacts {
	f := w.forRelease(u)
	for _, c := range list {
		if l, asked := c.Asks(); asked {
			f.Lessons = append(f.Lessons, l)
		}
	}
	return f
}

func TestALessonIsAnItemOfFutureReleasesOfItsServices(t *testing.T) {
	w := newWorld().clone()
	c := w.learnt(t, BucketTests)
	if k := slices.IndexFunc(c.events, func(e Event) bool { return e.Kind == EventLessonKept }); k < 0 || len(c.events[k].Diff) != 1 || c.events[k].Diff[0].After != "Test results & simulations" {
		t.Errorf("the log does not say where it is asked for: %+v", c.events)
	}
	plan := func(services ...Slug) *Release {
		r := &Release{ReleaseIdentity: ReleaseIdentity{Workspace: "T1", ID: 3}}
		in := w.releaseInput()
		in.Services = services
		must(t, r.Plan(in, w.taught(ana, c)))
		return r
	}
	r := plan(c.Services...)
	i := r.Items[len(r.Items)-1]
	if i.Origin != FromLesson || i.Lesson != c.ID || i.Title != "The rollback was timed with production's data" || i.Bucket != BucketTests ||
		i.ID != "TS2" || i.Mandatory || i.Status != ItemOpen || i.Due.IsZero() || i.Due.After(r.GoLive) || i.No != len(r.Items) {
		t.Errorf("%+v", i)
	}
	events := r.Events()
	if kinds(events) != "release_planned lesson_asked" || !strings.Contains(events[1].Reason, "TS2") || events[1].Diff[0].After != c.ID.String() {
		t.Errorf("%s: %+v", kinds(events), events)
	}
	if !slices.Contains(events[1].Asked, r.OwnerOf(&i)) {
		t.Errorf("its owner is not asked: %v", events[1].Asked)
	}
	if other := plan("web"); slices.ContainsFunc(other.Items, func(i Item) bool { return i.Lesson != 0 }) {
		t.Error("a release of another service is asked for it")
	}
	if n := len(r.Offers(shortList())); n != 0 {
		t.Errorf("the template offers %d lines: an item of a lesson is none of its own", n)
	}
}

func TestAServiceThatJoinsAReleaseBringsItsLessonsOnce(t *testing.T) {
	w := newWorld().clone()
	c := w.learnt(t, BucketTests)
	r := &Release{ReleaseIdentity: ReleaseIdentity{Workspace: "T1", ID: 3}}
	in := w.releaseInput()
	in.Services = []Slug{"web"}
	must(t, r.Plan(in, w.taught(ana, c)))
	r.Events()
	n := len(r.Items)
	for _, services := range [][]Slug{{"web", "pay-api"}, {"web"}, {"web", "pay-api"}} {
		in.Services = services
		must(t, r.Edit(in, w.taught(ana, c)))
	}
	if len(r.Items) != n+1 || r.Items[n].Lesson != c.ID {
		t.Errorf("%d items more", len(r.Items)-n)
	}
	in.Name = "Another name" // an edit of something else brings nothing
	late := w.learnt(t, BucketCosting)
	late.ID = 77
	must(t, r.Edit(in, w.taught(ana, c, late)))
	if len(r.Items) != n+1 {
		t.Error("a release that was planned before the review is asked for its lesson")
	}
}

func TestALessonStaysWithItsReviewUnlessABucketIsChosen(t *testing.T) {
	w := newWorld().clone()
	if _, asked := w.learnt(t, "").Asks(); asked {
		t.Error("releases are asked for it")
	}
	c := w.in(t, Implemented)
	r := YesToAll("The rollback took forty minutes instead of four.")
	r.Bucket = BucketTests
	if x := refused(t, c.Review(r, w.as(ana))); x.Fields[FieldLesson] == "" {
		t.Errorf("%v", x.Fields)
	}
	r.Lesson, r.Bucket = "It is asked for", BucketEarlyLife
	if x := refused(t, c.Review(r, w.as(ana))); x.Fields[FieldBucket] == "" {
		t.Errorf("%v", x.Fields)
	}
}

func TestAChangeManagerDropsALesson(t *testing.T) {
	w := newWorld().clone()
	c := w.learnt(t, BucketTests)
	c.Events()
	refused(t, c.DropLesson(w.as(ana)))
	must(t, c.DropLesson(w.as(kim)))
	if events := c.Events(); kinds(events) != "lesson_dropped" || events[0].Reason != c.Reviewed.Lesson {
		t.Errorf("%s", kinds(events))
	}
	if _, asked := c.Asks(); asked || c.Reviewed.Lesson == "" {
		t.Error("the lesson is asked for still, or gone from the review")
	}
	if !refused(t, c.DropLesson(w.as(kim))).Settled {
		t.Error("dropped twice")
	}
}
