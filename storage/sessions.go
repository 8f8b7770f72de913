package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/models"
)

// ErrNotFound is returned when there is no row with the key asked for.
var ErrNotFound = errors.New("no such row")

// Holding names a session by what a refresh token says of it, and when such a token is still good: the session has not ended, and
// it is at the token's generation, or at the next one and moved there no earlier than ReusableSince.
type Holding struct {
	ID            models.ID
	Generation    int64
	ReusableSince time.Time
}

// held is the condition that Holding describes. In an upsert it must name the table, or it would be ambiguous.
const held = `sessions.ended_at IS NULL AND (sessions.generation = ? OR (sessions.generation = ? AND sessions.refreshed_at >= ?))`

func (h Holding) values() []any { return []any{h.Generation, h.Generation + 1, h.ReusableSince} }

// InsertSession writes the first row of a session and reports whether it was the first: false means that somebody was faster.
func (s *Store) InsertSession(ctx context.Context, session *models.Session) (bool, error) {
	return inserted(retry(ctx, func() error { return s.write.WithContext(ctx).Create(session).Error }))
}

// inserted turns a duplicate key into false.
func inserted(err error) (bool, error) {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("insert a session: %w", err)
	}
	return true, nil
}

// AdvanceSession moves a session to next.Generation from the one before, with the instants of next, and reports whether it did: of
// all that try, one does. It is a plain statement because no other runs as often. Unless late is set, the database does nothing any more after the deadline of ctx.
func (s *Store) AdvanceSession(ctx context.Context, next *models.Session, late bool) (bool, error) {
	statement := `UPDATE sessions SET generation = ?, refreshed_at = ?, expires_at = ?, ` +
		`purge_at = CASE WHEN purge_at < ? THEN ? ELSE purge_at END ` +
		`WHERE id = ? AND generation = ? AND ended_at IS NULL`
	values := []any{next.Generation, next.RefreshedAt, next.ExpiresAt, next.PurgeAt, next.PurgeAt, next.ID, next.Generation - 1}
	if inTime, deadline := s.inTime(ctx); inTime != "" && !late {
		statement, values = statement+` AND `+inTime, append(values, deadline...)
	}
	rows, err := s.exec(ctx, statement, values...)
	if err != nil {
		return false, fmt.Errorf("advance a session: %w", err)
	}
	return rows == 1, nil
}

// BeginSession writes the first row of a session that has been advanced or ended before it had one, and reports whether it did. It is InsertSession but for late, which is that of
// AdvanceSession.
func (s *Store) BeginSession(ctx context.Context, next *models.Session, late bool) (bool, error) {
	inTime, deadline := s.inTime(ctx)
	if inTime == "" || late {
		return s.InsertSession(ctx, next)
	}
	values := []any{
		next.ID, next.Application, next.UserID, next.IsAnonymous, next.Generation, next.StartedAt, next.RefreshedAt, next.ExpiresAt, next.PurgeAt, next.EndedAt, next.EndReason,
	}
	rows, err := s.exec(ctx, `INSERT INTO sessions `+
		`(id, application, user_id, is_anonymous, generation, started_at, refreshed_at, expires_at, purge_at, ended_at, end_reason) `+
		`SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM DUAL WHERE `+inTime, append(values, deadline...)...)
	first, err := inserted(err)
	return first && rows == 1, err
}

// Session returns the row with this id, or ErrNotFound.
func (s *Store) Session(ctx context.Context, id models.ID) (models.Session, error) {
	var session models.Session
	err := retry(ctx, func() (err error) {
		session, err = gorm.G[models.Session](s.read).Where("id = ?", id).Take(ctx)
		return err
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return session, ErrNotFound
	}
	if err != nil {
		return session, fmt.Errorf("read a session: %w", err)
	}
	return session, nil
}

// HasSessions reports whether there are sessions, over or not.
func (s *Store) HasSessions(ctx context.Context) (bool, error) {
	var sessions int
	err := retry(ctx, func() error {
		return s.read.WithContext(ctx).Raw(`SELECT COUNT(*) FROM (SELECT id FROM sessions LIMIT 1) AS first`).Scan(&sessions).Error
	})
	if err != nil {
		return false, fmt.Errorf("look for sessions: %w", err)
	}
	return sessions > 0, nil
}

// IsHeld reports whether a refresh token that says this is still good.
func (s *Store) IsHeld(ctx context.Context, holding Holding) (bool, error) {
	var sessions int64
	err := retry(ctx, func() error {
		return s.read.WithContext(ctx).Model(&models.Session{}).
			Where("id = ? AND "+held, append([]any{holding.ID}, holding.values()...)...).Count(&sessions).Error
	})
	if err != nil {
		return false, fmt.Errorf("look at a session: %w", err)
	}
	return sessions == 1, nil
}

// EndSession ends a session, whatever its generation, and reports whether it was this call that did.
func (s *Store) EndSession(ctx context.Context, id models.ID, reason models.Reason, at time.Time) (bool, error) {
	ended, err := s.end(ctx, ending{key: "id", of: id, state: "ended_at IS NULL", reason: reason, at: at})
	return ended == 1, err
}

// EndHeldSession is EndSession for the holder of a refresh token, and only while that token is good.
func (s *Store) EndHeldSession(ctx context.Context, holding Holding, reason models.Reason, at time.Time) (bool, error) {
	ended, err := s.end(ctx, ending{key: "id", of: holding.ID, state: held, values: holding.values(), reason: reason, at: at})
	return ended == 1, err
}

// EndSessionOf is EndSession for the session of one shopper: it ends no other's.
func (s *Store) EndSessionOf(ctx context.Context, id, userID models.ID, reason models.Reason, at time.Time) (bool, error) {
	ended, err := s.end(ctx, ending{key: "id", of: id, state: "user_id = ? AND ended_at IS NULL", values: []any{userID}, reason: reason, at: at})
	return ended == 1, err
}

// EndSessionsOf ends all sessions of a shopper that have neither ended nor expired, and returns how many there were.
func (s *Store) EndSessionsOf(ctx context.Context, userID models.ID, reason models.Reason, at time.Time) (int, error) {
	return s.end(ctx, endingOf(userID, reason, at))
}

// ending says which sessions end, and why.
type ending struct {
	// key is a column, of is what it holds, and state is a condition beside it, with its values.
	key    string
	of     models.ID
	state  string
	values []any
	reason models.Reason
	at     time.Time
	// inTime is a condition beside all that, with its values; empty for none.
	inTime   string
	deadline []any
}

func endingOf(userID models.ID, reason models.Reason, at time.Time) ending {
	return ending{key: "user_id", of: userID, state: "ended_at IS NULL AND expires_at > ?", values: []any{at}, reason: reason, at: at}
}

// end returns how many sessions it has ended. Those count that the first attempt has ended without our getting to know. After the deadline of ctx the database does nothing any more: replicas
// look for sessions that have ended by the instant they bear, and would not find one that comes so late.
func (s *Store) end(ctx context.Context, e ending) (int, error) {
	var ended int
	e.inTime, e.deadline = s.inTime(ctx)
	err := retry(ctx, func() (err error) {
		ended, err = e.run(s.write.WithContext(ctx))
		e.state, e.values = "("+e.state+" OR (ended_at = ? AND end_reason = ?))", append(e.values, e.at, e.reason)
		return err
	})
	return ended, err
}

func (e ending) run(db *gorm.DB) (int, error) {
	statement, values := `UPDATE sessions SET ended_at = ?, end_reason = ? WHERE `+e.key+` = ? AND `+e.state, append([]any{e.at, e.reason, e.of}, e.values...)
	if e.inTime != "" {
		statement, values = statement+` AND `+e.inTime, append(values, e.deadline...)
	}
	result := db.Exec(statement, values...)
	if result.Error != nil {
		return 0, fmt.Errorf("end sessions: %w", result.Error)
	}
	return int(result.RowsAffected), nil
}

// PurgeSessions deletes at most limit sessions of which every token has expired, and returns how many it has deleted.
func (s *Store) PurgeSessions(ctx context.Context, now time.Time, limit int) (int, error) {
	return purge[models.Session, models.ID](ctx, s, "id", "purge_at <= ?", now, limit)
}
