package store_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

func subscribe(t testing.TB, s *store.Store, target string) models.Schedule {
	t.Helper()
	in := models.DigestInput{Days: []time.Weekday{1, 2, 3, 4, 5}, At: 9 * time.Hour, Zone: "Europe/Berlin"}
	must(t, s.SetSchedule(ctx, store.Command{Workspace: ws, Actor: raiser}, func(f models.Facts) (models.Schedule, []models.Event, error) {
		return models.SetDigest(target, in, store.NextTime, f)
	}))
	sch, err := s.Schedule(ctx, ws, models.ScheduleDigest, target)
	must(t, err)
	return sch
}

func round(sch models.Schedule, slot time.Time) []models.Delivery {
	return []models.Delivery{{Kind: models.DeliverDigest, Record: sch.Ref(), Key: sch.SlotKey(slot), Channel: models.ChannelID(sch.Target)}}
}

func TestARoundIsHadByOneReplicaOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		furnish(t, s, ws, quorum(1, 1))
		replicas := []*store.Store{s, s, s, s}
		if s.Kind() == store.Postgres {
			replicas = append(replicas, open(), open(), open(), open())
		}
		sch := subscribe(t, s, "C_API")
		var had atomic.Int32
		var wg sync.WaitGroup
		for _, r := range replicas {
			wg.Go(func() {
				fired, err := r.Fire(ctx, sch, sch.NextAt.Add(24*time.Hour), round(sch, sch.NextAt))
				if err != nil {
					t.Error(err)
				}
				if fired {
					had.Add(1)
				}
			})
		}
		wg.Wait()
		if n := count(t, s, "deliveries"); had.Load() != 1 || n != 1 {
			t.Errorf("%d had the round and %d digests wait, want 1 and 1", had.Load(), n)
		}
		now, err := s.Schedule(ctx, ws, models.ScheduleDigest, "C_API")
		must(t, err)
		want := sch
		want.NextAt, want.Version = sch.NextAt.Add(24*time.Hour), sch.Version+1
		if diff := cmp.Diff(want, now); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOneSlotIsDeliveredOnceHoweverOftenItComes(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		sch := subscribe(t, s, "C_API")
		slot := sch.NextAt
		for range 3 { // as after a clock that was set back, which plans it anew
			fired, err := s.Fire(ctx, sch, slot, round(sch, slot))
			must(t, err)
			if !fired {
				t.Fatal("the round was not had")
			}
			sch, err = s.Schedule(ctx, ws, models.ScheduleDigest, "C_API")
			must(t, err)
		}
		_, err := s.Fire(ctx, sch, slot.AddDate(1, 0, 0), nil)
		must(t, err)
		if due, err := s.DueSchedules(ctx, ws, s.Now().AddDate(0, 0, -1), 10); err != nil || len(due) != 1 {
			t.Errorf("set back by a day, %d schedules are planned anew: %v", len(due), err)
		}
		if due, err := s.DueSchedules(ctx, ws, s.Now(), 10); err != nil || len(due) != 0 {
			t.Errorf("%d schedules are due: %v", len(due), err)
		}
		if n := count(t, s, "deliveries"); n != 1 {
			t.Errorf("%d digests for one slot, want 1", n)
		}
	})
}

func TestARoundGivesUpTheUnsentOneBeforeIt(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		sch := subscribe(t, s, "C_API")
		var states []store.DeliveryState
		for day := range 4 {
			_, err := s.Fire(ctx, sch, sch.NextAt.Add(24*time.Hour), round(sch, sch.NextAt.Add(time.Duration(day)*24*time.Hour)))
			must(t, err)
			sch, err = s.Schedule(ctx, ws, models.ScheduleDigest, "C_API")
			must(t, err)
		}
		var rows []store.Row
		must(t, s.DB().Order("id").Find(&rows).Error)
		for _, r := range rows {
			states = append(states, r.State)
		}
		gone := store.DeliverySuperseded
		if want := []store.DeliveryState{gone, gone, gone, store.DeliveryPending}; !slices.Equal(states, want) {
			t.Errorf("the rounds are %v, want %v", states, want)
		}
	})
}

func TestADigestCanBeTurnedOffAndNobodySetsAnothersOwn(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		sch := subscribe(t, s, "C_API")
		_, err := s.Fire(ctx, sch, sch.NextAt.AddDate(0, 0, 1), round(sch, sch.NextAt))
		must(t, err)
		shown, found, err := s.NextInLane(ctx, ws, "C_API", s.Now())
		if must(t, err); !found {
			t.Fatal("no digest waits")
		}
		must(t, s.MarkSent(ctx, shown, store.Sent{Channel: "C_API", TS: "1.1", Shown: shown.Wanted}, nil))
		dropped, err := s.DropSchedule(ctx, by(raiser), models.ScheduleDigest, "C_API", models.Event{Kind: models.EventDigestDropped, Actor: raiser})
		must(t, err)
		again, err := s.DropSchedule(ctx, by(raiser), models.ScheduleDigest, "C_API", models.Event{})
		must(t, err)
		if !dropped || again {
			t.Errorf("dropped %v, then %v", dropped, again)
		}
		if shown, err = s.Delivery(ctx, shown.ID); err != nil || shown.State != store.DeliveryPending {
			t.Errorf("the last one shown is %s, want it drawn once more: %v", shown.State, err)
		}
		if due, err := s.DueSchedules(ctx, ws, s.Now().AddDate(1, 0, 0), 10); err != nil || len(due) != 0 {
			t.Errorf("still due: %v %v", due, err)
		}
		err = s.SetSchedule(ctx, by(raiser), func(f models.Facts) (models.Schedule, []models.Event, error) {
			return models.SetDigest(string(worker_), models.DefaultDigest(f), store.NextTime, f)
		})
		if text := refusal(t, err); text == "" {
			t.Error("no words")
		}
	})
}

func TestSchedulesThatNeverOrAlwaysComeAreRefused(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		for _, in := range []models.DigestInput{
			{Cron: "* * * * *", Zone: "UTC"}, {Cron: "0 0 31 2 *", Zone: "UTC"}, {Cron: "0 9 * * 1", Zone: "Europe/Atlantis"},
			{Cron: "every day", Zone: "UTC"}, {Zone: "UTC"},
		} {
			err := s.SetSchedule(ctx, by(raiser), func(f models.Facts) (models.Schedule, []models.Event, error) {
				return models.SetDigest("C_API", in, store.NextTime, f)
			})
			if r, ok := models.AsRefusal(err); !ok || len(r.Fields) != 1 {
				t.Errorf("%+v: %v", in, err)
			}
		}
		if n := count(t, s, "schedules"); n != 0 {
			t.Errorf("%d schedules were kept", n)
		}
	})
}

// A round whose time has just come is not lost because somebody saves the
// digest before a replica has looked.
func TestARoundThatIsDueIsStillHadWhenTheDigestIsSavedInThatMoment(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		slot := subscribe(t, s, "C_API").NextAt
		must(t, s.Jump(ctx, slot.Sub(s.Now())+2*time.Second))
		for range 2 {
			subscribe(t, s, "C_API")
		}
		due, err := s.DueSchedules(ctx, ws, s.Now(), 10)
		must(t, err)
		if len(due) != 1 || !due[0].NextAt.Equal(slot) {
			t.Errorf("of the round of %s is due: %+v", slot, due)
		}
	})
}

func TestADigestThatIsToShrinkIsNotPruned(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		sch := subscribe(t, s, "C_API")
		shown := func() {
			t.Helper()
			var rows []store.Row
			must(t, s.DB().Where("kind = 'digest' AND state = 'pending'").Find(&rows).Error)
			for _, row := range rows {
				must(t, s.MarkSent(ctx, row, store.Sent{Channel: "C_API", TS: fmt.Sprint(row.ID), Shown: row.Wanted}, nil))
			}
			must(t, s.Jump(ctx, 31*24*time.Hour))
		}
		for day := range 2 {
			sch, err := s.ScheduleByID(ctx, ws, sch.ID)
			must(t, err)
			fired, err := s.Fire(ctx, sch, sch.NextAt.AddDate(0, 1, 0), round(sch, sch.NextAt))
			if must(t, err); !fired {
				t.Fatalf("round %d was not had", day)
			}
			shown()
		}
		if n, err := s.Prune(ctx, s.Now()); err != nil || n != 1 {
			t.Errorf("%d rows went, %v, want the digest that the next one took the place of", n, err)
		}
		_, err := s.DropSchedule(ctx, store.Command{Workspace: ws, Actor: raiser}, models.ScheduleDigest, "C_API", models.Event{Kind: models.EventDigestDropped, Actor: raiser})
		must(t, err)
		shown()
		if n, err := s.Prune(ctx, s.Now()); err != nil || count(t, s, "deliveries") != 0 {
			t.Errorf("%d rows went, %v, and %d are left of a digest that was turned off", n, err, count(t, s, "deliveries"))
		}
	})
}
