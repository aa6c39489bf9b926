package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

var errChangedMind = errors.New("changed my mind")

func deliver(id int64) river.InsertManyParams {
	return river.InsertManyParams{Args: store.DeliverArgs{DeliveryID: id}}
}

func count(t *testing.T, s *store.Store, table string) (n int64) {
	t.Helper()
	if err := s.DB().Table(table).Count(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRowAndJobsCommitTogetherOrNotAtAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		write := func(name string, jobs int, result error) error {
			return s.InTx(ctx, func(tx *gorm.DB, enq func(...river.InsertManyParams)) error {
				for i := range jobs {
					enq(deliver(int64(i)))
				}
				if err := tx.Exec("INSERT INTO counters VALUES ('T1', ?, 1)", name).Error; err != nil {
					return err
				}
				return result
			})
		}
		if err := write("kept", 3, nil); err != nil {
			t.Fatal(err)
		}
		if err := write("dropped", 3, errChangedMind); !errors.Is(err, errChangedMind) {
			t.Fatal(err)
		}
		if err := write("kept", 3, nil); !errors.Is(err, gorm.ErrDuplicatedKey) {
			t.Fatalf("a second row of one key: %v", err)
		}
		if rows, jobs := count(t, s, "counters"), count(t, s, "river_job"); rows != 1 || jobs != 3 {
			t.Errorf("%d rows, %d jobs", rows, jobs)
		}
	})
}

func TestPanicRollsBackAndLeavesTheStoreUsable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		for range 10 { // more often than there are connections
			func() {
				defer func() { _ = recover() }()
				_ = s.InTx(ctx, func(tx *gorm.DB, enq func(...river.InsertManyParams)) error {
					enq(deliver(1))
					tx.Exec("INSERT INTO counters VALUES ('T1', 'x', 1)")
					panic("boom")
				})
			}()
		}
		if rows, jobs := count(t, s, "counters"), count(t, s, "river_job"); rows != 0 || jobs != 0 {
			t.Errorf("%d rows, %d jobs", rows, jobs)
		}
	})
}

// worker marks its delivery as sent and so completes its job.
type worker struct {
	river.WorkerDefaults[store.DeliverArgs]
	s    *store.Store
	seen chan<- int64
}

func (w *worker) Work(ctx context.Context, job *river.Job[store.DeliverArgs]) error {
	row, err := w.s.Delivery(ctx, job.Args.DeliveryID)
	if err == nil {
		err = w.s.MarkSent(ctx, row, store.Sent{TS: "1.1", Shown: row.Wanted}, job)
	}
	w.seen <- job.Args.DeliveryID
	return err
}

// run starts a working client and stops it with the test.
func run(t *testing.T, s *store.Store) <-chan int64 {
	t.Helper()
	seen := make(chan int64, 1000)
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{s: s, seen: seen})
	r, err := s.NewRiver(&river.Config{Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}}, Workers: workers})
	must(t, err)
	must(t, r.Start(ctx))
	t.Cleanup(func() { must(t, r.Stop(ctx)) })
	return seen
}

func TestRunnerWorksWhatDecisionsLeave(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		seen := run(t, s)
		c := raise(t, s, ws)
		for range 3 { // two cards and one ask
			wait(t, seen)
		}
		eventually(t, "every delivery sent and every job complete", func() bool {
			n, err := s.Unsent(ctx, ws)
			must(t, err)
			var complete int64
			must(t, s.DB().Table("river_job").Where("state = 'completed'").Count(&complete).Error)
			return n == 0 && complete == 3
		})
		_, err := s.UpdateChange(ctx, by(cab(0)), c.ID, approve(c.Revision))
		must(t, err)
		for range 6 { // the three again, a line, and a note to the two who run it
			wait(t, seen)
		}
	})
}

func TestJobsOfTomorrowRunAfterAJump(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		seen := run(t, s)
		must(t, s.InTx(ctx, func(_ *gorm.DB, enq func(...river.InsertManyParams)) error {
			enq(river.InsertManyParams{Args: store.DeliverArgs{DeliveryID: 98}}, river.InsertManyParams{Args: store.DeliverArgs{DeliveryID: 99},
				InsertOpts: &river.InsertOpts{ScheduledAt: s.Now().Add(24 * time.Hour)}})
			return nil
		}))
		if id := wait(t, seen); id != 98 {
			t.Fatal("tomorrow's job ran today")
		}
		must(t, s.Jump(ctx, 25*time.Hour))
		for id := wait(t, seen); id != 99; id = wait(t, seen) { // 98 is tried again: there is no such delivery
		}
	})
}

// eventually waits for what another goroutine brings about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("not within 30 s: %s", what)
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func wait(t *testing.T, seen <-chan int64) int64 {
	t.Helper()
	select {
	case id := <-seen:
		return id
	case <-time.After(30 * time.Second):
		t.Fatal("no job ran for 30 s")
		return 0
	}
}

func TestManyWritersWaitTheirTurnWithoutErrors(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		if err := s.DB().Exec("INSERT INTO counters VALUES ('T1', 'change', 0)").Error; err != nil {
			t.Fatal(err)
		}
		const writers, each = 32, 10
		errs := make(chan error, writers*each)
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range each {
					errs <- s.InTx(ctx, func(tx *gorm.DB, enq func(...river.InsertManyParams)) error {
						var n int64
						err := tx.Raw("UPDATE counters SET value = value + 1 WHERE name = 'change' RETURNING value").Scan(&n).Error
						enq(deliver(n))
						return err
					})
				}
			})
		}
		begin := time.Now()
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%d transactions in %v", writers*each, time.Since(begin).Round(time.Millisecond))
		var last int64
		if err := s.DB().Raw("SELECT value FROM counters").Scan(&last).Error; err != nil || last != writers*each {
			t.Errorf("counted to %d, %v", last, err)
		}
		if jobs := count(t, s, "river_job"); jobs != writers*each {
			t.Errorf("%d jobs", jobs)
		}
	})
}

func TestDeadlineEndsTheWaitForAnotherWriter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		if err := s.DB().Exec("INSERT INTO counters VALUES ('T1', 'change', 0)").Error; err != nil {
			t.Fatal(err)
		}
		bump := func(tx *gorm.DB) error {
			return tx.Exec("UPDATE counters SET value = value + 1").Error
		}
		held, release := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			err := s.InTx(ctx, func(tx *gorm.DB, _ func(...river.InsertManyParams)) error {
				err := bump(tx)
				close(held)
				<-release
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-held
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		begin := time.Now()
		err := s.InTx(short, func(tx *gorm.DB, _ func(...river.InsertManyParams)) error { return bump(tx) })
		if took := time.Since(begin); err == nil || took > 2*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		close(release)
		wg.Wait()
	})
}
