-- +goose Up

CREATE TABLE freezes (
    workspace_id text        NOT NULL,
    id           integer     NOT NULL,
    kind         text        NOT NULL,
    name         text        NOT NULL,
    reason       text        NOT NULL,
    owner        text        NOT NULL,
    environments json        NOT NULL,
    tiers        json        NOT NULL,
    services     json        NOT NULL,
    occurs       json        NOT NULL,
    version      integer     NOT NULL,
    lifted_at    datetime   ,
    lifted_by    text        NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE maintenance_windows (
    workspace_id text   NOT NULL,
    id           integer NOT NULL,
    service      text   NOT NULL,
    occurs       json   NOT NULL,
    version      integer NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

-- What stands in the way of a time: open changes by environment and window.
CREATE INDEX changes_planned ON changes (workspace_id, environment, window_start, window_end)
    WHERE state IN ('awaiting_approval', 'approved', 'in_progress');
