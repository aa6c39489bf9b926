package store

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/models"
)

// DeliveryState says how far a delivery has come.
type DeliveryState string

// The states of a delivery. The first three are open: something is still to be
// done. A sent one opens again when there is something newer to show.
const (
	DeliveryPending    DeliveryState = "pending"
	DeliverySending    DeliveryState = "sending"    // Slack is being called, or was when a worker died
	DeliveryUncertain  DeliveryState = "uncertain"  // Slack may have it: look before sending again
	DeliverySent       DeliveryState = "sent"       // what is wanted is shown
	DeliveryDead       DeliveryState = "dead"       // parked until somebody repairs it
	DeliverySuperseded DeliveryState = "superseded" // no longer worth sending
)

// open is the condition under which a delivery still wants work; it is that of
// the index deliveries_open.
const openStates = "state IN ('pending', 'sending', 'uncertain')"

// Row is a delivery as kept. Wanted counts how often there was something new to
// show and Shown how much of that Slack has; a message edited in place is up to
// date when they are equal. Times are business time.
type Row struct {
	ID           int64 `gorm:"primaryKey"`
	WorkspaceID  models.WorkspaceID
	Kind         models.DeliveryKind
	RecordKind   models.RecordKind
	RecordID     int64
	EventID      int64            // what a thread line or a note is about
	Channel      models.ChannelID // the DM's own, once it is known
	UserID       models.UserID
	Key          string
	Priority     int    // lower goes first
	Conversation string // the lane: a channel, "dm:U…" or "home:U…"
	Wanted       int64
	Shown        int64
	State        DeliveryState
	TS           string `gorm:"column:ts"` // of the message; "" before the first post
	ViewHash     string
	NotBefore    *time.Time
	RetryAt      *time.Time
	Attempts     int    // since it was last sent
	LastError    string // for the operator
	ParkedReason string // for an admin, in words
	CreatedAt    time.Time
	UpdatedAt    time.Time
	SentAt       *time.Time
}

// TableName is GORM's.
func (Row) TableName() string { return "deliveries" }

// Ref is the record that the delivery is about.
func (r Row) Ref() models.RecordRef { return models.RecordRef{Kind: r.RecordKind, ID: r.RecordID} }

// Open reports whether something is still to be done: it is not sent, parked or
// given up.
func (r Row) Open() bool {
	return r.State == DeliveryPending || r.State == DeliverySending || r.State == DeliveryUncertain
}

var deliveries = tableOf[Row]()

// wanted is a delivery on its way into the table.
type wanted struct {
	models.Delivery
	ws    models.WorkspaceID
	event models.EventKind // "" = about no event
	back  int              // how many of this kind came after it in the command
}

// deliveriesOf is what people must see, ordered by key: transactions that want
// the same rows then lock them in the same order.
func deliveriesOf(c *models.Change, events []models.Event, f models.Facts) []wanted {
	return wantedOf(c.Workspace, models.Deliveries(c, events, f), events)
}

func wantedOf(ws models.WorkspaceID, list []models.Delivery, events []models.Event) []wanted {
	var out []wanted
	for _, d := range list {
		w := wanted{Delivery: d, ws: ws}
		if d.Kind == models.DeliverThread || d.Kind == models.DeliverNote || d.Kind == models.DeliverFile {
			w.event = events[d.Event].Kind
			for _, later := range events[d.Event+1:] {
				if later.Kind == w.event {
					w.back++
				}
			}
		}
		out = append(out, w)
	}
	slices.SortStableFunc(out, func(a, b wanted) int { return cmp.Compare(a.Key, b.Key) })
	return slices.CompactFunc(out, func(a, b wanted) bool { return a.Key == b.Key })
}

func (w wanted) conversation() string {
	switch {
	case w.Kind == models.DeliverHome:
		return "home:" + string(w.User)
	case w.Channel != "":
		return string(w.Channel)
	}
	return "dm:" + string(w.User)
}

var wantedColumns = []string{"workspace_id", "kind", "record_kind", "record_id", "channel", "user_id", "key", "priority",
	"conversation", "not_before", "created_at", "updated_at", "event_id"}

// eventJustAdded finds an event that a statement before has appended. The record
// is locked, so the newest events of these kinds are the command's own.
const eventJustAdded = `(SELECT id FROM events WHERE workspace_id = ? AND record_kind = ? AND record_id = ? AND kind = ?
	ORDER BY id DESC LIMIT 1 OFFSET ?)`

// want adds deliveries, or wants those that are edited in place once more. A
// dead or superseded one stays so. Every row that nobody works on yet adds a
// job to wake: one that was up to date before, be it because it is new. Others
// have theirs, which ends only when all that is wanted is shown.
func want(list []wanted, now time.Time, wake *[]river.InsertManyParams) stmt {
	var rows []string
	var args []any
	notBefore := map[string]time.Time{}
	for _, w := range list {
		notBefore[w.Key] = w.NotBefore
		args = append(args, w.ws, w.Kind, w.Record.Kind, w.Record.ID, w.Channel, w.User, w.Key, w.Kind.Priority(),
			w.conversation(), opt(w.NotBefore), now, now)
		event := "0"
		if w.event != "" {
			event = eventJustAdded
			args = append(args, w.ws, w.Record.Kind, w.Record.ID, w.event, w.back)
		}
		rows = append(rows, "("+strings.Repeat("?,", len(wantedColumns)-1)+event+")")
	}
	return stmt{
		sql: "INSERT INTO deliveries (" + strings.Join(wantedColumns, ", ") + ") VALUES " + strings.Join(rows, ",") +
			` ON CONFLICT (workspace_id, key) DO UPDATE SET wanted = deliveries.wanted + 1,
				state = CASE deliveries.state WHEN 'sent' THEN 'pending' ELSE deliveries.state END,
				updated_at = excluded.updated_at
			WHERE deliveries.kind IN ('card', 'ask', 'home', 'prompt', 'remind')
			RETURNING id, key, state, wanted, shown`,
		args: args,
		each: func(s scanner) error {
			var r Row
			if err := s.Scan(&r.ID, &r.Key, &r.State, &r.Wanted, &r.Shown); err != nil {
				return err
			}
			if r.State == DeliveryPending && r.Wanted == r.Shown+1 {
				*wake = append(*wake, wakeUp(r.ID, notBefore[r.Key], now))
			}
			return nil
		},
	}
}

// wakeUp is the job for one delivery, at once or when it is due.
func wakeUp(id int64, due, now time.Time) river.InsertManyParams {
	job := river.InsertManyParams{Args: DeliverArgs{DeliveryID: id}}
	if due.After(now) {
		job.InsertOpts = &river.InsertOpts{ScheduledAt: due}
	}
	return job
}
