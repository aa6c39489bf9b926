package models

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// releaseLife is product language's table, written down a second time.
const releaseLife = `
planning → handover_due cancelled
handover_due → accepted conditional planning cancelled
conditional → accepted cancelled
accepted → live conditional cancelled
live → early_life
early_life → closed
closed →
cancelled →`

func TestEveryPairOfReleaseStatesMovesAsTheTableSays(t *testing.T) {
	want := map[ReleaseState]string{}
	for line := range strings.Lines(strings.TrimSpace(releaseLife)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " →")
		want[ReleaseState(from)] = to + " "
	}
	if len(want) != len(ReleaseStates) {
		t.Fatalf("the table has %d states, the code %d", len(want), len(ReleaseStates))
	}
	for _, from := range ReleaseStates {
		if from.phrase() == "" || from.String() == string(from) {
			t.Errorf("%q has no words", string(from))
		}
		for _, to := range ReleaseStates {
			if legal := strings.Contains(want[from], " "+string(to)+" "); from.CanMove(to) != legal {
				t.Errorf("%s → %s: CanMove says %v", from, to, !legal)
			}
		}
		if final := strings.TrimSpace(want[from]) == ""; from.Final() != final {
			t.Errorf("%s: Final says %v", from, !final)
		}
	}
}

// releaseCommands are everything that can be done to a release, each by
// somebody who may, so that only the state can be what refuses it.
var releaseCommands = []struct {
	name string
	do   func(r *Release, w *world) error
}{
	{"plan", func(r *Release, w *world) error { return r.Plan(w.releaseInput(), w.forRelease(ana)) }},
	{"edit", func(r *Release, w *world) error {
		in := ReleaseInputOf(r)
		in.Name = "Another name"
		return r.Edit(in, w.forRelease(ana))
	}},
	{"move go-live", func(r *Release, w *world) error {
		return r.MoveGoLive(r.GoLive.Add(72*time.Hour), "The vendor is late.", nil, w.forRelease(ana))
	}},
	{"add item", func(r *Release, w *world) error {
		return r.AddItem(NewItem{Bucket: BucketQuality, Title: "Licence checked", Mandatory: false, DueDays: 3}, w.forRelease(ana))
	}},
	{"assign", func(r *Release, w *world) error { return r.Assign(2, cai, w.forRelease(ana)) }},
	{"begin item", func(r *Release, w *world) error { return r.Begin(2, w.forRelease(ana)) }},
	{"reopen CB1", func(r *Release, w *world) error { return r.Reopen(1, "The budget was cut.", w.forRelease(ana)) }},
	{"schedule", func(r *Release, w *world) error {
		return r.Schedule(MeetingInput{At: w.now.Add(72 * time.Hour)}, w.forRelease(ana))
	}},
	{"convene", func(r *Release, w *world) error { return r.Convene(w.forRelease(ana)) }},
	{"vote", func(r *Release, w *world) error { return r.Vote(0, ChoiceReady, "", w.forRelease(ben)) }},
	{"accept", func(r *Release, w *world) error {
		if m := r.InSession(); m != nil {
			for _, u := range r.Voters() {
				_ = r.Vote(0, ChoiceReady, "", w.forRelease(u))
			}
		}
		return r.Accept(0, w.forRelease(fay))
	}},
	{"decline", func(r *Release, w *world) error {
		return r.Decline(0, "No runbook.", w.now.Add(48*time.Hour), w.forRelease(fay))
	}},
	{"adjourn", func(r *Release, w *world) error {
		return r.Adjourn(0, "A defect came up.", w.now.Add(48*time.Hour), w.forRelease(gus))
	}},
	{"meet and confirm", func(r *Release, w *world) error {
		for _, i := range r.Conditions() {
			_ = r.Submit(i.No, EvidenceInput{Kind: EvidenceNote, Note: "It is there."}, w.forRelease(r.OwnerOf(i)))
			_ = r.Verify(i.No, 1, w.forRelease(fay))
		}
		return r.Confirm(w.forRelease(fay))
	}},
	{"go live", func(r *Release, w *world) error { return r.GoLiveNow(w.forRelease(ana)) }},
	{"early life", func(r *Release, w *world) error { return r.BeginEarlyLife(0, w.forRelease(ana)) }},
	{"extend", func(r *Release, w *world) error { return r.Extend(3, "Alerts are noisy.", w.forRelease(ana)) }},
	{"incident", func(r *Release, w *world) error { return r.ReportIncident("INC-5", 2, "Slow.", w.forRelease(ray)) }},
	{"close", func(r *Release, w *world) error {
		if r.State == ReleaseEarlyLife {
			no := 0
			for _, i := range r.Bucket(BucketEarlyLife) {
				if i.ID == "EL1" {
					no = i.No
				}
			}
			_ = r.Submit(no, EvidenceInput{Kind: EvidenceNote, Note: "They did."}, w.forRelease(ana))
			_ = r.Verify(no, 1, w.forRelease(fay))
			w.now = r.EarlyLife.Ends
		}
		return r.Close(w.forRelease(fay))
	}},
	{"cancel", func(r *Release, w *world) error { return r.Cancel("Not needed.", w.forRelease(ana)) }},
}

// releaseLegal is what each command does in each state; what is missing is refused.
var releaseLegal = map[ReleaseState]map[string]ReleaseState{
	ReleasePlanning: {"edit": ReleasePlanning, "move go-live": ReleasePlanning, "add item": ReleasePlanning, "assign": ReleasePlanning,
		"begin item": ReleasePlanning, "schedule": ReleasePlanning, "cancel": ReleaseCancelled},
	ReleaseHandoverDue: {"edit": ReleaseHandoverDue, "move go-live": ReleaseHandoverDue, "add item": ReleaseHandoverDue, "assign": ReleaseHandoverDue,
		"begin item": ReleaseHandoverDue, "reopen CB1": ReleaseHandoverDue, "vote": ReleaseHandoverDue, "accept": ReleaseAccepted,
		"decline": ReleasePlanning, "adjourn": ReleasePlanning, "cancel": ReleaseCancelled},
	ReleaseConditional: {"edit": ReleaseConditional, "move go-live": ReleaseConditional, "add item": ReleaseConditional, "assign": ReleaseConditional,
		"begin item": ReleaseConditional, "reopen CB1": ReleaseConditional, "meet and confirm": ReleaseAccepted, "cancel": ReleaseCancelled},
	ReleaseAccepted: {"edit": ReleaseAccepted, "move go-live": ReleaseAccepted, "add item": ReleaseAccepted, "assign": ReleaseAccepted,
		"begin item": ReleaseAccepted, "reopen CB1": ReleaseConditional, "go live": ReleaseLive, "cancel": ReleaseCancelled},
	ReleaseLive: {"edit": ReleaseLive, "add item": ReleaseLive, "assign": ReleaseLive, "begin item": ReleaseLive, "reopen CB1": ReleaseLive,
		"early life": ReleaseEarlyLife, "incident": ReleaseLive},
	ReleaseEarlyLife: {"edit": ReleaseEarlyLife, "add item": ReleaseEarlyLife, "assign": ReleaseEarlyLife, "begin item": ReleaseEarlyLife,
		"reopen CB1": ReleaseEarlyLife, "extend": ReleaseEarlyLife, "incident": ReleaseEarlyLife, "close": ReleaseClosed},
}

func TestEveryReleaseCommandInEveryStateDoesWhatItMayOrIsRefusedInWords(t *testing.T) {
	table := &strings.Builder{}
	pairs, refusals := 0, 0
	for _, s := range ReleaseStates {
		fmt.Fprintf(table, "\n%-14s", string(s))
		for _, command := range releaseCommands {
			w := newWorld()
			r := w.releaseIn(t, s)
			r.Events()
			before := r.clone()
			err := command.do(r, w)
			want, may := releaseLegal[s][command.name]
			pairs++
			switch {
			case may && err != nil:
				t.Errorf("%s when %s: %v", command.name, s, err)
			case may && r.State != want:
				t.Errorf("%s when %s: became %s, want %s", command.name, s, r.State, want)
			case !may:
				refusals++
				wellSaid(t, refused(t, err))
				if diff := releaseDifference(before, r); diff != "" {
					t.Errorf("%s when %s was refused but changed it:\n%s", command.name, s, diff)
				}
			}
			cell := "·"
			if may {
				cell = string(r.State)
			}
			fmt.Fprintf(table, " %s: %s;", command.name, cell)
		}
	}
	t.Logf("%d pairs, %d refused in words (· = refused)%s", pairs, refusals, table)
}

func TestEveryPathOfReleaseEventsIsLegal(t *testing.T) {
	for _, s := range ReleaseStates {
		r := newWorld().releaseIn(t, s)
		at := ReleaseState("")
		for _, e := range r.Events() {
			if from, to := ReleaseState(e.From), ReleaseState(e.To); from != at || from != to && !from.CanMove(to) {
				t.Errorf("on the way to %s: %s goes from %q to %q, and the release was %q", s, e.Kind, e.From, e.To, at)
			}
			at = ReleaseState(e.To)
		}
		if at != r.State {
			t.Errorf("the events end in %q, the release in %q", at, r.State)
		}
	}
}

func TestAReleaseIsNamedInAnySpelling(t *testing.T) {
	for _, s := range []string{"REL-3", "rel3", "3", "#3", "rel 3", "Release 3", "`REL-3`", "<https://x.example/REL-3>", "<https://x.example|rel-3>", "REL–3,"} {
		if id, ok := ParseReleaseID(s); !ok || id != 3 {
			t.Errorf("%q is read as %v, %v", s, id, ok)
		}
	}
	for _, s := range []string{"", "CHG-3", "REL-0", "REL-x", "REL", "https://x.example/3", "-3", "REL-9999999999999"} {
		if id, ok := ParseReleaseID(s); ok {
			t.Errorf("%q is read as %v", s, id)
		}
	}
	r := newWorld().planned(t, nil)
	for _, s := range []string{"5", "#5", "DO2", "do2", "do-2", "DO 2", "`DO2`"} {
		if i, ok := r.Item(s); !ok || i.ID != "DO2" {
			t.Errorf("%q finds %v", s, i)
		}
	}
	for _, s := range []string{"", "0", "99", "DO3", "DO", "five", "5.5"} {
		if i, ok := r.Item(s); ok {
			t.Errorf("%q finds %s", s, i.ID)
		}
	}
}

func TestItemsFollowTierAndAttributes(t *testing.T) {
	w := newWorld()
	state := func(r *Release, id string) string {
		i, _ := r.Item(id)
		return fmt.Sprintf("%s %v", i.Status, i.Mandatory)
	}
	r := w.planned(t, nil)
	got := []string{state(r, "DO8"), state(r, "QG6")}
	in := ReleaseInputOf(r)
	in.Services, in.Attributes = []Slug{"docs"}, []Attribute{PersonalData}
	must(t, r.Edit(in, w.forRelease(ana)))
	got = append(got, state(r, "DO8"), state(r, "QG6"))
	in = ReleaseInputOf(r)
	in.Attributes = nil
	must(t, r.Edit(in, w.forRelease(ana)))
	got = append(got, state(r, "DO8"))
	want := []string{"not applicable true", "open true", "open true", "open false", "not applicable true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestItemsAreDueInWorkingDaysBeforeGoLive(t *testing.T) {
	w := newWorld() // go-live on Monday 4 May 2026, 12:00 in Berlin
	w.Settings.Hours.Holidays = []string{"2026-05-01", "2026-04-03", "2026-04-06"}
	r := w.planned(t, func(in *ReleaseInput) { in.Attributes = []Attribute{PersonalData} })
	got := map[string]string{}
	for _, i := range r.Items {
		got[i.ID] = i.Due.In(w.Person(ana).Location()).Format("Mon 2006-01-02 15:04")
	}
	want := map[string]string{
		"CB1": "Wed 2026-03-18 18:00", "CB2": "Fri 2026-04-17 18:00", "RP1": "Wed 2026-04-01 18:00", "PR1": "Fri 2026-04-17 18:00",
		"DO2": "Fri 2026-04-17 18:00", "DO8": "Fri 2026-04-10 18:00", "QG6": "Wed 2026-04-22 18:00", "TS5": "Wed 2026-04-22 18:00",
		"EL1": "Mon 2026-05-11 18:00", "EL2": "Tue 2026-05-05 18:00",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, test := range []struct {
		days int
		want Stage
	}{{40, StageStrategy}, {30, StageStrategy}, {20, StageDesign}, {15, StageBuild}, {10, StageBuild}, {7, StageTransition}, {0, StageTransition}} {
		if got := StageOf(test.days); got != test.want {
			t.Errorf("T-%d is %s, want %s", test.days, got, test.want)
		}
	}
}

func TestNothingOfALateReleaseIsOverdueOnItsFirstDay(t *testing.T) {
	w := newWorld()
	r := w.planned(t, func(in *ReleaseInput) { in.GoLive = monday.AddDate(0, 0, 4) })
	for _, i := range r.Items {
		if i.Overdue(w.now) {
			t.Errorf("%s is overdue since %s", i.ID, i.Due)
		}
	}
	if x := r.Readiness(w.as(ana)); x.Colour != Amber {
		t.Errorf("it is %s: %v", x.Colour, x.Why)
	}
}

func TestMovingTheGoLiveKeepsTheBaselineAndRedatesTheItems(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	w.proven(t, r, itemNo(t, r, "CB1"))
	was := map[string]time.Time{}
	for _, i := range r.Items {
		was[i.ID] = i.Due
	}
	baseline := r.GoLive
	r.Events()
	must(t, r.MoveGoLive(baseline.AddDate(0, 0, 7), "The vendor is late.", []int{itemNo(t, r, "DO2")}, w.forRelease(ana)))
	must(t, r.MoveGoLive(baseline.AddDate(0, 0, 14), "Still late.", nil, w.forRelease(ana)))
	for _, i := range r.Items {
		if moved := i.Due.Sub(was[i.ID]); moved.Round(24*time.Hour) != 14*24*time.Hour { // by local clocks; also what is met: it may be opened again
			t.Errorf("%s (%s) moved by %s", i.ID, i.Status, moved)
		}
	}
	days, items := r.Slippage(w.as(ana))
	var causes []string
	for _, i := range items {
		causes = append(causes, i.ID)
	}
	if !r.Baseline.Equal(baseline) || days != 10 || fmt.Sprint(causes) != "[DO2 RP1 PR1]" {
		t.Errorf("baseline %s, slipped %d working days by %v", r.Baseline, days, causes)
	}
	events := r.Events()
	threads := 0
	for _, d := range ReleaseDeliveries(r, events, w.forRelease(ana)) {
		if d.Kind == DeliverThread {
			threads++
		}
	}
	if kinds(events) != "go_live_moved go_live_moved" || threads != 1 { // at one instant: one command would be one event
		t.Errorf("%s, %d lines", kinds(events), threads)
	}
	must(t, r.MoveGoLive(baseline.AddDate(0, 0, -7), "Sooner after all.", nil, w.forRelease(fay)))
	if days, _ := r.Slippage(w.as(ana)); days != -5 {
		t.Errorf("slipped %d working days", days)
	}
}

// TestALineWhoseIDTheReleaseGaveItsOwnItemIsStillOffered: it is taken over
// under another id, offered no more, and found again when it changes or goes.
func TestALineWhoseIDTheReleaseGaveItsOwnItemIsStillOffered(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	f := w.forRelease(ana)
	must(t, r.AddItem(NewItem{Bucket: BucketDocumentation, Title: "Own", DueDays: 2}, f))
	own := r.Items[len(r.Items)-1]
	offered := func(tpl *ChecklistTemplate) (out []string) {
		for _, o := range r.Offers(tpl) {
			out = append(out, fmt.Sprint(o.Kind, " ", o.ID, " ", o.No))
		}
		return out
	}
	next := *f.Template
	next.Version, next.Items = 2, append(slices.Clone(next.Items), TemplateItem{ID: own.ID, Bucket: BucketDocumentation, Title: "Diagram", Expected: "Link", Due: 5})
	f.Template = &next
	if diff := cmp.Diff([]string{"added " + own.ID + " 0"}, offered(&next)); diff != "" {
		t.Fatal(diff)
	}
	must(t, r.Adopt(own.ID, f))
	taken := r.Items[len(r.Items)-1]
	if i, _ := r.Item(own.ID); taken.Title != "Diagram" || taken.ID == own.ID || i.Title != "Own" || len(offered(&next)) != 0 || r.Template.Version != 2 {
		t.Fatalf("it became %s %q, %s is %q; still offered %v", taken.ID, taken.Title, own.ID, i.Title, offered(&next))
	}
	changed := next
	changed.Items = slices.Clone(next.Items)
	changed.Items[len(changed.Items)-1].Title = "Diagram, dated"
	gone := next
	gone.Items = next.Items[:len(next.Items)-1]
	no := number(taken.No)
	if diff := cmp.Diff([][]string{{"changed " + own.ID + " " + no}, {"removed " + own.ID + " " + no}}, [][]string{offered(&changed), offered(&gone)}); diff != "" {
		t.Error(diff)
	}
}

func TestANumberIsNeverGivenTwice(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	f := w.forRelease(ana)
	next := *f.Template
	next.Version, next.Items = 2, append(next.Items[:4:4], next.Items[5:]...) // DO2 is left out
	next.Items = append(next.Items, TemplateItem{ID: "DO9", Bucket: BucketDocumentation, Title: "Diagram", Expected: "Link", Due: 5})
	next.Items[0].Title = "Budget approved to the end"
	f.Template = &next
	var offers []string
	for _, o := range r.Offers(&next) {
		offers = append(offers, fmt.Sprint(o.Kind, " ", o.ID, " ", o.No))
	}
	if diff := cmp.Diff([]string{"changed CB1 1", "added DO9 0", "removed DO2 5"}, offers); diff != "" {
		t.Fatal(diff)
	}
	must(t, r.Adopt("DO9", f))
	must(t, r.Adopt("CB1", f))
	must(t, r.Adopt("DO2", f)) // mandatory: the operations lead confirms
	i, _ := r.Item("DO2")
	if i.Status != ItemOpen || i.Exempt == nil || r.Template.Version != 1 {
		t.Errorf("DO2 is %s, asked %v, template %s", i.Status, i.Exempt, r.Template)
	}
	must(t, r.ConfirmNotApplicable(5, w.forRelease(fay)))
	must(t, r.AddItem(NewItem{Bucket: BucketDocumentation, Title: "Own", DueDays: 2}, f))
	seen := map[int]bool{}
	for _, i := range r.Items {
		if seen[i.No] {
			t.Errorf("%d is given twice", i.No)
		}
		seen[i.No] = true
	}
	if own, ok := r.Item("12"); !ok || own.ID != "DO4" || len(r.Offers(&next)) != 0 {
		t.Errorf("the own item is %+v; still offered %v", own, r.Offers(&next))
	}
}

func TestALinkedProductionChangeWaitsForTheHandover(t *testing.T) {
	for _, s := range ReleaseStates {
		for _, env := range Environments {
			w := newWorld()
			c := w.in(t, Approved)
			c.Release, c.Environment = 1, env
			c.Revision = c.Material.revision()
			for i := range c.Approvals {
				c.Approvals[i].Revision = c.Revision
			}
			f := w.later(90 * time.Minute).as(ana)
			f.Around.Release = &LinkedRelease{ID: 1, Name: "Market expansion", State: s}
			err := c.Start(c.Revision, f)
			if may := env != Production || s.HandedOver(); may != (err == nil) {
				t.Errorf("%s, release %s: %v", env, s, err)
			}
		}
	}
}

// TestWhatIsOpenedAgainIsDueByTheGoLiveAsItIsNow: an item that was met when the
// go-live moved is not late, once it is open again, by a date nobody plans for.
func TestWhatIsOpenedAgainIsDueByTheGoLiveAsItIsNow(t *testing.T) {
	w := newWorld().clone()
	r := w.worked(t, w.planned(t, nil))
	no := itemNo(t, r, "QG6")
	must(t, r.MoveGoLive(r.GoLive.AddDate(0, 0, 56), "The market waits.", nil, w.forRelease(ana)))
	w.now = r.GoLive.AddDate(0, 0, -30)
	must(t, r.Return(no, "It is out of date.", w.forRelease(fay)))
	if i, _ := r.no(no); i.Overdue(w.now) || i.Due.Before(r.plannedDue(i, w)) {
		t.Errorf("returned, due %s for a go-live on %s", i.Due, r.GoLive)
	}
	// Nor is one that comes to apply late, before anybody could have done it.
	w.now = r.GoLive.AddDate(0, 0, -7)
	in := ReleaseInputOf(r)
	in.Attributes = []Attribute{PersonalData}
	must(t, r.Edit(in, w.forRelease(ana)))
	if i, _ := r.Item("DO8"); i.Status != ItemOpen || i.Overdue(w.now) {
		t.Errorf("%s is %s, due %s", i.ID, i.Status, i.Due)
	}
}

func TestWhoeverComesToLeadOperationsIsAskedWhatIsOpen(t *testing.T) {
	w := newWorld().clone()
	r := w.releaseIn(t, ReleaseConditional)
	w.proven(t, r, itemNo(t, r, "DO2"))
	asked := func() bool {
		return slices.ContainsFunc(r.Asked, func(a ReleaseAsk) bool { return a.User == hal && a.Kind == AskLead })
	}
	lead := func() string {
		in := ReleaseInputOf(r)
		in.OpsLead = hal
		r.Events()
		must(t, r.Edit(in, w.forRelease(kim)))
		events := r.Events()
		if !slices.ContainsFunc(ReleaseDeliveries(r, events, w.forRelease(kim)), func(d Delivery) bool { return d.Kind == DeliverAsk && d.User == fay }) {
			t.Error("the message of the one who led before is not brought up to date")
		}
		return kinds(events)
	}
	if got := lead(); got != "release_edited conditions_met" || !asked() {
		t.Errorf("conditional: %s, %v", got, r.Asked)
	}

	w = newWorld().clone()
	r = w.releaseIn(t, ReleaseEarlyLife)
	if got := lead(); got != "release_edited" || asked() {
		t.Errorf("nothing to confirm yet: %s", got)
	}
	w = newWorld().clone()
	r = w.releaseIn(t, ReleaseEarlyLife)
	w.now = r.EarlyLife.Ends
	must(t, r.Elapse(w.forRelease("")))
	if got := lead(); got != "release_edited early_life_over" || !asked() {
		t.Errorf("early life: %s", got)
	}
}
