-- +goose Up

-- The answers about risk take the place of the one about familiarity, and say
-- the same: 1 often done, 2 done, 3 new, each rehearsed; 4 not rehearsed.
ALTER TABLE changes ADD COLUMN risk json NOT NULL DEFAULT '{}';
UPDATE changes SET risk = CASE familiarity
    WHEN 1 THEN '{"DoneBefore":3,"Rehearsed":1}'
    WHEN 2 THEN '{"DoneBefore":2,"Rehearsed":1}'
    WHEN 3 THEN '{"DoneBefore":1,"Rehearsed":1}'
    WHEN 4 THEN '{"DoneBefore":1,"Rehearsed":2}'
    ELSE '{}' END;
ALTER TABLE changes DROP COLUMN familiarity;

ALTER TABLE changes ADD COLUMN origin integer NOT NULL DEFAULT 0;
ALTER TABLE changes ADD COLUMN template text NOT NULL DEFAULT '';
ALTER TABLE changes ADD COLUMN template_version integer NOT NULL DEFAULT 0;
ALTER TABLE changes ADD COLUMN incident_ref text NOT NULL DEFAULT '';
ALTER TABLE changes ADD COLUMN why_now text NOT NULL DEFAULT '';
ALTER TABLE changes ADD COLUMN window_set_at datetime;
ALTER TABLE changes ADD COLUMN expedited boolean NOT NULL DEFAULT FALSE;
ALTER TABLE changes ADD COLUMN retrospective boolean NOT NULL DEFAULT FALSE;
