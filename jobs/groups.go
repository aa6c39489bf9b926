package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
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
	p := known
	p.ID, p.CheckedAt = u, j.cfg.Store.Now() // before the answer: what it says may be older than its coming
	s, err := j.cfg.Slack.User(call, string(u))
	e, _ := errors.AsType[*slackapi.Error](err)
	switch {
	case e != nil && e.Trouble == slackapi.PersonGone:
		p.Deleted = true
		return p, nil
	case e != nil && e.Trouble == slackapi.Busy:
		return known, errors.Join(e, j.pace.hold(ctx, e.Scope(), j.cfg.Store.Now().Add(e.RetryAfter)))
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
		moved, now := j.cfg.Store.Clock().Moved(), j.cfg.Store.Now()
		until, err := j.pace.heldUntil(ctx, scope, now)
		if err != nil {
			return err
		}
		wait := until.Sub(now)
		if wait <= 0 {
			if wait, err = j.pace.take(ctx, scope, now); err != nil || wait <= 0 {
				return err
			}
		}
		sleep(ctx, wait, moved)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// groupReader keeps who belongs to Slack user groups fresh.
type groupReader struct {
	river.WorkerDefaults[store.GroupsArgs]
	*Jobs
}

// Timeout leaves room for many groups at Slack's pace.
func (g *groupReader) Timeout(*river.Job[store.GroupsArgs]) time.Duration { return 5 * time.Minute }

func (g *groupReader) Work(ctx context.Context, _ *river.Job[store.GroupsArgs]) error {
	return g.RefreshGroups(ctx)
}

// RefreshGroups asks Slack who belongs to every user group that is a team or
// stands in the policy, and about members whom Gatehouse never met. A group
// that is gone or switched off has nobody in it. Groups that Slack can't be
// asked about now keep what was known, until it is too old to decide on.
func (j *Jobs) RefreshGroups(ctx context.Context) error {
	d, err := j.cfg.Store.Directory(ctx, j.cfg.Workspace)
	if err != nil {
		return fmt.Errorf("read groups: %w", err)
	}
	wanted := d.SlackGroups()
	if len(wanted) == 0 {
		return nil
	}
	listed, err := j.listGroups(ctx)
	if err != nil {
		return fmt.Errorf("list user groups: %w", err)
	}
	var read []models.Team
	var strangers []models.UserID
	var errs []error
	for _, team := range wanted {
		team, err := j.readGroup(ctx, team, listed)
		if err != nil {
			errs = append(errs, fmt.Errorf("read the members of %s: %w", team.Group, err))
			continue
		}
		read = append(read, team)
		for _, u := range team.Members {
			if _, known := d.People[u]; !known && len(strangers) < peopleBatch {
				strangers = append(strangers, u)
			}
		}
	}
	if len(read) > 0 {
		errs = append(errs, j.cfg.Store.SaveGroups(ctx, j.cfg.Workspace, read...))
		errs = append(errs, j.cfg.Store.NotePolicy(ctx, j.cfg.Workspace, d.PolicyTrouble)) // a group may have lost its last member
	}
	if len(strangers) > 0 {
		errs = append(errs, j.RefreshPeople(ctx, strangers...))
	}
	return errors.Join(errs...)
}

func (j *Jobs) listGroups(ctx context.Context) (map[string]slackapi.Group, error) {
	out := map[string]slackapi.Group{}
	err := j.ask(ctx, slackapi.MethodGroups, func(ctx context.Context) error {
		all, err := j.cfg.Slack.Groups(ctx)
		for _, g := range all {
			out[g.ID] = g
		}
		return err
	})
	return out, err
}

func (j *Jobs) readGroup(ctx context.Context, team models.Team, listed map[string]slackapi.Group) (models.Team, error) {
	team.CheckedAt = j.cfg.Store.Now()
	g, there := listed[team.Group]
	if team.Name == "" || team.Name == team.Group {
		team.Name = cmp.Or(g.Name, team.Group)
	}
	if !there || g.Disabled {
		team.Members = nil
		return team, nil
	}
	err := j.ask(ctx, slackapi.MethodGroup, func(ctx context.Context) error {
		users, err := j.cfg.Slack.GroupMembers(ctx, team.Group)
		if e, ok := errors.AsType[*slackapi.Error](err); ok && e.Trouble == slackapi.PersonGone {
			users, err = nil, nil
		}
		team.Members = nil
		for _, u := range users {
			team.Members = append(team.Members, models.UserID(u))
		}
		slices.Sort(team.Members)
		return err
	})
	return team, err
}

// ask makes one call at Slack's pace, and notes when Slack wants to be left alone.
func (j *Jobs) ask(ctx context.Context, method string, call func(context.Context) error) error {
	if err := j.await(ctx, slackapi.Scope{Method: method}); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, j.cfg.Times.Call)
	defer cancel()
	err := call(within)
	if e, ok := errors.AsType[*slackapi.Error](err); ok && e.Trouble == slackapi.Busy {
		return errors.Join(e, j.pace.hold(ctx, e.Scope(), j.cfg.Store.Now().Add(e.RetryAfter)))
	}
	return err
}
