package view

import (
	"fmt"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// settings are what admins decide for the workspace: roles, and what it goes by.
func (g *gallery) settings(k cast) {
	d := *k.dir
	d.Roles = map[models.Role][]models.UserID{models.RoleAdmin: {mia}, models.RoleChangeManager: {mia, paul}, models.RoleCAB: {paul, mia, cara}, models.RoleAuditor: {gus}}
	for range 120 {
		d.Roles[models.RoleCAB] = append(d.Roles[models.RoleCAB], cara)
	}
	d.Policy.Additions = []models.Rule{{Name: "more", Require: []models.Need{{Role: models.RoleECAB, Count: 1}}}}
	d.Settings.Zone = "Europe/Berlin"
	for n := range 20 {
		d.Settings.Hours.Holidays = append(d.Settings.Hours.Holidays, fmt.Sprintf("2026-12-%02d", n+1))
	}
	k.dir = &d
	admin, engineer := k.facts(mia, opening), k.facts(ana, opening)
	g.add(Roles("", engineer), k.name, "roles", "engineer")
	g.add(Roles("Saved. "+k.note, admin), k.name, "roles", "admin")
	for _, r := range models.StandingRoles {
		g.add(RoleForm(r, admin, ""), k.name, "form", "role", string(r))
	}
	g.add(SetupForm(false, admin, ""), k.name, "form", "setup")
	g.add(SetupOutcome(admin), k.name, "outcome", "setup")
	d.Settings = models.Settings{Hours: models.WorkingHours{To: 24 * time.Hour}}
	g.add(SetupForm(true, admin, "https://hooks.slack.example/commands/T0/1/abc"), k.name, "form", "setup", "first")
	g.add(SetupOutcome(admin), k.name, "outcome", "setup", "bare")
}
