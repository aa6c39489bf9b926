package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// point is a place in the way of a decision or a message at which a process
// dies. It is written into a binary built for this test and nowhere else.
type point struct {
	name string
	file string
	// at is where the process dies: just before this text, or just after it.
	at    string
	after bool
}

var points = []point{
	{"a request is read", "handlers/serve.go", "	a, first := h.acts.join(r.ID)\n", false},
	{"the handler has returned", "handlers/serve.go", "		h.settle(r, a, h.run(ctx, route, r))\n", true},
	{"the answer is written", "handlers/serve.go", "		write(a)\n		if a.after != nil {", false},
	{"the answer was written", "handlers/serve.go", "		write(a)\n", true},
	{"the record is locked", "models/store/change.go", "		if err := s.run(ctx, b, d); err != nil {", false},
	{"the rule has decided", "models/store/change.go", "		return s.save(ctx, b, cmd, d)", false},
	{"everything is written", "models/store/change_save.go", "	if len(wake) == 0 {\n		return nil\n	}\n	return b.enqueue(ctx, wake)", false},
	{"the decision is committed", "models/store/change.go", "		s.dirs.asked(cmd.Workspace, askedIn(d.events), d.facts.Now)\n", false},
	{"a delivery's job begins", "jobs/outbox.go", "	if wait, done := d.rest(row); done || wait > 0 {\n		return snooze(wait, done)\n	}\n	l := lane", false},
	{"the lane is taken", "jobs/outbox.go", "	defer d.letGo(ctx, l)\n", true},
	{"a message is drawn", "jobs/attempt.go", "	fresh, err := a.cfg.Store.MarkSending(ctx, a.row, a.lane.owner)\n", false},
	{"a message counts as under way", "jobs/attempt.go", "	sent, err := a.call(ctx, d)\n", false},
	{"Slack has answered", "jobs/attempt.go", "	sent, err := a.call(ctx, d)\n", true},
	{"a message counts as sent", "jobs/outbox.go", "		if err := a.run(ctx); err != nil {\n			return false, err\n		}\n", true},
	{"the lane is let go", "jobs/outbox.go", "	if row, err = d.cfg.Store.Delivery(ctx, row.ID); err != nil {", false},
	{"a direct message is opened", "jobs/attempt.go", "	channel, err := a.cfg.Slack.OpenDM(call, user)\n", true},
}

// dieAt is what the program gets in addition: it kills itself when it comes to
// the point that it was told, as often as it was told.
const dieAt = `package store

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

var passed atomic.Int64

// DieAt ends the process without a chance to write anything down.
func DieAt(point string) {
	name, times, _ := strings.Cut(os.Getenv("DIE_AT"), ":")
	n, _ := strconv.ParseInt(times, 10, 64)
	if name == point && passed.Add(1) == n {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}
`

// mortal builds the program with all points in it.
func mortal(t *testing.T) string {
	var edits []edit
	for _, p := range points {
		call := fmt.Sprintf("store.DieAt(%q)\n", p.key())
		if strings.HasPrefix(p.file, "models/store/") {
			call = strings.TrimPrefix(call, "store.")
		}
		text := call + p.at
		if p.after {
			text = p.at + call
		}
		edits = append(edits, edit{p.file, p.at, text})
	}
	edits = append(edits, edit{"handlers/serve.go", "import (\n", "import (\n\t\"github.com/gatehousehq/gatehouse/models/store\"\n"})
	return buildWith(t, edits, map[string]string{"models/store/die.go": dieAt})
}

func (p point) key() string { return strings.ReplaceAll(p.name, " ", "_") }

// TestNothingIsLostWhereverAProcessDies has a process die at every point, each
// as often as asked, at the first passings or later ones, while people act.
func TestNothingIsLostWhereverAProcessDies(t *testing.T) {
	if !proof.Full() {
		t.Parallel()
	}
	program := mortal(t)
	for _, k := range []killing{
		{setting{store.SQLite, ModeSocket}, true, proof.N(3, 10*len(points))},
		{setting{store.Postgres, ModeSocket}, true, proof.N(3, 10*len(points))},
	} {
		if k.engine == store.Postgres && !proof.Full() {
			continue // there the messages of the dead wait half a minute for their leases each time
		}
		t.Run(string(k.engine), func(t *testing.T) {
			t.Parallel()
			run := newKillRun(t, k)
			run.program, run.board.most = program, 10+k.kills // there must be something to do to the end
			run.dieEverywhere()
		})
	}
}

func (run *killRun) dieEverywhere() {
	tokens := make(chan struct{})
	finished := run.comeToWork(tokens)
	run.warmUp(tokens)
	chosen := slices.Clone(points) // a short run has some of them, another time others
	run.rand.Shuffle(len(chosen), func(i, k int) { chosen[i], chosen[k] = chosen[k], chosen[i] })
	chosen = chosen[:min(len(chosen), run.kills)]
	died := map[string]int{}
	for i := range run.kills {
		if p := chosen[i%len(chosen)]; run.dieOnce(p, 1+run.rand.IntN(3), tokens) {
			died[p.name]++
		}
	}
	for _, p := range chosen {
		if died[p.name] == 0 && proof.Full() { // in a short run the machine may be too slow to come by
			run.t.Errorf("no process came to the point where %s", p.name)
		}
	}
	least := run.kills
	for _, p := range chosen {
		least = min(least, died[p.name])
	}
	run.t.Logf("died at each point, at least %d times: %v", least, died)
	run.finish(tokens, finished, fmt.Sprintf("kill -9 at %d named points under load", len(points)))
}

// dieOnce serves people until the process is dead at the point; false when it
// did not come by there in time and was killed otherwise.
func (run *killRun) dieOnce(p point, passing int, tokens chan<- struct{}) bool {
	// It may die over what the one before has left, before it serves anybody.
	victim := run.launch(fmt.Sprintf("DIE_AT=%s:%d", p.key(), passing))
	if err := run.tryOpen(victim); err != nil {
		<-victim.ended // it would serve otherwise
		run.early++
		return true
	}
	patience := time.After(time.Duration(proof.N(10, 45)) * time.Second) // longer than the leases of the dead
	for {
		select {
		case <-victim.ended:
			run.door.close()
			return true
		case tokens <- struct{}{}:
			<-time.After(20 * time.Millisecond) // what is shown is paced, and all of it is waited for in the end
		case <-patience:
			run.door.close()
			victim.kill()
			return false
		}
	}
}
