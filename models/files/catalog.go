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
	r := &reader{}
	where := map[models.Slug]*yaml.Node{}
	r.keys(top, map[string]func(*yaml.Node){
		"services": func(n *yaml.Node) {
			r.each(n, func(item *yaml.Node) {
				s := r.service(item)
				if where[s.Slug] != nil {
					r.fault(item, "service %q is listed twice", s.Slug)
				}
				where[s.Slug] = item
				c.Services = append(c.Services, s)
			})
		},
		"teams": func(n *yaml.Node) { r.each(n, func(item *yaml.Node) { c.Teams = append(c.Teams, r.team(item)) }) },
		"roles": r.roles(c.Roles),
	})
	r.links(c, where)
	return c, r.err()
}

var (
	slugForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
	userForm    = regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`)
	channelForm = regexp.MustCompile(`^[CG][A-Z0-9]{2,}$`)
)

func (r *reader) service(n *yaml.Node) models.Service {
	var s models.Service
	tier := -1
	r.keys(n, map[string]func(*yaml.Node){
		"slug":     shaped(r, &s.Slug, slugForm, "lower-case letters, digits, dots and dashes"),
		"name":     r.text(&s.Name),
		"tier":     r.whole(&tier, 0, 3),
		"team":     shaped(r, &s.Team, slugForm, "a team's id"),
		"owner":    shaped(r, &s.Owner, userForm, "a Slack user id such as U0123"),
		"ops_lead": shaped(r, &s.OpsLead, userForm, "a Slack user id such as U0123"),
		"channel":  shaped(r, &s.Channel, channelForm, "a Slack channel id such as C0123"),
		"retired":  func(n *yaml.Node) { s.Retired = n.Value == "true" },
		"depends_on": func(n *yaml.Node) {
			r.each(n, func(d *yaml.Node) { s.DependsOn = append(s.DependsOn, models.Slug(d.Value)) })
		},
	})
	for what, missing := range map[string]bool{"slug": s.Slug == "", "tier": tier < 0, "team": s.Team == "", "owner": s.Owner == ""} {
		if missing {
			r.fault(n, "a service needs %s", what)
		}
	}
	if s.Tier = models.Tier(tier); s.Name == "" {
		s.Name = string(s.Slug)
	}
	return s
}

func (r *reader) team(n *yaml.Node) models.Team {
	var t models.Team
	r.keys(n, map[string]func(*yaml.Node){
		"id":      shaped(r, &t.ID, slugForm, "lower-case letters, digits, dots and dashes"),
		"name":    r.text(&t.Name),
		"members": r.people(&t.Members),
	})
	if t.ID == "" {
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
			shaped(r, &u, userForm, "a Slack user id such as U0123")(item)
			if u != "" && !slices.Contains(*into, u) {
				*into = append(*into, u)
			}
		})
	}
}

// shaped reads a text of a given form.
func shaped[T ~string](r *reader, into *T, form *regexp.Regexp, expected string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if !form.MatchString(n.Value) {
			r.fault(n, "%q: expected %s", n.Value, expected)
			return
		}
		*into = T(strings.TrimSpace(n.Value))
	}
}

// links checks what services say of each other and of their teams.
func (r *reader) links(c Catalog, where map[models.Slug]*yaml.Node) {
	teams := map[models.TeamID]bool{}
	for _, t := range c.Teams {
		teams[t.ID] = true
	}
	for _, s := range c.Services {
		n := where[s.Slug]
		if s.Team != "" && !teams[s.Team] {
			r.fault(n, "%s belongs to team %q, which is not listed under teams", s.Slug, s.Team)
		}
		for _, d := range s.DependsOn {
			if where[d] == nil || d == s.Slug {
				r.fault(n, "%s depends on %q, which is not another service of this file", s.Slug, d)
			}
		}
	}
}
