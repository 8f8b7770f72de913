-- +goose Up
-- Keysets are encrypted under the master key. Of each purpose they are numbered from 1; the number decides who was first to make the next.

CREATE TABLE IF NOT EXISTS keysets (
    purpose VARCHAR(8) NOT NULL,
    number INT NOT NULL,
    sealed BLOB NOT NULL,
    published_at DATETIME(6) NOT NULL,
    used_from DATETIME(6) NOT NULL,
    PRIMARY KEY (purpose, number)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
