package models

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// itemIn brings DO2 (mandatory, owned by Cai) into a status, by the way people
// take there.
func (w *world) itemIn(t testing.TB, s ItemStatus) (*Release, *Item) {
	t.Helper()
	r := w.planned(t, nil)
	must(t, r.AssignVerifier(BucketDocumentation, hal, w.forRelease(fay)))
	no := itemNo(t, r, "DO2")
	switch s {
	case ItemInProgress:
		must(t, r.Begin(no, w.forRelease(cai)))
	case ItemBlocked:
		must(t, r.Block(no, "No access to the wiki.", w.forRelease(cai)))
	case ItemSubmitted, ItemVerified, ItemReturned:
		must(t, r.Submit(no, ReadEvidence("https://wiki.example/runbook the new one"), w.forRelease(cai)))
		if s == ItemVerified {
			must(t, r.Verify(no, 1, w.forRelease(fay)))
		}
		if s == ItemReturned {
			must(t, r.Return(no, "It says nothing about stopping.", w.forRelease(fay)))
		}
	case ItemWaived:
		must(t, r.Waive(no, "The team that wrote it is on call.", w.now.AddDate(0, 0, 30), w.forRelease(fay)))
	case ItemNotApplicable:
		must(t, r.NotApplicable(no, "There is nothing to run.", w.forRelease(cai)))
		must(t, r.ConfirmNotApplicable(no, w.forRelease(fay)))
	}
	i, _ := r.no(no)
	if i.Status != s {
		t.Fatalf("it is %s, want %s", i.Status, s)
	}
	return r, i
}

// itemCommands are the acts, each as a person would do it.
var itemCommands = map[ItemAct]func(r *Release, no int, f ReleaseFacts) error{
	ActBegin: func(r *Release, no int, f ReleaseFacts) error { return r.Begin(no, f) },
	ActBlock: func(r *Release, no int, f ReleaseFacts) error { return r.Block(no, "No access.", f) },
	ActSubmit: func(r *Release, no int, f ReleaseFacts) error {
		return r.Submit(no, EvidenceInput{Kind: EvidenceNote, Note: "Read by the operators."}, f)
	},
	ActVerify: func(r *Release, no int, f ReleaseFacts) error {
		i, _ := r.no(no)
		return r.Verify(no, i.Version(), f)
	},
	ActReturn: func(r *Release, no int, f ReleaseFacts) error { return r.Return(no, "Not enough.", f) },
	ActWaive: func(r *Release, no int, f ReleaseFacts) error {
		return r.Waive(no, "Not now.", f.Now.AddDate(0, 0, 9), f)
	},
	ActExempt:  func(r *Release, no int, f ReleaseFacts) error { return r.NotApplicable(no, "Nothing to run.", f) },
	ActConfirm: func(r *Release, no int, f ReleaseFacts) error { return r.ConfirmNotApplicable(no, f) },
	ActRefuse:  func(r *Release, no int, f ReleaseFacts) error { return r.RefuseNotApplicable(no, "It does apply.", f) },
	ActReopen:  func(r *Release, no int, f ReleaseFacts) error { return r.Reopen(no, "It changed.", f) },
}

// itemWho are the people that may do each act to a mandatory item of Cai's, as
// product language has it: Ana leads the project, Fay and Gus operations, Hal
// verifies documentation.
var itemWho = map[ItemAct]string{
	ActBegin: "ana cai", ActBlock: "ana cai", ActSubmit: "ana cai", ActVerify: "fay gus hal", ActReturn: "fay gus hal",
	ActWaive: "fay gus", ActExempt: "ana cai fay gus", ActConfirm: "fay gus", ActRefuse: "fay gus", ActReopen: "ana cai fay gus hal",
}

// itemLife is what becomes of the item, by act and status; "" = refused.
var itemLife = map[ItemAct]string{
	ActBegin:  "open:in_progress blocked:in_progress returned:in_progress",
	ActBlock:  "open:blocked in_progress:blocked returned:blocked",
	ActSubmit: "open:submitted in_progress:submitted blocked:submitted returned:submitted submitted:submitted",
	ActVerify: "submitted:verified",
	ActReturn: "submitted:returned verified:returned",
	ActWaive:  "open:waived in_progress:waived blocked:waived submitted:waived returned:waived",
	ActReopen: "verified:open waived:open not_applicable:open",
	// Fay's own word on Cai's item is enough; nobody asked for the others.
	ActExempt:  "open:not_applicable in_progress:not_applicable blocked:not_applicable submitted:not_applicable returned:not_applicable",
	ActConfirm: "", ActRefuse: "",
}

func TestEveryActOnAnItemByEverybodyInEveryStatus(t *testing.T) {
	people := map[string]UserID{"ana": ana, "ben": ben, "cai": cai, "fay": fay, "gus": gus, "hal": hal, "kim": kim, "ray": ray, "pat": pat, "robo": robo, "quin": quin, "": ""}
	tried, done := 0, 0
	for _, s := range ItemStatuses {
		for _, act := range ItemActs {
			for name, u := range people {
				w := newWorld()
				r, i := w.itemIn(t, s)
				r.Events()
				before, no := r.clone(), i.No
				err := itemCommands[act](r, no, w.forRelease(u))
				i, _ = r.no(no)
				tried++
				want := ""
				for pair := range strings.FieldsSeq(itemLife[act]) {
					if from, to, _ := strings.Cut(pair, ":"); from == string(s) && strings.Contains(" "+itemWho[act]+" ", " "+name+" ") && name != "" {
						want = to
					}
				}
				if act == ActExempt && want != "" && (u == ana || u == cai) {
					want = string(s) // asked, not settled
				}
				switch {
				case want == "" && err == nil:
					t.Errorf("%s of what is %s by %q: became %s", act, s, name, i.Status)
				case want == "":
					wellSaid(t, refused(t, err))
					if diff := releaseDifference(before, r); diff != "" {
						t.Errorf("%s of what is %s by %q was refused but changed it:\n%s", act, s, name, diff)
					}
				case err != nil:
					t.Errorf("%s of what is %s by %q: %v", act, s, name, err)
				case i.Status != ItemStatus(want):
					t.Errorf("%s of what is %s by %q: became %s, want %s", act, s, name, i.Status, want)
				default:
					done++
				}
				if act != ActConfirm && act != ActRefuse && before.MayAct(act, &before.Items[no-1], w.forRelease(u)) != (want != "") {
					t.Errorf("%s of what is %s by %q: MayAct says otherwise", act, s, name)
				}
			}
		}
	}
	t.Logf("%d tries, %d done, the rest refused in words", tried, done)
}

func TestNobodyVerifiesTheirOwnEvidence(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	must(t, r.Assign(5, fay, w.forRelease(ana))) // the operations lead owns the runbook
	must(t, r.Submit(5, ReadEvidence("It is written."), w.forRelease(fay)))
	wellSaid(t, refused(t, r.Verify(5, 1, w.forRelease(fay))))
	must(t, r.Submit(5, ReadEvidence("It is written, and read."), w.forRelease(ana)))
	refused(t, r.Verify(5, 2, w.forRelease(fay))) // their first version stands beside it
	must(t, r.Verify(5, 2, w.forRelease(gus)))
	must(t, r.Return(5, "It changed since.", w.forRelease(gus)))
	must(t, r.Submit(5, ReadEvidence("Written anew."), w.forRelease(ana)))
	must(t, r.Verify(5, 3, w.forRelease(fay))) // what stands now is not theirs
}

func TestNobodyVerifiesWhatTheyDidNotSee(t *testing.T) {
	w := newWorld()
	r, i := w.itemIn(t, ItemSubmitted)
	must(t, r.Submit(i.No, ReadEvidence("https://wiki.example/other"), w.forRelease(cai)))
	wellSaid(t, refused(t, r.Verify(i.No, 1, w.forRelease(fay))))
	must(t, r.Verify(i.No, 2, w.forRelease(fay)))
}

func TestATestWithOpenIssuesIsNotVerifiedWhateverAnyonePresses(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	no := itemNo(t, r, "TS5")
	two, none := 2, 0
	in := EvidenceInput{Kind: EvidenceLink, Ref: "https://ci.example/7", OpenIssues: &two}
	must(t, r.Submit(no, in, w.forRelease(dee)))
	for _, u := range []UserID{fay, gus, kim, oli} {
		wellSaid(t, refused(t, r.Verify(no, 1, w.forRelease(u))))
	}
	in.OpenIssues = &none
	must(t, r.Submit(no, in, w.forRelease(dee)))
	must(t, r.Verify(no, 2, w.forRelease(fay)))
	must(t, r.ReportIssues(no, 1, w.forRelease(dee))) // and one that turns up later takes it back
	if i, _ := r.no(no); i.Status != ItemReturned || i.VerifiedBy != "" {
		t.Errorf("it is %s, verified by %q", i.Status, i.VerifiedBy)
	}
}

func TestAPipelineSubmitsAndVerifiesNothing(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	in := EvidenceInput{Kind: EvidenceLink, Ref: "https://ci.example/7", Via: "build"}
	must(t, r.SubmitByToken(itemNo(t, r, "TS5"), in, w.forRelease(fay))) // Fay made the token
	i, _ := r.Item("TS5")
	if e := i.Standing(); i.Status != ItemSubmitted || e.Via != "build" || e.By != fay {
		t.Errorf("it is %s with %+v", i.Status, e)
	}
	refused(t, r.Verify(i.No, 1, w.forRelease(fay)))
	must(t, r.Verify(i.No, 1, w.forRelease(gus)))
	wellSaid(t, refused(t, r.SubmitByToken(i.No, in, w.forRelease(fay))))
	wellSaid(t, refused(t, r.SubmitByToken(itemNo(t, r, "EL1"), in, w.forRelease(fay))))
}

func TestAWaiverOpensAgainWhenItRunsOut(t *testing.T) {
	w := newWorld()
	r, i := w.itemIn(t, ItemWaived)
	no, expires := i.No, i.Waiver.Expires
	if len(r.Unmet(w.now)) != 5 || i.Unmet(w.now) || !i.Unmet(expires) {
		t.Errorf("unmet now: %d", len(r.Unmet(w.now)))
	}
	if due := r.Due(w.forRelease("")); !due.Equal(expires) {
		t.Errorf("due %s, the waiver runs out %s", due, expires)
	}
	w.now = expires.Add(-time.Second)
	must(t, r.Elapse(w.forRelease("")))
	r.Events()
	w.now = expires
	must(t, r.Elapse(w.forRelease("")))
	must(t, r.Elapse(w.forRelease("")))
	i, _ = r.no(no)
	if events := r.Events(); i.Status != ItemOpen || kinds(events) != "waiver_expired" {
		t.Errorf("it is %s after %s", i.Status, kinds(events))
	}
}

func TestWhoOwesAMandatoryItemDoesNotWaiveIt(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	must(t, r.Assign(1, fay, w.forRelease(ana)))
	wellSaid(t, refused(t, r.Waive(1, "Because.", w.now.AddDate(0, 0, 9), w.forRelease(fay))))
	must(t, r.Waive(1, "Because.", w.now.AddDate(0, 0, 9), w.forRelease(gus)))
	must(t, r.Waive(2, "Because.", w.now.AddDate(0, 0, 9), w.forRelease(ana))) // advisory
}

func TestAMandatoryItemIsNotApplicableOnlyWhenConfirmed(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	must(t, r.NotApplicable(5, "Nothing to run.", w.forRelease(cai)))
	if i, _ := r.no(5); !i.Unmet(w.now) || i.Status != ItemOpen {
		t.Errorf("it is %s", i.Status)
	}
	wellSaid(t, refused(t, r.NotApplicable(5, "Nothing to run.", w.forRelease(ana)))) // asked already
	wellSaid(t, refused(t, r.ConfirmNotApplicable(5, w.forRelease(ana))))
	must(t, r.RefuseNotApplicable(5, "There is.", w.forRelease(fay)))
	must(t, r.NotApplicable(5, "Really nothing.", w.forRelease(cai)))
	must(t, r.ConfirmNotApplicable(5, w.forRelease(fay)))
	must(t, r.NotApplicable(2, "No cloud.", w.forRelease(ana))) // advisory: at once
	for _, no := range []int{2, 5} {
		if i, _ := r.no(no); i.Status != ItemNotApplicable {
			t.Errorf("%d is %s", no, i.Status)
		}
	}
	must(t, r.Assign(1, fay, w.forRelease(ana)))
	must(t, r.NotApplicable(1, "No cost.", w.forRelease(fay))) // who owes it can't settle it alone
	wellSaid(t, refused(t, r.ConfirmNotApplicable(1, w.forRelease(fay))))
	must(t, r.ConfirmNotApplicable(1, w.forRelease(gus)))
}

func TestEvidenceIsReadAsPeopleTypeIt(t *testing.T) {
	for text, want := range map[string]EvidenceInput{
		"https://wiki.example/runbook":                                              {Kind: EvidenceLink, Ref: "https://wiki.example/runbook"},
		"<https://wiki.example/a> version 2":                                        {Kind: EvidenceLink, Ref: "https://wiki.example/a", Note: "version 2"},
		"<https://wiki.example/a|wiki.example/a> new":                               {Kind: EvidenceLink, Ref: "https://wiki.example/a", Note: "new"},
		"<https://wiki.example/a|Runbook>":                                          {Kind: EvidenceLink, Ref: "https://wiki.example/a", Note: "Runbook"},
		"https://parcel.slack.com/files/U0ANA/F0123ABCDE/load_test.pdf?x=1 signed":  {Kind: EvidenceFile, Ref: "https://parcel.slack.com/files/U0ANA/F0123ABCDE/load_test.pdf?x=1", Note: "signed"},
		"<https://parcel.enterprise.slack.com/files/W0ANA/F0123ABCDE/a%20plan.pdf>": {Kind: EvidenceFile, Ref: "https://parcel.enterprise.slack.com/files/W0ANA/F0123ABCDE/a%20plan.pdf"},
		"https://parcel.slack.com/archives/C0CHANGES/p1795604400000100":             {Kind: EvidenceLink, Ref: "https://parcel.slack.com/archives/C0CHANGES/p1795604400000100"},
		"https://slack.com.evil.example/files/U0ANA/F0123ABCDE/load_test.pdf":       {Kind: EvidenceLink, Ref: "https://slack.com.evil.example/files/U0ANA/F0123ABCDE/load_test.pdf"},
		"FAILOVER rehearsed":        {Kind: EvidenceNote, Note: "FAILOVER rehearsed"},
		"F0123ABCDE signed":         {Kind: EvidenceFile, Ref: "F0123ABCDE", Note: "signed"},
		"Read aloud in the meeting": {Kind: EvidenceNote, Note: "Read aloud in the meeting"},
		"Fine":                      {Kind: EvidenceNote, Note: "Fine"},
		"":                          {Kind: EvidenceNote},
	} {
		if diff := cmp.Diff(want, ReadEvidence(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestFiftyTicksOfItemsPostNothing(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	r.Events()
	posts, notes := map[string]bool{}, map[string]bool{}
	for n := range 50 {
		no := 1 + n%8
		i, _ := r.no(no)
		who, do := r.OwnerOf(i), itemCommands[ActSubmit]
		switch {
		case i.Status == ItemSubmitted:
			who, do = fay, itemCommands[ActVerify]
		case i.Status.Settled():
			who, do = fay, itemCommands[ActReopen]
		}
		if err := do(r, no, w.later(time.Minute).forRelease(who)); err != nil {
			t.Fatal(err)
		}
		for _, d := range ReleaseDeliveries(r, r.Events(), w.forRelease(who)) {
			if d.Channel != "" && d.Key != "card/release/3/CREL" {
				posts[d.Key] = true
			}
			if d.Kind == DeliverNote {
				notes[d.Key] = true
			}
			if d.Kind == DeliverNote && d.User == who {
				t.Errorf("%s is told of their own act by %s", who, d.Key)
			}
		}
	}
	if len(posts) != 0 {
		t.Errorf("posted %v", posts)
	}
	t.Logf("50 ticks: 0 channel posts, %d notes by DM (each an item that was reopened)", len(notes))
}

func TestABucketOf120ItemsIsAssignedAtOnce(t *testing.T) {
	w := newWorld()
	f := w.forRelease(ana)
	list := *f.Template
	for n := range 119 {
		list.Items = append(list.Items, TemplateItem{ID: fmt.Sprint("DX", n+1), Bucket: BucketDocumentation, Title: "Document", Mandatory: true, Due: 5})
	}
	f.Template = &list
	r := &Release{ReleaseIdentity: ReleaseIdentity{Workspace: "T1", ID: 3}}
	must(t, r.Plan(w.releaseInput(), f))
	must(t, r.Assign(20, eli, f))
	r.Events()
	must(t, r.AssignBucket(BucketDocumentation, cai, f))
	if n := len(r.ItemsOf(cai, w.now)); n != 120 {
		t.Errorf("Cai has %d items to do", n)
	}
	events := r.Events()
	if n := len(ReleaseDeliveries(r, events, f)); kinds(events) != "bucket_assigned" || n != 3 {
		t.Errorf("%s: %d deliveries", kinds(events), n) // the card, Cai's message, and Eli's, which has less in it
	}
	wellSaid(t, refused(t, r.AssignBucket(BucketDocumentation, cai, f)))
}

func TestTheOwnerHearsThatNewIssuesOpenAVerifiedItemAgain(t *testing.T) {
	w := newWorld().clone()
	r := w.worked(t, w.planned(t, nil))
	r.Events()
	must(t, r.ReportIssues(itemNo(t, r, "TS5"), 2, w.forRelease(fay)))
	events := r.Events()
	if got := kinds(events); got != "item_returned item_issues" || !slices.Equal(events[0].Asked, []UserID{dee}) || events[0].Reason != "2 open issues reported" {
		t.Errorf("%s, asks %v: %s", got, events[0].Asked, events[0].Reason)
	}
	must(t, r.ReportIssues(itemNo(t, r, "TS5"), 3, w.forRelease(fay)))
	if got := kinds(r.Events()); got != "item_issues" {
		t.Error(got)
	}
}
