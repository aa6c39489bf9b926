-- +goose Up

-- When a hold was noted: one from before a clock was set back keeps nobody waiting.
ALTER TABLE slack_holds ADD COLUMN set_at timestamptz NOT NULL DEFAULT 'epoch';
