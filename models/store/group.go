package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/riverqueue/river"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehousehq/gatehouse/models"
)

// GroupsArgs asks the jobs to read from Slack who belongs to which user group.
type GroupsArgs struct{}

// Kind is the job's name in River's tables. It must never change.
func (GroupsArgs) Kind() string { return "groups" }

// UpkeepQueue is the queue of what keeps facts fresh.
const UpkeepQueue = "upkeep"

// WantGroups has the members of Slack groups read soon.
func (s *Store) WantGroups(ctx context.Context) error {
	err := s.inTx(ctx, func(_ *gorm.DB, enq enqueue) error {
		enq(river.InsertManyParams{Args: GroupsArgs{}, InsertOpts: &river.InsertOpts{Queue: UpkeepQueue, MaxAttempts: 1}})
		return nil
	})
	if err != nil {
		return fmt.Errorf("ask for the members of groups: %w", err)
	}
	return nil
}

// groupsAgain is how old a confirmation of unchanged members may become before
// it is written down again: well inside the hour for which it is good, and so
// rarely that replicas don't read the directory anew every ten minutes.
const groupsAgain = models.FactsValidFor / 3

// SaveGroups keeps who belongs to Slack user groups. Each team's CheckedAt is
// when Slack said so. It writes nothing that is known and fresh.
func (s *Store) SaveGroups(ctx context.Context, ws models.WorkspaceID, groups ...models.Team) error {
	err := s.inTx(ctx, func(tx *gorm.DB, _ enqueue) error {
		if err := lockDirectory(tx, ws); err != nil {
			return err
		}
		var known []teamRow
		if err := tx.Where("workspace_id = ? AND slack_group <> ''", ws).Find(&known).Error; err != nil {
			return err
		}
		var rows []teamRow
		for _, g := range groups {
			if row := rowOfTeam(ws, g); !slices.ContainsFunc(known, func(k teamRow) bool { return freshIn(k, row) }) {
				rows = append(rows, row)
			}
		}
		if len(rows) == 0 {
			return nil
		}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&rows).Error; err != nil {
			return err
		}
		return touchDirectory(tx, ws)
	})
	if err != nil {
		return fmt.Errorf("save %d groups: %w", len(groups), err)
	}
	return nil
}

// freshIn reports whether k says what row says, confirmed not long before.
func freshIn(k, row teamRow) bool {
	return k.ID == row.ID && k.Name == row.Name && k.SlackGroup == row.SlackGroup && same(k.Members, row.Members) &&
		k.CheckedAt != nil && val(row.CheckedAt).Sub(*k.CheckedAt).Abs() < groupsAgain
}
