-- +goose Up

-- A hold and an override of the verdict, as models keeps them.
ALTER TABLE changes ADD COLUMN held json NOT NULL DEFAULT '{}';
ALTER TABLE changes ADD COLUMN overridden json NOT NULL DEFAULT '{}';

-- Where running work was given more time, window_end is when that is over, for
-- everything that asks when the change ends; this is the end that was agreed to.
ALTER TABLE changes ADD COLUMN agreed_end datetime;

-- Every rollback asks what else undoes the same change.
CREATE INDEX changes_undoing ON changes (workspace_id, rollback_of) WHERE rollback_of <> 0;
