package handlers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

func (w *house) releaseInput() models.ReleaseInput {
	return models.ReleaseInput{Name: "Tracking for Poland", Services: []models.Slug{"tracking"}, ProjectLead: "U0ANA", OpsLead: "U0DEV", Deputy: "U0CHI",
		GoLive: w.store.Now().AddDate(0, 0, 60).Truncate(time.Minute), Channel: "C0TRACKING"}
}

// plan has ana plan a release that dev accepts, or chi in their stead.
func (w *house) plan() *models.Release {
	w.t.Helper()
	res, err := w.store.CreateRelease(w.t.Context(), w.command("U0ANA"), func(r *models.Release, f models.ReleaseFacts) error { return r.Plan(w.releaseInput(), f) })
	must(w.t, err)
	return res.Release
}

func (w *house) release(id models.ReleaseID) *models.Release {
	w.t.Helper()
	r, err := w.store.Release(w.t.Context(), workspace, id)
	must(w.t, err)
	return r
}

func (w *house) on(u models.UserID, id models.ReleaseID, move store.ReleaseMove) {
	w.t.Helper()
	_, err := w.store.UpdateRelease(w.t.Context(), w.command(u), id, move)
	must(w.t, err)
}

// item is the item as it is kept now.
func (w *house) item(id models.ReleaseID, ref string) *models.Item {
	w.t.Helper()
	i, known := w.release(id).Item(ref)
	if !known {
		w.t.Fatalf("%s has no item %s", id, ref)
	}
	return i
}

// itemForm opens what can be done with an item, from "/checklist" alone or the
// checklist's windows.
func (w *house) itemForm(name string, id models.ReleaseID, b models.Bucket, ref string) {
	w.t.Helper()
	w.As(name).CloseAll()
	fine(w.t, w.As(name).Slash("general", "/checklist "+id.String()))
	fine(w.t, w.As(name).Click(w.told(name, id.String(), "Readiness"), "Checklist"))
	v := w.sees(name, "Costing")
	fine(w.t, w.pressOne(name, v, "Open", fmt.Sprint(int64(id), ":", 1+bucketIndex(b), ":0")))
	v = w.sees(name, b.String(), ref)
	i := w.item(id, ref)
	fine(w.t, w.pressOne(name, v, "Work on…", fmt.Sprint(int64(id), ":", i.No, ":", i.Version())))
	w.sees(name, "Owner", i.Title)
}

func bucketIndex(b models.Bucket) int {
	for n, x := range append(append([]models.Bucket{}, models.Buckets...), models.BucketEarlyLife) {
		if x == b {
			return n
		}
	}
	return -1
}

// pressOne presses the one of several buttons alike that carries the value.
func (w *house) pressOne(name string, v slackfake.View, label, value string) slackfake.Result {
	w.t.Helper()
	for _, c := range v.Controls() {
		if c.Label == label && c.Value == value {
			return w.As(name).Do(slackfake.Act{Type: "click", BlockID: c.BlockID, ActionID: c.ActionID, Value: c.Value, ViewID: v.ID})
		}
	}
	w.t.Fatalf("no button %q with %q in %v", label, value, v.Controls())
	return slackfake.Result{}
}

func TestAReleaseIsPlannedAndFoundInAnySpelling(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		fine(t, w.As("ana").Slash("general", "/checklist new Tracking for Poland"))
		w.opened("ana", "release.form")
		fine(t, w.As("ana").Submit(slackfake.Fields{"services": []string{"tracking"}, "go_live": w.store.Now().AddDate(0, 0, 60), "channel": "tracking", "deputy": "chi"}))
		w.told("ana", "REL-1", "Tracking for Poland", "dev accepts it")
		r := w.release(1)
		if r.OpsLead != "U0DEV" || r.ProjectLead != "U0ANA" || r.Deputy != "U0CHI" || r.Channel != "C0TRACKING" || len(r.Items) < 45 {
			t.Errorf("planned: %+v with %d items", r.ReleasePlan, len(r.Items))
		}
		for _, spelling := range []string{"REL-1", "rel1", "1", "REL-1 please"} {
			before := len(w.Ephemerals("ben"))
			fine(t, w.As("ben").Slash("general", "/checklist "+spelling))
			if len(w.Ephemerals("ben")) == before || !strings.Contains(w.last("ben"), "Tracking for Poland") {
				t.Errorf("%q: %s", spelling, w.last("ben"))
			}
		}
		fine(t, w.As("ben").Slash("general", "/checklist REL-1 donne DO2 https://wiki.example/runbook"))
		w.told("ben", "I don't know “donne DO2 https://wiki.example/runbook”, so nothing was recorded", "REL-1 done 12", "Tracking for Poland")
		fine(t, w.As("ben").Slash("general", "/checklist list"))
		w.told("ben", "Releases by go-live", "REL-1", "green")
		fine(t, w.As("ben").Slash("general", "/checklist REL-1 why"))
		w.told("ben", "points verified", "it is green")
		fine(t, w.As("ana").Slash("general", "/checklist"))
		w.told("ana", "Yours to do", "CB1")
		fine(t, w.As("ben").Slash("general", "/checklist REL-9"))
		w.told("ben", "There is no REL-9")
	})
}

func TestAnItemIsDoneByOneLine(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		r := w.plan()
		fine(t, w.As("ana").Slash("general", "/checklist rel1 done do2 <https://wiki.example/runbook> the new one"))
		w.told("ana", "DO2", "waits for Dev or Chi to verify")
		if i := w.item(r.ID, "DO2"); i.Status != models.ItemSubmitted || i.Standing().Ref != "https://wiki.example/runbook" || i.Standing().Note != "the new one" {
			t.Errorf("%s with %+v", i.Status, i.Standing())
		}
		fine(t, w.As("ana").Slash("general", "/checklist REL-1 done TS5 issues:2 https://ci.example/7"))
		w.told("ana", "TS5", "2 open issues", "Nobody can verify it")
		for typed, want := range map[string]string{
			"done": "Say which item is done", "done 12": "Say which item is done", "done 999 https://x.example": "has no item",
			"done 1 ok": "Evidence is needed", "done CB1 issues:1 https://x.example/y": "reports no tests",
			"done TS5 https://x.example/y issues:none": `"none" is no number of open issues, so nothing was recorded`,
			"done TS5 https://x.example/y issues:-1":   `"-1" is no number of open issues, so nothing was recorded`} {
			fine(t, w.As("ana").Slash("general", "/checklist REL-1 "+typed))
			if !strings.Contains(w.last("ana"), want) {
				t.Errorf("%q: %s", typed, w.last("ana"))
			}
		}
		if i := w.item(r.ID, "TS5"); i.OpenIssues != 2 {
			t.Errorf("TS5 has %d open issues", i.OpenIssues)
		}
		fine(t, w.As("ben").Slash("general", "/checklist REL-1 done CB1 https://x.example/y"))
		w.told("ben", "only by its owner or the project lead", "Ask ana")
		if i := w.item(r.ID, "CB1"); i.Status != models.ItemOpen {
			t.Errorf("CB1 is %s", i.Status)
		}
	})
}

func TestEveryActOnAnItemIsDoneInItsForm(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		r := w.plan()
		later := w.store.Now().AddDate(0, 0, 20)
		for _, step := range []struct {
			who, ref, act string
			fields        slackfake.Fields
			want          models.ItemStatus
		}{
			{"ana", "DO2", "begin", nil, models.ItemInProgress},
			{"ana", "DO2", "block", slackfake.Fields{"reason": "No access to the wiki."}, models.ItemBlocked},
			{"ana", "DO2", "submit", slackfake.Fields{"evidence": "https://wiki.example/runbook"}, models.ItemSubmitted},
			{"dev", "DO2", "return", slackfake.Fields{"reason": "It says nothing about stopping."}, models.ItemReturned},
			{"ana", "DO2", "submit", slackfake.Fields{"evidence": "It says so now."}, models.ItemSubmitted},
			{"dev", "DO2", "verify", nil, models.ItemVerified},
			{"dev", "DO2", "reopen", slackfake.Fields{"reason": "It changed."}, models.ItemOpen},
			{"dev", "DO2", "waive", slackfake.Fields{"reason": "The authors are on call.", "expiry": later}, models.ItemWaived},
			{"ana", "DO3", "exempt", slackfake.Fields{"reason": "Nothing to see."}, models.ItemOpen},
			{"dev", "DO3", "refuse", slackfake.Fields{"reason": "There is."}, models.ItemOpen},
			{"ana", "DO3", "exempt", slackfake.Fields{"reason": "Really nothing."}, models.ItemOpen},
			{"dev", "DO3", "confirm", nil, models.ItemNotApplicable},
			{"ana", "DO1", "assign", slackfake.Fields{"owner": "ben"}, models.ItemOpen},
		} {
			w.itemForm(step.who, r.ID, models.BucketDocumentation, step.ref)
			fine(t, w.As(step.who).ChooseIn("kind", step.act))
			w.until("the form asks for what that takes", func() bool {
				v, _ := w.As(step.who).View()
				for _, field := range []string{"evidence", "reason", "expiry", "owner"} {
					if _, wanted := step.fields[field]; wanted != strings.Contains(toJSON(v.Blocks), `"block_id":"`+field+`"`) {
						return false
					}
				}
				return true
			})
			fine(t, w.As(step.who).Submit(step.fields))
			w.until("the checklist beneath shows it", func() bool {
				v, ok := w.As(step.who).View()
				return ok && strings.Contains(v.Title, "Documentation")
			})
			if i := w.item(r.ID, step.ref); i.Status != step.want {
				t.Fatalf("after %s %s is %s, want %s", step.act, step.ref, i.Status, step.want)
			}
		}
		if i := w.item(r.ID, "DO1"); i.Owner != "U0BEN" {
			t.Errorf("DO1 is %q's", i.Owner)
		}
	})
}

// formOf opens one of a release's forms from its private card.
func (w *house) formOf(name string, id models.ReleaseID, label, callback string) {
	w.t.Helper()
	w.As(name).CloseAll()
	fine(w.t, w.As(name).Slash("general", "/checklist "+id.String()))
	fine(w.t, w.As(name).Click(w.told(name, id.String(), "Readiness"), label))
	w.opened(name, callback)
}

func TestAReleaseIsMovedEditedAndCancelled(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		r := w.plan()
		to := r.GoLive.AddDate(0, 0, 14)
		w.formOf("ana", r.ID, "Move go-live…", "release.golive.form")
		fine(t, w.As("ana").Submit(slackfake.Fields{"go_live": to, "reason": "The vendor is late.", "item": []string{"3"}}))
		w.until("it is moved", func() bool { return w.release(r.ID).GoLive.Equal(to) })
		if m := w.release(r.ID).Moves; len(m) != 1 || len(m[0].Items) != 1 || m[0].Items[0] != 3 {
			t.Errorf("moves: %+v", m)
		}
		w.formOf("ana", r.ID, "Edit…", "release.form")
		fine(t, w.As("ana").Submit(slackfake.Fields{"title": "Tracking for Poland and Lithuania"}))
		w.until("it is renamed", func() bool { return strings.HasSuffix(w.release(r.ID).Name, "Lithuania") })
		w.formOf("ana", r.ID, "Cancel release…", "release.reason.form")
		fine(t, w.As("ana").Submit(slackfake.Fields{"reason": "The market entry is off."}))
		w.until("it is cancelled", func() bool { return w.release(r.ID).State == models.ReleaseCancelled })
		w.As("ana").CloseAll()
		fine(t, w.As("ana").Slash("general", "/checklist REL-1 done DO2 https://wiki.example/x"))
		w.told("ana", "REL-1 is cancelled")
	})
}

func TestTwoWhoEditOneReleaseAtOnceUndoNothing(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		r := w.plan()
		w.formOf("ana", r.ID, "Edit…", "release.form")
		w.formOf("dev", r.ID, "Edit…", "release.form")
		fine(t, w.As("dev").Submit(slackfake.Fields{"title": "Tracking for Lithuania"}))
		w.until("it is renamed", func() bool { return strings.HasSuffix(w.release(r.ID).Name, "Lithuania") })
		got := w.As("ana").Submit(slackfake.Fields{"attributes": []string{string(models.PersonalData)}})
		if said := fmt.Sprint(got.Errors); len(got.Errors) != 1 || !strings.Contains(said, "was edited after this form was opened") {
			t.Errorf("ana is told %v", got.Errors)
		}
		if now := w.release(r.ID); now.Name != "Tracking for Lithuania" || len(now.Attributes) != 0 {
			t.Errorf("kept: %q, %v", now.Name, now.Attributes)
		}
		w.As("ana").CloseAll()
		w.formOf("ana", r.ID, "Edit…", "release.form")
		fine(t, w.As("ana").Submit(slackfake.Fields{"attributes": []string{string(models.PersonalData)}}))
		w.until("both are kept", func() bool {
			now := w.release(r.ID)
			return len(now.Attributes) == 1 && now.Name == "Tracking for Lithuania"
		})
	})
}

func TestABucketOf120ItemsIsPagedAndGivenAwayAtOnce(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		r := w.plan()
		have := len(r.Bucket(models.BucketTests))
		w.on("U0ANA", r.ID, func(r *models.Release, f models.ReleaseFacts) error {
			for n := have; n < 120; n++ {
				if err := r.AddItem(models.NewItem{Bucket: models.BucketTests, Title: fmt.Sprint("Scenario ", n), Mandatory: true, DueDays: 3}, f); err != nil {
					return err
				}
			}
			return nil
		})
		fine(t, w.As("dev").Slash("general", "/checklist "+r.ID.String()))
		fine(t, w.As("dev").Click(w.told("dev", r.ID.String(), "Readiness"), "Checklist"))
		fine(t, w.pressOne("dev", w.sees("dev", "Costing"), "Open", "1:6:0"))
		seen := map[string]bool{}
		for page := range 10 {
			v := w.sees("dev", fmt.Sprintf("Items %d to %d of 120", page*12+1, page*12+12))
			for _, c := range v.Controls() {
				if c.Label == "Work on…" {
					seen[c.Value] = true
				}
			}
			if page < 9 {
				fine(t, w.As("dev").Press("Next ▶"))
			}
		}
		if len(seen) != 120 {
			t.Errorf("%d items were seen on 10 pages", len(seen))
		}
		fine(t, w.As("dev").Press("◀ Before"))
		w.sees("dev", "Items 97 to 108 of 120")
		fine(t, w.As("dev").Press("Assign the bucket…"))
		w.opened("dev", "bucket.form")
		fine(t, w.As("dev").Submit(slackfake.Fields{"owner": "ben", "verifier": "chi"}))
		w.sees("dev", "owner ben", "verified by chi")
		after := w.release(r.ID)
		if n := len(after.ItemsOf("U0BEN", w.store.Now())); n != 120 || after.Buckets[models.BucketTests].Verifier != "U0CHI" {
			t.Errorf("ben has %d items to do, %s verifies", n, after.Buckets[models.BucketTests].Verifier)
		}
	})
}

func TestANewerTemplateIsTakenOverItemByItem(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		res, err := w.store.CreateRelease(t.Context(), w.command("U0ANA"), func(r *models.Release, f models.ReleaseFacts) error {
			older := *f.Template
			older.Version, older.Items = 0, older.Items[2:] // CB1 and CB2 came later
			f.Template = &older
			return r.Plan(w.releaseInput(), f)
		})
		must(t, err)
		id := res.Release.ID
		w.formOf("ana", id, "Newer template…", "release.adopt.form")
		fine(t, w.As("ana").Submit(slackfake.Fields{"item": []string{"CB2"}}))
		w.until("one is taken over", func() bool { _, has := w.release(id).Item("CB2"); return has })
		if _, has := w.release(id).Item("CB1"); has {
			t.Error("CB1 was taken over, too")
		}
		if i := w.item(id, "CB2"); i.No != len(w.release(id).Items) {
			t.Errorf("it has the number %d", i.No)
		}
	})
}

func TestBadInputAboutReleasesIsRefusedInWords(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0CHI")
		frozen := w.store.Now().AddDate(0, 0, 30).Truncate(time.Hour)
		next := frozen.Add(-time.Hour)
		_, err := w.store.DeclareFreeze(t.Context(), w.command("U0CHI"), func(z *models.Freeze, f models.Facts) ([]models.Event, error) {
			return z.Declare(models.Freeze{Kind: models.HardFreeze, Name: "Quarter end", Owner: "U0CHI", Environments: []models.Environment{models.Production},
				When: models.When{Window: models.NewWindow(next, frozen.Add(48*time.Hour))}}, 0, next, f)
		})
		must(t, err)
		for _, x := range []struct {
			fields slackfake.Fields
			field  string
			want   string
		}{
			{slackfake.Fields{"go_live": w.store.Now().Add(-time.Hour)}, "go_live", "in the past"},
			{slackfake.Fields{"go_live": frozen}, "go_live", "Quarter end"},
			{slackfake.Fields{"go_live": w.store.Now().AddDate(4, 0, 0)}, "go_live", "three years"},
			{slackfake.Fields{"ops_lead": "ana"}, "ops_lead", "Nobody hands over to themselves"},
			{slackfake.Fields{"deputy": "kai"}, "deputy", "guest"},
		} {
			w.As("ana").CloseAll()
			fine(t, w.As("ana").Slash("tracking", "/checklist new Poland"))
			w.opened("ana", "release.form")
			fields := slackfake.Fields{"services": []string{"tracking"}, "go_live": w.store.Now().AddDate(0, 0, 60), "channel": "tracking"}
			for field, answer := range x.fields {
				fields[field] = answer
			}
			if got := w.As("ana").Submit(fields); !strings.Contains(got.Errors[x.field], x.want) {
				t.Errorf("%v: %v", x.fields, got.Errors)
			}
		}
		if list, err := w.store.Releases(t.Context(), workspace, store.ReleaseFilter{}); err != nil || len(list) != 0 {
			t.Errorf("%d releases were planned, %v", len(list), err)
		}
		w.As("ana").CloseAll()
		r := w.plan()
		w.formOf("ana", r.ID, "Move go-live…", "release.golive.form")
		if got := w.As("ana").Submit(slackfake.Fields{"go_live": frozen, "reason": "x"}); !strings.Contains(got.Errors["go_live"], "Quarter end") {
			t.Errorf("moved onto a frozen day: %v", got.Errors)
		}
		w.on("U0DEV", r.ID, func(r *models.Release, f models.ReleaseFacts) error { return r.Assign(5, "U0DEV", f) })
		w.on("U0DEV", r.ID, func(r *models.Release, f models.ReleaseFacts) error {
			return r.Submit(5, models.ReadEvidence("I wrote it."), f)
		})
		fine(t, w.As("dev").Slash("general", "/checklist"))
		w.told("dev", "Yours to do") // what dev submitted is not offered to dev
		if strings.Contains(w.last("dev"), "For you to verify\n") {
			t.Errorf("dev is offered their own evidence: %s", w.last("dev"))
		}
		_, err = w.store.UpdateRelease(t.Context(), w.command("U0DEV"), r.ID, func(r *models.Release, f models.ReleaseFacts) error { return r.Verify(5, 1, f) })
		if no, ok := models.AsRefusal(err); !ok || !strings.Contains(no.Text, "You submitted evidence") {
			t.Errorf("dev verifies their own evidence: %v", err)
		}
	})
}

func TestAReleaseWhoseOperationsLeadLeftGetsAnother(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.manager("U0BEN")
		r := w.plan()
		must(t, w.store.SavePerson(t.Context(), workspace, models.Person{ID: "U0DEV", Name: "dev", Deleted: true, CheckedAt: w.store.Now()}))
		w.formOf("ana", r.ID, "Edit…", "release.form")
		if got := w.As("ana").Submit(slackfake.Fields{"ops_lead": "ben"}); !strings.Contains(got.Errors["ops_lead"], "changed by the operations lead, the deputy or a change manager") {
			t.Errorf("the project lead chose their judge: %v", got.Errors)
		}
		w.formOf("ben", r.ID, "Edit…", "release.form")
		fine(t, w.As("ben").Submit(slackfake.Fields{"ops_lead": "ben"}))
		w.until("ben leads operations", func() bool { return w.release(r.ID).OpsLead == "U0BEN" })
	})
}
