-- +goose Up

-- One row: how far a demo or a test has moved business time ahead.
CREATE TABLE clock (
    id        integer PRIMARY KEY CHECK (id = 1),
    offset_us integer NOT NULL
);
INSERT INTO clock (id, offset_us) VALUES (1, 0);

-- The last number given, by workspace and kind of record. The row is locked
-- until its transaction ends, so numbers have no gaps.
CREATE TABLE counters (
    workspace_id text    NOT NULL,
    name         text    NOT NULL,
    value        integer NOT NULL,
    PRIMARY KEY (workspace_id, name)
);

-- One row per command that was carried out: a repeat finds the first result.
CREATE TABLE commands (
    workspace_id text        NOT NULL,
    key          text        NOT NULL,
    actor        text        NOT NULL,
    at           datetime    NOT NULL,
    record_kind  text        NOT NULL,
    record_id    integer     NOT NULL,
    PRIMARY KEY (workspace_id, key)
);
