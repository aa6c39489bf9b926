-- +goose Up

-- Into which bucket future releases have the lesson of a change's review; ''
-- where there is none, it stays with the review, or it was dropped.
ALTER TABLE changes ADD COLUMN lesson_bucket text NOT NULL DEFAULT '';
CREATE INDEX changes_lessons ON changes (workspace_id, id) WHERE lesson_bucket <> '';
