package view

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGalleryMatchesGoldenFiles(t *testing.T) {
	want := map[string]bool{}
	for _, e := range Gallery() {
		path := filepath.Join("testdata", e.Name+".json")
		want[path] = true
		if *update {
			if err := os.WriteFile(path, encoded(e.View), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		golden, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%s has no golden file; run go test ./bot/view -update: %v", e.Name, err)
			continue
		}
		if diff := cmp.Diff(strings.Split(string(golden), "\n"), strings.Split(string(encoded(e.View)), "\n")); diff != "" {
			t.Errorf("%s differs from its golden file (-golden +now):\n%s", e.Name, diff)
		}
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if want[path] {
			continue
		}
		if !*update {
			t.Errorf("%s belongs to no view of the gallery", path)
		} else if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGalleryIsTheSameOnEveryRun(t *testing.T) {
	first, second := Gallery(), Gallery()
	for i := range first {
		if diff := cmp.Diff(string(encoded(first[i].View)), string(encoded(second[i].View))); diff != "" {
			t.Errorf("%s: %s", first[i].Name, diff)
		}
	}
}
