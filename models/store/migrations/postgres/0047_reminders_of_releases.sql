-- +goose Up

-- Releases and absences that are there already are looked at for reminders, too.
INSERT INTO reminder_looks (workspace_id, record_kind, record_id, about, look_at)
	SELECT workspace_id, 'release', id, '', created_at FROM releases WHERE closed_at IS NULL AND created_at IS NOT NULL;
INSERT INTO reminder_looks (workspace_id, record_kind, record_id, about, look_at)
	SELECT workspace_id, 'person', 0, id, away_due FROM people WHERE away_due IS NOT NULL;
