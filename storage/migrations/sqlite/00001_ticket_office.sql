-- +goose Up
-- Instants are stored as microseconds since 1970.

CREATE TABLE customer_accounts (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id BLOB NOT NULL UNIQUE,
    accepts_marketing BOOLEAN NOT NULL DEFAULT FALSE,
    account_type TEXT NULL,
    company_or_organization TEXT NULL,
    customer_set TEXT NULL,
    customer_since_date DATETIME NULL,
    email_address TEXT NULL,
    external_id TEXT NULL UNIQUE,
    first_name TEXT NULL,
    last_name TEXT NULL,
    locale_code TEXT NULL,
    tax_exempt BOOLEAN NOT NULL DEFAULT FALSE,
    tax_id TEXT NULL,
    user_name TEXT NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    password_hash TEXT NOT NULL DEFAULT '',
    has_external_password BOOLEAN NOT NULL DEFAULT FALSE,
    locked_until DATETIME NULL,
    locked_by_operator BOOLEAN NOT NULL DEFAULT FALSE,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
);

CREATE TABLE sign_in_names (
    name TEXT NOT NULL PRIMARY KEY,
    account_id INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX sign_in_names_account_id ON sign_in_names (account_id);

CREATE TABLE customer_attributes (
    account_id INTEGER NOT NULL,
    fully_qualified_name TEXT NOT NULL,
    attribute_definition_id INTEGER NULL,
    "values" TEXT NOT NULL,
    PRIMARY KEY (account_id, fully_qualified_name)
) WITHOUT ROWID;

CREATE TABLE sign_in_failures (
    account_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    failures INTEGER NOT NULL,
    since DATETIME NOT NULL,
    in_a_row INTEGER NOT NULL,
    last_at DATETIME NOT NULL,
    PRIMARY KEY (account_id, source)
) WITHOUT ROWID;

CREATE INDEX sign_in_failures_last_at ON sign_in_failures (last_at);

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    application TEXT NOT NULL,
    user_id BLOB NOT NULL,
    is_anonymous BOOLEAN NOT NULL,
    generation INTEGER NOT NULL,
    started_at DATETIME NOT NULL,
    refreshed_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    purge_at DATETIME NOT NULL,
    ended_at DATETIME NULL,
    end_reason TEXT NOT NULL DEFAULT '',
    claimed_by BLOB NULL
) WITHOUT ROWID;

CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_purge_at ON sessions (purge_at);
