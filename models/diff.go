package models

import (
	"slices"
	"strings"
	"time"
)

// diffFields are all fields that an edit can change, material first: the
// value that tells whether it changed, and the words in which a person reads
// it, where those differ.
var diffFields = []struct {
	label string
	value func(*Change) string
	words func(*Change, Facts) string
}{
	{"Type", func(c *Change) string { return string(c.Type) }, nil},
	{"Environment", func(c *Change) string { return string(c.Environment) }, nil},
	{"Services", func(c *Change) string { return serviceSlugs(c) }, nil},
	{"Window", func(c *Change) string { return windowText(c.Window, time.DateTime) },
		func(c *Change, _ Facts) string { return windowText(c.Window, "2006-01-02 15:04") + " UTC" }},
	{"Plan", func(c *Change) string { return c.Plan }, nil},
	{"Check", func(c *Change) string { return c.Check }, nil},
	{"Rollback", func(c *Change) string { return c.Rollback }, nil},
	{"Who notices", func(c *Change) string { return number(int(c.Risk.Users)) },
		func(c *Change, _ Facts) string { return c.Risk.Users.String() }},
	{"Rehearsed", func(c *Change) string { return c.Risk.Rehearsed.String() }, nil},
	{"Rollback tested", func(c *Change) string { return c.Risk.RollbackTested.String() }, nil},
	{"Data reversible", func(c *Change) string { return c.Risk.Reversible.String() }, nil},
	{"Done before", func(c *Change) string { return c.Risk.DoneBefore.String() }, nil},
	{"In peak hours", func(c *Change) string { return c.Risk.Peak.String() }, nil},
	{"Others involved", func(c *Change) string { return c.Risk.Parties.String() }, nil},
	{"Release", func(c *Change) string { return number64(int64(c.Release)) },
		func(c *Change, _ Facts) string { return releaseText(c.Release) }},
	{"Artifact", func(c *Change) string { return c.Artifact }, nil},
	{"Template", func(c *Change) string { return string(c.Template.Name) + " " + number(c.Template.Version) },
		func(c *Change, _ Facts) string { return c.Template.String() }},
	{"Incident", func(c *Change) string { return c.IncidentRef }, nil},
	{"Why now", func(c *Change) string { return c.WhyNow }, nil},
	{"Title", func(c *Change) string { return c.Title }, nil},
	{"Background", func(c *Change) string { return c.Background }, nil},
	{"Implementer", func(c *Change) string { return string(c.Implementer) },
		func(c *Change, f Facts) string { return f.Name(c.Implementer) }},
}

// DiffFields lists the fields that differ, in words, material ones first.
func DiffFields(before, after *Change, f Facts) []FieldDiff {
	var out []FieldDiff
	for _, field := range diffFields {
		b, a := field.value(before), field.value(after)
		if a == b {
			continue
		}
		if field.words != nil {
			b, a = field.words(before, f), field.words(after, f)
		}
		out = append(out, FieldDiff{field.label, b, a})
	}
	return out
}

// WouldVoid is how many approvals saving the form would reset; the edit form
// says so beforehand.
func (c *Change) WouldVoid() int { return len(c.Counting()) }

func serviceSlugs(c *Change) string {
	names := make([]string, 0, len(c.Services))
	for _, slug := range c.Services {
		names = append(names, string(slug))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func windowText(w Window, layout string) string {
	return w.Start.UTC().Format(layout) + " to " + w.End.UTC().Format(layout)
}

func releaseText(id ReleaseID) string {
	if id == 0 {
		return ""
	}
	return id.String()
}
