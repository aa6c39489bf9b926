-- +goose Up

-- What comes round by itself for a channel or a person, and when next. A round
-- is had by whoever moves next_run_at on while the version is the one they read.
CREATE TABLE schedules (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id text NOT NULL,
    kind         text NOT NULL,
    target       text NOT NULL,
    cron         text NOT NULL,
    zone         text NOT NULL,
    skip_after   bigint NOT NULL,
    next_run_at  timestamptz NOT NULL,
    ran_at       timestamptz,
    version      bigint NOT NULL DEFAULT 1,
    UNIQUE (workspace_id, kind, target)
);
CREATE INDEX schedules_due ON schedules (next_run_at);
