package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/models"
)

// mostSessions is how many sessions of one shopper are listed.
const mostSessions = 100

// SessionsOf returns the sessions of a shopper that have neither ended nor expired, those that began last first, and at most 100 of them.
func (s *Store) SessionsOf(ctx context.Context, userID models.ID, now time.Time) ([]models.Session, error) {
	var sessions []models.Session
	err := s.retry(ctx, func() (err error) {
		sessions, err = gorm.G[models.Session](s.read).Where("user_id = ? AND ended_at IS NULL AND expires_at > ?", userID, now).
			Order("started_at DESC, id").Limit(mostSessions).Find(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return sessions, nil
}

// EndedSession says of a session why it ended, and when its last access token was issued.
type EndedSession struct {
	ID          models.ID
	Application string
	RefreshedAt time.Time
	Reason      models.Reason `gorm:"column:end_reason"`
}

// recentlyEnded finds its rows by an index, those that ended last first.
const recentlyEnded = `SELECT id, application, refreshed_at, end_reason FROM sessions ` +
	`WHERE is_anonymous = ? AND ended_at >= ? AND refreshed_at >= ? ORDER BY ended_at DESC LIMIT ?`

// EndedQuery asks for sessions that have ended.
type EndedQuery struct {
	// Since is when they have ended at the earliest, by the clock of the database. A transaction is
	// seen when it is over, and the clocks of a cluster's nodes differ: ask for some time before
	// what you have seen.
	Since time.Time
	// RefreshedSince is when they were refreshed last, at the earliest.
	RefreshedSince time.Time
	// Customers and Anonymous are how many there are at most, of those that ended last.
	Customers, Anonymous int
}

// Ended are the sessions that an EndedQuery asks for.
type Ended struct{ Customers, Anonymous []EndedSession }

// RecentlyEnded returns sessions that have ended, and what the database's clock showed before it
// looked. query makes the question of that clock. It all is one look at a node that takes writes.
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
