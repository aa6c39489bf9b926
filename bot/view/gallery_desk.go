package view

import (
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// releaseStages are a release at the moments at which its card differs.
func (k cast) releaseStages() map[string]*releaseStage {
	due := k.released()
	conditional := k.released()
	conditional.met()
	accepted := k.released()
	accepted.met()
	accepted.confirmed()
	live := k.released()
	live.met()
	live.confirmed()
	must(live.r.GoLiveNow(live.facts(ana)))
	early := k.released()
	early.met()
	early.confirmed()
	must(early.r.GoLiveNow(early.facts(ana)))
	must(early.r.BeginEarlyLife(0, early.facts(ana)))
	must(early.r.ReportIncident("INC-77", 2, k.note, early.facts(ben)))
	gone := k.released()
	must(gone.r.MoveGoLive(gone.r.GoLive.AddDate(0, 0, 14), k.note, nil, gone.facts(ana)))
	must(gone.r.Cancel(k.note, gone.facts(ana)))
	return map[string]*releaseStage{"planning": k.planned(), "planned": due, "conditional": conditional, "accepted": accepted,
		"live": live, "early-life": early, "cancelled": gone}
}

// planned is a release on its first day.
func (k cast) planned() *releaseStage {
	s := &releaseStage{k: k, r: &models.Release{ReleaseIdentity: models.ReleaseIdentity{Workspace: "T0DEMO", ID: 3}}, now: opening}
	must(s.r.Plan(models.ReleaseInput{Name: k.in.Title, Services: []models.Slug{"payments-api"}, ProjectLead: ana, OpsLead: mia,
		GoLive: opening.AddDate(0, 0, 56), Channel: "C0RELEASE"}, s.facts(ana)))
	return s
}

// releases shows the desk of a release: its card, lines, notes and asks.
func (g *gallery) releases(k cast) {
	stages := k.releaseStages()
	for _, name := range []string{"planning", "planned", "conditional", "accepted", "live", "early-life", "cancelled"} {
		s := stages[name]
		g.add(ReleaseCard(s.r, s.facts("")), k.name, "release", "card", name)
	}
	s := stages["planned"]
	g.add(ReleaseWhy(s.r, s.facts(ana)), k.name, "release", "why")
	late := k.released()
	late.now = late.now.AddDate(0, 0, 50)
	g.add(ReleaseCard(late.r, late.facts("")), k.name, "release", "card", "late")
	g.add(ReleaseWhy(late.r, late.facts(ana)), k.name, "release", "why", "late")
	g.add(ReleaseWhyModal(late.r, late.facts(ana)), k.name, "release", "why", "modal")
	g.add(ReleaseAsk(s.r, models.AskItems, s.facts(ben)), k.name, "release", "ask", "items")
	g.add(ReleaseAsk(s.r, models.AskItems, s.facts(ana)), k.name, "release", "ask", "items", "many")
	g.add(ReleaseAsk(s.r, models.AskVerify, s.facts(mia)), k.name, "release", "ask", "verify")
	g.add(ReleaseAsk(s.r, models.AskVerify, s.facts(gus)), k.name, "release", "ask", "nothing-left")
	g.add(ReleaseAsk(stages["cancelled"].r, models.AskItems, s.facts(ana)), k.name, "release", "ask", "cancelled")
	g.releaseLines(k, s)
	g.checklists(k, s)
	g.items(k, s)
	g.releaseForms(k, s)
	g.linked(k, s)
}

// linked shows a change that belongs to a release, before and after the handover.
func (g *gallery) linked(k cast, s *releaseStage) {
	k.in.Release, k.link = s.r.ID, &models.LinkedRelease{ID: s.r.ID, Name: s.r.Name, State: models.ReleasePlanning}
	p := k.life("approved")
	f := k.facts("", p.now)
	for _, state := range []models.ReleaseState{models.ReleasePlanning, models.ReleaseAccepted} {
		f.Around.Release = &models.LinkedRelease{ID: s.r.ID, Name: s.r.Name, State: state}
		g.add(ChangeCard(p.c, f), k.name, "card", "linked", string(state))
	}
	d := k.desk(s, mia)
	d.Releases = []*models.Release{s.r, s.r}
	g.add(Home(HomeData{Items: k.desk(s, ana).Items, Verify: d.Verify, Releases: d.Releases}, galleryCommands, s.facts(mia).Facts), k.name, "home", "releases")
}

// checklists shows the ways through a checklist.
func (g *gallery) checklists(k cast, s *releaseStage) {
	for _, u := range []models.UserID{ana, mia, gus} {
		role := map[models.UserID]string{ana: "lead", mia: "operations", gus: "stranger"}[u]
		g.add(ReleasePrivate(s.r, s.facts(u)), k.name, "release", "private", role)
		g.add(ChecklistModal(s.r, s.facts(u)), k.name, "checklist", role)
	}
	g.add(BucketModal(s.r, models.BucketDocumentation, 0, s.facts(ana)), k.name, "checklist", "bucket")
	big := k.planned()
	for n := range 113 {
		must(big.r.AddItem(models.NewItem{Bucket: models.BucketDocumentation, Title: k.in.Title, Mandatory: n%2 == 0, DueDays: n % 30}, big.facts(ana)))
	}
	for page, name := range []string{"first", "second"} {
		g.add(BucketModal(big.r, models.BucketDocumentation, page, big.facts(ana)), k.name, "checklist", "bucket", "of-120", name)
	}
	g.add(BucketModal(big.r, models.BucketDocumentation, 99, big.facts(gus)), k.name, "checklist", "bucket", "of-120", "last")
	g.add(BucketForm(BucketMeta{ReleaseRef: bucketRef(big.r, models.BucketDocumentation, 0)}, big.r, models.BucketDocumentation, big.facts(ana)), k.name, "form", "bucket")
	g.add(ReleaseList([]*models.Release{s.r, big.r}, s.facts(ana).Facts), k.name, "release", "list")
	g.add(ReleaseList(nil, s.facts(ana).Facts), k.name, "release", "list", "empty")
	g.add(MyItems(k.desk(s, mia), s.facts(mia).Facts), k.name, "checklist", "mine")
	g.add(MyItems(k.desk(big, ana), big.facts(ana).Facts), k.name, "checklist", "mine", "many")
	g.add(MyItems(DeskData{}, s.facts(gus).Facts), k.name, "checklist", "mine", "none")
}

// desk is what a release gives one person to do.
func (k cast) desk(s *releaseStage, u models.UserID) DeskData {
	d := DeskData{Releases: []*models.Release{s.r}}
	for _, i := range s.r.ItemsOf(u, s.now) {
		d.Items = append(d.Items, models.OpenItem{Release: s.r, Item: i})
	}
	for _, i := range s.r.ToSettle(u) {
		d.Verify = append(d.Verify, models.OpenItem{Release: s.r, Item: i})
	}
	return d
}

// items shows the form of an item by what is chosen in it, to those who may.
func (g *gallery) items(k cast, s *releaseStage) {
	for _, x := range []struct {
		name string
		no   int
		by   models.UserID
		act  models.ItemAct
	}{{"submit", 1, ana, models.ActSubmit}, {"submit-test", 37, ben, models.ActSubmit}, {"block", 6, ana, models.ActBlock}, {"assign", 1, ana, models.ActAssign},
		{"report", 39, ben, models.ActReport}, {"verify", 30, mia, models.ActVerify}, {"return", 30, mia, models.ActReturn}, {"waive", 1, mia, models.ActWaive},
		{"exempt", 1, ana, models.ActExempt}, {"confirm", 4, mia, models.ActConfirm}, {"refuse", 4, mia, models.ActRefuse},
		{"reopen", 5, mia, models.ActReopen}, {"waived", 2, ana, ""}, {"read-only", 1, gus, ""}} {
		i, _ := s.r.Item(string(number(x.no)))
		g.add(ItemForm(ItemMeta{ResponseURL: "https://hooks.slack.example/commands/T0/1/abc"}, s.r, i, x.act, s.facts(x.by)), k.name, "form", "item", x.name)
	}
	linked := k.planned()
	must(linked.r.Submit(1, models.EvidenceInput{Kind: models.EvidenceLink, Ref: "https://wiki.example/budget?of=x&y", Note: k.note}, linked.facts(ana)))
	i, _ := linked.r.Item("1")
	g.add(ItemForm(ItemMeta{}, linked.r, i, models.ActVerify, linked.facts(mia)), k.name, "form", "item", "verify-link")
	g.add(ReleaseAsk(linked.r, models.AskVerify, linked.facts(mia)), k.name, "release", "ask", "verify-link")
	for _, no := range []int{1, 2, 3, 4, 5, 39} {
		i, _ := s.r.Item(string(number(no)))
		g.add(ItemOutcome(s.r, i, s.facts(ana)), k.name, "outcome", "item", string(number(no)))
	}
	learnt := *i
	learnt.Origin, learnt.Lesson, learnt.Title = models.FromLesson, 4, s.k.note
	g.add(ItemForm(ItemMeta{}, s.r, &learnt, models.ActBegin, s.facts(ana)), k.name, "form", "item", "lesson")
	g.add(NewItemForm(s.r, s.facts(ana), ""), k.name, "form", "item", "new")
}

func (g *gallery) releaseForms(k cast, s *releaseStage) {
	f := s.facts(ana)
	g.add(ReleaseForm(ReleaseMeta{}, models.ReleaseInput{}, f.Facts), k.name, "form", "release", "new")
	g.add(ReleaseForm(ReleaseMeta{}, models.ReleaseInput{}, k.withChecklists(f.Facts)), k.name, "form", "release", "new", "own-checklists")
	g.add(ReleaseForm(ReleaseMeta{ID: 3}, models.ReleaseInputOf(s.r), f.Facts), k.name, "form", "release", "edit")
	g.add(ReleaseOptions([]*models.Release{s.r}, "rel-3"), k.name, "options", "releases")
	g.add(GoLiveForm(s.r, f, ""), k.name, "form", "release", "move")
	g.add(ReleaseReasonForm(s.r, f, ""), k.name, "form", "release", "cancel")
	g.add(AdoptForm(s.r, f, ""), k.name, "form", "release", "adopt", "nothing")
	newer := *k.checklist()
	newer.Version, newer.Items = 2, append(newer.Items[2:], models.TemplateItem{ID: "AA8", Bucket: models.BucketCosting, Title: k.in.Title, Mandatory: true, Due: 5})
	newer.Items[0].Title = "Another: " + k.in.Title
	f.Template = &newer
	g.add(AdoptForm(s.r, f, ""), k.name, "form", "release", "adopt")
	g.add(ReleasePrivate(s.r, f), k.name, "release", "private", "newer-template")
	g.add(ReleaseUnknown("/checklist", "donne 12 "+k.note, s.r, f), k.name, "release", "unknown")
	g.add(Planned(s.r, f.Facts), k.name, "outcome", "release", "planned")
	g.add(ReleaseOutcome(s.r, f), k.name, "outcome", "release", "moved")
}

// releaseLines shows one event of each kind that people hear of.
func (g *gallery) releaseLines(k cast, s *releaseStage) {
	for _, kind := range []models.EventKind{models.EventGoLiveMoved, models.EventHandoverScheduled, models.EventHandoverAccepted,
		models.EventHandoverConditional, models.EventHandoverDeclined, models.EventHandoverAdjourned, models.EventHandoverConfirmed,
		models.EventReleaseReopened, models.EventReleaseLive, models.EventEarlyLifeBegun, models.EventEarlyLifeExtended,
		models.EventReleaseClosed, models.EventReleaseCancelled} {
		g.add(ReleaseThread(s.r, k.releaseEvent(kind, s.now), s.facts("")), k.name, "release", "thread", string(kind))
	}
	for _, kind := range []models.EventKind{models.EventItemReturned, models.EventItemExemptionRefused, models.EventWaiverExpired,
		models.EventConditionOverdue, models.EventHandoverScheduled, models.EventHandoverCalledOff, models.EventHandoverBriefed,
		models.EventReleaseReopened, models.EventIncidentReported, models.EventItemAssigned, models.EventItemSubmitted, models.EventItemReopened} {
		g.add(ReleaseNote(s.r, k.releaseEvent(kind, s.now), s.facts(mia)), k.name, "release", "note", string(kind))
	}
}

func (k cast) releaseEvent(kind models.EventKind, at time.Time) models.Event {
	return models.Event{ID: 7, Kind: kind, Actor: ana, At: at, Reason: k.note,
		Diff: []models.FieldDiff{{Field: "12 (DO2) " + k.in.Title, Before: "2026-03-02 17:00 UTC", After: "2026-03-16 17:00 UTC"}}}
}

// withChecklists are the facts of a workspace that has templates of its own.
func (k cast) withChecklists(f models.Facts) models.Facts {
	dir, own, built := *f.Directory, k.checklist(), *k.checklist()
	built.Name, built.Title = models.DefaultChecklistName, "Service transition"
	dir.Checklists = map[models.Slug]*models.ChecklistTemplate{own.Name: own, built.Name: &built}
	f.Directory = &dir
	return f
}
