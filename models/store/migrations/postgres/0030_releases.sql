-- +goose Up

-- Projects going into production, whole: what is only ever read together with
-- its release is one column.
CREATE TABLE releases (
    workspace_id text NOT NULL,
    id           bigint NOT NULL,
    state        text NOT NULL,
    name         text NOT NULL,
    project_lead text NOT NULL,
    ops_lead     text NOT NULL,
    deputy       text NOT NULL,
    channel      text NOT NULL,
    tier         integer NOT NULL,
    go_live      timestamptz,
    baseline     timestamptz,
    due_at       timestamptz,
    created_by   text NOT NULL,
    created_at   timestamptz,
    confirm_at   timestamptz,
    live_at      timestamptz,
    closed_at    timestamptz,
    reason       text NOT NULL,
    last_no      integer NOT NULL,
    services     json NOT NULL,
    attributes   json NOT NULL,
    template     json NOT NULL,
    moves        json NOT NULL,
    items        json NOT NULL,
    buckets      json NOT NULL,
    meetings     json NOT NULL,
    certificates json NOT NULL,
    early_life   json NOT NULL,
    incidents    json NOT NULL,
    asked        json NOT NULL,
    places       json NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE INDEX releases_due ON releases (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX releases_by_go_live ON releases (workspace_id, go_live, id);

-- What queries ask of items over all releases; releases.items is the whole.
CREATE TABLE release_items (
    workspace_id text NOT NULL,
    release_id   bigint NOT NULL,
    no           integer NOT NULL,
    ref          text NOT NULL,
    bucket       text NOT NULL,
    owner        text NOT NULL, -- who works on it: its own, its bucket's, or the project lead
    status       text NOT NULL,
    mandatory    boolean NOT NULL,
    due          timestamptz,
    waived_until timestamptz,
    PRIMARY KEY (workspace_id, release_id, no)
);

CREATE INDEX release_items_open ON release_items (workspace_id, owner)
    WHERE status NOT IN ('verified', 'not_applicable');

CREATE INDEX changes_by_release ON changes (workspace_id, release_id) WHERE release_id <> 0;
