package bot

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// edit is one place of the source that is written otherwise in a binary built
// for a test, and nowhere else.
type edit struct {
	file     string // below the module's root
	old, new string
}

// buildWith builds the program with those places written otherwise, and with
// more files. The source stays as it is: the compiler is told to read some of
// its files from elsewhere. A place that is not there once fails the test, so
// that none is forgotten when the source moves on.
func buildWith(t *testing.T, edits []edit, more map[string]string) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	content := map[string]string{}
	for path, text := range more {
		content[filepath.Join(root, path)] = text
	}
	for _, e := range edits {
		path := filepath.Join(root, e.file)
		text, seen := content[path]
		if !seen {
			source, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text = string(source)
		}
		if n := strings.Count(text, e.old); n != 1 {
			t.Fatalf("this is %d times in %s and should be there once:\n%s", n, e.file, e.old)
		}
		content[path] = strings.Replace(text, e.old, e.new, 1)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	for path, text := range content {
		f, err := os.CreateTemp(dir, "*.go")
		if err == nil {
			_, err = f.WriteString(text)
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		replace[path] = f.Name()
	}
	overlay, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "gatehouse")
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err == nil {
		err = os.WriteFile(overlay, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-overlay", overlay, "-ldflags=-s -w", "-o", program, "./cmd/gatehouse")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the program otherwise: %v: %s", err, out)
	}
	return program
}
