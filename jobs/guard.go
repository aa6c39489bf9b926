package jobs

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	mrand "math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Counts are what happened in this process since it began.
type Counts struct {
	Posted, Edited, Published atomic.Int64 // accepted by Slack
	Adopted                   atomic.Int64 // doubtful, and found in Slack
	Doubtful                  atomic.Int64 // may have arrived; sent or looked for again
	Limited                   atomic.Int64 // 429
	Superseded, Parked        atomic.Int64
	Woken                     atomic.Int64 // deliveries that the tick had to wake
	Expired                   atomic.Int64
	Escalated                 atomic.Int64 // people asked because nobody before them answered
	Rounds                    atomic.Int64 // of schedules, such as digests
	Reminded                  atomic.Int64 // things that people were reminded of
	Panics                    atomic.Int64
}

// maxBackoff is the longest wait between two tries of anything.
const maxBackoff = 5 * time.Minute

// backoff doubles with every try n that failed, up to five minutes, less up to
// a fifth at random so that what failed together is not tried together.
func (t Times) backoff(n int) time.Duration {
	d := min(float64(maxBackoff), math.Exp2(float64(max(n, 1)))*float64(t.Again))
	return time.Duration(d * (1 - mrand.Float64()/5))
}

// retries is River's policy for jobs that ended in an error of our own, such
// as a database that is away. What Slack makes wait is snoozed instead.
type retries struct{ *Jobs }

func (r retries) NextRetry(job *rivertype.JobRow) time.Time {
	return r.cfg.Store.Now().Add(r.cfg.Times.backoff(len(job.Errors) + 1))
}

// guard is told of every failed or panicking job, which River then tries again.
type guard struct{ *Jobs }

func (g guard) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	g.log.WarnContext(ctx, "a job failed", "job", job.ID, "kind", job.Kind, "attempt", job.Attempt, "error", err)
	return nil
}

func (g guard) HandlePanic(ctx context.Context, job *rivertype.JobRow, v any, trace string) *river.ErrorHandlerResult {
	g.panicked(ctx, "a job panicked", v, trace, "job", job.ID, "kind", job.Kind)
	return nil
}

// panicked counts a panic and logs it with a reference and what it was about.
func (j *Jobs) panicked(ctx context.Context, said string, v any, trace string, about ...any) {
	j.Counts.Panics.Add(1)
	j.log.ErrorContext(ctx, said, append(about, "reference", rand.Text()[:8], "panic", fmt.Sprint(v), "trace", trace)...)
}
