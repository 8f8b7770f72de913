package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/authtickets/authtickets/models"
)

// EndedApplicationTickets returns the ids of all tickets of applications that ended early and have
// not been purged.
func (s *Store) EndedApplicationTickets(ctx context.Context) ([]models.ID, error) {
	var ids []models.ID
	err := s.latestUnlocked(ctx, func(db *gorm.DB) error {
		return db.Model(&models.EndedApplicationTicket{}).Order("id").Pluck("id", &ids).Error
	})
	if err != nil {
		return nil, fmt.Errorf("read the ended tickets of applications: %w", err)
	}
	return ids, nil
}

// HasApplicationTicketEnded reports whether a ticket of an application has ended early.
func (s *Store) HasApplicationTicketEnded(ctx context.Context, id models.ID) (bool, error) {
	var count int64
	err := s.latestUnlocked(ctx, func(db *gorm.DB) error {
		return db.Model(&models.EndedApplicationTicket{}).Where("id = ?", id).Count(&count).Error
	})
	if err != nil {
		return false, fmt.Errorf("read an ended ticket of an application: %w", err)
	}
	return count > 0, nil
}

// EndApplicationTicket ends a ticket of an application. It has no effect on one that has ended.
func (s *Store) EndApplicationTicket(ctx context.Context, ticket models.EndedApplicationTicket) error {
	err := s.retry(ctx, func() error {
		return s.write.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&ticket).Error
	})
	if err != nil {
		return fmt.Errorf("end the ticket of an application: %w", err)
	}
	return nil
}

// PurgeApplicationTickets deletes the rows of tickets that had expired at the instant until. It
// deletes at most limit rows, and returns how many.
func (s *Store) PurgeApplicationTickets(ctx context.Context, until time.Time, limit int) (int, error) {
	return purge[models.EndedApplicationTicket, models.ID](ctx, s, "id", "expires_at <= ?", until, limit)
}
