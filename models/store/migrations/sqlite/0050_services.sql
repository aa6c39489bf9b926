-- +goose Up

-- Services are edited by people: events point at their number, and a version
-- keeps two people's edits apart.
ALTER TABLE services ADD COLUMN id integer NOT NULL DEFAULT 0;
ALTER TABLE services ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE services ADD COLUMN environments json NOT NULL DEFAULT 'null';
ALTER TABLE teams ADD COLUMN version integer NOT NULL DEFAULT 1;

UPDATE services SET id = (SELECT count(*) FROM services s WHERE s.workspace_id = services.workspace_id AND s.slug <= services.slug);
INSERT INTO counters (workspace_id, name, value)
    SELECT workspace_id, 'service', max(id) FROM services GROUP BY workspace_id;
CREATE UNIQUE INDEX services_by_id ON services (workspace_id, id);

-- Which services file was applied last: the same one is not applied twice, so
-- that a restart undoes no edit.
ALTER TABLE workspaces ADD COLUMN services_file text NOT NULL DEFAULT '';
