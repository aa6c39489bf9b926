-- +goose Up

-- Reminders are about any record, or about a part of one (an item of a
-- checklist, the absence of somebody), and each person may put theirs off.
CREATE TABLE reminder_looks_of_any (
	workspace_id text NOT NULL,
	record_kind text NOT NULL,
	record_id bigint NOT NULL,
	about text NOT NULL,
	look_at datetime NOT NULL,
	PRIMARY KEY (workspace_id, record_kind, record_id, about)
);
INSERT INTO reminder_looks_of_any (workspace_id, record_kind, record_id, about, look_at)
	SELECT workspace_id, 'change', change_id, '', look_at FROM reminder_looks;
DROP TABLE reminder_looks;
ALTER TABLE reminder_looks_of_any RENAME TO reminder_looks;
CREATE INDEX reminder_looks_due ON reminder_looks (workspace_id, look_at);

CREATE TABLE reminders_of_any (
	workspace_id text NOT NULL,
	record_kind text NOT NULL,
	record_id bigint NOT NULL,
	about text NOT NULL,
	kind text NOT NULL,
	user_id text NOT NULL,
	round bigint NOT NULL,
	stage bigint NOT NULL,
	bundle text NOT NULL,
	said_at datetime NOT NULL,
	snoozed_until datetime,
	PRIMARY KEY (workspace_id, record_kind, record_id, about, kind, user_id, round, stage)
);
INSERT INTO reminders_of_any (workspace_id, record_kind, record_id, about, kind, user_id, round, stage, bundle, said_at)
	SELECT workspace_id, 'change', change_id, '', kind, user_id, round, stage, bundle, said_at FROM reminders;
DROP TABLE reminders;
ALTER TABLE reminders_of_any RENAME TO reminders;
CREATE INDEX reminders_bundle ON reminders (workspace_id, bundle);
