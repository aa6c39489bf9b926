package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/gatehousehq/gatehouse/models"
)

// owing finds the changes that owe something and touch a service of the teams
// that look after these services. Who owes what follows from each change's
// state; debt_at only finds them. Few changes owe anything, so they are looked
// at one by one: a join would tempt a planner into starting at the services.
func owing(ws models.WorkspaceID, services []models.Slug, except models.ChangeID, rows *[]changeRow) stmt {
	args := []any{ws, except}
	for _, slug := range services {
		args = append(args, slug)
	}
	return stmt{
		sql: changes.sel(`workspace_id = ? AND id <> ? AND debt_at IS NOT NULL AND 0 < (
			SELECT count(*) FROM change_services o
				JOIN services theirs ON theirs.workspace_id = o.workspace_id AND theirs.slug = o.service
				JOIN services mine ON mine.workspace_id = theirs.workspace_id AND mine.team = theirs.team
			WHERE o.workspace_id = changes.workspace_id AND o.change_id = changes.id
				AND mine.slug IN (?` + strings.Repeat(", ?", len(services)-1) + `))
			ORDER BY debt_at, id LIMIT 100`),
		args: args,
		each: changes.collect(rows),
	}
}

func debtsOf(services []models.Slug, rows []changeRow, d *models.Directory) []models.DebtRef {
	list := make([]*models.Change, len(rows))
	for i := range rows {
		list[i] = rows[i].change(nil)
	}
	return models.DebtsOfTeams(services, list, d)
}

// Debts are what the teams of these services owe from other changes.
func (s *Store) Debts(ctx context.Context, ws models.WorkspaceID, services []models.Slug, except models.ChangeID) ([]models.DebtRef, error) {
	if len(services) == 0 {
		return nil, nil
	}
	d, err := s.Directory(ctx, ws)
	if err != nil {
		return nil, err
	}
	var rows []changeRow
	if err := s.engine.read(ctx, owing(ws, services, except, &rows)); err != nil {
		return nil, fmt.Errorf("find debts: %w", err)
	}
	return debtsOf(services, rows, d), nil
}
