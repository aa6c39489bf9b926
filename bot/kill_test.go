package bot

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
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
	for _, k := range []killing{
		{setting{store.SQLite, ModeSocket}, true, proof.N(5, 200)},
		{setting{store.Postgres, ModeSocket}, true, proof.N(5, 200)},
		{setting{store.SQLite, ModeHTTP}, false, proof.N(3, 60)},
		{setting{store.Postgres, ModeHTTP}, false, proof.N(3, 60)},
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
	*rig
	killing
	seed   uint64
	rand   *rand.Rand
	people []*person
	board  board
	door   door

	recovered []time.Duration // from start to ready
	early     int             // kills before it was ready
}

func newKillRun(t *testing.T, k killing) *killRun {
	run := &killRun{killing: k, seed: uint64(time.Now().UnixNano())}
	if given, err := strconv.ParseUint(os.Getenv("GATEHOUSE_SEED"), 10, 64); err == nil {
		run.seed = given
	}
	t.Logf("seed %d (GATEHOUSE_SEED repeats the plan of it; how it interleaves is the machine's)", run.seed)
	run.rand = rand.New(rand.NewPCG(run.seed, 0))
	run.rig = newRig(t, k.setting, rigged{people: 10, require: "3 of cab", lookup: k.lookup})
	run.prepare()
	run.board.over = map[int]bool{}
	run.door.changed = make(chan struct{})
	for i, name := range run.crew {
		run.people = append(run.people, &person{run: run, name: name, a: run.fake.As(name), rand: rand.New(rand.NewPCG(run.seed, uint64(i+1)))})
	}
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
	var group sync.WaitGroup
	for _, p := range run.people {
		group.Go(func() { p.live(tokens) })
	}
	run.warmUp(tokens)
	for range run.kills {
		run.oneLife(tokens)
	}
	last := run.launch()
	run.open(last)
	close(tokens)
	finished := make(chan struct{})
	go func() { group.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-time.After(2 * time.Minute):
		run.t.Errorf("after the last start somebody could not finish what they had begun\n%s", last.said)
		run.door.shut()
	}
	settled := run.settle(last)
	last.stop(run.t, 15*time.Second)
	run.judge(settled)
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
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	_, err := p.ready(ctx)
	if err == nil && run.mode == ModeSocket {
		err = run.fake.Wait(ctx, func() bool { return run.fake.Sockets() > 0 })
	}
	if err != nil {
		run.t.Fatalf("start %d: %v\n%s", len(run.recovered)+run.early+1, err, p.said)
	}
	run.recovered = append(run.recovered, time.Since(p.began))
	run.door.open()
}

// settle waits until everything was shown that is wanted.
func (run *killRun) settle(p *process) time.Duration {
	run.t.Helper()
	began := time.Now()
	s, _ := run.look()
	counts := map[store.DeliveryState]int{}
	for time.Since(began) < 20*time.Minute {
		var err error
		if counts, err = s.DeliveryCounts(context.Background()); err != nil {
			run.t.Fatal(err)
		}
		if counts[store.DeliveryPending]+counts[store.DeliverySending]+counts[store.DeliveryUncertain] == 0 {
			return time.Since(began)
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-p.ended:
			run.t.Fatalf("the process ended by itself: %v\n%s", p.err, p.said)
		}
	}
	run.t.Errorf("not all was delivered after %s: %v\n%s", time.Since(began), counts, p.said)
	return time.Since(began)
}

// judge holds what people were told against what is kept and what is shown.
func (run *killRun) judge(settled time.Duration) {
	slices.Sort(run.recovered)
	o := newOracle(run)
	decisions := o.decisions()
	cards := o.cards()
	where := map[store.Engine]string{store.SQLite: "SQLite", store.Postgres: "PostgreSQL"}[run.engine] + ", " + string(run.mode)
	seed := fmt.Sprintf("seed %d.", run.seed)
	proof.Record(run.t, proof.Row{What: "kill -9 of a serving process under load: decisions lost, doubled or numbered with a gap", Where: where,
		Tried: run.kills, Seed: seed, Bad: len(decisions),
		Note: fmt.Sprintf("%s %d kills before it was ready. Ready again after %s in the median, %s at most.",
			o.summary(), run.early, run.recovered[len(run.recovered)/2].Round(time.Millisecond), run.recovered[len(run.recovered)-1].Round(time.Millisecond))})
	proof.Record(run.t, proof.Row{What: "kill -9 under load: cards and messages lost, out of date, or standing twice, " + run.scopes(), Where: where,
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

// door tells people whether anybody answers. They don't act while it is shut,
// as nobody would press buttons at a Slack that says the app is gone.
type door struct {
	mu      sync.Mutex
	isOpen  bool
	isGone  bool
	lives   int // how often it was opened
	changed chan struct{}
}

func (d *door) set(open bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isOpen = open; open {
		d.lives++
	}
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *door) open()  { d.set(true) }
func (d *door) close() { d.set(false) }

// shut sends everybody home for good.
func (d *door) shut() {
	d.mu.Lock()
	d.isGone = true
	d.mu.Unlock()
	d.set(false)
}

// wait returns when somebody answers, and which life of the process that is;
// false means never again.
func (d *door) wait() (life int, ok bool) {
	for {
		d.mu.Lock()
		open, gone, changed := d.isOpen, d.isGone, d.changed
		life = d.lives
		d.mu.Unlock()
		if open || gone {
			return life, !gone
		}
		<-changed
	}
}

// still reports whether that life goes on.
func (d *door) still(life int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.isOpen && d.lives == life
}

// board is what people know of each other's changes.
type board struct {
	mu     sync.Mutex
	known  int // the highest number that anybody saw
	raised int // forms begun
	over   map[int]bool
}

// mayRaise counts a new form in, unless there is enough to do.
func (b *board) mayRaise(most int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.raised >= most || b.known-len(b.over) > 12 {
		return false
	}
	b.raised++
	return true
}

func (b *board) saw(id int, final bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known = max(b.known, id)
	if final {
		b.over[id] = true
	}
}

// pick is some change that is not over, rather an old one; the next number may
// be one whose author never learnt that it was raised.
func (b *board) pick(r *rand.Rand) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	var open []int
	for id := 1; id <= b.known+1 && len(open) < 10; id++ {
		if !b.over[id] {
			open = append(open, id)
		}
	}
	return open[r.IntN(len(open))]
}
