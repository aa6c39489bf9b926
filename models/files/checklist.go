package files

import (
	_ "embed"
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/gatehousehq/gatehouse/models"
)

//go:embed checklist.yaml
var defaultChecklist []byte

// DefaultChecklist is the checklist of 45 items that serves until a workspace
// brings its own.
func DefaultChecklist() models.ChecklistTemplate {
	t, err := Checklist(defaultChecklist)
	if err != nil {
		panic(fmt.Sprintf("embedded checklist: %v", err)) // a test reads it
	}
	return t
}

// DefaultChecklistSource is the text of the embedded checklist: where one's
// own begins.
func DefaultChecklistSource() []byte { return defaultChecklist }

// checklistBuckets are the lists of a checklist file, in its order.
var checklistBuckets = append(append([]models.Bucket{}, models.Buckets...), models.BucketEarlyLife)

// Checklist reads a checklist template. The error, if any, is [Problems].
func Checklist(source []byte) (models.ChecklistTemplate, error) {
	var t models.ChecklistTemplate
	top, err := document(source)
	if err != nil {
		return t, err
	}
	r := &reader{}
	lists := map[models.Bucket][]models.TemplateItem{}
	ids := map[string]int{}
	known := map[string]func(*yaml.Node){
		"version": r.whole(&t.Version, 1, 1_000_000_000),
		"title":   r.limited(&t.Title, models.MaxTitle),
		"name": func(n *yaml.Node) {
			word, ok := r.scalar(n)
			if t.Name = models.Slug(word); ok && !models.ValidTemplateName(t.Name) {
				r.fault(n, "%q is no name; write at most %d small letters, digits and dashes, such as service-transition", word, models.MaxTemplateName)
			}
		},
	}
	for _, b := range checklistBuckets {
		known[string(b)] = func(n *yaml.Node) {
			r.each(n, func(item *yaml.Node) { lists[b] = append(lists[b], r.checklistItem(item, b, ids)) })
		}
	}
	seen := r.keys(top, known)
	for _, need := range []struct{ key, why string }{
		{"version", "a whole number that grows with every edit"},
		{"name", "people choose it when they plan a release"},
		{"title", "it says what the checklist is for"},
	} {
		if !seen[need.key] {
			r.fault(top, "a checklist needs %s: %s", need.key, need.why)
		}
	}
	for _, b := range checklistBuckets {
		t.Items = append(t.Items, lists[b]...)
	}
	switch {
	case len(t.Items) == len(lists[models.BucketEarlyLife]):
		r.fault(top, "the checklist is empty: list items under %s", listed(models.Buckets))
	case len(t.Items) > models.MaxItems:
		r.fault(top, "%d items; at most %d fit", len(t.Items), models.MaxItems)
	}
	return t, r.err()
}

var itemForm = regexp.MustCompile(`^[A-Z]{1,6}[1-9][0-9]{0,3}$`)

func (r *reader) checklistItem(n *yaml.Node, b models.Bucket, ids map[string]int) models.TemplateItem {
	t := models.TemplateItem{Bucket: b}
	most := 260
	if b == models.BucketEarlyLife {
		most = 120
	}
	seen := r.keys(n, map[string]func(*yaml.Node){
		"id": func(n *yaml.Node) {
			shaped(r, &t.ID, itemForm, "capital letters and a number, such as DO2")(n)
			if line, taken := ids[t.ID]; t.ID != "" && taken {
				r.fault(n, "%s is given twice; line %d has it already", t.ID, line)
			}
			ids[t.ID] = n.Line
		},
		"title":     r.limited(&t.Title, 2*models.MaxTitle),
		"evidence":  r.limited(&t.Expected, 2*models.MaxTitle),
		"mandatory": r.mandatory(&t),
		"when":      one(r, &t.When, models.Attributes...),
		"due":       r.whole(&t.Due, 0, most),
		"tests":     r.yes(&t.Tests),
	})
	if n.Kind != yaml.MappingNode {
		return t
	}
	for _, need := range []struct{ key, why string }{
		{"id", "people type it, and it stays when the title changes"},
		{"title", "what has to be true"},
		{"mandatory", "true, false, or the tiers for which it is, such as [0, 1]"},
		{"due", "in working days before go-live; in early_life, after it"},
	} {
		if !seen[need.key] {
			r.fault(n, "an item needs %s: %s", need.key, need.why)
		}
	}
	return t
}

// mandatory reads true, false, or a list of tiers.
func (r *reader) mandatory(t *models.TemplateItem) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.SequenceNode {
			r.yes(&t.Mandatory)(n)
			return
		}
		t.Mandatory = true
		r.some(n, func(item *yaml.Node) {
			tier := -1
			if r.whole(&tier, 0, 3)(item); tier >= 0 {
				t.Tiers = append(t.Tiers, models.Tier(tier))
			}
		})
	}
}
