package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// clients runs f from n goroutines and reports rate, median and worst hundredth.
func clients(b *testing.B, n int, f func(i int64) error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	took := make([][]time.Duration, n)
	b.ResetTimer()
	for w := range n {
		wg.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					return
				}
				begin := time.Now()
				if err := f(i); err != nil {
					b.Error(err)
					return
				}
				took[w] = append(took[w], time.Since(begin))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Sorted(slices.Values(slices.Concat(took...)))
	if len(all) == 0 {
		return
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
}

// benches opens a database that waits for its disk, for 1 and 32 clients.
func benches(b *testing.B, run func(b *testing.B, s *store.Store, n int)) {
	for _, engine := range storetest.Engines {
		for _, n := range []int{1, 32} {
			b.Run(fmt.Sprintf("%s/%d", engine, n), func(b *testing.B) {
				s, err := store.Open(ctx, store.Options{URL: storetest.DurableURL(b, engine), MaxConns: 36, MovableClock: true, Logger: storetest.Logger(b)})
				must(b, err)
				defer func() { must(b, s.Close()) }()
				run(b, s, n)
			})
		}
	}
}

// BenchmarkBareInsert is what everything is measured against: one row, one
// commit, without GORM.
func BenchmarkBareInsert(b *testing.B) {
	benches(b, func(b *testing.B, s *store.Store, n int) {
		must(b, s.DB().Exec("CREATE TABLE bare (who text, at "+map[store.Engine]string{store.SQLite: "datetime", store.Postgres: "timestamptz"}[s.Kind()]+")").Error)
		clients(b, n, func(int64) error {
			return s.Exec(ctx, "INSERT INTO bare (who, at) VALUES (?, ?)", "somebody", time.Now())
		})
	})
}

// BenchmarkApprove is one approval of a quorum, each of another change, whose
// cards and ask are up to date in Slack before.
func BenchmarkApprove(b *testing.B) {
	benches(b, func(b *testing.B, s *store.Store, n int) {
		furnish(b, s, ws, quorum(1, 2))
		raised := make([]*models.Change, b.N)
		for i := range raised {
			raised[i] = raise(b, s, ws)
		}
		must(b, s.DB().Exec("UPDATE deliveries SET state = 'sent', shown = wanted").Error)
		must(b, s.DB().Exec("DELETE FROM river_job").Error)
		clients(b, n, func(i int64) error {
			c := raised[i-1]
			cmd := store.Command{Workspace: ws, Actor: cab(int(i) % 20), Key: fmt.Sprint("click ", i)}
			_, err := s.UpdateChange(context.Background(), cmd, c.ID, approve(c.Revision))
			return err
		})
	})
}
