package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/gatehousehq/gatehouse/models"
)

// lookRow says when a record, or a part of one, is next looked at for reminders.
type lookRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	RecordKind  models.RecordKind  `gorm:"primaryKey"`
	RecordID    int64              `gorm:"primaryKey;autoIncrement:false"`
	About       string             `gorm:"primaryKey"`
	LookAt      time.Time
}

func (lookRow) TableName() string { return "reminder_looks" }

// reminderRow is what was said to one person, and in which message.
type reminderRow struct {
	WorkspaceID  models.WorkspaceID  `gorm:"primaryKey"`
	RecordKind   models.RecordKind   `gorm:"primaryKey"`
	RecordID     int64               `gorm:"primaryKey;autoIncrement:false"`
	About        string              `gorm:"primaryKey"`
	Kind         models.ReminderKind `gorm:"primaryKey"`
	UserID       models.UserID       `gorm:"primaryKey"`
	Round        int64               `gorm:"primaryKey;autoIncrement:false"`
	Stage        int                 `gorm:"primaryKey;autoIncrement:false"`
	Bundle       string
	SaidAt       time.Time
	SnoozedUntil *time.Time
}

func (reminderRow) TableName() string { return "reminders" }

var (
	looks     = tableOf[lookRow]()
	reminders = tableOf[reminderRow]()
)

func (r reminderRow) reminder() models.Reminder {
	return models.Reminder{Record: models.RecordRef{Kind: r.RecordKind, ID: r.RecordID}, About: r.About, Kind: r.Kind, User: r.UserID,
		Round: r.Round, Stage: r.Stage, Bundle: r.Bundle, Snoozed: val(r.SnoozedUntil)}
}

func rowOfReminder(ws models.WorkspaceID, r models.Reminder, now time.Time) reminderRow {
	return reminderRow{ws, r.Record.Kind, r.Record.ID, r.About, r.Kind, r.User, r.Round, r.Stage, r.Bundle, now, nil}
}

const (
	// lookDaily is the longest that a record with duties is left alone: hours,
	// zones and absences may have changed meanwhile.
	lookDaily = 24 * time.Hour
	// keepReminding is how long a message of reminders is kept true.
	keepReminding = 7 * 24 * time.Hour
	// stillNew is how long after it was posted a message takes in more: Slack
	// rings for new messages only, and nobody looks for a new line in what they
	// read hours ago.
	stillNew = time.Hour
	// brokenRests is how long a record is left alone on which a rule panics.
	brokenRests = 5 * time.Minute
)

// lookAgain has reminders judged anew after a record, or a part of one, was saved.
func lookAgain(ws models.WorkspaceID, ref models.RecordRef, about string, now time.Time) stmt {
	return lookAt([]lookRow{{ws, ref.Kind, ref.ID, about, now}})
}

func lookAt(rows []lookRow) stmt {
	keep := looks.insert(rows)
	keep.sql += " ON CONFLICT (workspace_id, record_kind, record_id, about) DO UPDATE SET look_at = excluded.look_at"
	return keep
}

// lookAllAgain has the reminders of the approved ones of these changes judged
// anew: what stopped their start may be over.
func lookAllAgain(ws models.WorkspaceID, list []*models.Change, now time.Time) []stmt {
	var rows []lookRow
	for _, c := range list {
		row := lookRow{ws, models.RecordChange, int64(c.ID), "", now}
		if c.State == models.Approved && !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return []stmt{lookAt(rows)}
}

// lookOf has the reminders judged anew of what these people may have to act on:
// their hours are others now, and the next look was planned by the old ones.
// What somebody is looking at or saving just then is left to them.
func (s *Store) lookOf(ws models.WorkspaceID, users []models.UserID, now time.Time) stmt {
	const one = "workspace_id, record_kind, record_id, about"
	ahead := "SELECT " + one + ` FROM reminder_looks WHERE workspace_id = ? AND look_at > ? AND (record_kind <> 'change' OR record_id IN (
		SELECT id FROM changes WHERE workspace_id = ? AND (state = 'awaiting_approval' OR implementer IN ` + marks(len(users)) + ")))"
	if s.kind == Postgres {
		ahead += " FOR UPDATE SKIP LOCKED"
	}
	args := []any{now, ws, now, ws}
	for _, u := range users {
		args = append(args, u)
	}
	return stmt{sql: "UPDATE reminder_looks SET look_at = ? WHERE (" + one + ") IN (" + ahead + ")", args: args}
}

// Look is what one look for reminders came to.
type Look struct {
	Records int // that were looked at
	Said    int // reminders that came of it
	Broken  []Broken
}

// Broken is a record that can't be judged because a rule panics on it. It is
// looked at again after brokenRests; all others have their reminders meanwhile.
type Broken struct {
	Record models.RecordRef
	About  string
	Panic  any
	Trace  []byte
}

// Remind says what is due: of at most limit records that are to be looked at,
// it notes what their people must hear, wants the messages and sets when to
// look next, all in one transaction. What another replica is looking at is left
// to it.
func (s *Store) Remind(ctx context.Context, ws models.WorkspaceID, limit int) (look Look, err error) {
	err = s.engine.door(ctx, func(b batch) error {
		now := s.Now()
		var due []lookRow
		find := looks.sel("workspace_id = ? AND look_at <= ? ORDER BY look_at, record_kind, record_id LIMIT ?")
		if s.kind == Postgres {
			find += " FOR UPDATE SKIP LOCKED"
		}
		err := b.do(ctx, stmt{sql: find, args: []any{ws, now, limit}, each: looks.collect(&due)})
		if look = (Look{Records: len(due)}); err != nil || len(due) == 0 {
			return err
		}
		r := reminding{ws: ws, looks: due}
		if err := r.read(ctx, b, s); err != nil {
			return err
		}
		look.Said, err = r.keep(ctx, b, s.judge)
		look.Broken = r.broken
		return err
	})
	if err != nil {
		return Look{}, fmt.Errorf("remind people: %w", err)
	}
	return look, nil
}

// reminding is one look at some records.
type reminding struct {
	ws    models.WorkspaceID
	looks []lookRow
	facts models.Facts
	about models.Subjects
	said  map[subject][]reminderRow

	broken []Broken
}

// judgement is what is due of one record, given what was said, when to look at
// it again, and whether nothing will ever be due of it as it stands.
type judgement func(r *reminding, l lookRow, said []models.Reminder) (due []models.Reminder, next time.Time, over bool)

// subject is what a look is about.
type subject struct {
	models.RecordRef
	about string // only of people, who are no records of their own
}

func (l lookRow) subject() subject {
	return subject{models.RecordRef{Kind: l.RecordKind, ID: l.RecordID}, l.About}
}

// ids are the workspace and the records of that kind, and the list of question
// marks for these.
func (r *reminding) ids(kind models.RecordKind) (args []any, among string) {
	args = []any{r.ws}
	for _, l := range r.looks {
		if l.RecordKind == kind {
			args = append(args, l.RecordID)
		}
	}
	return args, "(NULL" + strings.Repeat(", ?", len(args)-1) + ")"
}

func (r *reminding) read(ctx context.Context, b batch, s *Store) error {
	var m moment
	var rows []changeRow
	var given []approvalRow
	var said []reminderRow
	var plans []releaseRow
	var absent []any
	ids, among := r.ids(models.RecordChange)
	releaseIDs, amongReleases := r.ids(models.RecordRelease)
	for _, l := range r.looks {
		if l.RecordKind == models.RecordPerson {
			absent = append(absent, l.About)
		}
	}
	err := b.do(ctx, m.look(Command{Workspace: r.ws}),
		stmt{sql: changes.sel("workspace_id = ? AND id IN " + among), args: ids, each: changes.collect(&rows)},
		stmt{sql: approvals.sel("workspace_id = ? AND change_id IN " + among + " ORDER BY change_id, seq"), args: ids, each: approvals.collect(&given)},
		stmt{sql: reminders.sel("workspace_id = ? AND record_kind = 'change' AND record_id IN " + among), args: ids, each: reminders.collect(&said)},
		stmt{sql: releases.sel("workspace_id = ? AND id IN " + amongReleases), args: releaseIDs, each: releases.collect(&plans)},
		stmt{sql: reminders.sel("workspace_id = ? AND record_kind = 'release' AND record_id IN " + amongReleases), args: releaseIDs, each: reminders.collect(&said)},
		stmt{sql: reminders.sel("workspace_id = ? AND record_kind = 'person' AND about IN (NULL" + strings.Repeat(", ?", len(absent)) + ")"),
			args: append([]any{r.ws}, absent...), each: reminders.collect(&said)})
	if err != nil {
		return err
	}
	byChange := map[models.ChangeID][]approvalRow{}
	for _, a := range given {
		byChange[a.ChangeID] = append(byChange[a.ChangeID], a)
	}
	r.about = models.Subjects{Changes: map[models.ChangeID]*models.Change{}, Releases: map[models.ReleaseID]*models.Release{}}
	for _, row := range rows {
		r.about.Changes[row.ID] = row.change(byChange[row.ID])
	}
	for _, row := range plans {
		r.about.Releases[row.ID] = row.release()
	}
	r.said = map[subject][]reminderRow{}
	for _, x := range said {
		about := subject{RecordRef: models.RecordRef{Kind: x.RecordKind, ID: x.RecordID}}
		if x.RecordKind == models.RecordPerson {
			about.about = x.About
		}
		r.said[about] = append(r.said[about], x)
	}
	r.facts, err = s.facts(ctx, r.ws, m, b.do)
	return err
}

// guarded keeps a record on which a rule panics from silencing all others.
func (r *reminding) guarded(judge judgement, l lookRow, said []models.Reminder) (due []models.Reminder, next time.Time, over bool) {
	defer func() {
		if v := recover(); v != nil {
			r.broken = append(r.broken, Broken{l.subject().RecordRef, l.About, v, debug.Stack()})
			due, next, over = nil, r.facts.Now.Add(brokenRests), false
		}
	}()
	return judge(r, l, said)
}

func (r *reminding) judge(l lookRow, said []models.Reminder) (due []models.Reminder, next time.Time, over bool) {
	switch l.RecordKind {
	case models.RecordPerson:
		due, next = models.AbsenceReminders(models.UserID(l.About), said, r.facts)
		return due, next, next.IsZero()
	case models.RecordRelease:
		if x := r.about.Releases[models.ReleaseID(l.RecordID)]; x != nil {
			due, next = x.Reminders(said, r.facts)
			return due, next, x.State.Final()
		}
	case models.RecordChange:
		if c := r.about.Changes[models.ChangeID(l.RecordID)]; c != nil {
			f := r.facts
			if c.State == models.Approved {
				f.Around.Freezes = freezesRound(c.Scope(), f.Directory)
			}
			due, next = c.Reminders(said, f)
			return due, next, c.State.Final() || c.State == models.Draft
		}
	}
	return nil, next, true
}

// keep judges each record and writes everything down in one batch.
func (r *reminding) keep(ctx context.Context, b batch, judge judgement) (int, error) {
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
	var again, done []lookRow
	for _, l := range r.looks {
		var before []models.Reminder
		for _, x := range r.said[l.subject()] {
			before = append(before, x.reminder())
		}
		broken := len(r.broken)
		due, next, over := r.guarded(judge, l, before)
		if len(r.broken) == broken { // else it can't be drawn either
			for _, x := range r.said[l.subject()] {
				if now.Sub(x.SaidAt) < keepReminding { // something was done: the message says so
					message(x.Bundle, x.UserID)
				}
			}
		}
		for _, d := range due {
			rows = append(rows, rowOfReminder(r.ws, d, now))
		}
		if l.LookAt = r.lookNext(next); over {
			done = append(done, l)
		} else {
			again = append(again, l)
		}
	}
	if len(again) > 0 {
		out = append(out, lookAt(again))
	}
	if len(done) > 0 {
		out = append(out, lookNoMore(done))
	}
	if err := r.part(ctx, b, rows); err != nil {
		return 0, err
	}
	if err := r.join(ctx, b, rows); err != nil {
		return 0, err
	}
	var fresh []any
	for _, x := range rows {
		message(x.Bundle, x.UserID)
		fresh = append(fresh, x.Bundle)
	}
	if len(rows) > 0 {
		// What was put off is said again, and then stands in the new message only.
		add := reminders.insert(rows)
		add.sql += ` ON CONFLICT (workspace_id, record_kind, record_id, about, kind, user_id, round, stage)
			DO UPDATE SET bundle = excluded.bundle, said_at = excluded.said_at, snoozed_until = NULL`
		out = append(out, add)
	}
	var wake []river.InsertManyParams
	if len(messages) > 0 {
		out = append(out, want(wantedOf(r.ws, messages, nil), now, &wake))
	}
	if len(fresh) > 0 {
		out = append(out, wantAgain(r.ws, fresh, now, &wake))
	}
	if err := b.do(ctx, out...); err != nil || len(wake) == 0 {
		return len(rows), err
	}
	return len(rows), b.enqueue(ctx, wake)
}

// part has what is due come in a message of its own where the one that it would
// go into was read long ago.
func (r *reminding) part(ctx context.Context, b batch, rows []reminderRow) error {
	if len(rows) == 0 {
		return nil
	}
	args, old := []any{r.ws}, map[string]bool{}
	for _, x := range rows {
		if _, listed := old[x.Bundle]; !listed {
			old[x.Bundle] = false
			args = append(args, x.Bundle)
		}
	}
	err := b.do(ctx, stmt{sql: "SELECT key, ts FROM deliveries WHERE workspace_id = ? AND ts <> '' AND key IN " + marks(len(old)), args: args,
		each: func(x scanner) error {
			var key, ts string
			err := x.Scan(&key, &ts)
			seconds, _ := strconv.ParseFloat(ts, 64)
			old[key] = r.facts.Now.Sub(time.Unix(int64(seconds), 0)) > stillNew
			return err
		}})
	for n, x := range rows {
		if old[x.Bundle] {
			rows[n].Bundle = models.MinuteBundle(r.facts.Person(x.UserID), r.facts.Now)
		}
	}
	return err
}

// join has what is due go into a message of reminders to the same person that
// waits for Slack: whoever missed several gets one.
func (r *reminding) join(ctx context.Context, b batch, rows []reminderRow) error {
	if len(rows) == 0 {
		return nil
	}
	args := []any{r.ws}
	for _, x := range rows {
		if dm := "dm:" + string(x.UserID); !slices.Contains(args[1:], any(dm)) {
			args = append(args, dm)
		}
	}
	among := strings.Repeat(", ?", len(args)-1)[2:]
	waiting := map[models.UserID][]string{}
	err := b.do(ctx, stmt{sql: "SELECT user_id, key FROM deliveries WHERE workspace_id = ? AND conversation IN (" + among + ") AND kind = 'remind'" +
		" AND " + openStates + " AND ts = '' AND (not_before IS NULL OR not_before <= ?) ORDER BY id",
		args: append(args, r.facts.Now), each: func(x scanner) error {
			var u models.UserID
			var key string
			err := x.Scan(&u, &key)
			waiting[u] = append(waiting[u], key)
			return err
		}})
	for n, x := range rows {
		if keys := waiting[x.UserID]; len(keys) > 0 && !slices.Contains(keys, x.Bundle) {
			rows[n].Bundle = keys[0]
		}
	}
	return err
}

// wantAgain opens messages that were given up because all of it was done, now
// that there is more to say in them.
func wantAgain(ws models.WorkspaceID, keys []any, now time.Time, wake *[]river.InsertManyParams) stmt {
	return stmt{sql: "UPDATE deliveries SET state = 'pending', updated_at = ? WHERE workspace_id = ? AND kind = 'remind' AND state = 'superseded' AND key IN (?" +
		strings.Repeat(", ?", len(keys)-1) + ") RETURNING id", args: append([]any{now, ws}, keys...), each: func(x scanner) error {
		var id int64
		err := x.Scan(&id)
		*wake = append(*wake, wakeUp(id, time.Time{}, now))
		return err
	}}
}

// lookNext: a record is looked at again when something falls due of it, and
// tomorrow in any case if somebody may still have to act on it.
func (r *reminding) lookNext(next time.Time) time.Time {
	if tomorrow := r.facts.Now.Add(lookDaily); next.IsZero() || next.After(tomorrow) {
		return tomorrow
	}
	return next
}

// lookNoMore: a record of which nothing will be due is not looked at again until
// it is saved.
func lookNoMore(rows []lookRow) stmt {
	const one = "(workspace_id = ? AND record_kind = ? AND record_id = ? AND about = ?)"
	out := stmt{sql: "DELETE FROM reminder_looks WHERE " + one + strings.Repeat(" OR "+one, len(rows)-1)}
	for _, l := range rows {
		out.args = append(out.args, l.WorkspaceID, l.RecordKind, l.RecordID, l.About)
	}
	return out
}

// resaid: a later message says the same again, with the same buttons.
const resaid = `EXISTS (SELECT 1 FROM reminders AS l WHERE l.workspace_id = reminders.workspace_id AND l.user_id = reminders.user_id
	AND l.record_kind = reminders.record_kind AND l.record_id = reminders.record_id AND l.about = reminders.about AND l.kind = reminders.kind
	AND l.round = reminders.round AND l.stage > reminders.stage AND l.bundle <> reminders.bundle)`

// Reminded is what one message of reminders is about, and the records as they
// stand now. What a later message says again stands in that one only.
func (s *Store) Reminded(ctx context.Context, ws models.WorkspaceID, bundle string) ([]models.Reminder, models.Subjects, error) {
	var rows []reminderRow
	about := models.Subjects{Changes: map[models.ChangeID]*models.Change{}, Releases: map[models.ReleaseID]*models.Release{}}
	err := s.db.WithContext(ctx).Where("workspace_id = ? AND bundle = ? AND NOT "+resaid, ws, bundle).Order("said_at, record_kind, record_id, about, kind").Find(&rows).Error
	if err != nil {
		return nil, about, fmt.Errorf("list reminders: %w", err)
	}
	out := make([]models.Reminder, len(rows))
	var ids, plans []int64
	for i, r := range rows {
		switch out[i] = r.reminder(); r.RecordKind {
		case models.RecordChange:
			ids = append(ids, r.RecordID)
		case models.RecordRelease:
			plans = append(plans, r.RecordID)
		}
	}
	found, err1 := s.list(ctx, ws, func(q *gorm.DB) *gorm.DB { return q.Where("id IN ?", ids) })
	for _, c := range found {
		about.Changes[c.ID] = c
	}
	var planned []releaseRow
	err2 := s.db.WithContext(ctx).Where("workspace_id = ? AND id IN ?", ws, plans).Find(&planned).Error
	for _, r := range planned {
		about.Releases[r.ID] = r.release()
	}
	if err := errors.Join(err1, err2); err != nil {
		return nil, about, fmt.Errorf("load what reminders are about: %w", err)
	}
	return out, about, nil
}
