package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/schedule"
)

// Digest is what a schedule's target needs to know now, with the facts that it
// was judged by. It takes the same few reads however much there is.
func (s *Store) Digest(ctx context.Context, sch models.Schedule) (models.Digest, models.Facts, error) {
	f, err := s.Facts(ctx, sch.Workspace, sch.Person())
	if err != nil {
		return models.Digest{}, f, err
	}
	zone := sch.Location()
	in := models.DigestFacts{Target: sch.Target, Zone: zone, Days: daysOf(sch, f.Settings.Hours.Holidays, f.Now)}
	day := f.Now.In(zone)
	until := time.Date(day.Year(), day.Month(), day.Day()+in.Days+1, 0, 0, 0, 0, zone)
	if in.Calendar, err = s.Calendar(ctx, f, sch.Workspace, models.NewWindow(f.Now, until), ""); err != nil {
		return models.Digest{}, f, err
	}
	awaiting, err1 := s.Awaiting(ctx, sch.Workspace)
	unfinished, err2 := s.Changes(ctx, sch.Workspace, ChangeFilter{Unfinished: f.Now, Limit: mostChanges})
	if err := errors.Join(err1, err2); err != nil {
		return models.Digest{}, f, fmt.Errorf("read a digest: %w", err)
	}
	in.Awaiting, in.Unfinished = awaiting, unfinished
	if err := s.EachRelease(ctx, sch.Workspace, ReleaseFilter{States: models.ReleasesAhead}, in.Measure(f)); err != nil {
		return models.Digest{}, f, fmt.Errorf("read a digest: %w", err)
	}
	return models.NewDigest(in, f), f, nil
}

// daysOf: the first digest of a week is about all of it. None comes on a holiday.
func daysOf(sch models.Schedule, holidays []string, now time.Time) int {
	line, err := schedule.Parse(sch.Cron, sch.Zone)
	if err != nil {
		return 1
	}
	day := now.In(sch.Location())
	monday := time.Date(day.Year(), day.Month(), day.Day()-(int(day.Weekday())+6)%7, 0, 0, 0, 0, sch.Location())
	today := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, sch.Location())
	for at := line.Next(monday.Add(-time.Second)); !at.IsZero() && at.Before(today); at = line.Next(at) {
		if !slices.Contains(holidays, at.In(sch.Location()).Format(time.DateOnly)) {
			return 1
		}
	}
	return 7
}
