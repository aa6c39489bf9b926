package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehousehq/gatehouse/models"
)

// Catalog is what a file says of teams, services and roles.
type Catalog struct {
	Services []models.Service
	Teams    []models.Team
	Roles    map[models.Role][]models.UserID
}

type serviceRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Slug        models.Slug        `gorm:"primaryKey"`
	Name        string
	Tier        models.Tier
	Team        models.TeamID
	Owner       models.UserID
	OpsLead     models.UserID
	Channel     models.ChannelID
	DependsOn   jsonOf[[]models.Slug]
	Retired     bool
}

func (serviceRow) TableName() string { return "services" }

var services = tableOf[serviceRow]()

func rowOfService(ws models.WorkspaceID, x models.Service) serviceRow {
	return serviceRow{ws, x.Slug, x.Name, x.Tier, x.Team, x.Owner, x.OpsLead, x.Channel, jsonOf[[]models.Slug]{x.DependsOn}, x.Retired}
}

func (r serviceRow) service() models.Service {
	return models.Service{Slug: r.Slug, Name: r.Name, Tier: r.Tier, Team: r.Team, Owner: r.Owner, OpsLead: r.OpsLead,
		Channel: r.Channel, DependsOn: r.DependsOn.V, Retired: r.Retired}
}

type teamRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	ID          models.TeamID      `gorm:"primaryKey"`
	Name        string
	Members     jsonOf[[]models.UserID]
	SlackGroup  string
	CheckedAt   *time.Time
}

func (teamRow) TableName() string { return "teams" }

var teams = tableOf[teamRow]()

func rowOfTeam(ws models.WorkspaceID, x models.Team) teamRow {
	return teamRow{ws, x.ID, x.Name, jsonOf[[]models.UserID]{x.Members}, x.Group, opt(x.CheckedAt)}
}

func (r teamRow) team() models.Team {
	return models.Team{ID: r.ID, Name: r.Name, Members: r.Members.V, Group: r.SlackGroup, CheckedAt: val(r.CheckedAt)}
}

type roleRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Role        models.Role        `gorm:"primaryKey"`
	UserID      models.UserID      `gorm:"primaryKey"`
}

func (roleRow) TableName() string { return "roles" }

var roles = tableOf[roleRow]()

// ImportCatalog brings teams, services and roles to what the catalog says and
// tells how many of them were different. Teams and services that it does not
// name stay, as do roles; the holders of a role that it names are replaced. A
// second import of the same catalog changes nothing.
func (s *Store) ImportCatalog(ctx context.Context, ws models.WorkspaceID, c Catalog) (changed int, err error) {
	err = s.inTx(ctx, func(tx *gorm.DB, _ enqueue) error {
		if err := lockDirectory(tx, ws); err != nil {
			return err
		}
		var now directoryRows
		if err := now.find(tx, ws); err != nil {
			return err
		}
		for _, step := range []func(*gorm.DB, models.WorkspaceID, Catalog, *directoryRows) (int, error){importTeams, importServices, importRoles} {
			n, err := step(tx, ws, c, &now)
			if err != nil {
				return err
			}
			changed += n
		}
		if changed == 0 {
			return nil
		}
		note := models.Event{Kind: EventCatalogImported, At: s.Now(), Reason: fmt.Sprintf("%d teams, services and roles were different", changed)}
		row := rowOfEvent(Command{Workspace: ws}, models.RecordRef{Kind: RecordCatalog}, note)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return touchDirectory(tx, ws)
	})
	if err != nil {
		return 0, fmt.Errorf("import catalog: %w", err)
	}
	return changed, nil
}

// find reads what an import compares with.
func (r *directoryRows) find(tx *gorm.DB, ws models.WorkspaceID) error {
	for _, list := range []any{&r.teams, &r.services, &r.roles} {
		if err := tx.Where("workspace_id = ?", ws).Find(list).Error; err != nil {
			return err
		}
	}
	return nil
}

func importTeams(tx *gorm.DB, ws models.WorkspaceID, c Catalog, now *directoryRows) (int, error) {
	rows := make([]teamRow, len(c.Teams))
	for i, x := range c.Teams {
		rows[i] = rowOfTeam(ws, x)
		for _, was := range now.teams { // who belongs to a Slack group is Slack's to say
			if was.ID == x.ID && x.Group != "" && was.SlackGroup == x.Group {
				rows[i].Members, rows[i].CheckedAt = was.Members, was.CheckedAt
			}
		}
	}
	return upsert(tx, teams, rows, now.teams)
}

func importServices(tx *gorm.DB, ws models.WorkspaceID, c Catalog, now *directoryRows) (int, error) {
	rows := make([]serviceRow, len(c.Services))
	for i, x := range c.Services {
		rows[i] = rowOfService(ws, x)
	}
	return upsert(tx, services, rows, now.services)
}

func importRoles(tx *gorm.DB, ws models.WorkspaceID, c Catalog, now *directoryRows) (changed int, err error) {
	for role, users := range c.Roles {
		held := map[models.UserID]bool{}
		for _, r := range now.roles {
			held[r.UserID] = held[r.UserID] || r.Role == role
		}
		var gone, come []roleRow
		for u, holds := range held {
			if holds && !slices.Contains(users, u) {
				gone = append(gone, roleRow{ws, role, u})
			}
		}
		for _, u := range users {
			if !held[u] {
				held[u] = true
				come = append(come, roleRow{ws, role, u})
			}
		}
		if len(gone)+len(come) == 0 {
			continue
		}
		changed++
		if len(gone) > 0 {
			if err := tx.Delete(&gone).Error; err != nil {
				return 0, err
			}
		}
		if len(come) > 0 {
			if err := tx.Create(&come).Error; err != nil {
				return 0, err
			}
		}
	}
	return changed, nil
}

// upsert writes the rows that are not among known, and counts them.
func upsert[R any](tx *gorm.DB, t table[R], rows, known []R) (int, error) {
	different := slices.DeleteFunc(slices.Clone(rows), func(r R) bool {
		return slices.ContainsFunc(known, func(k R) bool {
			_, differs := t.update(&k, &r, "")
			return !differs
		})
	})
	if len(different) == 0 {
		return 0, nil
	}
	return len(different), tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&different).Error
}
