-- +goose Up
-- A session stores which attempt refreshed it last, when that was by the database's clock, and the
-- epoch of its application. An index finds the living sessions of a customer without reading the
-- ended ones. Purging stores how far it has come.
-- Each table is changed in one statement, and only if the columns are missing: MySQL keeps what an
-- interrupted migration has done.
SET @change = (
    SELECT IF(COUNT(*) = 0,
        'ALTER TABLE sessions ADD COLUMN application_epoch INT UNSIGNED NOT NULL DEFAULT 0, ADD COLUMN attempt_hash BINARY(8) NULL, ADD COLUMN moved_at DATETIME(6) NULL, ADD KEY sessions_of_user (user_id, ended_at), DROP KEY sessions_user_id', 'DO 0')
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'sessions' AND column_name = 'moved_at'
);
PREPARE change_sessions FROM @change;
EXECUTE change_sessions;
DEALLOCATE PREPARE change_sessions;

SET @change = (
    SELECT IF(COUNT(*) = 0, 'ALTER TABLE applications ADD COLUMN epoch INT UNSIGNED NOT NULL DEFAULT 0', 'DO 0')
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'applications' AND column_name = 'epoch'
);
PREPARE change_applications FROM @change;
EXECUTE change_applications;
DEALLOCATE PREPARE change_applications;

-- Sign-ins on a Galera cluster are counted here, so that they conflict with changes of the account
-- on another node.
SET @change = (
    SELECT IF(COUNT(*) = 0, 'ALTER TABLE customer_accounts ADD COLUMN sign_ins INT UNSIGNED NOT NULL DEFAULT 0', 'DO 0')
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'customer_accounts' AND column_name = 'sign_ins'
);
PREPARE change_customer_accounts FROM @change;
EXECUTE change_customer_accounts;
DEALLOCATE PREPARE change_customer_accounts;

CREATE TABLE IF NOT EXISTS purge_limits (
    id TINYINT NOT NULL PRIMARY KEY,
    purged_until DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

INSERT IGNORE INTO purge_limits (id, purged_until) VALUES (1, UTC_TIMESTAMP(6));
