package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
)

// Socket is the other door: Slack's Socket Mode. It keeps several connections
// side by side, because each is closed by Slack about once an hour and any of
// them may get the next request; a connection that is about to end is
// replaced before it goes. Nothing needs a public address.
type Socket struct {
	Handlers    *Handlers
	Connections int // 1 to 10; Slack allows ten for one app, all replicas together
	Log         *slog.Logger
	// OnConnected is told the number of open connections whenever it changes.
	OnConnected func(open int)
	// Quiet is how long a healthy connection may be silent: Slack pings every
	// few seconds. Zero means DefaultQuiet.
	Quiet time.Duration

	mu      sync.Mutex
	open    int
	serving sync.WaitGroup // connections, those on their way out too
}

// DefaultQuiet is several of Slack's pings.
const DefaultQuiet = 30 * time.Second

// shortLife: a connection that ends sooner counts as a failure, so that a
// Slack that keeps closing is not dialled in a tight loop.
const shortLife = time.Minute

// Run keeps the connections until ctx ends, or until Slack refuses for good
// (bad token, Socket Mode switched off): then it returns that error. Requests
// that are at work when ctx ends are still answered.
func (s *Socket) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	places := max(1, min(10, s.Connections))
	refused := make(chan error, places)
	var keeping sync.WaitGroup
	for range places {
		keeping.Go(func() {
			if err := s.keep(ctx); err != nil {
				refused <- err
				cancel()
			}
		})
	}
	keeping.Wait()
	s.serving.Wait()
	select {
	case err := <-refused:
		return err
	default:
		return nil
	}
}

// keep holds one place: connect, serve until the connection is to be replaced,
// connect again. Only what trying again can't mend ends it.
func (s *Socket) keep(ctx context.Context) error {
	for failures := 0; ctx.Err() == nil; {
		began := time.Now()
		leaving, err := s.serve(ctx)
		if fatal(err) {
			return inWords(err)
		}
		if time.Since(began) > shortLife {
			failures = 0
		}
		if failures++; leaving && failures == 1 {
			continue // the old one still serves what comes until it is closed
		}
		if ctx.Err() == nil {
			s.Log.WarnContext(ctx, "a Socket Mode connection ended", "error", err, "failures", failures)
			sleep(ctx, backoff(failures, err))
		}
	}
	return nil
}

// serve holds one connection until it ends, or until Slack announces its end:
// leaving means that it goes on by itself while the next one opens.
func (s *Socket) serve(ctx context.Context) (leaving bool, err error) {
	c := &connection{socket: s, leaving: make(chan struct{}), log: s.Log}
	ended := make(chan error, 1)
	s.serving.Go(func() { ended <- c.run(ctx) })
	select {
	case <-c.leaving:
		return true, nil
	case err = <-ended:
	}
	select {
	case <-c.leaving:
		return true, nil
	default:
		return false, err
	}
}

// count tells whoever watches how many connections are open.
func (s *Socket) count(d int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += d
	if s.OnConnected != nil {
		s.OnConnected(s.open)
	}
}

func (s *Socket) quiet() time.Duration {
	if s.Quiet <= 0 {
		return DefaultQuiet
	}
	return s.Quiet
}

// errLinkDisabled ends Socket Mode for good: somebody switched it off.
var errLinkDisabled = errors.New("Socket Mode was switched off in the app's settings; switch it on again, or set GATEHOUSE_MODE=http")

// fatal errors are those that trying again can't mend. A code that is not
// known yet is no reason to go.
func fatal(err error) bool {
	var refused *slackapi.Error
	return errors.Is(err, errLinkDisabled) ||
		errors.As(err, &refused) && refused.Kind == slackapi.Never && refused.Trouble != slackapi.Refused
}

func inWords(err error) error {
	var refused *slackapi.Error
	if errors.As(err, &refused) {
		return fmt.Errorf("%s (%w)", refused.Words(), err)
	}
	return err
}

// backoff grows from half a second to maxBackoff, with jitter; Slack's own
// word goes before it.
func backoff(failures int, err error) time.Duration {
	var later *slackapi.Error
	if errors.As(err, &later) && later.RetryAfter > 0 {
		return later.RetryAfter
	}
	d := min(maxBackoff, 500*time.Millisecond<<min(failures-1, 6))
	return d/2 + rand.N(d/2+1)
}

// maxBackoff: while every connection is down nobody is served.
const maxBackoff = 10 * time.Second

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
