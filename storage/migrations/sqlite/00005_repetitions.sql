-- +goose Up
-- A session stores which attempt refreshed it last, when that was by the database's clock, and the
-- epoch of its application. Purging stores how far it has come.
ALTER TABLE sessions ADD COLUMN application_epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN attempt_hash BLOB NULL;
ALTER TABLE sessions ADD COLUMN moved_at DATETIME NULL;
CREATE INDEX sessions_of_user ON sessions (user_id, ended_at);
DROP INDEX sessions_user_id;
ALTER TABLE applications ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;

CREATE TABLE purge_limits (
    id INTEGER NOT NULL PRIMARY KEY,
    purged_until DATETIME NOT NULL
);

INSERT INTO purge_limits (id, purged_until) VALUES (1, CAST(unixepoch('subsec') * 1000000 AS INTEGER));
