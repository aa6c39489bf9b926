package models

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hears walks hour by hour to a moment and notes what is said, as "2 Jan 15:04
// user kind stage: items", in Berlin.
func (w *world) hears(r *Release, until time.Time) []string {
	berlin, _ := time.LoadLocation("Europe/Berlin")
	var out []string
	var said []Reminder
	for ; w.now.Before(until); w.later(time.Hour) {
		due, _ := r.Reminders(said, w.as(""))
		said = append(said, due...)
		for _, d := range due {
			var ids []string
			for _, i := range r.Reminded(d, w.as("")) {
				ids = append(ids, i.ID)
			}
			out = append(out, fmt.Sprintf("%s %s %s %d: %s", w.now.In(berlin).Format("2 Jan 15:04"), d.User, string(d.Kind), d.Stage, strings.Join(ids, " ")))
		}
	}
	slices.Sort(out)
	return out
}

func of(lines []string, words ...string) (out []string) {
	for _, line := range lines {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
			out = append(out, line)
		}
	}
	return out
}

func TestItemsAreRemindedOfBeforeOnTheDayAndWhenOverdueThenTheLadderHears(t *testing.T) {
	w := newWorld().clone()
	r := w.planned(t, nil)
	w.worked(t, r, "TS5", "QG6", "RP1") // go-live is Monday, 4 May
	heard := w.hears(r, r.GoLive)
	want := []string{
		"22 Apr 09:00 UDEE item 1: QG6 TS5", "23 Apr 09:00 UDEE item 2: QG6 TS5", "24 Apr 09:00 UDEE item 3: QG6 TS5",
		"27 Apr 09:00 UANA item 8: QG6 TS5", // the project lead stands in
		"28 Apr 09:00 UKIM item 9: QG6 TS5", "28 Apr 09:00 ULEA item 9: QG6 TS5",
	}
	if diff := cmp.Diff(want, of(heard, "QG6")); diff != "" {
		t.Errorf("-want +got:\n%s\nall: %s", diff, strings.Join(heard, "\n"))
	}
	if n := len(of(heard, "CB2", " 8:")) + len(of(heard, "CB2", " 9:")); n != 0 || len(of(heard, "CB2")) != 3 {
		t.Errorf("an advisory item is said three times and goes to nobody else: %v", of(heard, "CB2"))
	}
}

func TestEvidenceThatWaitsIsTheVerifiersAndAnOperationsLeadsDeputyStandsIn(t *testing.T) {
	w := newWorld().clone()
	r := w.planned(t, nil)
	w.worked(t, r, "DO2")
	must(t, r.Submit(itemNo(t, r, "DO2"), EvidenceInput{Kind: EvidenceNote, Note: "It is in the wiki."}, w.forRelease(cai)))
	heard := w.hears(r, r.GoLive)
	if got := of(heard, "DO2", "UCAI"); len(got) != 0 {
		t.Errorf("whoever submitted hears of it: %v", got)
	}
	var who []string
	for _, line := range of(heard, "DO2") {
		who = append(who, strings.Join(strings.Fields(line)[3:6], " "))
	}
	want := []string{"UFAY verify 1:", "UFAY verify 2:", "UFAY verify 3:", "UGUS verify 8:", "UKIM verify 9:", "ULEA verify 9:"}
	if diff := cmp.Diff(want, who); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestEvidenceGoesToTheLeadsWhereTheVerifierHasLeft(t *testing.T) {
	w := newWorld().clone()
	r := w.planned(t, nil)
	must(t, r.AssignVerifier(BucketDocumentation, hal, w.forRelease(fay)))
	left := w.People[hal]
	left.Deleted = true
	w.People[hal] = left
	must(t, r.Submit(itemNo(t, r, "DO2"), EvidenceInput{Kind: EvidenceNote, Note: "It is in the wiki."}, w.forRelease(cai)))
	var asked []UserID
	for _, a := range r.Asked {
		if a.Kind == AskVerify {
			asked = append(asked, a.User)
		}
	}
	if diff := cmp.Diff(r.leads(), asked); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWhatComesToSomebodyAfterItWasDueIsSaidOnceMore(t *testing.T) {
	w := newWorld().clone()
	r := w.planned(t, nil)
	w.worked(t, r, "QG6")
	no := itemNo(t, r, "QG6") // due on Thursday, 23 April
	i, _ := r.Item("QG6")
	berlin, _ := time.LoadLocation("Europe/Berlin")
	var said []Reminder
	on := func(day, hour int, act func() error) (heard []string) {
		t.Helper()
		for until := time.Date(2026, 4, day, hour, 0, 0, 0, berlin); w.now.Before(until); w.later(time.Hour) {
			due, _ := r.Reminders(said, w.as(""))
			said = append(said, due...)
			for _, d := range due {
				if slices.Contains(r.Reminded(d, w.as("")), i) {
					heard = append(heard, fmt.Sprintf("%s %s %s %d", w.now.In(berlin).Format("2 Jan 15:04"), d.User, string(d.Kind), d.Stage))
				}
			}
			i, _ = r.Item("QG6")
		}
		must(t, act())
		i, _ = r.Item("QG6")
		slices.Sort(heard)
		return heard
	}
	submit := func() error {
		return r.Submit(no, EvidenceInput{Kind: EvidenceNote, Note: "Report 9."}, w.forRelease(dee))
	}
	by := r.verifierOf(i, w.as(""))
	got := map[string][]string{"before": on(28, 14, submit)}
	got["late evidence"] = on(29, 8, submit) // more of it
	got["more evidence"] = on(29, 10, func() error { return r.Return(no, "The report is cut off.", w.forRelease(by)) })
	got["returned"] = on(30, 14, submit)
	for day := range 6 {
		got["evidence once more"] = append(got["evidence once more"], on(31+day, 8, submit)...) // with every build
	}
	want := map[string][]string{
		"before": {"22 Apr 09:00 UDEE item 1", "23 Apr 09:00 UDEE item 2", "24 Apr 09:00 UDEE item 3",
			"27 Apr 09:00 UANA item 8", "28 Apr 09:00 UKIM item 9", "28 Apr 09:00 ULEA item 9"},
		"late evidence":      nil,
		"more evidence":      {"29 Apr 09:00 " + string(by) + " verify 3"},
		"returned":           {"30 Apr 09:00 UDEE item 3"},
		"evidence once more": {"1 May 09:00 " + string(by) + " verify 3", "4 May 09:00 UGUS verify 8", "5 May 09:00 UKIM verify 9", "5 May 09:00 ULEA verify 9"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestConditionsAndWaiversAreSaidBeforeTheyEnd(t *testing.T) {
	w := newWorld().clone()
	r := w.releaseIn(t, ReleaseConditional)
	i, _ := r.Item("DO2")
	until := i.Condition.Due.Add(120 * time.Hour)
	if got := of(w.hears(r, until), "condition", "DO2"); len(of(got, "UBEN")) != 2 || len(of(got, "condition 3")) != 0 || len(of(got, "condition 8")) != 1 {
		t.Errorf("a condition of Ben's: %v", got) // that it is overdue the release tells by itself
	}
	w = newWorld().clone()
	r = w.planned(t, nil)
	w.worked(t, r, "DO2")
	must(t, r.Waive(itemNo(t, r, "DO2"), "Written after go-live.", w.now.AddDate(0, 0, 10), w.forRelease(fay)))
	i, _ = r.Item("DO2")
	want := []string{"11 Mar 11:00 UCAI waiver 1: DO2", "12 Mar 11:00 UCAI waiver 2: DO2"}
	if got := of(w.hears(r, i.Waiver.Expires), "waiver"); len(got) != 2 || !strings.Contains(got[0], "UCAI waiver 1: DO2") || !strings.Contains(got[1], "UCAI waiver 2: DO2") {
		t.Errorf("got %v, want something like %v", got, want)
	}
}

func TestWhatWasOverdueWhenTheReleaseWasPlannedIsNotSaidAtOnce(t *testing.T) {
	w := newWorld().clone()
	r := w.planned(t, func(in *ReleaseInput) { in.GoLive = monday.AddDate(0, 0, 16) })
	if due, _ := r.Reminders(nil, w.as("")); len(due) != 0 {
		t.Errorf("said in the minute of planning: %v", due)
	}
	if due, _ := r.Reminders(nil, w.later(24*time.Hour).as("")); len(due) == 0 {
		t.Error("a working day later nobody heard of what is overdue")
	}
}

func TestTheImplementerHearsOfAWindowThatOpensWhenTheyDoNotWork(t *testing.T) {
	for start, want := range map[time.Duration][]string{
		34 * time.Hour: {"UANA opens 1"}, // 20:00 UTC of the next day
		24 * time.Hour: nil,              // 11:00 in Berlin: they see it coming
	} {
		w := newWorld().clone()
		c := w.raised(t, func(in *Input) {
			in.Environment, in.Start, in.End = Development, w.now.Add(start), w.now.Add(start+time.Hour)
		})
		r := &remembering{w: w, c: c}
		r.at(t, start-16*time.Minute)
		r.at(t, time.Minute, want...)
		r.at(t, time.Minute)
	}
}

func TestWhoeverStandsInHearsThatItEndsAndThePersonThatItEnded(t *testing.T) {
	w := newWorld().clone()
	own, _, err := SetOwn(OwnInput{AwayFrom: "2026-03-03", AwayEnd: "2026-03-06", Delegate: ben}, w.as(ana)) // Tuesday to Friday
	must(t, err)
	p := w.Person(ana)
	p.Own = own
	w.People[ana] = p
	var said []Reminder
	var heard []string
	for range 9 * 24 {
		due, _ := AbsenceReminders(ana, said, w.as(""))
		said = append(said, due...)
		for _, d := range due {
			heard = append(heard, w.now.Format("Mon 15:04 ")+string(d.User))
			if !(Subjects{}).Concerns(d, w.as("")) {
				t.Errorf("%+v concerns nobody", d)
			}
		}
		w.later(time.Hour)
	}
	if diff := cmp.Diff([]string{"Fri 08:00 UBEN", "Mon 08:00 UANA"}, heard); diff != "" { // 09:00 in Berlin
		t.Errorf("-want +got:\n%s", diff)
	}
}
