package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// ErrNotFound says that the workspace holds no such record.
var ErrNotFound = errors.New("not found")

// Command says on whose behalf a record is moved. Key makes a repeat of the
// same command return the first result; "" means that it is never repeated.
// When it happens is business time, read inside the transaction.
type Command struct {
	Workspace models.WorkspaceID
	Key       string
	// Sending is one more key that the command uses up, "" for none: of this
	// sending of a form, where Key is the same for all of them.
	Sending string
	Actor   models.UserID
	// Calendar is set by commands that judge or alter what is planned: raising,
	// submitting, editing, starting, extending. They take turns in a workspace.
	Calendar bool
}

// Result is what a command came to. After a repeat Change is as it is now and
// Events are those of the first run. Facts are those that it was decided by, for
// saying what came of it; after a repeat they are empty.
type Result struct {
	Change *models.Change
	Events []models.Event
	Facts  models.Facts
	Repeat bool
}

// Move decides: it calls one method of the model. It does no I/O: it may be
// called for a command whose transaction then fails, and is called again, on
// the record as it was, when it turns out to plan something for which the
// facts around the change were not read yet.
type Move func(*models.Change, models.Facts) error

// UpdateChange is the one door through which a change is moved: by a click, a
// form, a timer or a pipeline. In one transaction it locks the change, reads
// the facts, lets fn move it, and keeps the change, the events it recorded and
// what people must see of them. A models.Refusal rolls everything back, is
// noted in the audit log and comes back as it is; ErrNotFound means that the
// workspace has no such change. A nil error means that it is committed.
func (s *Store) UpdateChange(ctx context.Context, cmd Command, id models.ChangeID, fn Move) (Result, error) {
	return s.carryOut(ctx, cmd, models.RecordRef{Kind: models.RecordChange, ID: int64(id)}, &decision{
		open: func(ctx context.Context, b batch, d *decision) error { return s.loadForUpdate(ctx, b, d, cmd, id) },
		move: fn,
	})
}

// CreateChange is UpdateChange for a change that is not there yet: fn gets an
// empty one with the next number, which is given only if it commits. Requester
// is the actor. Making a change always is a matter of the calendar.
func (s *Store) CreateChange(ctx context.Context, cmd Command, fn Move) (Result, error) {
	cmd.Calendar = true
	return s.carryOut(ctx, cmd, models.RecordRef{Kind: models.RecordChange}, &decision{
		open: func(ctx context.Context, b batch, d *decision) error { return s.number(ctx, b, d, cmd) },
		move: fn,
	})
}

// CreateRollback raises the change that undoes a closed one.
func (s *Store) CreateRollback(ctx context.Context, cmd Command, original models.ChangeID, reason string) (Result, error) {
	var undo *models.Change
	var earlier []changeRow
	cmd.Calendar = true
	return s.carryOut(ctx, cmd, models.RecordRef{Kind: models.RecordChange, ID: int64(original)}, &decision{
		open: func(ctx context.Context, b batch, d *decision) error {
			earlier = nil
			if err := s.number(ctx, b, d, cmd); err != nil {
				return err
			}
			var err error
			if undo, err = findChange(ctx, b.do, cmd.Workspace, original); err != nil {
				return err
			}
			d.undoes = undo
			// Numbers are given one after the other, so whoever comes second sees the first.
			return b.do(ctx, stmt{sql: changes.sel("workspace_id = ? AND rollback_of = ? ORDER BY id"),
				args: []any{cmd.Workspace, original}, each: changes.collect(&earlier)})
		},
		move: func(c *models.Change, f models.Facts) error {
			for _, r := range earlier {
				f.Around.Undoing = append(f.Around.Undoing, r.change(nil))
			}
			return c.RollbackOf(undo, reason, f)
		},
	})
}

// decision is one run through the door.
type decision struct {
	open func(context.Context, batch, *decision) error // fills in the rest
	move Move

	plans  bool       // the command may set a risk anew
	before *changeRow // nil for a new change
	fresh  func() *models.Change
	around models.Scope // what the facts around the change were read for
	given  []approvalRow
	change *models.Change
	undoes *models.Change // what a rollback undoes; nil for other changes
	facts  models.Facts
	events []models.Event
}

// Why a transaction was given up although nothing is wrong.
var (
	errRepeat  = errors.New("the command was carried out before")
	errNothing = errors.New("nothing happened")
)

// carryOut runs the decision in its transaction and makes sense of the end.
func (s *Store) carryOut(ctx context.Context, cmd Command, ref models.RecordRef, d *decision) (Result, error) {
	d.plans = cmd.Calendar
	err := s.decide(ctx, cmd, d)
	switch {
	case err == nil:
		s.dirs.asked(cmd.Workspace, askedIn(d.events), d.facts.Now)
		return Result{Change: d.change, Events: d.events, Facts: d.facts}, nil
	case errors.Is(err, errNothing):
		return Result{Change: d.change, Facts: d.facts}, nil
	case errors.Is(err, errRepeat):
		return s.replay(ctx, cmd)
	}
	if r, ok := models.AsRefusal(err); ok {
		s.NoteRefusal(ctx, cmd, ref, r)
		return Result{}, err
	}
	if unsure, ok := errors.AsType[errUnsure](err); ok && cmd.Key != "" {
		if err := s.whetherDone(ctx, cmd, unsure); !errors.Is(err, errRepeat) {
			return Result{}, err
		}
		return s.replay(ctx, cmd)
	}
	return Result{}, fmt.Errorf("%s: %w", what(ref), err)
}

// decide is the transaction of a decision.
func (s *Store) decide(ctx context.Context, cmd Command, d *decision) error {
	fresh := *d
	return s.engine.door(ctx, func(b batch) error {
		*d = fresh
		if err := d.open(ctx, b, d); err != nil {
			return err
		}
		if err := s.run(ctx, b, d); err != nil {
			return err
		}
		if d.events = d.change.Events(); len(d.events) == 0 {
			return errNothing
		}
		if err := plannedInTurn(cmd, d.events); err != nil {
			return err
		}
		if err := s.lookForCards(ctx, b, d); err != nil {
			return err
		}
		return s.save(ctx, b, cmd, d)
	})
}

// run lets the decision move the record, in full knowledge of what stands
// around what it plans: a form may put other services or another time into the
// change than it had when the facts were read.
func (s *Store) run(ctx context.Context, b batch, d *decision) error {
	if err := d.facts.MayAct(); err != nil {
		return err
	}
	d.change = d.fresh()
	if err := s.lookAround(ctx, b.do, d, d.change.Scope()); err != nil {
		return err
	}
	d.facts.Around.Provisional = true
	if err := d.move(d.change, d.facts); err != nil {
		return err
	}
	d.facts.Around.Provisional = false
	planned := d.change.Scope()
	unknown := planned.Release != 0 && d.facts.Around.Release == nil
	if planned.Equal(d.around) && !unknown || !d.change.State.Editable() {
		return nil
	}
	d.change = d.fresh()
	if err := s.lookAround(ctx, b.do, d, planned); err != nil {
		return err
	}
	return d.move(d.change, d.facts)
}

func what(ref models.RecordRef) string {
	if ref.ID == 0 {
		return "create " + string(ref.Kind)
	}
	return fmt.Sprintf("update %s %d", ref.Kind, ref.ID)
}

// NoteRefusal audits an attempt that a rule refused. What was settled already
// is no attempt against a rule, and a form that comes back with its errors is
// still being filled in. The person's answer does not depend on it.
func (s *Store) NoteRefusal(ctx context.Context, cmd Command, ref models.RecordRef, r *models.Refusal) {
	if r.Settled || len(r.Fields) > 0 {
		return
	}
	if err := s.Refused(ctx, cmd, ref, r.Text); err != nil {
		s.log.ErrorContext(ctx, "a refused attempt is missing from the audit log", "error", err,
			"workspace", cmd.Workspace, "record", what(ref), "actor", cmd.Actor)
	}
}

// whetherDone finds out whether a commit whose answer was lost took place:
// errRepeat says that it did. Asking for the key waits for the first
// transaction to end, so the answer is final.
func (s *Store) whetherDone(ctx context.Context, cmd Command, unsure errUnsure) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := s.engine.door(ctx, func(b batch) error {
		var free bool
		if err := b.do(ctx, claim(cmd, models.RecordRef{}, s.Now(), &free)); err != nil {
			return err
		}
		if free {
			return errNothing // and it stays free
		}
		return errRepeat
	})
	switch {
	case errors.Is(err, errRepeat):
		return errRepeat
	case errors.Is(err, errNothing):
		return fmt.Errorf("not carried out: %w", unsure)
	}
	return fmt.Errorf("may have been carried out: %w", errors.Join(unsure, err))
}

// replay answers a repeat with what the first run came to.
func (s *Store) replay(ctx context.Context, cmd Command) (Result, error) {
	ref, events, err := s.firstRun(ctx, cmd)
	if err != nil {
		return Result{}, err
	}
	c, err := s.Change(ctx, cmd.Workspace, models.ChangeID(ref.ID))
	if err != nil {
		return Result{}, err
	}
	return Result{Change: c, Events: events, Repeat: true}, nil
}

// firstRun is the record that the first run of a command was about, and what it
// recorded.
func (s *Store) firstRun(ctx context.Context, cmd Command) (models.RecordRef, []models.Event, error) {
	var first commandRow
	err := s.db.WithContext(ctx).Where("workspace_id = ? AND key = ?", cmd.Workspace, cmd.Key).Take(&first).Error
	if err != nil {
		return models.RecordRef{}, nil, fmt.Errorf("load first run of the command: %w", err)
	}
	ref := models.RecordRef{Kind: first.RecordKind, ID: first.RecordID}
	events, err := findEvents(eventsOf(s.db.WithContext(ctx), cmd.Workspace, ref).Where("command_key = ?", cmd.Key).Order("id"))
	return ref, events, err
}

func askedIn(events []models.Event) []models.UserID {
	var out []models.UserID
	for _, e := range events {
		out = append(out, e.Asked...)
	}
	return out
}
