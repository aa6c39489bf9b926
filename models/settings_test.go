package models

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRetiredServicesAreNotOffered(t *testing.T) {
	var got []Slug
	for _, s := range newWorld().ActiveServices() {
		got = append(got, s.Slug)
	}
	if diff := cmp.Diff([]Slug{"docs", "ledger", "orphan", "pay-api", "wallet", "web"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPeopleAreNamedInWords(t *testing.T) {
	w := newWorld().clone()
	w.People["UNAMELESS"] = Person{ID: "UNAMELESS"}
	for u, want := range map[UserID]string{ana: "Ana", "": "Gatehouse", sol: "an unknown person", "UNAMELESS": "an unknown person"} {
		if got := w.Name(u); got != want {
			t.Errorf("%q is called %q", u, got)
		}
	}
	if !w.Holds(kim, RoleChangeManager) || w.Holds(ana, RoleChangeManager) || w.Holds(kim, "nothing") {
		t.Error("roles")
	}
}

func TestARefusalIsKnownThroughWrapping(t *testing.T) {
	err := fmt.Errorf("save: %w", &Refusal{Text: "No.", Fields: map[Field]string{FieldTitle: "Shorter.", FieldPlan: "Longer."}})
	if r, ok := AsRefusal(err); !ok || r.Error() != "No. plan: Longer. title: Shorter." {
		t.Errorf("%v, %v", r, ok)
	}
	if _, ok := AsRefusal(errors.New("disk full")); ok {
		t.Error("an operator's error is no refusal")
	}
	if _, ok := AsRefusal(nil); ok {
		t.Error("nothing is no refusal")
	}
}

func TestSavingSaysBeforehandWhatItResets(t *testing.T) {
	w := newWorld()
	c := w.raised(t, nil)
	for want, u := range []UserID{ben, dee} {
		if got := c.WouldVoid(); got != want {
			t.Errorf("%d would be reset, want %d", got, want)
		}
		w.approvedBy(t, c, u)
	}
	if got := c.WouldVoid(); got != 2 {
		t.Errorf("%d would be reset, want 2", got)
	}
	must(t, w.editing(c, ana, func(in *Input) { in.Plan = "Another." }))
	if got := c.WouldVoid(); got != 0 {
		t.Errorf("%d would be reset again", got)
	}
}

func TestReasonsEndAsSentences(t *testing.T) {
	for reason, want := range map[string]string{"": "", "No": "No.", "No.": "No.", "No!": "No!", "不行。": "不行。", "لا؟": "لا؟", "wait…": "wait…", "(no)": "(no)."} {
		if got := stop(reason); got != want {
			t.Errorf("%q ends as %q", reason, got)
		}
	}
}

func TestWhatIsOpenStillPlansSomething(t *testing.T) {
	for _, s := range States {
		if s.Open() != (!s.Final() && s != Implemented) || s.Editable() && !s.Open() {
			t.Errorf("%s: open %v", s, s.Open())
		}
	}
}
