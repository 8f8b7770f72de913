-- +goose Up
-- Keysets are encrypted under the master key. They are numbered from 1 for each purpose. The number
-- decides who was first to add the next one.

CREATE TABLE keysets (
    purpose TEXT NOT NULL,
    number INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    published_at DATETIME NOT NULL,
    used_from DATETIME NOT NULL,
    PRIMARY KEY (purpose, number)
) WITHOUT ROWID;
