package files

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gatehousehq/gatehouse/models"
)

// Catalog is what a services file lists: services, the teams that look after
// them, and who holds which standing role.
type Catalog struct {
	Services []models.Service
	Teams    []models.Team
	Roles    map[models.Role][]models.UserID
}

// ReadCatalog reads a services file. The error, if any, is [Problems].
func ReadCatalog(source []byte) (Catalog, error) {
	c := Catalog{Roles: map[models.Role][]models.UserID{}}
	top, err := document(source)
	if err != nil {
		return c, err
	}
	r := &catalogReader{where: map[models.Slug]bool{}, at: map[models.Slug]*yaml.Node{}, teams: map[models.TeamID]bool{}}
	r.keys(top, map[string]func(*yaml.Node){
		"services": func(n *yaml.Node) {
			r.each(n, func(item *yaml.Node) { c.Services = append(c.Services, r.service(item)) })
		},
		"teams": func(n *yaml.Node) {
			r.each(n, func(item *yaml.Node) { c.Teams = append(c.Teams, r.team(item)) })
		},
		"roles": r.roles(c.Roles),
	})
	for _, check := range r.links {
		check() // now that everything is known, in whatever order it was written
	}
	if r.err() == nil {
		r.circles(c.Services)
	}
	return c, r.err()
}

// circles refuses dependencies that lead back to where they begin.
func (r *catalogReader) circles(list []models.Service) {
	services := map[models.Slug]models.Service{}
	for _, s := range list {
		services[s.Slug] = s
	}
	told := map[models.Slug]bool{}
	for _, s := range list {
		circle := models.Circle(services, s.Slug)
		if circle != nil && !told[s.Slug] {
			words := ""
			for _, slug := range circle {
				told[slug] = true
				words += " → " + string(slug)
			}
			r.fault(r.at[s.Slug], "these depend on each other in a circle: %s", strings.TrimPrefix(words, " → "))
		}
	}
}

// catalogReader reads a catalogue and remembers what is to be checked once
// all of it is known.
type catalogReader struct {
	reader
	where map[models.Slug]bool
	at    map[models.Slug]*yaml.Node
	teams map[models.TeamID]bool
	links []func()
}

var (
	slugForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
	userForm    = regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`)
	groupForm   = regexp.MustCompile(`^S[A-Z0-9]{2,}$`)
	channelForm = regexp.MustCompile(`^[CG][A-Z0-9]{2,}$`)
)

func (r *catalogReader) service(n *yaml.Node) models.Service {
	var s models.Service
	tier := 0
	seen := r.keys(n, map[string]func(*yaml.Node){
		"slug": func(n *yaml.Node) {
			shaped(&r.reader, &s.Slug, slugForm, slugWords)(n)
			if s.Slug != "" && r.where[s.Slug] {
				r.fault(n, "service %q is listed twice", s.Slug)
			}
			r.where[s.Slug], r.at[s.Slug] = true, n
		},
		"name":     r.text(&s.Name),
		"tier":     r.whole(&tier, 0, 3),
		"team":     func(n *yaml.Node) { shaped(&r.reader, &s.Team, slugForm, "a team's id")(n); r.belongs(n, &s) },
		"owner":    shaped(&r.reader, &s.Owner, userForm, userWords),
		"ops_lead": shaped(&r.reader, &s.OpsLead, userForm, userWords),
		"channel":  shaped(&r.reader, &s.Channel, channelForm, channelWords),
		"retired":  r.yes(&s.Retired),
		"environments": func(n *yaml.Node) {
			r.each(n, func(e *yaml.Node) {
				word, ok := r.scalar(e)
				if ok && !slices.Contains(models.Environments, models.Environment(word)) {
					r.fault(e, "%q: expected production, staging, test or development", word)
				}
				s.Environments = append(s.Environments, models.Environment(word))
			})
		},
		"depends_on": func(n *yaml.Node) {
			r.each(n, func(d *yaml.Node) {
				if slug, ok := r.scalar(d); ok {
					s.DependsOn = append(s.DependsOn, models.Slug(slug))
					r.depends(d, models.Slug(slug), &s.Slug)
				}
			})
		},
	})
	for _, what := range []string{"slug", "tier", "team", "owner"} {
		if n.Kind == yaml.MappingNode && !seen[what] {
			r.fault(n, "a service needs %s", what)
		}
	}
	if s.Tier = models.Tier(tier); s.Name == "" {
		s.Name = string(s.Slug)
	}
	return s
}

// belongs will check that a service's team is one of the file's.
func (r *catalogReader) belongs(n *yaml.Node, s *models.Service) {
	team := s.Team
	r.links = append(r.links, func() {
		if team != "" && !r.teams[team] {
			r.fault(n, "team %q is not listed under teams", team)
		}
	})
}

// depends will check that a service depends on others of the file only.
func (r *catalogReader) depends(n *yaml.Node, on models.Slug, by *models.Slug) {
	r.links = append(r.links, func() {
		switch {
		case !r.where[on]:
			r.fault(n, "%q is not a service of this file", on)
		case on == *by:
			r.fault(n, "%q can't depend on itself", on)
		}
	})
}

func (r *catalogReader) team(n *yaml.Node) models.Team {
	var t models.Team
	seen := r.keys(n, map[string]func(*yaml.Node){
		"id": func(n *yaml.Node) {
			shaped(&r.reader, &t.ID, slugForm, slugWords)(n)
			if t.ID != "" && r.teams[t.ID] {
				r.fault(n, "team %q is listed twice", t.ID)
			}
			r.teams[t.ID] = true
		},
		"name":    r.text(&t.Name),
		"group":   shaped(&r.reader, &t.Group, groupForm, groupWords),
		"members": r.people(&t.Members),
	})
	if t.Group != "" && seen["members"] {
		r.fault(n, "team %q is a Slack group, so Slack says who its members are: leave out members or group", t.ID)
	}
	if n.Kind == yaml.MappingNode && !seen["id"] {
		r.fault(n, "a team needs id")
	}
	if t.Name == "" {
		t.Name = string(t.ID)
	}
	return t
}

func (r *reader) roles(into map[models.Role][]models.UserID) func(*yaml.Node) {
	known := map[string]func(*yaml.Node){}
	for _, role := range models.StandingRoles {
		known[string(role)] = func(n *yaml.Node) {
			var people []models.UserID
			r.people(&people)(n)
			into[role] = people
		}
	}
	return func(n *yaml.Node) { r.keys(n, known) }
}

func (r *reader) people(into *[]models.UserID) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.each(n, func(item *yaml.Node) {
			var u models.UserID
			shaped(r, &u, userForm, userWords)(item)
			if u != "" && !slices.Contains(*into, u) {
				*into = append(*into, u)
			}
		})
	}
}

const userWords = "a Slack user id such as U0123"

// shaped reads a text of a given form.
func shaped[T ~string](r *reader, into *T, form *regexp.Regexp, expected string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n)
		switch {
		case !ok:
		case !form.MatchString(s):
			r.fault(n, "%q: expected %s", s, expected)
		default:
			*into = T(s)
		}
	}
}
