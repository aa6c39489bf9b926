package demo

import (
	"bytes"
	"context"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
	"github.com/gatehousehq/gatehouse/models/store"
)

// policy is the built-in policy in small-team mode: the company is small, and
// the owner of a service may be the only one.
func policy() []byte {
	own := bytes.Replace(files.DefaultPolicy, []byte("version: 2\nname: Gatehouse default\nsmall_team: false"),
		[]byte("version: 3\nname: Parcel & Post\nsmall_team: true"), 1)
	return own
}

// alone is raised by the owner of the service: nobody else can agree as its
// owner, and the change goes on without.
func (s *story) alone(ctx context.Context) {
	s.raise(ctx, ivo, plan{title: "Keep notification logs for 30 days", service: "notifications", known: rehearsed, in: 30 * time.Hour,
		steps: "1. Raise the retention from 7 to 30 days.\n2. Watch the disks.", check: "Disks stay below 70 % for an hour.",
		rollback: "When a disk passes 85 %: set it back to 7 days (2 minutes)."})
	s.approve(ctx, hana)
}

// away: Chi has left for three days, and Ivo stands in.
func (s *story) away(ctx context.Context) {
	if s.err != nil {
		return
	}
	s.know(ctx, chi)
	s.know(ctx, ivo)
	first := s.app.Store.Now()
	in := models.OwnInput{AwayFrom: first.Format(time.DateOnly), AwayEnd: first.AddDate(0, 0, 2).Format(time.DateOnly), Delegate: ivo}
	if s.err == nil {
		s.err = s.app.Store.SaveOwn(ctx, store.Command{Workspace: s.ws, Actor: chi}, func(f models.Facts) (models.Own, []models.Event, error) {
			return models.SetOwn(in, f)
		})
	}
	s.wait(ctx, time.Minute)
}
