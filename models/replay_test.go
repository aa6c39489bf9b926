package models

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAReplaySaysWhatAnotherPolicyWouldHaveDone(t *testing.T) {
	w := newWorld()
	medium, low := w.raised(t, nil), w.raised(t, func(in *Input) { in.Services, in.Risk = []Slug{"docs"}, known(routine) })
	failed := w.in(t, Implemented) // medium, and it failed
	staging := w.raised(t, func(in *Input) { in.Environment, in.Services = Staging, []Slug{"pay-api"} })
	for i, c := range []*Change{medium, low, failed, staging} {
		c.ID = ChangeID(i + 1)
	}
	draft := testPolicy()
	draft.Rules = append([]Rule{}, draft.Rules[:7]...) // staging, test and development are left out
	draft.Rules[3].Require = nil                       // low risk in production needs nobody
	draft.Rules[4].Require = append([]Need{{Role: RoleCAB, Count: 2}}, draft.Rules[4].Require...)
	got := draft.Replay([]*Change{medium, low, failed, staging}, func(v int) (Policy, bool) { return testPolicy(), v == 1 }, w.as(""))
	want := Replay{Changes: 4, More: 2, Less: 1, Added: 4, Removed: 1,
		Rules:   []ReplayRule{{"production, medium risk", 2, 4, 0}, {"production, low risk", 1, 0, 1}},
		Refused: []ReplayChange{{4, staging.Title, "", "no rule covers it"}},
		Stopped: []ReplayChange{{3, failed.Title, Failed, "also needs 2 of CAB"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	same := testPolicy().Replay([]*Change{medium, low, failed, staging}, func(int) (Policy, bool) { return testPolicy(), true }, w.as(""))
	if same.Same != 4 || same.Added+same.Removed != 0 {
		t.Errorf("the same policy would have done something else: %+v", same)
	}
}
