package models

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// broken is an emergency as Ana raised it, with the form changed by edit.
func (w *world) broken(t testing.TB, edit func(*Input)) *Change {
	t.Helper()
	return w.raised(t, func(in *Input) {
		in.Type, in.IncidentRef, in.WhyNow = Emergency, "INC-482", "Nobody can pay."
		in.Start, in.End = w.now, w.now.Add(time.Hour)
		if edit != nil {
			edit(in)
		}
	})
}

// repairing is an emergency that Ana began before its approval.
func (w *world) repairing(t testing.TB) *Change {
	t.Helper()
	c := w.broken(t, nil)
	must(t, c.StartNow("Payments fail for everybody.", c.Revision, w.as(ana)))
	return c
}

func asks(events []Event) []UserID {
	var out []UserID
	for _, e := range events {
		out = append(out, e.Asked...)
	}
	return out
}

func TestECABIsAskedOneAfterTheOtherAndNobodyTwice(t *testing.T) {
	w := newWorld().clone()
	w.now = w.now.Add(12 * time.Hour) // at night
	w.Roles[RoleECAB] = []UserID{gus, hal, moe, nia}
	c := w.broken(t, nil)
	asked := asks(c.Events())
	if len(asked) != 1 || !c.Asked[0].NotBefore.Equal(w.now) {
		t.Fatalf("asked %v, not before %v", asked, c.Asked)
	}
	begin := w.now
	var at []time.Duration
	for c.State == AwaitingApproval && w.now.Before(begin.Add(55*time.Minute)) {
		w.later(time.Second)
		must(t, c.Elapse(w.as("")))
		for _, e := range c.Events() {
			asked = append(asked, e.Asked...)
			if e.Kind == EventAskedNext || e.Kind == EventNobodyLeft {
				at = append(at, w.now.Sub(begin))
			}
		}
	}
	want := []time.Duration{10 * time.Minute, 20 * time.Minute, 30 * time.Minute, 40 * time.Minute}
	slices.Sort(asked)
	if !slices.Equal(at, want) || !slices.Equal(asked, []UserID{gus, hal, moe, nia}) {
		t.Errorf("asked %v, something happened at %v", asked, at)
	}
	if !c.AskedAll || !c.Due().Equal(c.Window.End) {
		t.Errorf("asked all %v, next due %v", c.AskedAll, c.Due())
	}
	must(t, c.Approve(c.Revision, w.as(moe)))
	if c.State != Approved {
		t.Error("an answer that came late was lost")
	}
}

func TestNobodyIsAskedAboutAnEmergencyOnceItIsDecided(t *testing.T) {
	w := newWorld().clone()
	c := w.broken(t, nil)
	must(t, c.Approve(c.Revision, w.as(moe)))
	c.Events()
	must(t, c.Elapse(w.later(20*time.Minute).as("")))
	if events := c.Events(); len(events) > 0 {
		t.Errorf("after the decision: %s", kinds(events))
	}
}

func TestAnEmergencyWithNobodyInECABSaysSoAtOnce(t *testing.T) {
	w := newWorld().clone()
	w.Roles[RoleECAB] = nil
	c := w.broken(t, nil)
	c.Events()
	if unmet := c.Unmeetable(w.as(ana)); !slices.Equal(unmet, []string{"1 of ECAB"}) {
		t.Errorf("the requester hears of %v", unmet)
	}
	must(t, c.Elapse(w.as("")))
	events := c.Events()
	if kinds(events) != "nobody_left" {
		t.Fatalf("%s", kinds(events))
	}
	if told := toldOf(c, events[0], w.as("")); !slices.Equal(told, []UserID{ana, kim, lea}) {
		t.Errorf("told %v", told)
	}
	must(t, c.Elapse(w.later(15*time.Minute).as("")))
	if again := c.Events(); len(again) > 0 {
		t.Errorf("said twice: %s", kinds(again))
	}
}

func TestAnEmergencyMayBeginBeforeItsApprovalAndOwesIt(t *testing.T) {
	w := newWorld().clone()
	c := w.repairing(t)
	revision, due := c.Revision, w.now.Add(24*time.Hour)
	if c.State != InProgress || !c.Retrospective {
		t.Fatalf("%s", c.State)
	}
	if debts := c.Debts(); len(debts) != 1 || debts[0] != (Debt{DebtApproval, due}) {
		t.Errorf("owes %v", debts)
	}
	if len(c.Asked) != 1 || !slices.Equal(c.Debtors(c.Debts()[0], w.as(ana)), []UserID{moe, nia}) {
		t.Errorf("asked %v", c.Asked)
	}
	refused(t, w.editing(c, ana, func(in *Input) { in.Plan = "Something else." }))
	must(t, c.Complete(Completion{Outcome: Successful}, w.later(time.Hour).as(ana)))
	must(t, c.Review(YesToAll("The key had expired; we renew it a month ahead from now on."), w.as(ana)))
	if c.State != Implemented {
		t.Fatalf("%s although its approval is owed", c.State)
	}
	c.Events()
	must(t, c.Approve(revision, w.as(nia)))
	if got := kinds(c.Events()); got != "approval_given approved_afterwards closed" || c.State != Closed || c.ApprovedLate() != 0 {
		t.Errorf("%s after %s, late by %s", c.State, got, c.ApprovedLate())
	}
}

func TestALateApprovalAfterwardsIsRecordedAsLate(t *testing.T) {
	w := newWorld().clone()
	c := w.repairing(t)
	must(t, c.Complete(Completion{Outcome: Successful}, w.later(time.Hour).as(ana)))
	c.Events()
	must(t, c.Approve(c.Revision, w.later(26*time.Hour).as(moe)))
	events := c.Events()
	if c.ApprovedLate() != 3*time.Hour || events[1].Kind != EventApprovedLater || events[1].Reason != "late by 3 hours" {
		t.Errorf("late by %s, %q", c.ApprovedLate(), events[1].Reason)
	}
	if debts := c.Debts(); len(debts) != 1 || debts[0].Kind != DebtReview {
		t.Errorf("owes %v", debts)
	}
}

func TestAnApprovalAfterwardsNeedsTheSameRightsAsOneBefore(t *testing.T) {
	w := newWorld().clone()
	w.Roles[RoleECAB] = append(w.Roles[RoleECAB], ana)
	c := w.repairing(t)
	for _, u := range everybody {
		err := c.Approve(c.Revision, w.as(u))
		if allowed := u == moe; (err == nil) != allowed {
			t.Errorf("%s: %v", u, err)
		}
		if u == moe { // done: everybody after is told so
			break
		}
	}
	w = newWorld().clone()
	c = w.repairing(t)
	w.Roles[RoleECAB] = []UserID{nia} // Moe lost the role between message and click
	if r := refused(t, c.Approve(c.Revision, w.as(moe))); !strings.Contains(r.Text, "no longer hold a role") {
		t.Error(r.Text)
	}
}

func TestAnApprovalAfterwardsMayBeRefused(t *testing.T) {
	w := newWorld().clone()
	c := w.repairing(t)
	c.Events()
	must(t, c.Reject("The load balancer would have been enough.", c.Revision, w.as(moe)))
	if got := kinds(c.Events()); got != "refused_afterwards" || c.State != InProgress || len(c.Debts()) != 0 {
		t.Errorf("%s after %s, owes %v", c.State, got, c.Debts())
	}
}

func TestADraftEmergencyMayBeginWithoutItsIncidentAndOwesIt(t *testing.T) {
	w := newWorld().clone()
	c := &Change{Identity: Identity{Workspace: "T1", ID: 4, Requester: ana}}
	in := w.input()
	in.Type, in.Start, in.End, in.WhyNow = Emergency, time.Time{}, time.Time{}, "Nobody can pay."
	must(t, c.SaveDraft(in, w.as(ana)))
	must(t, c.StartNow("Payments fail for everybody.", "", w.as(ana)))
	if debts := c.Debts(); len(debts) != 2 || debts[0].Kind != DebtIncident || c.Revision != c.Material.revision() || !c.Window.Contains(w.now) {
		t.Fatalf("owes %v in %v", debts, c.Window)
	}
	revision := c.Revision
	must(t, c.LinkIncident(" INC-482 ", w.as(ana)))
	if c.RepairedIncident() != "INC-482" || c.Revision != revision || c.Material.revision() != revision || len(c.Debts()) != 1 {
		t.Errorf("%q, owes %v", c.RepairedIncident(), c.Debts())
	}
}

func TestAnEmergencyAlwaysOwesAReview(t *testing.T) {
	for _, outcome := range Outcomes {
		w := newWorld().clone()
		c := w.broken(t, nil)
		must(t, c.Approve(c.Revision, w.as(moe)))
		must(t, c.Start(c.Revision, w.as(ana)))
		if len(c.Debts()) != 0 {
			t.Errorf("owes %v while it runs", c.Debts())
		}
		must(t, c.Complete(Completion{Outcome: outcome, Note: "It went so."}, w.as(ana)))
		if debts := c.Debts(); c.State != Implemented || len(debts) != 1 || debts[0].Kind != DebtReview || debts[0].Due != c.ReviewDue {
			t.Errorf("%s: %s, owes %v", outcome, c.State, debts)
		}
	}
}

func TestAVeryRiskyEmergencyNeedsTwoOfECAB(t *testing.T) {
	w := newWorld().clone()
	c := w.broken(t, func(in *Input) { in.Services, in.Risk = []Slug{"ledger"}, RiskAnswers{} })
	if c.Assessment.Level != RiskVeryHigh {
		t.Fatalf("risk %s", c.Assessment.Level)
	}
	if missing := c.Standing().Missing(); missing != "2 of ECAB and 1 operations lead" {
		t.Errorf("needs %s", missing)
	}
}

func TestNobodyApprovesAnEmergencyTwiceAfterwards(t *testing.T) {
	for _, done := range []bool{false, true} {
		w := newWorld().clone()
		c := w.broken(t, func(in *Input) { in.Services, in.Risk = []Slug{"ledger"}, RiskAnswers{} })
		must(t, c.StartNow("Payments fail for everybody.", c.Revision, w.as(ana)))
		if done {
			must(t, c.Complete(Completion{Outcome: Successful}, w.as(ana)))
		}
		must(t, c.Approve(c.Revision, w.as(moe)))
		again := refused(t, c.Approve(c.Revision, w.as(moe)))
		if want := "You approved CHG-4 already, so nothing was recorded twice. It still waits for "; !again.Settled || !strings.HasPrefix(again.Text, want) {
			t.Errorf("%s: %q", c.State, again.Text)
		}
		if len(c.Approvals) != 1 {
			t.Errorf("%s: %d approvals on record", c.State, len(c.Approvals))
		}
	}
}

func init() {
	add := func(name string, ask func(t *testing.T, w *world) error) { refusals["emergency: "+name] = ask }
	now := func(name string, by UserID, make func(t *testing.T, w *world) *Change) {
		add("begin "+name, func(t *testing.T, w *world) error {
			c := make(t, w)
			return c.StartNow("It is broken.", c.Revision, w.as(by))
		})
	}
	now("a normal change", ana, func(t *testing.T, w *world) *Change { return w.in(t, AwaitingApproval) })
	now("somebody else's", ben, func(t *testing.T, w *world) *Change { return w.broken(t, nil) })
	now("what is approved", ana, func(t *testing.T, w *world) *Change { return w.approvedBy(t, w.broken(t, nil), moe) })
	now("what runs", ana, func(t *testing.T, w *world) *Change { return w.repairing(t) })
	now("what was cancelled", ana, func(t *testing.T, w *world) *Change {
		c := w.broken(t, nil)
		must(t, c.Cancel("It recovered.", w.as(ana)))
		return c
	})
	now("what is over", ana, func(t *testing.T, w *world) *Change {
		c := w.broken(t, nil)
		w.later(2 * time.Hour)
		return c
	})
	now("a draft that lacks everything", ana, func(t *testing.T, w *world) *Change {
		c := &Change{Identity: Identity{ID: 4, Requester: ana}}
		must(t, c.SaveDraft(Input{Type: Emergency}, w.as(ana)))
		return c
	})
	add("begin what was edited", func(t *testing.T, w *world) error {
		return w.broken(t, nil).StartNow("It is broken.", "0123", w.as(ana))
	})
	add("begin without a word", func(t *testing.T, w *world) error {
		c := w.broken(t, nil)
		return c.StartNow("", c.Revision, w.as(ana))
	})
	add("ask for changes afterwards", func(t *testing.T, w *world) error {
		c := w.repairing(t)
		return c.AskForChanges("Say more.", c.Revision, w.as(moe))
	})
	add("refuse afterwards without a word", func(t *testing.T, w *world) error {
		c := w.repairing(t)
		return c.Reject("", c.Revision, w.as(moe))
	})
	add("refuse afterwards by a stranger", func(t *testing.T, w *world) error {
		c := w.repairing(t)
		return c.Reject("No.", c.Revision, w.as(ray))
	})
	add("link an incident twice", func(t *testing.T, w *world) error { return w.repairing(t).LinkIncident("INC-1", w.as(ana)) })
	add("link an incident to a normal change", func(t *testing.T, w *world) error { return w.in(t, InProgress).LinkIncident("INC-1", w.as(ana)) })
	linking := func(name, ref string, by UserID) {
		add("link "+name, func(t *testing.T, w *world) error {
			c := w.repairing(t)
			c.IncidentRef = ""
			return c.LinkIncident(ref, w.as(by))
		})
	}
	linking("nothing", "", ana)
	linking("nothing in words", "n/a", ana)
	linking("too much", strings.Repeat("x", 200), ana)
	linking("by a stranger", "INC-1", ray)
	add("review twice", func(t *testing.T, w *world) error {
		c := w.repairing(t)
		must(t, c.Complete(Completion{Outcome: Successful}, w.as(ana)))
		must(t, c.Review(YesToAll(strings.Repeat("Because. ", 9)), w.as(ana)))
		return c.Review(YesToAll(strings.Repeat("Because. ", 9)), w.as(ana))
	})
	add("raise without an incident", func(t *testing.T, w *world) error {
		in := w.input()
		in.Type, in.WhyNow = Emergency, "Nobody can pay."
		return (&Change{Identity: Identity{ID: 4, Requester: ana}}).Raise(in, w.as(ana))
	})
}

func TestWhoComesLateToAnApprovalAfterwardsHearsWhatWasDecided(t *testing.T) {
	for _, test := range []struct {
		decide func(c *Change, f Facts) error
		want   string
	}{
		{func(c *Change, f Facts) error { return c.Approve(c.Revision, f) }, "CHG-4 has the approval that it owed already: Moe. Nothing more to do."},
		{func(c *Change, f Facts) error { return c.Reject("A restart was enough.", c.Revision, f) },
			"Moe has answered for CHG-4 already: its work should not have begun before its approval. Reason: A restart was enough."},
	} {
		w := newWorld().clone()
		c := w.repairing(t)
		must(t, test.decide(c, w.as(moe)))
		for range 2 {
			if r := refused(t, c.Reject("Why so?", c.Revision, w.as(nia))); r.Text != test.want || !r.Settled {
				t.Errorf("%s: %q", c.State, r.Text)
			}
			if c.State == InProgress {
				must(t, c.Complete(Completion{Outcome: Successful}, w.as(ana)))
			}
		}
	}
}

func TestAReviewedEmergencyWaitsForWhatItStillOwes(t *testing.T) {
	w := newWorld().clone()
	c := w.repairing(t)
	must(t, c.Complete(Completion{Outcome: Successful}, w.as(ana)))
	day := DigestFacts{Target: "CPAY", Zone: time.UTC, Days: 1, Unfinished: []*Change{c}}
	if !c.WaitsForImplementer() || len(NewDigest(day, w.as("")).Reviews) != 1 {
		t.Error("nobody hears of the review that is owed")
	}
	must(t, c.Review(YesToAll(strings.Repeat("Because. ", 9)), w.as(ana)))
	if r := refused(t, c.Extend(w.now.Add(time.Hour), "It takes longer.", w.as(ana))); !strings.HasPrefix(r.Text, "CHG-4 is implemented and waiting for its approval afterwards, so") {
		t.Error(r.Text)
	}
	if got := NewDigest(day, w.as("")).Reviews; len(got) != 0 || c.WaitsForImplementer() {
		t.Errorf("asked for the review of %d, and of its implementer", len(got))
	}
}

// TestACorrectedOutcomeIsReviewedInTwoDaysFromThen: the review of the other
// outcome is void, and the new one is not late before it could be written.
func TestACorrectedOutcomeIsReviewedInTwoDaysFromThen(t *testing.T) {
	w := newWorld().clone()
	c := w.repairing(t)
	must(t, c.Complete(Completion{Outcome: Successful}, w.as(ana)))
	first := c.ReviewDue
	w.later(time.Hour)
	early := copyOf(c)
	must(t, early.RollBack("It broke after all.", w.as(ana)))
	if !early.ReviewDue.Equal(first) {
		t.Errorf("a review that was owed all along is due %s, not %s", early.ReviewDue, first)
	}
	must(t, c.Review(YesToAll(strings.Repeat("Because. ", 9)), w.as(ana)))
	w.now = first.Add(time.Hour)
	must(t, c.RollBack("It broke after all.", w.as(ana)))
	if want := w.Settings.Hours.AddDays(w.People[ana], w.now, ReviewWithin); !c.ReviewDue.Equal(want) || !c.owesReview() {
		t.Errorf("due %s, want %s", c.ReviewDue, want)
	}
}

func TestNobodyIsAskedAboutAnEmergencyThatExpiresThisMinute(t *testing.T) {
	w := newWorld().clone()
	c := w.broken(t, nil)
	c.Events()
	w.now = c.Window.End.Add(time.Minute) // nothing ran at the time when the next was to be asked
	must(t, c.Elapse(w.as("")))
	if got := kinds(c.Events()); got != "expired" {
		t.Error(got)
	}
}

func TestWhatNobodyCouldApproveAfterwardsIsAReasonOfTheReview(t *testing.T) {
	w := newWorld().clone()
	w.Policy.SmallTeam = true
	w.Roles[RoleECAB] = nil
	c := w.repairing(t)
	must(t, c.Complete(Completion{Outcome: Successful}, w.as(ana)))
	w.later(LapseAfter + time.Minute)
	must(t, c.Elapse(w.as("")))
	if c.OwesApproval() || !slices.Contains(c.ReviewOwed, "1 of ECAB not met: nobody eligible") {
		t.Errorf("owes %v, to be reviewed because of %v", c.Debts(), c.ReviewOwed)
	}
}
