package bot

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// bug is a mistake that Gatehouse could have.
type bug struct {
	name string
	edit
	engine store.Engine
	faults string // the kind that brings it out
	more   []edit // what else must go for it to show: a second guard
}

// noMemory: each process remembers for itself what it has begun, which hides
// that the store forgets.
var noMemory = edit{"handlers/once.go", `if id == "" {
		return fresh, true`, `if id != "-" {
		return fresh, true`}

// bugs that a soak must notice: a harness that can't fail proves nothing. A
// change that is read without a lock is not among them: the primary key of its
// approvals stands behind the lock. The store's own clicks notice that.
var bugs = []bug{
	{"a command's key is not remembered", edit{"models/store/change_save.go",
		`claimed := cmd.Key == ""`, "cmd.Key = \"\"\n	claimed := cmd.Key == \"\""}, store.Postgres, slackfake.Duplicate, []edit{noMemory}},
	{"a decision is confirmed although it was not kept", edit{"models/store/change.go",
		`		return s.save(ctx, b, cmd, d)`, `		if err := s.save(ctx, b, cmd, d); err != nil || d.change.ID%3 != 0 || len(d.given) != 1 {
			return err
		}
		return errNotKept`}, store.Postgres, slackfake.Slow,
		[]edit{{"models/store/change.go", "	errNothing = errors.New(", "	errNotKept = errors.New(\"planted\")\n	errNothing = errors.New("},
			{"models/store/change.go", "	case err == nil:\n		s.dirs.asked(", "	case err == nil || errors.Is(err, errNotKept):\n		s.dirs.asked("}}},
	{"an approval is kept without its event", edit{"models/approval.go",
		`c.record(f, Event{Kind: EventApprovalGiven,`, `c.record(f, Event{Kind: map[bool]EventKind{true: EventApprovalGiven, false: EventEdited}[c.ID%2 == 1],`},
		store.SQLite, slackfake.Slow, nil},
	{"a card is wanted once only", edit{"models/store/delivery.go",
		`SET wanted = deliveries.wanted + 1,`, `SET wanted = deliveries.wanted,`}, store.SQLite, slowCards, nil},
	{"a message that may have arrived is not looked for", edit{"jobs/attempt.go",
		`a.doubtful = a.posts() && a.row.State != store.DeliveryPending`, `a.doubtful = false`}, store.SQLite, slackfake.DropReply, nil},
	{"what Slack may have is taken for sent", edit{"jobs/settle.go",
		`return a.doubt(ctx, e)`, `return a.cfg.Store.MarkSuperseded(ctx, a.row, e.Error())`}, store.SQLite, slackfake.Error500, nil},
	{"a busy Slack is taken for a refusal", edit{"jobs/settle.go",
		"	case slackapi.Later:\n		return a.later(ctx, e)", "	case slackapi.Later:\n		return a.park(ctx, \"busy\", e.Error())"}, store.SQLite, slackfake.RateLimit, nil},
	{"a message counts as sent before Slack has answered", edit{"jobs/attempt.go",
		"	sent, err := a.call(ctx, d)\n	a.calling = false", "	sent, err := a.call(ctx, d)\n	a.calling, err = false, nil"}, store.SQLite, slackfake.Error503, nil},
	{"the number of a change is taken outside its transaction", edit{"models/store/batch.go",
		`DO UPDATE SET value = counters.value + excluded.value RETURNING value`, `DO UPDATE SET value = counters.value + excluded.value + (counters.value % 2) RETURNING value`}, store.SQLite, slackfake.Slow, nil},
	{"a form is sent twice and makes two changes", edit{"models/store/change.go",
		"func (s *Store) CreateChange(ctx context.Context, cmd Command, fn Move) (Result, error) {\n", "func (s *Store) CreateChange(ctx context.Context, cmd Command, fn Move) (Result, error) {\n	cmd.Key = \"\"\n"}, store.Postgres, slackfake.Duplicate, []edit{noMemory}},
	{"deliveries of a revised change are forgotten", edit{"models/store/change_save.go",
		`if rows := deliveriesOf(c, d.events, d.facts); len(rows) > 0 {`, `if rows := deliveriesOf(c, d.events, d.facts); len(rows) > 0 && len(d.given) < 2 {`}, store.SQLite, slackfake.Slow, nil},
}

func TestASoakNoticesEveryPlantedBug(t *testing.T) {
	if !proof.Full() {
		t.Parallel()
	}
	chosen := bugs
	if !proof.Full() {
		chosen = bugs[4:5] // building a binary for each takes its time
	}
	t.Run("no bug at all", func(t *testing.T) { // the same run without a bug is clean, or the others prove nothing
		if !proof.Full() {
			t.Skip("the soak itself is that run")
		}
		run := newSoak(t, soaking{store.Postgres, 2, 400, 25, 10})
		if r := run.soak(patience); !r.clean() {
			t.Errorf("%v", slices.Concat(r.decisions, r.cards, r.troubles))
		}
	})
	missed := 0
	for _, b := range chosen {
		t.Run(b.name, func(t *testing.T) {
			program := buildWith(t, append([]edit{b.edit}, b.more...), nil)
			for range rounds {
				if b.noticed(t, program) {
					return
				}
			}
			missed++
			t.Errorf("nobody noticed")
		})
	}
	proof.Record(t, proof.Row{What: "bugs planted into the binary that serves a soak: not noticed", Where: "SQLite and PostgreSQL", Tried: len(chosen), Bad: missed})
}

// The full run comes seldom; the source moves on every day.
func TestEveryPlantedBugStillHasItsPlace(t *testing.T) {
	for _, b := range bugs {
		for _, e := range append([]edit{b.edit}, b.more...) {
			source, err := os.ReadFile(filepath.Join("..", e.file))
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(source), e.old); n != 1 {
				t.Errorf("%s: this is %d times in %s and should be there once:\n%s", b.name, n, e.file, e.old)
			}
		}
	}
}

// rounds is how often a bug may stay hidden before the soak counts as blind to
// it: who meets it in so short a run is a matter of luck.
const rounds = 5

// noticed runs a soak with the bug's program and says whether it was found.
func (b bug) noticed(t *testing.T, program string) bool {
	run := newSoak(t, b.soaking())
	run.program, run.sabotage.ways = program, b.ways()
	r := run.soak(patience)
	all := slices.Concat(r.decisions, r.cards, r.troubles)
	if len(all) == 0 {
		t.Logf("not noticed this time; %s %s", r.summary, run.sabotage.summary())
		return false
	}
	t.Logf("noticed by %d findings, the first: %.300s", len(all), all[0])
	return true
}

// slowCards are edits of cards that take their time, in a small team.
const slowCards = "slow cards"

// soaking is short. Where cards have to be wanted anew while they are on their
// way, few act: the cards of many queue for Slack's pace, and what is drawn last
// of all is right whatever was forgotten before.
func (b bug) soaking() soaking {
	if b.faults == slowCards {
		return soaking{b.engine, replicasOf(b.engine), 150, 20, 3}
	}
	return soaking{b.engine, replicasOf(b.engine), proof.N(200, 400), proof.N(15, 60), 10}
}

// ways are those of the soak that bring the bug out. Most clicks that come twice
// are stopped by the rules as well; forms are not.
func (b bug) ways() []broken {
	switch b.faults {
	case slackfake.Duplicate:
		return []broken{{slackfake.Rule{Method: "view_submission", Kind: slackfake.Duplicate}, 1}}
	case slowCards:
		return []broken{{slackfake.Rule{Method: "chat.update", Kind: slackfake.Slow, MS: 2000}, 4}, {slackfake.Rule{Method: "*", Kind: slackfake.Slow, MS: 400}, 1}}
	}
	return slices.DeleteFunc(slices.Clone(ways), func(w broken) bool { return w.Kind != b.faults })
}

// patience is more than everything takes to be shown at Slack's pace after such
// a run; what is not shown by then never will be.
const patience = 4 * time.Minute

func replicasOf(e store.Engine) int {
	if e == store.SQLite {
		return 1
	}
	return 2
}
