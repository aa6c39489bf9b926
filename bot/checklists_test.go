package bot

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehousehq/gatehouse/models"
)

func TestOwnChecklistsAreStoredAndAFaultyOneIsNamedWithItsLine(t *testing.T) {
	w := newWorld(t, settings[0])
	dir, log := t.TempDir(), &bytes.Buffer{}
	w.app.log = slog.New(slog.NewTextHandler(log, nil))
	put := func(name, source string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start := func() *models.Directory {
		t.Helper()
		log.Reset()
		w.app.config.Checklists = dir
		if err := w.app.prepare(t.Context()); err != nil {
			t.Fatalf("serving does not go on: %v", err)
		}
		d, err := w.app.Store.Directory(t.Context(), testWorkspace)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	const item = "costing:\n  - {id: CB1, title: Money, mandatory: true, due: 5}\n"
	put("a.yaml", "version: 2\nname: small\ntitle: Small\n"+item)
	put("b.yml", "version: 3\nname: small\ntitle: Another\n"+item)
	put("c.yaml", "version: 1\nname: broken\ntitle: Broken\ncosting:\n  - {id: cb1, title: Money, mandatory: maybe, due: 5}\n")
	put("notes.txt", "not a checklist")
	d := start()
	if names := d.ChecklistNames(); len(names) != 2 || names[1] != "small" || d.Checklist("small").Title != "Small" {
		t.Errorf("in force: %v", names)
	}
	mustHold(t, log.String(), "c.yaml", "line 5: ", "maybe", "two files hold a checklist template of one name")

	put("a.yaml", "version: 2\nname: small\ntitle: Edited\n"+item) // without a higher version
	start()
	mustHold(t, log.String(), "edited without a higher version")
	put("a.yaml", "version: 1\nname: small\ntitle: Older\n"+item)
	d = start()
	mustHold(t, log.String(), "older version than the one in force")
	if x := d.Checklist("small"); x.Title != "Small" || x.Version != 2 {
		t.Errorf("in force: version %d, %s", x.Version, x.Title)
	}

	w.app.config.Checklists = filepath.Join(dir, "missing")
	if err := w.app.prepareChecklists(t.Context(), testWorkspace); err == nil {
		t.Error("a directory that is not there is no trouble")
	}
	w.app.config.Checklists = filepath.Join(dir, "b.yml")
	if err := w.app.prepareChecklists(t.Context(), testWorkspace); err != nil {
		t.Fatal(err)
	}
	if d, err := w.app.Store.Directory(t.Context(), testWorkspace); err != nil || d.Checklist("small").Version != 3 {
		t.Errorf("one file: %v", err)
	}
}
