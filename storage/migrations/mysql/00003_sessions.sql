-- +goose Up
-- Sessions get the user agent of their sign-in, and an index to find those that ended recently.
-- Both are added in one statement, and only if they are missing: MySQL keeps what an interrupted
-- migration has done.
SET @change = (
    SELECT IF(COUNT(*) = 0,
        'ALTER TABLE sessions ADD COLUMN user_agent VARCHAR(255) NOT NULL DEFAULT '''', ADD KEY sessions_ended_at (is_anonymous, ended_at)', 'DO 0')
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'sessions' AND column_name = 'user_agent'
);
PREPARE change_sessions FROM @change;
EXECUTE change_sessions;
DEALLOCATE PREPARE change_sessions;
