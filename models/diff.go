package models

import (
	"slices"
	"strings"
	"time"
)

// diffFields are all fields that an edit can change, material first, with
// the words in which a person reads them.
var diffFields = []struct {
	label    string
	material bool
	show     func(*Change, Facts) string
}{
	{"Type", true, func(c *Change, _ Facts) string { return string(c.Type) }},
	{"Environment", true, func(c *Change, _ Facts) string { return string(c.Environment) }},
	{"Services", true, func(c *Change, f Facts) string { return serviceNames(c, f) }},
	{"Window", true, func(c *Change, _ Facts) string { return windowText(c.Window) }},
	{"Plan", true, func(c *Change, _ Facts) string { return c.Plan }},
	{"Check", true, func(c *Change, _ Facts) string { return c.Check }},
	{"Rollback", true, func(c *Change, _ Facts) string { return c.Rollback }},
	{"How well known", true, func(c *Change, _ Facts) string { return c.Risk.Familiarity.String() }},
	{"Release", true, func(c *Change, _ Facts) string { return number64(int64(c.Release)) }},
	{"Artifact", true, func(c *Change, _ Facts) string { return c.Artifact }},
	{"Title", false, func(c *Change, _ Facts) string { return c.Title }},
	{"Background", false, func(c *Change, _ Facts) string { return c.Background }},
	{"Implementer", false, func(c *Change, f Facts) string { return f.Name(c.Implementer) }},
}

// DiffFields lists the fields that differ, in words, material ones first.
func DiffFields(before, after *Change, f Facts) []FieldDiff {
	var out []FieldDiff
	for _, field := range diffFields {
		if b, a := field.show(before, f), field.show(after, f); a != b {
			out = append(out, FieldDiff{field.label, b, a})
		}
	}
	return out
}

// WouldVoid is how many approvals saving the form would reset; the edit form
// says so beforehand.
func (c *Change) WouldVoid() int { return len(c.Counting()) }

func serviceNames(c *Change, f Facts) string {
	var names []string
	for _, slug := range c.Services {
		names = append(names, string(slug))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func windowText(w Window) string {
	return w.Start.UTC().Format("2006-01-02 15:04") + " to " + w.End.UTC().Format(time.DateTime)[:16] + " UTC"
}
