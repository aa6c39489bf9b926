package jobs

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"
)

type pruneArgs struct{}

func (pruneArgs) Kind() string { return "prune" }

// sweeper removes what nobody will ask for again. Audit events are never among it.
type sweeper struct {
	river.WorkerDefaults[pruneArgs]
	*Jobs
}

func (s *sweeper) Work(ctx context.Context, _ *river.Job[pruneArgs]) error {
	n, err := s.cfg.Store.Prune(ctx, s.cfg.Store.Now())
	if err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	if n > 0 {
		s.log.InfoContext(ctx, "swept", "rows", n)
	}
	return nil
}
