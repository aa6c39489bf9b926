package bot

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// soaking is many people at work while everything round Gatehouse fails now
// and then: Slack, the sockets, the database's connections, the processes.
type soaking struct {
	engine   store.Engine
	replicas int
	least    int // interactions
	faults   int // that have to hit meanwhile
	people   int
}

func TestNothingIsLostWhileEverythingFailsNowAndThen(t *testing.T) {
	if !proof.Full() {
		t.Parallel()
	}
	for _, s := range []soaking{
		{store.Postgres, 3, proof.N(300, 10_000), proof.N(30, 2000), 16},
		{store.SQLite, 1, proof.N(200, 10_000), proof.N(20, 2000), 10},
	} {
		t.Run(string(s.engine), func(t *testing.T) {
			t.Parallel() // much of it is waiting for leases and retries
			run := newSoak(t, s)
			report := run.soak(20 * time.Minute)
			where := fmt.Sprintf("%s, socket, %s", map[store.Engine]string{store.SQLite: "SQLite", store.Postgres: "PostgreSQL"}[s.engine], howMany(s.replicas))
			proof.Record(t, proof.Row{What: "soak under mixed faults: decisions lost, doubled or numbered with a gap", Where: where,
				Tried: int(run.interactions.Load()), Bad: len(report.decisions), Seed: fmt.Sprintf("seed %d.", run.seed), Note: report.summary + " " + run.sabotage.summary()})
			proof.Record(t, proof.Row{What: "soak under mixed faults: cards and messages lost, out of date, or standing twice", Where: where,
				Tried: report.shown, Bad: len(report.cards), Seed: fmt.Sprintf("seed %d.", run.seed),
				Note: fmt.Sprintf("Everything shown %s after the last act.", report.settled.Round(time.Second))})
			for _, problem := range slices.Concat(report.decisions, report.cards, report.troubles) {
				t.Error(problem)
			}
		})
	}
}

func howMany(replicas int) string {
	if replicas == 1 {
		return "one process"
	}
	return fmt.Sprintf("%d replicas", replicas)
}

// soak is one such time.
type soak struct {
	*crowd
	soaking
	processes []*process
	sabotage  *sabotage
}

func newSoak(t *testing.T, s soaking) *soak {
	c := newCrowd(t, setting{s.engine, ModeSocket}, s.people, 6+s.least/60, s.people, true, true)
	return &soak{crowd: c, soaking: s, sabotage: &sabotage{ways: ways, hits: map[string]int{}}}
}

// report is what was wrong at the end; nothing, if all is well.
type report struct {
	decisions, cards, troubles []string
	summary                    string
	shown                      int
	settled                    time.Duration
}

func (r report) clean() bool { return len(r.decisions)+len(r.cards)+len(r.troubles) == 0 }

// soak has people act and everything fail, mends everything, lets what is owed
// arrive, and judges. within bounds how long that may take at the end.
func (run *soak) soak(within time.Duration) report {
	run.t.Helper()
	for i := range run.replicas {
		run.processes = append(run.processes, nil)
		run.start(i)
	}
	run.door.open()
	tokens, failing := make(chan struct{}), make(chan struct{})
	finished := run.comeToWork(tokens)
	ctx, stop := context.WithCancel(context.Background())
	run.sabotage.began = time.Now()
	go func() { run.fail(ctx); close(failing) }()
	for run.interactions.Load() < int64(run.least) || run.sabotage.total() < run.faults && run.patient() {
		select {
		case tokens <- struct{}{}:
		case <-time.After(within):
			run.t.Fatal("nobody could do anything any more")
		}
	}
	stop()
	<-failing
	run.fake.Mend("")
	close(tokens)
	var r report
	select {
	case <-finished:
	case <-time.After(within / 4):
		r.troubles = append(r.troubles, "somebody could not finish what they had begun\n"+run.processes[0].said.String())
		run.door.shut()
		<-finished
	}
	var trouble string
	if r.settled, trouble = run.settle(within, run.processes[0]); trouble != "" {
		r.troubles = append(r.troubles, trouble)
	}
	for _, p := range run.processes {
		p.stop(run.t, 20*time.Second)
	}
	o := newOracle(run.crowd)
	r.decisions, r.cards = o.decisions(), o.cards()
	r.summary, r.shown = o.summary(), o.shown
	return r
}

// start brings replica i up, and is back when it serves.
func (run *soak) start(i int) {
	run.t.Helper()
	p := run.launch(Prefix + "_LISTEN_ADDR=" + freeAddr(run.t))
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	if _, err := p.ready(ctx); err != nil {
		run.t.Fatalf("start of replica %d: %v", i, err)
	}
	if err := run.fake.Wait(ctx, func() bool { return run.fake.Sockets() > 0 }); err != nil {
		run.t.Fatalf("replica %d opens no socket: %v\n%s", i, err, p.said)
	}
	run.processes[i] = p
}

// saboteurs is how many faults wait for something to hit at once.
const saboteurs = 8

// fail breaks things until ctx ends or enough was broken: what Slack does, a
// few at a time, and now and then a process, the sockets or the database.
func (run *soak) fail(ctx context.Context) {
	var group sync.WaitGroup
	for i := range saboteurs {
		r := rand.New(rand.NewPCG(run.seed, uint64(1000+i)))
		group.Go(func() {
			for ctx.Err() == nil && run.sabotage.total() < run.faults {
				run.breakSlack(ctx, r)
			}
		})
	}
	_, db := run.look()
	r := rand.New(rand.NewPCG(run.seed, 999))
	for every := max(run.faults/12, 5); ctx.Err() == nil && run.sabotage.total() < run.faults; {
		next := run.sabotage.total() + every
		for ctx.Err() == nil && run.sabotage.total() < min(next, run.faults) {
			<-time.After(5 * time.Millisecond)
		}
		switch n := r.IntN(4); {
		case n == 0 && run.engine == store.Postgres:
			_, _ = db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
			run.sabotage.hit("database connections cut")
		case n == 1:
			run.fake.DropSockets()
			run.sabotage.hit("all sockets cut")
		default:
			run.kill(r)
		}
	}
	group.Wait()
}

// kill is kill -9 of one replica, which starts again at once.
func (run *soak) kill(r *rand.Rand) {
	i := r.IntN(len(run.processes))
	if run.replicas == 1 {
		run.door.close()
	}
	run.processes[i].kill()
	run.start(i)
	run.door.open()
	run.sabotage.hit("kill -9")
}

// broken is one fault of Slack's, and how often it comes up.
type broken struct {
	slackfake.Rule
	weight int
}

// ways in which Slack fails. All of them heal by themselves or by trying again.
var ways = []broken{
	{slackfake.Rule{Method: "*", Kind: slackfake.RateLimit, RetryAfter: 1}, 3},
	{slackfake.Rule{Method: "*", Kind: slackfake.Error500}, 3},
	{slackfake.Rule{Method: "*", Kind: slackfake.Error503}, 2},
	{slackfake.Rule{Method: "*", Kind: slackfake.HTML502}, 2},
	{slackfake.Rule{Method: "*", Kind: slackfake.Slow, MS: 400}, 2},
	{slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.DropReply}, 5},
	{slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.Truncate}, 3},
	{slackfake.Rule{Method: "chat.update", Kind: slackfake.DropReply}, 2},
	{slackfake.Rule{Method: "response_url", Kind: slackfake.DropReply}, 1},
	{slackfake.Rule{Method: "deliveries", Kind: slackfake.Duplicate}, 6},
	{slackfake.Rule{Method: "deliveries", Kind: slackfake.Delay, MS: 300}, 2},
	{slackfake.Rule{Method: "deliveries", Kind: slackfake.Reorder, MS: 300}, 2},
	{slackfake.Rule{Method: "deliveries", Kind: slackfake.Drop}, 1},
	{slackfake.Rule{Method: "socket", Kind: slackfake.DropSocket}, 2},
}

// calls are the methods that "*" stands for: all that people wait for. A process
// that can't even begin is another matter.
var calls = []string{"chat.postMessage", "chat.postMessage", "chat.update", "chat.update", "conversations.open", "conversations.history",
	"views.open", "views.update", "users.info", "response_url"}

// breakSlack lets one thing go wrong once, or gives up when nothing comes by
// that it could hit.
func (run *soak) breakSlack(ctx context.Context, r *rand.Rand) {
	s := run.sabotage
	rule := s.pick(r)
	if rule.Times = 1; rule.Method == "*" {
		rule.Method = calls[r.IntN(len(calls))]
	}
	id, err := run.fake.Break(rule)
	if err != nil {
		run.t.Error(err)
		return
	}
	for patience := time.Now().Add(time.Second); ctx.Err() == nil && time.Now().Before(patience); {
		if !slices.ContainsFunc(run.fake.Faults(), func(r slackfake.Rule) bool { return r.ID == id }) {
			s.hit(rule.Method + " " + rule.Kind)
			return
		}
		<-time.After(2 * time.Millisecond)
	}
	run.fake.Mend(id)
}

// sabotage counts what went wrong.
type sabotage struct {
	began time.Time
	ways  []broken

	mu   sync.Mutex
	hits map[string]int
}

func (s *sabotage) pick(r *rand.Rand) slackfake.Rule {
	var all []slackfake.Rule
	for _, w := range s.ways {
		for range w.weight {
			all = append(all, w.Rule)
		}
	}
	return all[r.IntN(len(all))]
}

func (s *sabotage) hit(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hits[what]++
}

func (s *sabotage) total() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, hits := range s.hits {
		n += hits
	}
	return n
}

// patient ends a run in which faults find nothing to hit: few do not take as long
// as many.
func (run *soak) patient() bool {
	return time.Since(run.sabotage.began) < max(time.Minute, time.Duration(run.faults)*time.Second)
}

func (s *sabotage) summary() string {
	var out []string
	for _, what := range slices.Sorted(maps.Keys(s.hits)) {
		out = append(out, fmt.Sprintf("%s %d×", what, s.hits[what]))
	}
	return fmt.Sprintf("%d faults: %s.", s.total(), strings.Join(out, ", "))
}
