package files

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
)

func TestTheEmbeddedChecklistHasItsFortyFiveItems(t *testing.T) {
	list := DefaultChecklist()
	type count struct{ Items, Mandatory, Tier0, Tier3, Tests, When int }
	got := map[models.Bucket]count{}
	for _, i := range list.Items {
		c := got[i.Bucket]
		c.Items++
		for _, add := range []struct {
			is bool
			to *int
		}{{i.Mandatory, &c.Mandatory}, {i.MandatoryFor(0), &c.Tier0}, {i.MandatoryFor(3), &c.Tier3}, {i.Tests, &c.Tests}, {i.When != "", &c.When}} {
			if add.is {
				*add.to++
			}
		}
		got[i.Bucket] = c
	}
	want := map[models.Bucket]count{
		models.BucketCosting:       {6, 4, 4, 4, 0, 0},
		models.BucketResources:     {8, 7, 7, 7, 0, 1},
		models.BucketProcesses:     {7, 7, 7, 7, 0, 0},
		models.BucketDocumentation: {8, 7, 7, 7, 0, 1},
		models.BucketQuality:       {8, 7, 7, 6, 0, 1},
		models.BucketTests:         {8, 8, 8, 5, 7, 0},
		models.BucketEarlyLife:     {7, 5, 5, 5, 0, 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if list.Name != "service-transition" || list.Version != 1 || list.Title == "" {
		t.Errorf("it is called %s, version %d, %q", list.Name, list.Version, list.Title)
	}
	for _, i := range list.Items {
		if i.Expected == "" || i.Bucket != models.BucketEarlyLife && i.Due == 0 {
			t.Errorf("%s lacks something: %+v", i.ID, i)
		}
	}
}

const checklistHead = "version: 2\nname: own\ntitle: Own\n"

func TestEveryFaultOfAChecklistIsNamedWithItsLine(t *testing.T) {
	check(t, []faulty{
		{"nothing wrong", checklistHead + "costing:\n  - {id: A1, title: Money, mandatory: [0, 1], when: compliance, due: 0, tests: true}\n", nil},
		{"nothing in it", "{}\n", []string{
			"line 1: a checklist needs version: a whole number that grows with every edit",
			"line 1: a checklist needs name: people choose it when they plan a release",
			"line 1: a checklist needs title: it says what the checklist is for",
			"line 1: the checklist is empty: list items under costing, resources, processes, documentation, quality, tests",
		}},
		{"early life only", checklistHead + "early_life:\n  - {id: A1, title: Later, mandatory: true, due: 1}\n",
			[]string{"line 1: the checklist is empty: list items under costing, resources, processes, documentation, quality, tests"}},
		{"much at once", `version: 0
name: Own List
titel: Own
costing:
  - id: do2
    title: ""
    mandatory: maybe
    due: 261
  - {id: CB1, title: One, mandatory: [], due: 3}
  - {id: CB1, title: Two, mandatory: [4], due: -1}
  - {title: Three, when: rainy}
  - four
  - {id: CB2, title: Five, mandatory: true, due: 5, weight: 9}
budget: []
early_life:
  - {id: CB2, title: Six, mandatory: true, due: 121}
`, []string{
			`line 1: expected a whole number from 1 to 1000000000, not "0"`,
			`line 1: a checklist needs title: it says what the checklist is for`,
			`line 2: "Own List" is no name; write at most 40 small letters, digits and dashes, such as service-transition`,
			`line 3: unknown key "titel"; known here: costing, documentation, early_life, name, processes, quality, resources, tests, title, version`,
			`line 5: "do2": expected capital letters and a number, such as DO2`,
			`line 6: expected a text, and this one is empty`,
			`line 7: expected true or false, not "maybe"`,
			`line 8: expected a whole number from 0 to 260, not "261"`,
			`line 9: an empty list matches everything; leave the line out if that is meant`,
			`line 10: CB1 is given twice; line 9 has it already`,
			`line 10: expected a whole number from 0 to 3, not "4"`,
			`line 10: expected a whole number from 0 to 260, not "-1"`,
			`line 11: "rainy" is none of personal_data, user_facing, compliance`,
			`line 11: an item needs id: people type it, and it stays when the title changes`,
			`line 11: an item needs mandatory: true, false, or the tiers for which it is, such as [0, 1]`,
			`line 11: an item needs due: in working days before go-live; in early_life, after it`,
			`line 12: expected a mapping of keys to values`,
			`line 13: unknown key "weight"; known here: due, evidence, id, mandatory, tests, title, when`,
			`line 14: unknown key "budget"; known here: costing, documentation, early_life, name, processes, quality, resources, tests, title, version`,
			`line 16: CB2 is given twice; line 13 has it already`,
			`line 16: expected a whole number from 0 to 120, not "121"`,
		}},
		{"too long", checklistHead + "tests: [{id: A1, title: " + strings.Repeat("x", 241) + ", mandatory: true, due: 1}]\n",
			[]string{"line 4: 241 letters; at most 240 fit"}},
	}, func(b []byte) error { _, err := Checklist(b); return err })
}

func TestAChecklistOf120ItemsInOneBucketIsRead(t *testing.T) {
	source := &strings.Builder{}
	source.WriteString(checklistHead + "documentation:\n")
	for n := range 120 {
		source.WriteString("  - {id: D" + fmt.Sprint(n+1) + ", title: Document, mandatory: true, due: 5}\n")
	}
	list, err := Checklist([]byte(source.String()))
	if err != nil || len(list.Items) != 120 {
		t.Fatalf("%d items, %v", len(list.Items), err)
	}
}

func FuzzChecklist(f *testing.F) {
	f.Add(defaultChecklist)
	f.Add([]byte(checklistHead + "tests: [{id: A1, mandatory: [*a]}]\n"))
	for _, test := range notYAML {
		if len(test.source) < 1000 {
			f.Add([]byte(test.source))
		}
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		list, err := Checklist(source)
		sound(t, source, err)
		if err == nil && (list.Name == "" || list.Version < 1 || len(list.Items) == 0) {
			t.Fatalf("%+v was read from %q", list, source)
		}
	})
}
