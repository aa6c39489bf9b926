package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/models"
)

// scheduleRow is a schedule as kept. RanAt is when its last round was decided.
type scheduleRow struct {
	ID          int64 `gorm:"primaryKey"`
	WorkspaceID models.WorkspaceID
	Kind        models.ScheduleKind
	Target      string
	Cron        string
	Zone        string
	SkipAfter   time.Duration
	NextRunAt   time.Time
	RanAt       *time.Time
	Version     int64
}

func (scheduleRow) TableName() string { return "schedules" }

var schedules = tableOf[scheduleRow]()

func (r scheduleRow) schedule() models.Schedule {
	return models.Schedule{ID: r.ID, Workspace: r.WorkspaceID, Kind: r.Kind, Target: r.Target, Cron: r.Cron, Zone: r.Zone,
		SkipAfter: r.SkipAfter, NextAt: r.NextRunAt.UTC(), Version: r.Version}
}

// SetSchedule makes or replaces the schedule of its kind and target: fn gets
// the facts, and returns it with what happened. A round that is due already is
// still had. A models.Refusal changes nothing.
func (s *Store) SetSchedule(ctx context.Context, cmd Command, fn func(models.Facts) (models.Schedule, []models.Event, error)) error {
	err := s.engine.door(ctx, func(b batch) error {
		var m moment
		if err := b.do(ctx, m.look(cmd)); err != nil || m.repeat {
			return err
		}
		f, err := s.facts(ctx, cmd.Workspace, m, b.do)
		if err != nil {
			return err
		}
		want, happened, err := fn(f)
		if err != nil {
			return err
		}
		row := scheduleRow{WorkspaceID: cmd.Workspace, Kind: want.Kind, Target: want.Target, Cron: want.Cron, Zone: want.Zone,
			SkipAfter: want.SkipAfter, NextRunAt: want.NextAt, Version: 1}
		put := schedules.insert([]scheduleRow{row}, "id")
		put.sql += ` ON CONFLICT (workspace_id, kind, target) DO UPDATE SET cron = excluded.cron, zone = excluded.zone,
			skip_after = excluded.skip_after, version = schedules.version + 1,
			next_run_at = CASE WHEN schedules.next_run_at <= ? THEN schedules.next_run_at ELSE excluded.next_run_at END RETURNING id`
		put.args = append(put.args, f.Now)
		put.each = func(x scanner) error { return x.Scan(&want.ID) }
		if err := b.do(ctx, put); err != nil {
			return err
		}
		return b.do(ctx, s.happened(cmd, want.Ref(), happened, f)...)
	})
	return scheduleError("set", err)
}

// DropSchedule ends the schedule of this kind and target; false when there is none.
// What its rounds have not sent is given up, and what is shown of the last one is
// drawn once more, now that no other will replace it.
func (s *Store) DropSchedule(ctx context.Context, cmd Command, kind models.ScheduleKind, target string, event models.Event) (dropped bool, err error) {
	err = s.engine.door(ctx, func(b batch) error {
		var m moment
		var id int64
		drop := stmt{sql: "DELETE FROM schedules WHERE workspace_id = ? AND kind = ? AND target = ? RETURNING id",
			args: []any{cmd.Workspace, kind, target}, each: func(x scanner) error { return x.Scan(&id) }}
		if err := b.do(ctx, m.look(cmd), drop); err != nil || id == 0 {
			dropped = m.repeat
			return err
		}
		f, err := s.facts(ctx, cmd.Workspace, m, b.do)
		if err != nil {
			return err
		}
		dropped, event.At = true, f.Now
		var wake []river.InsertManyParams
		of := models.Schedule{ID: id, Workspace: cmd.Workspace}
		out := append(s.happened(cmd, of.Ref(), []models.Event{event}, f), giveUpRounds(of, "", f.Now), redrawRounds(of, "", f.Now, &wake))
		if err := b.do(ctx, out...); err != nil || len(wake) == 0 {
			return err
		}
		return b.enqueue(ctx, wake)
	})
	return dropped, scheduleError("drop", err)
}

// happened appends the events and spends the command's key.
func (s *Store) happened(cmd Command, ref models.RecordRef, list []models.Event, f models.Facts) []stmt {
	var out []stmt
	if len(list) > 0 {
		out = append(out, addEvents(cmd, ref, list))
	}
	if cmd.Key != "" {
		claim := spend(cmd, ref, f.Now)
		claim.sql += " ON CONFLICT (workspace_id, key) DO NOTHING"
		out = append(out, claim)
	}
	return out
}

func scheduleError(what string, err error) error {
	if _, refused := models.AsRefusal(err); err == nil || refused {
		return err
	}
	return fmt.Errorf("%s schedule: %w", what, err)
}

// Schedule is the one of this kind and target; ErrNotFound when there is none.
func (s *Store) Schedule(ctx context.Context, ws models.WorkspaceID, kind models.ScheduleKind, target string) (models.Schedule, error) {
	return s.oneSchedule(ctx, "workspace_id = ? AND kind = ? AND target = ?", ws, kind, target)
}

// ScheduleByID is the one of this number; ErrNotFound when it was dropped.
func (s *Store) ScheduleByID(ctx context.Context, ws models.WorkspaceID, id int64) (models.Schedule, error) {
	return s.oneSchedule(ctx, "workspace_id = ? AND id = ?", ws, id)
}

func (s *Store) oneSchedule(ctx context.Context, where string, args ...any) (models.Schedule, error) {
	var row scheduleRow
	if err := missing(s.db.WithContext(ctx).Where(where, args...).Take(&row).Error); err != nil {
		return models.Schedule{}, fmt.Errorf("load schedule: %w", err)
	}
	return row.schedule(), nil
}

// DueSchedules lists a workspace's schedules whose time has come at now, and
// those whose last round lies in the future because a clock was set back: they
// are to be planned anew. At most limit, longest due first.
func (s *Store) DueSchedules(ctx context.Context, ws models.WorkspaceID, now time.Time, limit int) ([]models.Schedule, error) {
	var rows []scheduleRow
	err := s.db.WithContext(ctx).Where("workspace_id = ? AND (next_run_at <= ? OR ran_at > ?)", ws, now, now.Add(ClockSlack)).
		Order("next_run_at, id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list due schedules: %w", err)
	}
	out := make([]models.Schedule, len(rows))
	for i, r := range rows {
		out[i] = r.schedule()
	}
	return out, nil
}

// Fire moves a schedule on to next and adds what this round delivers, in one
// transaction; false when somebody else was faster, and then nothing is added.
// A round replaces those before it: what they have not sent is given up, and
// what is shown of them is drawn once more, now that it is over.
func (s *Store) Fire(ctx context.Context, sch models.Schedule, next time.Time, list []models.Delivery) (bool, error) {
	err := s.engine.door(ctx, func(b batch) error {
		now, moved := s.Now(), false
		err := b.do(ctx, stmt{sql: "UPDATE schedules SET next_run_at = ?, ran_at = ?, version = version + 1 WHERE id = ? AND version = ? RETURNING id",
			args: []any{next, now, sch.ID, sch.Version}, each: func(scanner) error { moved = true; return nil }})
		switch {
		case err != nil:
			return err
		case !moved:
			return errRepeat
		case len(list) == 0:
			return nil
		}
		var wake []river.InsertManyParams
		rows := wantedOf(sch.Workspace, list, nil)
		out := []stmt{giveUpRounds(sch, list[0].Key, now), redrawRounds(sch, list[0].Key, now, &wake), want(rows, now, &wake)}
		if err := b.do(ctx, out...); err != nil || len(wake) == 0 {
			return err
		}
		return b.enqueue(ctx, wake)
	})
	if errors.Is(err, errRepeat) {
		return false, nil
	}
	return err == nil, scheduleError("fire", err)
}

const ofRounds = "workspace_id = ? AND record_kind = 'schedule' AND record_id = ? AND key <> ?"

func giveUpRounds(sch models.Schedule, but string, now time.Time) stmt {
	return stmt{sql: "UPDATE deliveries SET state = 'superseded', last_error = 'a newer one replaced it, or there are no more', parked_reason = '', retry_at = NULL, updated_at = ? WHERE " +
		ofRounds + " AND ts = '' AND state IN ('pending', 'uncertain', 'dead')", args: []any{now, sch.Workspace, sch.ID, but}}
}

// redrawRounds has the rounds drawn once more, the one that is on its way to
// Slack too: it shrinks as soon as it is there.
func redrawRounds(sch models.Schedule, but string, now time.Time, wake *[]river.InsertManyParams) stmt {
	return stmt{sql: "UPDATE deliveries SET wanted = wanted + 1, state = CASE state WHEN 'sent' THEN 'pending' ELSE state END, updated_at = ? WHERE " +
		ofRounds + " AND (state = 'sending' OR state = 'sent' AND ts <> '') AND wanted = 1 RETURNING id, state",
		args: []any{now, sch.Workspace, sch.ID, but},
		each: func(x scanner) error {
			var r Row
			err := x.Scan(&r.ID, &r.State)
			if err == nil && r.State == DeliveryPending {
				*wake = append(*wake, wakeUp(r.ID, time.Time{}, now))
			}
			return err
		}}
}

// LaterRound reports whether a newer round than row's has begun.
func (s *Store) LaterRound(ctx context.Context, row Row) (bool, error) {
	var n int64
	err := s.db.WithContext(ctx).Model(&Row{}).Where("workspace_id = ? AND record_kind = ? AND record_id = ? AND id > ?",
		row.WorkspaceID, row.RecordKind, row.RecordID, row.ID).Limit(1).Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for a later round: %w", err)
	}
	return n > 0, nil
}
