package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/models"
)

// StoredSession is a session as the database has it, with the database's clock at that moment.
type StoredSession struct {
	models.Session

	ReadAt time.Time
}

// Session returns the row with this id, or ErrNotFound. It sees everything that was committed
// before on the node it asks, and on a Galera cluster on every node: what is decided by it is
// final.
func (s *Store) Session(ctx context.Context, id models.ID) (StoredSession, error) {
	columns := `sessions.*` + s.dialect.clockColumn()
	asked := time.Now() //nolint:forbidigo // real time, whatever the clock of operations says

	var rows []StoredSession
	if err := s.latest(ctx, &rows, `SELECT `+columns+` FROM sessions WHERE id = ?`, id); err != nil {
		return StoredSession{}, fmt.Errorf("read a session: %w", err)
	}
	if len(rows) == 0 {
		return StoredSession{}, ErrNotFound
	}
	rows[0].ReadAt = s.dialect.readAt(asked, rows[0].ReadAt)
	return rows[0], nil
}

// Timing says whether a statement that has waited is still run.
type Timing int

const (
	// InTime runs a statement only before the deadline of its context, by the database's clock.
	InTime Timing = iota
	// AtAnyTime runs it whenever the database gets to it.
	AtAnyTime
)

// AdvanceSession moves a session to next.Generation from the one before, and reports whether it
// did: of all that try, one does. It is a plain statement because no other runs as often.
func (s *Store) AdvanceSession(ctx context.Context, next *models.Session, timing Timing) (bool, error) {
	clock, now := s.dialect.clock()
	statement := `UPDATE sessions SET generation = ?, refreshed_at = ?, expires_at = ?, ` +
		`purge_at = CASE WHEN purge_at < ? THEN ? ELSE purge_at END, attempt_hash = ?, moved_at = ` + clock +
		` WHERE id = ? AND generation = ? AND ended_at IS NULL`
	values := []any{
		next.Generation, next.RefreshedAt, next.ExpiresAt, next.PurgeAt, next.PurgeAt, bytesOrNull(next.AttemptHash),
	}
	values = append(append(values, now...), next.ID, next.Generation-1)

	if inTime, deadline := s.dialect.inTime(ctx); inTime != "" && timing == InTime {
		statement, values = statement+` AND `+inTime, append(values, deadline...)
	}
	rows, err := s.exec(ctx, statement, values...)
	if err != nil {
		return false, fmt.Errorf("advance a session: %w", err)
	}
	return rows == 1, nil
}

// BeginSession writes the first row of a session that has been advanced before it had one or, with
// an EndReason, ended. It reports whether it did: there may be a row by now.
func (s *Store) BeginSession(ctx context.Context, next *models.Session, timing Timing) (bool, error) {
	clock, now := s.dialect.clock()
	endedAt := `NULL`
	values := []any{
		next.ID, next.Application, next.ApplicationEpoch, next.UserID, next.IsAnonymous, next.Generation,
		next.StartedAt, next.RefreshedAt, next.ExpiresAt, next.PurgeAt, bytesOrNull(next.AttemptHash), next.EndReason,
	}
	values = append(values, now...)
	if next.EndReason != "" {
		endedAt = clock
		values = append(values, now...)
	}

	row := strings.Repeat(`?, `, 12) + clock + `, ` + endedAt
	source := `VALUES (` + row + `)`
	if inTime, deadline := s.dialect.inTime(ctx); inTime != "" && timing == InTime {
		source, values = `SELECT `+row+` FROM DUAL WHERE `+inTime, append(values, deadline...)
	}
	rows, err := s.exec(ctx, `INSERT INTO sessions (id, application, application_epoch, user_id, is_anonymous, `+
		`generation, started_at, refreshed_at, expires_at, purge_at, attempt_hash, end_reason, moved_at, ended_at) `+
		source, values...)
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("begin a session: %w", err)
	}
	return rows == 1, nil
}

// bytesOrNull keeps an empty hash from being stored as a text of no bytes.
func bytesOrNull(bytes []byte) any {
	if bytes == nil {
		return nil
	}
	return bytes
}

// HasSessions reports whether there are sessions, over or not.
func (s *Store) HasSessions(ctx context.Context) (bool, error) {
	var sessions int
	err := s.retry(ctx, func() error {
		query := `SELECT COUNT(*) FROM (SELECT id FROM sessions LIMIT 1) AS first`
		return s.read.WithContext(ctx).Raw(query).Scan(&sessions).Error
	})
	if err != nil {
		return false, fmt.Errorf("look for sessions: %w", err)
	}
	return sessions > 0, nil
}
