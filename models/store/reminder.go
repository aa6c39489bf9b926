package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/gatehousehq/gatehouse/models"
)

// lookRow says when a change is next looked at for reminders.
type lookRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	ChangeID    models.ChangeID    `gorm:"primaryKey;autoIncrement:false"`
	LookAt      time.Time
}

func (lookRow) TableName() string { return "reminder_looks" }

// reminderRow is what was said to one person, and in which message.
type reminderRow struct {
	WorkspaceID models.WorkspaceID  `gorm:"primaryKey"`
	ChangeID    models.ChangeID     `gorm:"primaryKey;autoIncrement:false"`
	Kind        models.ReminderKind `gorm:"primaryKey"`
	UserID      models.UserID       `gorm:"primaryKey"`
	Round       int64               `gorm:"primaryKey;autoIncrement:false"`
	Stage       int                 `gorm:"primaryKey;autoIncrement:false"`
	Bundle      string
	SaidAt      time.Time
}

func (reminderRow) TableName() string { return "reminders" }

var (
	looks     = tableOf[lookRow]()
	reminders = tableOf[reminderRow]()
)

func (r reminderRow) reminder() models.Reminder {
	return models.Reminder{Change: r.ChangeID, Kind: r.Kind, User: r.UserID, Round: r.Round, Stage: r.Stage, Bundle: r.Bundle}
}

const (
	// lookDaily is the longest that a change with duties is left alone: hours,
	// zones and absences may have changed meanwhile.
	lookDaily = 24 * time.Hour
	// keepReminding is how long a message of reminders is kept true.
	keepReminding = 7 * 24 * time.Hour
)

// lookAgain has reminders judged anew after a change was saved.
func lookAgain(c *models.Change, now time.Time) stmt {
	keep := looks.insert([]lookRow{{c.Workspace, c.ID, now}})
	keep.sql += " ON CONFLICT (workspace_id, change_id) DO UPDATE SET look_at = excluded.look_at"
	return keep
}

// Remind says what is due: of at most limit changes that are to be looked at,
// it notes what their people must hear, wants the messages and sets when to
// look next, all in one transaction. What another replica is looking at is left
// to it. It returns how many changes it looked at and how many reminders came of it.
func (s *Store) Remind(ctx context.Context, ws models.WorkspaceID, limit int) (looked, said int, err error) {
	err = s.engine.door(ctx, func(b batch) error {
		now := s.Now()
		var due []lookRow
		find := looks.sel("workspace_id = ? AND look_at <= ? ORDER BY look_at, change_id LIMIT ?")
		if s.kind == Postgres {
			find += " FOR UPDATE SKIP LOCKED"
		}
		err := b.do(ctx, stmt{sql: find, args: []any{ws, now, limit}, each: looks.collect(&due)})
		if looked = len(due); err != nil || looked == 0 {
			return err
		}
		r := reminding{ws: ws}
		if err := r.read(ctx, b, s, due); err != nil {
			return err
		}
		said, err = r.keep(ctx, b)
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("remind people: %w", err)
	}
	return looked, said, nil
}

// reminding is one look at some changes.
type reminding struct {
	ws      models.WorkspaceID
	facts   models.Facts
	changes []changeRow
	given   map[models.ChangeID][]approvalRow
	said    map[models.ChangeID][]reminderRow
	ids     []any // workspace, then the changes
}

func (r *reminding) read(ctx context.Context, b batch, s *Store, due []lookRow) error {
	r.ids = []any{r.ws}
	for _, d := range due {
		r.ids = append(r.ids, d.ChangeID)
	}
	among := "(?" + strings.Repeat(", ?", len(due)-1) + ")"
	var m moment
	var given []approvalRow
	var said []reminderRow
	err := b.do(ctx, m.look(Command{Workspace: r.ws}),
		stmt{sql: changes.sel("workspace_id = ? AND id IN " + among + " ORDER BY id"), args: r.ids, each: changes.collect(&r.changes)},
		stmt{sql: approvals.sel("workspace_id = ? AND change_id IN " + among + " ORDER BY change_id, seq"), args: r.ids, each: approvals.collect(&given)},
		stmt{sql: reminders.sel("workspace_id = ? AND change_id IN " + among), args: r.ids, each: reminders.collect(&said)})
	if err != nil {
		return err
	}
	r.given, r.said = map[models.ChangeID][]approvalRow{}, map[models.ChangeID][]reminderRow{}
	for _, a := range given {
		r.given[a.ChangeID] = append(r.given[a.ChangeID], a)
	}
	for _, x := range said {
		r.said[x.ChangeID] = append(r.said[x.ChangeID], x)
	}
	r.facts, err = s.facts(ctx, r.ws, m, b.do)
	return err
}

// keep judges each change and writes everything down in one batch.
func (r *reminding) keep(ctx context.Context, b batch) (int, error) {
	var out []stmt
	var rows []reminderRow
	var messages []models.Delivery
	wantOnce := map[string]bool{}
	message := func(key string, u models.UserID) {
		if !wantOnce[key] {
			wantOnce[key] = true
			messages = append(messages, models.Delivery{Kind: models.DeliverRemind, User: u, Key: key})
		}
	}
	now := r.facts.Now
	for i := range r.changes {
		c := r.changes[i].change(r.given[r.changes[i].ID])
		var before []models.Reminder
		for _, x := range r.said[c.ID] {
			before = append(before, x.reminder())
			if now.Sub(x.SaidAt) < keepReminding { // something was done: the message says so
				message(x.Bundle, x.UserID)
			}
		}
		due, next := c.Reminders(before, r.facts)
		for _, d := range due {
			rows = append(rows, reminderRow{r.ws, d.Change, d.Kind, d.User, d.Round, d.Stage, d.Bundle, now})
			message(d.Bundle, d.User)
		}
		out = append(out, r.lookNext(c, next))
	}
	if len(rows) > 0 {
		add := reminders.insert(rows)
		add.sql += " ON CONFLICT DO NOTHING"
		out = append(out, add)
	}
	var wake []river.InsertManyParams
	if len(messages) > 0 {
		out = append(out, want(wantedOf(r.ws, messages, nil), now, &wake))
	}
	if err := b.do(ctx, out...); err != nil || len(wake) == 0 {
		return len(rows), err
	}
	return len(rows), b.enqueue(ctx, wake)
}

// lookNext: a change of which nothing will be due is not looked at again until
// it is saved, or tomorrow if somebody may still have to act on it.
func (r *reminding) lookNext(c *models.Change, next time.Time) stmt {
	switch tomorrow := r.facts.Now.Add(lookDaily); {
	case c.State.Final() || c.State == models.Draft:
		return stmt{sql: "DELETE FROM reminder_looks WHERE workspace_id = ? AND change_id = ?", args: []any{r.ws, c.ID}}
	case next.IsZero() || next.After(tomorrow):
		next = tomorrow
	}
	return stmt{sql: "UPDATE reminder_looks SET look_at = ? WHERE workspace_id = ? AND change_id = ?", args: []any{next, r.ws, c.ID}}
}

// Reminded is what one message of reminders is about: each with its change as
// it stands now.
func (s *Store) Reminded(ctx context.Context, ws models.WorkspaceID, bundle string) ([]models.Reminder, map[models.ChangeID]*models.Change, error) {
	var rows []reminderRow
	err := s.db.WithContext(ctx).Where("workspace_id = ? AND bundle = ?", ws, bundle).Order("said_at, change_id, kind").Find(&rows).Error
	if err != nil {
		return nil, nil, fmt.Errorf("list reminders: %w", err)
	}
	out := make([]models.Reminder, len(rows))
	ids := make([]models.ChangeID, len(rows))
	for i, r := range rows {
		out[i], ids[i] = r.reminder(), r.ChangeID
	}
	found, err := s.list(ctx, ws, func(q *gorm.DB) *gorm.DB { return q.Where("id IN ?", ids) })
	if err != nil {
		return nil, nil, err
	}
	about := map[models.ChangeID]*models.Change{}
	for _, c := range found {
		about[c.ID] = c
	}
	return out, about, nil
}
