package jobs

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// The test binary is also the process that is killed: with victimEnv set to
// "point url base" it runs one replica that kills itself at that point.
const victimEnv = "GATEHOUSE_JOBS_VICTIM"

func TestMain(m *testing.M) {
	if v := os.Getenv(victimEnv); v != "" {
		if err := victim(strings.Fields(v)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0) // it should have died
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("6") // these tests wait more than they work
	}
	os.Exit(m.Run())
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// points are where a process ends without a chance to write anything down.
var points = map[string]func(next http.RoundTripper) http.RoundTripper{
	"before a post": func(next http.RoundTripper) http.RoundTripper {
		return round("chat.postMessage", func(*http.Request) { die() }, nil, next)
	},
	"after a post": func(next http.RoundTripper) http.RoundTripper {
		return round("chat.postMessage", nil, die, next)
	},
	"after an edit": func(next http.RoundTripper) http.RoundTripper {
		return round("chat.update", nil, die, next)
	},
	"at any moment": func(next http.RoundTripper) http.RoundTripper {
		time.AfterFunc(rand.N(400*time.Millisecond), die)
		return next
	},
}

// round does something round the second call of a method.
func round(method string, before func(*http.Request), after func(), next http.RoundTripper) http.RoundTripper {
	var n atomic.Int32
	return through(func(r *http.Request) (*http.Response, error) {
		hit := strings.HasSuffix(r.URL.Path, method) && n.Add(1) == 2
		if hit && before != nil {
			before(r)
		}
		res, err := next.RoundTrip(r)
		if hit && after != nil {
			after()
		}
		return res, err
	})
}

func victim(args []string) error {
	point, url, base := strings.ReplaceAll(args[0], "_", " "), args[1], args[2]
	s, err := store.Open(context.Background(), store.Options{URL: url, MovableClock: true, MaxConns: 10, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer s.Close()
	how, dies := points[point]
	if !dies { // it lives until it is asked to go
		how = func(next http.RoundTripper) http.RoundTripper { return next }
	}
	slack, err := slackapi.New(slackapi.Config{BotToken: "xoxb-fake-bot", BaseURL: base, Log: slog.New(slog.DiscardHandler),
		HTTPClient: &http.Client{Transport: how(&http.Transport{})}})
	if err != nil {
		return err
	}
	j, err := New(Config{Store: s, Slack: slack, Workspace: team, Owner: fmt.Sprint("victim", os.Getpid()), Times: quick,
		HasHistoryScope: func() bool { return true }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	j.pace.rates = nil
	ctx, asked := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer asked()
	fmt.Println("up")
	ctx, cancel := context.WithTimeout(ctx, 10*patience)
	defer cancel()
	return j.Run(ctx)
}

// killed runs a victim until it is dead.
func (w *world) killed(point, url string) {
	w.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimEnv+"="+strings.ReplaceAll(point, " ", "_")+" "+url+" "+w.base)
	out, err := cmd.CombinedOutput()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		w.Fatalf("the victim was not killed but ended with %v: %s\n%s", err, out, w.state())
	}
}

func TestAKilledProcessLosesNothingAndDoublesNothing(t *testing.T) {
	t.Parallel()
	for i, point := range slices.Sorted(maps.Keys(points)) {
		for k, engine := range storetest.Engines {
			if !sizes.everywhere && i%2 != k {
				continue // half of the pairs in a short run
			}
			t.Run(strings.ReplaceAll(point, " ", "_")+"/"+string(engine), func(t *testing.T) {
				t.Parallel()
				killStory(t, point, storetest.URL(t, engine))
			})
		}
	}
}

// killStory: decisions are made, a process that delivers them is killed, again
// and again; the last one lives and finds everything as it should be.
func killStory(t *testing.T, point, url string) {
	open := func(...func(*store.Options)) *store.Store {
		s, err := store.Open(context.Background(), store.Options{URL: url, MovableClock: true, MaxConns: 12, Logger: storetest.Logger(t)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	w := newWorld(t, open, searchable)
	var ids []models.ChangeID
	for i := range sizes.kills {
		for k := range 3 {
			c := w.raise(fmt.Sprintf("Change %d.%d", i, k), "pay-api")
			ids = append(ids, c.ID)
		}
		if point == "after an edit" { // there must be something to edit
			stop := w.run(searchable)
			w.quiet()
			stop()
			for _, id := range ids[len(ids)-3:] {
				w.approve(ben, id)
			}
		}
		w.must(w.store.Close())
		w.killed(point, url)
		w.store = w.open()
	}
	t.Cleanup(func() { w.must(w.store.Close()) })
	stop := w.run(searchable)
	defer stop()
	w.quiet()
	w.exactlyOnce()
	for _, id := range ids {
		for _, room := range []string{changesRoom, payRoom} {
			if cards := w.cards(room, id); len(cards) != 1 {
				t.Errorf("%s has %d cards in %s\n%s", id, len(cards), room, w.state())
			}
		}
	}
}
