package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/gatehousehq/gatehouse/models"
)

// policyRow keeps a policy as its file had it and as it was understood.
type policyRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Version     int                `gorm:"primaryKey;autoIncrement:false"`
	Source      string
	Parsed      jsonOf[models.Policy]
	ActivatedAt time.Time
}

func (policyRow) TableName() string { return "policies" }

var policies = tableOf[policyRow]()

// ActivatePolicy puts a policy into force for all replicas when its version is
// higher than that of the one in force, and reports whether it did. A lower or
// equal version is left alone. parse reads the source; when it fails, nothing
// changes and the last good policy stays.
func (s *Store) ActivatePolicy(ctx context.Context, ws models.WorkspaceID, version int, source []byte, parse func([]byte) (models.Policy, error)) (activated bool, err error) {
	policy, err := parse(source)
	if err != nil {
		return false, fmt.Errorf("read policy: %w", err)
	}
	row := policyRow{ws, version, string(source), jsonOf[models.Policy]{policy}, s.Now()}
	activated, err = storeVersion(ctx, s, ws, row, "version >= ?", []any{version}, models.RecordRef{Kind: RecordPolicy, ID: int64(version)},
		models.Event{Kind: EventPolicyActivated, At: row.ActivatedAt, Reason: policy.Name})
	if err != nil {
		return false, fmt.Errorf("activate policy %d: %w", version, err)
	}
	return activated, nil
}

// storeVersion stores what a file says, unless a version at least as high is
// there by the condition, and reports whether it did. All replicas read the
// directory anew.
func storeVersion[R any](ctx context.Context, s *Store, ws models.WorkspaceID, row R, asHigh string, args []any, ref models.RecordRef, e models.Event) (stored bool, err error) {
	err = s.inTx(ctx, func(tx *gorm.DB, _ enqueue) error {
		if err := lockDirectory(tx, ws); err != nil {
			return err
		}
		var newer int64
		err := tx.Model(&row).Where("workspace_id = ?", ws).Where(asHigh, args...).Count(&newer).Error
		if err != nil || newer > 0 {
			return err
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		note := rowOfEvent(Command{Workspace: ws}, ref, e)
		if err := tx.Create(&note).Error; err != nil {
			return err
		}
		stored = true
		return touchDirectory(tx, ws)
	})
	return stored && err == nil, err
}

// NotePolicy notes why the policy file was refused, "" when it was not, and
// tells the admins of that and of every role or group in the policy that nobody
// could fill. They are told once, and again only when it is something else.
func (s *Store) NotePolicy(ctx context.Context, ws models.WorkspaceID, trouble string) error {
	cmd, ref := Command{Workspace: ws}, models.RecordRef{Kind: RecordPolicy}
	err := s.engine.door(ctx, func(b batch) error {
		f, err := s.turn(ctx, b, cmd)
		if err != nil {
			return err
		}
		news, changed := f.NotedPolicy(trouble)
		if len(news) == 0 && !changed {
			return errNothing
		}
		ref.ID = int64(f.Policy.Version)
		var out []stmt
		if changed {
			out = append(out, stmt{sql: "UPDATE workspaces SET policy_trouble = ?, directory_version = directory_version + 1 WHERE id = ?", args: []any{trouble, ws}})
		}
		if changed && trouble != "" {
			out = append(out, addEvents(cmd, ref, []models.Event{{Kind: EventPolicyRefused, At: f.Now, Reason: trouble}}))
		}
		var wake []river.InsertManyParams
		if rows := plainNotes(ws, ref, news); len(rows) > 0 {
			out = append(out, want(rows, f.Now, &wake))
		}
		if err := b.do(ctx, out...); err != nil || len(wake) == 0 {
			return err
		}
		return b.enqueue(ctx, wake)
	})
	if err != nil && !errors.Is(err, errNothing) {
		return fmt.Errorf("note what is wrong with the policy: %w", err)
	}
	return nil
}

// plainNotes are notes that are about no event: they are drawn from what is.
func plainNotes(ws models.WorkspaceID, ref models.RecordRef, list []models.Delivery) []wanted {
	var out []wanted
	for _, d := range list {
		d.Record = ref
		out = append(out, wanted{Delivery: d, ws: ws})
	}
	return out
}

// StoredPolicy is a policy that was in force once, with the file it was read from.
type StoredPolicy struct {
	Policy      models.Policy
	Source      string
	ActivatedAt time.Time
}

// AnyPolicy reports whether any workspace was ever given a policy: whether there
// is one to go on with when a file is refused.
func (s *Store) AnyPolicy(ctx context.Context) (bool, error) {
	var n int64
	if err := s.db.WithContext(ctx).Model(&policyRow{}).Limit(1).Count(&n).Error; err != nil {
		return false, fmt.Errorf("count policies: %w", err)
	}
	return n > 0, nil
}

// Policies lists every policy that was ever in force, the latest first.
func (s *Store) Policies(ctx context.Context, ws models.WorkspaceID) ([]StoredPolicy, error) {
	var rows []policyRow
	if err := s.db.WithContext(ctx).Where("workspace_id = ?", ws).Order("version DESC").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list policies: %w", err)
	}
	out := make([]StoredPolicy, len(rows))
	for i, r := range rows {
		out[i] = StoredPolicy{r.Parsed.V, r.Source, r.ActivatedAt.UTC()}
	}
	return out, nil
}
