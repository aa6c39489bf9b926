package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/schedule"
)

// calendared are the states of changes that stand in the calendar.
var calendared = []models.State{models.AwaitingApproval, models.ChangesRequested, models.Approved, models.InProgress, models.Implemented}

// Calendar is what lies in a span of time, of one service or of all, at most
// 500 changes; f are the facts it was read with.
func (s *Store) Calendar(ctx context.Context, f models.Facts, ws models.WorkspaceID, w models.Window, service models.Slug) (models.Calendar, error) {
	k := models.Calendar{Window: w, Service: service}
	found, err := s.Changes(ctx, ws, ChangeFilter{States: calendared, Service: service, From: w.Start, To: w.End, Limit: mostChanges})
	if err != nil {
		return k, fmt.Errorf("read the calendar: %w", err)
	}
	slices.SortFunc(found, func(a, b *models.Change) int { return a.Window.Start.Compare(b.Window.Start) })
	k.Changes, k.Freezes = found, FreezeSpans(f, w, service)
	for _, x := range f.Windows {
		if service != "" && x.Service != service {
			continue
		}
		spans, _ := schedule.Windows(x.When, w.Start, w.End) // it was valid when it was saved
		for _, span := range spans {
			k.Openings = append(k.Openings, models.Opening{Service: x.Service, Window: span})
		}
	}
	return k, nil
}

// FreezeSpans are the times in a window at which freezes hold that say
// something of the service, or of any when it is "", by start.
func FreezeSpans(f models.Facts, w models.Window, service models.Slug) []models.FreezeSpan {
	var out []models.FreezeSpan
	for _, z := range f.Freezes {
		if !z.Calendared(service, f.Directory) {
			continue
		}
		spans, _ := schedule.Windows(z.When, w.Start, w.End)
		for _, span := range spans {
			out = append(out, models.FreezeSpan{Freeze: z, Window: span})
		}
	}
	slices.SortStableFunc(out, func(a, b models.FreezeSpan) int { return a.Window.Start.Compare(b.Window.Start) })
	return out
}

// NextTime is when a recurring freeze or maintenance window begins the next
// time; zero for a single one. What can't be read is refused beside its field.
func NextTime(w models.When, now time.Time) (time.Time, error) {
	if w.Cron == "" {
		return time.Time{}, nil
	}
	s, err := schedule.Parse(w.Cron, w.Zone)
	if err != nil {
		field := models.FieldCron
		if _, unknown := time.LoadLocation(w.Zone); unknown != nil || w.Zone == "" || w.Zone == "Local" {
			field = models.FieldZone
		}
		words := err.Error()
		words = strings.ToUpper(words[:1]) + words[1:] + "."
		return time.Time{}, &models.Refusal{Text: "Nothing is saved yet: some answers need another look.", Fields: map[models.Field]string{field: words}}
	}
	return s.Next(now), nil
}
