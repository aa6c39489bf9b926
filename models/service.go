package models

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Environment is where a change takes effect.
type Environment string

// The environments, in the order in which they are offered.
const (
	Production  Environment = "production"
	Staging     Environment = "staging"
	Test        Environment = "test"
	Development Environment = "development"
)

// Environments lists all of them, production first.
var Environments = []Environment{Production, Staging, Test, Development}

// Tier is how critical a service is: 0 (most) to 3 (least).
type Tier int

// Service is a configuration item (CI): something that changes are recorded against.
type Service struct {
	Slug      Slug
	Name      string
	Tier      Tier
	Team      TeamID
	Owner     UserID
	OpsLead   UserID
	Channel   ChannelID // "" = no channel of its own
	DependsOn []Slug
	Retired   bool // kept for its history; can't be chosen any more
	// Environments are those that it runs in; empty means all of them.
	Environments []Environment
	ID           int64 // what events point at
	Version      int   // raised by every edit: two people's edits can't undo each other
}

// Team is a group of people who look after services: named in Gatehouse, or
// one Slack user group, whose members are Slack's.
type Team struct {
	ID      TeamID
	Name    string
	Members []UserID
	// Group is the Slack user group ("S0123") that the team is; "" = none.
	Group string
	// CheckedAt is when Slack last said who belongs to the group.
	CheckedAt time.Time
	Version   int // raised by every edit in Gatehouse
}

// Stale reports whether what Slack said of the team's members is too old to
// decide an approval.
func (t Team) Stale(now time.Time) bool {
	return t.Group != "" && outdated(t.CheckedAt, now)
}

// RunsIn reports whether the service runs in the environment.
func (s Service) RunsIn(e Environment) bool { return oneOf(s.Environments, e) }

// RecordService is the kind of a service; its id is Service.ID.
const RecordService RecordKind = "service"

// Ref is how events point at the service.
func (s Service) Ref() RecordRef { return RecordRef{RecordService, s.ID} }

// Circle is a way from the service along its dependencies back to itself, from
// and to the same one; nil when there is none.
func Circle(services map[Slug]Service, from Slug) []Slug {
	cameFrom, todo := map[Slug]Slug{}, []Slug{from}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, next := range services[s].DependsOn {
			if next == from {
				way := []Slug{from}
				for ; s != from; s = cameFrom[s] {
					way = append(way, s)
				}
				way = append(way, from)
				slices.Reverse(way)
				return way
			}
			if _, seen := cameFrom[next]; !seen {
				cameFrom[next] = s
				todo = append(todo, next)
			}
		}
	}
	return nil
}

// mayCircle are the services that are in a circle, or depend on one that is:
// those left over when services that depend on none of the rest are taken away
// until nothing more goes.
func mayCircle(services map[Slug]Service) map[Slug]bool {
	left, waits := map[Slug]int{}, map[Slug][]Slug{}
	var free []Slug
	for slug, s := range services {
		for _, on := range s.DependsOn {
			if _, known := services[on]; known {
				left[slug]++
				waits[on] = append(waits[on], slug)
			}
		}
		if left[slug] == 0 {
			free = append(free, slug)
		}
	}
	for len(free) > 0 {
		slug := free[len(free)-1]
		free = free[:len(free)-1]
		for _, by := range waits[slug] {
			if left[by]--; left[by] == 0 {
				free = append(free, by)
			}
		}
	}
	out := map[Slug]bool{}
	for slug, n := range left {
		if n > 0 {
			out[slug] = true
		}
	}
	return out
}

// circleWords spells a circle out.
func circleWords(circle []Slug) string {
	words := make([]string, len(circle))
	for i, s := range circle {
		words[i] = string(s)
	}
	return strings.Join(words, " → ")
}

// Dependents are the services in use that depend on this one, by slug.
func (d *Directory) Dependents(slug Slug) []Slug {
	var out []Slug
	for _, s := range d.ActiveServices() {
		if slices.Contains(s.DependsOn, slug) {
			out = append(out, s.Slug)
		}
	}
	return out
}

// FindServices lists the services that somebody's words name: the one with
// this slug, else those with the words in their slug or name. No words name all.
func (d *Directory) FindServices(words string) []Service {
	words = strings.ToLower(strings.TrimSpace(words))
	if s, exact := d.Services[Slug(words)]; exact {
		return []Service{s}
	}
	var out, retired []Service
	for _, slug := range slices.Sorted(maps.Keys(d.Services)) {
		s := d.Services[slug]
		switch {
		case !strings.Contains(string(s.Slug), words) && !strings.Contains(strings.ToLower(s.Name), words):
		case s.Retired:
			retired = append(retired, s)
		default:
			out = append(out, s)
		}
	}
	return append(out, retired...)
}
