package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
	"gorm.io/gorm"
)

// The numbered twins: what one engine has under a number, the other has too.
//
//go:embed migrations
var migrations embed.FS

const schemaTable = "gatehouse_schema"

var dialects = map[string]goose.Dialect{"postgres": goose.DialectPostgres, "sqlite": goose.DialectSQLite3}

// migrate applies what is missing, ours first and then River's. Neither tool
// locks: the caller must.
func migrate[TTx any](ctx context.Context, db *sql.DB, twin string, driver riverdriver.Driver[TTx], log *slog.Logger) error {
	dir, err := fs.Sub(migrations, "migrations/"+twin)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	ours, err := goose.NewProvider(dialects[twin], db, dir,
		goose.WithTableName(schemaTable), goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	done, err := ours.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	for _, r := range done {
		log.InfoContext(ctx, "migration applied", "version", r.Source.Version, "took", r.Duration)
	}
	theirs, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet(log, false)})
	if err != nil {
		return fmt.Errorf("read job migrations: %w", err)
	}
	if _, err := theirs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job tables: %w", err)
	}
	return nil
}

// latest is the number of the newest migration in this program.
func latest() int64 {
	names, _ := fs.Glob(migrations, "migrations/sqlite/*.sql")
	number, _ := goose.NumericComponent(names[len(names)-1]) // they are named by number, and a test insists
	return number
}

// checkSchema refuses to read a database that an older program left behind. A
// newer one is fine: migrations add before they take away.
func checkSchema(ctx context.Context, db *gorm.DB) error {
	var version int64
	err := db.WithContext(ctx).Raw("SELECT coalesce(max(version_id), 0) FROM " + schemaTable).Scan(&version).Error
	if err != nil {
		return fmt.Errorf("this database holds no Gatehouse data yet; start Gatehouse once, or run `gatehouse migrate` (%w)", err)
	}
	if version < latest() {
		return fmt.Errorf("this database is at version %d and this program needs %d: run `gatehouse migrate` first", version, latest())
	}
	return nil
}
