// Package jobs does what no one waits for: it delivers what decisions left in
// the outbox, ends what is over, keeps people's facts fresh and sweeps. River
// wakes it and the database remembers, so a process that is killed loses
// nothing. It decides nothing itself: moves are models', looks are views'.
package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// Config is what the jobs need. Zero Workers and Times mean the defaults.
type Config struct {
	Store     *store.Store
	Slack     *slackapi.Client
	Log       *slog.Logger
	Workspace models.WorkspaceID // the one that the Slack token belongs to
	Owner     string             // names this replica; no other may have it

	// HasHistoryScope reports whether channels may be looked through before a
	// doubtful message is sent again; nil means no. In direct messages Gatehouse
	// always looks: im:history is among the least scopes.
	HasHistoryScope func() bool

	Commands view.Commands // what they are called here

	Workers int // deliveries under way at once; 20
	Times   Times
}

// Times are how long things take; production uses the defaults. Lease and those
// before it are the machine's time, as are Poll and Watch; the rest is business time.
type Times struct {
	Call  time.Duration // longest wait for one call to Slack
	Turn  time.Duration // after it a job begins no further call
	Soft  time.Duration // how long a stop waits for calls under way
	Lease time.Duration // of a lane; well above a call

	Again   time.Duration // half the wait after a first failure; it doubles with each
	Doubt   time.Duration // before looking for a message that may have arrived
	Tick    time.Duration
	Overdue time.Duration // how late a delivery is before the tick wakes it again
	People  time.Duration // between two looks at people's facts
	Stale   time.Duration // facts older than this are looked up again
	Prune   time.Duration
	Poll    time.Duration // between two looks for jobs that nothing announced
	Watch   time.Duration // between two ticks of a replica's own
}

func (t Times) orDefault() Times {
	for _, d := range []struct {
		to  *time.Duration
		def time.Duration
	}{
		{&t.Call, 8 * time.Second}, {&t.Turn, 6 * time.Second}, {&t.Soft, 10 * time.Second}, {&t.Lease, 30 * time.Second},
		{&t.Again, time.Second}, {&t.Doubt, 5 * time.Second}, {&t.Tick, 5 * time.Second}, {&t.Overdue, 30 * time.Second},
		{&t.People, 10 * time.Minute}, {&t.Stale, 30 * time.Minute}, {&t.Prune, time.Hour}, {&t.Poll, river.FetchPollIntervalDefault}, {&t.Watch, time.Minute},
	} {
		*d.to = cmp.Or(*d.to, d.def)
	}
	return t
}

// work is the longest that a job takes: what it begins last may need two calls.
func (t Times) work() time.Duration { return t.Turn + 2*t.Call + time.Second }

// Jobs is one replica's background work.
type Jobs struct {
	cfg    Config
	log    *slog.Logger
	pace   *pace
	runner store.Runner
	draws  map[models.DeliveryKind]draw
	tasks  []task
	Counts Counts

	resting resting
	removed atomic.Bool // Slack has said that the token is dead
	once    sync.Once
	quit    context.Context // ended when Run's context is
}

// New checks the configuration and builds the workers. Nothing runs before Run.
func New(c Config) (*Jobs, error) {
	if c.Store == nil || c.Slack == nil || c.Workspace == "" || c.Owner == "" {
		return nil, errors.New("jobs need a store, a Slack client, a workspace and an owner's name")
	}
	c.Log = cmp.Or(c.Log, slog.Default())
	c.Workers = cmp.Or(c.Workers, 20)
	c.Times = c.Times.orDefault()
	if c.HasHistoryScope == nil {
		c.HasHistoryScope = func() bool { return false }
	}
	if t := c.Times; t.Lease <= t.work() {
		return nil, fmt.Errorf("a lease of %v must outlast a job's %v", t.Lease, t.work())
	}
	j := &Jobs{cfg: c, log: c.Log, pace: newPace(c.Store, c.Workspace), draws: draws, tasks: tasks, quit: context.Background()}
	var err error
	if j.runner, err = c.Store.NewRiver(j.river()); err != nil {
		return nil, fmt.Errorf("build job workers: %w", err)
	}
	return j, nil
}

// Run works until ctx ends, then finishes the calls under way, gives its lanes
// back and returns. It may be called once.
func (j *Jobs) Run(ctx context.Context) error {
	err := errors.New("jobs run once only")
	j.once.Do(func() {
		j.quit = ctx
		err = j.begin(ctx)
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil // told to stop before it had begun
	case err != nil:
		return fmt.Errorf("start jobs: %w", err)
	}
	var watching sync.WaitGroup
	watching.Go(func() { j.watch(ctx) })
	<-j.runner.Stopped()
	watching.Wait()
	return nil
}

// watch ticks by itself now and then, on every replica: all other ticks are
// planned by River's leader, and what is due must come, if later, when that one
// leads without planning anything.
func (j *Jobs) watch(ctx context.Context) {
	at := time.NewTicker(j.cfg.Times.Watch)
	defer at.Stop()
	for {
		select {
		case <-at.C:
		case <-ctx.Done():
			return
		}
		ctx, cancel := context.WithTimeout(ctx, j.cfg.Times.work())
		if err := j.guarded(ctx, "tick", func() error { return j.Tick(ctx) }); err != nil && ctx.Err() == nil {
			j.log.WarnContext(ctx, "not all that is due was done; the next tick tries again", "error", err)
		}
		cancel()
	}
}

// begin starts the workers. A connection that is lost just then is no reason to
// end the process: it is tried again, as everything is later on.
func (j *Jobs) begin(ctx context.Context) error {
	for wait := j.cfg.Times.Again; ; wait = min(2*wait, 30*time.Second) {
		err := j.runner.Start(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		j.log.WarnContext(ctx, "jobs can't begin yet; trying again", "wait", wait, "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// upkeep is a queue of its own, so that a flood of deliveries can't starve the
// tick that would unstick it.
const upkeep = store.UpkeepQueue

func (j *Jobs) river() *river.Config {
	t := j.cfg.Times
	workers := river.NewWorkers()
	river.AddWorker(workers, &deliverer{Jobs: j})
	river.AddWorker(workers, &ticker{Jobs: j})
	river.AddWorker(workers, &refresher{Jobs: j})
	river.AddWorker(workers, &groupReader{Jobs: j})
	river.AddWorker(workers, &sweeper{Jobs: j})
	return &river.Config{
		Workers:                     workers,
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: j.cfg.Workers}, upkeep: {MaxWorkers: 3}},
		JobTimeout:                  t.work(),
		RescueStuckJobsAfter:        t.work() + 5*time.Second,
		SoftStopTimeout:             t.Soft,
		RetryPolicy:                 retries{j},
		ErrorHandler:                guard{j},
		CompletedJobRetentionPeriod: time.Hour,
		FetchPollInterval:           t.Poll,
		FetchCooldown:               min(t.Poll, river.FetchCooldownDefault),
		PeriodicJobs: []*river.PeriodicJob{
			every(t.Tick, tickArgs{}), every(t.People, peopleArgs{}), every(t.People, store.GroupsArgs{}), every(t.Prune, pruneArgs{}),
		},
	}
}

// every is a periodic job of the leader's. Its state is in memory only; each
// of these jobs looks in the database for what is due, so a run missed while
// leaders change is made up for by the next.
func every(d time.Duration, args river.JobArgs) *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(d),
		func() (river.JobArgs, *river.InsertOpts) {
			return args, &river.InsertOpts{Queue: upkeep, MaxAttempts: 1}
		},
		&river.PeriodicJobOpts{RunOnStart: true})
}
