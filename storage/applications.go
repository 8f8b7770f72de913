package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/models"
)

// Applications returns all applications, ordered by id.
func (s *Store) Applications(ctx context.Context) ([]models.Application, error) {
	var applications []models.Application
	err := s.latestUnlocked(ctx, func(db *gorm.DB) error {
		return db.Order("id").Find(&applications).Error
	})
	if err != nil {
		return nil, fmt.Errorf("read applications: %w", err)
	}
	return applications, nil
}

// Application returns the application with this id, or ErrNotFound.
func (s *Store) Application(ctx context.Context, id string) (*models.Application, error) {
	var application models.Application
	err := s.retry(ctx, func() error {
		return s.read.WithContext(ctx).Where("id = ?", id).Take(&application).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read an application: %w", err)
	}
	return &application, nil
}

// InsertApplication writes a new application, or returns ErrExists.
func (s *Store) InsertApplication(ctx context.Context, application *models.Application) error {
	err := s.retryUndone(ctx, func() error { return s.write.WithContext(ctx).Create(application).Error })
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return ErrExists
	}
	if err != nil {
		return fmt.Errorf("insert an application: %w", err)
	}
	return nil
}

// ChangeApplication reads an application, calls change with it, and writes it back, in one
// transaction. So no concurrent change gets lost. now is what the database's clock shows. It
// returns ErrNotFound if there is no such application, ErrExists if another one has its client id,
// and any error of change. change can run twice.
func (s *Store) ChangeApplication(
	ctx context.Context, id string, change func(application *models.Application, now time.Time) error,
) error {
	return s.transaction(ctx, func(tx *gorm.DB) error {
		var application models.Application
		err := forUpdate(tx).Where("id = ?", id).Take(&application).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("read an application: %w", err)
		}

		now, err := s.dialect.readClock(tx)
		if err != nil {
			return err
		}
		if err := change(&application, now); err != nil {
			return err
		}
		err = tx.Select("*").Updates(&application).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return ErrExists
		}
		if err != nil {
			return fmt.Errorf("change an application: %w", err)
		}
		return nil
	})
}

// DeleteApplication deletes an application, or returns ErrNotFound.
func (s *Store) DeleteApplication(ctx context.Context, id string) error {
	rows, err := s.exec(ctx, `DELETE FROM applications WHERE id = ?`, id)
	if err != nil {
		return fmt.Errorf("delete an application: %w", err)
	}
	if rows == 0 {
		return ErrNotFound
	}
	return nil
}
