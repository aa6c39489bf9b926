-- +goose Up

-- Work that runs on after its window: looked for at every decision. Without it
-- all windows that are over are looked through.
CREATE INDEX changes_running ON changes (workspace_id, environment, window_end) WHERE state = 'in_progress';
