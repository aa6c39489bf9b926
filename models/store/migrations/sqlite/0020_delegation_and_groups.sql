-- +goose Up

-- What people set for themselves, and when their absence begins or ends next.
ALTER TABLE people ADD COLUMN own json NOT NULL DEFAULT '{}';
ALTER TABLE people ADD COLUMN away_due datetime;
CREATE INDEX people_away ON people (away_due) WHERE away_due IS NOT NULL;

-- A team may be one Slack user group.
ALTER TABLE teams ADD COLUMN slack_group text NOT NULL DEFAULT '';
ALTER TABLE teams ADD COLUMN checked_at datetime;

-- In whose place an approval may count, and which decisions were handed on.
ALTER TABLE approvals ADD COLUMN behalf json NOT NULL DEFAULT '[]';
ALTER TABLE changes ADD COLUMN delegations json NOT NULL DEFAULT '[]';

-- Why the last policy file was refused; empty when it was not.
ALTER TABLE workspaces ADD COLUMN policy_trouble text NOT NULL DEFAULT '';
