package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
	"github.com/gatehousehq/gatehouse/models/store"
)

// ownChecklist is a checklist of the workspace: of these items, all mandatory.
func ownChecklist(name string, version int, ids ...string) []byte {
	var out strings.Builder
	fmt.Fprintf(&out, "version: %d\nname: %s\ntitle: Own\ndocumentation:\n", version, name)
	for _, id := range ids {
		fmt.Fprintf(&out, "  - {id: %s, title: Document %s, mandatory: true, due: 5}\n", id, id)
	}
	return []byte(out.String())
}

func load(t testing.TB, s *store.Store, source []byte) bool {
	t.Helper()
	stored, err := s.ImportChecklist(ctx, ws, source, files.Checklist)
	must(t, err)
	return stored
}

func TestAReleaseKeepsTheChecklistThatItStartedWith(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		if !load(t, s, ownChecklist("small", 1, "DO1", "DO2", "DO3")) || load(t, s, ownChecklist("small", 1, "DO9")) {
			t.Error("version 1 is stored once")
		}
		in := releaseInput(s)
		in.Template = "small"
		res, err := s.CreateRelease(ctx, by(raiser), plan(in))
		must(t, err)
		before := res.Release
		if before.Template != (models.TemplateRef{Name: "small", Version: 1}) || len(before.Items) != 3 {
			t.Fatalf("it started with %s, %d items", before.Template, len(before.Items))
		}
		// DO2 is removed while the release uses it; DO4 is new.
		if !load(t, s, ownChecklist("small", 3, "DO1", "DO3", "DO4")) || load(t, s, ownChecklist("small", 2, "DO1")) {
			t.Error("a higher version is stored and a lower one ignored")
		}
		after, err := s.Release(ctx, ws, before.ID)
		must(t, err)
		if diff := cmp.Diff(before.Items, after.Items); diff != "" || after.Template.Version != 1 {
			t.Errorf("the release changed by itself:\n%s", diff)
		}
		f, err := s.FactsAroundRelease(ctx, after, raiser)
		must(t, err)
		var offers []string
		for _, o := range after.Offers(f.Template) {
			offers = append(offers, string(o.Kind)+" "+o.ID)
		}
		if diff := cmp.Diff([]string{"added DO4", "removed DO2"}, offers); diff != "" {
			t.Errorf("it is offered (-want +got):\n%s", diff)
		}
		// It is still worked on; taking it out is the operations lead's to confirm.
		moveRelease(t, s, raiser, before.ID, func(r *models.Release, f models.ReleaseFacts) error {
			i, _ := r.Item("DO2")
			return r.Submit(i.No, models.EvidenceInput{Kind: models.EvidenceNote, Note: "Written."}, f)
		})
		moveRelease(t, s, raiser, before.ID, func(r *models.Release, f models.ReleaseFacts) error { return r.Adopt("DO2", f) })
		adopted := moveRelease(t, s, raiser, before.ID, func(r *models.Release, f models.ReleaseFacts) error { return r.Adopt("DO4", f) })
		if i, _ := adopted.Item("DO2"); i.Status != models.ItemSubmitted || i.Exempt == nil {
			t.Errorf("DO2 is %s, nobody is asked: %+v", i.Status, i.Exempt)
		}
		confirmed := moveRelease(t, s, opsLead, before.ID, func(r *models.Release, f models.ReleaseFacts) error {
			i, _ := r.Item("DO2")
			return r.ConfirmNotApplicable(i.No, f)
		})
		if i, _ := confirmed.Item("DO2"); i.Status != models.ItemNotApplicable || i.No != 2 || len(confirmed.Items) != 4 || confirmed.LastNo != 4 {
			t.Errorf("%+v of %d items", i, len(confirmed.Items))
		}
		// A new one starts with the newest.
		res, err = s.CreateRelease(ctx, by(raiser), plan(in))
		must(t, err)
		if _, has := res.Release.Item("DO2"); has || res.Release.Template.Version != 3 {
			t.Errorf("a new release starts with %s", res.Release.Template)
		}
	})
}

func TestTheBuiltInChecklistServesUntilAHigherVersionOfItIsLoaded(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		built := planned(t, s)
		if built.Template.Name != models.DefaultChecklistName || len(built.Items) < 45 {
			t.Fatalf("%s, %d items", built.Template, len(built.Items))
		}
		load(t, s, ownChecklist("small", 1, "DO1"))
		if r := planned(t, s); r.Template != built.Template {
			t.Errorf("nobody chose another, and it starts with %s", r.Template)
		}
		load(t, s, ownChecklist(string(models.DefaultChecklistName), 7, "DO1", "DO2"))
		if r := planned(t, s); r.Template.Version != 7 || len(r.Items) != 2 {
			t.Errorf("it starts with %s, %d items", r.Template, len(r.Items))
		}
		in := releaseInput(s)
		in.Template = "nothing"
		_, err := s.CreateRelease(ctx, by(raiser), plan(in))
		if r, refused := models.AsRefusal(err); !refused || !strings.Contains(r.Aloud(), "no checklist template of this name") {
			t.Errorf("%v", err)
		}
		furnish(t, s, other, quorum(1, 1))
		d, err := s.Directory(ctx, other)
		must(t, err)
		if names := d.ChecklistNames(); len(names) != 1 || d.Checklist("").Version != 1 {
			t.Errorf("another workspace sees %v", names)
		}
		if _, err := s.ImportChecklist(ctx, ws, []byte("version: 1\n"), files.Checklist); err == nil {
			t.Error("a template without a name is stored")
		}
		events, err := s.History(ctx, ws, models.RecordRef{Kind: store.RecordChecklist, ID: 7}, 5, 0)
		must(t, err)
		if len(events) != 1 || !strings.Contains(events[0].Reason, "service-transition") {
			t.Errorf("the audit log says %+v", events)
		}
	})
}
