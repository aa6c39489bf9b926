package store

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
)

// checklistRow keeps a version of a checklist template as its file had it and
// as it was understood.
type checklistRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Name        models.Slug        `gorm:"primaryKey"`
	Version     int                `gorm:"primaryKey;autoIncrement:false"`
	Source      string
	Parsed      jsonOf[models.ChecklistTemplate]
	StoredAt    time.Time
}

func (checklistRow) TableName() string { return "checklists" }

var checklists = tableOf[checklistRow]()

// newestChecklists asks for the newest version of each name.
const newestChecklists = `workspace_id = ? AND version = (SELECT max(x.version) FROM checklists x
	WHERE x.workspace_id = checklists.workspace_id AND x.name = checklists.name)`

// What the audit log says of checklist templates.
const (
	RecordChecklist models.RecordKind = "checklist" // the id is the version

	EventChecklistStored models.EventKind = "checklist_stored"
)

// ImportChecklist stores a version of a checklist template when it is higher
// than the stored one of its name, and reports whether it did. parse reads the
// source; when it fails nothing changes. Releases keep what they started with.
func (s *Store) ImportChecklist(ctx context.Context, ws models.WorkspaceID, source []byte, parse func([]byte) (models.ChecklistTemplate, error)) (stored bool, err error) {
	t, err := parse(source)
	if err != nil {
		return false, fmt.Errorf("read checklist: %w", err)
	}
	row := checklistRow{ws, t.Name, t.Version, string(source), jsonOf[models.ChecklistTemplate]{t}, s.Now()}
	stored, err = storeVersion(ctx, s, ws, row, "name = ? AND version >= ?", []any{t.Name, t.Version}, models.RecordRef{Kind: RecordChecklist, ID: int64(t.Version)},
		models.Event{Kind: EventChecklistStored, At: row.StoredAt, Reason: t.Ref().String() + ": " + t.Title})
	if err != nil {
		return false, fmt.Errorf("store checklist %s: %w", t.Ref(), err)
	}
	return stored, nil
}

// ChecklistSource is the file of a stored version; ErrNotFound when there is none.
func (s *Store) ChecklistSource(ctx context.Context, ws models.WorkspaceID, ref models.TemplateRef) (string, error) {
	var row checklistRow
	err := missing(s.db.WithContext(ctx).Where("workspace_id = ? AND name = ? AND version = ?", ws, ref.Name, ref.Version).Take(&row).Error)
	if err != nil {
		return "", fmt.Errorf("load checklist %s: %w", ref, err)
	}
	return row.Source, nil
}

// builtIn is the built-in checklist, read once; everybody shares it and nobody
// writes to it.
var builtIn = sync.OnceValue(func() map[models.Slug]*models.ChecklistTemplate {
	t := files.DefaultChecklist()
	return map[models.Slug]*models.ChecklistTemplate{t.Name: &t}
})

// checklistsOf are the newest of each name. The built-in one is there until the
// workspace has a higher version of its own.
func checklistsOf(rows []checklistRow) map[models.Slug]*models.ChecklistTemplate {
	if len(rows) == 0 {
		return builtIn()
	}
	out := maps.Clone(builtIn())
	for i := range rows {
		t := &rows[i].Parsed.V
		if old := out[t.Name]; old == nil || old.Version < t.Version {
			out[t.Name] = t
		}
	}
	return out
}
