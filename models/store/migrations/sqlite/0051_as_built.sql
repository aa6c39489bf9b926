-- +goose Up

-- Which version a completed change left running, by service and environment.
CREATE TABLE as_built (
    workspace_id text        NOT NULL,
    service      text        NOT NULL,
    environment  text        NOT NULL,
    change_id    integer     NOT NULL,
    version      text        NOT NULL,
    at           datetime    NOT NULL,
    PRIMARY KEY (workspace_id, service, environment, change_id)
);

-- What completed changes said until now.
INSERT INTO as_built (workspace_id, service, environment, change_id, version, at)
    SELECT c.workspace_id, s.service, c.environment, c.id, c.as_built, c.finished_at
    FROM changes c JOIN change_services s ON s.workspace_id = c.workspace_id AND s.change_id = c.id
    WHERE c.as_built <> '' AND c.finished_at IS NOT NULL AND c.state IN ('implemented', 'closed') AND c.outcome <> 'rolled_back';

-- What was carried out since a time is asked of a service and of all.
CREATE INDEX changes_carried_out ON changes (workspace_id, finished_at) WHERE started_at IS NOT NULL;
