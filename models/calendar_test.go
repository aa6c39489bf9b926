package models

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models/proof"
)

// near gives facts that know of other changes.
func (w *world) near(u UserID, others ...Neighbour) Facts {
	f := w.as(u)
	f.Around.Neighbours = others
	return f
}

// other is a change on these services in the window of w.input.
func (w *world) other(id ChangeID, services ...Slug) Neighbour {
	return Neighbour{ID: id, Title: "Move the queue", Type: Normal, State: Approved, Environment: Production, Services: services,
		Window: NewWindow(w.now.Add(2*time.Hour), w.now.Add(4*time.Hour)), Implementer: eli, Submitted: w.now.Add(-time.Hour)}
}

func TestTwoChangesOfOneServiceAtOneTimeConflict(t *testing.T) {
	w := newWorld().clone()
	chain := func(slug, on Slug) {
		s := w.Services[slug]
		s.DependsOn = append(s.DependsOn, on)
		w.Services[slug] = s
	}
	chain("pay-api", "ledger")
	chain("ledger", "web")
	chain("web", "docs")
	chain("docs", "pay-api") // a circle
	at := func(d time.Duration) Neighbour { n := w.other(9, "pay-api"); n.Window.Start = w.now.Add(d); return n }
	staging := w.other(9, "pay-api")
	staging.Environment = Staging
	same := w.other(9, "orphan")
	same.Implementer = ana
	for name, x := range map[string]struct {
		n   Neighbour
		why string // "" = no conflict
	}{
		"the same service":                 {w.other(9, "pay-api"), "both touch Payments API"},
		"one that it depends on":           {w.other(9, "ledger"), "Payments API depends on Ledger"},
		"one two links away":               {w.other(9, "web"), "Payments API depends on Web"},
		"one that depends on it":           {w.other(9, "docs"), "Docs depends on Payments API"},
		"one that has nothing to do":       {w.other(9, "orphan"), ""},
		"the same person":                  {same, "Ana carries both out"},
		"another environment":              {staging, ""},
		"a window that begins at its end":  {at(3 * time.Hour), ""},
		"a window that shares one second":  {at(3*time.Hour - time.Second), "both touch Payments API"},
		"the change itself, under its id":  {func() Neighbour { n := w.other(4, "pay-api"); return n }(), ""},
		"a service that nobody knows here": {w.other(9, "no-such"), ""},
	} {
		c := w.raised(t, func(in *Input) { in.Environment = Production })
		got := Conflicts(c, w.near(ana, x.n))
		if x.why == "" && len(got) > 0 || x.why != "" && (len(got) != 1 || got[0].Why != x.why) {
			t.Errorf("%s: %+v, want %q", name, got, x.why)
		}
	}
}

func TestAConflictIsClearedByWhatMakesIt(t *testing.T) {
	w := newWorld().clone()
	mine, person := w.other(9, "pay-api"), w.other(9, "orphan")
	mine.Implementer, person.Implementer = ana, ana
	for want, n := range map[string]Neighbour{
		"Choose another time, or ask Eli to move CHG-9.":                w.other(9, "pay-api"),
		"Choose another time, or move CHG-9.":                           mine,
		"Choose another time, name another implementer, or move CHG-9.": person,
	} {
		f := w.near(ana, n)
		c := w.raised(t, nil)
		if got := PlanVerdict(c, f).Reasons[0].Unblock; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestWhoCameFirstHasTheRightOfWay: exactly one of two conflicting changes
// gives way, so that two never wait for each other.
func TestWhoCameFirstHasTheRightOfWay(t *testing.T) {
	w := newWorld()
	c := w.raised(t, nil)
	for name, x := range map[string]struct {
		edit   func(*Neighbour)
		blocks bool
	}{
		"submitted before":                   {func(n *Neighbour) {}, true},
		"submitted after":                    {func(n *Neighbour) { n.Submitted = w.now.Add(time.Hour) }, false},
		"at the same moment, a higher id":    {func(n *Neighbour) { n.Submitted = w.now }, false},
		"at the same moment, a lower id":     {func(n *Neighbour) { n.Submitted, n.ID = w.now, 3 }, true},
		"after, but in progress":             {func(n *Neighbour) { n.Submitted, n.State = w.now.Add(time.Hour), InProgress }, true},
		"on a less critical service only":    {func(n *Neighbour) { n.Services, n.Implementer = []Slug{"docs"}, ana }, true},
		"nothing to do with it, not related": {func(n *Neighbour) { n.Services = []Slug{"docs"} }, false},
	} {
		n := w.other(9, "pay-api")
		x.edit(&n)
		if v := PlanVerdict(c, w.near(ana, n)); v.Clear() == x.blocks {
			t.Errorf("%s: %v", name, v.Reasons)
		}
	}
	for name, edit := range map[string]func(*Input){
		"outside production": func(in *Input) { in.Environment = Staging },
		"tier 3":             func(in *Input) { in.Services = []Slug{"docs"} },
		"an emergency":       func(in *Input) { in.Type, in.IncidentRef = Emergency, "INC-7" },
	} {
		c := w.raised(t, edit)
		n := w.other(9, c.Services...)
		n.Environment = c.Environment
		v := PlanVerdict(c, w.near(ana, n))
		if !v.Clear() || len(v.Notes()) != 1 {
			t.Errorf("%s: %v, want it told and not blocked", name, v.Reasons)
		}
	}
}

func TestAConflictIsRefusedBesideTheStartAtSubmitApproveAndStart(t *testing.T) {
	w := newWorld()
	n := w.other(9, "pay-api")
	c := &Change{Identity: Identity{ID: 4, Requester: ana}}
	r := refused(t, c.Raise(w.input(), w.near(ana, n)))
	if !strings.Contains(r.Fields[FieldStart], "CHG-9 (Move the queue) is planned from 2 Mar 13:00 to 15:00 Berlin time: both touch Payments API. Choose another time, or ask Eli to move CHG-9.") {
		t.Errorf("%v", r.Fields)
	}
	wellSaid(t, r)
	c = w.raised(t, nil)
	wellSaid(t, refused(t, c.Approve(c.Revision, w.near(ben, n))))
	w.approvedBy(t, c, ben, dee)
	w.now = c.Window.Start
	n.State = InProgress
	r = refused(t, c.Start(c.Revision, w.near(ana, n)))
	if !strings.Contains(r.Text, "CHG-9 (Move the queue) is in progress") {
		t.Errorf("%s", r.Text)
	}
	must(t, c.Start(c.Revision, w.as(ana)))
}

// frozen gives facts that know of a freeze over the window of w.input.
func (w *world) frozen(u UserID, z Freeze) Facts {
	f := w.as(u)
	if z.ID == 0 {
		z.ID = 2
	}
	z.Name, z.Owner = "Quarter end", gus
	f.Around.Freezes = []FreezeSpan{{z, NewWindow(w.now, w.now.Add(48*time.Hour))}}
	return f
}

func TestASoftFreezeAsksItsOwnerAndAHardOneNeedsAnException(t *testing.T) {
	w := newWorld()
	soft, hard := Freeze{Kind: SoftFreeze}, Freeze{Kind: HardFreeze}
	raise := func(z Freeze, edit func(*Input)) (*Change, error) {
		c := &Change{Identity: Identity{ID: 4, Requester: ana}}
		in := w.input()
		if edit != nil {
			edit(&in)
		}
		return c, c.Raise(in, w.frozen(ana, z))
	}
	keys := func(c *Change) string {
		var out []string
		for _, r := range c.Requirements {
			out = append(out, r.Key)
		}
		return strings.Join(out, " ")
	}

	c, err := raise(soft, nil)
	must(t, err)
	if want := "peer service_owner cab freeze:FRZ-2"; keys(c) != want || c.Assessment.Level != RiskHigh {
		t.Errorf("soft: %s risk asks %q, want %q at high risk", c.Assessment.Level, keys(c), want)
	}
	if v := PlanVerdict(c, w.frozen(ana, soft)); !v.Clear() || v.Notes()[0].Words() !=
		"It falls into the soft freeze FRZ-2 (Quarter end), 2 Mar 10:00 to 4 Mar 10:00 UTC. Gus has to agree too." {
		t.Errorf("soft: %v", v)
	}

	for _, nothing := range []string{"", " ", "N/A", "-", "none"} {
		_, err = raise(hard, func(in *Input) { in.WhyNow = nothing })
		r := refused(t, err)
		wellSaid(t, r)
		if !strings.Contains(r.Fields[FieldWhyNow], "say why it can't wait: then Gus and a change manager are asked for an exception.") {
			t.Errorf("hard, for %q: %v", nothing, r.Fields)
		}
	}
	c, err = raise(hard, func(in *Input) { in.WhyNow = "The certificate ends tonight." })
	must(t, err)
	if want := "exception:FRZ-2:owner exception:FRZ-2:change_manager"; !strings.HasSuffix(keys(c), want) {
		t.Errorf("hard: asks %q", keys(c))
	}
	for _, u := range []UserID{ben, dee, hal, ida, gus} {
		must(t, c.Approve(c.Revision, w.frozen(u, hard)))
	}
	if c.State != AwaitingApproval || c.Standing().Missing() != "1 change manager for an exception to FRZ-2" {
		t.Errorf("%s, missing %s", c.State, c.Standing().Missing())
	}
	must(t, c.Approve(c.Revision, w.frozen(kim, hard)))
	w.now = c.Window.Start
	v := StartVerdict(c, w.frozen(ana, hard))
	if !v.Clear() || len(v.Notes()) != 1 || v.Notes()[0].Unblock != "Its approval by Gus and a change manager is the exception." {
		t.Errorf("%v", v)
	}
	must(t, c.Start(c.Revision, w.frozen(ana, hard)))
}

func TestAFreezeDeclaredLaterStopsTheStartButNotWhatRuns(t *testing.T) {
	w := newWorld()
	for _, kind := range []FreezeKind{HardFreeze, Lockdown} {
		z := Freeze{Kind: kind}
		c := w.approvedBy(t, w.raised(t, nil), ben, dee)
		before := *c
		w := w.clone()
		w.now = c.Window.Start
		wellSaid(t, refused(t, c.Start(c.Revision, w.frozen(ana, z))))
		if diff := cmp.Diff(before.State, c.State); diff != "" {
			t.Error(diff)
		}
		lifted := z
		lifted.LiftedAt = w.now
		must(t, c.Start(c.Revision, w.frozen(ana, lifted)))
		must(t, c.RollBack("It went wrong.", w.frozen(ana, z)))
	}
}

func TestNothingStopsARollbackInAFreeze(t *testing.T) {
	for _, kind := range []FreezeKind{SoftFreeze, HardFreeze, Lockdown} {
		w := newWorld()
		original := w.in(t, Closed)
		f := w.later(48*time.Hour).frozen(ana, Freeze{Kind: kind})
		c := &Change{Identity: Identity{Workspace: "T1", ID: 5, Requester: ana}}
		must(t, c.RollbackOf(original, "Payments fail since.", f))
		plain := *c
		plain.Identity.RollbackOf = 0
		if stopped := !StartVerdict(&plain, f).Clear(); stopped != (kind != SoftFreeze) {
			t.Errorf("in a %s another change is stopped: %v", kind, stopped)
		}
		must(t, c.Start(c.Revision, f))
		must(t, c.Complete(Completion{Outcome: Successful}, f))
		if c.State != Implemented || len(c.ReviewOwed) == 0 {
			t.Errorf("in a %s it is %s and owes %v", kind, c.State, c.ReviewOwed)
		}
	}
}

func TestNothingStopsAnEmergencyInAFreeze(t *testing.T) {
	w := newWorld()
	for _, kind := range []FreezeKind{SoftFreeze, HardFreeze, Lockdown} {
		c := &Change{Identity: Identity{ID: 4, Requester: ana}}
		in := w.input()
		in.Type, in.IncidentRef, in.WhyNow = Emergency, "INC-7", "Nobody can pay."
		f := w.frozen(ana, Freeze{Kind: kind})
		must(t, c.Raise(in, f))
		v := PlanVerdict(c, f)
		if !v.Clear() || len(v.Notes()) != 1 {
			t.Errorf("%s: %v", kind, v)
		}
		if kind != SoftFreeze && v.Notes()[0].Unblock != "The ECAB's approval is the exception." {
			t.Errorf("%s: %v", kind, v.Notes())
		}
	}
}

func TestAFreezeIsAboutItsEnvironmentsTiersAndServices(t *testing.T) {
	w := newWorld()
	for name, x := range map[string]struct {
		z      Freeze
		covers bool
	}{
		"everything":          {Freeze{}, true},
		"production":          {Freeze{Environments: []Environment{Production}}, true},
		"staging":             {Freeze{Environments: []Environment{Staging}}, false},
		"its tier":            {Freeze{Tiers: []Tier{0, 1}}, true},
		"another tier":        {Freeze{Tiers: []Tier{3}}, false},
		"its service":         {Freeze{Services: []Slug{"pay-api", "web"}}, true},
		"another service":     {Freeze{Services: []Slug{"web"}}, false},
		"its tier, elsewhere": {Freeze{Tiers: []Tier{1}, Environments: []Environment{Test}}, false},
	} {
		x.z.Kind = HardFreeze
		c := &Change{Identity: Identity{ID: 4, Requester: ana}}
		if err := c.Raise(w.input(), w.frozen(ana, x.z)); (err != nil) != x.covers {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProductionWorkIsDoneInsideMaintenanceWindows(t *testing.T) {
	w := newWorld()
	open := func(u UserID, from, to time.Duration) Facts {
		f := w.as(u)
		f.Around.Openings = map[Slug][]Window{"pay-api": {NewWindow(monday.Add(from), monday.Add(to))}}
		return f
	}
	c := &Change{Identity: Identity{ID: 4, Requester: ana}}
	r := refused(t, c.Raise(w.input(), open(ana, 4*time.Hour, 8*time.Hour)))
	wellSaid(t, r)
	if want := "Payments API takes production work only inside its maintenance windows. Choose a time inside one; the next is 2 Mar 15:00 to 19:00 Berlin time."; r.Fields[FieldStart] != want {
		t.Errorf("%v", r.Fields)
	}
	must(t, c.Raise(w.input(), open(ana, 0, 8*time.Hour)))
	for _, u := range []UserID{ben, dee} {
		must(t, c.Approve(c.Revision, open(u, 0, 8*time.Hour)))
	}
	w.now = c.Window.Start
	wellSaid(t, refused(t, c.Start(c.Revision, open(ana, 4*time.Hour, 8*time.Hour)))) // it was moved since
	must(t, c.Start(c.Revision, open(ana, 0, 8*time.Hour)))
	w.now = monday
	in := w.input()
	in.Type, in.IncidentRef = Emergency, "INC-7"
	e := &Change{Identity: Identity{ID: 5, Requester: ana}}
	must(t, e.Raise(in, open(ana, 4*time.Hour, 8*time.Hour)))
}

// TestConflictsAreThoseOfTheBrute holds the rule against one that compares
// every pair of services by walking the dependencies link by link.
func TestConflictsAreThoseOfTheBruteForce(t *testing.T) {
	rounds, wrong := proof.N(100, 1000), 0
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(uint64(seed), 7))
		w := newWorld().clone()
		w.Services = map[Slug]Service{}
		var slugs []Slug
		for i := range 12 {
			slug := Slug(fmt.Sprintf("s%02d", i))
			slugs = append(slugs, slug)
			s := Service{Slug: slug, Name: string(slug), Tier: Tier(rng.IntN(4))}
			for range rng.IntN(3) {
				s.DependsOn = append(s.DependsOn, Slug(fmt.Sprintf("s%02d", rng.IntN(12))))
			}
			w.Services[slug] = s
		}
		some := func() []Slug {
			out := make([]Slug, 1+rng.IntN(3))
			for i := range out {
				out[i] = slugs[rng.IntN(len(slugs))]
			}
			slices.Sort(out)
			return slices.Compact(out)
		}
		at := func() Window {
			s := w.now.Add(time.Duration(rng.IntN(40)) * time.Hour)
			return NewWindow(s, s.Add(time.Duration(1+rng.IntN(6))*time.Hour))
		}
		c := &Change{Identity: Identity{ID: 500}, Material: Material{Type: Normal, Environment: Environments[rng.IntN(2)], Services: some(), Window: at()}, Cosmetic: Cosmetic{Implementer: everybody[rng.IntN(4)]}}
		var all []Neighbour
		for i := range 60 {
			all = append(all, Neighbour{ID: ChangeID(i + 1), State: Approved, Environment: Environments[rng.IntN(2)], Services: some(), Window: at(), Implementer: everybody[rng.IntN(8)]})
		}
		link := func(a, b Slug) bool {
			return slices.Contains(w.Services[a].DependsOn, b) || slices.Contains(w.Services[b].DependsOn, a)
		}
		down := func(a, b Slug) bool { return slices.Contains(w.Services[a].DependsOn, b) }
		linked := func(a, b Slug) bool {
			if a == b || link(a, b) {
				return true
			}
			return slices.ContainsFunc(slugs, func(m Slug) bool { return down(a, m) && down(m, b) || down(b, m) && down(m, a) })
		}
		var want, got []ChangeID
		for _, n := range all {
			hangs := n.Implementer == c.Implementer
			for _, a := range c.Services {
				hangs = hangs || slices.ContainsFunc(n.Services, func(b Slug) bool { return linked(a, b) })
			}
			if hangs && n.Environment == c.Environment && n.Window.Start.Before(c.Window.End) && c.Window.Start.Before(n.Window.End) {
				want = append(want, n.ID)
			}
		}
		for _, x := range Conflicts(c, w.near(ana, all...)) {
			got = append(got, x.With.ID)
		}
		slices.Sort(got)
		if !slices.Equal(want, got) {
			wrong++
			t.Errorf("seed %d: %v, want %v", seed, got, want)
		}
	}
	proof.Record(t, proof.Row{What: "random calendars whose conflicts differ from a brute-force comparison of every pair", Where: "pure", Tried: rounds, Bad: wrong, Seed: "0 to the number tried"})
}

func BenchmarkConflicts(b *testing.B) {
	w := newWorld().clone()
	for i := range 500 {
		slug := Slug(fmt.Sprintf("s%03d", i))
		w.Services[slug] = Service{Slug: slug, Name: string(slug), Tier: 2, DependsOn: []Slug{Slug(fmt.Sprintf("s%03d", (i*7+1)%500)), Slug(fmt.Sprintf("s%03d", (i*3+2)%500))}}
	}
	var all []Neighbour
	for i := range 5000 {
		n := w.other(ChangeID(i+1), Slug(fmt.Sprintf("s%03d", i%500)))
		all = append(all, n)
	}
	c := &Change{Identity: Identity{ID: 9000}, Material: Material{Type: Normal, Environment: Production, Services: []Slug{"s001", "s250"}, Window: NewWindow(w.now, w.now.Add(24*time.Hour))}}
	f := w.near(ana, all...)
	for b.Loop() {
		if len(Conflicts(c, f)) == 0 {
			b.Fatal("no conflicts")
		}
	}
}

// What the calendar refuses is said as well as any other refusal.
func init() {
	refusals["plan against another change"] = func(_ *testing.T, w *world) error {
		return (&Change{Identity: Identity{ID: 4, Requester: ana}}).Raise(w.input(), w.near(ana, w.other(9, "pay-api")))
	}
	refusals["approve against another change"] = func(t *testing.T, w *world) error {
		c := w.raised(t, nil)
		return c.Approve(c.Revision, w.near(ben, w.other(9, "pay-api")))
	}
	refusals["plan in a hard freeze"] = func(_ *testing.T, w *world) error {
		return (&Change{Identity: Identity{ID: 4, Requester: ana}}).Raise(w.input(), w.frozen(ana, Freeze{Kind: HardFreeze}))
	}
	refusals["plan outside a maintenance window"] = func(_ *testing.T, w *world) error {
		f := w.as(ana)
		f.Around.Openings = map[Slug][]Window{"pay-api": nil}
		return (&Change{Identity: Identity{ID: 4, Requester: ana}}).Raise(w.input(), f)
	}
}

// good is a freeze as a change manager declares it.
func (w *world) good() Freeze {
	return Freeze{Kind: HardFreeze, Name: "Quarter end", Owner: gus, When: When{Window: NewWindow(w.now.Add(time.Hour), w.now.Add(50*time.Hour))}}
}

func declare(w *world, u UserID, edit func(*Freeze)) error {
	in := w.good()
	edit(&in)
	_, err := (&Freeze{ID: 2}).Declare(in, 0, w.now, w.as(u))
	return err
}

func TestAFreezeIsDeclaredEditedAndLiftedByChangeManagers(t *testing.T) {
	w := newWorld()
	z := &Freeze{ID: 2}
	events, err := z.Declare(w.good(), 0, time.Time{}, w.as(kim))
	must(t, err)
	if len(events) != 1 || events[0].Kind != EventFreezeDeclared || z.Version != 1 || z.ID != 2 {
		t.Errorf("%+v, %+v", events, z)
	}
	edit := w.good()
	edit.Kind = SoftFreeze
	events, err = z.Declare(edit, 1, time.Time{}, w.as(oli)) // an admin
	must(t, err)
	if events[0].Kind != EventFreezeEdited || z.Kind != SoftFreeze || z.Version != 2 {
		t.Errorf("%+v, %+v", events, z)
	}
	_, err = z.Declare(w.good(), 1, time.Time{}, w.as(kim)) // who opened it before the admin saved
	wellSaid(t, refused(t, err))
	_, err = z.Lift(w.as(kim))
	must(t, err)
	_, err = z.Lift(w.as(kim))
	if r := refused(t, err); !r.Settled || !z.Over(w.now) {
		t.Errorf("%v, %+v", r, z)
	}
}

func init() {
	for name, edit := range map[string]func(*Freeze){
		"a freeze without a name": func(z *Freeze) { z.Name = " " }, "a freeze with a long name": func(z *Freeze) { z.Name = strings.Repeat("x", 200) },
		"a freeze with a long reason": func(z *Freeze) { z.Reason = strings.Repeat("x", 2000) }, "a freeze of no kind": func(z *Freeze) { z.Kind = "icy" },
		"a freeze that nobody owns": func(z *Freeze) { z.Owner = "" }, "a freeze of an unknown service": func(z *Freeze) { z.Services = []Slug{"nope"} },
		"a freeze without a length":           func(z *Freeze) { z.When = When{Cron: "0 0 * * 5", Zone: "UTC"} },
		"a freeze without a start":            func(z *Freeze) { z.When = When{} },
		"a freeze that ends before it begins": func(z *Freeze) { z.When.Window.End = z.When.Window.Start.Add(-time.Hour) },
		"a freeze that is over":               func(z *Freeze) { z.When.Window = NewWindow(monday.Add(-5*time.Hour), monday.Add(-time.Hour)) },
		"a freeze of a year":                  func(z *Freeze) { z.When.Window.End = z.When.Window.Start.AddDate(1, 0, 0) },
	} {
		refusals[name] = func(_ *testing.T, w *world) error { return declare(w, kim, edit) }
	}
	refusals["a freeze that never comes round"] = func(_ *testing.T, w *world) error {
		in := w.good()
		in.When = When{Cron: "0 0 30 2 *", Zone: "UTC", Length: time.Hour}
		_, err := (&Freeze{ID: 2}).Declare(in, 0, time.Time{}, w.as(kim))
		return err
	}
	refusals["a freeze by anybody"] = func(_ *testing.T, w *world) error { return declare(w, ben, func(*Freeze) {}) }
	refusals["a freeze by a guest"] = func(_ *testing.T, w *world) error { return declare(w, pat, func(*Freeze) {}) }
	refusals["a freeze that was edited meanwhile"] = func(_ *testing.T, w *world) error {
		_, err := (&Freeze{ID: 2, Version: 3}).Declare(w.good(), 2, time.Time{}, w.as(kim))
		return err
	}
	refusals["a freeze that was lifted"] = func(_ *testing.T, w *world) error {
		_, err := (&Freeze{ID: 2, Version: 3, LiftedAt: w.now}).Declare(w.good(), 3, time.Time{}, w.as(kim))
		return err
	}
	refusals["lift a lifted freeze"] = func(_ *testing.T, w *world) error {
		_, err := (&Freeze{ID: 2, LiftedAt: w.now}).Lift(w.as(kim))
		return err
	}
}

func TestARefusalSaysTimesOnTheClockOfWhoIsRefused(t *testing.T) {
	w := newWorld()
	c := w.approvedBy(t, w.raised(t, nil), ben, dee)
	w.now = c.Window.Start
	for zone, want := range map[string]string{
		"America/New_York": "2 Mar 06:00 to 4 Mar 06:00 New York time",
		"Europe/Berlin":    "2 Mar 12:00 to 4 Mar 12:00 Berlin time",
		"":                 "2 Mar 11:00 to 4 Mar 11:00 UTC",
	} {
		f := w.frozen(ana, Freeze{Kind: HardFreeze})
		f.Actor.Zone = zone
		want := "It falls into the hard freeze FRZ-2 (Quarter end), " + want + ". "
		if r := refused(t, c.Start(c.Revision, f)); !strings.Contains(r.Text, want) {
			t.Errorf("%s: %s", zone, r.Text)
		}
	}
}
