-- +goose Up
-- MySQL keeps what an interrupted migration has done, so each step can be repeated.
-- Lists are JSON and are read as a whole. Lifetimes are in nanoseconds; 0 means the server's.

CREATE TABLE IF NOT EXISTS applications (
    id VARCHAR(32) NOT NULL PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    is_confidential BOOLEAN NOT NULL DEFAULT FALSE,
    secret_hash VARBINARY(32) NULL,
    previous_secret_hash VARBINARY(32) NULL,
    previous_secret_until DATETIME(6) NULL,
    is_disabled BOOLEAN NOT NULL DEFAULT FALSE,
    behaviors MEDIUMTEXT NOT NULL,
    anonymous_behaviors MEDIUMTEXT NOT NULL,
    own_behaviors MEDIUMTEXT NOT NULL,
    origins MEDIUMTEXT NOT NULL,
    access_lifetime BIGINT NOT NULL DEFAULT 0,
    refresh_lifetime BIGINT NOT NULL DEFAULT 0,
    anonymous_refresh_lifetime BIGINT NOT NULL DEFAULT 0,
    session_lifetime BIGINT NOT NULL DEFAULT 0,
    sessions_from DATETIME(6) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The only application of earlier versions. Its tickets stay valid.
INSERT IGNORE INTO applications (id, name, behaviors, anonymous_behaviors, own_behaviors, origins, sessions_from, created_at, updated_at)
VALUES ('storefront', 'Storefront', '[]', '[]', '[]', '[]', '2020-01-01', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6));
