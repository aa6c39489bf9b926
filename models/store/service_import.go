package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehousehq/gatehouse/models"
)

// Catalog is what a file says of teams, services and roles.
type Catalog struct {
	Services []models.Service
	Teams    []models.Team
	Roles    map[models.Role][]models.UserID
}

// ImportCatalog brings teams, services and roles to what the catalog says and
// tells how many of them were different. Teams and services that it does not
// name stay, as do roles; the holders of a role that it names are replaced. A
// second import of the same catalog changes nothing.
func (s *Store) ImportCatalog(ctx context.Context, ws models.WorkspaceID, c Catalog) (changed int, err error) {
	return s.importCatalog(ctx, ws, c, "")
}

// ImportFile is ImportCatalog for the file that is read at every start: the
// same file is applied once, so that a restart undoes no edit that people made.
func (s *Store) ImportFile(ctx context.Context, ws models.WorkspaceID, c Catalog, source []byte) (changed int, err error) {
	sum := sha256.Sum256(source)
	return s.importCatalog(ctx, ws, c, hex.EncodeToString(sum[:]))
}

func (s *Store) importCatalog(ctx context.Context, ws models.WorkspaceID, c Catalog, file string) (changed int, err error) {
	in := models.Import{}
	for _, x := range c.Services {
		in.Services = append(in.Services, models.ServiceRow{Service: x})
	}
	for _, t := range c.Teams {
		in.Teams = append(in.Teams, models.TeamRow{Team: t})
	}
	cmd := Command{Workspace: ws, Calendar: true}
	err = s.engine.door(ctx, func(b batch) error {
		f, err := s.turn(ctx, b, cmd)
		if err != nil {
			return err
		}
		if file != "" {
			switch known, err := applied(ctx, b, ws, file); {
			case err != nil:
				return err
			case known:
				return errNothing
			}
		}
		plan := in.Plan(f)
		out, n := importRoles(ws, c, f)
		changed = len(plan.Changes) + len(plan.Teams) + n
		return s.apply(ctx, b, cmd, plan, "", changed, out, f)
	})
	if err != nil && !errors.Is(err, errNothing) {
		return 0, fmt.Errorf("import catalog: %w", err)
	}
	return changed, nil
}

// applied reports whether the file was applied last, and notes that it is now.
func applied(ctx context.Context, b batch, ws models.WorkspaceID, file string) (known bool, err error) {
	err = b.do(ctx,
		stmt{sql: "SELECT 1 FROM workspaces WHERE id = ? AND services_file = ?", args: []any{ws, file},
			each: func(scanner) error { known = true; return nil }},
		stmt{sql: "UPDATE workspaces SET services_file = ? WHERE id = ?", args: []any{file, ws}})
	return known, err
}

// ImportServices brings services and teams to what a file says, all of it or,
// when anything in it is wrong, nothing; the plan tells which. A second import
// of the same file changes nothing.
func (s *Store) ImportServices(ctx context.Context, ws models.WorkspaceID, in models.Import) (models.ImportPlan, error) {
	var plan models.ImportPlan
	cmd := Command{Workspace: ws, Calendar: true}
	err := s.engine.door(ctx, func(b batch) error {
		f, err := s.turn(ctx, b, cmd)
		if err != nil {
			return err
		}
		if plan = in.Plan(f); len(plan.Problems) > 0 {
			return errNothing
		}
		return s.apply(ctx, b, cmd, plan, in.Source, len(plan.Changes)+len(plan.Teams), nil, f)
	})
	if err != nil && !errors.Is(err, errNothing) {
		return plan, fmt.Errorf("import services: %w", err)
	}
	return plan, nil
}

// apply keeps what an import came to, with one event for each service and one
// for the whole.
func (s *Store) apply(ctx context.Context, b batch, cmd Command, plan models.ImportPlan, source string, changed int, more []stmt, f models.Facts) error {
	if changed == 0 {
		return nil
	}
	list, turned, err := s.numbered(ctx, b, cmd.Workspace, plan.Changes)
	if err != nil {
		return err
	}
	var said []eventRow
	for i, c := range plan.Changes {
		c.Service = list[i]
		said = append(said, rowOfEvent(cmd, c.Service.Ref(), c.Event(source, f)))
	}
	note := models.Event{Kind: EventCatalogImported, At: f.Now, Reason: fmt.Sprintf("%d teams, services and roles were different", changed)}
	said = append(said, rowOfEvent(cmd, models.RecordRef{Kind: RecordCatalog}, note))
	out := append(keepTeams(cmd.Workspace, plan.Teams), keepServices(cmd.Workspace, list)...)
	for part := range slices.Chunk(said, rowsAtOnce) {
		out = append(out, events.insert(part, "id"))
	}
	if err := b.do(ctx, append(append(out, more...), newDirectory(cmd.Workspace))...); err != nil || len(turned) == 0 {
		return err
	}
	return s.follow(ctx, b, cmd, turned, f)
}

// numbered are the services to keep, new ones with a number, and those that
// are retired or brought back.
func (s *Store) numbered(ctx context.Context, b batch, ws models.WorkspaceID, list []models.ServiceChange) (all, turned []models.Service, err error) {
	fresh := 0
	for _, c := range list {
		if c.Added() {
			fresh++
		}
	}
	var last int64
	if fresh > 0 {
		err = b.do(ctx, nextNumbers(ws, "service", fresh, &last))
	}
	next := last - int64(fresh)
	for _, c := range list {
		if c.Added() {
			next++
			c.Service.ID = next
		} else if c.Was.Retired != c.Service.Retired {
			turned = append(turned, c.Service)
		}
		all = append(all, c.Service)
	}
	return all, turned, err
}

// importRoles replaces the holders of the roles that the catalog names, and
// counts the roles that were different.
func importRoles(ws models.WorkspaceID, c Catalog, f models.Facts) (out []stmt, changed int) {
	for _, role := range models.StandingRoles {
		users, named := c.Roles[role]
		users = slices.Compact(slices.Sorted(slices.Values(users)))
		if !named || slices.Equal(users, slices.Sorted(slices.Values(f.Roles[role]))) {
			continue
		}
		changed++
		out = append(out, replaceRole(ws, role, users)...)
	}
	return out, changed
}
