package files

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gatehousehq/gatehouse/models"
)

// DefaultPolicy is the source of the policy that serves until a workspace
// brings its own.
//
//go:embed policy.yaml
var DefaultPolicy []byte

// Policy reads an approval policy. The error, if any, is [Problems].
func Policy(source []byte) (models.Policy, error) {
	var p models.Policy
	top, err := document(source)
	if err != nil {
		return p, err
	}
	p.Notice = models.DefaultNotice()
	r := &reader{}
	seen := r.keys(top, map[string]func(*yaml.Node){
		"version": r.whole(&p.Version, 1, 1_000_000_000),
		"name":    r.text(&p.Name),
		"rules": func(n *yaml.Node) {
			if r.rules(&p.Rules)(n); n.Kind == yaml.SequenceNode && len(p.Rules) == 0 {
				r.fault(n, "rules is empty: nothing could ever be submitted")
			}
		},
		"additions":  r.rules(&p.Additions),
		"notice":     r.notice(p.Notice),
		"small_team": r.yes(&p.SmallTeam),
	})
	if !seen["version"] {
		r.fault(top, "version is missing: a whole number that grows with every edit")
	}
	if !seen["rules"] {
		r.fault(top, "rules is missing: nothing could ever be submitted")
	}
	if r.err() == nil { // a rule that could not be read covers nothing, so only whole files have gaps
		r.gaps(top, p)
	}
	return p, r.err()
}

// gaps refuses a policy by which some changes could never be submitted, at the
// line where its rules begin.
func (r *reader) gaps(top *yaml.Node, p models.Policy) {
	at := top
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == "rules" {
			at = top.Content[i]
		}
	}
	for _, hole := range p.Gaps() {
		r.fault(at, "no rule covers %s; nobody could submit these", hole)
	}
}

func (r *reader) rules(into *[]models.Rule) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.each(n, func(item *yaml.Node) {
			var rule models.Rule
			seen := r.keys(item, map[string]func(*yaml.Node){
				"name": r.text(&rule.Name),
				"when": r.when(&rule.When),
				"require": func(n *yaml.Node) {
					r.each(n, func(need *yaml.Node) { rule.Require = append(rule.Require, r.need(need)) })
				},
			})
			if item.Kind == yaml.MappingNode && rule.Name == "" {
				r.fault(item, "a rule needs a name: people see it in answers")
			}
			if item.Kind == yaml.MappingNode && !seen["require"] {
				r.fault(item, "a rule needs require; write [] when nothing is needed")
			}
			*into = append(*into, rule)
		})
	}
}

// notice reads the working days ahead by risk; a level left out keeps the
// default.
func (r *reader) notice(into map[models.RiskLevel]int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		known := map[string]func(*yaml.Node){}
		for _, level := range models.RiskLevels {
			known[string(level)] = func(n *yaml.Node) {
				days := into[level]
				r.whole(&days, 0, mostNotice)(n)
				into[level] = days
			}
		}
		if r.keys(n, known); n.Kind == yaml.MappingNode && rising(into) != "" {
			r.fault(n, "%s", rising(into))
		}
	}
}

// mostNotice is a quarter of a year in working days.
const mostNotice = 65

// rising says which risk would ask for less notice than the one below it.
func rising(notice map[models.RiskLevel]int) string {
	for i, level := range models.RiskLevels[1:] {
		if below := models.RiskLevels[i]; notice[level] < notice[below] {
			return fmt.Sprintf("%s risk asks for less notice (%d) than %s risk (%d)", level, notice[level], below, notice[below])
		}
	}
	return ""
}

func (r *reader) when(into *models.Match) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.keys(n, map[string]func(*yaml.Node){
			"type":        words(r, &into.Types, models.Standard, models.Normal, models.Emergency),
			"environment": words(r, &into.Environments, models.Environments...),
			"risk":        words(r, &into.Risks, models.RiskLevels...),
			"debts":       r.yesOrNo(&into.Debts),
			"expedited":   r.yesOrNo(&into.Expedited),
			"tier": func(n *yaml.Node) {
				r.some(n, func(item *yaml.Node) {
					tier := -1
					if r.whole(&tier, 0, 3)(item); tier >= 0 {
						into.Tiers = append(into.Tiers, models.Tier(tier))
					}
				})
			},
		})
	}
}

// some is each for a condition: an empty list would match everything, which
// nobody means who writes it.
func (r *reader) some(n *yaml.Node, read func(*yaml.Node)) {
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		r.fault(n, "an empty list matches everything; leave the line out if that is meant")
	}
	r.each(n, read)
}

// words reads a list of values out of a fixed set.
func words[T ~string](r *reader, into *[]T, allowed ...T) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.some(n, func(item *yaml.Node) {
			word, ok := r.scalar(item)
			switch {
			case !ok:
			case slices.Contains(allowed, T(word)):
				*into = append(*into, T(word))
			default:
				r.fault(item, "%q is none of %s", word, listed(allowed))
			}
		})
	}
}

func listed[T ~string](words []T) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return strings.Join(all, ", ")
}

// needRoles are the roles that a requirement may name.
var needRoles = []models.Role{models.RolePeer, models.RoleServiceOwner, models.RoleOpsLead,
	models.RoleCAB, models.RoleECAB, models.RoleChangeManager}

var needForm = regexp.MustCompile(`^(?:(\d{1,2}|majority) of (group:\S+|[a-z_]+)|(each) (service_owner)|person:([UW][A-Z0-9]+))$`)

// need reads one requirement, such as "2 of cab".
func (r *reader) need(n *yaml.Node) models.Need {
	text, ok := r.scalar(n)
	if !ok {
		return models.Need{}
	}
	m := needForm.FindStringSubmatch(strings.Join(strings.Fields(text), " "))
	if m == nil {
		r.fault(n, "%q is no requirement; write for example \"1 of peer\", \"majority of cab\", \"each service_owner\", \"1 of group:payments\" or \"person:U0123\"", n.Value)
		return models.Need{}
	}
	count, who, each, person := m[1], m[2], m[3], m[5]
	switch {
	case person != "":
		return models.Need{Person: models.UserID(person), Count: 1}
	case each != "":
		return models.Need{Role: models.RoleServiceOwner, Each: true}
	}
	need := models.Need{Majority: count == "majority"}
	need.Count, _ = strconv.Atoi(count)
	if !need.Majority && need.Count == 0 {
		r.fault(n, "%q asks for nobody; leave it out", n.Value)
	}
	if group, ok := strings.CutPrefix(who, "group:"); ok {
		need.Group = group
		if need.Majority {
			r.fault(n, "a majority is counted of a role only; write a number for a group")
		}
		return need
	}
	if need.Role = models.Role(who); !slices.Contains(needRoles, need.Role) {
		r.fault(n, "nobody holds %q; roles are %s", who, listed(needRoles))
	}
	return need
}
