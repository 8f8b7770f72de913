-- +goose Up
-- Wrong passwords are counted for a subject, whether or not the account exists. The subject is the
-- user id of the account, or else a keyed hash of the name. The version before still uses
-- sign_in_failures.

CREATE TABLE IF NOT EXISTS guesses (
    subject BINARY(16) NOT NULL,
    source VARCHAR(64) NOT NULL,
    failures INT NOT NULL,
    since DATETIME(6) NOT NULL,
    in_a_row INT NOT NULL,
    today INT NOT NULL,
    today_since DATETIME(6) NOT NULL,
    last_at DATETIME(6) NOT NULL,
    PRIMARY KEY (subject, source),
    KEY guesses_last_at (last_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS guess_locks (
    subject BINARY(16) NOT NULL PRIMARY KEY,
    locked_until DATETIME(6) NOT NULL,
    KEY guess_locks_locked_until (locked_until)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
