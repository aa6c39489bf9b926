package bot

import (
	"context"
	"time"

	"github.com/gatehousehq/gatehouse/jobs"
	"github.com/gatehousehq/gatehouse/models"
)

// Jump moves business time ahead by d and does what has fallen due by then,
// without waiting for the next tick. Only a demo or a test may do that.
func (a *App) Jump(ctx context.Context, d time.Duration) error {
	if err := a.Store.Jump(ctx, d); err != nil {
		return err
	}
	return a.Jobs.Tick(ctx)
}

// helping is how far Settle moves the clock at once, and how often at most.
const (
	helping = 5 * time.Second
	helps   = 12
)

// Settle waits until nothing that is due is unsent. Posts to one channel are
// paced to one a second of business time, so the clock is helped along: less and
// less often and by a minute in all, so that a slow machine does not see the
// windows of a story pass. Only a demo or a test may do that.
func (a *App) Settle(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for tries, next, helped := 0, 1, 0; ; tries++ {
		n, err := a.Store.Unsent(ctx, models.WorkspaceID(a.Identity.TeamID))
		if err != nil || n == 0 {
			return err
		}
		if tries == next && helped < helps {
			next += min(next, 8)
			helped++
			if err := a.Store.Jump(ctx, helping); err != nil {
				return err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// times: where the clock is moved, jobs fall due without anybody's word, so
// they are looked for more often.
func (o Options) times() jobs.Times {
	if o.MovableClock {
		return jobs.Times{Poll: 50 * time.Millisecond}
	}
	return jobs.Times{}
}
