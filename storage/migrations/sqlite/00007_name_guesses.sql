-- +goose Up
-- Wrong passwords are counted for a keyed hash of a name, whether or not an account has the name.
-- Operators unlock an account by user_id.

DROP TABLE guesses;

DROP TABLE guess_locks;

CREATE TABLE name_guesses (
    name_hash BLOB NOT NULL,
    source TEXT NOT NULL,
    user_id BLOB NULL,
    in_window INTEGER NOT NULL,
    window_since DATETIME NOT NULL,
    in_a_row INTEGER NOT NULL,
    half_day INTEGER NOT NULL,
    in_half_day INTEGER NOT NULL,
    half_day_before INTEGER NOT NULL,
    half_day_before_that INTEGER NOT NULL,
    last_at DATETIME NOT NULL,
    PRIMARY KEY (name_hash, source)
) WITHOUT ROWID;

CREATE INDEX name_guesses_user_id ON name_guesses (user_id);

CREATE INDEX name_guesses_last_at ON name_guesses (last_at);

CREATE TABLE name_locks (
    name_hash BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NULL,
    locked_until DATETIME NOT NULL
) WITHOUT ROWID;

CREATE INDEX name_locks_user_id ON name_locks (user_id);

CREATE INDEX name_locks_locked_until ON name_locks (locked_until);
