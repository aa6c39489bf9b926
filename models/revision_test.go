package models

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models/proof"
)

// leaves are all fields of Material with their paths, whatever is added.
func leaves(v reflect.Value, path string) map[string]reflect.Value {
	out := map[string]reflect.Value{}
	for i := range v.NumField() {
		name := strings.TrimPrefix(path+"."+v.Type().Field(i).Name, ".")
		if field := v.Field(i); field.Kind() == reflect.Struct && field.Type() != reflect.TypeFor[time.Time]() {
			for k, f := range leaves(field, name) {
				out[k] = f
			}
		} else {
			out[name] = field
		}
	}
	return out
}

// touch gives a field another value of its kind.
func touch(t *testing.T, v reflect.Value) {
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = x.Add(time.Minute)
		return
	case *[]Slug:
		*x = []Slug{"wallet"}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	default:
		t.Fatalf("the test can't touch a %s: teach it how", v.Type())
	}
}

func TestEveryMaterialFieldMakesANewRevisionAndShowsInTheDifference(t *testing.T) {
	w := newWorld()
	fields := 0
	for name := range leaves(reflect.ValueOf(&w.raised(t, nil).Material).Elem(), "") {
		before, after := w.raised(t, nil), w.raised(t, nil)
		touch(t, leaves(reflect.ValueOf(&after.Material).Elem(), "")[name])
		if before.revision() == after.revision() {
			t.Errorf("%s is not part of the revision", name)
		}
		if diff := DiffFields(before, after, w.as(ana)); len(diff) != 1 || diff[0].Before == diff[0].After {
			t.Errorf("%s: the difference shown is %v", name, diff)
		}
		fields++
	}
	t.Logf("%d material fields", fields)
}

// editsOf are the ways to alter each material field by the form, and by the
// field itself where no form can.
func editsOf(t *testing.T) map[string]func(c *Change, in *Input) {
	edits := map[string]func(c *Change, in *Input){
		"Type":                func(_ *Change, in *Input) { in.Type, in.IncidentRef = Emergency, "INC-482" },
		"Environment":         func(_ *Change, in *Input) { in.Environment = Staging },
		"Services":            func(_ *Change, in *Input) { in.Services = []Slug{"pay-api", "wallet"} },
		"Window.Start":        func(_ *Change, in *Input) { in.Start = in.Start.Add(time.Minute) },
		"Window.End":          func(_ *Change, in *Input) { in.End = in.End.Add(time.Second) },
		"Plan":                func(_ *Change, in *Input) { in.Plan += " Then wait." },
		"Check":               func(_ *Change, in *Input) { in.Check += " No errors." },
		"Rollback":            func(_ *Change, in *Input) { in.Rollback += " Call Dee." },
		"IncidentRef":         func(_ *Change, in *Input) { in.IncidentRef = "INC-7" },
		"Release":             func(_ *Change, in *Input) { in.Release = 1 },
		"WhyNow":              func(_ *Change, in *Input) { in.WhyNow = "The key expires tonight." },
		"Risk.Users":          func(_ *Change, in *Input) { in.Risk.Users = ReachMany },
		"Risk.Rehearsed":      func(_ *Change, in *Input) { in.Risk.Rehearsed = No },
		"Risk.RollbackTested": func(_ *Change, in *Input) { in.Risk.RollbackTested = No },
		"Risk.Reversible":     func(_ *Change, in *Input) { in.Risk.Reversible = No },
		"Risk.DoneBefore":     func(_ *Change, in *Input) { in.Risk.DoneBefore = TimesOften },
		"Risk.Peak":           func(_ *Change, in *Input) { in.Risk.Peak = Yes },
		"Risk.Parties":        func(_ *Change, in *Input) { in.Risk.Parties = Yes },
	}
	for name := range leaves(reflect.ValueOf(&Material{}).Elem(), "") {
		if edits[name] == nil {
			edits[name] = func(c *Change, in *Input) {
				touch(t, leaves(reflect.ValueOf(&c.Material).Elem(), "")[name])
				in.Title += "!" // so that there is something to save
			}
		}
	}
	// A template belongs to a standard change, which it approves (template_test.go).
	delete(edits, "Template.Name")
	delete(edits, "Template.Version")
	return edits
}

func TestEveryMaterialEditInEveryStateVoidsEveryApproval(t *testing.T) {
	tried, lost := 0, 0
	for name, edit := range editsOf(t) {
		for _, s := range []State{AwaitingApproval, ChangesRequested, Approved} {
			for _, editor := range []UserID{ana, kim} {
				w := newWorld()
				c := w.in(t, s)
				given, revision := len(c.Counting()), c.Revision
				if given == 0 {
					t.Fatalf("%s: nothing to void", s)
				}
				c.Events()
				in := InputOf(c)
				edit(c, &in)
				must(t, c.Edit(in, w.as(editor)))
				tried, lost = tried+given, lost+voided(c)
				if len(c.Counting()) != 0 || c.Revision == revision || c.State == ChangesRequested {
					t.Errorf("%s when %s: %d approvals count, state %s", name, s, len(c.Counting()), c.State)
				}
				if refusal := refused(t, c.Start(revision, w.later(90*time.Minute).as(ana))); c.State != Approved && refusal == nil {
					t.Errorf("%s when %s: it started", name, s)
				}
				if c.State == AwaitingApproval {
					refused(t, c.Approve(revision, w.as(cai))) // what was read is gone
				}
			}
		}
	}
	proof.Record(t, proof.Row{What: "every material field edited in every state in which something was approved: approvals that outlived it", Where: "pure",
		Tried: tried, Bad: tried - lost})
}

func TestATitleOrBackgroundEditResetsNothing(t *testing.T) {
	for _, s := range []State{AwaitingApproval, Approved} {
		for _, edit := range []func(*Input){
			func(in *Input) { in.Title = "Rotate the signing keys" },
			func(in *Input) { in.Background = "See the audit." },
			func(in *Input) { in.Title, in.Background = "R", "" },
		} {
			w := newWorld()
			c := w.in(t, s)
			asked, given := len(c.Asked), len(c.Counting())
			must(t, w.editing(c, ana, edit))
			if c.State != s || len(c.Counting()) != given || voided(c) > 0 || len(c.Asked) != asked {
				t.Errorf("%s: state %s, %d of %d approvals count, %d asks more", s, c.State, len(c.Counting()), given, len(c.Asked)-asked)
			}
		}
	}
}

func TestANewImplementerOrLastEditorLosesOnlyTheirOwnApproval(t *testing.T) {
	w := newWorld()
	in := func(s *Input) {
		s.Environment, s.Services = Production, []Slug{"pay-api"}
		s.Risk = known(firstTime)
	} // 3 × 3: high
	c := w.approvedBy(t, w.raised(t, in), ben, dee, gus, lea)
	if c.State != Approved {
		t.Fatalf("want approved, got %s: %s", c.State, c.Standing().Missing())
	}
	c.Events()
	must(t, w.editing(c, ana, func(in *Input) { in.Implementer = ben }))
	if given := c.Standing().Given(w.as(ana)); given != "Dee, Gus and Lea" || c.State != AwaitingApproval {
		t.Errorf("after Ben became implementer the change is %s, approved by %s", c.State, given)
	}
	events := c.Events()
	if got := kinds(events); got != "edited reopened" {
		t.Errorf("events: %s", got)
	}
	if diff := cmp.Diff([]UserID{cai}, events[1].Asked); diff != "" {
		t.Errorf("another peer is asked in Ben's place:\n%s", diff)
	}
	must(t, w.editing(c, lea, func(in *Input) { in.Title = "Rotate the key" })) // a change manager, who sits on the board too
	if given := c.Standing().Given(w.as(ana)); given != "Dee and Gus" {
		t.Errorf("after Lea edited it, it is approved by %s", given)
	}
	must(t, w.editing(c, ana, func(in *Input) { in.Implementer = ana }))
	if got := c.Standing().Given(w.as(ana)); got != "Dee and Gus" {
		t.Errorf("approvals came back to life: %s", got)
	}
	w.approvedBy(t, c, ben) // may again, and has to say so again
}

func TestGoingThereAndBackAgainRevivesNoApproval(t *testing.T) {
	w := newWorld()
	c := w.approvedBy(t, w.raised(t, nil), ben, dee)
	first := c.Revision
	must(t, w.editing(c, ana, func(in *Input) { in.Plan = "Something else." }))
	must(t, w.editing(c, ana, func(in *Input) { in.Plan = w.input().Plan }))
	if c.Revision != first || c.State != AwaitingApproval || len(c.Counting()) != 0 {
		t.Fatalf("revision %s, %s, %d approvals count", c.Revision.Short(), c.State, len(c.Counting()))
	}
	w.approvedBy(t, c, ben, dee) // the same content can be approved again
	if c.State != Approved {
		t.Errorf("%s", c.State)
	}
}

func TestTheRevisionOutlivesTheDatabaseAndTheNextField(t *testing.T) {
	c := newWorld().raised(t, nil)
	b, err := json.Marshal(c.Material)
	must(t, err)
	var back Material
	must(t, json.Unmarshal(b, &back))
	back.Window.Start, back.Window.End = back.Window.Start.In(time.FixedZone("", 7200)), back.Window.End.Local()
	if back.revision() != c.Revision {
		t.Error("kept and read again, the content has another revision")
	}
	var check func(reflect.Type)
	check = func(typ reflect.Type) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			if !strings.Contains(f.Tag.Get("json"), ",omitzero") {
				t.Errorf("%s.%s needs omitzero, or adding it would void every approval in the world", typ.Name(), f.Name)
			}
			if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[Window]() {
				check(f.Type)
			}
		}
	}
	check(reflect.TypeFor[Material]())
}

func TestTextsThatLookTheSameAreTheSameRevision(t *testing.T) {
	w := newWorld()
	c := w.raised(t, nil)
	err := w.editing(c, ana, func(in *Input) {
		in.Plan = "\r\n " + in.Plan + "\x00 \n"
		in.Services = []Slug{"pay-api", "pay-api"}
		in.Start = in.Start.Add(300 * time.Millisecond).In(time.FixedZone("", -3600))
	})
	if r := refused(t, err); !r.Settled {
		t.Errorf("want nothing to have changed, got %v", err)
	}
}

func TestADifferenceIsTold(t *testing.T) {
	w := newWorld().clone()
	w.People[cai] = Person{ID: cai, Name: "Ana"} // two people of one name
	c := w.raised(t, nil)
	must(t, w.editing(c, ana, func(in *Input) { in.Implementer = cai }))
	events := c.Events()
	if last := events[len(events)-1]; c.Implementer != cai || fmt.Sprint(last.Diff) != "[{Implementer Ana Ana}]" {
		t.Errorf("implementer %s, difference %v", c.Implementer, last.Diff)
	}
	must(t, w.editing(c, ana, func(in *Input) { in.End = in.End.Add(time.Hour); in.Risk.DoneBefore = TimesCounted }))
	events = c.Events()
	want := []FieldDiff{
		{"Window", "2026-03-02 11:00 to 2026-03-02 13:00 UTC", "2026-03-02 11:00 to 2026-03-02 14:00 UTC"},
		{"Done before", "one to four times", ""},
	}
	if diff := cmp.Diff(want, events[0].Diff); diff != "" {
		t.Error(diff)
	}
}
