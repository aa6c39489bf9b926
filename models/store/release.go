package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/models"
)

// ReleaseMove decides about a release: it calls one method of the model. It
// does no I/O, and may be called again on the release as it was.
type ReleaseMove func(*models.Release, models.ReleaseFacts) error

// ReleaseResult is what a command on a release came to, as Result is for
// changes: after a repeat Release is as it is now, Events are those of the
// first run, and Facts are empty.
type ReleaseResult struct {
	Release *models.Release
	Events  []models.Event
	Facts   models.ReleaseFacts
	Repeat  bool
}

// UpdateRelease is the one door through which a release is moved, as
// UpdateChange is for changes. It locks the release before it reads anything,
// so of two who decide at once the second sees what the first did. A
// models.Refusal rolls everything back, is noted in the audit log and comes back
// as it is; ErrNotFound means that the workspace has no such release.
func (s *Store) UpdateRelease(ctx context.Context, cmd Command, id models.ReleaseID, fn ReleaseMove) (ReleaseResult, error) {
	return s.carryOutRelease(ctx, cmd, id, fn)
}

// CreateRelease is UpdateRelease for a release that is not there yet: fn gets
// an empty one with the next number, which is given only if it commits.
func (s *Store) CreateRelease(ctx context.Context, cmd Command, fn ReleaseMove) (ReleaseResult, error) {
	return s.carryOutRelease(ctx, cmd, 0, fn)
}

// releaseDecision is one run through the releases' door.
type releaseDecision struct {
	before *releaseRow // nil for a new one
	id     models.ReleaseID
	r      *models.Release
	facts  models.ReleaseFacts
	events []models.Event
}

// fresh is the release as it was before the command. The model's commands work
// on a deep copy, so what it shares with the row stays as it was read.
func (d *releaseDecision) fresh(ws models.WorkspaceID) *models.Release {
	if d.before == nil {
		return &models.Release{ReleaseIdentity: models.ReleaseIdentity{Workspace: ws, ID: d.id}}
	}
	return d.before.release()
}

func (s *Store) carryOutRelease(ctx context.Context, cmd Command, id models.ReleaseID, fn ReleaseMove) (ReleaseResult, error) {
	d := &releaseDecision{id: id}
	err := s.engine.door(ctx, func(b batch) error {
		d.before, d.id = nil, id
		if err := s.loadRelease(ctx, b, cmd, d); err != nil {
			return err
		}
		if err := d.facts.MayAct(); err != nil {
			return err
		}
		if err := d.run(fn, cmd.Workspace); err != nil {
			return err
		}
		if d.events = d.r.Events(); len(d.events) == 0 {
			return d.postpone(ctx, b, cmd)
		}
		return s.saveRelease(ctx, b, cmd, d)
	})
	if unsure, ok := errors.AsType[errUnsure](err); ok && cmd.Key != "" {
		err = s.whetherDone(ctx, cmd, unsure)
	}
	switch {
	case err == nil:
		return ReleaseResult{Release: d.r, Events: d.events, Facts: d.facts}, nil
	case errors.Is(err, errNothing):
		return ReleaseResult{Release: d.r, Facts: d.facts}, nil
	case errors.Is(err, errRepeat):
		return s.replayRelease(ctx, cmd)
	}
	ref := models.RecordRef{Kind: models.RecordRelease, ID: int64(id)}
	if r, ok := models.AsRefusal(err); ok {
		s.NoteRefusal(ctx, cmd, ref, r)
		return ReleaseResult{}, err
	}
	return ReleaseResult{}, fmt.Errorf("%s: %w", what(ref), err)
}

// run lets fn move the release. A go-live that fn puts where the freezes were
// not read is judged again with those that stand there.
func (d *releaseDecision) run(fn ReleaseMove, ws models.WorkspaceID) error {
	r := d.fresh(ws)
	seen := releaseSpan(r.GoLive, d.facts.Now)
	d.facts.Around.Freezes = freezesIn(seen, d.facts.Directory)
	if err := fn(r, d.facts); err != nil {
		return err
	}
	if planned := releaseSpan(r.GoLive, d.facts.Now); planned.Start.Before(seen.Start) || planned.End.After(seen.End) {
		d.facts.Around.Freezes = freezesIn(planned, d.facts.Directory)
		r = d.fresh(ws)
		if err := fn(r, d.facts); err != nil {
			return err
		}
	}
	d.r = r
	return nil
}

// lookPast is how far past a go-live, and past now, freezes are read: as far as
// people look for another day.
const lookPast = 60 * 24 * time.Hour

// releaseSpan is the time in which freezes matter to a release.
func releaseSpan(goLive, now time.Time) models.Window {
	w := models.Window{Start: now.Add(-round), End: now.Add(lookPast)}
	if goLive.IsZero() {
		return w
	}
	if from := goLive.Add(-round); from.Before(w.Start) {
		w.Start = from
	}
	if to := goLive.Add(lookPast); to.After(w.End) {
		w.End = to
	}
	return w
}

func freezesIn(w models.Window, d *models.Directory) []models.FreezeSpan {
	return freezesRound(models.Scope{Window: w}, d)
}

// loadRelease takes the next number or locks the release, and then reads what
// rules may ask about it.
func (s *Store) loadRelease(ctx context.Context, b batch, cmd Command, d *releaseDecision) error {
	var found []releaseRow
	var m moment
	n := int64(d.id)
	ask := calendarTurn(cmd)
	if d.id == 0 {
		ask = append(ask, nextNumber(cmd.Workspace, "release", &n))
	} else {
		lock := releases.sel("workspace_id = ? AND id = ?")
		if s.kind == Postgres {
			lock += " FOR UPDATE"
		}
		ask = append(ask, stmt{sql: lock, args: []any{cmd.Workspace, d.id}, each: releases.collect(&found)})
	}
	d.facts = models.ReleaseFacts{}
	ask = append(ask, linkedChanges(cmd.Workspace, d.id, &d.facts.Linked), lessons(cmd.Workspace, &d.facts.Lessons), m.look(cmd))
	switch err := b.do(ctx, ask...); {
	case err != nil:
		return err
	case m.repeat:
		return errRepeat
	case d.id != 0 && len(found) == 0:
		return ErrNotFound
	case d.id != 0:
		d.before = &found[0]
	}
	d.id = models.ReleaseID(n)
	var err error
	d.facts.Facts, err = s.facts(ctx, cmd.Workspace, m, b.do)
	if err == nil {
		d.facts.Template = d.facts.Checklist(d.fresh(cmd.Workspace).Template.Name)
	}
	return err
}

// linkedChanges reads the changes that name the release, by number.
func linkedChanges(ws models.WorkspaceID, id models.ReleaseID, list *[]models.LinkedChange) stmt {
	return stmt{
		sql: `SELECT id, title, state, environment, window_start, window_end, outcome, places FROM changes
			WHERE workspace_id = ? AND release_id <> 0 AND release_id = ? ORDER BY id`,
		args: []any{ws, id},
		each: func(row scanner) error {
			var x models.LinkedChange
			var start, end *time.Time
			var places jsonOf[[]models.ChannelID]
			if err := row.Scan(&x.ID, &x.Title, &x.State, &x.Environment, &start, &end, &x.Outcome, &places); err != nil {
				return fmt.Errorf("read a linked change: %w", err)
			}
			x.Window, x.Places = models.Window{Start: val(start), End: val(end)}, places.V
			*list = append(*list, x)
			return nil
		},
	}
}

// lessons reads what future releases are asked for, by change.
func lessons(ws models.WorkspaceID, list *[]models.Lesson) stmt {
	return stmt{
		sql:  `SELECT id, services, review FROM changes WHERE workspace_id = ? AND lesson_bucket <> '' ORDER BY id`,
		args: []any{ws},
		each: func(row scanner) error {
			var c models.Change
			var services jsonOf[[]models.Slug]
			var review jsonOf[models.Judgement]
			if err := row.Scan(&c.ID, &services, &review); err != nil {
				return fmt.Errorf("read a lesson: %w", err)
			}
			c.Services, c.Reviewed = services.V, review.V
			if l, asked := c.Asks(); asked {
				*list = append(*list, l)
			}
			return nil
		},
	}
}

// saveRelease keeps the release, its events and what people must see of them in
// one batch, and enqueues the wake-ups, which leave with the commit.
func (s *Store) saveRelease(ctx context.Context, b batch, cmd Command, d *releaseDecision) error {
	ref, now, claimed := d.r.Ref(), d.facts.Now, cmd.Key == ""
	row := rowOfRelease(d.r, d.r.Due(d.facts))
	var out []stmt
	if !claimed {
		out = append(out, claim(cmd, ref, now, &claimed))
	}
	var was *models.Release
	if d.before == nil {
		out = append(out, releases.insert([]releaseRow{row}))
	} else {
		was = d.before.release()
		if update, differs := releases.update(d.before, &row, "workspace_id = ? AND id = ?", cmd.Workspace, d.r.ID); differs {
			out = append(out, update)
		}
	}
	out = append(out, saveItems(was, d.r)...)
	out = append(out, addEvents(cmd, ref, d.events), lookAgain(cmd.Workspace, ref, "", now))
	var wake []river.InsertManyParams
	if rows := wantedOf(cmd.Workspace, models.ReleaseDeliveries(d.r, d.events, d.facts), d.events); len(rows) > 0 {
		out = append(out, want(rows, now, &wake))
	}
	switch err := b.do(ctx, out...); {
	case err != nil:
		return err
	case !claimed:
		return errRepeat
	case len(wake) == 0:
		return nil
	}
	return b.enqueue(ctx, wake)
}

// postpone keeps when something is due although nothing happened: working hours
// or a zone may have changed since that was worked out.
func (d *releaseDecision) postpone(ctx context.Context, b batch, cmd Command) error {
	due := opt(d.r.Due(d.facts))
	if d.before == nil || same(d.before.DueAt, due) {
		return errNothing
	}
	return b.do(ctx, stmt{sql: "UPDATE releases SET due_at = ? WHERE workspace_id = ? AND id = ?", args: []any{due, cmd.Workspace, d.id}})
}

// replayRelease answers a repeat with what the first run came to.
func (s *Store) replayRelease(ctx context.Context, cmd Command) (ReleaseResult, error) {
	ref, events, err := s.firstRun(ctx, cmd)
	if err != nil {
		return ReleaseResult{}, err
	}
	r, err := s.Release(ctx, cmd.Workspace, models.ReleaseID(ref.ID))
	if err != nil {
		return ReleaseResult{}, err
	}
	return ReleaseResult{Release: r, Events: events, Repeat: true}, nil
}
