package bot

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// killing is one way to be killed often: on which engine, behind which door,
// and whether doubtful messages may be looked up.
type killing struct {
	setting
	lookup bool
	kills  int
}

func TestNothingIsLostWhenTheProcessIsKilled(t *testing.T) {
	if !proof.Full() {
		t.Parallel()
	}
	for _, k := range []killing{
		{setting{store.SQLite, ModeSocket}, true, proof.N(3, 200)},
		{setting{store.Postgres, ModeSocket}, true, proof.N(3, 200)},
		{setting{store.SQLite, ModeHTTP}, false, proof.N(2, 60)},
		{setting{store.Postgres, ModeHTTP}, false, proof.N(2, 60)},
	} {
		t.Run(fmt.Sprintf("%s/%s/%s", k.engine, k.mode, k.scopes()), func(t *testing.T) {
			t.Parallel() // much of it is waiting for the leases of the dead to end
			newKillRun(t, k).run()
		})
	}
}

func (k killing) scopes() string {
	if k.lookup {
		return "with history scope"
	}
	return "without history scope"
}

// killRun is people at work while the process that serves them is killed again
// and again.
type killRun struct {
	*crowd
	killing

	recovered []time.Duration // from start to ready
	early     int             // kills before it was ready
}

func newKillRun(t *testing.T, k killing) *killRun {
	run := &killRun{killing: k, crowd: newCrowd(t, k.setting, 10, 5+k.kills/3, 12, k.lookup, false)}
	// Slack is not here: what a process does between two steps takes time, and
	// that is when it is killed.
	for _, method := range []string{"chat.postMessage", "chat.update", "response_url"} {
		if _, err := run.fake.Break(slackfake.Rule{Method: method, Kind: slackfake.Slow, MS: 60}); err != nil {
			t.Fatal(err)
		}
	}
	return run
}

func (run *killRun) run() {
	tokens := make(chan struct{})
	finished := run.comeToWork(tokens)
	run.warmUp(tokens)
	for range run.kills {
		run.oneLife(tokens)
	}
	run.finish(tokens, finished, "kill -9 of a serving process under load")
}

// finish serves people until they are done and everything is shown, and judges.
func (run *killRun) finish(tokens chan<- struct{}, finished <-chan struct{}, what string) {
	last := run.launch()
	run.open(last)
	close(tokens)
	select {
	case <-finished:
	case <-time.After(2 * time.Minute):
		run.t.Errorf("after the last start somebody could not finish what they had begun\n%s", last.said)
		run.door.shut()
	}
	settled, trouble := run.settle(20*time.Minute, last)
	if trouble != "" {
		run.t.Error(trouble)
	}
	last.stop(run.t, 15*time.Second)
	run.judge(what, settled)
}

// warmUp has people raise a few changes before the killing begins, so that there
// is something to decide on from the first life on.
func (run *killRun) warmUp(tokens chan<- struct{}) {
	p := run.launch()
	run.open(p)
	run.until("there are changes", func() bool {
		run.feed(tokens, len(run.people))
		cards := run.fake.Messages("changes")
		for _, m := range cards {
			id, _ := headOf(m)
			run.board.saw(id, false)
		}
		return len(cards) > 2
	})
	run.door.close()
	p.stop(run.t, 15*time.Second)
	run.recovered = nil // those were not killed
}

// oneLife starts the process, lets people at it, and kills it at a random
// moment: now and then while it starts, mostly while they act, now and then
// after it has had time to deliver.
func (run *killRun) oneLife(tokens chan<- struct{}) {
	p := run.launch()
	if run.rand.IntN(10) == 0 {
		<-time.After(run.upTo(250 * time.Millisecond))
		p.kill()
		run.early++
		return
	}
	run.open(p)
	run.feed(tokens, 1+run.rand.IntN(10))
	if run.rand.IntN(8) == 0 {
		<-time.After(run.upTo(5 * time.Second))
		run.feed(tokens, 4)
	}
	<-time.After(run.upTo(120 * time.Millisecond)) // about as long as one act takes
	run.door.close()
	p.kill()
}

// feed has so many people begin something, for as long as there are people who
// are not busy.
func (run *killRun) feed(tokens chan<- struct{}, n int) {
	patience := time.After(time.Second)
	for range n {
		select {
		case tokens <- struct{}{}:
		case <-patience:
			return
		}
	}
}

func (run *killRun) upTo(d time.Duration) time.Duration {
	return time.Duration(run.rand.Int64N(int64(d)))
}

// open lets people in once the process is ready to serve them.
func (run *killRun) open(p *process) {
	run.t.Helper()
	if err := run.tryOpen(p); err != nil {
		run.t.Fatalf("start %d: %v\n%s", len(run.recovered)+run.early+1, err, p.said)
	}
}

func (run *killRun) tryOpen(p *process) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	go func() { // whoever dies keeps nobody waiting
		select {
		case <-p.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	_, err := p.ready(ctx)
	if err == nil && run.mode == ModeSocket {
		err = run.fake.Wait(ctx, func() bool { return run.fake.Sockets() > 0 })
	}
	if err != nil {
		return err
	}
	run.recovered = append(run.recovered, time.Since(p.began))
	run.door.open()
	return nil
}

// judge holds what people were told against what is kept and what is shown.
func (run *killRun) judge(what string, settled time.Duration) {
	slices.Sort(run.recovered)
	o := newOracle(run.crowd)
	decisions := o.decisions()
	cards := o.cards()
	where := map[store.Engine]string{store.SQLite: "SQLite", store.Postgres: "PostgreSQL"}[run.engine] + ", " + string(run.mode)
	seed := fmt.Sprintf("seed %d.", run.seed)
	proof.Record(run.t, proof.Row{What: what + ": decisions lost, doubled or numbered with a gap", Where: where,
		Tried: run.kills, Seed: seed, Bad: len(decisions),
		Note: fmt.Sprintf("%s %d kills before it was ready. Ready again after %s in the median, %s at most.",
			o.summary(), run.early, run.recovered[len(run.recovered)/2].Round(time.Millisecond), run.recovered[len(run.recovered)-1].Round(time.Millisecond))})
	proof.Record(run.t, proof.Row{What: what + ": cards and messages lost, out of date, or standing twice, " + run.scopes(), Where: where,
		Tried: o.shown, Seed: seed, Bad: len(cards),
		Note: fmt.Sprintf("%d cards of %d changes, %d other messages; %d live duplicates; everything shown %s after the last start.",
			o.places, len(o.changes), o.shown-o.places, o.doubles, settled.Round(time.Second))})
	for _, problem := range slices.Concat(decisions, cards) {
		run.t.Error(problem)
	}
	if run.t.Failed() {
		for _, p := range run.people {
			for _, d := range p.deeds {
				run.t.Log(d)
			}
		}
	}
}
