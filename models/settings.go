package models

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Settings are what a workspace decides for itself.
type Settings struct {
	ChangesChannel ChannelID // where every change's card stands; "" = nowhere
	Hours          WorkingHours
	Zone           string // of those whose zone Slack does not say; "" = UTC
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

	// Checklists are the newest versions of the checklist templates, by name.
	// The built-in one is DefaultChecklistName's.
	Checklists map[Slug]*ChecklistTemplate

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
	return Person{ID: u, Zone: d.Settings.Zone, Auditor: d.Holds(u, RoleAuditor)}
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

// recorded is a person in the audit log: by name, or by id while Slack was not
// asked yet, because what is written there stays.
func (d *Directory) recorded(u UserID) string {
	if name := d.People[u].Name; name != "" {
		return name
	}
	return string(u)
}

// RecordSettings is the kind of a workspace's settings; there is one.
const RecordSettings RecordKind = "settings"

// EventSettingsSaved: an admin set how the workspace works.
const EventSettingsSaved EventKind = "settings_saved"

// The fields of the settings that a person fills in, beside those of their own.
const (
	FieldWorkdays Field = "workdays"
	FieldHolidays Field = "holidays"
)

// Seen tells these settings from others: what a form saw.
func (s Settings) Seen() string {
	b, err := json.Marshal(s)
	if err != nil { // texts, numbers and lists always marshal
		panic("marshal settings: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}

// mostHolidays is more than anybody has in a few years.
const mostHolidays = 400

// SetUp keeps what an admin filled in, who saw the settings as seen.
func SetUp(in Settings, seen string, f Facts) (Settings, []Event, error) {
	if err := f.MaySetUp("set Gatehouse up"); err != nil {
		return in, nil, err
	}
	was := f.Settings
	if was.Seen() != seen {
		return in, nil, Refusef("Somebody else saved the settings after you opened them, so nothing was saved. Close the form and open it again.")
	}
	errs := fieldErrors{}
	if in.Hours.To <= in.Hours.From || in.Hours.From < 0 || in.Hours.To > 24*time.Hour {
		errs.add(FieldHoursUntil, "The end of work has to be after its beginning.")
	}
	if len(in.Hours.Days) == 0 {
		errs.add(FieldWorkdays, "Choose at least one working day, or nobody would ever be asked.")
	}
	if _, err := time.LoadLocation(in.Zone); err != nil || in.Zone == "Local" {
		errs.add(FieldZone, "There is no zone %q. Write it like Europe/Berlin.", in.Zone)
	}
	if len(in.Hours.Holidays) > mostHolidays {
		errs.add(FieldHolidays, "At most %d holidays fit. Leave out those that are over.", mostHolidays)
	}
	for _, h := range in.Hours.Holidays {
		if _, err := time.Parse(time.DateOnly, h); err != nil {
			errs.add(FieldHolidays, "“%s” is no date. Write one a line, such as 2026-12-25.", clipRunes(h, 40))
		}
	}
	if err := errs.err("Nothing is saved yet: some answers need another look."); err != nil {
		return in, nil, err
	}
	slices.Sort(in.Hours.Days)
	slices.Sort(in.Hours.Holidays)
	in.Hours.Holidays = slices.Compact(in.Hours.Holidays)
	diff := was.diff(in)
	if len(diff) == 0 {
		return in, nil, Settledf("Nothing is different, so nothing was changed.")
	}
	return in, []Event{{Kind: EventSettingsSaved, Actor: f.Actor.ID, At: f.Now, Diff: diff}}, nil
}

func (s Settings) diff(next Settings) []FieldDiff {
	words := func(s Settings) []string {
		clock := func(d time.Duration) string { return time.Time{}.Add(d).Format("15:04") }
		var days []string
		for _, d := range s.Hours.Days {
			days = append(days, d.String())
		}
		return []string{string(s.ChangesChannel), clock(s.Hours.From) + " to " + clock(s.Hours.To), list(days, ""), strings.Join(s.Hours.Holidays, ", "), s.Zone}
	}
	var out []FieldDiff
	before, after := words(s), words(next)
	for i, label := range []string{"Changes channel", "Working hours", "Working days", "Holidays", "Zone"} {
		if before[i] != after[i] {
			out = append(out, FieldDiff{label, before[i], after[i]})
		}
	}
	return out
}
