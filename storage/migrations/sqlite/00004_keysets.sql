-- +goose Up
-- Keysets are encrypted under the master key. Of each purpose they are numbered from 1; the number decides who was first to make the next.

CREATE TABLE keysets (
    purpose TEXT NOT NULL,
    number INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    published_at DATETIME NOT NULL,
    used_from DATETIME NOT NULL,
    PRIMARY KEY (purpose, number)
) WITHOUT ROWID;
