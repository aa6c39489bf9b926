package models

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// told is what one look at what is due says, and to whom.
func (w *world) told(t *testing.T, r *Release) map[EventKind][]UserID {
	t.Helper()
	r.Events()
	must(t, r.Elapse(w.forRelease("")))
	out := map[EventKind][]UserID{}
	for _, e := range r.Events() {
		out[e.Kind] = e.Asked
	}
	return out
}

func TestWhoHasNotVotedIsAskedOnceMoreWhenTheSilentVoteIsOver(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	w.convened(t, r)
	must(t, r.Vote(0, ChoiceReady, "", w.forRelease(ana)))
	must(t, r.Vote(0, ChoiceReady, "", w.forRelease(ben)))
	var got []map[EventKind][]UserID
	for _, minutes := range []time.Duration{33, 1, 10, 1, 600} {
		w.later(minutes * time.Minute)
		got = append(got, w.told(t, r))
	}
	want := []map[EventKind][]UserID{{}, {EventVotesMissing: {cai, dee}}, {}, {EventHandoverOverrun: {fay, gus}}, {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAMeetingThatIsOverBeforeItCouldBeginSaysSo: after a downtime over a
// handover, whoever decides hears at once that its time is over.
func TestAMeetingThatIsOverBeforeItCouldBeginSaysSo(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	at := w.now.Add(24 * time.Hour)
	must(t, r.Schedule(MeetingInput{At: at, Place: "Room 4"}, w.forRelease(ana)))
	w.later(6 * 24 * time.Hour)
	said := w.told(t, r)
	if m := r.InSession(); m == nil || !m.StartedAt.Equal(at) || len(said[EventHandoverBegun]) == 0 {
		t.Fatalf("it is not under way since its time: %+v, %v", m, said)
	}
	if _, twice := said[EventVotesMissing]; twice || !cmp.Equal(said[EventHandoverOverrun], []UserID{fay, gus}) {
		t.Errorf("said: %v", said)
	}
}

func TestNobodyIsAskedToVoteWhenAllHave(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	w.convened(t, r)
	w.voted(t, r, ChoiceReady)
	if got := w.later(40*time.Minute).told(t, r); len(got) > 0 {
		t.Error(got)
	}
}

func TestAConditionIsFollowedUpBeforeAndAfterItsDate(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	w.worked(t, r, "DO2", "TS5")
	w.convened(t, r)
	w.voted(t, r, ChoiceConditions)
	list := w.conditionsFor(r, false)
	list[0].Due, list[1].Due = w.now.AddDate(0, 0, 9), w.now.Add(2*time.Hour) // one that is due soon from the start
	must(t, r.AcceptWithConditions(0, list, w.forRelease(fay)))
	var got []string
	for range 20 {
		w.later(12 * time.Hour)
		for kind, who := range w.told(t, r) {
			got = append(got, w.now.Format("2 Jan 15:04 ")+string(kind))
			if owner := slices.Contains(who, ben); !owner || (len(who) > 1) != (kind == EventConditionOverdue) {
				t.Errorf("%s is told to %v", kind, who)
			}
		}
	}
	want := []string{"3 Mar 22:00 condition_overdue", "12 Mar 22:00 condition_overdue"} // that one is due soon, its reminder says
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEarlyLifeSupportSaysHowItStandsUntilItIsClosed(t *testing.T) {
	w := newWorld()
	r := w.releaseIn(t, ReleaseEarlyLife)
	days := map[EventKind]int{}
	for range 60 {
		w.later(24 * time.Hour)
		for kind := range w.told(t, r) {
			days[kind]++
		}
	}
	// 20 working days and then some, in which nobody closes it: 8 and a half weeks.
	if diff := cmp.Diff(map[EventKind]int{EventEarlyLifePulse: 8, EventEarlyLifeOver: 1}, days); diff != "" {
		t.Error(diff)
	}
}
