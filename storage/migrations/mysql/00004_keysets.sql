-- +goose Up
-- Keysets are encrypted under the master key. They are numbered from 1 for each purpose. The number
-- decides who was first to add the next one.

CREATE TABLE IF NOT EXISTS keysets (
    purpose VARCHAR(8) NOT NULL,
    number INT NOT NULL,
    sealed BLOB NOT NULL,
    published_at DATETIME(6) NOT NULL,
    used_from DATETIME(6) NOT NULL,
    PRIMARY KEY (purpose, number)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
