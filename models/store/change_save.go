package store

import (
	"context"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/models"
)

// commandRow remembers that a command was carried out, and on which record.
type commandRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Key         string             `gorm:"primaryKey"`
	Actor       models.UserID
	At          time.Time
	RecordKind  models.RecordKind
	RecordID    int64
}

func (commandRow) TableName() string { return "commands" }

var commands = tableOf[commandRow]()

// loadForUpdate locks the change and then reads it, its approvals and the
// moment. What is read after the lock was granted is current: an approval that
// a concurrent click added is seen.
func (s *Store) loadForUpdate(ctx context.Context, b batch, d *decision, cmd Command, id models.ChangeID) error {
	var found []changeRow
	var m moment
	lock := changes.sel("workspace_id = ? AND id = ?")
	if s.kind == Postgres {
		lock += " FOR UPDATE"
	}
	d.given = nil
	args := []any{cmd.Workspace, id}
	err := b.do(ctx, append(calendarTurn(cmd),
		stmt{sql: lock, args: args, each: changes.collect(&found)},
		stmt{sql: approvals.sel("workspace_id = ? AND change_id = ? ORDER BY seq"), args: args, each: approvals.collect(&d.given)},
		m.look(cmd))...)
	switch {
	case err != nil:
		return err
	case m.repeat:
		return errRepeat
	case len(found) == 0:
		return ErrNotFound
	}
	d.before = &found[0]
	d.fresh = func() *models.Change { return d.before.change(d.given) }
	d.facts, err = s.facts(ctx, cmd.Workspace, m, b.do)
	return err
}

// number gives a new change its number. The counter stays locked until the
// transaction ends, so a number that is not used is given again.
func (s *Store) number(ctx context.Context, b batch, d *decision, cmd Command) error {
	var m moment
	var n int64
	err := b.do(ctx, append(calendarTurn(cmd), nextNumber(cmd.Workspace, "change", &n), m.look(cmd))...)
	switch {
	case err != nil:
		return err
	case m.repeat:
		return errRepeat
	}
	if d.facts, err = s.facts(ctx, cmd.Workspace, m, b.do); err != nil {
		return err
	}
	d.fresh = func() *models.Change {
		return &models.Change{Identity: models.Identity{
			Workspace: cmd.Workspace, ID: models.ChangeID(n), Requester: cmd.Actor, CreatedAt: d.facts.Now}}
	}
	return nil
}

// save keeps the change, its events and what people must see of them in one
// batch, and enqueues the wake-ups, which leave with the commit.
func (s *Store) save(ctx context.Context, b batch, cmd Command, d *decision) error {
	c, ref, now := d.change, d.change.Ref(), d.facts.Now
	var batch []stmt
	claimed := cmd.Key == ""
	if !claimed {
		batch = append(batch, claim(cmd, ref, now, &claimed))
	}
	if cmd.Sending != "" {
		sending := cmd
		sending.Key = cmd.Sending
		batch = append(batch, claim(sending, ref, now, new(bool)))
	}
	batch = append(batch, saveChange(d)...)
	batch = append(batch, saveApprovals(c, d.given)...)
	batch = append(batch, saveAsBuilt(d)...)
	batch = append(batch, noteAsked(cmd.Workspace, askedIn(d.events), now)...)
	batch = append(batch, addEvents(cmd, ref, d.events), lookAgain(cmd.Workspace, ref, "", now))
	var wake []river.InsertManyParams
	if rows := deliveriesOf(c, d.events, d.facts); len(rows) > 0 {
		batch = append(batch, want(rows, now, &wake))
	}
	more, woken, err := s.templateOf(ctx, b, cmd, d)
	if err != nil {
		return err
	}
	switch err := b.do(ctx, append(batch, more...)...); {
	case err != nil:
		return err
	case !claimed:
		return errRepeat
	}
	if woken != nil {
		wake = append(wake, *woken...)
	}
	if len(wake) == 0 {
		return nil
	}
	return b.enqueue(ctx, wake)
}

// spend notes that the command was carried out on ref.
func spend(cmd Command, ref models.RecordRef, now time.Time) stmt {
	return commands.insert([]commandRow{{cmd.Workspace, cmd.Key, cmd.Actor, now, ref.Kind, ref.ID}})
}

// written appends the events and spends the command's key, if it has one. Who
// writes so has looked for the key under a lock.
func written(cmd Command, ref models.RecordRef, list []models.Event, now time.Time) []stmt {
	out := []stmt{addEvents(cmd, ref, list)}
	if cmd.Key != "" {
		out = append(out, spend(cmd, ref, now))
	}
	return out
}

// claim takes the command's key, or leaves *free as it is when it was used. If
// another transaction is just using it, it waits for that one's end.
func claim(cmd Command, ref models.RecordRef, now time.Time, free *bool) stmt {
	claim := spend(cmd, ref, now)
	claim.sql += " ON CONFLICT (workspace_id, key) DO NOTHING RETURNING key"
	claim.each = func(scanner) error {
		*free = true
		return nil
	}
	return claim
}

// saveChange writes what is different, and keeps what a new revision says.
func saveChange(d *decision) []stmt {
	c, row := d.change, rowOfChange(d.change)
	id := []any{c.Workspace, c.ID}
	var out []stmt
	var was []models.Slug
	var revision models.Revision
	if d.before == nil {
		out = append(out, changes.insert([]changeRow{row}))
	} else {
		was, revision = d.before.Services.V, d.before.Revision
		if update, differs := changes.update(d.before, &row, "workspace_id = ? AND id = ?", id...); differs {
			out = append(out, update)
		}
	}
	if !slices.Equal(was, c.Services) {
		out = append(out, stmt{sql: "DELETE FROM change_services WHERE workspace_id = ? AND change_id = ?", args: id})
		var links []changeServiceRow
		for _, slug := range c.Services {
			links = append(links, changeServiceRow{c.Workspace, slug, c.ID})
		}
		if len(links) > 0 {
			out = append(out, changeServices.insert(links))
		}
	}
	if c.Revision != revision {
		keep := revisions.insert([]revisionRow{{c.Workspace, c.ID, c.Revision, jsonOf[models.Material]{c.Material}, d.facts.Now}})
		keep.sql += " ON CONFLICT (workspace_id, change_id, revision) DO NOTHING"
		out = append(out, keep)
	}
	return out
}

// saveApprovals writes what became void and then what is new, in this order:
// nobody has two decisions that stand, not even between two statements.
func saveApprovals(c *models.Change, given []approvalRow) []stmt {
	var out []stmt
	for i, was := range given {
		is := rowOfApproval(c, i)
		if update, differs := approvals.update(&was, &is, "workspace_id = ? AND change_id = ? AND seq = ?", c.Workspace, c.ID, i); differs {
			out = append(out, update)
		}
	}
	var added []approvalRow
	for i := len(given); i < len(c.Approvals); i++ {
		added = append(added, rowOfApproval(c, i))
	}
	if len(added) > 0 {
		out = append(out, approvals.insert(added))
	}
	return out
}

// noteAsked goes by id, one by one, so that two submissions that ask the same
// people never wait for each other.
func noteAsked(ws models.WorkspaceID, users []models.UserID, now time.Time) []stmt {
	var out []stmt
	for _, u := range slices.Sorted(slices.Values(users)) {
		out = append(out, stmt{sql: "UPDATE people SET last_asked_at = ? WHERE workspace_id = ? AND id = ?", args: []any{now, ws, u}})
	}
	return out
}
