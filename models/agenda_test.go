package models

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestABriefNamesExceptionsOnly(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	two := 2
	w.proven(t, r, itemNo(t, r, "CB1"))
	must(t, r.Waive(itemNo(t, r, "RP1"), "Rota comes in May.", w.now.AddDate(0, 0, 30), w.forRelease(fay)))
	must(t, r.Block(itemNo(t, r, "PR1"), "No answer.", w.forRelease(ben)))
	must(t, r.Submit(itemNo(t, r, "DO2"), ReadEvidence("https://wiki.example/r"), w.forRelease(cai)))
	must(t, r.NotApplicable(itemNo(t, r, "QG6"), "No load.", w.forRelease(dee)))
	must(t, r.Submit(itemNo(t, r, "TS5"), EvidenceInput{Kind: EvidenceNote, Note: "Ran.", OpenIssues: &two}, w.forRelease(dee)))
	f := w.forRelease("")
	f.Linked = []LinkedChange{{ID: 4, Title: "Open the market", State: Approved, Environment: Production}}
	b := r.Brief(f)
	got := map[string]string{}
	for _, x := range b.Buckets {
		for _, e := range x.Exceptions {
			got[e.Item.ID] = f.Name(e.Owner) + ": " + e.What
		}
	}
	want := map[string]string{
		"RP1": "Ana: waived until 1 April 2026: Rota comes in May.", "PR1": "Ben: blocked: No answer.", "DO2": "Cai: its evidence waits for verification",
		"QG6": "Dee: called not applicable, to be confirmed: No load.", "TS5": "Dee: 2 open issues",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(b.Buckets) != 6 || len(b.Issues) != 1 || len(b.Linked) != 1 || b.Since != nil {
		t.Errorf("%d buckets, %d with issues, %d linked", len(b.Buckets), len(b.Issues), len(b.Linked))
	}
	w.convened(t, r)
	must(t, r.Decline(0, "No rota.", w.now.Add(99*time.Hour), w.forRelease(fay)))
	if b := r.Brief(w.forRelease("")); b.Since == nil || b.Since.Decision.Reason != "No rota." {
		t.Errorf("the meeting before is %+v", b.Since)
	}
}

func TestTheAgendaFillsTheMeeting(t *testing.T) {
	for _, length := range []time.Duration{45 * time.Minute, 90 * time.Minute, 20 * time.Minute} {
		m := Meeting{Length: length}
		at := time.Duration(0)
		for _, p := range m.Agenda() {
			if p.From != at || p.To <= p.From || p.Title == "" || p.What == "" {
				t.Errorf("%s: %+v begins at %s", length, p, at)
			}
			at = p.To
		}
		if at != length {
			t.Errorf("the agenda of %s ends after %s", length, at)
		}
	}
}

func TestWhyAmberIsAnswered(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	w.proven(t, r, itemNo(t, r, "CB1"))
	must(t, r.Block(itemNo(t, r, "DO2"), "No access.", w.forRelease(cai)))
	got := r.Readiness(w.as(ana)).Explain(r, w.as(ana))
	want := []string{
		"15 % ready: 3 of 19 points are verified. A mandatory item counts 3, an advisory one 1; what is waived or not applicable counts on neither side.",
		"It is red because of 1 item:",
		"5 (DO2) Runbook, Cai, due 20 April: blocked: No access.",
		"At this pace ready on 10 March, 55 days before go-live; RP1, PR1 and DO2 decide it.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if green := fmt.Sprint(w.planned(t, nil).Readiness(w.as(ana)).Explain(r, w.as(ana))); len(green) < 100 {
		t.Error(green)
	}
}
