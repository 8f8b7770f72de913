-- +goose Up
-- Wrong passwords are counted for a subject, whether or not the account exists. The subject is the
-- user id of the account, or else a keyed hash of the name.

DROP TABLE sign_in_failures;

CREATE TABLE guesses (
    subject BLOB NOT NULL,
    source TEXT NOT NULL,
    failures INTEGER NOT NULL,
    since DATETIME NOT NULL,
    in_a_row INTEGER NOT NULL,
    today INTEGER NOT NULL,
    today_since DATETIME NOT NULL,
    last_at DATETIME NOT NULL,
    PRIMARY KEY (subject, source)
) WITHOUT ROWID;

CREATE INDEX guesses_last_at ON guesses (last_at);

CREATE TABLE guess_locks (
    subject BLOB NOT NULL PRIMARY KEY,
    locked_until DATETIME NOT NULL
) WITHOUT ROWID;

CREATE INDEX guess_locks_locked_until ON guess_locks (locked_until);
