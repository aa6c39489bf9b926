package models

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// shortList is a checklist with every kind of item in it, short enough to read.
func shortList() *ChecklistTemplate {
	return &ChecklistTemplate{Name: "short", Version: 1, Title: "Short", Items: []TemplateItem{
		{ID: "CB1", Bucket: BucketCosting, Title: "Budget approved", Expected: "Approval link", Mandatory: true, Due: 30},
		{ID: "CB2", Bucket: BucketCosting, Title: "Cost alert set", Expected: "Link", Due: 10},
		{ID: "RP1", Bucket: BucketResources, Title: "On-call rota covers go-live", Expected: "Rota", Mandatory: true, Due: 20},
		{ID: "PR1", Bucket: BucketProcesses, Title: "Escalation path agreed", Expected: "Contact tree", Mandatory: true, Due: 10},
		{ID: "DO2", Bucket: BucketDocumentation, Title: "Runbook", Expected: "Link", Mandatory: true, Due: 10},
		{ID: "DO8", Bucket: BucketDocumentation, Title: "Privacy record", Expected: "Record", Mandatory: true, When: PersonalData, Due: 15},
		{ID: "QG6", Bucket: BucketQuality, Title: "Capacity for six months", Expected: "Estimate", Mandatory: true, Tiers: []Tier{0, 1}, Due: 7},
		{ID: "TS5", Bucket: BucketTests, Title: "Rollback rehearsed", Expected: "Duration", Mandatory: true, Due: 7, Tests: true},
		{ID: "EL1", Bucket: BucketEarlyLife, Title: "One on-call week led by operations", Expected: "Rota", Mandatory: true, Due: 5},
		{ID: "EL2", Bucket: BucketEarlyLife, Title: "Daily slot held", Expected: "Notes", Due: 1},
	}}
}

// forRelease are the facts of a command about a release.
func (w *world) forRelease(u UserID) ReleaseFacts {
	return ReleaseFacts{Facts: w.as(u), Template: shortList()}
}

// releaseInput is a whole form: Ana leads the project, Fay operations, Gus
// stands in for her.
func (w *world) releaseInput() ReleaseInput {
	return ReleaseInput{Name: "Market expansion", Services: []Slug{"pay-api"}, ProjectLead: ana, OpsLead: fay, Deputy: gus,
		GoLive: monday.AddDate(0, 0, 63), Channel: "CREL", Attributes: nil}
}

// planned is a release as Ana planned it, its buckets shared out among four.
func (w *world) planned(t testing.TB, edit func(*ReleaseInput)) *Release {
	t.Helper()
	in := w.releaseInput()
	if edit != nil {
		edit(&in)
	}
	r := &Release{ReleaseIdentity: ReleaseIdentity{Workspace: "T1", ID: 3}}
	must(t, r.Plan(in, w.forRelease(ana)))
	for b, u := range map[Bucket]UserID{BucketProcesses: ben, BucketDocumentation: cai, BucketQuality: dee, BucketTests: dee} {
		must(t, r.AssignBucket(b, u, w.forRelease(ana)))
	}
	return r
}

// itemNo is the number of an item by its id.
func itemNo(t testing.TB, r *Release, id string) int {
	t.Helper()
	i, ok := r.Item(id)
	if !ok {
		t.Fatalf("%s has no item %s", r.ID, id)
	}
	return i.No
}

// worked brings every mandatory item but those to verified.
func (w *world) worked(t testing.TB, r *Release, but ...string) *Release {
	t.Helper()
	for _, i := range r.Unmet(w.now) {
		if !slices.Contains(but, i.ID) {
			w.proven(t, r, i.No)
		}
	}
	return r
}

// proven submits evidence for an item by its owner and has Fay verify it.
func (w *world) proven(t testing.TB, r *Release, no int) {
	t.Helper()
	i, err := r.no(no)
	must(t, err)
	must(t, r.Submit(no, EvidenceInput{Kind: EvidenceLink, Ref: "https://wiki.example/" + i.ID}, w.forRelease(r.OwnerOf(i))))
	i, _ = r.no(no)
	must(t, r.Verify(no, i.Version(), w.forRelease(fay)))
}

// convened takes a release into its meeting, on the day after now.
func (w *world) convened(t testing.TB, r *Release) *Meeting {
	t.Helper()
	must(t, r.Schedule(MeetingInput{At: w.now.Add(24 * time.Hour), Place: "Room 4"}, w.forRelease(ana)))
	w.later(24 * time.Hour)
	must(t, r.Elapse(w.forRelease("")))
	return r.InSession()
}

// voted has every bucket owner vote.
func (w *world) voted(t testing.TB, r *Release, choice Choice) {
	t.Helper()
	for _, u := range r.Voters() {
		must(t, r.Vote(0, choice, "As discussed.", w.forRelease(u)))
	}
}

// conditionsFor is a condition before go-live for every unmet item.
func (w *world) conditionsFor(r *Release, after bool) []ConditionInput {
	var list []ConditionInput
	for _, i := range r.Unmet(w.now) {
		due := w.now.Add(48 * time.Hour)
		if after {
			due = r.GoLive.Add(72 * time.Hour)
		}
		list = append(list, ConditionInput{No: i.No, Owner: ben, Due: due, Test: "The document can be opened by operations.", After: after})
	}
	return list
}

// releaseIn makes a release in a state, by the way people take there.
func (w *world) releaseIn(t testing.TB, s ReleaseState) *Release {
	t.Helper()
	r := w.planned(t, nil)
	switch s {
	case ReleasePlanning:
		return r
	case ReleaseCancelled:
		must(t, r.Cancel("The market is closed.", w.forRelease(ana)))
		return r
	}
	if s == ReleaseConditional {
		w.worked(t, r, "DO2")
	} else {
		w.worked(t, r)
	}
	w.convened(t, r)
	if s == ReleaseHandoverDue {
		return r
	}
	w.voted(t, r, ChoiceReady)
	if s == ReleaseConditional {
		must(t, r.AcceptWithConditions(0, w.conditionsFor(r, false), w.forRelease(fay)))
		return r
	}
	must(t, r.Accept(0, w.forRelease(fay)))
	if s == ReleaseAccepted {
		return r
	}
	must(t, r.GoLiveNow(w.forRelease(ana)))
	if s == ReleaseLive {
		return r
	}
	must(t, r.BeginEarlyLife(0, w.forRelease(ana)))
	if s == ReleaseEarlyLife {
		return r
	}
	w.proven(t, r, itemNo(t, r, "EL1"))
	w.now = r.EarlyLife.Ends
	must(t, r.Close(w.forRelease(fay)))
	return r
}

// releaseDifference is what changed between two versions of a release.
func releaseDifference(before, after *Release) string {
	return cmp.Diff(before, after, cmp.AllowUnexported(ReleaseProgress{}), cmpopts.EquateEmpty())
}
