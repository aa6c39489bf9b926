-- +goose Up

-- Looks for reminders are taken in this order, a few at a time: an index that
-- ends at the time has all that fell due together sorted for every few.
DROP INDEX reminder_looks_due;
CREATE INDEX reminder_looks_due ON reminder_looks (workspace_id, look_at, record_kind, record_id);
