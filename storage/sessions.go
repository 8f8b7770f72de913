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

// BeginSession writes the first row of a session that has just been advanced or, with an EndReason,
// ended. It returns false if the session has a row by now.
func (s *Store) BeginSession(ctx context.Context, next *models.Session, timing Timing) (bool, error) {
	row := insertion{session: next}
	if inTime, deadline := s.dialect.inTime(ctx); inTime != "" && timing == InTime {
		row.from, row.values = `DUAL WHERE `+inTime, deadline
	}

	var rows int64
	err := s.retry(ctx, func() (err error) {
		rows, err = s.insertSession(s.write.WithContext(ctx), row)
		return err
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("begin a session: %w", err)
	}
	return rows == 1, nil
}

// insertion is a row of a session, and on which condition it is inserted.
type insertion struct {
	session *models.Session
	// from follows FROM in a SELECT, with its values. The row is inserted if that finds a row; when
	// empty, it is inserted in any case.
	from   string
	values []any
	// instead are assignments, with their values. They change the row that has the same id already.
	// When empty, such a row is an error.
	instead       string
	insteadValues []any
}

// insertSession inserts a row, and returns how many. The session has moved at this instant by the
// database's clock; with an EndReason it has ended, too. Nothing else inserts sessions. The error is
// gorm.ErrDuplicatedKey if a row has the same id.
func (s *Store) insertSession(db *gorm.DB, row insertion) (int64, error) {
	const columns = `id, application, application_epoch, user_id, is_anonymous, generation, started_at, ` +
		`refreshed_at, expires_at, purge_at, attempt_hash, end_reason, claimed_by, user_agent, moved_at, ended_at`
	session := row.session
	values := []any{
		session.ID, session.Application, session.ApplicationEpoch, session.UserID, session.IsAnonymous,
		session.Generation, session.StartedAt, session.RefreshedAt, session.ExpiresAt, session.PurgeAt,
		bytesOrNull(session.AttemptHash), session.EndReason, session.ClaimedBy, session.UserAgent,
	}

	clock, now := s.dialect.clock()
	movedAt, endedAt := clock, `NULL`
	list := strings.Repeat(`?, `, len(values))
	values = append(values, now...)
	if session.EndReason != "" {
		endedAt = clock
		values = append(values, now...)
	}
	list += movedAt + `, ` + endedAt

	statement := `INSERT INTO sessions (` + columns + `) `
	if row.from == "" {
		statement += `VALUES (` + list + `)`
	} else {
		statement += `SELECT ` + list + ` FROM ` + row.from
		values = append(values, row.values...)
	}
	if row.instead != "" {
		statement += s.dialect.onDuplicateID() + row.instead
		values = append(values, row.insteadValues...)
	}

	result := db.Exec(statement, values...)
	return result.RowsAffected, result.Error
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
