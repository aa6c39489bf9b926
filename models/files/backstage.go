package files

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gatehousehq/gatehouse/models"
)

// annotation is what stands before the words of ours among those of a
// Backstage entity: gatehouse/tier.
const annotation = "gatehouse/"

// annotations are what a component or resource may say to Gatehouse.
var annotations = map[string]models.Field{
	"tier": models.FieldTier, "team": models.FieldTeam, "owner": models.FieldOwner, "ops-lead": models.FieldOpsLead, "channel": models.FieldChannel,
	"environments": models.FieldEnvironments, "retired": models.FieldRetired,
}

// backstage reads the entities of a catalog-info.yaml, however many documents
// it has. Components and resources are services; a group with an annotation of
// ours is a team; everything else is Backstage's own and left alone.
func (r *servicesReader) backstage(source []byte) {
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	entities := 0
	for {
		var doc yaml.Node
		switch err := decoder.Decode(&doc); {
		case errors.Is(err, io.EOF) && entities == 0:
			r.bad(1, "the file holds no Backstage entity")
			return
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			r.problems = append(r.problems, syntax(err, source))
			return
		}
		if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
			continue // an empty document between two lines of dashes
		}
		entities++
		r.entity(doc.Content[0])
	}
}

func (r *servicesReader) entity(n *yaml.Node) {
	kind, version := child(n, "kind"), child(n, "apiVersion")
	if kind == nil || version == nil || !strings.HasPrefix(version.Value, "backstage.io/") {
		r.bad(n.Line, "this is no Backstage entity: it needs apiVersion: backstage.io/… and a kind")
		return
	}
	switch strings.ToLower(kind.Value) {
	case "component", "resource":
		r.component(n)
	case "group":
		r.group(n)
	}
}

// child is the value of a key, nil when it is not there.
func child(n *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		found := (*yaml.Node)(nil)
		for i := 0; n != nil && n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				found = n.Content[i+1]
			}
		}
		n = found
	}
	return n
}

func (r *servicesReader) component(n *yaml.Node) {
	row := models.ServiceRow{Line: n.Line, Has: map[models.Field]bool{}}
	before := len(r.problems)
	name := child(n, "metadata", "name")
	if name == nil {
		r.bad(n.Line, "metadata.name is missing")
		return
	}
	row.Line = name.Line
	s := &row.Service
	entityName(r, &s.Slug, name)
	if title := child(n, "metadata", "title"); title != nil {
		r.text(&s.Name)(title)
		row.Has[models.FieldTitle] = true
	}
	if owner := child(n, "spec", "owner"); owner != nil {
		if kind, _, found := strings.Cut(owner.Value, ":"); !found || strings.EqualFold(kind, "group") {
			entityName(r, &s.Team, owner)
			row.Has[models.FieldTeam] = true
		}
	}
	r.annotated(&row, child(n, "metadata", "annotations"))
	if on := child(n, "spec", "dependsOn"); on != nil {
		row.Has[models.FieldServices] = true
		r.each(on, func(item *yaml.Node) {
			kind, _, found := strings.Cut(item.Value, ":")
			if !found || strings.EqualFold(kind, "component") || strings.EqualFold(kind, "resource") {
				var slug models.Slug
				entityName(r, &slug, item)
				s.DependsOn = append(s.DependsOn, slug)
			}
		})
	}
	row.Bad = len(r.problems) > before
	r.in.Services = append(r.in.Services, row)
}

// entityName reads the name at the end of a reference such as
// group:default/payments, in the letters that a short name has.
func entityName[T ~string](r *servicesReader, into *T, n *yaml.Node) {
	text, ok := r.scalar(n)
	name := strings.ToLower(text[strings.LastIndexAny(text, ":/")+1:])
	switch {
	case !ok:
	case !slugForm.MatchString(name):
		r.fault(n, "%q: expected %s", name, slugWords)
	default:
		*into = T(name)
	}
}

// group is a team when it says to Gatehouse who belongs to it.
func (r *servicesReader) group(n *yaml.Node) {
	all := child(n, "metadata", "annotations")
	group, members, name := child(all, annotation+"slack-group"), child(all, annotation+"members"), child(n, "metadata", "name")
	if name == nil || group == nil && members == nil {
		return
	}
	row := models.TeamRow{Line: name.Line}
	entityName(r, &row.Team.ID, name)
	if title := child(n, "spec", "profile", "displayName"); title != nil {
		r.text(&row.Team.Name)(title)
	}
	if group != nil {
		shaped(&r.reader, &row.Team.Group, groupForm, groupWords)(group)
	}
	if members != nil {
		if text := listCell(&row.Team.Members, members.Value, userForm, userWords); text != "" {
			r.fault(members, "%smembers: %s", annotation, text)
		}
	}
	r.in.Teams = append(r.in.Teams, row)
}

func (r *servicesReader) annotated(row *models.ServiceRow, all *yaml.Node) {
	s := &row.Service
	for word, field := range annotations {
		n := child(all, annotation+word)
		if n == nil {
			continue
		}
		row.Has[field] = true
		switch word {
		case "tier":
			i, err := strconv.Atoi(strings.TrimSpace(n.Value))
			if s.Tier = models.Tier(i); err != nil || i < 0 || i > 3 {
				r.fault(n, "%stier: expected a whole number from 0 to 3, not %q", annotation, n.Value)
			}
		case "team":
			shaped(&r.reader, &s.Team, slugForm, slugWords)(n)
		case "owner":
			shaped(&r.reader, &s.Owner, userForm, userWords)(n)
		case "ops-lead":
			shaped(&r.reader, &s.OpsLead, userForm, userWords)(n)
		case "channel":
			shaped(&r.reader, &s.Channel, channelForm, channelWords)(n)
		case "environments":
			_ = listCell(&s.Environments, n.Value, nil, "") // the rules know which there are
		case "retired":
			r.yes(&s.Retired)(n)
		}
	}
	for i := 0; all != nil && i+1 < len(all.Content); i += 2 {
		if word, ours := strings.CutPrefix(all.Content[i].Value, annotation); ours {
			if _, known := annotations[word]; !known {
				r.fault(all.Content[i], "unknown annotation %s%s; known here: %s", annotation, word, strings.Join(sortedKeys(annotations), ", "))
			}
		}
	}
}
