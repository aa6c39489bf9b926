package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/models"
)

// peopleBatch is how many people one refresh asks about; the rest follow at
// the next.
const peopleBatch = 200

type peopleArgs struct{}

func (peopleArgs) Kind() string { return "people" }

// refresher keeps what Slack says of people fresh: facts that are too old
// refuse an approval.
type refresher struct {
	river.WorkerDefaults[peopleArgs]
	*Jobs
}

// Timeout leaves room for a whole batch at Slack's pace.
func (r *refresher) Timeout(*river.Job[peopleArgs]) time.Duration { return 5 * time.Minute }

func (r *refresher) Work(ctx context.Context, _ *river.Job[peopleArgs]) error {
	s := r.cfg.Store
	stale, err := s.StalePeople(ctx, r.cfg.Workspace, s.Now().Add(-r.cfg.Times.Stale), peopleBatch)
	if err != nil {
		return fmt.Errorf("look for stale people: %w", err)
	}
	return r.RefreshPeople(ctx, stale...)
}

// RefreshPeople asks Slack about people now and keeps what it says in one go.
// Those it could not ask about are named in the error; the others are kept.
func (j *Jobs) RefreshPeople(ctx context.Context, users ...models.UserID) error {
	d, err := j.cfg.Store.Directory(ctx, j.cfg.Workspace)
	if err != nil {
		return fmt.Errorf("read people: %w", err)
	}
	var people []models.Person
	var errs []error
	for _, u := range users {
		p, err := j.askAbout(ctx, u, d.People[u])
		if err != nil {
			errs = append(errs, fmt.Errorf("ask about %s: %w", u, err))
			continue
		}
		people = append(people, p)
	}
	if len(people) > 0 {
		if err := j.cfg.Store.SavePeople(ctx, j.cfg.Workspace, people...); err != nil {
			errs = append(errs, fmt.Errorf("keep people: %w", err))
		}
	}
	return errors.Join(errs...)
}

// askAbout looks one person up. Somebody Slack does not know may decide
// nothing, like somebody who has left.
func (j *Jobs) askAbout(ctx context.Context, u models.UserID, known models.Person) (models.Person, error) {
	if err := j.await(ctx, slackapi.Scope{Method: slackapi.MethodUser}); err != nil {
		return known, err
	}
	call, cancel := context.WithTimeout(ctx, j.cfg.Times.Call)
	defer cancel()
	s, err := j.cfg.Slack.User(call, string(u))
	e, _ := errors.AsType[*slackapi.Error](err)
	p := known
	p.ID, p.CheckedAt = u, j.cfg.Store.Now()
	switch {
	case e != nil && e.Trouble == slackapi.PersonGone:
		p.Deleted = true
		return p, nil
	case e != nil && e.Trouble == slackapi.Busy:
		return known, errors.Join(e, j.pace.hold(ctx, e.Scope(), p.CheckedAt.Add(e.RetryAfter)))
	case err != nil:
		return known, err
	}
	return j.person(s, p), nil
}

func (j *Jobs) person(s slackapi.User, p models.Person) models.Person {
	p.Name, p.Bot, p.Deleted = s.Name, s.Bot, s.Deleted
	if s.Zone != "" { // Slack gives none for those who have left
		p.Zone = s.Zone
	}
	p.Guest = s.Restricted || s.UltraRestricted || s.Stranger || s.TeamID != "" && s.TeamID != string(j.cfg.Workspace)
	return p
}

// await waits until a call in scope may be made, or ctx ends.
func (j *Jobs) await(ctx context.Context, scope slackapi.Scope) error {
	for {
		now := j.cfg.Store.Now()
		until, err := j.pace.heldUntil(ctx, scope, now)
		if err != nil {
			return err
		}
		wait := until.Sub(now)
		if wait <= 0 {
			if wait, _, err = j.pace.take(ctx, scope, now); err != nil || wait <= 0 {
				return err
			}
		}
		sleep(ctx, wait)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
