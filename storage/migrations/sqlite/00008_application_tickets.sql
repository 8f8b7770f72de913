-- +goose Up
-- An application can have a second id, and numbers for its behaviors, for clients of Kibo's APIs.
-- Tickets of applications are stored only when they end early, until they would have expired.

ALTER TABLE applications ADD COLUMN client_id TEXT NULL;
ALTER TABLE applications ADD COLUMN behavior_numbers TEXT NULL;

CREATE UNIQUE INDEX applications_client_id ON applications (client_id);

CREATE TABLE ended_application_tickets (
    id BLOB NOT NULL PRIMARY KEY,
    expires_at DATETIME NOT NULL
) WITHOUT ROWID;

CREATE INDEX ended_application_tickets_expires_at ON ended_application_tickets (expires_at);
