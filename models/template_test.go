package models

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehousehq/gatehouse/models/proof"
)

// recipe is what a template of the world says: the world's own form.
func (w *world) recipe() Recipe {
	in := w.input()
	return Recipe{Title: in.Title, Services: []Slug{"pay-api", "wallet"}, Environment: in.Environment, Plan: in.Plan,
		Check: in.Check, Rollback: in.Rollback, Risk: in.Risk, Length: time.Hour, MaxRisk: RiskMedium}
}

// template gives the world an active template that Ben proposed and Kim
// approved, changed by edit.
func (w *world) template(t testing.TB, edit func(*Template)) *Template {
	t.Helper()
	tpl := &Template{ID: 1}
	must(t, tpl.Propose("rotate-key", w.recipe(), w.clean(t), 3, w.as(ben)))
	must(t, tpl.Approve(1, w.as(kim)))
	tpl.Events()
	if edit != nil {
		edit(tpl)
	}
	w.Templates = map[Slug]Template{tpl.Name: *tpl}
	return tpl
}

// clean is a normal change that went well.
func (w *world) clean(t testing.TB) *Change {
	t.Helper()
	return w.clone().in(t, Closed)
}

// standard is a form filled from the template.
func (w *world) standard() Input {
	return Input{Type: Standard, Template: "rotate-key", Services: []Slug{"pay-api"}, Start: w.now.Add(time.Hour)}
}

func (w *world) raiseStandard(t testing.TB) *Change {
	t.Helper()
	c := &Change{Identity: Identity{Workspace: "T1", ID: 9, Requester: ana, CreatedAt: w.now}}
	must(t, c.Raise(w.standard(), w.as(ana)))
	return c
}

func TestAStandardChangeIsApprovedAtOnceByItsTemplate(t *testing.T) {
	w := newWorld().clone()
	w.template(t, nil)
	c := w.raiseStandard(t)
	events := c.Events()
	if c.State != Approved || kinds(events) != "submitted approved" || events[0].From != Draft || events[0].To != Approved {
		t.Fatalf("%s after %s", c.State, kinds(events))
	}
	if c.Template != (TemplateRef{"rotate-key", 1}) || c.Plan != w.input().Plan || c.Title != w.input().Title || c.Window.Length() != time.Hour {
		t.Errorf("not what the template says: %+v", c.Material)
	}
	if !strings.Contains(events[1].Reason, "rotate-key, version 1") {
		t.Errorf("the approver is not on record: %q", events[1].Reason)
	}
	if len(c.Asked)+len(c.Requirements) != 0 {
		t.Errorf("somebody was asked: %v for %v", c.Asked, c.Requirements)
	}
	must(t, c.Start(c.Revision, w.later(65*time.Minute).as(ana)))
}

func TestAChangeKeepsTheVersionItWasRaisedWith(t *testing.T) {
	w := newWorld().clone()
	tpl := w.template(t, nil)
	c := w.raiseStandard(t)
	better := w.recipe()
	better.Plan = "1. Add the new key. 2. Wait. 3. Remove the old one."
	must(t, tpl.Edit(better, 1, w.as(ana)))
	w.Templates["rotate-key"] = *tpl
	if got := w.raiseStandard(t); got.Template.Version != 1 {
		t.Errorf("a version that waits was used: %v", got.Template)
	}
	must(t, tpl.Approve(2, w.as(kim)))
	w.Templates["rotate-key"] = *tpl
	must(t, w.editing(c, ana, func(in *Input) { in.Start, in.End = in.Start.Add(time.Hour), in.End.Add(time.Hour) }))
	if c.Template.Version != 1 || c.Plan != w.input().Plan || c.State != Approved {
		t.Errorf("version %d, %s, plan %q", c.Template.Version, c.State, c.Plan)
	}
	if got := w.raiseStandard(t); got.Template.Version != 2 || got.Plan != better.Plan {
		t.Errorf("a new change has version %d", got.Template.Version)
	}
}

func TestTheFirstFailedRunSuspendsATemplateOnce(t *testing.T) {
	for _, outcome := range Outcomes {
		w := newWorld().clone()
		tpl := w.template(t, nil)
		first, second := w.raiseStandard(t), w.raiseStandard(t)
		w.later(65 * time.Minute)
		var events []Event
		for _, c := range []*Change{first, second} {
			must(t, c.Start(c.Revision, w.as(ana)))
			c.Events()
			must(t, c.Complete(Completion{Outcome: outcome, Note: "It went so."}, w.as(ana)))
			if why := FailedRun(c, c.Events()); why != "" {
				tpl.RunFailed(c, why, w.as(ana))
			}
			events = append(events, tpl.Events()...)
		}
		fails := outcome == Failed || outcome == RolledBack
		if suspended := tpl.State == TemplateSuspended; suspended != fails || (len(events) == 1) != fails {
			t.Errorf("%s: %s after %s", outcome, tpl.State, kinds(events))
		}
		if !fails {
			continue
		}
		told := TemplateDeliveries(tpl, "", events, w.as(ana))
		var people []UserID
		for _, d := range told {
			people = append(people, d.User)
		}
		if !slices.Equal(people, []UserID{kim, lea}) {
			t.Errorf("%s: told %v, want the change managers", outcome, people)
		}
	}
}

func TestWhatWasApprovedByATemplateStartsOnlyWhileItStands(t *testing.T) {
	w := newWorld().clone()
	tpl := w.template(t, nil)
	c := w.raiseStandard(t)
	must(t, tpl.Suspend("The key store is being moved.", w.as(kim)))
	w.Templates["rotate-key"] = *tpl
	w.later(65 * time.Minute)
	if r := refused(t, c.Start(c.Revision, w.as(ana))); !strings.Contains(r.Text, "suspended") || !strings.Contains(r.Text, "normal change") {
		t.Error(r.Text)
	}
	must(t, tpl.Reinstate("It is moved, and nothing differs.", w.as(lea)))
	w.Templates["rotate-key"] = *tpl
	must(t, c.Start(c.Revision, w.as(ana)))
}

func TestTheThirdCleanRunIsOfferedAsATemplateOnce(t *testing.T) {
	offered := map[int]bool{}
	for before := range 6 {
		w := newWorld().clone()
		c := w.in(t, InProgress)
		c.Events()
		f := w.later(70 * time.Minute).as(ana)
		f.Around.CleanRuns = before
		must(t, c.Complete(Completion{Outcome: Successful}, f))
		for _, e := range c.Events() {
			if e.Kind == EventTemplateOffered {
				offered[before+1] = true
				if told := toldOf(c, e, f); !slices.Equal(told, []UserID{ana}) {
					t.Errorf("told %v", told)
				}
			}
		}
	}
	if fmt.Sprint(offered) != "map[3:true]" {
		t.Errorf("offered after %v runs", offered)
	}
}

func TestATemplatesNameIsMadeFromItsTitle(t *testing.T) {
	for title, want := range map[string]Slug{
		"Restart the workers": "restart-the-workers", "  Rotate: KEY #2! ": "rotate-key-2", "Ключ": "", "a": "a",
		strings.Repeat("long words ", 9): "long-words-long-words-long-words-long-wo",
	} {
		if got := TemplateName(title); got != want || got != "" && !ValidTemplateName(got) {
			t.Errorf("%q becomes %q, want %q", title, got, want)
		}
	}
}

// templateLife is the table of a template's life, written down a second time.
const templateLife = `
 → proposed active
proposed → active retired
active → suspended retired
suspended → active retired
retired →`

func TestEveryPairOfTemplateStatesMovesAsTheTableSays(t *testing.T) {
	for line := range strings.Lines(strings.Trim(templateLife, "\n")) {
		from, to, _ := strings.Cut(strings.TrimRight(line, "\n"), " →")
		for _, s := range TemplateStates {
			if legal := strings.Contains(to+" ", " "+string(s)+" "); TemplateState(strings.TrimSpace(from)).CanMove(s) != legal {
				t.Errorf("%q → %s: CanMove says %v", from, s, !legal)
			}
		}
	}
}

// TestRandomLivesOfATemplateKeepEveryPromise lets everybody do everything to a
// template: what is in force was approved by a change manager who is not its
// proposer, what is retired stays so, and only an active one is raised from.
func TestRandomLivesOfATemplateKeepEveryPromise(t *testing.T) {
	seen := map[string]int{}
	clean := newWorld().clean(t)
	proof.Check(t, func(rt *rapid.T) {
		w := newWorld().clone()
		tpl := &Template{ID: 1}
		proposers := map[int]UserID{}
		for range sizes().steps {
			actor := rapid.SampledFrom([]UserID{ana, ben, kim, lea, pat, quin, ray, robo}).Draw(rt, "actor")
			f := w.as(actor)
			before := *tpl
			words := rapid.SampledFrom([]string{"", "Because of the audit."}).Draw(rt, "words")
			version := rapid.IntRange(0, tpl.Last+1).Draw(rt, "seen")
			if rapid.Bool().Draw(rt, "right version") {
				version = tpl.Last
			}
			recipe := w.recipe()
			recipe.Plan = rapid.SampledFrom([]string{"Add A.", "Add B.", "Add C.", ""}).Draw(rt, "plan")
			act := rapid.SampledFrom([]string{"propose", "edit", "edit", "approve", "approve", "decline", "suspend", "reinstate", "retire", "fail", "file"}).Draw(rt, "act")
			if tpl.State == "" && act != "file" { // the store finds nothing else of that name
				act = "propose"
			}
			var err error
			switch act {
			case "propose":
				err = tpl.Propose("rotate-key", recipe, clean, rapid.IntRange(0, 4).Draw(rt, "runs"), f)
			case "edit":
				err = tpl.Edit(recipe, version, f)
			case "approve":
				err = tpl.Approve(version, f)
			case "decline":
				err = tpl.Decline(words, version, f)
			case "suspend":
				err = tpl.Suspend(words, f)
			case "reinstate":
				err = tpl.Reinstate(words, f)
			case "retire":
				if rapid.IntRange(0, 5).Draw(rt, "really") == 0 {
					err = tpl.Retire(words, f)
				}
			case "fail":
				run := &Change{Identity: Identity{ID: 7}, Material: Material{Type: Standard, Template: TemplateRef{"rotate-key", 1}}}
				tpl.RunFailed(run, "CHG-7 failed", f)
			case "file":
				if rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
					_, err = tpl.Store("rotate-key", version, recipe, w.as(""))
				}
			}
			if err != nil {
				r, ok := AsRefusal(err)
				if !ok {
					rt.Fatalf("%s failed with %v", act, err)
				}
				if problem := badlySaid(r); problem != "" && act != "file" {
					rt.Fatalf("%s: %s", act, problem)
				}
				if n := len(tpl.Events()); n > 0 || tpl.State != before.State || tpl.Last != before.Last {
					rt.Fatalf("%s was refused, but changed something", act)
				}
				seen["refused "+act]++
				continue
			}
			events := tpl.Events()
			for _, e := range events {
				seen[string(e.Kind)]++
			}
			if tpl.Proposal != nil {
				proposers[tpl.Proposal.Version] = tpl.Proposal.By
			}
			switch {
			case before.State == TemplateRetired && (tpl.State != TemplateRetired || len(events) > 0):
				rt.Fatalf("%s brought a retired template back", act)
			case tpl.State != before.State && !before.State.CanMove(tpl.State):
				rt.Fatalf("%s moved it from %s to %s", act, before.State, tpl.State)
			case tpl.Last < before.Last || tpl.Version > tpl.Last:
				rt.Fatalf("versions: %d of %d after %d", tpl.Version, tpl.Last, before.Last)
			case tpl.State == TemplateActive && tpl.Version == 0:
				rt.Fatal("active without a version")
			case before.State == TemplateSuspended && tpl.State == TemplateActive && act != "reinstate" && act != "approve":
				rt.Fatalf("%s made a suspended template active", act)
			}
			if act == "approve" && tpl.Version != before.Version {
				if by := proposers[tpl.Version]; by == actor || !w.Holds(actor, RoleChangeManager) {
					rt.Fatalf("%s approved what %s proposed", actor, by)
				}
			}
			w.Templates = map[Slug]Template{"rotate-key": *tpl}
			c := &Change{Identity: Identity{Workspace: "T1", ID: 9, Requester: ana}}
			err = c.Raise(w.standard(), w.as(ana))
			if usable := tpl.State == TemplateActive; (err == nil) != usable {
				rt.Fatalf("raised from a template that is %s: %v", tpl.State, err)
			}
		}
	})
	t.Log(seen)
}

func init() {
	add := func(name string, ask func(t *testing.T, w *world) error) { refusals["template: "+name] = ask }
	on := func(name string, do func(t *testing.T, w *world, tpl *Template) error) {
		add(name, func(t *testing.T, w *world) error { return do(t, w, w.template(t, nil)) })
	}
	raise := func(name string, spoil func(w *world, tpl *Template), edit func(*Input)) {
		add("raise "+name, func(t *testing.T, w *world) error {
			tpl := w.template(t, nil)
			if spoil != nil {
				spoil(w, tpl)
				w.Templates["rotate-key"] = *tpl
			}
			in := w.standard()
			if edit != nil {
				edit(&in)
			}
			return (&Change{Identity: Identity{ID: 9, Requester: ana}}).Raise(in, w.as(ana))
		})
	}
	propose := func(name string, edit func(*Recipe)) {
		on("edit "+name, func(_ *testing.T, w *world, tpl *Template) error {
			r := w.recipe()
			edit(&r)
			return tpl.Edit(r, 1, w.as(ana))
		})
	}
	propose("without a title", func(r *Recipe) { r.Title = " " })
	propose("without services", func(r *Recipe) { r.Services = nil })
	propose("with an unknown service", func(r *Recipe) { r.Services = []Slug{"nope"} })
	propose("with a retired service", func(r *Recipe) { r.Services = []Slug{"fax"} })
	propose("without an environment", func(r *Recipe) { r.Environment = "moon" })
	propose("without a plan", func(r *Recipe) { r.Plan = "" })
	propose("with a long plan", func(r *Recipe) { r.Plan = strings.Repeat("x", MaxPlan+1) })
	propose("of no length", func(r *Recipe) { r.Length = 0 })
	propose("of high risk", func(r *Recipe) { r.MaxRisk = RiskHigh })
	propose("that changes nothing", func(*Recipe) {})
	on("edit by a guest", func(_ *testing.T, w *world, tpl *Template) error { return tpl.Edit(w.recipe(), 1, w.as(pat)) })
	on("edit an old version", func(_ *testing.T, w *world, tpl *Template) error { return tpl.Edit(w.recipe(), 0, w.as(ana)) })
	on("edit a retired one", func(t *testing.T, w *world, tpl *Template) error {
		must(t, tpl.Retire("Not used any more.", w.as(kim)))
		return tpl.Edit(w.recipe(), 1, w.as(ana))
	})
	on("propose a name twice", func(t *testing.T, w *world, tpl *Template) error {
		return tpl.Propose("rotate-key", w.recipe(), w.clean(t), 3, w.as(ana))
	})
	fresh := func(name string, by UserID, called Slug, runs int, from func(t *testing.T, w *world) *Change) {
		add("propose "+name, func(t *testing.T, w *world) error {
			return (&Template{}).Propose(called, w.recipe(), from(t, w), runs, w.as(by))
		})
	}
	clean := func(t *testing.T, w *world) *Change { return w.clean(t) }
	fresh("by a guest", pat, "x", 3, clean)
	fresh("under a bad name", ana, "Rotate Key", 3, clean)
	fresh("after two runs", ana, "x", 2, clean)
	fresh("after one run", ana, "x", 1, clean)
	fresh("from what failed", ana, "x", 3, func(t *testing.T, w *world) *Change { return w.in(t, Implemented) })
	fresh("from a template", ana, "x", 3, func(t *testing.T, w *world) *Change {
		w.template(t, nil)
		return w.raiseStandard(t)
	})
	on("approve by nobody in charge", func(_ *testing.T, w *world, tpl *Template) error { return tpl.Approve(1, w.as(ana)) })
	on("approve by nobody in charge where nobody is", func(_ *testing.T, w *world, tpl *Template) error {
		w.Roles[RoleChangeManager] = nil
		return tpl.Approve(1, w.as(ana))
	})
	on("approve by a guest", func(_ *testing.T, w *world, tpl *Template) error { return tpl.Approve(1, w.as(pat)) })
	on("approve twice", func(_ *testing.T, w *world, tpl *Template) error { return tpl.Approve(1, w.as(lea)) })
	on("approve what is not there", func(_ *testing.T, w *world, tpl *Template) error { return tpl.Approve(5, w.as(lea)) })
	on("approve by facts that are old", func(_ *testing.T, w *world, tpl *Template) error {
		f := w.as(kim)
		f.Actor.CheckedAt = w.now.Add(-2 * time.Hour)
		return tpl.Approve(1, f)
	})
	waiting := func(name string, by UserID, do func(w *world, tpl *Template) error) {
		on(name, func(t *testing.T, w *world, tpl *Template) error {
			r := w.recipe()
			r.Plan = "Another."
			must(t, tpl.Edit(r, 1, w.as(by)))
			return do(w, tpl)
		})
	}
	waiting("approve one's own", kim, func(w *world, tpl *Template) error { return tpl.Approve(2, w.as(kim)) })
	waiting("approve an older one", ana, func(w *world, tpl *Template) error { return tpl.Approve(1, w.as(kim)) })
	waiting("approve what was retired", ana, func(w *world, tpl *Template) error {
		s := w.Services["wallet"]
		s.Retired = true
		w.Services["wallet"] = s
		return tpl.Approve(2, w.as(kim))
	})
	waiting("decline an older one", ana, func(w *world, tpl *Template) error { return tpl.Decline("No.", 1, w.as(kim)) })
	waiting("decline without a word", ana, func(w *world, tpl *Template) error { return tpl.Decline("", 2, w.as(kim)) })
	on("decline nothing", func(_ *testing.T, w *world, tpl *Template) error { return tpl.Decline("No need.", 1, w.as(kim)) })
	on("suspend without a word", func(_ *testing.T, w *world, tpl *Template) error { return tpl.Suspend("", w.as(kim)) })
	on("reinstate what runs", func(_ *testing.T, w *world, tpl *Template) error { return tpl.Reinstate("It is fine.", w.as(kim)) })
	on("reinstate without a word", func(_ *testing.T, w *world, tpl *Template) error { return tpl.Reinstate("", w.as(kim)) })
	on("retire without a word", func(_ *testing.T, w *world, tpl *Template) error { return tpl.Retire("", w.as(kim)) })
	on("retire twice", func(t *testing.T, w *world, tpl *Template) error {
		must(t, tpl.Retire("Not used any more.", w.as(kim)))
		return tpl.Retire("Not used any more.", w.as(kim))
	})

	raise("without a template", nil, func(in *Input) {
		in.Template, in.Title, in.Plan, in.Check, in.Rollback = "", "Title", "Add the key.", "Payments go through.", "On any error put the old key back, 5 minutes."
		in.Environment, in.End = Production, in.Start.Add(time.Hour)
	})
	raise("from one that is not there", nil, func(in *Input) {
		in.Template, in.Title, in.Plan, in.Check, in.Rollback = "nope", "Title", "Add the key.", "Payments go through.", "On any error put the old key back, 5 minutes."
		in.Environment, in.End = Production, in.Start.Add(time.Hour)
	})
	raise("from a proposal", func(w *world, tpl *Template) { tpl.State = TemplateProposed }, nil)
	raise("from a suspended one", func(w *world, tpl *Template) {
		tpl.RunFailed(&Change{Material: Material{Template: TemplateRef{Name: "rotate-key"}}}, "CHG-7 failed", w.as(ana))
	}, nil)
	raise("from a retired one", func(w *world, tpl *Template) { _ = tpl.Retire("Not used any more.", w.as(kim)) }, nil)
	raise("for a service outside", nil, func(in *Input) { in.Services = []Slug{"web"} })
	raise("for a service that nobody knows there", nil, func(in *Input) { in.Services = []Slug{"docs", "web"} })
	raise("for a high risk", func(w *world, tpl *Template) {
		s := w.Services["pay-api"]
		s.Tier = 0
		w.Services["pay-api"] = s
	}, nil)
	refusals["template: raise in a hard freeze"] = func(t *testing.T, w *world) error {
		w.template(t, nil)
		in := w.standard()
		f := w.as(ana)
		span := Window{in.Start.Add(-time.Hour), in.Start.Add(24 * time.Hour)}
		f.Around.Freezes = []FreezeSpan{{Freeze: Freeze{ID: 3, Kind: HardFreeze, Name: "Year end", Owner: eli}, Window: span}}
		return (&Change{Identity: Identity{ID: 9, Requester: ana}}).Raise(in, f)
	}
	add("submit a draft whose environment is another", func(t *testing.T, w *world) error {
		tpl := w.template(t, nil)
		c := w.raiseStandard(t)
		tpl.Recipe.Environment = Staging
		w.Templates["rotate-key"] = *tpl
		return w.editing(c, ana, func(in *Input) { in.End = in.End.Add(time.Hour) })
	})
	add("submit a draft whose service was retired", func(t *testing.T, w *world) error {
		w.template(t, nil)
		c := w.raiseStandard(t)
		s := w.Services["pay-api"]
		s.Retired = true
		w.Services["pay-api"] = s
		return c.byTemplate(w.as(ana))
	})
	add("start when the template is gone", func(t *testing.T, w *world) error {
		w.template(t, nil)
		c := w.raiseStandard(t)
		w.Templates = nil
		return c.Start(c.Revision, w.later(65*time.Minute).as(ana))
	})
	add("start when the template is suspended", func(t *testing.T, w *world) error {
		tpl := w.template(t, nil)
		c := w.raiseStandard(t)
		must(t, tpl.Suspend("The store moves.", w.as(kim)))
		w.Templates["rotate-key"] = *tpl
		return c.Start(c.Revision, w.later(65*time.Minute).as(ana))
	})
	add("store a version with an unknown service", func(_ *testing.T, w *world) error {
		r := w.recipe()
		r.Services = []Slug{"nope"}
		_, err := (&Template{}).Store("rotate-key", 1, r, w.as(""))
		return err
	})
}
