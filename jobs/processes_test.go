package jobs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// fleet is processes that serve one database.
type fleet struct {
	*world
	url string
	all []*exec.Cmd
}

func (f *fleet) launch() *exec.Cmd {
	f.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimEnv+"=never "+f.url+" "+f.base)
	cmd.Stderr = os.Stderr
	says, err := cmd.StdoutPipe()
	f.must(err)
	f.must(cmd.Start())
	if _, err := says.Read(make([]byte, 1)); err != nil { // until it hears when it is asked to go
		f.Fatalf("a process did not come up: %v", err)
	}
	return cmd
}

// end asks a process to go and waits until it has handed back what it held.
func (f *fleet) end(cmd *exec.Cmd) {
	f.Helper()
	f.must(cmd.Process.Signal(syscall.SIGTERM))
	if err := cmd.Wait(); err != nil {
		f.Errorf("a process did not end in order: %v", err)
	}
}

// soon waits for what other processes do, which gives no sign of its own.
func (f *fleet) soon(what string, holds func() bool) {
	f.Helper()
	for end := time.Now().Add(patience); !holds(); {
		if time.Now().After(end) {
			f.Fatalf("%s: not in time\n%s", what, f.state())
		}
		<-time.After(10 * time.Millisecond)
	}
}

func (f *fleet) calm() bool {
	n, err := f.store.DeliveryCounts(context.Background())
	f.must(err)
	return n[store.DeliveryPending]+n[store.DeliverySending]+n[store.DeliveryUncertain] == 0
}

// Many processes have the rounds, the expiries and the reminders of some days,
// and are replaced one by one in the middle of each morning's digest.
func TestManyProcessesAreOne(t *testing.T) {
	t.Parallel()
	size, days := proof.N(3, 8), proof.N(1, 10)
	url := storetest.URL(t, store.Postgres)
	w := newWorld(t, func(...func(*store.Options)) *store.Store {
		s, err := store.Open(context.Background(), store.Options{URL: url, MovableClock: true, MaxConns: 8, Logger: storetest.Logger(t)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, searchable)
	t.Cleanup(func() { w.must(w.store.Close()) })
	f := &fleet{world: w, url: url}
	w.goTo(w.morning(1).Add(-3 * time.Hour))
	for range size {
		f.all = append(f.all, f.launch())
	}
	t.Cleanup(func() {
		for _, p := range f.all {
			f.end(p)
		}
	})
	for _, target := range []string{changesRoom, payRoom, string(ana)} {
		w.digestAt(target, "0 9 * * *", "Europe/Berlin")
	}
	var ids []models.ChangeID
	for day := range days {
		ids = append(ids, f.day(day)...)
	}
	f.judge(ids, size, days)
}

// day raises changes that nobody starts and has the morning come; they expire
// in it.
func (f *fleet) day(n int) []models.ChangeID {
	f.Helper()
	open := f.raise("Stays open", "pay-api")
	f.retimed(open, f.store.Now().AddDate(0, 0, 30))
	var ids []models.ChangeID
	for i := range 3 {
		ids = append(ids, f.raise(fmt.Sprintf("Change %d.%d", n, i), "pay-api").ID)
	}
	f.soon("all is delivered", f.calm)
	slow, err := f.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.Slow, MS: 100})
	f.must(err)
	f.goTo(f.morning(0).Add(time.Second))
	for i, p := range f.all {
		f.end(p)
		f.all[i] = f.launch()
	}
	f.fake.Mend(slow)
	f.soon("the digests are there", func() bool {
		for _, room := range []string{changesRoom, payRoom} {
			if live, over := f.digests(room); len(live) != 1 || len(over) != n {
				return false
			}
		}
		return f.calm()
	})
	for _, id := range ids {
		f.soon(id.String()+" has expired", func() bool {
			c, err := f.store.Change(context.Background(), team, id)
			f.must(err)
			return c.State == models.Expired
		})
	}
	f.goTo(f.morning(1).Add(-3 * time.Hour))
	f.soon("all is delivered", f.calm)
	return ids
}

func (f *fleet) judge(ids []models.ChangeID, size, days int) {
	f.Helper()
	bad := 0
	for id, n := range f.copies() {
		if n != 1 {
			bad++
			f.Errorf("delivery %s has %d messages", id, n)
		}
	}
	for _, room := range []string{changesRoom, payRoom} {
		if live, over := f.digests(room); len(live)+len(over) != days {
			bad++
			f.Errorf("%d digests in %s in %d days", len(live)+len(over), room, days)
		}
	}
	for _, id := range ids {
		events, err := f.store.History(context.Background(), team, models.RecordRef{Kind: models.RecordChange, ID: int64(id)}, 100, 0)
		f.must(err)
		expired := 0
		for _, e := range events {
			if e.Kind == models.EventExpired {
				expired++
			}
		}
		if expired != 1 {
			bad++
			f.Errorf("%s expired %d times", id, expired)
		}
	}
	proof.Record(f, proof.Row{What: fmt.Sprintf("%d processes on one database, replaced one by one in the middle of each digest: digests, expiries and messages lost or doubled", size),
		Where: "PostgreSQL", Tried: len(f.copies()) + len(ids), Bad: bad, Note: fmt.Sprintf("%d days, %d processes replaced.", days, size*days)})
}
