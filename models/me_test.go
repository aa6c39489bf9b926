package models

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func init() {
	set := func(u UserID, in OwnInput) func(*testing.T, *world) error {
		return func(_ *testing.T, w *world) error { _, _, err := SetOwn(in, w.as(u)); return err }
	}
	maps.Copy(refusals, map[string]func(t *testing.T, w *world) error{
		"own settings of a bot":   set(robo, OwnInput{}),
		"own settings as before":  set(ana, OwnInput{}),
		"a zone that is none":     set(ana, OwnInput{Zone: "Mars/Olympus"}),
		"hours that end before":   set(ana, OwnInput{From: 18 * time.Hour, Until: 9 * time.Hour}),
		"a delegate without days": set(ana, OwnInput{Delegate: ben}),
		"no first day":            set(ana, OwnInput{AwayEnd: "2026-03-09"}),
		"no last day":             set(ana, OwnInput{AwayFrom: "2026-03-09"}),
		"the last day before":     set(ana, OwnInput{AwayFrom: "2026-03-09", AwayEnd: "2026-03-08"}),
		"days that are over":      set(ana, OwnInput{AwayFrom: "2026-02-02", AwayEnd: "2026-02-05"}),
		"years":                   set(ana, OwnInput{AwayFrom: "2026-03-09", AwayEnd: "2062-03-09"}),
		"oneself as delegate":     set(ana, OwnInput{AwayFrom: "2026-03-09", AwayEnd: "2026-03-10", Delegate: ana}),
		"a bot as delegate":       set(ana, OwnInput{AwayFrom: "2026-03-09", AwayEnd: "2026-03-10", Delegate: robo}),
	})
}

func TestAnAbsenceIsWholeDaysInThePersonsOwnZoneAlsoOverAClockChange(t *testing.T) {
	w := newWorld().clone()
	own, events, err := SetOwn(OwnInput{Zone: "Europe/Berlin", AwayFrom: "2026-03-27", AwayEnd: "2026-03-29", Delegate: ben}, w.as(ana))
	must(t, err)
	// Clocks go forward in the night to the 29th: the last day has 23 hours.
	want := Absence{From: time.Date(2026, 3, 26, 23, 0, 0, 0, time.UTC), Until: time.Date(2026, 3, 29, 22, 0, 0, 0, time.UTC), Delegate: ben}
	if diff := cmp.Diff(want, own.Away); diff != "" {
		t.Error(diff)
	}
	wantEvents := []Event{{Kind: EventOwnSaved, Actor: ana, At: w.now, Diff: []FieldDiff{
		{"Zone", "", "Europe/Berlin"}, {"Absence", "", "2026-03-27 to 2026-03-29"}, {"Delegate", "", "Ben"}}}}
	if diff := cmp.Diff(wantEvents, events); diff != "" {
		t.Error(diff)
	}
	if next := own.NextAway(w.now); !next.Equal(want.From) || !own.NextAway(want.From).Equal(want.Until) || !own.NextAway(want.Until).IsZero() {
		t.Errorf("begins or ends next at %s", next)
	}
	p := w.People[ana]
	p.Own = own
	w.People[ana] = p
	if diff := cmp.Diff(OwnInput{Zone: "Europe/Berlin", AwayFrom: "2026-03-27", AwayEnd: "2026-03-29", Delegate: ben}, OwnOf(p)); diff != "" {
		t.Errorf("the form shows something else than was filled in:\n%s", diff)
	}
	cleared, events, err := SetOwn(OwnInput{Zone: "Europe/Berlin"}, w.as(ana))
	must(t, err)
	if !cleared.Away.Until.IsZero() || len(events) != 1 {
		t.Errorf("%+v %v", cleared, events)
	}
}
