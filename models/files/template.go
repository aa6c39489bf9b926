package files

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gatehousehq/gatehouse/models"
)

// Templates reads a file of change templates. The error, if any, is [Problems].
func Templates(source []byte) ([]models.TemplateVersion, error) {
	top, err := document(source)
	if err != nil {
		return nil, err
	}
	var out []models.TemplateVersion
	r := &reader{}
	names := map[models.Slug]bool{}
	seen := r.keys(top, map[string]func(*yaml.Node){
		"templates": func(n *yaml.Node) {
			r.each(n, func(item *yaml.Node) { out = append(out, r.template(item, names)) })
		},
	})
	if !seen["templates"] {
		r.fault(top, "templates is missing: a list of templates")
	}
	return out, r.err()
}

func (r *reader) template(n *yaml.Node, names map[models.Slug]bool) models.TemplateVersion {
	t := models.TemplateVersion{Recipe: models.Recipe{Environment: models.Production, Length: time.Hour, MaxRisk: models.RiskMedium}}
	c := &t.Recipe
	seen := r.keys(n, map[string]func(*yaml.Node){
		"name": func(n *yaml.Node) {
			word, ok := r.scalar(n)
			switch t.Name = models.Slug(word); {
			case !ok:
			case !models.ValidTemplateName(t.Name):
				r.fault(n, "%q is no name; write at most %d small letters, digits and dashes, such as restart-workers", word, models.MaxTemplateName)
			case names[t.Name]:
				r.fault(n, "template %q is listed twice", word)
			}
			names[t.Name] = true
		},
		"version":     r.whole(&t.Version, 1, 1_000_000_000),
		"title":       r.limited(&c.Title, models.MaxTitle),
		"services":    r.services(&c.Services),
		"environment": one(r, &c.Environment, models.Environments...),
		"length":      r.length(&c.Length),
		"max_risk":    one(r, &c.MaxRisk, models.RiskLow, models.RiskMedium),
		"risk":        r.risk(&c.Risk),
		"plan":        r.limited(&c.Plan, models.MaxPlan),
		"check":       r.limited(&c.Check, models.MaxPlan),
		"rollback":    r.limited(&c.Rollback, models.MaxPlan),
	})
	if n.Kind != yaml.MappingNode {
		return t
	}
	for _, need := range []struct{ key, why string }{
		{"name", "people type it after /change new"},
		{"version", "a whole number that grows with every edit"},
		{"title", "it becomes the title of every change"},
		{"services", "the services on which it may be used"},
		{"risk", "its answers; what is not answered counts as the worst, and nothing of high risk is raised from a template"},
		{"plan", "what is done, step by step"},
		{"check", "how one sees that it worked"},
		{"rollback", "what makes one go back, how, and how long that takes"},
	} {
		if !seen[need.key] {
			r.fault(n, "a template needs %s: %s", need.key, need.why)
		}
	}
	return t
}

// reaches are the words for who notices when a run goes wrong.
var reaches = map[string]models.Reach{"nobody": models.ReachNobody, "one_team": models.ReachOneTeam,
	"many": models.ReachMany, "everybody": models.ReachEverybody}

// risk reads the answers to the questionnaire. What becomes a template was
// done before.
func (r *reader) risk(into *models.RiskAnswers) func(*yaml.Node) {
	answer := func(into *models.Answer) func(*yaml.Node) {
		return func(n *yaml.Node) {
			yes := false
			if r.yes(&yes)(n); yes {
				*into = models.Yes
			} else {
				*into = models.No
			}
		}
	}
	return func(n *yaml.Node) {
		into.DoneBefore = models.TimesSome
		r.keys(n, map[string]func(*yaml.Node){
			"users": func(n *yaml.Node) {
				var word string
				if one(r, &word, sortedKeys(reaches)...)(n); word != "" {
					into.Users = reaches[word]
				}
			},
			"done_often": func(n *yaml.Node) {
				often := false
				if r.yes(&often)(n); often {
					into.DoneBefore = models.TimesOften
				}
			},
			"rehearsed":       answer(&into.Rehearsed),
			"rollback_tested": answer(&into.RollbackTested),
			"reversible":      answer(&into.Reversible),
			"peak":            answer(&into.Peak),
			"parties":         answer(&into.Parties),
		})
	}
}

// one reads a value out of a fixed set.
func one[T ~string](r *reader, into *T, allowed ...T) func(*yaml.Node) {
	return func(n *yaml.Node) {
		word, ok := r.scalar(n)
		switch {
		case !ok:
		case slices.Contains(allowed, T(word)):
			*into = T(word)
		default:
			r.fault(n, "%q is none of %s", word, listed(allowed))
		}
	}
}

// limited reads a text that says something and fits where it is shown.
func (r *reader) limited(into *string, most int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n)
		switch letters := len([]rune(s)); {
		case !ok:
		case letters == 0:
			r.fault(n, "expected a text, and this one is empty")
		case letters > most:
			r.fault(n, "%d letters; at most %d fit", letters, most)
		default:
			*into = s
		}
	}
}

func (r *reader) services(into *[]models.Slug) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.each(n, func(item *yaml.Node) {
			if slug, ok := r.scalar(item); ok {
				*into = append(*into, models.Slug(slug))
			}
		})
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
			r.fault(n, "services is empty: nothing could ever be raised from it")
		}
	}
}

// length reads how long something takes: "30m", "1h30m".
func (r *reader) length(into *time.Duration) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n)
		if !ok {
			return
		}
		d, err := time.ParseDuration(s)
		if err != nil || d%time.Minute != 0 || d < models.MinTemplateLength || d > models.MaxTemplateLength {
			r.fault(n, "expected a length from 5m to 24h in whole minutes, such as 30m or 1h30m, not %q", s)
			return
		}
		*into = d
	}
}
