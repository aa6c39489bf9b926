package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/gatehousehq/gatehouse/models"
)

// What the audit log says of things that are not changes.
const (
	RecordPolicy  models.RecordKind = "policy"  // the id is the version
	RecordCatalog models.RecordKind = "catalog" // services, teams and roles

	EventPolicyActivated models.EventKind = "policy_activated"
	EventPolicyRefused   models.EventKind = "policy_refused"
	EventCatalogImported models.EventKind = "catalog_imported"
)

// eventRow is one line of the audit log. The database refuses to change or
// delete it.
type eventRow struct {
	ID          int64 `gorm:"primaryKey"`
	WorkspaceID models.WorkspaceID
	RecordKind  models.RecordKind
	RecordID    int64
	Kind        models.EventKind
	Actor       models.UserID
	At          time.Time
	FromState   models.State
	ToState     models.State
	Revision    models.Revision
	Reason      string
	Data        jsonOf[eventData]
	CommandKey  string
}

// eventData is the part of an event that is only ever read whole.
type eventData struct {
	Diff  []models.FieldDiff `json:"diff,omitempty"`
	Asked []models.UserID    `json:"asked,omitempty"`
	Via   string             `json:"via,omitempty"`
}

func (eventRow) TableName() string { return "events" }

var events = tableOf[eventRow]()

func rowOfEvent(cmd Command, ref models.RecordRef, e models.Event) eventRow {
	return eventRow{WorkspaceID: cmd.Workspace, RecordKind: ref.Kind, RecordID: ref.ID, Kind: e.Kind, Actor: e.Actor,
		At: e.At, FromState: e.From, ToState: e.To, Revision: e.Revision, Reason: e.Reason,
		Data: jsonOf[eventData]{eventData{e.Diff, e.Asked, e.Via}}, CommandKey: cmd.Key}
}

func (r eventRow) event() models.Event {
	return models.Event{ID: r.ID, Kind: r.Kind, Actor: r.Actor, At: r.At.UTC(), From: r.FromState, To: r.ToState,
		Revision: r.Revision, Reason: r.Reason, Diff: r.Data.V.Diff, Asked: r.Data.V.Asked, Via: r.Data.V.Via}
}

// addEvents appends to the log and gives the events their ids.
func addEvents(cmd Command, ref models.RecordRef, list []models.Event) stmt {
	rows := make([]eventRow, len(list))
	for i, e := range list {
		rows[i] = rowOfEvent(cmd, ref, e)
	}
	add := events.insert(rows, "id")
	add.sql += " RETURNING id"
	var ids []int64
	add.each = func(s scanner) error {
		var id int64
		if err := s.Scan(&id); err != nil {
			return err
		}
		if ids = append(ids, id); len(ids) == len(list) {
			slices.Sort(ids) // ids rise in the order of the rows, answers may not
			for i := range list {
				list[i].ID = ids[i]
			}
		}
		return nil
	}
	return add
}

// Refused appends an attempt that a rule refused, in a transaction of its own:
// the one that was refused left nothing. A repeat of the command adds nothing.
func (s *Store) Refused(ctx context.Context, cmd Command, ref models.RecordRef, reason string) error {
	row := rowOfEvent(cmd, ref, models.Event{Kind: models.EventRefused, Actor: cmd.Actor, At: s.Now(), Reason: reason})
	err := s.inTx(ctx, func(tx *gorm.DB, _ enqueue) error {
		var seen int64
		if cmd.Key != "" {
			err := eventsOf(tx, cmd.Workspace, ref).Where("kind = ? AND command_key = ?", row.Kind, cmd.Key).Count(&seen).Error
			if err != nil || seen > 0 {
				return err
			}
		}
		return tx.Create(&row).Error
	})
	if err != nil {
		return fmt.Errorf("append refused attempt: %w", err)
	}
	return nil
}

func eventsOf(tx *gorm.DB, ws models.WorkspaceID, ref models.RecordRef) *gorm.DB {
	return tx.Model(&eventRow{}).Where("workspace_id = ? AND record_kind = ? AND record_id = ?", ws, ref.Kind, ref.ID)
}

// History lists what happened to a record, newest first: at most limit events,
// and only those with an id below before unless before is 0.
func (s *Store) History(ctx context.Context, ws models.WorkspaceID, ref models.RecordRef, limit int, before int64) ([]models.Event, error) {
	q := eventsOf(s.db.WithContext(ctx), ws, ref).Order("id DESC").Limit(limit)
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	return findEvents(q)
}

// Event is one line of the log with the record that it is about; ErrNotFound when
// the workspace has no such line.
func (s *Store) Event(ctx context.Context, ws models.WorkspaceID, id int64) (models.Event, models.RecordRef, error) {
	var row eventRow
	err := s.db.WithContext(ctx).Where("workspace_id = ? AND id = ?", ws, id).Take(&row).Error
	if err := missing(err); err != nil {
		return models.Event{}, models.RecordRef{}, fmt.Errorf("load event %d: %w", id, err)
	}
	return row.event(), models.RecordRef{Kind: row.RecordKind, ID: row.RecordID}, nil
}

func findEvents(q *gorm.DB) ([]models.Event, error) {
	var rows []eventRow
	if err := q.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load events: %w", err)
	}
	out := make([]models.Event, len(rows))
	for i, r := range rows {
		out[i] = r.event()
	}
	return out, nil
}
