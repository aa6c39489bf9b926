package handlers_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gatehousehq/gatehouse/bot"
	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// block makes the database hang for everybody else until release: on
// PostgreSQL nothing can be read or written, on SQLite nothing written.
func block(t *testing.T, engine store.Engine, url string) (release func()) {
	t.Helper()
	ctx := context.Background()
	if engine == store.SQLite {
		db, err := sql.Open("sqlite", "file:"+url+"?_pragma=busy_timeout(5000)")
		must(t, err)
		conn, err := db.Conn(ctx)
		must(t, err)
		_, err = conn.ExecContext(ctx, "BEGIN IMMEDIATE")
		must(t, err)
		return sync.OnceFunc(func() {
			_, _ = conn.ExecContext(ctx, "ROLLBACK")
			_ = conn.Close()
			_ = db.Close()
		})
	}
	conn, err := pgx.Connect(ctx, url)
	must(t, err)
	rows, err := conn.Query(ctx, "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()")
	must(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	_, err = conn.Exec(ctx, "BEGIN; LOCK TABLE "+strings.Join(tables, ", ")+" IN ACCESS EXCLUSIVE MODE")
	must(t, err)
	return sync.OnceFunc(func() { _ = conn.Close(ctx) })
}

// slowSettings are the engines and doors on which a hanging database is tried.
var slowSettings = []plan{{engine: store.Postgres, mode: bot.ModeHTTP}, {engine: store.SQLite, mode: bot.ModeSocket},
	{engine: store.Postgres, mode: bot.ModeSocket}, {engine: store.SQLite, mode: bot.ModeHTTP}}

// hang is how long the database hangs: longer than Slack waits. SQLite itself
// gives up on a lock after ten seconds; then the person gets a reference.
func (p plan) hang() time.Duration {
	switch {
	case !proof.Full():
		return 3500 * time.Millisecond
	case p.engine == store.SQLite:
		return 9 * time.Second
	}
	return 10 * time.Second
}

// TestEveryDoorAnswersWhileTheDatabaseHangs plays everything a person does
// while nothing can be kept, and looks at what they are told then and after.
func TestEveryDoorAnswersWhileTheDatabaseHangs(t *testing.T) {
	for _, p := range slowSettings[:proof.N(2, len(slowSettings))] {
		t.Run(fmt.Sprintf("%s/%s", p.engine, p.mode), func(t *testing.T) {
			t.Parallel()
			p.parallel = true
			p.url = storetest.URL(t, p.engine)
			slowStory(t, build(t, p), p)
		})
	}
}

func slowStory(t *testing.T, w *house, p plan) {
	c := w.raise()
	card := w.card("ben", c.ID)
	fine(t, w.As("chi").Home())
	w.until("Chi's Home is there", func() bool { _, ok := w.As("chi").HomeView(); return ok })
	home, _ := w.As("chi").HomeView()
	fine(t, w.As("ana").Slash("general", "/change new"))
	must(t, w.As("ana").Fill(w.goodForm()))
	late := lateness{t: t}

	release := block(t, p.engine, p.url)
	defer release()
	began := time.Now()
	time.AfterFunc(p.hang(), release) // wire time: Slack's three seconds are the machine's
	var group sync.WaitGroup
	group.Go(func() { late.check("form", w.As("ana").Submit(nil)) })
	group.Go(func() { late.check("click on a card", w.As("ben").Click(card, "Approve")) })
	group.Go(func() { late.check("click in the Home tab", w.As("chi").PressIn(home, "Approve")) })
	group.Go(func() { late.check("command", w.As("dev").Slash("general", "/change")) })
	group.Go(func() { w.As("kai").Home() }) // an event that can't be dealt with is not acknowledged: it comes again
	group.Wait()
	group.Go(func() { late.check("command that opens a form", w.As("dev").Slash("general", "/change new")) })
	group.Go(func() {
		r := w.As("ana").Suggest("services", "rep")
		late.check("search", r)
		if len(r.Options) == 0 {
			t.Error("services can't be found while the database hangs, though they were known a moment ago")
		}
	})
	group.Wait()
	if time.Since(began) > p.hang() {
		t.Fatalf("the doors took %s, longer than the database hung", time.Since(began))
	}
	w.opened("dev", "change.form")

	form, open := w.As("ana").View()
	if !open || form.Values["title"]["title"]["value"] != "Read tracking from the replica" || !holds(fmt.Sprint(form.Errors), "Not saved yet") {
		t.Errorf("the form of somebody who pressed Submit: open %v, %v, %v", open, form.Values["title"], form.Errors)
	}
	w.told("ben", "not recorded yet")
	w.sees("chi", "not recorded yet")
	if p.engine == store.Postgres { // SQLite can be read meanwhile
		w.told("dev", "not recorded yet")
	}

	w.told("ben", "Your approval of CHG-1")
	w.sees("chi", "CHG-1")
	w.told("dev", "Needs you")
	w.told("ana", "CHG-2", "raised")
	late.check("form, again", w.As("ana").Submit(nil))
	if _, open := w.As("ana").View(); open {
		t.Error("the form is still open after it was sent again")
	}
	if n := w.count(); n != 2 {
		t.Errorf("%d changes, want 2: the form was sent twice", n)
	}
	if n := lines(w, "ana", "CHG-2"); n != 1 {
		t.Errorf("Ana was told of CHG-2 %d times, want once", n)
	}
	if n := len(w.change(c.ID).Counting()); n != 2 {
		t.Errorf("%d approvals count, want 2", n)
	}
	w.until("Kai's Home comes in the end", func() bool { _, ok := w.As("kai").HomeView(); return ok })
	proof.Record(t, proof.Row{What: "Answers while the database hangs: later than Slack's 3 s", Where: engineName(p.engine), Tried: late.tried, Bad: late.late,
		Note: fmt.Sprintf("%s, hung for %s, slowest %s", p.mode, p.hang(), late.slowest)})
}

// lines is how many private lines and messages hold the words.
func lines(w *house, name string, words ...string) (n int) {
	for _, m := range append(w.Ephemerals(name), w.DM(name)...) {
		if holds(m.Plain()+m.Text, words...) {
			n++
		}
	}
	return n
}

func engineName(e store.Engine) string {
	return map[store.Engine]string{store.SQLite: "SQLite", store.Postgres: "PostgreSQL"}[e]
}

// lateness counts answers after Slack's three seconds.
type lateness struct {
	t           *testing.T
	mu          sync.Mutex
	tried, late int
	slowest     time.Duration
}

func (l *lateness) check(what string, r slackfake.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tried++
	l.slowest = max(l.slowest, time.Duration(r.MS)*time.Millisecond)
	if r.Code != "" || r.Error != "" { // Slack itself waits three seconds and no longer
		l.late++
		l.t.Errorf("%s: after %d ms the person sees: %s %s", what, r.MS, r.Code, r.Error)
	}
}

// TestManyActsAtOnceWhileTheDatabaseHangs: fifty people at the same moment.
func TestManyActsAtOnceWhileTheDatabaseHangs(t *testing.T) {
	for _, p := range slowSettings[:proof.N(1, len(slowSettings))] {
		t.Run(fmt.Sprintf("%s/%s", p.engine, p.mode), func(t *testing.T) {
			t.Parallel()
			p.parallel = true
			p.url = storetest.URL(t, p.engine)
			w := build(t, p)
			manyAtOnce(t, w, p)
		})
	}
}

func manyAtOnce(t *testing.T, w *house, p plan) {
	const people = 50
	cards := map[models.ChangeID]slackfake.Message{}
	for range people {
		c := w.raise()
		cards[c.ID] = w.card("ben", c.ID)
	}
	late := lateness{t: t}
	release := block(t, p.engine, p.url)
	defer release()
	time.AfterFunc(p.hang(), release)
	var group sync.WaitGroup
	for _, card := range cards {
		group.Go(func() { late.check("click", w.As("ben").Click(card, "Approve")) })
		group.Go(func() { late.check("command", w.As("chi").Slash("general", "/change list")) })
	}
	group.Wait()
	lost := 0
	for id := range cards {
		w.told("ben", "Your approval of "+id.String()+" ")
		if n := len(w.change(id).Counting()); n != 1 {
			lost++
			t.Errorf("%s has %d approvals, want 1", id, n)
		}
	}
	w.until("every command was answered", func() bool { return lines(w, "chi", "Planned and running") == people })
	proof.Record(t, proof.Row{What: "Many acts at once while the database hangs: late answers, lost or doubled approvals", Where: engineName(p.engine),
		Tried: late.tried, Bad: late.late + lost, Note: fmt.Sprintf("%s, hung for %s, slowest %s", p.mode, p.hang(), late.slowest)})
}

// blocked reports whether somebody waits for a lock on that PostgreSQL.
func blocked(t *testing.T, url string) bool {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	var n int
	must(t, conn.QueryRow(context.Background(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").Scan(&n))
	return n > 0
}
