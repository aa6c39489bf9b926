package models

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models/proof"
)

func TestTheWholeRoadOfARelease(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	w.worked(t, r, "DO2", "TS5")
	must(t, r.Schedule(MeetingInput{At: w.now.Add(26 * time.Hour), Place: "Room 4"}, w.forRelease(ana)))
	brief := r.Due(w.forRelease(""))
	if want := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC); !brief.Equal(want) { // Monday 09:00 in Berlin, which has passed
		t.Errorf("the brief is due %s", brief)
	}
	must(t, r.Elapse(w.forRelease("")))
	w.later(26 * time.Hour)
	must(t, r.Elapse(w.forRelease("")))
	must(t, r.Elapse(w.forRelease(""))) // twice is once
	m := r.InSession()
	w.voted(t, r, ChoiceConditions)
	wellSaid(t, refused(t, r.Accept(m.No, w.forRelease(fay))))
	list := w.conditionsFor(r, false)
	list[1].After, list[1].Due = true, r.GoLive.AddDate(0, 0, 5)
	must(t, r.AcceptWithConditions(m.No, list, w.forRelease(fay)))
	wellSaid(t, refused(t, r.Confirm(w.forRelease(fay))))
	wellSaid(t, refused(t, r.GoLiveNow(w.forRelease(ana))))
	w.proven(t, r, list[0].No)
	must(t, r.Confirm(w.forRelease(fay)))
	must(t, r.GoLiveNow(w.later(time.Hour).forRelease(ana)))
	w.now = r.Due(w.forRelease(""))
	must(t, r.Elapse(w.forRelease(""))) // the next working day
	must(t, r.ReportIncident("INC-9", 1, "Slow pages.", w.forRelease(ray)))
	w.proven(t, r, list[1].No)
	w.proven(t, r, itemNo(t, r, "EL1"))
	w.now = r.EarlyLife.Ends
	must(t, r.Elapse(w.forRelease("")))
	wellSaid(t, refused(t, r.Close(w.forRelease(fay))))
	must(t, r.CloseIncident(1, w.forRelease(ana)))
	must(t, r.Close(w.forRelease(fay)))
	var moves []string
	for _, e := range r.Events() {
		if e.From != e.To {
			moves = append(moves, string(e.Kind)+" "+string(e.To))
		}
	}
	want := []string{"release_planned planning", "handover_briefed handover_due", "handover_accepted_with_conditions conditional",
		"handover_confirmed accepted", "release_live live", "early_life_begun early_life", "release_closed closed"}
	if diff := cmp.Diff(want, moves); diff != "" {
		t.Error(diff)
	}
	if days := w.Settings.Hours.WorkdaysBetween(w.Person(fay), r.EarlyLife.Began, r.EarlyLife.Ends); days != 21 { // the first is day 0
		t.Errorf("early-life support took %d working days", days-1)
	}
}

func TestTheRoadOfADeclinedRelease(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	m := w.convened(t, r)
	w.voted(t, r, ChoiceNotReady)
	next := w.now.AddDate(0, 0, 7)
	wellSaid(t, refused(t, r.Decline(m.No, "", next, w.forRelease(fay))))
	wellSaid(t, refused(t, r.Decline(m.No, "No runbook.", time.Time{}, w.forRelease(fay))))
	must(t, r.Decline(m.No, "No runbook.", next, w.forRelease(fay)))
	if up := r.Upcoming(); r.State != ReleasePlanning || up == nil || !up.At.Equal(next) || up.Place != "Room 4" || r.Reason != "No runbook." {
		t.Fatalf("it is %s, next %+v", r.State, up)
	}
	wellSaid(t, refused(t, r.Accept(m.No, w.forRelease(fay)))) // the old prompt
	w.worked(t, r)
	w.now = next
	must(t, r.Elapse(w.forRelease("")))
	w.voted(t, r, ChoiceReady)
	must(t, r.Accept(0, w.forRelease(gus)))
	if c := r.Certificate(); !c.AsDeputy || c.By != gus || c.Meeting != 2 {
		t.Errorf("the certificate says %+v", c)
	}
}

func TestVotesStaySilentUntilAllAreIn(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	m := w.convened(t, r)
	voters := r.Voters()
	for n, u := range voters {
		if len(m.Shown()) != 0 || len(r.Missing(m)) != len(voters)-n {
			t.Fatalf("after %d votes %d are shown, %d missing", n, len(m.Shown()), len(r.Missing(m)))
		}
		must(t, r.Vote(m.No, ChoiceReady, "", w.forRelease(u)))
		if m = r.InSession(); n == 0 { // still silent: it may be changed
			must(t, r.Vote(m.No, ChoiceNotReady, "No rota.", w.forRelease(u)))
			m = r.InSession()
		}
	}
	for _, e := range r.Events() {
		if e.Kind == EventVoted && (e.Reason != "" || len(e.Diff) > 0) {
			t.Errorf("the audit log tells a silent vote: %+v", e)
		}
	}
	if len(m.Shown()) != len(voters) {
		t.Errorf("%d of %d shown", len(m.Shown()), len(voters))
	}
	must(t, r.Vote(m.No, ChoiceReady, "", w.forRelease(voters[0])))
	m = r.InSession()
	v, _ := m.VoteOf(voters[0])
	late := 0
	for _, x := range m.Votes {
		if x.Late {
			late++
		}
	}
	if v.Choice != ChoiceNotReady || late != 1 || len(m.Votes) != len(voters)+1 {
		t.Errorf("the vote that counts is %+v; %d late of %d", v, late, len(m.Votes))
	}
}

func TestNobodyDecidesWithoutAQuorum(t *testing.T) {
	w := newWorld()
	r := w.worked(t, w.planned(t, nil))
	m := w.convened(t, r)
	must(t, r.Vote(m.No, ChoiceReady, "", w.forRelease(ana)))
	must(t, r.Vote(m.No, ChoiceReady, "", w.forRelease(ben)))
	wellSaid(t, refused(t, r.Accept(m.No, w.forRelease(fay))))
	must(t, r.Reveal(m.No, w.forRelease(ana)))
	absent := refused(t, r.Accept(m.No, w.forRelease(fay)))
	if !strings.Contains(absent.Text, "Cai and Dee did not take part") {
		t.Error(absent.Text)
	}
	must(t, r.Attend(m.No, w.forRelease(dee)))
	must(t, r.AssignBucket(BucketDocumentation, ben, w.forRelease(ana)))
	must(t, r.Accept(m.No, w.forRelease(fay)))
}

func TestAnOperationsLeadWhoLeftIsReplacedByAChangeManagerOnly(t *testing.T) {
	w := newWorld().clone()
	r := w.worked(t, w.planned(t, func(in *ReleaseInput) { in.Deputy = "" }))
	w.convened(t, r)
	w.voted(t, r, ChoiceReady)
	w.leaves(fay)
	said := refused(t, r.Accept(0, w.forRelease(fay)))
	wellSaid(t, said)
	wellSaid(t, refused(t, r.Accept(0, w.forRelease(ana))))
	in := ReleaseInputOf(r)
	in.OpsLead = hal
	wellSaid(t, refused(t, r.Edit(in, w.forRelease(ana))))
	must(t, r.Edit(in, w.forRelease(kim)))
	must(t, r.Accept(0, w.forRelease(hal)))
}

func TestAnEditThatReopensAnItemMakesTheAcceptanceConditional(t *testing.T) {
	for name, edit := range map[string]func(r *Release, w *world) error{
		"returned": func(r *Release, w *world) error { return r.Return(5, "It is outdated.", w.forRelease(fay)) },
		"reopened": func(r *Release, w *world) error { return r.Reopen(5, "It changed.", w.forRelease(cai)) },
		"issues":   func(r *Release, w *world) error { return r.ReportIssues(8, 2, w.forRelease(dee)) },
		"new": func(r *Release, w *world) error {
			return r.AddItem(NewItem{Bucket: BucketQuality, Title: "Scan again", Mandatory: true, DueDays: 2}, w.forRelease(ana))
		},
		"attribute": func(r *Release, w *world) error {
			in := ReleaseInputOf(r)
			in.Attributes = []Attribute{PersonalData}
			return r.Edit(in, w.forRelease(ana))
		},
		"waiver": func(r *Release, w *world) error {
			w.now = w.now.Add(49 * time.Hour)
			return r.Elapse(w.forRelease(""))
		},
	} {
		w := newWorld()
		r := w.planned(t, nil)
		if name == "waiver" {
			must(t, r.Waive(5, "Not now.", w.now.Add(72*time.Hour), w.forRelease(fay)))
		}
		w.worked(t, r)
		w.convened(t, r)
		w.voted(t, r, ChoiceReady)
		must(t, r.Accept(0, w.forRelease(fay)))
		first := r.Certificate().Hash
		must(t, edit(r, w))
		if r.State != ReleaseConditional || r.Certificate() != nil || len(r.Blocking(w.now)) != 1 {
			t.Errorf("%s: it is %s with %d blocking", name, r.State, len(r.Blocking(w.now)))
			continue
		}
		i := r.Blocking(w.now)[0]
		wellSaid(t, refused(t, r.Accept(0, w.forRelease(fay)))) // the button on the old prompt
		if i.Tests {
			none := 0
			must(t, r.Submit(i.No, EvidenceInput{Kind: EvidenceNote, Note: "All closed.", OpenIssues: &none}, w.forRelease(ana)))
			i, _ = r.no(i.No)
			must(t, r.Verify(i.No, i.Version(), w.forRelease(fay)))
		} else {
			w.proven(t, r, i.No)
		}
		must(t, r.Confirm(w.forRelease(fay)))
		if c := r.Certificate(); r.State != ReleaseAccepted || c == nil || c.Hash == first || len(r.Certificates) != 2 {
			t.Errorf("%s: it is %s", name, r.State)
		}
	}
}

func TestAConditionOnAWaiverThatRanOutIsOpen(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	must(t, r.Waive(5, "Not now.", w.now.Add(24*time.Hour+time.Minute), w.forRelease(fay)))
	w.worked(t, r)
	w.convened(t, r)
	w.voted(t, r, ChoiceConditions)
	w.later(time.Minute) // and nobody has noticed yet
	must(t, r.AcceptWithConditions(0, w.conditionsFor(r, false), w.forRelease(fay)))
	if i, _ := r.no(5); i.Status != ItemOpen || i.Condition == nil || len(r.Blocking(w.now)) != 1 {
		t.Errorf("it is %s with %+v", i.Status, i.Condition)
	}
	w.proven(t, r, 5)
	must(t, r.Confirm(w.forRelease(fay)))
}

func TestACertificateShowsEveryAlteration(t *testing.T) {
	w := newWorld()
	r := w.releaseIn(t, ReleaseConditional)
	w.proven(t, r, itemNo(t, r, "DO2"))
	f := w.forRelease(fay)
	window := NewWindow(monday.AddDate(0, 0, 63), monday.AddDate(0, 0, 63).Add(time.Hour))
	f.Linked = []LinkedChange{{ID: 4, Title: "Open the market", State: Approved, Environment: Production, Window: window},
		{ID: 5, Title: "Rehearse it", State: Closed, Environment: Staging, Window: window}, {ID: 6, Title: "Too early", State: Cancelled, Environment: Production, Window: window}}
	must(t, r.Confirm(f))
	c := *r.Certificate()
	if !c.Genuine() || len(c.Entries) != 8 {
		t.Fatalf("%d entries, genuine %v", len(c.Entries), c.Genuine())
	}
	if diff := cmp.Diff([]CertifiedChange{{4, "Open the market", Approved, window}}, c.Changes); diff != "" {
		t.Errorf("the production changes that it names:\n%s", diff)
	}
	for name, alter := range map[string]func(*Certificate){
		"who":      func(c *Certificate) { c.By = ana },
		"when":     func(c *Certificate) { c.At = c.At.Add(time.Second) },
		"evidence": func(c *Certificate) { c.Entries[1].Ref += "x" },
		"version":  func(c *Certificate) { c.Entries[2].Version++ },
		"verifier": func(c *Certificate) { c.Entries[3].VerifiedBy = cai },
		"a change": func(c *Certificate) { c.Changes[0].State = Closed },
		"left out": func(c *Certificate) { c.Entries = c.Entries[1:] },
	} {
		altered := c
		altered.Entries, altered.Changes = slices.Clone(c.Entries), slices.Clone(c.Changes)
		alter(&altered)
		if altered.Genuine() {
			t.Errorf("%s was altered and it still looks genuine", name)
		}
	}
}

func TestACertificateWithoutChangesIsHashedAsBeforeThereWereAny(t *testing.T) {
	w := newWorld()
	c := *w.releaseIn(t, ReleaseAccepted).Certificate()
	b, err := json.Marshal(c)
	must(t, err)
	if !c.Genuine() || strings.Contains(string(b), "Changes") {
		t.Errorf("genuine %v: %s", c.Genuine(), b)
	}
}

func TestTheReleaseNeverGoesLiveOnAFrozenOrPastDay(t *testing.T) {
	w := newWorld()
	freeze := Freeze{ID: 2, Kind: HardFreeze, Name: "Year end", Owner: kim}
	at := monday.AddDate(0, 0, 63)
	for _, test := range []struct {
		name   string
		to     time.Time
		freeze FreezeSpan
		want   bool
	}{
		{"frozen", at, FreezeSpan{freeze, NewWindow(at.Add(5*time.Hour), at.Add(9*time.Hour))}, false},
		{"soft", at, FreezeSpan{Freeze{ID: 2, Kind: SoftFreeze, Name: "Careful", Owner: kim}, NewWindow(at, at.Add(time.Hour))}, true},
		{"another service", at, FreezeSpan{Freeze{ID: 2, Kind: HardFreeze, Services: []Slug{"web"}, Owner: kim}, NewWindow(at, at.Add(time.Hour))}, true},
		{"the day before", at, FreezeSpan{freeze, NewWindow(at.AddDate(0, 0, -1), at.AddDate(0, 0, -1).Add(time.Hour))}, true},
		{"past", w.now.Add(-time.Minute), FreezeSpan{}, false},
	} {
		in, f := w.releaseInput(), w.forRelease(ana)
		in.GoLive = test.to
		if test.freeze.Freeze.ID != 0 {
			f.Around.Freezes = []FreezeSpan{test.freeze}
		}
		r := &Release{ReleaseIdentity: ReleaseIdentity{Workspace: "T1", ID: 3}}
		plan := r.Plan(in, f)
		moved := w.planned(t, func(in *ReleaseInput) { in.GoLive = at.AddDate(0, 0, 30) }).MoveGoLive(test.to, "We move it.", nil, f)
		for _, err := range []error{plan, moved} {
			if (err == nil) != test.want {
				t.Errorf("%s: %v", test.name, err)
			}
			if err != nil && refused(t, err).Fields[FieldGoLive] == "" {
				t.Errorf("%s: nothing stands beside the go-live: %v", test.name, err)
			}
		}
	}
}

// TestOnlyOperationsDecideInAHundredMeetings plays meetings in which everybody
// presses everything in any order, and counts what came of it.
func TestOnlyOperationsDecideInAHundredMeetings(t *testing.T) {
	meetings := proof.N(100, 2000)
	seed := [2]uint64{2026, 11}
	random := rand.New(rand.NewPCG(seed[0], seed[1]))
	var presses, byOthers, unmetAccepted, lateUnflagged, late, decided, prompts, results, twice int
	for n := range meetings {
		w := newWorld()
		w.now = w.now.Add(time.Duration(n) * time.Minute)
		r := w.planned(t, nil)
		w.worked(t, r, [][]string{{}, {"DO2"}, {"DO2", "TS5"}}[random.IntN(3)]...)
		m := w.convened(t, r)
		r.Events()
		prompt, result := map[string]bool{}, 0
		people := append(slices.Clone(everybody), fay, fay, gus, ana, ben, cai, dee)
		for range 150 {
			w.later(time.Duration(random.IntN(3)) * time.Minute)
			u := people[random.IntN(len(people))]
			f := w.forRelease(u)
			revealed, unmet := false, len(r.Unmet(w.now))
			if s := r.InSession(); s != nil {
				revealed = !s.RevealedAt.IsZero()
			}
			presses++
			decision := true
			var err error
			switch random.IntN(9) {
			case 0:
				err = r.Accept(m.No, f)
				if err == nil && unmet > 0 {
					unmetAccepted++
				}
			case 1:
				list := w.conditionsFor(r, random.IntN(2) == 0)
				if random.IntN(4) == 0 && len(list) > 0 {
					list[0].Owner = ""
				}
				err = r.AcceptWithConditions(m.No, list, f)
				if err == nil && len(list) < unmet {
					unmetAccepted++
				}
			case 2:
				if random.IntN(6) == 0 {
					err = r.Decline(m.No, "Not enough.", w.now.Add(99*time.Hour), f)
				} else {
					err = r.Decline(m.No, "", w.now.Add(99*time.Hour), f)
				}
			case 3:
				if random.IntN(6) == 0 {
					err = r.Adjourn(m.No, "New facts.", w.now.Add(99*time.Hour), f)
				} else {
					err = r.Adjourn(m.No, "New facts.", time.Time{}, f)
				}
			case 4:
				decision, err = false, r.Reveal(m.No, f)
			default:
				decision = false
				if err = r.Vote(m.No, Choices[random.IntN(3)], "As discussed.", f); err == nil && revealed {
					late++
					if s, _ := r.Meeting(m.No); !s.Votes[len(s.Votes)-1].Late {
						lateUnflagged++
					}
				}
			}
			if err != nil {
				wellSaid(t, refused(t, err))
				continue
			}
			if decision {
				decided++
				result++
				if u != fay && u != gus {
					byOthers++
				}
			}
			for _, d := range ReleaseDeliveries(r, r.Events(), f) {
				if d.Kind == DeliverPrompt {
					prompt[d.Key] = true
				}
			}
		}
		prompts += len(prompt)
		results += result
		if result > 1 || len(prompt) > 1 {
			twice++
		}
	}
	proof.Record(t, proof.Row{What: "Handover meetings in which everybody presses everything: decided by others, accepted with an unmet item, a late vote unflagged, two results or two prompts", Where: "pure",
		Tried: meetings, Seed: fmt.Sprint("seed ", seed), Bad: byOthers + unmetAccepted + lateUnflagged + twice,
		Note: fmt.Sprintf("%d presses, %d decisions, %d late votes", presses, decided, late)})
	if decided < meetings/3 || late == 0 {
		t.Errorf("too little came up: %d decisions, %d late votes", decided, late)
	}
}

// TestNobodyWaitsForTheVoteOfWhoOwnsNothingAnyMore: the last who had not voted
// may lose the bucket to somebody who has.
func TestNobodyWaitsForTheVoteOfWhoOwnsNothingAnyMore(t *testing.T) {
	w := newWorld().clone()
	r := w.planned(t, nil)
	w.convened(t, r)
	for _, u := range r.Voters() {
		if u != cai {
			must(t, r.Vote(0, ChoiceReady, "", w.forRelease(u)))
		}
	}
	r.Events()
	must(t, r.AssignBucket(BucketDocumentation, ben, w.forRelease(ana)))
	if got := kinds(r.Events()); got != "bucket_assigned votes_revealed" || r.InSession().RevealedAt.IsZero() {
		t.Error(got)
	}
}
