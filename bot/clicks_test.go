package bot

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// clickers is how many people press Approve at the same moment, and quorum how
// many of them are needed.
const clickers, quorum = 24, 3

func TestAQuorumIsExactHoweverManyClickAtOnce(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			var running atomic.Pointer[App]
			r := newRig(t, setting{engine, ModeHTTP}, rigged{people: clickers + 1, require: fmt.Sprintf("%d of cab", quorum),
				now: func() time.Time {
					if app := running.Load(); app != nil {
						return app.Store.Now()
					}
					return time.Now()
				}})
			r.prepare()
			app := r.assemble(Options{MovableClock: true})
			running.Store(app)
			r.run(app)
			rounds, bad := proof.N(5, 50), 0
			var slowest time.Duration
			for round := range rounds {
				problems, took := r.rush(app, models.ChangeID(round+1))
				for _, p := range problems {
					t.Error(p)
				}
				if len(problems) > 0 {
					bad++
				}
				slowest = max(slowest, took)
			}
			where := map[store.Engine]string{store.SQLite: "SQLite", store.Postgres: "PostgreSQL"}[engine]
			proof.Record(t, proof.Row{What: fmt.Sprintf("%d people press Approve at once on a quorum of %d, over signed HTTP: rounds in which not exactly %d counted, or somebody was told otherwise than it is", clickers, quorum, quorum),
				Where: where, Tried: rounds, Bad: bad, Note: fmt.Sprintf("Every one of the %d had a private answer within %s.", clickers, slowest.Round(time.Millisecond))})
		})
	}
}

// rush is one round: somebody raises a change, and all others press Approve on
// its card at the same moment.
func (r *rig) rush(app *App, id models.ChangeID) (problems []string, took time.Duration) {
	r.t.Helper()
	card := r.raised(app, id)
	start := make(chan struct{})
	told := make([]string, clickers)
	var group sync.WaitGroup
	for i, name := range r.crew[:clickers] {
		group.Go(func() {
			<-start
			told[i] = r.pressed(name, card, id)
		})
	}
	began := time.Now()
	close(start)
	group.Wait()
	took = time.Since(began)
	c, err := app.Store.Change(context.Background(), testWorkspace, id)
	if err != nil {
		r.t.Fatal(err)
	}
	counted := map[models.UserID]bool{}
	for _, a := range c.Approvals {
		counted[a.By] = true
	}
	if len(c.Approvals) != quorum || len(c.Counting()) != quorum || c.State != models.Approved {
		problems = append(problems, fmt.Sprintf("%s is %s with %d approvals, %d of which count", id, c.State, len(c.Approvals), len(c.Counting())))
	}
	for i, name := range r.crew[:clickers] {
		recorded := strings.Contains(told[i], "is recorded")
		late := strings.Contains(told[i], "has all the approvals it needs already")
		if given := counted[models.UserID(r.fake.As(name).ID())]; recorded != given || late == given {
			problems = append(problems, fmt.Sprintf("%s: an approval by %s is kept: %v, and they were told: %q", id, name, given, told[i]))
		}
	}
	if err := app.Store.Jump(context.Background(), 5*time.Second); err != nil { // past Slack's one post a second
		r.t.Fatal(err)
	}
	return problems, took
}

// raised has the last of the crew raise a change, and waits for its card.
func (r *rig) raised(app *App, id models.ChangeID) slackfake.Message {
	r.t.Helper()
	author := r.fake.As(r.crew[clickers])
	now := app.Store.Now().Truncate(time.Minute)
	for _, result := range []slackfake.Result{
		author.Slash("general", "/change new"),
		author.Submit(slackfake.Fields{"title": "Round " + id.String(), "services": []string{"alpha"}, "start": now.Add(time.Hour),
			"plan": "Switch the flag on.", "check": "The error rate stays below 1 %.", "rollback": "When errors rise above 1 %: switch it off (2 minutes)."}),
	} {
		if !result.OK {
			r.t.Fatalf("raising %s: %s %v", id, result.Error, result.Errors)
		}
	}
	var card slackfake.Message
	r.until(id.String()+" has a card", func() bool {
		all := r.fake.Messages("changes")
		i := slices.IndexFunc(all, func(m slackfake.Message) bool { about, _ := headOf(m); return about == int(id) })
		if i >= 0 {
			card = all[i]
		}
		return i >= 0
	})
	return card
}

// pressed is what somebody is told in private after pressing Approve.
func (r *rig) pressed(name string, card slackfake.Message, id models.ChangeID) (line string) {
	before := len(r.fake.Ephemerals(name))
	if result := r.fake.As(name).Click(card, "Approve"); !result.OK {
		return "Slack shows: " + result.Error
	}
	about := regexp.MustCompile(id.String() + `\b`)
	r.until(name+" is answered", func() bool {
		for _, m := range r.fake.Ephemerals(name)[before:] {
			if text := m.Plain(); about.MatchString(text) && !strings.Contains(text, "not recorded yet") {
				line = text
			}
		}
		return line != ""
	})
	return line
}

// until returns as soon as something holds, and gives up loudly after two minutes.
func (r *rig) until(what string, holds func() bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 120*time.Second)
	defer cancel()
	if err := r.fake.Wait(ctx, holds); err != nil {
		r.t.Errorf("waited in vain until %s: %v", what, err)
	}
}
