package bot

import (
	"slices"
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
	faults string // the kinds that bring it out; "" = all
}

// bugs that a soak must notice: a harness that can't fail proves nothing.
var bugs = []bug{
	{"a command's key is not remembered", edit{"models/store/change_save.go",
		`ON CONFLICT (workspace_id, key) DO NOTHING RETURNING key`, `ON CONFLICT (workspace_id, key) DO UPDATE SET at = excluded.at RETURNING key`}, store.SQLite, slackfake.Duplicate},
	{"a change is read without a lock", edit{"models/store/change_save.go",
		`lock += " FOR UPDATE"`, `lock += ""`}, store.Postgres, slackfake.Slow},
	{"a decision is confirmed although it was not kept", edit{"models/store/change.go",
		"	case err == nil:\n		s.dirs.asked(", "	case err == nil || d.change != nil && d.events != nil && d.change.ID%3 == 0 && len(d.given) == 1:\n		s.dirs.asked("}, store.Postgres, slackfake.Slow},
	{"an approval is kept without its event", edit{"models/approval.go",
		`c.record(f, Event{Kind: EventApprovalGiven, From: from, To: from})`, `if c.ID%2 == 1 {
		c.record(f, Event{Kind: EventApprovalGiven, From: from, To: from})
	} else {
		c.record(f, Event{Kind: EventEdited, From: from, To: from})
	}`}, store.SQLite, slackfake.Slow},
	{"a card is wanted once only", edit{"models/store/delivery.go",
		`SET wanted = deliveries.wanted + 1,`, `SET wanted = deliveries.wanted,`}, store.SQLite, slackfake.Slow},
	{"a message that may have arrived is not looked for", edit{"jobs/attempt.go",
		`a.doubtful = a.posts() && a.row.State != store.DeliveryPending`, `a.doubtful = false`}, store.SQLite, slackfake.DropReply},
	{"what Slack may have is taken for sent", edit{"jobs/settle.go",
		`return a.doubt(ctx, e)`, `return a.cfg.Store.MarkSuperseded(ctx, a.row, e.Error())`}, store.SQLite, slackfake.Error500},
	{"a busy Slack is taken for a refusal", edit{"jobs/settle.go",
		"	case slackapi.Later:\n		return a.later(ctx, e)", "	case slackapi.Later:\n		return a.park(ctx, \"busy\", e.Error())"}, store.SQLite, slackfake.RateLimit},
	{"a message counts as sent before Slack has answered", edit{"jobs/attempt.go",
		"	sent, err := a.call(ctx, d)\n	a.calling = false", "	sent, err := a.call(ctx, d)\n	a.calling, err = false, nil"}, store.SQLite, slackfake.Error503},
	{"the number of a change is taken outside its transaction", edit{"models/store/change_save.go",
		`DO UPDATE SET value = counters.value + 1 RETURNING value`, `DO UPDATE SET value = counters.value + 1 + (counters.value % 2) RETURNING value`}, store.SQLite, slackfake.Slow},
	{"a form is sent twice and makes two changes", edit{"models/store/change.go",
		"func (s *Store) CreateChange(ctx context.Context, cmd Command, fn Move) (Result, error) {\n", "func (s *Store) CreateChange(ctx context.Context, cmd Command, fn Move) (Result, error) {\n	cmd.Key = \"\"\n"}, store.Postgres, slackfake.Duplicate},
	{"deliveries of a revised change are forgotten", edit{"models/store/change_save.go",
		`if rows := deliveriesOf(c, d.events, d.facts); len(rows) > 0 {`, `if rows := deliveriesOf(c, d.events, d.facts); len(rows) > 0 && len(d.given) < 2 {`}, store.SQLite, slackfake.Slow},
}

func TestASoakNoticesEveryPlantedBug(t *testing.T) {
	if !proof.Full() {
		t.Parallel()
	}
	chosen := bugs
	if !proof.Full() {
		chosen = bugs[5:6] // building a binary for each takes its time
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
			run := newSoak(t, soaking{b.engine, replicasOf(b.engine), proof.N(200, 400), proof.N(15, 25), 10})
			run.program, run.sabotage.only = buildWith(t, []edit{b.edit}, nil), b.faults
			r := run.soak(patience)
			if r.clean() {
				missed++
				t.Errorf("nobody noticed; %s %s", r.summary, run.sabotage.summary())
				return
			}
			all := slices.Concat(r.decisions, r.cards, r.troubles)
			t.Logf("noticed by %d findings, the first: %.300s", len(all), all[0])
		})
	}
	proof.Record(t, proof.Row{What: "bugs planted into the binary that serves a soak: not noticed", Where: "SQLite and PostgreSQL", Tried: len(chosen), Bad: missed})
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
