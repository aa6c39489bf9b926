package models

import (
	"maps"
	"slices"
)

// Settings are what a workspace decides for itself.
type Settings struct {
	ChangesChannel ChannelID // where every change's card stands; "" = nowhere
	Hours          WorkingHours
}

// Directory is everything slow-moving that rules ask about a workspace:
// services, teams, roles, people, the policy in force and the settings. The
// store gives the one that is current in the deciding transaction. It is
// shared between readers and must not be modified.
type Directory struct {
	Version  int64
	Services map[Slug]Service
	Teams    map[TeamID]Team
	Roles    map[Role][]UserID
	People   map[UserID]Person
	Policy   Policy
	Freezes  []Freeze            // by id, lifted ones left out
	Windows  []MaintenanceWindow // by service
	Settings Settings

	Templates map[Slug]Template

	// PolicyTrouble is why the last policy file was refused; "" when it was not.
	PolicyTrouble string
}

// Holds reports whether the person holds a standing role.
func (d *Directory) Holds(u UserID, r Role) bool { return slices.Contains(d.Roles[r], u) }

// Person is what is known of somebody. Nothing is known against a person whom
// Slack was not asked about yet: they can be asked for an approval, and their
// click is judged on what Slack says then.
func (d *Directory) Person(u UserID) Person {
	if p, known := d.People[u]; known {
		return p
	}
	return Person{ID: u}
}

// ActiveServices lists the services that can be chosen, by slug.
func (d *Directory) ActiveServices() []Service {
	var out []Service
	for _, slug := range slices.Sorted(maps.Keys(d.Services)) {
		if s := d.Services[slug]; !s.Retired {
			out = append(out, s)
		}
	}
	return out
}

// teamName is how a team is called in plain words; the id when unknown.
func (d *Directory) teamName(id TeamID) string {
	if name := d.Teams[id].Name; name != "" {
		return name
	}
	return string(id)
}

// Name is how a person is called in plain words, never by an id. Whoever was
// not looked up in Slack yet is an unknown person for a moment.
func (d *Directory) Name(u UserID) string {
	switch name := d.People[u].Name; {
	case u == "":
		return "Gatehouse"
	case name != "":
		return name
	}
	return "an unknown person"
}
