-- +goose Up
-- MySQL keeps the tables of an interrupted migration, so each is created only if it is missing.
-- Texts compare byte by byte, because names are stored in one normal form. There are no foreign
-- keys, so that the same schema runs on Vitess and TiDB.

CREATE TABLE IF NOT EXISTS customer_accounts (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id BINARY(16) NOT NULL,
    accepts_marketing BOOLEAN NOT NULL DEFAULT FALSE,
    account_type VARCHAR(64) NULL,
    company_or_organization VARCHAR(255) NULL,
    customer_set VARCHAR(64) NULL,
    customer_since_date DATETIME(6) NULL,
    email_address VARCHAR(254) NULL,
    external_id VARCHAR(128) NULL,
    first_name VARCHAR(255) NULL,
    last_name VARCHAR(255) NULL,
    locale_code VARCHAR(35) NULL,
    tax_exempt BOOLEAN NOT NULL DEFAULT FALSE,
    tax_id VARCHAR(64) NULL,
    user_name VARCHAR(254) NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    password_hash VARCHAR(512) NOT NULL DEFAULT '',
    has_external_password BOOLEAN NOT NULL DEFAULT FALSE,
    locked_until DATETIME(6) NULL,
    locked_by_operator BOOLEAN NOT NULL DEFAULT FALSE,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    UNIQUE KEY customer_accounts_user_id (user_id),
    UNIQUE KEY customer_accounts_external_id (external_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sign_in_names (
    name VARCHAR(254) NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL,
    KEY sign_in_names_account_id (account_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS customer_attributes (
    account_id BIGINT NOT NULL,
    fully_qualified_name VARCHAR(255) NOT NULL,
    attribute_definition_id BIGINT NULL,
    `values` MEDIUMTEXT NOT NULL,
    PRIMARY KEY (account_id, fully_qualified_name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sign_in_failures (
    account_id BIGINT NOT NULL,
    source VARCHAR(64) NOT NULL,
    failures INT NOT NULL,
    since DATETIME(6) NOT NULL,
    in_a_row INT NOT NULL,
    last_at DATETIME(6) NOT NULL,
    PRIMARY KEY (account_id, source),
    KEY sign_in_failures_last_at (last_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
    id BINARY(16) NOT NULL PRIMARY KEY,
    application VARCHAR(32) NOT NULL,
    user_id BINARY(16) NOT NULL,
    is_anonymous BOOLEAN NOT NULL,
    generation BIGINT NOT NULL,
    started_at DATETIME(6) NOT NULL,
    refreshed_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    purge_at DATETIME(6) NOT NULL,
    ended_at DATETIME(6) NULL,
    end_reason VARCHAR(24) NOT NULL DEFAULT '',
    claimed_by BINARY(16) NULL,
    KEY sessions_user_id (user_id),
    KEY sessions_purge_at (purge_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
