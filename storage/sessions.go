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

// StoredSession is a session that was read from the database.
type StoredSession struct {
	models.Session

	// ReadAt is what the database's clock showed when the row was read.
	ReadAt time.Time
}

// Session returns the row with this id, or ErrNotFound. It sees everything that was committed
// before on a node that takes writes, and on a Galera cluster on every node.
func (s *Store) Session(ctx context.Context, id models.ID) (StoredSession, error) {
	columns := `sessions.*` + s.dialect.clockColumn()
	asked := time.Now() //nolint:forbidigo // the real time, not the clock of operations

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

// Timing says whether the database still runs a statement that reaches it late.
type Timing int

const (
	// InTime runs a statement only before the deadline of its context, by the database's clock.
	InTime Timing = iota
	// AtAnyTime runs a statement no matter how late it is.
	AtAnyTime
)

// AdvanceSession moves a session to next.Generation from the generation before. It returns true for
// at most one of all callers that try. If an answer of the database was lost, all can get false. It
// is a single statement, because it runs more often than any other.
func (s *Store) AdvanceSession(ctx context.Context, next *models.Session, timing Timing) (bool, error) {
	clock, now := s.dialect.clock()
	statement := `UPDATE sessions SET generation = ?, refreshed_at = ?, expires_at = ?, ` +
		`purge_at = CASE WHEN purge_at < ? THEN ? ELSE purge_at END, attempt_hash = ?, moved_at = ` + clock +
		` WHERE id = ? AND generation = ? AND ended_at IS NULL`
	values := []any{
		next.Generation, next.RefreshedAt, next.ExpiresAt, next.PurgeAt, next.PurgeAt,
		bytesOrNull(next.AttemptHash),
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
// ended. It returns false if the session already has a row, or if the statement was too late.
func (s *Store) BeginSession(ctx context.Context, next *models.Session, timing Timing) (bool, error) {
	row := insertion{session: next}
	if inTime, deadline := s.dialect.inTime(ctx); inTime != "" && timing == InTime {
		row.from, row.values = `DUAL WHERE `+inTime, deadline
	}

	var rows int64
	mayHaveRun := false
	err := s.retry(ctx, func() (err error) {
		rows, err = s.insertSession(s.write.WithContext(ctx), row)
		mayHaveRun = mayHaveRun || s.dialect.failure(err) == broken
		return err
	})
	switch {
	case errors.Is(err, gorm.ErrDuplicatedKey) && mayHaveRun && next.EndReason != "":
		// An earlier run of this call may have written the row. Then this call has ended the
		// session.
		own := ending{where: `id = ?`, values: []any{next.ID}, reason: next.EndReason, mayHaveRun: true}
		ended, err := s.endAlone(ctx, own)
		return ended == 1, err
	case errors.Is(err, gorm.ErrDuplicatedKey):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("begin a session: %w", err)
	}

	return rows == 1, nil
}

// insertion is the row of a session, and when to insert it.
type insertion struct {
	session *models.Session
	// from follows FROM in a SELECT, and values are its values. The row is inserted if the SELECT
	// finds something. If from is empty, the row is always inserted.
	from   string
	values []any
	// onDuplicate holds assignments, and duplicateValues are their values. They change a row that
	// already has the same id. If onDuplicate is empty, such a row is an error.
	onDuplicate     string
	duplicateValues []any
}

// insertSession inserts a row into sessions, and returns how many rows were written. No other
// function inserts sessions.
//
// It sets moved_at to the present instant of the database's clock, and ended_at too if there is an
// EndReason. The error is gorm.ErrDuplicatedKey if a row already has the id.
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
	list := strings.Repeat(`?, `, len(values)) + clock
	values = append(values, now...)
	endedAt := `NULL`
	if session.EndReason != "" {
		endedAt = clock
		values = append(values, now...)
	}

	list += `, ` + endedAt

	statement := `INSERT INTO sessions (` + columns + `) `
	if row.from == "" {
		statement += `VALUES (` + list + `)`
	} else {
		statement += `SELECT ` + list + ` FROM ` + row.from
		values = append(values, row.values...)
	}
	if row.onDuplicate != "" {
		statement += s.dialect.onDuplicateID() + row.onDuplicate
		values = append(values, row.duplicateValues...)
	}

	result := db.Exec(statement, values...)
	return result.RowsAffected, result.Error
}

// bytesOrNull turns a missing hash into NULL. The driver would write a nil slice as an empty text.
func bytesOrNull(bytes []byte) any {
	if bytes == nil {
		return nil
	}
	return bytes
}

// HasSessions reports whether there is any session, living or ended.
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
