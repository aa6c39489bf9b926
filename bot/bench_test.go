package bot

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// The measurement: pairs of slices, one of ours and one of the bare handler, so
// that whatever else the machine does falls on both.
const pairs = 5

// load is how many clients send how many clicks in one slice.
type load struct{ clients, clicks int }

// BenchmarkSignedApproval measures a click on Approve, signed and as Slack sends
// it, from the request to the answer after the commit, over keep-alive
// connections to a real listener. Each click is the first of two approvals of a
// change of its own; deliveries run as in production. Beside it, in the same
// run, stands a bare net/http handler that reads the same request and commits
// one INSERT on the same engine.
func BenchmarkSignedApproval(b *testing.B) {
	var rows []measured
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		for _, l := range []load{{1, 200}, {32, 800}} {
			var m *measured
			b.Run(fmt.Sprintf("%s/clients=%d", engine, l.clients), func(b *testing.B) {
				if m == nil { // once, whatever b.N is: the changes are prepared by count
					got := measure(b, engine, l)
					m, rows = &got, append(rows, got)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(m.ours.rate(), "req/s")
				b.ReportMetric(m.ratio(), "of_bare")
			})
		}
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "\nengine\tclients\tapproval req/s\tp50\tp99\tbare INSERT req/s\tp50\tp99\tratio")
	for _, m := range rows {
		fmt.Fprintf(table, "%s\t%d\t%.0f\t%s\t%s\t%.0f\t%s\t%s\t%.2f\n", engineNames[m.engine], m.clients,
			m.ours.rate(), m.ours.at(50), m.ours.at(99), m.bare.rate(), m.bare.at(50), m.bare.at(99), m.ratio())
	}
	_ = table.Flush()
}

// measured is a line of the table.
type measured struct {
	engine     store.Engine
	clients    int
	ours, bare sample
}

// ratio is the median over the pairs of slices.
func (m measured) ratio() float64 {
	var all []float64
	for i := range m.ours.rates {
		all = append(all, m.ours.rates[i]/m.bare.rates[i])
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// sample is what several slices of one kind came to.
type sample struct {
	rates []float64
	took  []time.Duration
}

func (s sample) rate() float64 {
	sorted := slices.Sorted(slices.Values(s.rates))
	return sorted[len(sorted)/2]
}

func (s sample) at(percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(s.took))
	return sorted[len(sorted)*percent/100].Round(10 * time.Microsecond)
}

func (s *sample) add(o sample) {
	s.rates, s.took = append(s.rates, o.rates...), append(s.took, o.took...)
}

func measure(b *testing.B, engine store.Engine, l load) measured {
	p := newPlant(b, engine, (pairs+1)*l.clicks)
	bare := bareServer(b, engine, p.config.StoreURL())
	m := measured{engine: engine, clients: l.clients}
	for i := range pairs + 1 {
		clicks := p.clicks[i*l.clicks : (i+1)*l.clicks]
		p.sign(clicks)
		ours := fire(b, "http://"+p.config.ListenAddr+"/slack/interactions", clicks, l.clients)
		p.shown()
		theirs := fire(b, bare, clicks, l.clients)
		if i > 0 { // the first pair warms connections, caches and plans
			m.ours.add(ours)
			m.bare.add(theirs)
		}
	}
	var kept int
	if err := p.db.QueryRow("SELECT count(*) FROM events WHERE kind = 'approval_given'").Scan(&kept); err != nil || kept != len(p.clicks) {
		b.Fatalf("%d clicks were answered and %d approvals are kept (%v)", len(p.clicks), kept, err)
	}
	return m
}

// click is one request, made beforehand.
type click struct {
	body   []byte
	header http.Header
}

// fire sends all clicks with so many clients and waits for every answer.
func fire(b *testing.B, url string, clicks []click, clients int) sample {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	took := make([]time.Duration, len(clicks))
	var next, failed atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for range clients {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(clicks); i = int(next.Add(1)) - 1 {
				at := time.Now()
				if !send(client, url, clicks[i]) {
					failed.Add(1)
				}
				took[i] = time.Since(at)
			}
		})
	}
	group.Wait()
	all := time.Since(began)
	if failed.Load() > 0 {
		b.Fatalf("%d of %d requests to %s failed", failed.Load(), len(clicks), url)
	}
	return sample{rates: []float64{float64(len(clicks)) / all.Seconds()}, took: took}
}

func send(client *http.Client, url string, c click) bool {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(c.body))
	if err != nil {
		return false
	}
	req.Header = c.header
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return err == nil && res.StatusCode == http.StatusOK
}

// plant is Gatehouse with many changes that wait for approval, and a click for
// each, as Slack would send it.
type plant struct {
	*rig
	db     *sql.DB
	clicks []click
}

func newPlant(b *testing.B, engine store.Engine, changes int) *plant {
	b.Helper()
	caught := make(chan []byte, 1)
	catcher := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); strings.Contains(r.URL.Path, "interactions") { // not the events about our own messages
			caught <- body
		}
	}))
	b.Cleanup(catcher.Close)
	url := ""
	if engine == store.Postgres {
		url = storetest.DurableURL(b, engine)
	}
	p := &plant{rig: newRig(b, setting{engine, ModeHTTP}, rigged{people: 24, require: "1 of cab, 1 of service_owner", url: url, target: catcher.URL})}
	p.prepare()
	p.db = p.writer()
	app := p.assemble(Options{Log: slog.New(slog.DiscardHandler)})
	p.raise(b, app.Store, changes)
	p.shown()
	if engine == store.Postgres { // as autovacuum does within a minute
		if _, err := p.db.Exec("ANALYZE"); err != nil {
			b.Fatal(err)
		}
	}
	p.run(app)
	p.raise(b, app.Store, 1) // whose card stands for all others
	card := p.awaitCard()
	for id := range changes {
		c, err := app.Store.Change(context.Background(), testWorkspace, models.ChangeID(id+1))
		if err != nil {
			b.Fatal(err)
		}
		p.press(b, card, c, p.crew[2+id%20])
		p.clicks = append(p.clicks, click{body: <-caught})
	}
	return p
}

// writer opens the database beside Gatehouse, to take its backlog away.
func (p *plant) writer() *sql.DB {
	driver, address := "pgx", p.config.StoreURL()
	if p.setting.engine == store.SQLite {
		driver, address = "sqlite", "file:"+address+"?_pragma=busy_timeout(10000)&_txlock=immediate"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = db.Close() })
	return db
}

// raise makes changes through the store's door.
func (p *plant) raise(b *testing.B, s *store.Store, n int) {
	b.Helper()
	var next atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := next.Add(1); int(i) <= n; i = next.Add(1) {
				start := time.Now().Add(time.Duration(i) * 30 * time.Minute) // one after the other, as work on one service is
				author := models.UserID(p.fake.As(p.crew[23]).ID())
				_, err := s.CreateChange(context.Background(), store.Command{Workspace: testWorkspace, Actor: author}, func(c *models.Change, f models.Facts) error {
					return c.Raise(models.Input{Title: "Rotate the signing key", Services: []models.Slug{"alpha"}, Environment: models.Production,
						Start: start, End: start.Add(30 * time.Minute), Plan: "1. Create the new key. 2. Deploy. 3. Remove the old key.",
						Check: "Error rate stays under 0.1 %.", Rollback: "When it rises above 1 %: deploy the previous version; takes 4 minutes."}, f)
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	if b.Failed() {
		b.FailNow()
	}
}

func (p *plant) awaitCard() slackfake.Message {
	p.t.Helper()
	p.until("there is a card", func() bool { return len(p.fake.Messages("changes")) > 0 })
	all := p.fake.Messages("changes")
	if len(all) == 0 {
		p.t.Fatal("no card")
	}
	return all[0]
}

// press has somebody press Approve on the card as if it were that of another
// change; what Slack sends then is caught.
func (p *plant) press(b *testing.B, card slackfake.Message, c *models.Change, name string) {
	b.Helper()
	for _, control := range card.Controls() {
		if control.ActionID != view.ActionApprove {
			continue
		}
		r := p.fake.As(name).Do(slackfake.Act{Type: "click", Channel: card.Channel, MessageTS: card.TS,
			BlockID: control.BlockID, ActionID: control.ActionID, Value: view.Value(c)})
		if !r.OK {
			b.Fatal(r.Error)
		}
		return
	}
	b.Fatalf("the card has no Approve:\n%s", card.Plain())
}

// sign makes the requests ready to be sent within the next minutes.
func (p *plant) sign(clicks []click) {
	for i := range clicks {
		clicks[i].header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		p.fake.Sign(clicks[i].header, time.Now(), clicks[i].body)
	}
}

// shown takes the backlog of deliveries away, as if Slack had been shown
// everything: at its pace of one message a second that would take hours. So the
// bare handler's slice is not slowed by ours, and ours starts fresh.
func (p *plant) shown() {
	p.t.Helper()
	for _, q := range []string{
		"DELETE FROM river_job WHERE state IN ('available', 'scheduled', 'retryable')",
		"UPDATE deliveries SET state = 'sent', shown = wanted, ts = '1700000000.' || id WHERE state IN ('pending', 'uncertain')",
	} {
		if _, err := p.db.Exec(q); err != nil {
			p.t.Fatal(err)
		}
	}
}

// bareServer is what Gatehouse is held against: read the request, commit one
// row, answer.
func bareServer(b *testing.B, engine store.Engine, url string) string {
	b.Helper()
	insert := bareInsert(b, engine, url)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = insert(r.Context(), len(body))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})}
	go func() { _ = server.Serve(listener) }()
	b.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

const bareTable = "CREATE TABLE bare (id %s, who text NOT NULL, what bigint NOT NULL, at timestamp NOT NULL)"

// bareInsert commits one row as fast as its engine can: PostgreSQL by pgx on as
// many connections as Gatehouse has, SQLite on the one that writes.
func bareInsert(b *testing.B, engine store.Engine, url string) func(context.Context, int) error {
	b.Helper()
	ctx := context.Background()
	if engine == store.Postgres {
		pool, err := pgxpool.New(ctx, url+"&pool_max_conns=20")
		if err == nil {
			b.Cleanup(pool.Close)
			_, err = pool.Exec(ctx, fmt.Sprintf(bareTable, "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"))
		}
		if err != nil {
			b.Fatal(err)
		}
		return func(ctx context.Context, n int) error {
			_, err := pool.Exec(ctx, "INSERT INTO bare (who, what, at) VALUES ($1, $2, now())", "U0P02", n)
			return err
		}
	}
	path := filepath.Join(filepath.Dir(url), "bare.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err == nil {
		b.Cleanup(func() { _ = db.Close() })
		db.SetMaxOpenConns(1)
		_, err = db.Exec(fmt.Sprintf(bareTable, "integer PRIMARY KEY"))
	}
	if err != nil {
		b.Fatal(err)
	}
	return func(ctx context.Context, n int) error {
		_, err := db.ExecContext(ctx, "INSERT INTO bare (who, what, at) VALUES (?, ?, datetime())", "U0P02", n)
		return err
	}
}
