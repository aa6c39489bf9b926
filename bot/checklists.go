package bot

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
)

// prepareChecklists stores what is newer in the checklist templates. A file that
// is refused leaves what is stored: serving goes on.
func (a *App) prepareChecklists(ctx context.Context, ws models.WorkspaceID) error {
	if a.config.Checklists == "" {
		return nil
	}
	paths, err := yamlFiles(a.config.Checklists)
	if err != nil {
		return fmt.Errorf("read the checklist templates: %w", err)
	}
	if len(paths) == 0 {
		a.log.WarnContext(ctx, "the directory of checklist templates holds no .yaml file", "directory", a.config.Checklists)
	}
	from := map[models.Slug]string{}
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read a checklist template: %w", err)
		}
		t, err := files.Checklist(source)
		if err != nil {
			a.log.ErrorContext(ctx, "a checklist template is refused; what is stored of it stays in force", "file", path, "error", err)
			continue
		}
		if first, taken := from[t.Name]; taken {
			a.log.ErrorContext(ctx, "two files hold a checklist template of one name; the second is ignored", "template", t.Name, "first", first, "second", path)
			continue
		}
		from[t.Name] = path
		if err := a.prepareChecklist(ctx, ws, t, source); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) prepareChecklist(ctx context.Context, ws models.WorkspaceID, t models.ChecklistTemplate, source []byte) error {
	stored, err := a.Store.ImportChecklist(ctx, ws, source, files.Checklist)
	if err != nil {
		return err
	}
	if stored {
		a.log.InfoContext(ctx, "a version of a checklist template is stored", "template", t.Name, "version", t.Version)
	}
	d, err := a.Store.Directory(ctx, ws)
	if err != nil {
		return err
	}
	now := d.Checklist(t.Name)
	if t.Version < now.Version {
		a.log.WarnContext(ctx, "a checklist template has an older version than the one in force; it is ignored", "template", t.Name, "file", t.Version, "in_force", now.Version)
		return nil
	}
	if kept, err := a.Store.ChecklistSource(ctx, ws, now.Ref()); err == nil && kept != string(source) {
		a.log.WarnContext(ctx, "a checklist template was edited without a higher version; it is ignored until its version grows", "template", t.Name, "version", t.Version)
	}
	return nil
}

// yamlFiles are the file itself, or those of a directory, by name.
func yamlFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if ext := strings.ToLower(filepath.Ext(e.Name())); !e.IsDir() && (ext == ".yaml" || ext == ".yml") {
			out = append(out, filepath.Join(path, e.Name()))
		}
	}
	slices.Sort(out)
	return out, nil
}
