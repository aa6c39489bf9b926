-- +goose Up

-- Pre-approved recipes for standard changes, as they are now.
CREATE TABLE templates (
    workspace_id text    NOT NULL,
    name         text    NOT NULL,
    id           integer  NOT NULL,
    state        text    NOT NULL,
    version      integer NOT NULL,
    recipe       text    NOT NULL,
    last_version integer NOT NULL,
    proposal     text    NOT NULL,
    origin       integer  NOT NULL,
    approved_by  text    NOT NULL,
    approved_at  datetime,
    reason       text    NOT NULL,
    failed_run   integer  NOT NULL,
    PRIMARY KEY (workspace_id, name)
);

-- What every version said, approved or not.
CREATE TABLE template_versions (
    workspace_id text    NOT NULL,
    name         text    NOT NULL,
    version      integer NOT NULL,
    recipe       text    NOT NULL,
    by_user      text    NOT NULL,
    at           datetime NOT NULL,
    PRIMARY KEY (workspace_id, name, version)
);

ALTER TABLE changes ADD COLUMN retro_reason text NOT NULL DEFAULT '';
ALTER TABLE changes ADD COLUMN retro_approved_at datetime;
ALTER TABLE changes ADD COLUMN retro_refused boolean NOT NULL DEFAULT FALSE;
ALTER TABLE changes ADD COLUMN linked_incident text NOT NULL DEFAULT '';
ALTER TABLE changes ADD COLUMN asked_all boolean NOT NULL DEFAULT FALSE;
ALTER TABLE changes ADD COLUMN debt_at datetime;

-- Who owes something is asked with every submission.
CREATE INDEX changes_in_debt ON changes (workspace_id, debt_at) WHERE debt_at IS NOT NULL;
CREATE INDEX changes_by_template ON changes (workspace_id, template) WHERE template <> '';
CREATE INDEX changes_by_origin ON changes (workspace_id, origin) WHERE origin <> 0;
