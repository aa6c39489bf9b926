-- +goose Up

-- When a change is next looked at for reminders: at once after every change of
-- it, then when the next one falls due.
CREATE TABLE reminder_looks (
	workspace_id text NOT NULL,
	change_id bigint NOT NULL,
	look_at timestamptz NOT NULL,
	PRIMARY KEY (workspace_id, change_id)
);
CREATE INDEX reminder_looks_due ON reminder_looks (workspace_id, look_at);
INSERT INTO reminder_looks (workspace_id, change_id, look_at)
	SELECT workspace_id, id, created_at FROM changes WHERE closed_at IS NULL;

-- What was said to whom. The key keeps every reminder from being said twice.
CREATE TABLE reminders (
	workspace_id text NOT NULL,
	change_id bigint NOT NULL,
	kind text NOT NULL,
	user_id text NOT NULL,
	round bigint NOT NULL,
	stage bigint NOT NULL,
	bundle text NOT NULL,
	said_at timestamptz NOT NULL,
	PRIMARY KEY (workspace_id, change_id, kind, user_id, round, stage)
);
CREATE INDEX reminders_bundle ON reminders (workspace_id, bundle);
