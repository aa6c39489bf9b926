package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

func TestOfTwentyFourClicksOnAQuorumOfThreeExactlyThreeCount(t *testing.T) {
	rounds := proof.N(4, 50)
	each(t, 3, func(t *testing.T, s *store.Store) {
		bad := 0
		for range rounds {
			c := raise(t, s, ws)
			var wg sync.WaitGroup
			errs := make([]error, 24)
			for i := range errs {
				wg.Go(func() {
					cmd := store.Command{Workspace: ws, Actor: cab(i), Key: fmt.Sprint(c.ID, "/", i)}
					_, errs[i] = s.UpdateChange(ctx, cmd, c.ID, approve(c.Revision))
				})
			}
			wg.Wait()
			settled := 0
			for _, err := range errs {
				if r, ok := models.AsRefusal(err); ok && r.Settled {
					settled++
				} else if err != nil {
					t.Fatal(err)
				}
			}
			kept, err := s.Change(ctx, ws, c.ID)
			must(t, err)
			if n := len(kept.Approvals); n != 3 || kept.State != models.Approved || settled != 21 {
				bad++
				t.Errorf("%s: %d approvals, %s, %d told that it was settled", c.ID, n, kept.State, settled)
			}
		}
		proof.Record(t, proof.Row{What: "24 concurrent clicks on a quorum of 3: exactly 3 count", Where: s.Engine(), Tried: rounds, Bad: bad})
	})
}

func TestOneKeyOnceCarriedOutIsOneEffect(t *testing.T) {
	each(t, 5, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		cmd := store.Command{Workspace: ws, Actor: cab(0), Key: "click 1"}
		results := make([]store.Result, 12)
		errs := make([]error, len(results))
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() { results[i], errs[i] = s.UpdateChange(ctx, cmd, c.ID, approve(c.Revision)) })
		}
		wg.Wait()
		must(t, errors.Join(errs...))
		first := 0
		for _, r := range results {
			if !r.Repeat {
				first++
			}
			if len(r.Change.Approvals) != 1 {
				t.Errorf("%d approvals", len(r.Change.Approvals))
			}
			if diff := cmp.Diff(results[0].Events, r.Events); diff != "" {
				t.Errorf("a repeat tells of other events:\n%s", diff)
			}
		}
		if first != 1 || len(results[0].Events) != 1 {
			t.Errorf("%d first runs, %d events", first, len(results[0].Events))
		}
	})
}

func TestOneKeyCreatesOneChange(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		in := input(s)
		cmd := store.Command{Workspace: ws, Actor: raiser, Key: "form 1"}
		ids := make([]models.ChangeID, 8)
		errs := make([]error, len(ids))
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				r, err := s.CreateChange(ctx, cmd, func(c *models.Change, f models.Facts) error { return c.Raise(in, f) })
				if errs[i] = err; err == nil {
					ids[i] = r.Change.ID
				}
			})
		}
		wg.Wait()
		must(t, errors.Join(errs...))
		if list, err := s.Changes(ctx, ws, store.ChangeFilter{}); err != nil || len(list) != 1 || len(slices.Compact(ids)) != 1 {
			t.Errorf("%d changes, %v, told %v", len(list), err, ids)
		}
	})
}

func TestOneKeyOnTwoRecordsIsTheFirst(t *testing.T) {
	each(t, 5, func(t *testing.T, s *store.Store) {
		a, b := raise(t, s, ws), raise(t, s, ws)
		cmd := store.Command{Workspace: ws, Actor: cab(0), Key: "click"}
		_, err := s.UpdateChange(ctx, cmd, a.ID, approve(a.Revision))
		must(t, err)
		r, err := s.UpdateChange(ctx, cmd, b.ID, approve(b.Revision))
		must(t, err)
		if !r.Repeat || r.Change.ID != a.ID {
			t.Errorf("repeat %v of %s", r.Repeat, r.Change.ID)
		}
	})
}

func TestNumbersHaveNoGaps(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		const writers = 16
		tries := proof.N(8, 100)
		var wg sync.WaitGroup
		var mu sync.Mutex
		var given []models.ChangeID
		for w := range writers {
			dice := rand.New(rand.NewPCG(7, uint64(w)))
			drop := make([]bool, tries)
			for i := range drop {
				drop[i] = dice.IntN(5) == 0
			}
			wg.Go(func() {
				for _, drop := range drop {
					r, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error {
						if drop {
							return errChangedMind
						}
						return c.SaveDraft(input(s), f)
					})
					switch {
					case err == nil:
						mu.Lock()
						given = append(given, r.Change.ID)
						mu.Unlock()
					case !errors.Is(err, errChangedMind):
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		slices.Sort(given)
		bad := 0
		for i, id := range given {
			if id != models.ChangeID(i+1) {
				bad++
			}
		}
		proof.Record(t, proof.Row{What: "change numbers without gaps or doubles, 16 writers, a fifth rolled back", Where: s.Engine(),
			Tried: writers * tries, Bad: bad, Seed: "7"})
	})
}

func TestNothingCrossesWorkspaces(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		furnish(t, s, other, quorum(1, 2))
		mine, theirs := raise(t, s, ws), raise(t, s, other)
		if mine.ID != theirs.ID {
			t.Fatalf("%s and %s", mine.ID, theirs.ID)
		}
		_, err := s.UpdateChange(ctx, by(cab(1)), mine.ID, approve(mine.Revision))
		must(t, err)
		kept, err := s.Change(ctx, other, theirs.ID)
		must(t, err)
		if diff := sameChange(theirs, kept); diff != "" {
			t.Errorf("their change moved with mine:\n%s", diff)
		}
		third := raise(t, s, other)
		if _, err := s.Change(ctx, ws, third.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("read across: %v", err)
		}
		_, err = s.UpdateChange(ctx, by(cab(1)), third.ID, approve(third.Revision))
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("moved across: %v", err)
		}
		events, err := s.History(ctx, ws, third.Ref(), 10, 0)
		if err != nil || len(events) != 0 {
			t.Errorf("heard across: %v, %v", events, err)
		}
		cmd := store.Command{Workspace: ws, Actor: cab(2), Key: "same key"}
		_, err = s.UpdateChange(ctx, cmd, mine.ID, approve(mine.Revision))
		refusal(t, err)
		cmd.Workspace = other
		r, err := s.UpdateChange(ctx, cmd, theirs.ID, approve(theirs.Revision))
		if err != nil || r.Repeat {
			t.Errorf("a key of one workspace is taken in the other: %v", err)
		}
	})
}

func TestRefusedAttemptLeavesOneEventAndNothingElse(t *testing.T) {
	each(t, 2, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		before, err := s.DeliveryCounts(ctx)
		must(t, err)
		cmd := store.Command{Workspace: ws, Actor: raiser, Key: "own approval"}
		for range 2 { // Slack repeats what it thinks was not heard
			_, err := s.UpdateChange(ctx, cmd, c.ID, approve(c.Revision))
			refusal(t, err)
		}
		events, err := s.History(ctx, ws, c.Ref(), 10, 0)
		must(t, err)
		if len(events) != 2 || events[0].Kind != models.EventRefused || events[0].Actor != raiser || events[0].Reason == "" {
			t.Errorf("%+v", events)
		}
		kept, err := s.Change(ctx, ws, c.ID)
		must(t, err)
		if diff := sameChange(c, kept); diff != "" {
			t.Errorf("a refused attempt changed something:\n%s", diff)
		}
		if after, err := s.DeliveryCounts(ctx); err != nil || !cmp.Equal(before, after) {
			t.Errorf("deliveries %v became %v, %v", before, after, err)
		}
		// What is settled already, or a form with its errors, is no attempt.
		_, err = s.UpdateChange(ctx, by(cab(3)), c.ID, func(c *models.Change, f models.Facts) error { return c.Withdraw(f) })
		refusal(t, err)
		_, err = s.UpdateChange(ctx, by(raiser), c.ID, func(c *models.Change, f models.Facts) error { return c.Edit(models.Input{}, f) })
		refusal(t, err)
		if events, err := s.History(ctx, ws, c.Ref(), 10, 0); err != nil || len(events) != 2 {
			t.Errorf("%d events, %v", len(events), err)
		}
	})
}

func TestMoveThatRecordsNothingKeepsNothing(t *testing.T) {
	each(t, 2, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		cmd := store.Command{Workspace: ws, Key: "expire/1"}
		expire := func(c *models.Change, f models.Facts) error { return c.Expire(f) }
		r, err := s.UpdateChange(ctx, cmd, c.ID, expire)
		if err != nil || r.Change.State != models.AwaitingApproval || len(r.Events) != 0 {
			t.Fatalf("too early: %+v, %v", r, err)
		}
		due, err := s.DueChanges(ctx, s.Now(), 10)
		if err != nil || len(due) != 0 {
			t.Fatalf("due early: %v, %v", due, err)
		}
		must(t, s.Jump(ctx, 3*time.Hour))
		due, err = s.DueChanges(ctx, s.Now(), 10)
		if err != nil || len(due) != 1 || due[0].ID != c.ID || !due[0].DueAt.Equal(c.Window.End) {
			t.Fatalf("due: %v, %v", due, err)
		}
		if r, err = s.UpdateChange(ctx, cmd, c.ID, expire); err != nil || r.Change.State != models.Expired {
			t.Errorf("%+v, %v", r, err)
		}
		if due, err = s.DueChanges(ctx, s.Now(), 10); err != nil || len(due) != 0 {
			t.Errorf("still due: %v, %v", due, err)
		}
	})
}

func TestRollbackIsALinkedChange(t *testing.T) {
	each(t, 0, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		_, err := s.CreateRollback(ctx, by(worker_), c.ID, "It broke the export.")
		refusal(t, err)
		_, err = s.UpdateChange(ctx, by(cab(0)), c.ID, approve(c.Revision))
		must(t, err)
		must(t, s.Jump(ctx, 70*time.Minute))
		for _, move := range []store.Move{
			func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) },
			func(c *models.Change, f models.Facts) error {
				return c.Complete(models.Completion{Outcome: models.Successful}, f)
			},
			func(c *models.Change, f models.Facts) error {
				if c.State == models.Closed {
					return nil
				}
				return c.Review(models.YesToAll("It went as planned, and we learned something."), f)
			},
		} {
			_, err := s.UpdateChange(ctx, by(worker_), c.ID, move)
			must(t, err)
		}
		r, err := s.CreateRollback(ctx, by(worker_), c.ID, "It broke the export.")
		must(t, err)
		if r.Change.Identity.RollbackOf != c.ID || r.Change.State != models.Approved || r.Change.ID != c.ID+1 {
			t.Errorf("%s in %s rolls back %s", r.Change.ID, r.Change.State, r.Change.Identity.RollbackOf)
		}
		_, err = s.CreateRollback(ctx, by(worker_), c.ID, "It broke the export.")
		if got, first := refusal(t, err), r.Change.ID.String()+", raised by "; len(got) < len(first) || got[:len(first)] != first {
			t.Errorf("the second rollback is not shown the first: %s", got)
		}
		must(t, s.Jump(ctx, 10*time.Minute))
		_, err = s.CreateRollback(ctx, by(worker_), c.ID, "Nobody started the other one.")
		must(t, err)
		if _, err := s.CreateRollback(ctx, by(worker_), 99, "It broke the export."); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("of nothing: %v", err)
		}
	})
}

func TestRoleRemovedOnOneReplicaCountsAtTheNextClickOnAnother(t *testing.T) {
	open := storetest.Opener(t, store.Postgres)
	a, b := open(), open()
	furnish(t, a, ws, quorum(1, 3))
	c := raise(t, a, ws)
	_, err := b.UpdateChange(ctx, by(cab(0)), c.ID, approve(c.Revision)) // b knows the board now
	must(t, err)
	_, err = a.ImportCatalog(ctx, ws, store.Catalog{Roles: map[models.Role][]models.UserID{models.RoleCAB: {cab(0), cab(2), cab(3)}}})
	must(t, err)
	_, err = b.UpdateChange(ctx, by(cab(1)), c.ID, approve(c.Revision))
	refusal(t, err)
	must(t, a.SavePerson(ctx, ws, models.Person{ID: cab(2), Name: "Board 2", Deleted: true, CheckedAt: a.Now()}))
	_, err = b.UpdateChange(ctx, by(cab(2)), c.ID, approve(c.Revision))
	refusal(t, err)
	_, err = b.UpdateChange(ctx, by(cab(3)), c.ID, approve(c.Revision))
	must(t, err)
}

func TestADecisionThatADeadlockBrokeOffIsTakenAnew(t *testing.T) {
	url := storetest.URL(t, store.Postgres)
	s, err := store.Open(ctx, store.Options{URL: url, MovableClock: true})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	furnish(t, s, ws, quorum(1, 3))
	db, err := sql.Open("pgx", url)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	// brokenOff lets act meet another transaction that has what act asks for last
	// and waits for the record that act holds. act calls its argument once it does.
	brokenOff := func(table string, id int64, cmd store.Command, act func(holds func()) error) (tries int) {
		t.Helper()
		other, err := db.Begin()
		must(t, err)
		_, err = other.Exec("SET LOCAL deadlock_timeout = '5min'") // so that it is the decision that is broken off
		must(t, err)
		_, err = other.Exec("INSERT INTO commands (workspace_id, key, actor, at, record_kind, record_id) VALUES ($1, $2, '', now(), '', 0)", string(ws), cmd.Key)
		must(t, err)
		held, ended := make(chan struct{}), make(chan error, 1)
		go func() {
			<-held
			_, err := other.Exec("SELECT 1 FROM "+table+" WHERE id = $1 FOR UPDATE", id)
			ended <- errors.Join(err, other.Rollback())
		}()
		err = act(func() {
			if tries++; tries == 1 {
				close(held)
			}
		})
		must(t, err)
		must(t, <-ended)
		return tries
	}

	c := raise(t, s, ws)
	cmd := store.Command{Workspace: ws, Actor: cab(0), Key: "click"}
	tries := brokenOff("changes", int64(c.ID), cmd, func(holds func()) error {
		r, err := s.UpdateChange(ctx, cmd, c.ID, func(c *models.Change, f models.Facts) error {
			holds()
			return c.Approve(c.Revision, f)
		})
		if r.Repeat || len(r.Events) != 1 {
			t.Errorf("approved: events %v, a repeat %v", r.Events, r.Repeat)
		}
		return err
	})
	if now, err := s.Change(ctx, ws, c.ID); err != nil || tries < 2 || len(now.Approvals) != 1 {
		t.Errorf("taken %d times, %d approvals, %v", tries, len(now.Approvals), err)
	}

	made, err := s.CreateRelease(ctx, by(raiser), plan(releaseInput(s)))
	must(t, err)
	cmd = store.Command{Workspace: ws, Actor: raiser, Key: "cancel"}
	tries = brokenOff("releases", int64(made.Release.ID), cmd, func(holds func()) error {
		r, err := s.UpdateRelease(ctx, cmd, made.Release.ID, func(r *models.Release, f models.ReleaseFacts) error {
			holds()
			return r.Cancel("The project was stopped.", f)
		})
		if err == nil && (r.Repeat || r.Release.State != models.ReleaseCancelled) {
			t.Errorf("cancelled: %s, a repeat %v", r.Release.State, r.Repeat)
		}
		return err
	})
	if tries < 2 {
		t.Errorf("a release was taken %d times", tries)
	}
}

func TestDeadlineEndsTheWaitForAnotherDecision(t *testing.T) {
	each(t, 5, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		held, release := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := s.UpdateChange(ctx, by(cab(0)), c.ID, func(c *models.Change, f models.Facts) error {
				close(held)
				<-release
				return c.Approve(c.Revision, f)
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-held
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		begin := time.Now()
		cmd := store.Command{Workspace: ws, Actor: cab(1), Key: "slow"}
		_, err := s.UpdateChange(short, cmd, c.ID, approve(c.Revision))
		if took := time.Since(begin); err == nil || took > 2*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		close(release)
		wg.Wait()
		r, err := s.UpdateChange(ctx, cmd, c.ID, approve(c.Revision)) // the same key again carries it out
		if err != nil || r.Repeat || len(r.Change.Approvals) != 2 {
			t.Errorf("afterwards: %+v, %v", r, err)
		}
	})
}
