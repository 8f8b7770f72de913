package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/models"
)

// mostSessions is the most sessions of one shopper that are listed.
const mostSessions = 100

// SessionsOf returns the sessions of a shopper that have neither ended nor expired at the instant
// now. It returns at most 100, the newest first.
func (s *Store) SessionsOf(ctx context.Context, userID models.ID, now time.Time) ([]models.Session, error) {
	var sessions []models.Session
	err := s.retry(ctx, func() (err error) {
		living := gorm.G[models.Session](s.read).
			Where("user_id = ? AND ended_at IS NULL AND expires_at > ?", userID, now)
		sessions, err = living.Order("started_at DESC, id").Limit(mostSessions).Find(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return sessions, nil
}

// EndedSession is a session that has ended.
type EndedSession struct {
	ID          models.ID
	Application string
	// RefreshedAt is when the last access token of the session was issued.
	RefreshedAt time.Time
	Reason      models.Reason `gorm:"column:end_reason"`
}

// recentlyEnded lists sessions in the order of an index, beginning with the one that ended last.
const recentlyEnded = `SELECT id, application, refreshed_at, end_reason FROM sessions ` +
	`WHERE is_anonymous = ? AND ended_at >= ? AND refreshed_at >= ? ORDER BY ended_at DESC LIMIT ?`

// EndedQuery asks for sessions that have ended.
type EndedQuery struct {
	// Since selects sessions that ended then or later, by the clock of the database. A session can
	// become visible some time after it ended: its transaction takes time, and the clocks of a
	// cluster's nodes differ. So begin some time before the last session that you have seen.
	Since time.Time
	// RefreshedSince selects sessions whose last refresh was then or later.
	RefreshedSince time.Time
	// Customers and Anonymous limit how many sessions of each kind are returned.
	Customers, Anonymous int
}

// Ended holds the sessions that an EndedQuery has found. Both lists begin with the session that
// ended last.
type Ended struct{ Customers, Anonymous []EndedSession }

// RecentlyEnded reads the database's clock, calls query with it, and returns the ended sessions
// that the query selects, and the clock. It asks a node that takes writes.
func (s *Store) RecentlyEnded(
	ctx context.Context, query func(clock time.Time) EndedQuery,
) (ended Ended, clock time.Time, err error) {
	err = s.latestUnlocked(ctx, func(db *gorm.DB) (err error) {
		if clock, err = s.dialect.readClock(db); err != nil {
			return err
		}

		q := query(clock)
		// Scan would log the values.
		err = db.Raw(recentlyEnded, false, q.Since, q.RefreshedSince, q.Customers).Find(&ended.Customers).Error
		if err != nil {
			return err
		}
		return db.Raw(recentlyEnded, true, q.Since, q.RefreshedSince, q.Anonymous).Find(&ended.Anonymous).Error
	})
	if err != nil {
		return Ended{}, clock, fmt.Errorf("look for ended sessions: %w", err)
	}
	return ended, clock, nil
}
