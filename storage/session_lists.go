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
	err := retry(ctx, func() (err error) {
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

const recentlyEnded = `SELECT id, application, refreshed_at, end_reason FROM sessions WHERE is_anonymous = ? AND ended_at >= ? ORDER BY ended_at DESC LIMIT ?`

// RecentlyEnded returns the sessions, of customers or of anonymous shoppers, that have ended at an
// instant or later by the clock of the database, those that ended last first and at most limit of
// them. A transaction is seen when it is over, and the clocks of a cluster's nodes differ: ask for
// some time before what you have seen.
func (s *Store) RecentlyEnded(ctx context.Context, anonymous bool, since time.Time, limit int) ([]EndedSession, error) {
	var ended []EndedSession
	err := retry(ctx, func() error {
		return s.read.WithContext(ctx).Raw(recentlyEnded, anonymous, since, limit).Find(&ended).Error // Scan would log the values
	})
	if err != nil {
		return nil, fmt.Errorf("look for ended sessions: %w", err)
	}
	return ended, nil
}
