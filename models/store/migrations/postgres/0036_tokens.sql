-- +goose Up

-- What lets pipelines in: by the hash of a secret that nobody keeps.
CREATE TABLE tokens (
    workspace_id text NOT NULL,
    id           bigint NOT NULL,
    name         text NOT NULL,
    hash         text NOT NULL UNIQUE,
    scopes       json NOT NULL,
    made_by      text NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz,
    revoked_at   timestamptz,
    revoked_by   text NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, name)
);
