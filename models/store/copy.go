package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehousehq/gatehouse/models"
)

// RecordDelivery is what a copy is about: the delivery that it shows.
const RecordDelivery models.RecordKind = "delivery"

// SawMessage notes that a person met a delivery's message at this place. The one
// that Gatehouse knows needs nothing. Another is a copy whose reply from Slack
// got lost: it is put right in the delivery's own lane, where nothing is being
// sent meanwhile. Saying so again changes nothing.
func (s *Store) SawMessage(ctx context.Context, ws models.WorkspaceID, delivery int64, channel models.ChannelID, ts string) error {
	if ts == "" {
		return nil
	}
	// Nearly every click is on the message that is known, so that is asked for alone.
	var another bool // false as well for what was pruned: what is that old has no other copy
	err := s.db.WithContext(ctx).Raw("SELECT EXISTS (SELECT 1 FROM deliveries WHERE id = ? AND workspace_id = ? AND ts <> ? AND (channel = '' OR channel = ?))",
		delivery, ws, ts, channel).Scan(&another).Error
	if err != nil {
		return fmt.Errorf("look for the message of delivery %d: %w", delivery, err)
	}
	if !another {
		return nil
	}
	of, err := s.Delivery(ctx, delivery)
	if err != nil {
		return err
	}
	err = s.inTx(ctx, func(tx *gorm.DB, enq enqueue) error {
		now := s.Now()
		row := Row{WorkspaceID: ws, Kind: models.DeliverCopy, RecordKind: RecordDelivery, RecordID: of.ID, Channel: channel, UserID: of.UserID,
			TS: ts, Key: fmt.Sprintf("copy/%s/%s", channel, ts), Priority: models.DeliverCopy.Priority(), Conversation: of.Conversation,
			Wanted: 1, State: DeliveryPending, CreatedAt: now, UpdatedAt: now}
		q := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "workspace_id"}, {Name: "key"}}, DoNothing: true}).Create(&row)
		if q.Error == nil && q.RowsAffected == 1 {
			enq(wakeUp(row.ID, time.Time{}, now))
		}
		return q.Error
	})
	if err != nil {
		return fmt.Errorf("note a copy of delivery %d: %w", delivery, err)
	}
	return nil
}

// Adopt makes the message at this place the delivery's own, unless it has one;
// false then. What is edited in place is shown there anew. The caller holds the
// delivery's lane.
func (s *Store) Adopt(ctx context.Context, of Row, channel models.ChannelID, ts string) (bool, error) {
	state := DeliverySent
	if of.Kind.EditedInPlace() {
		state = DeliveryPending
	}
	now := s.Now()
	q := s.db.WithContext(ctx).Model(&Row{}).Where("id = ? AND ts = '' AND state <> ?", of.ID, DeliverySuperseded).
		Updates(map[string]any{"channel": channel, "ts": ts, "state": state, "attempts": 0, "retry_at": nil, "last_error": "",
			"parked_reason": "", "sent_at": now, "updated_at": now})
	if q.Error != nil {
		return false, fmt.Errorf("adopt a copy of delivery %d: %w", of.ID, q.Error)
	}
	return q.RowsAffected == 1, nil
}
