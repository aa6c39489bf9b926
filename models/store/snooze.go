package store

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/models"
)

// HoldReminders has a message of reminders that comes too late be that of the
// start of its reader's day, or join it. Unlike one that has to be tried again,
// it holds back nothing.
func (s *Store) HoldReminders(ctx context.Context, row Row, until time.Time, key string) error {
	now := s.Now()
	err := s.engine.door(ctx, func(b batch) error {
		there := false
		err := b.do(ctx, stmt{sql: "UPDATE reminders SET bundle = ? WHERE workspace_id = ? AND bundle = ?", args: []any{key, row.WorkspaceID, row.Key}},
			stmt{sql: "SELECT id FROM deliveries WHERE workspace_id = ? AND key = ? AND id <> ?", args: []any{row.WorkspaceID, key, row.ID},
				each: func(scanner) error { there = true; return nil }})
		if err != nil {
			return err
		}
		if !there {
			return b.do(ctx, stmt{sql: "UPDATE deliveries SET key = ?, state = 'pending', not_before = ?, retry_at = NULL, last_error = ?, updated_at = ? WHERE id = ?",
				args: []any{key, until, heldForHours, now, row.ID}})
		}
		var wake []river.InsertManyParams
		joined := []models.Delivery{{Kind: models.DeliverRemind, User: row.UserID, Key: key, NotBefore: until}}
		err = b.do(ctx, stmt{sql: "UPDATE deliveries SET state = 'superseded', retry_at = NULL, last_error = 'joined a later message', updated_at = ? WHERE id = ?",
			args: []any{now, row.ID}}, want(wantedOf(row.WorkspaceID, joined, nil), now, &wake), wantAgain(row.WorkspaceID, []any{key}, now, &wake))
		if err != nil || len(wake) == 0 {
			return err
		}
		return b.enqueue(ctx, wake)
	})
	if err != nil {
		return fmt.Errorf("hold reminders %d: %w", row.ID, err)
	}
	return nil
}

// SnoozeReminder lets the actor put off what they were reminded of, as named by
// record, part and kind. It moves nobody else's reminder. A models.Refusal
// changes nothing.
func (s *Store) SnoozeReminder(ctx context.Context, cmd Command, what models.Reminder, by models.SnoozeFor) (until time.Time, err error) {
	err = s.engine.door(ctx, func(b batch) error {
		look := lookRow{RecordKind: what.Record.Kind, RecordID: what.Record.ID}
		if what.Record.Kind == models.RecordPerson {
			look.About = what.About
		}
		r := reminding{ws: cmd.Workspace, looks: []lookRow{look}}
		// It waits for whoever is looking at the record for reminders.
		if err := b.do(ctx, lookAgain(cmd.Workspace, what.Record, look.About, s.Now())); err != nil {
			return err
		}
		if err := r.read(ctx, b, s); err != nil {
			return err
		}
		var latest reminderRow
		for _, x := range r.said[look.subject()] {
			mine := x.UserID == cmd.Actor && x.Kind == what.Kind && x.About == what.About
			if mine && (x.Round > latest.Round || x.Round == latest.Round && x.Stage > latest.Stage) {
				latest = x
			}
		}
		if until, err = r.about.Snooze(latest.reminder(), by, r.facts); err != nil {
			return err
		}
		var wake []river.InsertManyParams
		again := []models.Delivery{{Kind: models.DeliverRemind, User: cmd.Actor, Key: latest.Bundle}}
		err := b.do(ctx, stmt{sql: `UPDATE reminders SET snoozed_until = ? WHERE workspace_id = ? AND record_kind = ? AND record_id = ?
			AND about = ? AND kind = ? AND user_id = ? AND round = ? AND stage = ?`, args: []any{until, cmd.Workspace, latest.RecordKind, latest.RecordID,
			latest.About, latest.Kind, latest.UserID, latest.Round, latest.Stage}}, want(wantedOf(cmd.Workspace, again, nil), r.facts.Now, &wake))
		if err != nil || len(wake) == 0 {
			return err
		}
		return b.enqueue(ctx, wake)
	})
	if _, refused := models.AsRefusal(err); err != nil && !refused {
		err = fmt.Errorf("put off a reminder: %w", err)
	}
	return until, err
}
