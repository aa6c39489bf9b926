package view

import (
	"fmt"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// checklist is a template in the words of the cast, seven items a bucket.
func (k cast) checklist() *models.ChecklistTemplate {
	t := &models.ChecklistTemplate{Name: "gallery", Version: 1, Title: "Gallery"}
	for b, bucket := range models.Buckets {
		for n := range 7 {
			t.Items = append(t.Items, models.TemplateItem{ID: fmt.Sprintf("%c%c%d", 'A'+b, 'A'+b, n+1), Bucket: bucket, Title: k.in.Title, Expected: k.in.Title,
				Mandatory: n < 5, Due: []int{30, 20, 10, 7, 5, 5, 3}[n], Tests: bucket == models.BucketTests})
		}
	}
	return t
}

// releaseStage is a release at one moment of its way to a handover.
type releaseStage struct {
	k   cast
	r   *models.Release
	now time.Time
}

func (s *releaseStage) facts(u models.UserID) models.ReleaseFacts {
	f := models.ReleaseFacts{Facts: s.k.facts(u, s.now), Template: s.k.checklist()}
	f.Linked = []models.LinkedChange{{ID: 4, Title: s.k.in.Title, State: models.Approved, Environment: models.Production, Window: models.NewWindow(s.k.in.Start, s.k.in.End)}}
	return f
}

// released takes a release into its handover: most is verified, and one item of
// every kind of exception is left.
func (k cast) released() *releaseStage {
	s := &releaseStage{k: k, r: &models.Release{ReleaseIdentity: models.ReleaseIdentity{Workspace: "T0DEMO", ID: 3}}, now: opening}
	must(s.r.Plan(models.ReleaseInput{Name: k.in.Title, Services: []models.Slug{"payments-api"}, ProjectLead: ana, OpsLead: mia, Deputy: cara,
		GoLive: opening.AddDate(0, 0, 56), Channel: "C0RELEASE"}, s.facts(ana)))
	for b, u := range map[models.Bucket]models.UserID{models.BucketProcesses: ben, models.BucketDocumentation: paul, models.BucketTests: ben} {
		must(s.r.AssignBucket(b, u, s.facts(ana)))
	}
	issues := 2
	for _, i := range s.r.Unmet(s.now) {
		switch owner := s.r.OwnerOf(i); i.No % 9 {
		case 1:
			must(s.r.Block(i.No, k.note, s.facts(owner)))
		case 2:
			must(s.r.Waive(i.No, k.note, s.now.AddDate(0, 3, 0), s.facts(mia)))
		case 3:
			in := models.EvidenceInput{Kind: models.EvidenceNote, Note: k.note}
			if i.Tests {
				in.OpenIssues = &issues
			}
			must(s.r.Submit(i.No, in, s.facts(owner)))
		case 4:
			must(s.r.NotApplicable(i.No, k.note, s.facts(owner)))
		default:
			must(s.r.Submit(i.No, models.EvidenceInput{Kind: models.EvidenceLink, Ref: "https://wiki.example/x", Note: k.note}, s.facts(owner)))
			must(s.r.Verify(i.No, 1, s.facts(mia)))
		}
	}
	must(s.r.Schedule(models.MeetingInput{At: s.now.Add(26 * time.Hour), Place: k.in.Title}, s.facts(ana)))
	return s
}

// met holds the meeting, ends it with conditions and confirms it.
func (s *releaseStage) met() {
	s.now = s.now.Add(26 * time.Hour)
	must(s.r.Elapse(s.facts("")))
	for n, u := range s.r.Voters() {
		must(s.r.Vote(0, models.Choices[n%3], s.k.note, s.facts(u)))
	}
	must(s.r.Vote(0, models.ChoiceReady, "", s.facts(s.r.Voters()[1]))) // late
	var list []models.ConditionInput
	for n, i := range s.r.Unmet(s.now) {
		list = append(list, models.ConditionInput{No: i.No, Owner: ben, Due: s.now.Add(48 * time.Hour), Test: s.k.note, After: n%2 == 1})
	}
	must(s.r.AcceptWithConditions(0, list, s.facts(cara)))
}

// verify has an item of Ben's submitted and verified.
func (s *releaseStage) verify(i *models.Item) {
	none := 0
	in := models.EvidenceInput{Kind: models.EvidenceNote, Note: s.k.note}
	if i.Tests {
		in.OpenIssues = &none
	}
	must(s.r.Submit(i.No, in, s.facts(ben)))
	again, _ := s.r.Item(i.ID)
	must(s.r.Verify(i.No, again.Version(), s.facts(mia)))
}

// verified has every blocking condition verified.
func (s *releaseStage) verified() {
	for _, i := range s.r.Blocking(s.now) {
		s.verify(i)
	}
}

func (s *releaseStage) confirmed() {
	s.verified()
	must(s.r.Confirm(s.facts(mia)))
}

// handovers shows what is read about a handover and acted on elsewhere.
func (g *gallery) handovers(k cast) {
	s := k.released()
	g.add(Brief(s.r, s.r.Upcoming(), s.r.Brief(s.facts("")), s.facts("").Facts), k.name, "handover", "brief")
	s.met()
	g.add(Minutes(s.r, s.r.LastMeeting(), s.facts("").Facts), k.name, "handover", "minutes")
	s.confirmed()
	c := *s.r.Certificate()
	g.add(Certificate(s.r, c, s.facts("").Facts), k.name, "certificate")
	c.RevokedAt = s.now
	g.add(Certificate(s.r, c, s.facts("").Facts), k.name, "certificate", "revoked")
}
