package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/models"
)

// What admins, probes and proofs want to know of the outbox.

// Parked lists a workspace's dead deliveries, newest first; at most 100.
func (s *Store) Parked(ctx context.Context, ws models.WorkspaceID) ([]Row, error) {
	var rows []Row
	err := s.db.WithContext(ctx).Where("workspace_id = ? AND state = ?", ws, DeliveryDead).Order("id DESC").Limit(100).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list parked deliveries: %w", err)
	}
	return rows, nil
}

// Retry takes up a dead delivery again; ErrNotFound when it is none. An earlier
// try may have arrived, unseen until whoever was to look for it was let in again:
// what was never shown counts as uncertain. The audit log says who did.
func (s *Store) Retry(ctx context.Context, cmd Command, id int64) error {
	_, err := s.mend(ctx, cmd, models.EventSentAgain, "id = ?", id)
	return err
}

// RetryAll is Retry for all that are dead, the oldest first, [MostMended] in a
// transaction. It tells how many.
func (s *Store) RetryAll(ctx context.Context, cmd Command) (all int, err error) {
	for {
		n, err := s.mend(ctx, cmd, models.EventSentAgain, "id IN (SELECT id FROM deliveries WHERE workspace_id = ? AND state = ? ORDER BY id LIMIT ?)",
			cmd.Workspace, DeliveryDead, MostMended)
		all += n
		switch {
		case all > 0 && errors.Is(err, ErrNotFound):
			return all, nil
		case err != nil || n < MostMended:
			return all, err
		}
	}
}

// MostMended is how many deliveries are taken up in one transaction.
const MostMended = 200

// Discard gives up a dead delivery for good; ErrNotFound when it is none. The
// audit log says who did.
func (s *Store) Discard(ctx context.Context, cmd Command, id int64) error {
	_, err := s.mend(ctx, cmd, models.EventGivenUp, "id = ?", id)
	return err
}

func (s *Store) mend(ctx context.Context, cmd Command, what models.EventKind, which string, args ...any) (n int, err error) {
	state := "'superseded'"
	if what == models.EventSentAgain {
		state = "CASE WHEN ts = '' AND kind NOT IN ('home', 'file') THEN 'uncertain' ELSE 'pending' END"
	}
	now := s.Now()
	err = s.engine.door(ctx, func(b batch) error {
		var happened []eventRow
		var wake []river.InsertManyParams
		err := b.do(ctx, stmt{
			sql: "UPDATE deliveries SET state = " + state + ", attempts = 0, parked_reason = '', updated_at = ? WHERE workspace_id = ? AND state = ? AND " + which +
				" RETURNING id, kind, record_kind, record_id, channel, user_id",
			args: append([]any{now, cmd.Workspace, DeliveryDead}, args...),
			each: func(r scanner) error {
				var of models.Undelivered
				err := r.Scan(&of.ID, &of.Kind, &of.Record.Kind, &of.Record.ID, &of.Channel, &of.User)
				event := of.Mended(what, models.Facts{Actor: models.Person{ID: cmd.Actor}, Now: now})
				happened = append(happened, rowOfEvent(cmd, models.RecordRef{Kind: RecordDelivery, ID: of.ID}, event))
				wake = append(wake, wakeUp(of.ID, time.Time{}, now))
				return err
			},
		})
		switch n = len(happened); {
		case err != nil:
			return err
		case n == 0:
			return ErrNotFound
		}
		if err := b.do(ctx, events.insert(happened, "id")); err != nil || what != models.EventSentAgain {
			return err
		}
		return b.enqueue(ctx, wake)
	})
	if err != nil {
		return 0, fmt.Errorf("mend deliveries: %w", err)
	}
	return n, nil
}

// Undelivered lists what is parked, and what Slack has not confirmed yet, newest
// first; at most 100. What somebody has just taken up again was not tried yet,
// and is not among it.
func (s *Store) Undelivered(ctx context.Context, ws models.WorkspaceID) ([]models.Undelivered, error) {
	var rows []Row
	err := s.db.WithContext(ctx).Where("workspace_id = ? AND (state = ? OR state = ? AND attempts > 0)", ws, DeliveryDead, DeliveryUncertain).
		Order("state, id DESC").Limit(100).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list what was not delivered: %w", err)
	}
	out := make([]models.Undelivered, len(rows))
	for i, r := range rows {
		out[i] = models.Undelivered{ID: r.ID, Kind: r.Kind, Record: r.Ref(), Channel: r.Channel, User: r.UserID, Since: r.CreatedAt, Reason: r.ParkedReason}
	}
	return out, nil
}

// TellMenders brings the App Homes up to date that list what was not delivered.
func (s *Store) TellMenders(ctx context.Context, ws models.WorkspaceID) error {
	f, err := s.Facts(ctx, ws, "")
	if err != nil {
		return err
	}
	var homes []models.Delivery
	for _, u := range models.Menders(f) {
		if f.Person(u).SeesHome {
			homes = append(homes, models.Delivery{Kind: models.DeliverHome, User: u, Key: "home/" + string(u)})
		}
	}
	if len(homes) == 0 {
		return nil
	}
	err = s.engine.door(ctx, func(b batch) error {
		var wake []river.InsertManyParams
		if err := b.do(ctx, want(wantedOf(ws, homes, nil), s.Now(), &wake)); err != nil || len(wake) == 0 {
			return err
		}
		return b.enqueue(ctx, wake)
	})
	if err != nil {
		return fmt.Errorf("bring the homes of admins up to date: %w", err)
	}
	return nil
}

// Unsent counts what a workspace wants sent now: what is held for later, parked
// or given up is not in it.
func (s *Store) Unsent(ctx context.Context, ws models.WorkspaceID) (int, error) {
	var n int64
	now := s.Now()
	err := s.db.WithContext(ctx).Model(&Row{}).Where("workspace_id = ? AND "+openStates, ws).Where(isDue, now, now).Count(&n).Error
	if err != nil {
		return 0, fmt.Errorf("count unsent deliveries: %w", err)
	}
	return int(n), nil
}

// DeliveryCounts tells how many deliveries stand where, in all workspaces.
func (s *Store) DeliveryCounts(ctx context.Context) (map[DeliveryState]int, error) {
	var rows []struct {
		State DeliveryState
		N     int
	}
	err := s.db.WithContext(ctx).Model(&Row{}).Select("state, count(*) AS n").Group("state").Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	out := map[DeliveryState]int{}
	for _, r := range rows {
		out[r.State] = r.N
	}
	return out, nil
}

// Card is a record's card in a channel: what its thread lines stand under.
// ErrNotFound when the record has none there.
func (s *Store) Card(ctx context.Context, ws models.WorkspaceID, ref models.RecordRef, channel models.ChannelID) (Row, error) {
	var row Row
	err := s.db.WithContext(ctx).
		Where("workspace_id = ? AND record_kind = ? AND record_id = ? AND kind = ? AND channel = ?",
			ws, ref.Kind, ref.ID, models.DeliverCard, channel).Take(&row).Error
	if err := missing(err); err != nil {
		return Row{}, fmt.Errorf("load the card of %s %d in %s: %w", ref.Kind, ref.ID, channel, err)
	}
	return row, nil
}

// ShownAt is the record that a message in Slack is about, whatever kind of
// message it is. ErrNotFound when it is none of ours.
func (s *Store) ShownAt(ctx context.Context, ws models.WorkspaceID, channel models.ChannelID, ts string) (models.RecordRef, error) {
	var row Row
	err := s.db.WithContext(ctx).Where("workspace_id = ? AND channel = ? AND ts = ?", ws, channel, ts).Order("id").Take(&row).Error
	if err := missing(err); err != nil {
		return models.RecordRef{}, fmt.Errorf("find what is shown in %s at %s: %w", channel, ts, err)
	}
	return row.Ref(), nil
}

// CardTS is the card's message; false when it was not posted yet.
func (s *Store) CardTS(ctx context.Context, ws models.WorkspaceID, ref models.RecordRef, channel models.ChannelID) (string, bool, error) {
	card, err := s.Card(ctx, ws, ref, channel)
	if errors.Is(err, ErrNotFound) {
		return "", false, nil
	}
	return card.TS, card.TS != "", err
}
