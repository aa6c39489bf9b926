-- +goose Up

-- How severe the incident was that a change caused, and what its review answered.
ALTER TABLE changes ADD COLUMN incident_priority integer NOT NULL DEFAULT 0;
ALTER TABLE changes ADD COLUMN review json NOT NULL DEFAULT '{}';
ALTER TABLE changes ADD COLUMN better_type text NOT NULL DEFAULT '';
