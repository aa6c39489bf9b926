package models

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWorkStartsOnlyInsideItsWindow(t *testing.T) {
	for offset, starts := range map[time.Duration]bool{
		-time.Nanosecond: false, 0: true, time.Hour: true, 2*time.Hour - time.Nanosecond: true, 2 * time.Hour: false, 9 * time.Hour: false,
	} {
		w := newWorld()
		c := w.in(t, Approved)
		w.now = c.Window.Start.Add(offset)
		if v := StartVerdict(c, w.as(ana)); v.Clear() != starts {
			t.Errorf("%v after the start the verdict says %v", offset, v)
		}
		if err := c.Start(c.Revision, w.as(ana)); (err == nil) != starts || (c.State == InProgress) != starts {
			t.Errorf("%v after the start: %v, %s", offset, err, c.State)
		}
	}
}

func TestAChangeStartsOrExpiresButNeverBoth(t *testing.T) {
	for offset := -2 * time.Second; offset <= 2*time.Second; offset += time.Second / 2 {
		for _, startFirst := range []bool{true, false} {
			w := newWorld()
			c := w.in(t, Approved)
			w.now = c.Window.End.Add(offset)
			var started error
			if startFirst {
				started = c.Start(c.Revision, w.as(ana))
			}
			must(t, c.Expire(w.as("")))
			if !startFirst {
				started = c.Start(c.Revision, w.as(ana))
			}
			want := Expired
			if offset < 0 {
				want = InProgress
			}
			if c.State != want || (started == nil) != (want == InProgress) {
				t.Errorf("%v: %s, start answered %v", offset, c.State, started)
			}
			before := copyOf(c)
			must(t, c.Expire(w.later(time.Hour).as("")))
			if diff := difference(before, c); diff != "" {
				t.Errorf("expiring again changed it: %s", diff)
			}
		}
	}
}

func TestAnExpiryIsDueOnlyWhileTheWorkHasNotBegun(t *testing.T) {
	for _, s := range States {
		c := newWorld().in(t, s)
		want := s == AwaitingApproval || s == ChangesRequested || s == Approved
		if due := c.Due(); due.IsZero() == want || want && !due.Equal(c.Window.End) {
			t.Errorf("%s: due %s", s, due)
		}
	}
}

func TestAVerdictNamesEveryReasonAndHowToClearIt(t *testing.T) {
	w := newWorld().clone()
	c := w.in(t, Approved)
	w.leaves(ana)
	v := StartVerdict(c, w.as(ana))
	if len(v.Reasons) != 2 {
		t.Errorf("early, and Ana left: %v", v)
	}
	for _, r := range v.Reasons {
		if r.What == "" || r.Unblock == "" {
			t.Errorf("%+v", r)
		}
	}
	c.Approvals[0].Void = "by another door"
	if got := StartVerdict(c, w.as(ana)).Words(); !strings.Contains(got, "What is written now is not what was approved.") {
		t.Error(got)
	}
}

func TestSpansReadInTheTwoLargestUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second: "1 minute", 90 * time.Second: "2 minutes", time.Hour: "1 hour", 61 * time.Minute: "1 hour 1 minute",
		24 * time.Hour: "1 day", 49*time.Hour + 59*time.Minute: "2 days 1 hour", 48*time.Hour + 20*time.Minute: "2 days",
		59*time.Minute + 40*time.Second: "1 hour",
	} {
		if got := span(d); got != want {
			t.Errorf("%v reads %q, want %q", d, got, want)
		}
	}
}

func TestAReviewIsOwedWhereItIsAndCloses(t *testing.T) {
	for name, test := range map[string]struct {
		risk    familiarity
		outcome Outcome
		owed    []string
	}{
		"medium risk, successful":  {rehearsed, Successful, nil},
		"medium risk, with issues": {rehearsed, SuccessfulWithIssues, nil},
		"medium risk, failed":      {rehearsed, Failed, []string{"failed"}},
		"medium risk, rolled back": {rehearsed, RolledBack, []string{"rolled back"}},
		"high risk, successful":    {firstTime, Successful, []string{"high risk"}},
		"very high risk, failed":   {untried, Failed, []string{"failed", "very high risk"}},
	} {
		w := newWorld()
		c := w.raised(t, func(in *Input) { in.Risk = known(test.risk) })
		for _, u := range []UserID{ben, dee, gus, hal, ida, fay, kim} {
			if c.State == AwaitingApproval {
				_ = c.Approve(c.Revision, w.as(u)) // those whom this risk does not need are refused
			}
		}
		w.later(90 * time.Minute)
		must(t, c.Start(c.Revision, w.as(ana)))
		must(t, c.Complete(Completion{Outcome: test.outcome, Note: "It went as it went.", AsBuilt: " 1.4.2 "}, w.as(ana)))
		if diff := cmp.Diff(test.owed, c.ReviewOwed); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if c.AsBuilt != "1.4.2" || c.FinishedAt.IsZero() {
			t.Errorf("%s: runs %q since %s", name, c.AsBuilt, c.FinishedAt)
		}
		if test.owed == nil {
			if c.State != Closed || !c.ClosedAt.Equal(w.now) {
				t.Errorf("%s: %s", name, c.State)
			}
			continue
		}
		if due := w.now.AddDate(0, 0, 2); c.State != Implemented || !c.ReviewDue.Equal(due) {
			t.Errorf("%s: %s, due %s, want %s", name, c.State, c.ReviewDue, due)
		}
		must(t, c.Review(YesToAll("The key was of the wrong kind; the form now checks it."), w.as(dee))) // an owner may
		if c.State != Closed {
			t.Errorf("%s: %s after the review", name, c.State)
		}
	}
}

func TestRollingBackIsAlwaysAllowedUntilClosed(t *testing.T) {
	for _, who := range []UserID{ana, kim} {
		w := newWorld()
		c := w.in(t, InProgress)
		must(t, c.RollBack("Errors rose.", w.later(30*24*time.Hour).as(who))) // long after its window
		if c.Outcome != RolledBack || c.State != Implemented {
			t.Errorf("%s, %s", c.Outcome, c.State)
		}
	}
	w := newWorld()
	c := w.in(t, Implemented)
	due := c.ReviewDue
	c.Events()
	must(t, c.RollBack("It came back.", w.later(time.Hour).as(ana)))
	if c.Outcome != RolledBack || c.OutcomeNote != "It came back." || !c.ReviewDue.Equal(due) {
		t.Errorf("%+v", c.Progress)
	}
	if diff := cmp.Diff([]FieldDiff{{"Outcome", "failed", "rolled back"}}, c.Events()[0].Diff); diff != "" {
		t.Errorf("the audit line forgets what it was before: %s", diff)
	}
}

func TestAClosedChangeIsUndoneByALinkedOneThatMayStartAtOnce(t *testing.T) {
	w := newWorld()
	original := w.in(t, Closed)
	w.later(48 * time.Hour)
	for _, who := range []UserID{ana, dee, kim} {
		before := copyOf(original)
		c := &Change{Identity: Identity{Workspace: "T1", ID: 5, Requester: who}}
		must(t, c.RollbackOf(original, "Payments fail since.", w.as(who)))
		if diff := difference(before, original); diff != "" {
			t.Errorf("the original changed: %s", diff)
		}
		if c.State != Approved || c.Plan != original.Rollback || c.Identity.RollbackOf != 4 || c.Implementer != who ||
			c.Title != "Roll back CHG-4: Rotate the signing key" || c.Background != "Payments fail since." {
			t.Errorf("%+v", c)
		}
		if got := kinds(c.Events()); got != "rollback_raised" {
			t.Errorf("events: %s", got)
		}
		must(t, c.Start(c.Revision, w.as(who)))
		must(t, c.Complete(Completion{Outcome: Successful}, w.as(who)))
		if c.State != Implemented || strings.Join(c.ReviewOwed, "") != "rolls back CHG-4" {
			t.Errorf("%s, owed %v", c.State, c.ReviewOwed)
		}
	}
}

func TestARollbackIsNoWayRoundAnApproval(t *testing.T) {
	w := newWorld()
	c := &Change{Identity: Identity{Workspace: "T1", ID: 5, Requester: ana}}
	must(t, c.RollbackOf(w.in(t, Closed), "Payments fail since.", w.as(ana)))
	must(t, w.editing(c, ana, func(in *Input) { in.Title, in.Implementer = "Put it back", cai })) // cosmetic
	if c.State != Approved {
		t.Errorf("a title made it %s", c.State)
	}
	must(t, w.editing(c, ana, func(in *Input) { in.Plan = "Deploy what I always wanted." }))
	if c.State != AwaitingApproval || len(c.Requirements) != 2 {
		t.Errorf("another plan, and it is %s with %v", c.State, texts(c))
	}
	refused(t, c.Start(c.Revision, w.as(cai)))
}

func TestALongTitleIsClippedNotRefusedInARollback(t *testing.T) {
	w := newWorld()
	original := w.in(t, Closed)
	original.Title = strings.Repeat("é", MaxTitle)
	c := &Change{Identity: Identity{ID: 5, Requester: ana}}
	must(t, c.RollbackOf(original, "It has to go.", w.as(ana)))
	if n := len([]rune(c.Title)); n != MaxTitle || !strings.HasSuffix(c.Title, "…") {
		t.Errorf("%d letters: %s", n, c.Title)
	}
}

func TestAChangeWithoutRequirementsIsApprovedAtOnce(t *testing.T) {
	w := newWorld()
	c := w.raised(t, func(in *Input) { in.Environment = Test })
	if c.State != Approved || len(c.Asked) != 0 {
		t.Errorf("%s, asked %v", c.State, askedOf(c))
	}
	events := c.Events()
	if got := kinds(events); got != "submitted approved" {
		t.Errorf("events: %s", got)
	}
	for _, d := range Deliveries(c, events, w.as(ana)) {
		if d.Kind == DeliverNote || d.Kind == DeliverAsk {
			t.Errorf("%s is sent a %s", d.User, d.Kind)
		}
	}
}

func TestTheProcessGoesOnWithoutADeactivatedRequester(t *testing.T) {
	w := newWorld().clone()
	c := w.in(t, Approved)
	w.leaves(ana)
	refused(t, c.Cancel("I am not here.", w.as(ana)))
	must(t, w.editing(c, kim, func(in *Input) { in.Implementer = cai }))
	w.later(90 * time.Minute)
	must(t, c.Start(c.Revision, w.as(cai)))
	must(t, c.Complete(Completion{Outcome: Successful}, w.as(cai)))
	for _, d := range Deliveries(c, c.Events(), w.as(cai)) {
		if d.Kind == DeliverNote && d.User == ana {
			t.Error("a note goes to a closed account")
		}
	}
}

// undoTwice raises a second rollback of a change, when the first got as far as s.
func (w *world) undoTwice(t testing.TB, s State) error {
	original := w.in(t, Closed)
	f := w.as(ana)
	f.Around.Undoing = []*Change{{Identity: Identity{ID: 5, Requester: ben, CreatedAt: f.Now}, Progress: Progress{State: s, Outcome: Successful}}}
	return (&Change{Identity: Identity{Workspace: "T1", ID: 6, Requester: ana}}).RollbackOf(original, "Payments fail since.", f)
}

func TestTheSecondWhoRollsBackSeesTheFirst(t *testing.T) {
	finished := func(o Outcome) func(*Change) {
		return func(r *Change) { r.State, r.Outcome = Implemented, o }
	}
	for name, test := range map[string]struct {
		first func(*Change)
		later time.Duration
		want  string // "" = a second one may be raised
	}{
		"just raised":     {func(*Change) {}, 9 * time.Minute, "is there to roll CHG-4 back already"},
		"left lying":      {func(*Change) {}, 10 * time.Minute, ""},
		"in progress":     {func(r *Change) { r.State = InProgress }, time.Hour, "is rolling CHG-4 back already"},
		"done":            {finished(Successful), time.Hour, "rolled CHG-4 back already"},
		"done and closed": {func(r *Change) { r.State, r.Outcome = Closed, SuccessfulWithIssues }, time.Hour, "rolled CHG-4 back already"},
		"failed":          {finished(Failed), 0, ""},
		"given up":        {func(r *Change) { r.State = Cancelled }, 0, ""},
		"expired":         {func(r *Change) { r.State = Expired }, 0, ""},
		"edited":          {func(r *Change) { r.State = AwaitingApproval }, 0, ""},
	} {
		w := newWorld()
		original := w.in(t, Closed)
		first := &Change{Identity: Identity{Workspace: "T1", ID: 5, Requester: ben, CreatedAt: w.as(ana).Now}}
		must(t, first.RollbackOf(original, "Payments fail since.", w.as(kim)))
		test.first(first)
		f := w.later(test.later).as(ana)
		f.Around.Undoing = []*Change{first}
		err := (&Change{Identity: Identity{Workspace: "T1", ID: 6, Requester: ana}}).RollbackOf(original, "Payments fail since.", f)
		switch {
		case test.want == "":
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		default:
			r := refused(t, err)
			wellSaid(t, r)
			if !r.Settled || !strings.Contains(r.Text, "CHG-5, raised by Ben, "+test.want) {
				t.Errorf("%s: %q", name, r.Text)
			}
		}
	}
}

func TestAChangeThatCausedAnIncidentOwesAReviewHoweverItEnded(t *testing.T) {
	w := newWorld()
	c := w.in(t, InProgress)
	must(t, c.Complete(Completion{Outcome: Successful, Incident: "INC-7", Priority: 2, OutageMinutes: 4}, w.later(time.Minute).as(ana)))
	if diff := cmp.Diff([]string{"caused an incident"}, c.ReviewOwed); diff != "" || c.State != Implemented || c.ReviewDue.IsZero() {
		t.Errorf("it is %s, due %s, and owes (-want +got):\n%s", c.State, c.ReviewDue, diff)
	}
}

// TestNothingBeginsWithAChangeWhoseTimeIsOver: the minute between the end of a
// window and the job that says so asks nobody anything.
func TestNothingBeginsWithAChangeWhoseTimeIsOver(t *testing.T) {
	w := newWorld().clone()
	c := w.approvedBy(t, w.raised(t, nil), ben, dee)
	must(t, c.Hold("The vendor is closed.", w.as(kim)))
	c.Events()
	w.now = c.Window.End
	for act, err := range map[string]error{
		"withdraw": c.Withdraw(w.as(ben)), "lift": c.LiftHold("It is open again.", w.as(kim)),
		"hold": w.in(t, AwaitingApproval).Hold("The vendor is closed.", w.later(3*time.Hour).as(kim)),
	} {
		if r := refused(t, err); !r.Settled || !strings.Contains(r.Text, "it expires now") {
			t.Errorf("%s: %s", act, r.Text)
		}
	}
	if got := kinds(c.Events()); got != "" {
		t.Error(got)
	}
}
