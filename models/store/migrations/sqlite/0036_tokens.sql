-- +goose Up

-- What lets pipelines in: by the hash of a secret that nobody keeps.
CREATE TABLE tokens (
    workspace_id text NOT NULL,
    id           integer NOT NULL,
    name         text NOT NULL,
    hash         text NOT NULL UNIQUE,
    scopes       text NOT NULL,
    made_by      text NOT NULL,
    created_at   datetime NOT NULL,
    expires_at   datetime NOT NULL,
    used_at      datetime,
    revoked_at   datetime,
    revoked_by   text NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, name)
);
