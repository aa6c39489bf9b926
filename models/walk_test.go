package models

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models/proof"
	"pgregory.net/rapid"
)

// walker lets people do random things to one change after another, and keeps
// its own account of who wrote what and who agreed to what, by comparing
// contents instead of hashes.
type walker struct {
	*rapid.T
	w    *world
	c    *Change
	seen map[string]int // what came up, over all walks

	lastEditor, author UserID
	frozen             bool // a soft freeze of Gus lies over everything
	votes              map[UserID]vote
	needs              map[string]int // of the content as it stands; never fewer
}

// vote is one yes as the walker remembers it.
type vote struct {
	content Material
	keys    []string
	behalf  map[UserID][]string // what others could have filled, in whose place they decided
}

func TestRandomWalksKeepEveryPromise(t *testing.T) {
	seen := map[string]int{}
	proof.Check(t, func(rt *rapid.T) {
		k := &walker{T: rt, w: newWorld().clone(), seen: seen}
		k.w.Templates = map[Slug]Template{"rotate-key": {ID: 1, Name: "rotate-key", State: TemplateActive, Version: 1, Last: 1, Recipe: k.w.recipe()}}
		k.anew()
		for range sizes().steps {
			seen["steps"]++
			k.step()
		}
	})
	var lines []string
	for _, what := range slices.Sorted(maps.Keys(seen)) {
		lines = append(lines, fmt.Sprintf("%8d %s", seen[what], what))
	}
	t.Logf("what came up\n%s", strings.Join(lines, "\n"))
	if !t.Failed() { // rapid stops at the first broken promise
		proof.Record(t, proof.Row{What: "random commands on changes: approvals that do not meet the policy, starts of what was not approved, closed changes that reopen",
			Where: "pure", Tried: seen["steps"], Seed: "-rapid.seed", Note: fmt.Sprintf("%d walks of %d commands", seen["steps"]/sizes().steps, sizes().steps)})
	}
	for _, s := range States {
		if sizes().steps >= 1000 && seen["state "+string(s)] == 0 {
			t.Errorf("no walk came to %s", s)
		}
	}
}

// anew begins with another change, raised or saved as a draft.
func (k *walker) anew() {
	requester := rapid.SampledFrom([]UserID{ana, ben, eli, kim, gus, pat}).Draw(k.T, "requester")
	k.c = &Change{Identity: Identity{Workspace: "T1", ID: 4, Requester: requester}}
	k.lastEditor, k.author, k.votes, k.needs = "", "", map[UserID]vote{}, map[string]int{}
}

// acts are what one person may try; each returns the error of the command.
var acts = map[string]func(k *walker, f Facts) error{
	"draft":  func(k *walker, f Facts) error { return k.c.SaveDraft(k.form(), f) },
	"raise":  func(k *walker, f Facts) error { return k.c.Raise(k.form(), f) },
	"submit": func(k *walker, f Facts) error { return k.c.Submit(f) },
	"edit":   func(k *walker, f Facts) error { return k.c.Edit(k.form(), f) },
	"retitle": func(k *walker, f Facts) error {
		in := InputOf(k.c)
		in.Title, in.Background = k.oneOf("title", "A", "B", "C"), k.oneOf("background", "x", "y")
		return k.c.Edit(in, f)
	},
	"hand over": func(k *walker, f Facts) error {
		in := InputOf(k.c)
		in.Implementer = rapid.SampledFrom(everybody).Draw(k.T, "implementer")
		return k.c.Edit(in, f)
	},
	"approve": func(k *walker, f Facts) error { return k.c.Approve(k.revision(), f) },
	"reject":  func(k *walker, f Facts) error { return k.c.Reject(k.words(), k.revision(), f) },
	"ask":     func(k *walker, f Facts) error { return k.c.AskForChanges(k.words(), k.revision(), f) },
	"delegate": func(k *walker, f Facts) error {
		return k.c.Delegate(rapid.SampledFrom(everybody).Draw(k.T, "delegate"), f)
	},
	"move asks": func(k *walker, f Facts) error { return k.c.MoveAsks(nil, f) },
	"withdraw":  func(k *walker, f Facts) error { return k.c.Withdraw(f) },
	"start":     func(k *walker, f Facts) error { return k.c.Start(k.revision(), f) },
	"roll back": func(k *walker, f Facts) error { return k.c.RollBack(k.words(), f) },
	"cancel":    func(k *walker, f Facts) error { return k.c.Cancel(k.words(), f) },
	"expire":    func(k *walker, f Facts) error { return k.c.Expire(f) },
	"elapse":    func(k *walker, f Facts) error { return k.c.Elapse(f) },
	"start now": func(k *walker, f Facts) error { return k.c.StartNow(k.words(), k.revision(), f) },
	"link": func(k *walker, f Facts) error {
		return k.c.LinkIncident(k.oneOf("incident", "INC-7", "n/a", ""), f)
	},
	"complete": func(k *walker, f Facts) error {
		outcome := rapid.SampledFrom(append(slices.Clone(Outcomes), "")).Draw(k.T, "outcome")
		return k.c.Complete(Completion{Outcome: outcome, Note: k.words(), OutageMinutes: rapid.IntRange(-1, 9).Draw(k.T, "outage")}, f)
	},
	"review": func(k *walker, f Facts) error {
		return k.c.Review(YesToAll(strings.Repeat("It was so. ", rapid.IntRange(0, 4).Draw(k.T, "findings"))), f)
	},
	"hold":      func(k *walker, f Facts) error { return k.c.Hold(k.words(), f) },
	"lift hold": func(k *walker, f Facts) error { return k.c.LiftHold(k.words(), f) },
	"override": func(k *walker, f Facts) error {
		clear := StartVerdict(k.c, f).Clear()
		err := k.c.Override(k.words(), k.revision(), f)
		if err == nil && (clear || k.excluded(f.Actor.ID) || !f.Holds(f.Actor.ID, RoleChangeManager)) {
			k.Fatalf("%s overrode without a right to", f.Actor.ID)
		}
		return err
	},
	"extend": func(k *walker, f Facts) error {
		return k.c.Extend(k.w.now.Add(time.Duration(rapid.IntRange(-1, 30).Draw(k.T, "hours"))*time.Hour), k.words(), f)
	},
	"undo": func(k *walker, f Facts) error {
		undo := &Change{Identity: Identity{Workspace: "T1", ID: k.c.ID + 1, Requester: f.Actor.ID}}
		if err := undo.RollbackOf(k.c, k.words(), f); err != nil {
			return err
		}
		if k.c.State != Closed || k.c.Outcome == RolledBack || k.c.Identity.RollbackOf != 0 {
			k.Fatalf("undid %s, which is %s (%s)", k.c.ID, k.c.State, k.c.Outcome)
		}
		k.anew()
		k.c, k.lastEditor, k.author = undo, f.Actor.ID, f.Actor.ID
		return nil
	},
}

var actNames = slices.Sorted(maps.Keys(acts))

// helpful is what carries a change on from a state; without it a random walk
// would hardly ever come to an approval.
var helpful = map[State][]string{
	"": {"raise", "raise", "draft"}, Draft: {"submit", "raise", "edit", "start now"},
	AwaitingApproval: {"approve", "approve", "approve", "approve", "delegate", "elapse", "edit", "hand over", "withdraw", "retitle", "start now", "elapse"},
	ChangesRequested: {"edit", "edit", "withdraw", "retitle"},
	Approved:         {"start", "start", "start", "withdraw", "edit", "hand over", "retitle", "hold", "lift hold", "override"},
	InProgress:       {"complete", "roll back", "approve", "elapse", "link", "extend"},
	Implemented:      {"review", "review", "roll back", "approve", "reject", "elapse", "link"},
	Closed:           {"undo"},
}

// step: the world moves a little, somebody does something, and everything
// that was promised still holds.
func (k *walker) step() {
	k.stir()
	if k.c.State.Final() && k.c.State != "" && rapid.IntRange(0, 3).Draw(k.T, "again") == 0 {
		k.anew()
	}
	name := rapid.SampledFrom(actNames).Draw(k.T, "act")
	if likely := helpful[k.c.State]; k.c.State == "" || len(likely) > 0 && rapid.IntRange(0, 3).Draw(k.T, "helpful") > 0 {
		name = rapid.SampledFrom(likely).Draw(k.T, "act")
	}
	actor := k.somebody(name)
	f := k.w.as(actor)
	if k.frozen {
		f = k.w.frozen(actor, Freeze{Kind: SoftFreeze})
	}
	if rapid.IntRange(0, 19).Draw(k.T, "stale facts") == 0 {
		f.Actor.CheckedAt = k.w.now.Add(-2 * time.Hour)
	}
	subject, before := k.c, copyOf(k.c)
	err := acts[name](k, f)
	if err != nil {
		k.refusedWell(name, err)
		if diff := difference(before, subject); diff != "" {
			k.Fatalf("%s by %s was refused (%v) but changed the change:\n%s", name, actor, err, diff)
		}
		return
	}
	k.seen["did "+name]++
	if subject != k.c { // undone by a change of its own
		if diff := difference(before, subject); diff != "" {
			k.Fatalf("undoing changed what was undone:\n%s", diff)
		}
		before = &Change{Identity: k.c.Identity}
	}
	events := k.c.Events()
	k.account(name, before, f)
	k.checkEvents(before, events, f)
	k.checkApproval(name, before, f)
	k.seen["state "+string(k.c.State)]++
}

// somebody is anybody, but mostly one who may do it.
func (k *walker) somebody(act string) UserID {
	if rapid.IntRange(0, 2).Draw(k.T, "anybody") == 0 {
		return rapid.SampledFrom(everybody).Draw(k.T, "actor")
	}
	var able []UserID
	switch act {
	case "approve", "reject", "ask", "delegate":
		able = slices.Sorted(maps.Keys(k.c.able(k.w.as(""))))
	case "withdraw":
		for _, a := range k.c.Approvals {
			able = append(able, a.By)
		}
	case "start", "start now":
		able = []UserID{k.c.Implementer}
	case "hold", "lift hold", "override":
		able = slices.Clone(k.w.Roles[RoleChangeManager])
	default:
		able = []UserID{k.c.Requester, k.c.Implementer, kim}
	}
	if able = distinct(able); len(able) == 0 {
		able = everybody
	}
	return rapid.SampledFrom(able).Draw(k.T, "actor")
}

// stir moves the clock and, now and then, people and policy.
func (k *walker) stir() {
	if k.c.State == Approved && rapid.IntRange(0, 1).Draw(k.T, "wait for the window") == 0 && k.w.now.Before(k.c.Window.Start) {
		k.w.now = k.c.Window.Start.Add(time.Minute)
	} else {
		k.w.later(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 1, 2, 5, 30}).Draw(k.T, "minutes")) * time.Minute)
	}
	if rapid.IntRange(0, 9).Draw(k.T, "stir") > 0 {
		return
	}
	k.w = k.w.clone() // a directory is never changed under its readers
	u := rapid.SampledFrom(everybody[:len(everybody)-1]).Draw(k.T, "who")
	switch rapid.IntRange(0, 9).Draw(k.T, "what") {
	case 9:
		k.frozen = !k.frozen
	case 7:
		delegate := rapid.SampledFrom(append([]UserID{""}, everybody...)).Draw(k.T, "stands in")
		k.w.away(u, 0, time.Duration(rapid.IntRange(1, 90).Draw(k.T, "minutes away"))*time.Minute, delegate)
	case 8:
		k.w.Policy.SmallTeam = !k.w.Policy.SmallTeam
	case 6:
		t := k.w.Templates["rotate-key"]
		t.State = map[TemplateState]TemplateState{TemplateActive: TemplateSuspended, TemplateSuspended: TemplateActive}[t.State]
		t.Reason = "CHG-7 failed"
		k.w.Templates = map[Slug]Template{t.Name: t}
	case 0:
		p := k.w.People[u]
		p.Deleted = !p.Deleted
		k.w.People[u] = p
	case 1:
		role := rapid.SampledFrom([]Role{RoleCAB, RoleChangeManager, RoleECAB}).Draw(k.T, "role")
		if had := k.w.Roles[role]; slices.Contains(had, u) {
			k.w.Roles[role] = slices.DeleteFunc(slices.Clone(had), func(v UserID) bool { return v == u })
		} else {
			k.w.Roles[role] = append(slices.Clone(had), u)
		}
	case 2:
		s := k.w.Services["pay-api"]
		s.Owner = u
		k.w.Services["pay-api"] = s
	case 3:
		k.w.Policy.Version++
		k.w.Policy.Additions = []Rule{{Name: "extra", Require: []Need{{Role: RoleChangeManager, Count: rapid.IntRange(1, 2).Draw(k.T, "managers")}}}}
	case 4:
		k.w.Policy = testPolicy()
	case 5:
		s := k.w.Services["web"]
		s.Retired = !s.Retired
		k.w.Services["web"] = s
	}
}

// form is the change as it is, with some answers changed.
func (k *walker) form() Input {
	in := k.w.input()
	if k.c.State != "" && rapid.IntRange(0, 1).Draw(k.T, "from what is") == 0 {
		in = InputOf(k.c)
	}
	in.Title, in.Plan = k.oneOf("title", "A", "B"), k.oneOf("plan", "Add the key.", "Swap the key.")
	in.Services = rapid.SampledFrom([][]Slug{{"pay-api"}, {"pay-api"}, {"docs"}, {"ledger"}, {"web", "wallet"},
		{"docs", "ledger", "pay-api", "web"}}).Draw(k.T, "services")
	in.Environment = rapid.SampledFrom([]Environment{Production, Production, Production, Staging, Test}).Draw(k.T, "environment")
	in.Risk = known(familiarity(rapid.IntRange(0, 4).Draw(k.T, "familiarity")))
	in.Start = k.w.now.Add(time.Duration(rapid.IntRange(-1, 3).Draw(k.T, "start")) * 10 * time.Minute)
	in.End = in.Start.Add(time.Duration(rapid.IntRange(2, 12).Draw(k.T, "length")) * 10 * time.Minute)
	switch in.Template = ""; rapid.IntRange(0, 6).Draw(k.T, "type") {
	case 0:
		in.Type, in.Template = Standard, "rotate-key"
	case 1, 2:
		in.Type, in.IncidentRef = Emergency, k.oneOf("incident", "INC-1", "INC-1", "")
	default:
		in.Type = Normal
	}
	in.Implementer = rapid.SampledFrom([]UserID{"", "", ana, ben, gus, dee, pat}).Draw(k.T, "implementer")
	if rapid.IntRange(0, 4).Draw(k.T, "wrong") == 0 {
		k.spoil(&in)
	}
	return in
}

// spoil makes one answer wrong.
func (k *walker) spoil(in *Input) {
	switch rapid.IntRange(0, 6).Draw(k.T, "what is wrong") {
	case 0:
		in.Title = ""
	case 1:
		in.Services = []Slug{"no-such"}
	case 2:
		in.Environment = "mars"
	case 3:
		in.Start, in.End = in.End, in.Start
	case 4:
		in.Plan = strings.Repeat("x", MaxPlan+1)
	case 5:
		in.Implementer = quin
	case 6:
		in.Risk.Users = 7
	}
}

func (k *walker) oneOf(label string, texts ...string) string {
	return rapid.SampledFrom(texts).Draw(k.T, label)
}

func (k *walker) words() string {
	return k.oneOf("words", "Because it has to be.", "Because it has to be.", "no", strings.Repeat("a", MaxReason+1))
}

// revision is mostly the one that stands, at times an old one or none.
func (k *walker) revision() Revision {
	old := []Revision{k.c.Revision, k.c.Revision, k.c.Revision, "", "0123"}
	for _, a := range k.c.Approvals {
		old = append(old, k.c.Revision, a.Revision)
	}
	return rapid.SampledFrom(old).Draw(k.T, "seen")
}

// account keeps the walker's own books.
func (k *walker) account(act string, before *Change, f Facts) {
	c := k.c
	material := !reflect.DeepEqual(before.Material, c.Material)
	if material || k.author == "" {
		k.author = f.Actor.ID
		k.votes, k.needs = map[UserID]vote{}, map[string]int{}
	}
	if material || before.Cosmetic != c.Cosmetic || k.lastEditor == "" {
		k.lastEditor = f.Actor.ID
	}
	if act == "approve" || act == "reject" || act == "ask" {
		for u, v := range k.votes { // who decides in person takes their own right back
			delete(v.behalf, f.Actor.ID)
			if len(v.keys) == 0 && len(v.behalf) == 0 {
				delete(k.votes, u)
			}
		}
	}
	switch act {
	case "approve":
		k.votes[f.Actor.ID] = vote{copyOf(c).Material, k.keysOf(f), k.behalfOf(before, f)}
	case "withdraw", "reject", "ask":
		delete(k.votes, f.Actor.ID)
	}
	for u := range k.votes {
		if k.excluded(u) {
			delete(k.votes, u)
		}
	}
}

func (k *walker) excluded(u UserID) bool {
	return u == k.c.Requester || u == k.c.Implementer || u == k.lastEditor || u == k.author
}

// behalfOf works out in whose place the actor decided, and with what.
func (k *walker) behalfOf(before *Change, f Facts) map[UserID][]string {
	out := map[UserID][]string{}
	for _, u := range everybody {
		p, to := k.w.People[u], UserID("")
		if away := p.Own.Away; !f.Now.Before(away.From) && f.Now.Before(away.Until) {
			to = away.Delegate
		}
		for _, d := range before.Delegations {
			if d.From == u {
				to = d.To
			}
		}
		if u == sol {
			p.ID = sol
		}
		able, _ := p.CanDecide()
		if to != f.Actor.ID || u == f.Actor.ID || !able || k.excluded(u) || k.used(u, f.Actor.ID) {
			continue
		}
		other := f
		other.Actor.ID = u
		if keys := k.keysOf(other); len(keys) > 0 {
			out[u] = keys
		}
	}
	return out
}

// used reports whether the person's right was used by anybody but by.
func (k *walker) used(u, by UserID) bool {
	for voter, v := range k.votes {
		if _, inPlace := v.behalf[u]; voter != by && (voter == u || inPlace) {
			return true
		}
	}
	return false
}

// keysOf works out, in its own way, what the actor could fill just now.
func (k *walker) keysOf(f Facts) []string {
	u, holds := f.Actor.ID, map[Role]bool{}
	for _, slug := range k.c.Services {
		s := k.w.Services[slug]
		holds[RolePeer] = holds[RolePeer] || slices.Contains(k.w.Teams[s.Team].Members, u)
		holds[RoleServiceOwner] = holds[RoleServiceOwner] || s.Owner == u
		holds[RoleOpsLead] = holds[RoleOpsLead] || s.OpsLead == u
	}
	for _, role := range StandingRoles {
		holds[role] = slices.Contains(k.w.Roles[role], u)
	}
	var keys []string
	for _, r := range k.c.Requirements {
		if holds[r.Role] || r.Person == u {
			keys = append(keys, r.Key)
		}
	}
	return keys
}
