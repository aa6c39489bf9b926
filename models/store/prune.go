package store

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// How long things are kept that only the machinery needs: Slack repeats a request
// within hours, a line that was posted is never edited again, a hold that is over
// holds nothing.
const (
	keepKeys   = 7 * 24 * time.Hour
	keepLines  = 30 * 24 * time.Hour
	keepLeases = time.Hour
)

// Prune removes what only the machinery needed and is old at now: command keys
// after 7 days, from when on a repeat is a new command; lines, notes and digests
// 30 days after they were sent, but for the newest digest of each schedule, which
// shrinks when the next one comes; what people were reminded of, 30 days later, if
// nothing of the record will be due any more; holds and leases an hour after
// they ran out. It returns how many rows went. The audit log, changes, cards and
// asks are kept.
func (s *Store) Prune(ctx context.Context, now time.Time) (int, error) {
	total := 0
	for _, old := range []struct {
		row   any
		where string
		args  []any
	}{
		{&commandRow{}, "at < ?", []any{now.Add(-keepKeys)}},
		{&Row{}, `kind IN ? AND state IN ? AND updated_at < ? AND (kind <> 'digest' OR record_id NOT IN (SELECT id FROM schedules)
			OR EXISTS (SELECT 1 FROM deliveries l WHERE l.workspace_id = deliveries.workspace_id AND l.record_kind = deliveries.record_kind
				AND l.record_id = deliveries.record_id AND l.id > deliveries.id))`, []any{
			[]models.DeliveryKind{models.DeliverThread, models.DeliverNote, models.DeliverDigest, models.DeliverRemind, models.DeliverCopy},
			[]DeliveryState{DeliverySent, DeliverySuperseded}, now.Add(-keepLines)}},
		{&reminderRow{}, `said_at < ? AND NOT EXISTS (SELECT 1 FROM reminder_looks l
			WHERE l.workspace_id = reminders.workspace_id AND l.record_kind = reminders.record_kind AND l.record_id = reminders.record_id)`, []any{now.Add(-keepLines)}},
		{&holdRow{}, "until < ?", []any{now.Add(-keepLeases)}},
		{&laneRow{}, "until < ?", []any{s.WireNow().Add(-keepLeases)}},
	} {
		q := s.db.WithContext(ctx).Where(old.where, old.args...).Delete(old.row)
		if q.Error != nil {
			return total, fmt.Errorf("prune: %w", q.Error)
		}
		total += int(q.RowsAffected)
	}
	return total, nil
}
