package store_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

func near(a, b time.Time) bool { return a.Sub(b).Abs() < 2*time.Second }

func TestJumpMovesBusinessTimeAndStaysMoved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		if !near(s.Now(), time.Now()) {
			t.Fatalf("before any jump: %v", s.Now())
		}
		for range 2 {
			if err := s.Jump(ctx, 24*time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		want := time.Now().Add(48 * time.Hour)
		if !near(s.Now(), want) || !near(*s.Clock().NowOrNil(), want) || s.Clock().Offset() != 48*time.Hour {
			t.Errorf("after two days: %v, offset %v", s.Now(), s.Clock().Offset())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if again := open(); !near(again.Now(), want) {
			t.Errorf("after a restart: %v", again.Now())
		}
	})
}

// A look that began before a jump must not stand over the jump's own: time
// would run back by as much.
func TestASlowLookNeverTakesAJumpBack(t *testing.T) {
	var moved atomic.Int64
	let, began, done := make(chan struct{}), make(chan struct{}, 2), make(chan error, 2)
	offset, look := store.SlowClock(func() time.Duration {
		began <- struct{}{}
		return time.Duration(moved.Load())
	}, let)
	go func() { done <- look() }()
	<-began
	moved.Store(int64(time.Hour))
	go func() { done <- look() }()
	select {
	case <-began: // side by side, so either may end last
	case <-time.After(100 * time.Millisecond):
	}
	close(let)
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if got := offset(); got != time.Hour {
		t.Errorf("after an hour's jump the clock is %v ahead", got)
	}
}

func TestMovedClockIsRefusedWhereItMustNotMove(t *testing.T) {
	for _, engine := range storetest.Engines {
		url := storetest.URL(t, engine)
		fixed, err := store.Open(ctx, store.Options{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		if err := fixed.Jump(ctx, time.Hour); err == nil {
			t.Errorf("%s: a fixed clock moved", engine)
		}
		if err := fixed.DB().Exec("UPDATE clock SET offset_us = 60000000").Error; err != nil {
			t.Fatal(err)
		}
		if err := fixed.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(ctx, store.Options{URL: url}); err == nil || !strings.Contains(err.Error(), "clock was moved") {
			t.Errorf("%s: %v", engine, err)
		}
		reader, err := store.Open(ctx, store.Options{URL: url, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if !near(reader.Now(), time.Now().Add(time.Minute)) {
			t.Errorf("%s: a reader shows %v", engine, reader.Now())
		}
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTimeOnlyMovesAhead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		if err := open().Jump(ctx, -time.Hour); err == nil {
			t.Error("time ran backwards")
		}
	})
}

func TestReplicasShareOneClock(t *testing.T) {
	open := storetest.Opener(t, store.Postgres)
	a, b := open(), open()
	if err := a.Jump(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := b.LookAtClock(ctx); err != nil {
		t.Fatal(err)
	}
	if d := a.Now().Sub(b.Now()).Abs(); d > time.Second {
		t.Errorf("%v apart", d)
	}
	if d := a.ClockSkew().Abs(); d > 100*time.Millisecond {
		t.Errorf("a server on this machine is %v off", d)
	}
}

func TestNowIsKeptExactly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		now := s.Now()
		tokyo := now.In(time.FixedZone("elsewhere", 9*3600))
		for key, at := range map[string]time.Time{"here": now, "there": tokyo} {
			if err := s.DB().Exec("INSERT INTO commands (workspace_id, key, actor, at, record_kind, record_id) VALUES ('T1', ?, 'U1', ?, 'change', 1)", key, at).Error; err != nil {
				t.Fatal(err)
			}
		}
		var n int64
		if err := s.DB().Raw("SELECT count(*) FROM commands WHERE at = ?", tokyo).Scan(&n).Error; err != nil || n != 2 {
			t.Errorf("equal instants found: %d, %v", n, err)
		}
		var back struct{ At time.Time }
		if err := s.DB().Raw("SELECT max(at) AS at FROM commands").Scan(&back).Error; err != nil {
			t.Fatal(err)
		}
		if back.At != now {
			t.Errorf("wrote %v, read %v", now, back.At)
		}
	})
}
