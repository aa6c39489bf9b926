package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/gatehousehq/gatehouse/models"
)

// HomeData is what a person's App Home is about. No change stands in two lists.
type HomeData struct {
	Waiting []*models.Change    // needs this person: to decide, edit, start, complete or review; the next window first
	Mine    []*models.Change    // raised or carried out by this person and still open, the latest hundred
	Older   int                 // how many of theirs are open besides these hundred
	Coming  []*models.Change    // everybody else's, with a window in the next seven days
	Freezes []models.FreezeSpan // in force, or beginning in the next fourteen days

	Undelivered []models.Undelivered // what Slack did not take, for those who can mend it
	Items       []models.OpenItem    // of releases: this person's to do
	Verify      []models.OpenItem    // waiting for this person's verification
	// Releases are led by this person, or have something for them to do.
	Releases []*models.Release
}

// comingDays is how far a home looks ahead, freezeDays how far for freezes:
// whoever plans around one has to know of it earlier.
const (
	comingDays = 7
	freezeDays = 14
)

// Home reads one person's home, with the facts that it was judged by.
func (s *Store) Home(ctx context.Context, ws models.WorkspaceID, u models.UserID) (HomeData, models.Facts, error) {
	f, err := s.Facts(ctx, ws, u)
	if err != nil {
		return HomeData{}, f, err
	}
	awaiting, err := s.Awaiting(ctx, ws)
	if err != nil {
		return HomeData{}, f, err
	}
	theirs := ChangeFilter{Mine: u, States: unfinished, Limit: 100}
	mine, err := s.Changes(ctx, ws, theirs)
	if err != nil {
		return HomeData{}, f, err
	}
	older := 0
	if len(mine) == theirs.Limit {
		all, err := s.countChanges(ctx, ws, theirs)
		if err != nil {
			return HomeData{}, f, err
		}
		older = max(0, all-len(mine))
	}
	coming, err := s.coming(ctx, ws, f.Now)
	if err != nil {
		return HomeData{}, f, err
	}
	desk, err := s.Desk(ctx, ws, u)
	if err != nil {
		return HomeData{}, f, err
	}
	home := HomeData{Older: older, Items: desk.Items, Verify: desk.Verify, Releases: desk.Releases}
	if models.MendsDeliveries(u, f) {
		if home.Undelivered, err = s.Undelivered(ctx, ws); err != nil {
			return HomeData{}, f, err
		}
	}
	seen := map[models.ChangeID]bool{}
	for _, c := range slices.Concat(awaiting, mine) {
		if !seen[c.ID] && waitsFor(c, f) {
			seen[c.ID] = true
			home.Waiting = append(home.Waiting, c)
		}
	}
	take := func(from []*models.Change) (out []*models.Change) {
		for _, c := range from {
			if !seen[c.ID] {
				seen[c.ID] = true
				out = append(out, c)
			}
		}
		return out
	}
	home.Mine, home.Coming = take(mine), take(coming)
	home.Freezes = FreezeSpans(f, models.Window{Start: f.Now, End: f.Now.AddDate(0, 0, freezeDays)}, "")
	return home, f, nil
}

// waitsFor reports whether the change can't go on without f's actor.
func waitsFor(c *models.Change, f models.Facts) bool {
	u := f.Actor.ID
	if c.OwesApproval() && c.MayDecide(f.Actor, f) {
		return !slices.ContainsFunc(c.Counting(), func(a models.Approval) bool { return a.By == u })
	}
	switch c.State {
	case models.AwaitingApproval:
		return c.MayDecide(f.Actor, f) &&
			!slices.ContainsFunc(c.Counting(), func(a models.Approval) bool { return a.By == u })
	case models.ChangesRequested:
		return u == c.Requester
	case models.Approved:
		return u == c.Implementer && c.Window.Contains(f.Now)
	case models.InProgress:
		return u == c.Implementer
	case models.Implemented:
		return u == c.Implementer && c.WaitsForImplementer()
	}
	return false
}

func (s *Store) coming(ctx context.Context, ws models.WorkspaceID, now time.Time) ([]*models.Change, error) {
	return s.list(ctx, ws, func(q *gorm.DB) *gorm.DB {
		return q.Where("state IN ?", []models.State{models.AwaitingApproval, models.Approved, models.InProgress}).
			Where("window_end > ? AND window_start < ?", now, now.AddDate(0, 0, comingDays)).
			Order("window_start, id").Limit(100)
	})
}
