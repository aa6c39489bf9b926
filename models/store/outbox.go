package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/gatehousehq/gatehouse/models"
)

// ErrLaneLost says that a worker's lease of a conversation has run out: another
// may be sending, so it must stop.
var ErrLaneLost = errors.New("the lane was lost")

// Delivery loads one delivery; ErrNotFound when it was pruned.
func (s *Store) Delivery(ctx context.Context, id int64) (Row, error) {
	var row Row
	if err := missing(s.db.WithContext(ctx).Where("id = ?", id).Take(&row).Error); err != nil {
		return Row{}, fmt.Errorf("load delivery %d: %w", id, err)
	}
	return row, nil
}

// missing is ErrNotFound where GORM has its own word for it.
func missing(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return ErrNotFound
	}
	return err
}

// isDue takes now twice.
const isDue = "(not_before IS NULL OR not_before <= ?) AND (retry_at IS NULL OR retry_at <= ?)"

// NextInLane is the delivery of a conversation to send next, if one is due.
// Within one record the oldest goes first, and one that has to be tried again
// later holds back those after it; across records the lowest priority number
// goes first. A first post that is held for working hours holds back nothing;
// neither does anything hold back reminders and digests, which stand alone: an
// old one that can't be edited must not keep the new one from coming.
func (s *Store) NextInLane(ctx context.Context, ws models.WorkspaceID, conversation string, now time.Time) (Row, bool, error) {
	var rows []Row
	err := s.db.WithContext(ctx).
		Where("workspace_id = ? AND conversation = ? AND "+openStates, ws, conversation).
		Where(isDue, now, now).
		Where(`(kind IN ('remind', 'digest') OR NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.workspace_id = deliveries.workspace_id
			AND o.conversation = deliveries.conversation AND o.record_kind = deliveries.record_kind
			AND o.record_id = deliveries.record_id AND o.id < deliveries.id
			AND o.state IN ('pending', 'sending', 'uncertain') AND (o.not_before IS NULL OR o.not_before <= ?)))`, now).
		Order("priority, id").Limit(1).Find(&rows).Error
	if err != nil {
		return Row{}, false, fmt.Errorf("find what is next in %s: %w", conversation, err)
	}
	if len(rows) == 0 {
		return Row{}, false, nil
	}
	return rows[0], true, nil
}

// MarkSending notes that Slack is about to be called in row's channel, and
// returns the row as it is now. ErrLaneLost when owner no longer has the lane, or
// the row needs nothing any more.
func (s *Store) MarkSending(ctx context.Context, row Row, owner string) (Row, error) {
	var fresh []Row
	err := s.db.WithContext(ctx).Raw(`UPDATE deliveries SET state = 'sending', attempts = attempts + 1, channel = ?, updated_at = ?
		WHERE id = ? AND `+openStates+` AND EXISTS (SELECT 1 FROM lanes l WHERE l.workspace_id = deliveries.workspace_id
			AND l.conversation = deliveries.conversation AND l.owner = ? AND l.until > ?)
		RETURNING `+strings.Join(deliveries.columns, ", "),
		row.Channel, s.Now(), row.ID, owner, s.WireNow()).Scan(&fresh).Error
	if err != nil {
		return Row{}, fmt.Errorf("mark delivery %d as sending: %w", row.ID, err)
	}
	if len(fresh) == 0 {
		return Row{}, ErrLaneLost
	}
	return fresh[0], nil
}

// Sent is what Slack answered.
type Sent struct {
	Channel models.ChannelID // "" leaves the row's
	TS      string           // "" leaves the row's
	Hash    string           // of the view, for App Homes; "" leaves the row's
	Shown   int64            // Wanted of the row that MarkSending returned
}

// MarkSent notes what Slack has. The row stays pending when more was wanted
// meanwhile; only when it did not, a job given is complete with this very
// commit. ctx must then be the one that the job's Work was given.
func (s *Store) MarkSent(ctx context.Context, row Row, sent Sent, job *river.Job[DeliverArgs]) error {
	now := s.Now()
	fields := map[string]any{
		"shown":         sent.Shown,
		"state":         gorm.Expr("CASE WHEN wanted > ? THEN 'pending' ELSE 'sent' END", sent.Shown),
		"attempts":      0,
		"retry_at":      nil,
		"last_error":    "",
		"view_hash":     either(sent.Hash, row.ViewHash),
		"ts":            either(sent.TS, row.TS),
		"channel":       either(sent.Channel, row.Channel),
		"sent_at":       now,
		"updated_at":    now,
		"parked_reason": "",
	}
	done := func(tx *gorm.DB) (bool, error) {
		if err := tx.Model(&Row{}).Where("id = ?", row.ID).Updates(fields).Error; err != nil {
			return false, err
		}
		var fresh Row
		err := tx.Where("id = ?", row.ID).Take(&fresh).Error
		return fresh.State == DeliverySent, err
	}
	if err := s.finish(ctx, job, done); err != nil {
		return fmt.Errorf("mark delivery %d as sent: %w", row.ID, err)
	}
	return nil
}

// finish runs fn and completes the job with it when fn says so.
func (s *Store) finish(ctx context.Context, job *river.Job[DeliverArgs], fn func(*gorm.DB) (bool, error)) error {
	return s.engine.transact(ctx, s.db, func(tx *gorm.DB, raw rawTx) error {
		done, err := fn(tx)
		if err != nil || !done || job == nil {
			return err
		}
		return raw.complete(ctx, job)
	})
}

func either[T ~string](a, b T) T {
	if a != "" {
		return a
	}
	return b
}

// NoteFile keeps the id of a file that was taken to Slack and is not shared yet.
func (s *Store) NoteFile(ctx context.Context, row Row, id string) error {
	if err := s.db.WithContext(ctx).Model(&Row{}).Where("id = ?", row.ID).Updates(map[string]any{"view_hash": id, "updated_at": s.Now()}).Error; err != nil {
		return fmt.Errorf("note the file of delivery %d: %w", row.ID, err)
	}
	return nil
}

// MarkRetry notes that Slack did not take it and when to try again.
func (s *Store) MarkRetry(ctx context.Context, row Row, at time.Time, why string) error {
	return s.mark(ctx, row, DeliveryPending, map[string]any{"retry_at": at, "last_error": why, "attempts": row.Attempts})
}

const heldForHours = "came late, and waits for the reader's hours"

// MarkHeld notes that a first post waits for its reader's hours. Unlike one that
// has to be tried again, it holds back nothing of its record.
func (s *Store) MarkHeld(ctx context.Context, row Row, until time.Time) error {
	return s.mark(ctx, row, DeliveryPending, map[string]any{"not_before": until, "retry_at": nil, "last_error": heldForHours})
}

// MarkUncertain notes that Slack may or may not have it, and when to look.
func (s *Store) MarkUncertain(ctx context.Context, row Row, at time.Time, why string) error {
	return s.mark(ctx, row, DeliveryUncertain, map[string]any{"retry_at": at, "last_error": why, "attempts": row.Attempts})
}

// MarkDead parks a delivery that can't succeed until somebody repairs
// something: reason tells an admin what, why is for the operator.
func (s *Store) MarkDead(ctx context.Context, row Row, reason, why string) error {
	return s.mark(ctx, row, DeliveryDead, map[string]any{"parked_reason": reason, "last_error": why, "retry_at": nil})
}

// MarkSuperseded gives up a first post that nobody needs any more.
func (s *Store) MarkSuperseded(ctx context.Context, row Row, why string) error {
	return s.mark(ctx, row, DeliverySuperseded, map[string]any{"last_error": why, "retry_at": nil})
}

func (s *Store) mark(ctx context.Context, row Row, state DeliveryState, fields map[string]any) error {
	fields["state"], fields["updated_at"] = state, s.Now()
	if err := s.db.WithContext(ctx).Model(&Row{}).Where("id = ?", row.ID).Updates(fields).Error; err != nil {
		return fmt.Errorf("mark delivery %d as %s: %w", row.ID, state, err)
	}
	return nil
}

// Stuck lists a workspace's deliveries that are due, were not touched since olderThan, and
// whose conversation nobody works on: their jobs may be lost.
func (s *Store) Stuck(ctx context.Context, ws models.WorkspaceID, olderThan time.Time, limit int) ([]Row, error) {
	var rows []Row
	now := s.Now()
	err := s.db.WithContext(ctx).Where("workspace_id = ? AND "+openStates+" AND updated_at < ?", ws, olderThan).
		Where(isDue, now, now).
		Where(`NOT EXISTS (SELECT 1 FROM lanes l WHERE l.workspace_id = deliveries.workspace_id
			AND l.conversation = deliveries.conversation AND l.until > ?)`, s.WireNow()).
		Order("id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("find stuck deliveries: %w", err)
	}
	return rows, nil
}

// Enqueue wakes deliveries once more. They count as touched.
func (s *Store) Enqueue(ctx context.Context, ids ...int64) error {
	if len(ids) == 0 {
		return nil
	}
	now := s.Now()
	err := s.inTx(ctx, func(tx *gorm.DB, enq enqueue) error {
		for _, id := range ids {
			enq(wakeUp(id, time.Time{}, now))
		}
		return tx.Model(&Row{}).Where("id IN ?", ids).Update("updated_at", now).Error
	})
	if err != nil {
		return fmt.Errorf("wake %d deliveries: %w", len(ids), err)
	}
	return nil
}
