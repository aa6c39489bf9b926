package bot

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

var engineNames = map[store.Engine]string{store.SQLite: "SQLite", store.Postgres: "PostgreSQL"}

// What a start may take and an idle process may hold, as promised. A test on a
// busy machine fails only far beyond.
const (
	promisedStart = 500 * time.Millisecond
	promisedRSS   = 50 << 10 // kB
	leeway        = 4
)

func TestStartsWithinHalfASecondAndStaysSmall(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			r := newRig(t, setting{engine, ModeSocket}, rigged{people: 3, require: "1 of cab"})
			r.prepare()
			var took []time.Duration
			starts := proof.N(3, 10)
			for range starts {
				took = append(took, r.startedAndStopped())
			}
			slices.Sort(took)
			median := took[len(took)/2]
			if median > leeway*promisedStart {
				t.Errorf("ready %s after the start of the process (median), promised are %s", median, promisedStart)
			}
			proof.Record(t, proof.Row{What: "ready to serve after the start of the process, on an up-to-date database; bad: over 0.5 s in the median", Where: engineNames[engine],
				Tried: starts, Bad: count(proof.Full() && median > promisedStart), Note: fmt.Sprintf("Median %s, slowest %s.", median.Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))})
			rss := r.idle()
			proof.Record(t, proof.Row{What: "resident memory of an idle process; bad: 50 MB and over", Where: engineNames[engine],
				Tried: 1, Bad: count(rss >= promisedRSS), Note: fmt.Sprintf("%.1f MB, in socket mode with two connections, %s after the start.", float64(rss)/1024, settling())})
		})
	}
}

func count(bad bool) int {
	if bad {
		return 1
	}
	return 0
}

func (r *rig) startedAndStopped() time.Duration {
	r.t.Helper()
	p := r.launch()
	took := r.awaited(p)
	p.stop(r.t, 15*time.Second)
	return took
}

func (r *rig) awaited(p *process) time.Duration {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	took, err := p.ready(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	return took
}

// settling is how long a process is left alone before it counts as idle.
func settling() time.Duration { return time.Duration(proof.N(3, 30)) * time.Second }

// idle is the resident memory, in kB, of a process that has nothing to do.
func (r *rig) idle() int {
	r.t.Helper()
	p := r.launch()
	r.awaited(p)
	r.until("connected", func() bool { return r.fake.Sockets() == r.config.SocketCount })
	<-time.After(settling())
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		r.t.Fatal(err)
	}
	found := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		r.t.Fatalf("no VmRSS in\n%s", status)
	}
	rss, _ := strconv.Atoi(string(found[1]))
	p.stop(r.t, 15*time.Second)
	return rss
}

// replicas is how many start at once.
const replicas = 8

func TestEightReplicasStartAtOnceOnAnEmptyPostgreSQL(t *testing.T) {
	rounds, bad := proof.N(1, 10), 0
	var slowest time.Duration
	for range rounds {
		r := newRig(t, setting{store.Postgres, ModeSocket}, rigged{people: 3, require: "1 of cab"})
		all := r.launchMany()
		for _, p := range all {
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			took, err := p.ready(ctx)
			cancel()
			if err != nil {
				bad++
				t.Error(err)
			}
			slowest = max(slowest, took)
		}
		r.until("all are connected", func() bool { return r.fake.Sockets() == replicas })
		for i := range replicas { // each socket is served by another of them
			// Ready says that the database answers; the sockets open a moment later.
			ctx, cancel := context.WithTimeout(context.Background(), 120*time.Second)
			_ = r.fake.Wait(ctx, func() bool { return r.fake.Sockets() > 0 })
			cancel()
			if res := r.fake.As("p00").Slash("general", "/change help"); !res.OK {
				bad++
				t.Errorf("request %d: %s", i, res.Error)
			}
		}
		for _, p := range all {
			p.stop(t, 15*time.Second)
		}
	}
	proof.Record(t, proof.Row{What: fmt.Sprintf("%d replicas start at once on an empty database and serve; bad: not up, or no answer", replicas), Where: "PostgreSQL",
		Tried: rounds * replicas, Bad: bad, Note: fmt.Sprintf("The last was ready after %s.", slowest.Round(time.Millisecond))})
}

// launchMany starts replicas at the same moment, each with one socket and an
// address of its own.
func (r *rig) launchMany() []*process {
	all := make([]*process, replicas)
	addrs := make([]string, replicas)
	for i := range addrs {
		addrs[i] = freeAddr(r.t)
	}
	var group sync.WaitGroup
	for i := range all {
		group.Go(func() { all[i] = r.launch("GATEHOUSE_SOCKETS=1", "GATEHOUSE_LISTEN_ADDR="+addrs[i]) })
	}
	group.Wait()
	return all
}

func TestOneOfEightRunsOnSQLiteAndSevenSayWhoHoldsTheFile(t *testing.T) {
	rounds, bad := proof.N(1, 10), 0
	for range rounds {
		r := newRig(t, setting{store.SQLite, ModeSocket}, rigged{people: 3, require: "1 of cab"})
		all := r.launchMany()
		var up *process
		for _, p := range all {
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			if _, err := p.ready(ctx); err == nil && up != nil {
				bad++
				t.Error("two of them serve the same file")
			} else if err == nil {
				up = p
			}
			cancel()
		}
		if up == nil {
			t.Fatal("none of them serves")
		}
		want := fmt.Sprintf("gatehouse.db is in use by process %d since ", up.cmd.Process.Pid)
		for _, p := range all {
			if said := p.said.String(); p != up && (!strings.Contains(said, want) || !strings.Contains(said, "SQLite serves one Gatehouse at a time") || p.cmd.ProcessState.ExitCode() != 1) {
				bad++
				t.Errorf("want %q and exit code 1, got %d and\n%s", want, p.cmd.ProcessState.ExitCode(), said)
			}
		}
		// Ready says that the database answers; the sockets open a moment later.
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		_ = r.fake.Wait(ctx, func() bool { return r.fake.Sockets() > 0 })
		cancel()
		if res := r.fake.As("p00").Slash("general", "/change help"); !res.OK {
			bad++
			t.Errorf("the one that runs does not answer: %s", res.Error)
		}
		up.stop(t, 15*time.Second)
	}
	proof.Record(t, proof.Row{What: "8 processes start at once on one file: one runs, seven end with the sentence that names it; bad: any other end", Where: "SQLite",
		Tried: rounds * replicas, Bad: bad})
}

func TestEndsCleanlyUnderLoad(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		for _, mode := range []Mode{ModeSocket, ModeHTTP} {
			t.Run(fmt.Sprintf("%s/%s", engine, mode), func(t *testing.T) {
				r := newRig(t, setting{engine, mode}, rigged{people: 6, require: "3 of cab"})
				r.prepare()
				if _, err := r.fake.Break(slackfake.Rule{Method: "*", Kind: slackfake.Slow, MS: 300}); err != nil {
					t.Fatal(err)
				}
				stops, late := proof.N(1, 5), 0
				var slowest time.Duration
				for range stops {
					took := r.stoppedUnderLoad()
					if took > 10*time.Second {
						late++
					}
					slowest = max(slowest, took)
				}
				proof.Record(t, proof.Row{What: "SIGTERM while people act and messages are on their way; bad: over 10 s, or not with success", Where: engineNames[engine] + ", " + string(mode),
					Tried: stops, Bad: late, Note: fmt.Sprintf("Slowest %s, with a Slack that takes 0.3 s a call.", slowest.Round(time.Millisecond))})
			})
		}
	}
}

// stoppedUnderLoad lets everybody raise changes without a pause, and asks the
// process to end in the middle of it.
func (r *rig) stoppedUnderLoad() time.Duration {
	r.t.Helper()
	p := r.launch()
	r.awaited(p)
	if r.setting.mode == ModeSocket {
		r.until("connected", func() bool { return r.fake.Sockets() > 0 })
	}
	stop := make(chan struct{})
	var group sync.WaitGroup
	for _, name := range r.crew {
		group.Go(func() {
			for a := r.fake.As(name); ; {
				select {
				case <-stop:
					return
				case <-p.ended:
					return
				default:
				}
				a.CloseAll()
				now := time.Now().Truncate(time.Minute)
				if a.Slash("general", "/change new").OK {
					a.Submit(slackfake.Fields{"title": "Load", "services": []string{"beta"}, "start": now, "plan": "Switch the flag on.", "check": "The error rate stays below 1 %.", "rollback": "When errors rise above 1 %: switch it off (2 minutes)."})
				}
			}
		})
	}
	<-time.After(2 * time.Second)
	took := p.stop(r.t, 30*time.Second)
	close(stop)
	group.Wait()
	return took
}
