package models

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehousehq/gatehouse/models/proof"
)

// releaseWalker lets people do random things to one release after another.
type releaseWalker struct {
	*rapid.T
	t    *testing.T
	w    *world
	r    *Release
	seen map[string]int
	left map[UserID]bool // whose account was closed for a while
}

func TestRandomWalksOfAReleaseKeepEveryPromise(t *testing.T) {
	seen := map[string]int{}
	proof.Check(t, func(rt *rapid.T) {
		k := &releaseWalker{T: rt, t: t, w: newWorld().clone(), seen: seen}
		k.anew()
		for range proof.N(600, 3000) {
			seen["steps"]++
			k.step()
		}
	})
	var lines []string
	for _, what := range slices.Sorted(maps.Keys(seen)) {
		lines = append(lines, fmt.Sprintf("%8d %s", seen[what], what))
	}
	t.Logf("what came up\n%s", strings.Join(lines, "\n"))
	for _, s := range ReleaseStates {
		if seen["state "+string(s)] == 0 {
			t.Errorf("no walk came to %s", s)
		}
	}
	proof.Record(t, proof.Row{What: "Random steps with a release: accepted with an open blocking condition, or closed with an open exit criterion", Where: "pure", Tried: seen["steps"],
		Note: fmt.Sprintf("%d acceptances, %d conditional ones, %d closes", seen["accepted"], seen["event handover_accepted_with_conditions"], seen["state closed"])})
}

// anew begins with another release: a new one, or one on its way.
func (k *releaseWalker) anew() {
	k.w, k.left = &world{newWorld().Directory, k.w.now}, map[UserID]bool{} // everybody is back
	if k.r != nil && rapid.IntRange(0, 2).Draw(k.T, "on its way") > 0 {
		k.w.now = monday
		k.r = k.w.releaseIn(k.t, rapid.SampledFrom(ReleaseStates[:6]).Draw(k.T, "state"))
		k.r.Events()
		return
	}
	k.r = &Release{ReleaseIdentity: ReleaseIdentity{Workspace: "T1", ID: 3}}
	in := k.w.releaseInput()
	in.GoLive = k.w.now.AddDate(0, 0, rapid.SampledFrom([]int{5, 30, 70}).Draw(k.T, "days to go-live"))
	in.Attributes = rapid.SampledFrom([][]Attribute{nil, {PersonalData}, {Compliance, UserFacing}}).Draw(k.T, "attributes")
	in.Deputy = rapid.SampledFrom([]UserID{"", gus}).Draw(k.T, "deputy")
	if err := k.r.Plan(in, k.w.forRelease(ana)); err != nil {
		k.Fatalf("plan: %v", err)
	}
	k.r.Events()
}

func (k *releaseWalker) words() string {
	return rapid.SampledFrom([]string{"Because it has to be.", "Because it has to be.", "no", strings.Repeat("a", MaxReason+1)}).Draw(k.T, "words")
}

func (k *releaseWalker) when(label string) time.Time {
	return k.w.now.Add(time.Duration(rapid.IntRange(-1, 20).Draw(k.T, label)) * 24 * time.Hour)
}

func (k *releaseWalker) person(label string) UserID {
	return rapid.SampledFrom([]UserID{ana, ben, cai, dee, fay, gus, kim, ray, pat, robo, quin, ""}).Draw(k.T, label)
}

// item is mostly one that the act fits.
func (k *releaseWalker) item(act ItemAct) int {
	var fit []int
	for _, i := range k.r.Items {
		if i.Status.CanAct(act) && k.r.workable(&i) {
			fit = append(fit, i.No)
		}
	}
	if len(fit) == 0 || rapid.IntRange(0, 9).Draw(k.T, "any item") == 0 {
		return rapid.IntRange(0, k.r.LastNo+1).Draw(k.T, "item")
	}
	return rapid.SampledFrom(fit).Draw(k.T, "item")
}

func (k *releaseWalker) conditions() []ConditionInput {
	list := k.w.conditionsFor(k.r, false)
	for n := range list {
		list[n].After = rapid.Bool().Draw(k.T, "after go-live")
		list[n].Due = k.w.now.Add(time.Hour)
		switch rapid.IntRange(0, 19).Draw(k.T, "spoil") {
		case 0:
			list[n].Owner = ""
		case 1:
			list[n].Due = time.Time{}
		case 2:
			list[n].Test = ""
		}
	}
	if len(list) > 0 && rapid.IntRange(0, 9).Draw(k.T, "leave one out") == 0 {
		list = list[1:]
	}
	if rapid.IntRange(0, 3).Draw(k.T, "one more") == 0 {
		list = append(list, ConditionInput{Title: "Rota for Easter", Owner: ben, Due: k.w.now.Add(time.Hour), Test: "It can be read.", After: rapid.Bool().Draw(k.T, "after go-live")})
	}
	return list
}

// releaseActs are what one person may try, and who is likely to.
var releaseActs = map[string]func(k *releaseWalker, f ReleaseFacts) error{
	"begin":  func(k *releaseWalker, f ReleaseFacts) error { return k.r.Begin(k.item(ActBegin), f) },
	"block":  func(k *releaseWalker, f ReleaseFacts) error { return k.r.Block(k.item(ActBlock), k.words(), f) },
	"submit": func(k *releaseWalker, f ReleaseFacts) error { return k.r.Submit(k.item(ActSubmit), k.evidence(), f) },
	"verify": func(k *releaseWalker, f ReleaseFacts) error {
		no := k.item(ActVerify)
		i, err := k.r.no(no)
		if err != nil {
			return err
		}
		return k.r.Verify(no, i.Version()-rapid.SampledFrom([]int{0, 0, 0, 0, 1}).Draw(k.T, "old"), f)
	},
	"return": func(k *releaseWalker, f ReleaseFacts) error { return k.r.Return(k.item(ActReturn), k.words(), f) },
	"waive": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.Waive(k.item(ActWaive), k.words(), k.when("expiry"), f)
	},
	"exempt": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.NotApplicable(k.item(ActExempt), k.words(), f)
	},
	"confirm": func(k *releaseWalker, f ReleaseFacts) error { return k.r.ConfirmNotApplicable(k.item(ActConfirm), f) },
	"refuse": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.RefuseNotApplicable(k.item(ActRefuse), k.words(), f)
	},
	"reopen": func(k *releaseWalker, f ReleaseFacts) error { return k.r.Reopen(k.item(ActReopen), k.words(), f) },
	"issues": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.ReportIssues(k.item(ActReturn), rapid.IntRange(0, 2).Draw(k.T, "issues"), f)
	},
	"assign": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.Assign(k.item(ActBegin), k.person("owner"), f)
	},
	"bucket": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.AssignBucket(rapid.SampledFrom(Buckets).Draw(k.T, "bucket"), rapid.SampledFrom([]UserID{ana, ana, ben, cai, ray, ana, ben, pat}).Draw(k.T, "owner"), f)
	},
	"verifier": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.AssignVerifier(rapid.SampledFrom(Buckets).Draw(k.T, "bucket"), k.person("verifier"), f)
	},
	"add": func(k *releaseWalker, f ReleaseFacts) error {
		if len(k.r.Items) > 16 {
			return k.r.AddItem(NewItem{}, f)
		}
		return k.r.AddItem(NewItem{Bucket: rapid.SampledFrom(append(slices.Clone(Buckets), BucketEarlyLife)).Draw(k.T, "bucket"), Title: "One more",
			Mandatory: rapid.Bool().Draw(k.T, "mandatory"), DueDays: 3}, f)
	},
	"edit": func(k *releaseWalker, f ReleaseFacts) error {
		in := ReleaseInputOf(k.r)
		in.Attributes = rapid.SampledFrom([][]Attribute{nil, {PersonalData}}).Draw(k.T, "attributes")
		in.Services = rapid.SampledFrom([][]Slug{{"pay-api"}, {"docs"}}).Draw(k.T, "services")
		in.Deputy = rapid.SampledFrom([]UserID{"", gus, ana}).Draw(k.T, "deputy")
		in.OpsLead = rapid.SampledFrom([]UserID{fay, fay, fay, hal}).Draw(k.T, "operations lead")
		return k.r.Edit(in, f)
	},
	"move": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.MoveGoLive(k.when("go-live"), k.words(), nil, f)
	},
	"schedule": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.Schedule(MeetingInput{At: k.when("meeting")}, f)
	},
	"convene": func(k *releaseWalker, f ReleaseFacts) error { return k.r.Convene(f) },
	"attend":  func(k *releaseWalker, f ReleaseFacts) error { return k.r.Attend(0, f) },
	"vote": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.Vote(0, rapid.SampledFrom(Choices).Draw(k.T, "choice"), k.words(), f)
	},
	"reveal": func(k *releaseWalker, f ReleaseFacts) error { return k.r.Reveal(0, f) },
	"accept": func(k *releaseWalker, f ReleaseFacts) error { return k.r.Accept(0, f) },
	"accept with conditions": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.AcceptWithConditions(0, k.conditions(), f)
	},
	"decline": func(k *releaseWalker, f ReleaseFacts) error { return k.r.Decline(0, k.words(), k.when("next"), f) },
	"adjourn": func(k *releaseWalker, f ReleaseFacts) error { return k.r.Adjourn(0, k.words(), k.when("next"), f) },
	"settle":  func(k *releaseWalker, f ReleaseFacts) error { return k.r.Confirm(f) },
	"go live": func(k *releaseWalker, f ReleaseFacts) error { return k.r.GoLiveNow(f) },
	"early": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.BeginEarlyLife(rapid.IntRange(0, 25).Draw(k.T, "days"), f)
	},
	"extend": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.Extend(rapid.IntRange(0, 3).Draw(k.T, "days"), k.words(), f)
	},
	"incident": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.ReportIncident(fmt.Sprint("INC-", len(k.r.Incidents)), rapid.IntRange(0, 4).Draw(k.T, "priority"), "", f)
	},
	"solve": func(k *releaseWalker, f ReleaseFacts) error {
		return k.r.CloseIncident(rapid.IntRange(0, 3).Draw(k.T, "incident"), f)
	},
	"close":  func(k *releaseWalker, f ReleaseFacts) error { return k.r.Close(f) },
	"cancel": func(k *releaseWalker, f ReleaseFacts) error { return k.r.Cancel(k.words(), f) },
	"elapse": func(k *releaseWalker, f ReleaseFacts) error { return k.r.Elapse(k.w.forRelease("")) },
}

var releaseActNames = slices.Sorted(maps.Keys(releaseActs))

// releaseHelpful is what carries a release on from a state.
var releaseHelpful = map[ReleaseState][]string{
	ReleasePlanning:    {"submit", "submit", "submit", "verify", "verify", "verify", "schedule", "convene", "bucket", "waive"},
	ReleaseHandoverDue: {"vote", "vote", "vote", "vote", "reveal", "accept", "accept with conditions", "accept with conditions", "accept with conditions"},
	ReleaseConditional: {"submit", "verify", "verify", "settle", "settle"},
	ReleaseAccepted:    {"go live", "reopen", "issues", "return", "edit", "add"},
	ReleaseLive:        {"early", "incident", "submit", "elapse"},
	ReleaseEarlyLife:   {"submit", "verify", "verify", "solve", "solve", "close", "close", "close"},
}

var releaseWho = map[string][]UserID{
	"verify": {fay, gus}, "return": {fay}, "waive": {fay, gus}, "confirm": {gus}, "refuse": {fay}, "verifier": {fay},
	"accept": {fay, fay, gus}, "accept with conditions": {fay, fay, gus}, "decline": {fay}, "adjourn": {fay}, "settle": {fay, gus}, "close": {fay, gus},
	"attend": {fay, ana, ben},
}

// step: time passes, somebody does something, and every promise still holds.
func (k *releaseWalker) step() {
	k.stir()
	if rapid.IntRange(0, 90).Draw(k.T, "enough") == 0 || k.r.State.Final() && rapid.IntRange(0, 2).Draw(k.T, "again") == 0 {
		k.anew()
	}
	name := rapid.SampledFrom(releaseActNames).Draw(k.T, "act")
	if likely := releaseHelpful[k.r.State]; len(likely) > 0 && rapid.IntRange(0, 4).Draw(k.T, "helpful") > 0 {
		name = rapid.SampledFrom(likely).Draw(k.T, "act")
	}
	actor := k.person("actor")
	if rapid.IntRange(0, 4).Draw(k.T, "anybody") > 0 {
		likely := releaseWho[name]
		if name == "vote" {
			likely = k.r.Voters()
		}
		if actor = ana; len(likely) > 0 {
			actor = rapid.SampledFrom(likely).Draw(k.T, "actor")
		}
	}
	if name == "elapse" {
		actor = ""
	}
	f := k.w.forRelease(actor)
	before := k.r.clone()
	err := releaseActs[name](k, f)
	if err != nil {
		r, ok := AsRefusal(err)
		if !ok {
			k.Fatalf("%s failed with an error that is no refusal: %v", name, err)
		}
		if problem := badlySaid(r); problem != "" {
			k.Fatalf("%s was refused badly, %s", name, problem)
		}
		k.seen["refused "+name]++
		if !reflect.DeepEqual(before, k.r) {
			k.Fatalf("%s by %s was refused (%v) but changed the release:\n%s", name, actor, err, releaseDifference(before, k.r))
		}
		return
	}
	k.seen["did "+name]++
	k.check(name, before, f)
}

func (k *releaseWalker) stir() {
	k.w.later(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 1, 6, 30, 24 * 12}).Draw(k.T, "hours")) * time.Hour)
	if rapid.IntRange(0, 14).Draw(k.T, "stir") > 0 {
		return
	}
	k.w = k.w.clone()
	u := rapid.SampledFrom([]UserID{fay, gus, ben, cai}).Draw(k.T, "who")
	p := k.w.People[u]
	p.Deleted, k.left[u] = !p.Deleted, true
	k.w.People[u] = p
}

// stands is, worked out in its own way, what keeps a release from being accepted.
func (k *releaseWalker) stands() []string {
	var out []string
	for _, i := range k.r.Items {
		met := i.Status == ItemVerified || i.Status == ItemNotApplicable || i.Status == ItemWaived && k.w.now.Before(i.Waiver.Expires)
		if c := i.Condition; c != nil {
			met = c.After || i.Status == ItemVerified
		}
		if !met && (i.Mandatory || i.Condition != nil) && i.Bucket != BucketEarlyLife {
			out = append(out, i.ID)
		}
	}
	return out
}

// check: what must hold after every command.
func (k *releaseWalker) check(act string, before *Release, f ReleaseFacts) {
	r := k.r
	events := r.Events()
	at := before.State
	for _, e := range events {
		k.seen["event "+string(e.Kind)]++
		from, to := ReleaseState(e.From), ReleaseState(e.To)
		if from != at || from != to && !from.CanMove(to) {
			k.Fatalf("%s: %s goes from %q to %q, and the release was %q", act, e.Kind, e.From, e.To, at)
		}
		at = to
		switch e.Kind {
		case EventHandoverAccepted, EventHandoverConditional, EventHandoverDeclined, EventHandoverAdjourned, EventHandoverConfirmed, EventReleaseClosed:
			if p := k.w.People[e.Actor]; !before.Leads(e.Actor) || p.Deleted || p.Guest {
				k.Fatalf("%s by %s, who does not lead operations", e.Kind, e.Actor)
			}
		}
	}
	if at != r.State {
		k.Fatalf("%s: the events end in %q, the release in %q", act, at, r.State)
	}
	if before.State.Final() && len(events) > 0 {
		k.Fatalf("%s is final, but %s", before.State, kinds(events))
	}
	if r.State == ReleaseAccepted {
		k.seen["accepted"]++
		if open := k.stands(); len(open) > 0 {
			k.Fatalf("accepted after %s with %v open", act, open)
		}
		if c := r.Certificate(); c == nil || !c.Genuine() {
			k.Fatalf("accepted after %s without a genuine certificate", act)
		}
	}
	if r.State == ReleaseConditional && r.Certificate() != nil {
		k.Fatalf("a certificate stands while conditions are open")
	}
	if r.State == ReleaseClosed && before.State != ReleaseClosed {
		k.closedWell()
	}
	k.seen["state "+string(r.State)]++
	if due := r.Due(f); act == "elapse" && !due.IsZero() && !due.After(f.Now) {
		k.Fatalf("what was due at %s was done at %s and is due again", due, f.Now)
	}
	k.itemsHold()
	k.asksHold()
	for _, d := range ReleaseDeliveries(r, events, f) {
		k.seen["delivery "+string(d.Kind)]++
		if d.Kind == DeliverNote && d.User == f.Actor.ID {
			k.Fatalf("%s is told of their own act: %s", d.User, kinds(events))
		}
	}
}

// asksHold: nobody waits for a vote that nobody owes, and whoever leads
// operations now was asked what they are to confirm.
func (k *releaseWalker) asksHold() {
	r := k.r
	if m := r.InSession(); m != nil && m.RevealedAt.IsZero() && len(r.Missing(m)) == 0 {
		k.Fatal("everybody voted, and the votes are not shown")
	}
	if r.State != ReleaseConditional || r.ConfirmAt.IsZero() {
		return
	}
	for _, u := range r.leads() {
		asked := slices.ContainsFunc(r.Asked, func(a ReleaseAsk) bool { return a.User == u && a.Kind == AskLead && !a.At.Before(r.ConfirmAt) })
		if p := k.w.People[u]; !p.Deleted && !asked && !k.left[u] {
			k.Fatalf("%s leads operations and was not asked to confirm: %v", u, r.Asked)
		}
	}
}

func (k *releaseWalker) closedWell() {
	for _, x := range k.r.Incidents {
		if x.ClosedAt.IsZero() && x.Priority <= 2 {
			k.Fatalf("closed with %s open", x.Ref)
		}
	}
	for _, i := range k.r.Items {
		if i.Condition != nil && i.Status != ItemVerified {
			k.Fatalf("closed with the condition %s %s", i.ID, i.Status)
		}
		if i.Bucket == BucketEarlyLife && i.Mandatory && !i.Met(k.w.now) {
			k.Fatalf("closed with the exit criterion %s %s", i.ID, i.Status)
		}
	}
	if k.w.now.Before(k.r.EarlyLife.Ends) {
		k.Fatalf("closed before its days were over")
	}
}

func (k *releaseWalker) itemsHold() {
	last := 0
	for _, i := range k.r.Items {
		if i.No <= last || i.No > k.r.LastNo {
			k.Fatalf("number %d comes after %d", i.No, last)
		}
		last = i.No
		if i.Status == ItemVerified {
			if i.SubmittedBy(i.VerifiedBy) {
				k.Fatalf("%s verified their own evidence of %s", i.VerifiedBy, i.ID)
			}
			if i.Tests && i.OpenIssues > 0 {
				k.Fatalf("%s is verified with %d open issues", i.ID, i.OpenIssues)
			}
		}
		if byPlan := k.r.plannedDue(&i, k.w); i.Condition == nil && i.Bucket != BucketEarlyLife && !i.Met(k.w.now) && i.Due.Before(byPlan) {
			k.Fatalf("%s is %s and due %s, and by the go-live %s", i.ID, i.Status, i.Due, byPlan)
		}
		if i.Condition != nil && (i.Status == ItemWaived || i.Status == ItemNotApplicable) {
			k.Fatalf("the condition %s is %s", i.ID, i.Status)
		}
	}
}

// plannedDue is when an item is due by the go-live as it is planned now.
func (r *Release) plannedDue(i *Item, w *world) time.Time {
	due := w.Settings.Hours.EndOfWorkday(w.People[r.ProjectLead], r.GoLive, -i.DueDays)
	if r.GoLive.Before(due) {
		return r.GoLive
	}
	return due
}

func (k *releaseWalker) evidence() EvidenceInput {
	in := ReadEvidence(rapid.SampledFrom([]string{"https://wiki.example/a", "F0123ABCDE", "It was done.", ""}).Draw(k.T, "evidence"))
	if n := rapid.IntRange(-8, 2).Draw(k.T, "issues"); n >= 0 {
		in.OpenIssues = &n
	}
	return in
}
