package jobs

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"time"
)

// task is one thing that a tick does.
type task struct {
	name string
	run  func(*ticker, context.Context) error
}

// tasks are what a tick does, one after the other. None stands in the way of
// the next, whatever goes wrong in it.
var tasks = []task{
	{"expire changes", (*ticker).expire},
	{"what is due in releases", (*ticker).elapse},
	{"move asks", (*ticker).moveAsks},
	{"rounds", (*ticker).rounds},
	{"remind", (*ticker).remind},
	{"wake deliveries", (*ticker).wake},
	{"ask for a dead token", (*ticker).probe},
}

// resting is what panicked and is left alone for a while, by its name. It is
// this replica's only: another may meet the same panic and rests then, too.
type resting struct {
	mu   sync.Mutex
	list map[string]rest
}

type rest struct {
	times int
	until time.Time
}

// guarded runs what must not take anything else down with it. A panic is counted
// and logged, and what panicked is tried again later and later, up to five
// minutes; meanwhile it is passed over.
func (j *Jobs) guarded(ctx context.Context, name string, run func() error) error {
	now := j.cfg.Store.Now()
	if j.resting.rests(name, now) {
		return nil
	}
	defer func() {
		v := recover()
		if v == nil {
			j.resting.over(name)
			return
		}
		until := j.resting.again(name, now, j.cfg.Times)
		j.panicked(ctx, "a task panicked; it is tried again later", v, string(debug.Stack()), "task", name, "again_at", until)
	}()
	return run()
}

// rests: what would rest for longer than anything does was put to rest by a
// clock that was set back since.
func (r *resting) rests(name string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	until := r.list[name].until
	return until.After(now) && !until.After(now.Add(maxBackoff))
}

func (r *resting) over(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.list, name)
}

func (r *resting) again(name string, now time.Time, t Times) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.list == nil {
		r.list = map[string]rest{}
	}
	n := r.list[name].times + 1
	r.list[name] = rest{n, now.Add(t.backoff(n))}
	return r.list[name].until
}

// Tick does at once what one replica does every few seconds: all that has
// fallen due. It may be called at any time, on as many replicas as one likes,
// since what is done has a key. It reports all that went wrong.
func (j *Jobs) Tick(ctx context.Context) error {
	_ = j.cfg.Store.LookAtClock(ctx) // without it the last reading stands, as it does between ticks
	j.pace.forget(j.cfg.Store.Now())
	return (&ticker{Jobs: j}).tick(ctx)
}

// tick does every task, and reports all that went wrong.
func (t *ticker) tick(ctx context.Context) error {
	var errs []error
	for _, task := range t.tasks {
		errs = append(errs, t.guarded(ctx, task.name, func() error { return task.run(t, ctx) }))
	}
	return errors.Join(errs...)
}
