-- +goose Up

-- Which delivery a message of Slack's is: asked when somebody pastes a link to
-- one. Without it every delivery ever sent is looked through.
CREATE INDEX deliveries_shown ON deliveries (channel, ts);
