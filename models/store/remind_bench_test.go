package store_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// copies puts n rows of everything about a change beside it: in SQL, because a
// hundred thousand through the door take minutes and prove nothing more.
func copies(t testing.TB, s *store.Store, c *models.Change, n int) {
	t.Helper()
	series := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < ?) "
	for table, key := range map[string]string{"changes": "id", "reminder_looks": "record_id"} {
		rows, err := s.DB().Raw("SELECT * FROM " + table + " LIMIT 0").Rows()
		must(t, err)
		columns, err := rows.Columns()
		must(t, err)
		must(t, rows.Close())
		from := make([]string, len(columns))
		for i, name := range columns {
			if from[i] = "x." + name; name == key {
				from[i] = fmt.Sprintf("%d + n.i", c.ID)
			}
		}
		must(t, s.DB().Exec("INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") "+series+"SELECT "+strings.Join(from, ", ")+
			" FROM "+table+" x, n WHERE x."+key+" = ?", n, int64(c.ID)).Error)
	}
}

// Reminders of very many changes that fall due together, such as after a long
// downtime, beside what the engine itself can take in batches.
func TestManyDueRemindersAreDrained(t *testing.T) {
	n := proof.N(400, 100_000)
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			s, err := store.Open(ctx, store.Options{URL: storetest.DurableURL(t, engine), MaxConns: 8, MovableClock: true, Logger: storetest.Logger(t)})
			must(t, err)
			defer func() { must(t, s.Close()) }()
			furnish(t, s, ws, quorum(1, 1))
			c := raise(t, s, ws)
			copies(t, s, c, n-1)
			must(t, s.Jump(ctx, 45*time.Minute)) // a quarter of the time is left
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			said, peak, began := 0, uint64(0), time.Now()
			for {
				look, err := s.Remind(ctx, ws, 200)
				must(t, err)
				said += look.Said
				runtime.ReadMemStats(&after)
				peak = max(peak, after.HeapInuse)
				if look.Records < 200 {
					break
				}
			}
			took := time.Since(began)
			if again, err := s.Remind(ctx, ws, 200); err != nil || again.Said != 0 {
				t.Errorf("%d were said again, %v", again.Said, err)
			}
			bad := 0
			if got := int(count(t, s, "reminders")); got != said || said < n {
				bad++
				t.Errorf("%d reminders of %d changes are kept, %d were said", got, n, said)
			}
			rate, raw := float64(said)/took.Seconds(), rawRate(t, s, said)
			proof.Record(t, proof.Row{What: "due reminders drained, each once", Where: string(engine), Tried: said, Bad: bad,
				Note: fmt.Sprintf("%.0f a second where bare batches of 200 rows go in at %.0f (%.2f of it); %d messages; heap from %d to at most %d MB.",
					rate, raw, rate/raw, count(t, s, "deliveries"), before.HeapInuse>>20, peak>>20)})
		})
	}
}

// rawRate is how many bare rows of that size a second the engine takes in batches.
func rawRate(t testing.TB, s *store.Store, n int) float64 {
	t.Helper()
	must(t, s.DB().Exec("CREATE TABLE bare_reminders AS SELECT * FROM reminders WHERE 1 = 0").Error)
	rows, err := s.DB().Raw("SELECT * FROM reminders LIMIT 1").Rows()
	must(t, err)
	names, err := rows.Columns()
	must(t, err)
	values := make([]any, len(names))
	for rows.Next() {
		into := make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		must(t, rows.Scan(into...))
	}
	must(t, rows.Close())
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", len(names)), ",") + ")"
	began, done := time.Now(), 0
	for done < n {
		size := min(200, n-done)
		var args []any
		for range size {
			args = append(args, values...)
		}
		must(t, s.DB().Exec("INSERT INTO bare_reminders VALUES "+strings.TrimSuffix(strings.Repeat(one+",", size), ","), args...).Error)
		done += size
	}
	return float64(done) / time.Since(began).Seconds()
}
