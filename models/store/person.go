package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehousehq/gatehouse/models"
)

type personRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	ID          models.UserID      `gorm:"primaryKey"`
	Name        string
	Zone        string
	Bot         bool
	Guest       bool
	Deleted     bool
	CheckedAt   *time.Time
	LastAskedAt *time.Time
	SeesHome    bool
	Own         jsonOf[models.Own]
	AwayDue     *time.Time // when their absence begins or ends next
}

func (personRow) TableName() string { return "people" }

var people = tableOf[personRow]()

func (r personRow) person() models.Person {
	return models.Person{ID: r.ID, Name: r.Name, Zone: r.Zone, Bot: r.Bot, Guest: r.Guest, Deleted: r.Deleted,
		CheckedAt: val(r.CheckedAt), LastAsked: val(r.LastAskedAt), SeesHome: r.SeesHome, Own: r.Own.V}
}

// SavePerson is SavePeople for one.
func (s *Store) SavePerson(ctx context.Context, ws models.WorkspaceID, p models.Person) error {
	return s.SavePeople(ctx, ws, p)
}

// SavePeople keeps what Slack says of people: name, zone, what sort of account
// it is, and CheckedAt. What Gatehouse knows itself (LastAsked, SeesHome) is
// left as it is, and so is whoever was looked up later than what is given of them.
func (s *Store) SavePeople(ctx context.Context, ws models.WorkspaceID, list ...models.Person) error {
	if len(list) == 0 {
		return nil
	}
	rows, ids := make([]personRow, len(list)), make([]models.UserID, len(list))
	for i, p := range list {
		ids[i] = p.ID
		rows[i] = personRow{WorkspaceID: ws, ID: p.ID, Name: p.Name, Zone: p.Zone, Bot: p.Bot, Guest: p.Guest,
			Deleted: p.Deleted, CheckedAt: opt(p.CheckedAt)}
	}
	slices.SortFunc(rows, func(a, b personRow) int { return cmp.Compare(a.ID, b.ID) }) // locks in one order
	err := s.inTx(ctx, func(tx *gorm.DB, _ enqueue) error {
		if err := lockDirectory(tx, ws); err != nil {
			return err
		}
		var known []personRow
		if err := tx.Where("workspace_id = ? AND id IN ?", ws, ids).Find(&known).Error; err != nil {
			return err
		}
		if rows = notOlder(rows, known, s.Now()); len(rows) == 0 {
			return nil
		}
		err := tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "workspace_id"}, {Name: "id"}},
			DoUpdates: clause.AssignmentColumns([]string{"name", "zone", "bot", "guest", "deleted", "checked_at"}),
		}).CreateInBatches(&rows, 500).Error
		if err != nil || !newFacts(known, rows) {
			return err
		}
		if moved := otherZone(known, rows); len(moved) > 0 {
			again := s.lookOf(ws, moved, s.Now())
			if err := tx.Exec(again.sql, again.args...).Error; err != nil {
				return err
			}
		}
		return touchDirectory(tx, ws)
	})
	if err != nil {
		return fmt.Errorf("save %d people: %w", len(list), err)
	}
	return nil
}

// notOlder leaves out looks at people that took so long that a later one was
// faster. What is known from a time to come, since a clock was set back, is no
// later look.
func notOlder(rows, known []personRow, now time.Time) []personRow {
	later := map[models.UserID]time.Time{}
	for _, k := range known {
		if at := val(k.CheckedAt); !at.After(now.Add(ClockSlack)) {
			later[k.ID] = at
		}
	}
	return slices.DeleteFunc(rows, func(r personRow) bool { return val(r.CheckedAt).Before(later[r.ID]) })
}

// otherZone are those of known who are in another zone by now.
func otherZone(known, rows []personRow) (moved []models.UserID) {
	was := map[models.UserID]string{}
	for _, k := range known {
		was[k.ID] = k.Zone
	}
	for _, r := range rows {
		if zone, there := was[r.ID]; there && zone != r.Zone {
			moved = append(moved, r.ID)
		}
	}
	return moved
}

// newFacts reports whether rows say anything that known didn't, besides when.
func newFacts(known, rows []personRow) bool {
	return slices.ContainsFunc(rows, func(r personRow) bool {
		return !slices.ContainsFunc(known, func(k personRow) bool {
			return k.ID == r.ID && k.Name == r.Name && k.Zone == r.Zone && k.Bot == r.Bot && k.Guest == r.Guest && k.Deleted == r.Deleted
		})
	})
}

// MarkSeesHome notes that the person has opened the App Home, which from then
// on is kept up to date.
func (s *Store) MarkSeesHome(ctx context.Context, ws models.WorkspaceID, u models.UserID) error {
	f, err := s.Facts(ctx, ws, u)
	if err != nil || f.Actor.SeesHome {
		return err
	}
	err = s.inTx(ctx, func(tx *gorm.DB, _ enqueue) error {
		if err := lockDirectory(tx, ws); err != nil {
			return err
		}
		row := personRow{WorkspaceID: ws, ID: u, SeesHome: true}
		err := tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "workspace_id"}, {Name: "id"}},
			DoUpdates: clause.AssignmentColumns([]string{"sees_home"}),
		}).Create(&row).Error
		if err != nil {
			return err
		}
		return touchDirectory(tx, ws)
	})
	if err != nil {
		return fmt.Errorf("note that %s sees the home: %w", u, err)
	}
	return nil
}

// StalePeople lists at most limit people who matter (they hold a role, belong
// to a team, answer for a service, or raised or carry out an open change) and
// of whom Slack has confirmed nothing since olderThan, longest unconfirmed first.
func (s *Store) StalePeople(ctx context.Context, ws models.WorkspaceID, olderThan time.Time, limit int) ([]models.UserID, error) {
	dir, err := s.Directory(ctx, ws)
	if err != nil {
		return nil, err
	}
	matter, err := s.whoMatters(ctx, ws, dir)
	if err != nil {
		return nil, err
	}
	var rows []personRow
	err = s.db.WithContext(ctx).Where("workspace_id = ? AND id IN ?", ws, matter).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	checked := map[models.UserID]time.Time{}
	ahead := s.Now().Add(ClockSlack) // what was confirmed then, before a clock was set back, was not
	for _, r := range rows {
		if at := val(r.CheckedAt); at.Before(ahead) {
			checked[r.ID] = at
		}
	}
	stale := slices.DeleteFunc(matter, func(u models.UserID) bool { return !checked[u].Before(olderThan) })
	slices.SortStableFunc(stale, func(a, b models.UserID) int { return checked[a].Compare(checked[b]) })
	return stale[:min(limit, len(stale))], nil
}

func (s *Store) whoMatters(ctx context.Context, ws models.WorkspaceID, dir *models.Directory) ([]models.UserID, error) {
	var all []models.UserID
	for _, users := range dir.Roles {
		all = append(all, users...)
	}
	for _, t := range dir.Teams {
		all = append(all, t.Members...)
	}
	for _, x := range dir.Services {
		all = append(all, x.Owner, x.OpsLead)
	}
	for _, column := range []string{"requester", "implementer"} {
		var busy []models.UserID
		err := s.db.WithContext(ctx).Model(&changeRow{}).Where("workspace_id = ? AND state IN ?", ws, unfinished).
			Distinct().Pluck(column, &busy).Error
		if err != nil {
			return nil, fmt.Errorf("list people of open changes: %w", err)
		}
		all = append(all, busy...)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(u models.UserID) bool { return u == "" }), nil
}

// unfinished are the states in which something may still happen to a change.
var unfinished = slices.DeleteFunc(slices.Clone(models.States), models.State.Final)
