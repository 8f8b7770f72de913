-- +goose Up
-- An application can have a second id, and numbers for its behaviors, for clients of Kibo's APIs.
-- Tickets of applications are stored only when they end early, until they would have expired.

SET @statement = (
    SELECT IF(COUNT(*) = 0,
        'ALTER TABLE applications ADD COLUMN client_id VARCHAR(64) NULL, ADD COLUMN behavior_numbers MEDIUMTEXT NULL, ADD UNIQUE KEY applications_client_id (client_id)', 'DO 0')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'applications' AND column_name = 'client_id');

PREPARE change_table FROM @statement;

EXECUTE change_table;

DEALLOCATE PREPARE change_table;

CREATE TABLE IF NOT EXISTS ended_application_tickets (
    id BINARY(16) NOT NULL PRIMARY KEY,
    expires_at DATETIME(6) NOT NULL,
    KEY ended_application_tickets_expires_at (expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
