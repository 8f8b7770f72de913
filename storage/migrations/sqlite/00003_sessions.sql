-- +goose Up
-- Sessions remember the user agent of their sign-in, and those that have ended lately are found by when.
ALTER TABLE sessions ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_ended_at ON sessions (is_anonymous, ended_at) WHERE ended_at IS NOT NULL;
