package store

import (
	"context"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
)

// slow is the time after which a query is worth a line in the log.
const slow = 500 * time.Millisecond

// gormConfig is the same for both engines. QueryFields names every column, so
// that a column added by a newer replica does not break prepared statements of
// an older one; transactions are opened by inTx alone.
func gormConfig(c *Clock, log *slog.Logger) *gorm.Config {
	return &gorm.Config{
		TranslateError:         true,
		SkipDefaultTransaction: true,
		QueryFields:            true,
		DisableAutomaticPing:   true,
		NowFunc:                func() time.Time { return c.Now().UTC().Truncate(time.Microsecond) },
		Logger:                 slowQueries{log},
	}
}

// forUpdate locks what is read until the transaction ends. SQLite has one
// writer at a time and needs no more.
func forUpdate(tx *gorm.DB) *gorm.DB { return tx.Clauses(clause.Locking{Strength: "UPDATE"}) }

// slowQueries logs queries that took long, with placeholders instead of values:
// what people typed never reaches a log. Errors are returned, so not logged.
type slowQueries struct{ log *slog.Logger }

func (q slowQueries) LogMode(logger.LogLevel) logger.Interface { return q }
func (slowQueries) Info(context.Context, string, ...any)       {}
func (slowQueries) Warn(context.Context, string, ...any)       {}
func (slowQueries) Error(context.Context, string, ...any)      {}

func (q slowQueries) Trace(ctx context.Context, begin time.Time, sql func() (string, int64), _ error) {
	if took := time.Since(begin); took >= slow {
		text, rows := sql()
		q.log.WarnContext(ctx, "slow query", "sql", text, "rows", rows, "took", took)
	}
}

// ParamsFilter keeps the values out of the text that Trace sees.
func (slowQueries) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}
