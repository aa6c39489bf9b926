package models

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func init() { maps.Copy(refusals, roleRefusals) }

// audits makes Ray an auditor, who is in the web team and owns Docs.
func (w *world) audits() *world {
	w.Roles[RoleAuditor] = []UserID{ray}
	p := w.People[ray]
	p.Auditor = true
	w.People[ray] = p
	docs := w.Services["docs"]
	docs.Owner = ray
	w.Services["docs"] = docs
	return w
}

func (w *world) role(by UserID, r Role, users ...UserID) error {
	_, _, err := SetRole(r, users, RoleSeen(w.Roles[r]), w.as(by))
	return err
}

func (w *world) setUp(by UserID, edit func(*Settings)) error {
	s := w.Settings
	edit(&s)
	_, _, err := SetUp(s, w.Settings.Seen(), w.as(by))
	return err
}

var roleRefusals = map[string]func(*testing.T, *world) error{
	"roles by a change manager": func(_ *testing.T, w *world) error { return w.role(kim, RoleCAB, ray) },
	"roles where nobody is admin": func(_ *testing.T, w *world) error {
		delete(w.Roles, RoleAdmin)
		return w.role(kim, RoleCAB, ray)
	},
	"roles by a guest": func(_ *testing.T, w *world) error { return w.role(pat, RoleCAB, ray) },
	"roles by an auditor": func(_ *testing.T, w *world) error {
		return w.audits().role(ray, RoleCAB, ray)
	},
	"a role that is none":       func(_ *testing.T, w *world) error { return w.role(oli, "emperor", ray) },
	"a role for a guest":        func(_ *testing.T, w *world) error { return w.role(oli, RoleCAB, pat) },
	"a role as it is":           func(_ *testing.T, w *world) error { return w.role(oli, RoleAdmin, oli) },
	"no admin any more":         func(_ *testing.T, w *world) error { return w.role(oli, RoleAdmin) },
	"an auditor with duties":    func(_ *testing.T, w *world) error { return w.role(oli, RoleAuditor, kim) },
	"a duty for an auditor":     func(_ *testing.T, w *world) error { return w.audits().role(oli, RoleCAB, ray) },
	"a role edited by somebody": func(_ *testing.T, w *world) error { _, _, err := SetRole(RoleCAB, nil, "x", w.as(oli)); return err },
	"a first admin where one is": func(_ *testing.T, w *world) error {
		_, _, err := FirstAdmin(true, w.as(ray))
		return err
	},
	"a first admin who is none in Slack": func(_ *testing.T, w *world) error {
		delete(w.Roles, RoleAdmin)
		_, _, err := FirstAdmin(false, w.as(ray))
		return err
	},
	"a guest as first admin": func(_ *testing.T, w *world) error {
		delete(w.Roles, RoleAdmin)
		_, _, err := FirstAdmin(true, w.as(pat))
		return err
	},
	"settings by anybody":   func(_ *testing.T, w *world) error { return w.setUp(kim, func(*Settings) {}) },
	"settings as they are":  func(_ *testing.T, w *world) error { return w.setUp(oli, func(*Settings) {}) },
	"settings saved by two": func(_ *testing.T, w *world) error { _, _, err := SetUp(w.Settings, "x", w.as(oli)); return err },
	"settings that can't be": func(_ *testing.T, w *world) error {
		return w.setUp(oli, func(s *Settings) {
			s.Hours = WorkingHours{From: 9 * time.Hour, To: 8 * time.Hour, Holidays: []string{"Christmas"}}
			s.Zone = "Mars/Olympus"
		})
	},
	"too many holidays": func(_ *testing.T, w *world) error {
		return w.setUp(oli, func(s *Settings) { s.Hours.Holidays = make([]string, mostHolidays+1) })
	},
}

func TestRolesAreGivenAndTakenByAdmins(t *testing.T) {
	w := newWorld()
	users, events, err := SetRole(RoleCAB, []UserID{ray, gus, ray}, RoleSeen(w.Roles[RoleCAB]), w.as(oli))
	must(t, err)
	want := []Event{{Kind: EventRoleSet, Actor: oli, At: w.now, Reason: "CAB", Diff: []FieldDiff{{"CAB", "Gus, Hal, Ida, Jon, Lea and Quin", "Gus and Ray"}}}}
	if diff := cmp.Diff(want, events); diff != "" || fmt.Sprint(users) != "[UGUS URAY]" {
		t.Errorf("%v %s", users, diff)
	}
	must(t, w.role(oli, RoleAdmin, oli, kim))
	must(t, w.role(oli, RoleAdmin, kim)) // another one stays
	if err := w.role(oli, RoleAdmin, quin); err == nil {
		t.Error("a closed account is the last admin")
	}
	w = w.clone()
	delete(w.Roles, RoleAdmin)
	users, events, err = FirstAdmin(true, w.as(ray))
	must(t, err)
	if fmt.Sprint(users) != "[URAY]" || kinds(events) != "role_set" {
		t.Errorf("%v %s", users, kinds(events))
	}
}

func TestAnAuditorSeesAndNeverActs(t *testing.T) {
	w := newWorld().clone().audits()
	if err := w.as(ray).MayAct(); err == nil {
		t.Fatal("an auditor may act")
	}
	for _, u := range everybody {
		if err := w.as(u).MayAct(); (err != nil) != (u == ray) {
			t.Errorf("%s: %v", u, err)
		}
	}
	c := w.raised(t, func(in *Input) { in.Services = []Slug{"docs"} }) // Ray owns it and is a peer
	if c.MayDecide(w.as(ray).Actor, w.as(ray)) || len(c.Unmeetable(w.as(ana))) == 0 {
		t.Error("an auditor's approval would count")
	}
	before := copyOf(c)
	said := refused(t, c.Approve(c.Revision, w.as(ray))).Text
	if !strings.Contains(said, "auditor") || difference(before, c) != "" {
		t.Errorf("approve: %s, %s", said, difference(before, c))
	}
	for _, ask := range c.Asked {
		if ask.User == ray {
			t.Error("an auditor is asked")
		}
	}
}

func TestTheWorkspaceIsSetUp(t *testing.T) {
	w := newWorld()
	in := Settings{ChangesChannel: "CNEW", Zone: "Asia/Tokyo", Hours: WorkingHours{From: 8 * time.Hour, To: 24 * time.Hour,
		Days: []time.Weekday{5, 1}, Holidays: []string{"2026-12-25", "2026-01-01", "2026-12-25"}}}
	s, events, err := SetUp(in, w.Settings.Seen(), w.as(oli))
	must(t, err)
	want := []FieldDiff{{"Changes channel", "CCHANGES", "CNEW"}, {"Working hours", "09:00 to 18:00", "08:00 to 00:00"},
		{"Working days", "Monday, Tuesday, Wednesday, Thursday and Friday", "Monday and Friday"}, {"Holidays", "", "2026-01-01, 2026-12-25"}, {"Zone", "", "Asia/Tokyo"}}
	if diff := cmp.Diff(want, events[0].Diff); diff != "" || len(s.Hours.Holidays) != 2 {
		t.Errorf("%+v %s", s, diff)
	}
}
