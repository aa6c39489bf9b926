-- +goose Up

-- Checklist templates, version by version: a release keeps the items of the one
-- that it started with, and is offered what the newest says otherwise.
CREATE TABLE checklists (
    workspace_id text NOT NULL,
    name         text NOT NULL,
    version      integer NOT NULL,
    source       text NOT NULL, -- as the file had it
    parsed       text NOT NULL, -- as it was understood
    stored_at    datetime NOT NULL,
    PRIMARY KEY (workspace_id, name, version)
);
