-- +goose Up
-- Sessions get the user agent of their sign-in, and an index to find those that ended recently.
ALTER TABLE sessions ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_ended_at ON sessions (is_anonymous, ended_at) WHERE ended_at IS NOT NULL;
