-- +goose Up
-- Lists are JSON and are read as a whole. Lifetimes are in nanoseconds; 0 means the server's.

CREATE TABLE applications (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    is_confidential BOOLEAN NOT NULL DEFAULT FALSE,
    secret_hash BLOB NULL,
    previous_secret_hash BLOB NULL,
    previous_secret_until DATETIME NULL,
    is_disabled BOOLEAN NOT NULL DEFAULT FALSE,
    behaviors TEXT NOT NULL,
    anonymous_behaviors TEXT NOT NULL,
    own_behaviors TEXT NOT NULL,
    origins TEXT NOT NULL,
    access_lifetime INTEGER NOT NULL DEFAULT 0,
    refresh_lifetime INTEGER NOT NULL DEFAULT 0,
    anonymous_refresh_lifetime INTEGER NOT NULL DEFAULT 0,
    session_lifetime INTEGER NOT NULL DEFAULT 0,
    sessions_from DATETIME NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
) WITHOUT ROWID;

-- The only application of earlier versions. Its tickets stay valid.
INSERT INTO applications (id, name, behaviors, anonymous_behaviors, own_behaviors, origins, sessions_from, created_at, updated_at)
VALUES ('storefront', 'Storefront', '[]', '[]', '[]', '[]', 0, 0, 0);
