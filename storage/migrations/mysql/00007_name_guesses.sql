-- +goose Up
-- Wrong passwords are counted for a keyed hash of a name, whether or not an account has the name.
-- Operators unlock an account by user_id. The version before still uses guesses and guess_locks.

CREATE TABLE IF NOT EXISTS name_guesses (
    name_hash BINARY(16) NOT NULL,
    source VARCHAR(64) NOT NULL,
    user_id BINARY(16) NULL,
    in_window INT NOT NULL,
    window_since DATETIME(6) NOT NULL,
    in_a_row INT NOT NULL,
    half_day INT NOT NULL,
    in_half_day INT NOT NULL,
    half_day_before INT NOT NULL,
    half_day_before_that INT NOT NULL,
    last_at DATETIME(6) NOT NULL,
    PRIMARY KEY (name_hash, source),
    KEY name_guesses_user_id (user_id),
    KEY name_guesses_last_at (last_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS name_locks (
    name_hash BINARY(16) NOT NULL PRIMARY KEY,
    user_id BINARY(16) NULL,
    locked_until DATETIME(6) NOT NULL,
    KEY name_locks_user_id (user_id),
    KEY name_locks_locked_until (locked_until)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
