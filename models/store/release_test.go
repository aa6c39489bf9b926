package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

const (
	opsLead models.UserID = "U_OWNER"
	deputy  models.UserID = "U_CAB00"
)

func releaseInput(s *store.Store) models.ReleaseInput {
	return models.ReleaseInput{Name: "Market expansion", Services: []models.Slug{"api"}, ProjectLead: raiser, OpsLead: opsLead, Deputy: deputy,
		GoLive: s.Now().AddDate(0, 0, 50).Truncate(time.Minute), Channel: "C_REL"}
}

func plan(in models.ReleaseInput) store.ReleaseMove {
	return func(r *models.Release, f models.ReleaseFacts) error { return r.Plan(in, f) }
}

// planned is a release with all items of the built-in checklist.
func planned(t testing.TB, s *store.Store) *models.Release {
	t.Helper()
	r, err := s.CreateRelease(ctx, by(raiser), plan(releaseInput(s)))
	must(t, err)
	return r.Release
}

func moveRelease(t testing.TB, s *store.Store, u models.UserID, id models.ReleaseID, fn store.ReleaseMove) *models.Release {
	t.Helper()
	r, err := s.UpdateRelease(ctx, by(u), id, fn)
	must(t, err)
	return r.Release
}

// prove has one item submitted and verified.
func prove(r *models.Release, no int, f models.ReleaseFacts) error {
	f.Actor = f.Person(raiser)
	if err := r.Submit(no, models.EvidenceInput{Kind: models.EvidenceLink, Ref: "https://wiki.example/x"}, f); err != nil {
		return err
	}
	f.Actor = f.Person(opsLead)
	return r.Verify(no, 1, f)
}

// inSession takes a release into its handover with nothing unmet.
func inSession(t testing.TB, s *store.Store, id models.ReleaseID) {
	t.Helper()
	moveRelease(t, s, raiser, id, func(r *models.Release, f models.ReleaseFacts) error {
		for _, i := range r.Unmet(f.Now) {
			if err := prove(r, i.No, f); err != nil {
				return err
			}
		}
		f.Actor = f.Person(raiser)
		return r.Schedule(models.MeetingInput{At: f.Now.Add(24 * time.Hour)}, f)
	})
	must(t, s.Jump(ctx, 25*time.Hour))
	for _, u := range []models.UserID{opsLead, deputy} {
		must(t, s.SavePeople(ctx, ws, models.Person{ID: u, Name: "Lead", Zone: "Europe/Berlin", CheckedAt: s.Now()}))
	}
	moveRelease(t, s, "", id, func(r *models.Release, f models.ReleaseFacts) error { return r.Elapse(f) })
	moveRelease(t, s, raiser, id, func(r *models.Release, f models.ReleaseFacts) error { return r.Vote(0, models.ChoiceReady, "", f) })
	moveRelease(t, s, opsLead, id, func(r *models.Release, f models.ReleaseFacts) error { return r.Attend(0, f) })
}

func accept(r *models.Release, f models.ReleaseFacts) error { return r.Accept(0, f) }

var releaseDiff = []cmp.Option{cmpopts.IgnoreUnexported(models.ReleaseProgress{})}

func TestEveryFieldOfAReleaseIsKept(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		id := planned(t, s).ID
		n := 100
		r := moveRelease(t, s, raiser, id, func(r *models.Release, f models.ReleaseFacts) error {
			if err := r.AssignBucket(models.BucketTests, worker_, f); err != nil { // so that something is recorded
				return err
			}
			fill(reflect.ValueOf(&r.ReleasePlan).Elem(), &n)
			fill(reflect.ValueOf(&r.ReleaseProgress).Elem(), &n)
			return nil
		})
		got, err := s.Release(ctx, ws, id)
		must(t, err)
		if diff := cmp.Diff(r, got, releaseDiff...); diff != "" {
			t.Error(diff)
		}
		if got.Items[1].Condition == nil || got.Meetings[1].Decision.Reason == "" || len(got.Buckets) == 0 {
			t.Error("the test fills in too little")
		}
	})
}

func TestReleasesAreNumberedWithoutGaps(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				in := releaseInput(s)
				if i%2 == 1 {
					in.Name = ""
				}
				_, err := s.CreateRelease(ctx, by(raiser), plan(in))
				if _, refused := models.AsRefusal(err); refused != (i%2 == 1) {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		wg.Wait()
		list, err := s.Releases(ctx, ws, store.ReleaseFilter{Lead: deputy, States: []models.ReleaseState{models.ReleasePlanning}})
		must(t, err)
		var ids []models.ReleaseID
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		slices.Sort(ids)
		if diff := cmp.Diff([]models.ReleaseID{1, 2, 3, 4}, ids); diff != "" {
			t.Error(diff)
		}
	})
}

func TestReleasesAreListedByGoLive(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		for _, days := range []int{20, -10, 5} {
			in := releaseInput(s)
			in.GoLive = in.GoLive.AddDate(0, 0, days)
			_, err := s.CreateRelease(ctx, by(raiser), plan(in))
			must(t, err)
		}
		ids := func(f store.ReleaseFilter) string {
			list, err := s.Releases(ctx, ws, f)
			must(t, err)
			var out []string
			for _, r := range list {
				out = append(out, r.ID.String())
			}
			return strings.Join(out, " ")
		}
		got := []string{ids(store.ReleaseFilter{}), ids(store.ReleaseFilter{Limit: 2}), ids(store.ReleaseFilter{Lead: worker_}),
			ids(store.ReleaseFilter{States: []models.ReleaseState{models.ReleaseLive, models.ReleaseClosed}})}
		if diff := cmp.Diff([]string{"REL-2 REL-3 REL-1", "REL-2 REL-3", "", ""}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestARefusedMoveLeavesTheReleaseAndIsNoted(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		r := planned(t, s)
		before, err := s.Release(ctx, ws, r.ID)
		must(t, err)
		_, err = s.UpdateRelease(ctx, by(worker_), r.ID, func(r *models.Release, f models.ReleaseFacts) error {
			r.Name = "Mine"
			return r.Cancel("I do not like it.", f)
		})
		text := refusal(t, err)
		after, err := s.Release(ctx, ws, r.ID)
		must(t, err)
		if diff := cmp.Diff(before, after, releaseDiff...); diff != "" {
			t.Error(diff)
		}
		events, err := s.History(ctx, ws, r.Ref(), 1, 0)
		must(t, err)
		if len(events) != 1 || events[0].Actor != worker_ || events[0].Reason != text {
			t.Errorf("noted %+v", events)
		}
		if _, err := s.UpdateRelease(ctx, by(raiser), 99, accept); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a release that is not there: %v", err)
		}
	})
}

func TestARepeatedReleaseCommandHappensOnce(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		cmd := by(raiser)
		cmd.Key = "view/1"
		first, err := s.CreateRelease(ctx, cmd, plan(releaseInput(s)))
		must(t, err)
		again, err := s.CreateRelease(ctx, cmd, plan(releaseInput(s)))
		must(t, err)
		if !again.Repeat || again.Release.ID != first.Release.ID || len(again.Events) != len(first.Events) || len(first.Events) == 0 {
			t.Errorf("the repeat came to %+v", again)
		}
		list, err := s.Releases(ctx, ws, store.ReleaseFilter{})
		if must(t, err); len(list) != 1 {
			t.Errorf("%d releases", len(list))
		}
	})
}

func TestWhatPeopleMustSeeOfAReleaseIsKeptWithIt(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		result, err := s.CreateRelease(ctx, by(raiser), plan(releaseInput(s)))
		must(t, err)
		var want, got []string
		for _, d := range models.ReleaseDeliveries(result.Release, result.Events, result.Facts) {
			want = append(want, d.Key)
		}
		must(t, s.DB().Table("deliveries").Where("record_kind = 'release'").Order("key").Pluck("key", &got).Error)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Error(len(want), diff)
		}
	})
}

func TestOfTwoWhoDecideAtOnceOneDecides(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		id := planned(t, s).ID
		inSession(t, s, id)
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = s.UpdateRelease(ctx, by([]models.UserID{opsLead, deputy}[i%2]), id, accept)
			})
		}
		wg.Wait()
		decided := 0
		for _, err := range errs {
			if err == nil {
				decided++
			} else {
				refusal(t, err)
			}
		}
		r, err := s.Release(ctx, ws, id)
		must(t, err)
		if decided != 1 || r.State != models.ReleaseAccepted || len(r.Certificates) != 1 || !r.Certificates[0].Genuine() {
			t.Errorf("%d decided, it is %s with %d certificates", decided, r.State, len(r.Certificates))
		}
	})
}

func TestALinkedProductionChangeWaitsForTheAcceptance(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		id := planned(t, s).ID
		in := input(s)
		in.Release, in.Start, in.End = id, in.Start.Add(24*time.Hour), in.End.Add(28*time.Hour)
		raised, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
		must(t, err)
		named := &models.LinkedRelease{ID: id, Name: "Market expansion", State: models.ReleasePlanning, Places: []models.ChannelID{"C_REL"}}
		if diff := cmp.Diff(named, raised.Facts.Around.Release); diff != "" {
			t.Fatalf("the facts name another release (-want +got):\n%s", diff)
		}
		c := approved(t, s, raised.Change)
		start := func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) }
		inSession(t, s, id)
		_, err = s.UpdateChange(ctx, by(worker_), c.ID, start)
		if text := refusal(t, err); !strings.Contains(text, "REL-1") {
			t.Errorf("refused for another reason: %s", text)
		}
		r := moveRelease(t, s, opsLead, id, accept)
		if r.State != models.ReleaseAccepted {
			t.Fatalf("it is %s", r.State)
		}
		if _, err = s.UpdateChange(ctx, by(worker_), c.ID, start); err != nil {
			t.Errorf("after the acceptance: %v", err)
		}
		f, err := s.FactsAroundRelease(ctx, r, raiser)
		must(t, err)
		want := []models.LinkedChange{{ID: c.ID, Title: c.Title, State: models.InProgress, Environment: models.Production, Window: c.Window, Places: c.Places}}
		if diff := cmp.Diff(want, f.Linked); diff != "" {
			t.Error(diff)
		}
	})
}

// approved gives a change what the policy of one board member wants.
func approved(t testing.TB, s *store.Store, c *models.Change) *models.Change {
	t.Helper()
	r, err := s.UpdateChange(ctx, by(cab(1)), c.ID, approve(c.Revision))
	must(t, err)
	return r.Change
}

func TestAChangeThatNamesNoSuchReleaseIsNotSubmitted(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		in := input(s)
		in.Release = 7
		_, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
		r, ok := models.AsRefusal(err)
		if !ok || !strings.Contains(r.Text+r.Fields[models.FieldRelease], "REL-7") {
			t.Errorf("%v", err)
		}
	})
}

func TestOpenItemsAndReadinessAreWhatSQLCounts(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		first, second := planned(t, s).ID, planned(t, s).ID
		ended := planned(t, s).ID
		moveRelease(t, s, raiser, ended, func(r *models.Release, f models.ReleaseFacts) error { return r.Cancel("It is not wanted.", f) })
		moveRelease(t, s, raiser, first, func(r *models.Release, f models.ReleaseFacts) error {
			for n, i := range r.Unmet(f.Now) {
				if n%3 == 0 {
					if err := prove(r, i.No, f); err != nil {
						return err
					}
				} else if n%7 == 1 {
					f.Actor = f.Person(opsLead)
					if err := r.Waive(i.No, "Later.", f.Now.AddDate(0, 0, 9), f); err != nil {
						return err
					}
				}
			}
			f.Actor = f.Person(raiser)
			return r.AssignBucket(models.BucketDocumentation, worker_, f)
		})
		moveRelease(t, s, raiser, second, func(r *models.Release, f models.ReleaseFacts) error {
			return r.AssignBucket(models.BucketTests, worker_, f)
		})
		for _, days := range []int{0, 10} { // after ten the waivers have run out
			must(t, s.Jump(ctx, time.Duration(days)*24*time.Hour))
			for _, id := range []models.ReleaseID{first, second} {
				r, err := s.Release(ctx, ws, id)
				must(t, err)
				f, err := s.FactsAroundRelease(ctx, r, raiser)
				must(t, err)
				var verified, applicable int
				must(t, s.DB().Raw(`SELECT sum(CASE WHEN status = 'verified' THEN weight ELSE 0 END), sum(weight) FROM (
					SELECT status, CASE WHEN mandatory THEN 3 ELSE 1 END AS weight FROM release_items
					WHERE workspace_id = ? AND release_id = ? AND bucket <> 'early_life' AND status <> 'not_applicable'
						AND NOT (status = 'waived' AND waived_until > ?)) AS x`, ws, id, f.Now).Row().Scan(&verified, &applicable))
				ready := r.Readiness(f.Facts)
				if got := [2]int{ready.Verified, ready.Applicable}; got != [2]int{verified, applicable} || applicable == 0 {
					t.Errorf("after %d days %s: %v, SQL says %d of %d", days, id, got, verified, applicable)
				}
			}
			var want int
			must(t, s.DB().Raw(`SELECT count(*) FROM release_items i JOIN releases r ON r.workspace_id = i.workspace_id AND r.id = i.release_id
				WHERE i.workspace_id = ? AND i.owner = ? AND r.state NOT IN ('closed', 'cancelled') AND i.bucket <> 'early_life'
					AND (i.status IN ('open', 'in_progress', 'blocked', 'returned') OR i.status = 'waived' AND i.waived_until <= ?)`,
				ws, worker_, s.Now()).Row().Scan(&want))
			desk, err := s.Desk(ctx, ws, worker_)
			items := desk.Items
			must(t, err)
			var on []models.ReleaseID
			for _, x := range items {
				on = append(on, x.Release.ID)
			}
			slices.Sort(on)
			if len(items) != want || len(slices.Compact(on)) != 2 {
				t.Errorf("after %d days %d open items in %v, SQL says %d", days, len(items), slices.Compact(on), want)
			}
		}
	})
}

func TestAReleaseIsDueWhenSomethingHappensByItself(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		id := planned(t, s).ID
		r := moveRelease(t, s, raiser, id, func(r *models.Release, f models.ReleaseFacts) error {
			return r.Waive(1, "Next month.", f.Now.AddDate(0, 0, 9), withActor(f, opsLead))
		})
		if due, err := s.DueReleases(ctx, s.Now(), 9); err != nil || len(due) != 0 {
			t.Errorf("early: %v %v", due, err)
		}
		must(t, s.Jump(ctx, 10*24*time.Hour))
		due, err := s.DueReleases(ctx, s.Now(), 9)
		must(t, err)
		if diff := cmp.Diff([]store.DueRelease{{Workspace: ws, ID: id, DueAt: r.Items[0].Waiver.Expires}}, due); diff != "" {
			t.Error(diff)
		}
		moveRelease(t, s, "", id, func(r *models.Release, f models.ReleaseFacts) error { return r.Elapse(f) })
		if due, err := s.DueReleases(ctx, s.Now(), 9); err != nil || len(due) != 0 {
			t.Errorf("after it was done: %v %v", due, err)
		}
	})
}

func TestADueTimeThatWasWorkedOutWronglyIsPutRight(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		id := planned(t, s).ID
		must(t, s.Exec(ctx, "UPDATE releases SET due_at = ?", s.Now().Add(-time.Hour))) // as after a change of working hours
		moveRelease(t, s, "", id, func(r *models.Release, f models.ReleaseFacts) error { return r.Elapse(f) })
		if due, err := s.DueReleases(ctx, s.Now(), 9); err != nil || len(due) != 0 {
			t.Errorf("it comes up with every tick: %v %v", due, err)
		}
	})
}

func withActor(f models.ReleaseFacts, u models.UserID) models.ReleaseFacts {
	f.Actor = f.Person(u)
	return f
}

func TestAGoLiveFarAheadIsStoppedByTheFreezeThatStandsThere(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		id := planned(t, s).ID
		at := s.Now().AddDate(1, 0, 0).Truncate(time.Hour)
		z := freeze(s)
		z.When.Window = models.NewWindow(at.Add(-time.Hour), at.Add(48*time.Hour))
		_, err := s.DeclareFreeze(ctx, by(opsLead), declared(z))
		must(t, err)
		_, err = s.UpdateRelease(ctx, by(raiser), id, func(r *models.Release, f models.ReleaseFacts) error {
			return r.MoveGoLive(at, "The market opens later.", nil, f)
		})
		r, ok := models.AsRefusal(err)
		if !ok || !strings.Contains(r.Text+fmt.Sprint(r.Fields), "nothing goes live") {
			t.Errorf("%v", err)
		}
	})
}
