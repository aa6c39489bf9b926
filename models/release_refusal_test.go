package models

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// releaseRefusals are ways to be refused that no other table about releases holds.
var releaseRefusals = map[string]func(t *testing.T, w *world) error{
	"assign an unknown bucket": func(t *testing.T, w *world) error {
		return w.planned(t, nil).AssignBucket("kitchen", ben, w.forRelease(ana))
	},
	"assign a bucket twice": func(t *testing.T, w *world) error {
		return w.planned(t, nil).AssignBucket(BucketProcesses, ben, w.forRelease(ana))
	},
	"assign to a closed account": func(t *testing.T, w *world) error {
		return w.planned(t, nil).AssignBucket(BucketProcesses, quin, w.forRelease(ana))
	},
	"assign by a stranger": func(t *testing.T, w *world) error { return w.planned(t, nil).Assign(1, ben, w.forRelease(ray)) },
	"assign by a guest":    func(t *testing.T, w *world) error { return w.planned(t, nil).Assign(1, ben, w.forRelease(pat)) },
	"assign an item twice": func(t *testing.T, w *world) error { return w.planned(t, nil).Assign(1, ana, w.forRelease(ana)) },
	"assign no item":       func(t *testing.T, w *world) error { return w.planned(t, nil).Assign(99, ben, w.forRelease(ana)) },
	"a verifier for an unknown bucket": func(t *testing.T, w *world) error {
		return w.planned(t, nil).AssignVerifier("kitchen", ben, w.forRelease(fay))
	},
	"a verifier who is a guest": func(t *testing.T, w *world) error {
		return w.planned(t, nil).AssignVerifier(BucketTests, pat, w.forRelease(fay))
	},
	"a verifier who leads the project": func(t *testing.T, w *world) error {
		return w.planned(t, nil).AssignVerifier(BucketTests, ana, w.forRelease(fay))
	},
	"a verifier who is that already": func(t *testing.T, w *world) error {
		return w.planned(t, nil).AssignVerifier(BucketTests, "", w.forRelease(fay))
	},
	"a verifier in what is closed": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseCancelled).AssignVerifier(BucketTests, ben, w.forRelease(fay))
	},
	"a verifier named by the project lead": func(t *testing.T, w *world) error {
		return w.planned(t, nil).AssignVerifier(BucketTests, ben, w.forRelease(ana))
	},
	"a verifier named by a bot": func(t *testing.T, w *world) error {
		return w.planned(t, nil).AssignVerifier(BucketTests, ben, w.forRelease(robo))
	},
	"an item with nothing right": func(t *testing.T, w *world) error {
		return w.planned(t, nil).AddItem(NewItem{Bucket: "kitchen", DueDays: -1, Owner: quin, Expected: strings.Repeat("x", 241)}, w.forRelease(ana))
	},
	"an item too many": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		r.Items = append(r.Items, make([]Item, MaxItems)...)
		return r.AddItem(NewItem{Bucket: BucketTests, Title: "One more"}, w.forRelease(ana))
	},
	"adopt what is the same": func(t *testing.T, w *world) error { return w.planned(t, nil).Adopt("CB1", w.forRelease(ana)) },
	"accept before the votes": func(t *testing.T, w *world) error {
		r := w.worked(t, w.planned(t, nil))
		w.convened(t, r)
		return r.Accept(0, w.forRelease(fay))
	},
	"accept without a quorum": func(t *testing.T, w *world) error {
		r := w.worked(t, w.planned(t, nil))
		w.convened(t, r)
		must(t, r.Reveal(0, w.forRelease(ana)))
		return r.Accept(0, w.forRelease(fay))
	},
	"accept what is unmet": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		w.convened(t, r)
		w.voted(t, r, ChoiceReady)
		return r.Accept(0, w.forRelease(fay))
	},
	"accept by the project lead": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		w.convened(t, r)
		return r.Accept(0, w.forRelease(ana))
	},
	"accept by a guest": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		w.convened(t, r)
		return r.Accept(0, w.forRelease(pat))
	},
	"accept with an account that Slack did not confirm": func(t *testing.T, w *world) error {
		r := w.worked(t, w.planned(t, nil))
		w.convened(t, r)
		w.voted(t, r, ChoiceReady)
		f := w.forRelease(fay)
		f.Actor.CheckedAt = time.Time{}
		return r.Accept(0, f)
	},
	"accept with nobody left": func(t *testing.T, w *world) error {
		r := w.planned(t, func(in *ReleaseInput) { in.Deputy = "" })
		w.convened(t, r)
		w.leaves(fay)
		return r.Accept(0, w.forRelease(ana))
	},
	"accept twice": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseAccepted).Accept(1, w.forRelease(fay))
	},
	"conditions for nothing": func(t *testing.T, w *world) error {
		r := w.worked(t, w.planned(t, nil))
		w.convened(t, r)
		w.voted(t, r, ChoiceReady)
		return r.AcceptWithConditions(0, nil, w.forRelease(fay))
	},
	"conditions with nothing right": func(t *testing.T, w *world) error {
		r := w.worked(t, w.planned(t, nil), "DO2", "TS5")
		w.convened(t, r)
		w.voted(t, r, ChoiceReady)
		due := w.now.Add(time.Hour)
		err := r.AcceptWithConditions(0, []ConditionInput{{No: 99}, {No: 5, Owner: quin}, {No: 5, Owner: ben}, {No: 1, Owner: ben, Due: due, Test: "Seen."},
			{No: 9, Owner: ben, Due: w.now.Add(-time.Hour)}, {Owner: ben, Due: r.GoLive.Add(time.Hour)}, {Owner: ben, Due: due}, {Owner: ben, Due: due, Test: strings.Repeat("x", 1001)},
			{Owner: ben, Due: due, Test: "Seen."}, {Owner: ben, Due: due, Test: "Seen.", Title: strings.Repeat("x", 241)}}, w.forRelease(fay))
		for _, want := range []string{"there is no item 99", "it needs an owner.", "Quin can't own it", "is given twice", "it needs a date.", "is verified, so it needs no condition", "belongs to early-life support",
			"its date is in the past", "its date lies after it", "it needs a test", "longer than 1,000", "it needs a title", "its title is too long", "Item 8 (TS5) is unmet and has no condition"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("nothing says %q in %v", want, err)
			}
		}
		return err
	},
	"invite who can't come": func(t *testing.T, w *world) error {
		return w.planned(t, nil).Schedule(MeetingInput{At: w.now.Add(24 * time.Hour), Guests: []UserID{quin}}, w.forRelease(ana))
	},
	"invite too many": func(t *testing.T, w *world) error {
		return w.planned(t, nil).Schedule(MeetingInput{At: w.now.Add(24 * time.Hour), Guests: make([]UserID, maxGuests+1)}, w.forRelease(ana))
	},
	"conditions on too much": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		for range mostConditions {
			must(t, r.AddItem(NewItem{Bucket: BucketTests, Title: "One more", Mandatory: true, DueDays: 3}, w.forRelease(ana)))
		}
		_, err := r.Proposed(w.forRelease(fay))
		return err
	},
	"decline without a date": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		w.convened(t, r)
		return r.Decline(0, "No runbook.", w.now, w.forRelease(fay))
	},
	"decline without a reason": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		w.convened(t, r)
		return r.Decline(0, "", w.now.Add(time.Hour), w.forRelease(fay))
	},
	"confirm what is open": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseConditional).Confirm(w.forRelease(fay))
	},
	"go live with a waiver that ran out this minute": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		must(t, r.Waive(5, "Not now.", w.now.Add(30*time.Hour), w.forRelease(fay)))
		w.worked(t, r)
		w.convened(t, r)
		w.voted(t, r, ChoiceReady)
		must(t, r.Accept(0, w.forRelease(fay)))
		return r.GoLiveNow(w.later(9 * time.Hour).forRelease(ana))
	},
	"go live by a stranger": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseAccepted).GoLiveNow(w.forRelease(ray))
	},
	"early life for too long": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseLive).BeginEarlyLife(121, w.forRelease(ana))
	},
	"early life for too short": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseLive).BeginEarlyLife(3, w.forRelease(ana))
	},
	"early life for no time": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseLive).BeginEarlyLife(-1, w.forRelease(fay))
	},
	"extend by nothing": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseEarlyLife).Extend(0, "", w.forRelease(ana))
	},
	"an incident by a bot": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseLive).ReportIncident("INC-1", 1, "", w.forRelease(robo))
	},
	"an incident with nothing right": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseLive).ReportIncident("n/a", 5, strings.Repeat("x", 1001), w.forRelease(ray))
	},
	"an incident twice": func(t *testing.T, w *world) error {
		r := w.releaseIn(t, ReleaseLive)
		must(t, r.ReportIncident("INC-1", 1, "", w.forRelease(ray)))
		return r.ReportIncident("inc-1", 1, "", w.forRelease(ray))
	},
	"solve no incident": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseLive).CloseIncident(1, w.forRelease(ana))
	},
	"solve an incident twice": func(t *testing.T, w *world) error {
		r := w.releaseIn(t, ReleaseLive)
		must(t, r.ReportIncident("INC-1", 1, "", w.forRelease(ray)))
		must(t, r.CloseIncident(1, w.forRelease(ana)))
		return r.CloseIncident(1, w.forRelease(ana))
	},
	"close too early":           func(t *testing.T, w *world) error { return w.releaseIn(t, ReleaseEarlyLife).Close(w.forRelease(fay)) },
	"close by the project lead": func(t *testing.T, w *world) error { return w.releaseIn(t, ReleaseEarlyLife).Close(w.forRelease(ana)) },
	"schedule nothing": func(t *testing.T, w *world) error {
		return w.planned(t, nil).Schedule(MeetingInput{}, w.forRelease(ana))
	},
	"schedule in the past": func(t *testing.T, w *world) error {
		return w.planned(t, nil).Schedule(MeetingInput{At: w.now.Add(-time.Hour), Length: time.Minute, Place: strings.Repeat("x", 241)}, w.forRelease(ana))
	},
	"schedule after go-live": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		return r.Schedule(MeetingInput{At: r.GoLive}, w.forRelease(ana))
	},
	"schedule with nobody to decide": func(t *testing.T, w *world) error {
		r := w.planned(t, func(in *ReleaseInput) { in.Deputy = "" })
		w.leaves(fay)
		return r.Schedule(MeetingInput{At: w.now.Add(time.Hour)}, w.forRelease(ana))
	},
	"schedule twice": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		must(t, r.Schedule(MeetingInput{At: w.now.Add(time.Hour)}, w.forRelease(ana)))
		return r.Schedule(MeetingInput{At: w.now.Add(time.Hour)}, w.forRelease(ana))
	},
	"vote in what was decided": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseAccepted).Vote(1, ChoiceReady, "", w.forRelease(ben))
	},
	"vote too early": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		must(t, r.Schedule(MeetingInput{At: w.now.Add(time.Hour)}, w.forRelease(ana)))
		return r.Vote(1, ChoiceReady, "", w.forRelease(ben))
	},
	"attend as a guest": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseHandoverDue).Attend(0, w.forRelease(pat))
	},
	"attend twice": func(t *testing.T, w *world) error {
		r := w.releaseIn(t, ReleaseHandoverDue)
		must(t, r.Attend(0, w.forRelease(ben)))
		return r.Attend(0, w.forRelease(ben))
	},
	"vote as a guest": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseHandoverDue).Vote(0, ChoiceReady, "", w.forRelease(pat))
	},
	"vote without a bucket": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseHandoverDue).Vote(0, ChoiceReady, "", w.forRelease(ray))
	},
	"vote for nothing": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseHandoverDue).Vote(0, "", "", w.forRelease(ben))
	},
	"vote against without a word": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseHandoverDue).Vote(0, ChoiceNotReady, "", w.forRelease(ben))
	},
	"vote twice": func(t *testing.T, w *world) error {
		r := w.releaseIn(t, ReleaseHandoverDue)
		must(t, r.Vote(0, ChoiceReady, "", w.forRelease(ben)))
		return r.Vote(0, ChoiceReady, "", w.forRelease(ben))
	},
	"show votes twice": func(t *testing.T, w *world) error {
		r := w.releaseIn(t, ReleaseHandoverDue)
		must(t, r.Reveal(0, w.forRelease(ana)))
		return r.Reveal(0, w.forRelease(ana))
	},
	"verify as a guest": func(t *testing.T, w *world) error {
		r, i := w.itemIn(t, ItemSubmitted)
		r.Buckets[BucketDocumentation] = BucketDuty{Owner: cai, Verifier: pat} // who became a guest since
		return r.Verify(i.No, 1, w.forRelease(pat))
	},
	"early-life items early": func(t *testing.T, w *world) error { return w.planned(t, nil).Begin(9, w.forRelease(ana)) },
	"evidence that is no link": func(t *testing.T, w *world) error {
		return w.planned(t, nil).Submit(5, EvidenceInput{Kind: EvidenceLink, Ref: "wiki"}, w.forRelease(cai))
	},
	"evidence that is no file": func(t *testing.T, w *world) error {
		return w.planned(t, nil).Submit(5, EvidenceInput{Kind: EvidenceFile, Ref: "f"}, w.forRelease(cai))
	},
	"evidence that is nothing": func(t *testing.T, w *world) error {
		return w.planned(t, nil).Submit(5, ReadEvidence(" "), w.forRelease(cai))
	},
	"evidence of no kind": func(t *testing.T, w *world) error {
		return w.planned(t, nil).Submit(5, EvidenceInput{}, w.forRelease(cai))
	},
	"evidence at length": func(t *testing.T, w *world) error {
		n := -1
		return w.planned(t, nil).Submit(8, EvidenceInput{Kind: EvidenceLink, Ref: "https://x.example/" + strings.Repeat("x", 2000), Note: strings.Repeat("x", 1001), OpenIssues: &n}, w.forRelease(dee))
	},
	"issues of what is no test": func(t *testing.T, w *world) error { return w.planned(t, nil).ReportIssues(5, 1, w.forRelease(cai)) },
	"issues by a stranger":      func(t *testing.T, w *world) error { return w.planned(t, nil).ReportIssues(8, 1, w.forRelease(ray)) },
	"issues as they are":        func(t *testing.T, w *world) error { return w.planned(t, nil).ReportIssues(8, 0, w.forRelease(dee)) },
	"evidence by no token": func(t *testing.T, w *world) error {
		return w.planned(t, nil).SubmitByToken(5, ReadEvidence("It is done."), w.forRelease(cai))
	},
	"evidence by a token for what is verified": func(t *testing.T, w *world) error {
		r, i := w.itemIn(t, ItemVerified)
		return r.SubmitByToken(i.No, EvidenceInput{Kind: EvidenceNote, Note: "It is done.", Via: "build"}, w.forRelease(cai))
	},
	"evidence by a token too early": func(t *testing.T, w *world) error {
		return w.planned(t, nil).SubmitByToken(9, EvidenceInput{Kind: EvidenceNote, Note: "It is done.", Via: "build"}, w.forRelease(cai))
	},
	"verify one's own": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		must(t, r.Assign(5, fay, w.forRelease(ana)))
		must(t, r.Submit(5, ReadEvidence("It is done."), w.forRelease(fay)))
		return r.Verify(5, 1, w.forRelease(fay))
	},
	"verify with open issues": func(t *testing.T, w *world) error {
		r, n := w.planned(t, nil), 2
		must(t, r.Submit(8, EvidenceInput{Kind: EvidenceNote, Note: "It is done.", OpenIssues: &n}, w.forRelease(dee)))
		return r.Verify(8, 1, w.forRelease(fay))
	},
	"verify what was not seen": func(t *testing.T, w *world) error {
		r, i := w.itemIn(t, ItemSubmitted)
		return r.Verify(i.No, 0, w.forRelease(fay))
	},
	"return without a word": func(t *testing.T, w *world) error {
		r, i := w.itemIn(t, ItemSubmitted)
		return r.Return(i.No, "", w.forRelease(fay))
	},
	"waive a condition": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseConditional).Waive(5, "Not now.", w.now.AddDate(0, 0, 9), w.forRelease(fay))
	},
	"exempt a condition": func(t *testing.T, w *world) error {
		return w.releaseIn(t, ReleaseConditional).NotApplicable(5, "Nothing to run.", w.forRelease(fay))
	},
	"waive one's own": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		must(t, r.Assign(5, fay, w.forRelease(ana)))
		return r.Waive(5, "Not now.", w.now.AddDate(0, 0, 9), w.forRelease(fay))
	},
	"waive one's own with nobody else": func(t *testing.T, w *world) error {
		r := w.planned(t, func(in *ReleaseInput) { in.Deputy = "" })
		must(t, r.Assign(5, fay, w.forRelease(ana)))
		return r.Waive(5, "Not now.", w.now.AddDate(0, 0, 9), w.forRelease(fay))
	},
	"waive until yesterday": func(t *testing.T, w *world) error {
		return w.planned(t, nil).Waive(5, "Not now.", w.now, w.forRelease(fay))
	},
	"waive for ever": func(t *testing.T, w *world) error {
		return w.planned(t, nil).Waive(5, "Not now.", w.now.AddDate(9, 0, 0), w.forRelease(fay))
	},
	"exempt twice": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		must(t, r.NotApplicable(5, "Nothing to run.", w.forRelease(cai)))
		return r.NotApplicable(5, "Nothing to run.", w.forRelease(ana))
	},
	"confirm one's own exemption": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		must(t, r.Assign(5, fay, w.forRelease(ana)))
		must(t, r.NotApplicable(5, "Nothing to run.", w.forRelease(fay)))
		return r.ConfirmNotApplicable(5, w.forRelease(fay))
	},
	"a move that is none": func(t *testing.T, w *world) error { return w.releaseIn(t, ReleaseClosed).move(ReleaseLive) },
	"plan as a guest": func(t *testing.T, w *world) error {
		return (&Release{ReleaseIdentity: ReleaseIdentity{ID: 3}}).Plan(w.releaseInput(), w.forRelease(pat))
	},
	"plan without a template": func(t *testing.T, w *world) error {
		return (&Release{ReleaseIdentity: ReleaseIdentity{ID: 3}}).Plan(w.releaseInput(), ReleaseFacts{Facts: w.as(ana)})
	},
	"plan with nothing": func(t *testing.T, w *world) error {
		return (&Release{ReleaseIdentity: ReleaseIdentity{ID: 3}}).Plan(ReleaseInput{}, w.forRelease(ana))
	},
	"plan with nothing right": func(t *testing.T, w *world) error {
		return (&Release{ReleaseIdentity: ReleaseIdentity{ID: 3}}).Plan(ReleaseInput{Name: strings.Repeat("x", 121), Services: []Slug{"mars", "fax"}, ProjectLead: ana, OpsLead: ana, Deputy: pat,
			GoLive: w.now.AddDate(4, 0, 0), Channel: "C", Attributes: []Attribute{"green"}}, w.forRelease(ana))
	},
	"plan with a retired service": func(t *testing.T, w *world) error {
		in := w.releaseInput()
		in.Services, in.Deputy = []Slug{"fax"}, fay
		return (&Release{ReleaseIdentity: ReleaseIdentity{ID: 3}}).Plan(in, w.forRelease(ana))
	},
	"plan with oneself as deputy": func(t *testing.T, w *world) error {
		in := w.releaseInput()
		in.Deputy = ana
		return (&Release{ReleaseIdentity: ReleaseIdentity{ID: 3}}).Plan(in, w.forRelease(ana))
	},
	"edit nothing": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		return r.Edit(ReleaseInputOf(r), w.forRelease(ana))
	},
	"edit what somebody else edited meanwhile": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		mine, theirs := ReleaseInputOf(r), ReleaseInputOf(r)
		mine.Name, theirs.Services = "Tracking for Poland and Lithuania", []Slug{"docs"}
		must(t, r.Edit(theirs, w.forRelease(fay)))
		return r.Edit(mine, w.forRelease(ana))
	},
	"edit one's own judge": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		in := ReleaseInputOf(r)
		in.Deputy = hal
		return r.Edit(in, w.forRelease(ana))
	},
	"a deputy named in the meeting": func(t *testing.T, w *world) error {
		r := w.releaseIn(t, ReleaseHandoverDue)
		in := ReleaseInputOf(r)
		in.Deputy = hal
		return r.Edit(in, w.forRelease(fay))
	},
	"move to where it is": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		return r.MoveGoLive(r.GoLive, "We move it.", nil, w.forRelease(ana))
	},
	"move without a reason": func(t *testing.T, w *world) error {
		return w.planned(t, nil).MoveGoLive(time.Time{}, "", nil, w.forRelease(ana))
	},
	"move because of no item": func(t *testing.T, w *world) error {
		r := w.planned(t, nil)
		return r.MoveGoLive(r.GoLive.Add(time.Hour), "We move it.", []int{99}, w.forRelease(ana))
	},
	"move into a freeze": func(t *testing.T, w *world) error {
		r, f := w.planned(t, nil), w.forRelease(ana)
		f.Around.Freezes = []FreezeSpan{{Freeze{ID: 2, Kind: HardFreeze, Name: "Year end", Owner: kim}, NewWindow(r.GoLive, r.GoLive.Add(48*time.Hour))}}
		return r.MoveGoLive(r.GoLive.Add(24*time.Hour), "We move it.", nil, f)
	},
}

func TestEveryRefusalAboutAReleaseSaysWhatHappenedWhyAndWhatToDo(t *testing.T) {
	said := map[string]bool{}
	take := func(name string, err error) {
		r := refused(t, err)
		if problem := badlySaid(r); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
		said[r.Error()] = true
	}
	for name, ask := range releaseRefusals {
		take(name, ask(t, newWorld().clone()))
	}
	for _, s := range ReleaseStates {
		for _, command := range releaseCommands {
			w := newWorld()
			r := w.releaseIn(t, s)
			if err := command.do(r, w); err != nil {
				take(command.name+" when "+string(s), err)
			}
		}
	}
	for _, s := range ItemStatuses {
		for _, act := range ItemActs {
			for _, u := range []UserID{ana, cai, fay, ray, pat, robo} {
				w := newWorld()
				r, i := w.itemIn(t, s)
				if err := itemCommands[act](r, i.No, w.forRelease(u)); err != nil {
					take(string(act)+" when "+string(s), err)
				}
			}
		}
	}
	var lines []string
	for text := range said {
		lines = append(lines, text)
	}
	slices.Sort(lines)
	t.Logf("%d refusals\n%s", len(lines), strings.Join(lines, "\n"))
	for _, format := range wordings(t, func(path string) bool { return slices.Contains(ofReleases, path) }) {
		if !slices.ContainsFunc(lines, format.MatchString) {
			t.Errorf("no test is refused with %q", format)
		}
	}
}
