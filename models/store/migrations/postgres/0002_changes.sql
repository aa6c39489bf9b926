-- +goose Up

CREATE TABLE workspaces (
    id                text        PRIMARY KEY,
    name              text        NOT NULL,
    bot_user          text        NOT NULL,
    settings          json        NOT NULL,
    directory_version bigint      NOT NULL,
    created_at        timestamptz NOT NULL
);

CREATE TABLE people (
    workspace_id  text        NOT NULL,
    id            text        NOT NULL,
    name          text        NOT NULL,
    zone          text        NOT NULL,
    bot           boolean     NOT NULL,
    guest         boolean     NOT NULL,
    deleted       boolean     NOT NULL,
    checked_at    timestamptz,
    last_asked_at timestamptz,
    sees_home     boolean     NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE teams (
    workspace_id text NOT NULL,
    id           text NOT NULL,
    name         text NOT NULL,
    members      json NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE services (
    workspace_id text    NOT NULL,
    slug         text    NOT NULL,
    name         text    NOT NULL,
    tier         integer NOT NULL,
    team         text    NOT NULL,
    owner        text    NOT NULL,
    ops_lead     text    NOT NULL,
    channel      text    NOT NULL,
    depends_on   json    NOT NULL,
    retired      boolean NOT NULL,
    PRIMARY KEY (workspace_id, slug)
);

CREATE TABLE roles (
    workspace_id text NOT NULL,
    role         text NOT NULL,
    user_id      text NOT NULL,
    PRIMARY KEY (workspace_id, role, user_id)
);

-- Every policy that was ever in force, with the file it was read from.
CREATE TABLE policies (
    workspace_id text        NOT NULL,
    version      bigint      NOT NULL,
    source       text        NOT NULL,
    parsed       json        NOT NULL,
    activated_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, version)
);

CREATE TABLE changes (
    workspace_id   text        NOT NULL,
    id             bigint      NOT NULL,
    requester      text        NOT NULL,
    created_at     timestamptz NOT NULL,
    rollback_of    bigint      NOT NULL,
    type           text        NOT NULL,
    environment    text        NOT NULL,
    services       json        NOT NULL,
    window_start   timestamptz,
    window_end     timestamptz,
    plan           text        NOT NULL,
    how_checked    text        NOT NULL,
    rollback_plan  text        NOT NULL,
    familiarity    integer     NOT NULL,
    release_id     bigint      NOT NULL,
    artifact       text        NOT NULL,
    title          text        NOT NULL,
    background     text        NOT NULL,
    implementer    text        NOT NULL,
    state          text        NOT NULL,
    revision       text        NOT NULL,
    submitted_at   timestamptz,
    last_editor    text        NOT NULL,
    author         text        NOT NULL,
    assessment     json        NOT NULL,
    policy_version bigint      NOT NULL,
    policy_rule    text        NOT NULL,
    requirements   json        NOT NULL,
    asked          json        NOT NULL,
    places         json        NOT NULL,
    reason         text        NOT NULL,
    started_at     timestamptz,
    finished_at    timestamptz,
    outcome        text        NOT NULL,
    outcome_note   text        NOT NULL,
    as_built       text        NOT NULL,
    incident       text        NOT NULL,
    outage_minutes integer     NOT NULL,
    review_owed    json        NOT NULL,
    review_due     timestamptz,
    findings       text        NOT NULL,
    closed_at      timestamptz,
    due_at         timestamptz,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX changes_by_state ON changes (workspace_id, state, id);
CREATE INDEX changes_by_requester ON changes (workspace_id, requester, id);
CREATE INDEX changes_by_implementer ON changes (workspace_id, implementer, id);
CREATE INDEX changes_by_window ON changes (workspace_id, window_end);
CREATE INDEX changes_due ON changes (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE change_services (
    workspace_id text   NOT NULL,
    service      text   NOT NULL,
    change_id    bigint NOT NULL,
    PRIMARY KEY (workspace_id, service, change_id)
);
CREATE INDEX change_services_by_change ON change_services (workspace_id, change_id);

CREATE TABLE approvals (
    workspace_id text        NOT NULL,
    change_id    bigint      NOT NULL,
    seq          integer     NOT NULL,
    by_user      text        NOT NULL,
    revision     text        NOT NULL,
    decision     text        NOT NULL,
    comment      text        NOT NULL,
    at           timestamptz NOT NULL,
    fits         json        NOT NULL,
    void         text        NOT NULL,
    PRIMARY KEY (workspace_id, change_id, seq)
);
-- Whatever the program does, nobody has two decisions that stand.
CREATE UNIQUE INDEX approvals_that_stand ON approvals (workspace_id, change_id, by_user) WHERE void = '';

-- What every submitted revision said, to show what changed since.
CREATE TABLE revisions (
    workspace_id text        NOT NULL,
    change_id    bigint      NOT NULL,
    revision     text        NOT NULL,
    material     json        NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, change_id, revision)
);

-- The audit log.
CREATE TABLE events (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id text        NOT NULL,
    record_kind  text        NOT NULL,
    record_id    bigint      NOT NULL,
    kind         text        NOT NULL,
    actor        text        NOT NULL,
    at           timestamptz NOT NULL,
    from_state   text        NOT NULL,
    to_state     text        NOT NULL,
    revision     text        NOT NULL,
    reason       text        NOT NULL,
    data         json        NOT NULL,
    command_key  text        NOT NULL
);
CREATE INDEX events_of_record ON events (workspace_id, record_kind, record_id, id);

-- +goose StatementBegin
CREATE FUNCTION events_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER events_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_kept();

-- What somebody must see in Slack.
CREATE TABLE deliveries (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id  text        NOT NULL,
    kind          text        NOT NULL,
    record_kind   text        NOT NULL,
    record_id     bigint      NOT NULL,
    event_id      bigint      NOT NULL,
    channel       text        NOT NULL,
    user_id       text        NOT NULL,
    key           text        NOT NULL,
    priority      integer     NOT NULL,
    conversation  text        NOT NULL,
    wanted        bigint      NOT NULL DEFAULT 1,
    shown         bigint      NOT NULL DEFAULT 0,
    state         text        NOT NULL DEFAULT 'pending',
    ts            text        NOT NULL DEFAULT '',
    view_hash     text        NOT NULL DEFAULT '',
    not_before    timestamptz,
    retry_at      timestamptz,
    attempts      integer     NOT NULL DEFAULT 0,
    last_error    text        NOT NULL DEFAULT '',
    parked_reason text        NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    sent_at       timestamptz,
    UNIQUE (workspace_id, key)
);
CREATE INDEX deliveries_open ON deliveries (workspace_id, conversation, record_kind, record_id, id)
    WHERE state IN ('pending', 'sending', 'uncertain');
-- What a lane sends next: without it a backlog is sorted anew for every message.
CREATE INDEX deliveries_next ON deliveries (workspace_id, conversation, priority, id)
    WHERE state IN ('pending', 'sending', 'uncertain');
CREATE INDEX deliveries_of_record ON deliveries (workspace_id, record_kind, record_id);

-- Who works on a conversation, until when by the machines' clocks.
CREATE TABLE lanes (
    workspace_id text        NOT NULL,
    conversation text        NOT NULL,
    owner        text        NOT NULL,
    until        timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, conversation)
);

-- What Slack asked to wait with, for all replicas.
CREATE TABLE slack_holds (
    workspace_id text        NOT NULL,
    method       text        NOT NULL,
    channel      text        NOT NULL,
    until        timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, method, channel)
);
