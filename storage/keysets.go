package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/authtickets/authtickets/models"
)

// Keysets returns all keysets, ordered by purpose and number.
func (s *Store) Keysets(ctx context.Context) ([]models.Keyset, error) {
	var keysets []models.Keyset
	err := s.latestUnlocked(ctx, func(db *gorm.DB) error {
		return db.Order("purpose, number").Find(&keysets).Error
	})
	if err != nil {
		return nil, fmt.Errorf("read keysets: %w", err)
	}
	return keysets, nil
}

// InsertFirstKeysets writes the first keyset of each purpose. If another process was faster, its
// keysets stay.
func (s *Store) InsertFirstKeysets(ctx context.Context, keysets []models.Keyset) error {
	err := s.retry(ctx, func() error {
		return s.write.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&keysets).Error
	})
	if err != nil {
		return fmt.Errorf("insert the first keysets: %w", err)
	}
	return nil
}

// InsertKeyset writes a new keyset. It returns false if another process was faster.
//
// It also returns false if the keyset before it no longer exists, or is no longer encrypted as it
// was read. Then the master key was changed meanwhile, and nobody could decrypt the new keyset.
func (s *Store) InsertKeyset(ctx context.Context, keyset, before *models.Keyset) (bool, error) {
	inserted := false
	err := s.transaction(ctx, func(tx *gorm.DB) (err error) {
		inserted, err = insertAfter(tx, before, keyset)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("insert a keyset: %w", err)
	}
	return inserted, nil
}

func insertAfter(tx *gorm.DB, before, keyset *models.Keyset) (bool, error) {
	var present models.Keyset
	err := forUpdate(tx).Where("purpose = ? AND number = ?", before.Purpose, before.Number).Take(&present).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return false, nil
	case err != nil:
		return false, err
	case !bytes.Equal(present.Sealed, before.Sealed):
		return false, nil
	}

	err = tx.Create(keyset).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return false, nil
	}

	return err == nil, err
}

// ReplaceKeysets stores what reseal returns for each keyset, and returns how many keysets there
// are. No other process adds or replaces a keyset meanwhile. At the first error of reseal it
// returns that error, and nothing has changed.
func (s *Store) ReplaceKeysets(ctx context.Context, reseal func(models.Keyset) ([]byte, error)) (int, error) {
	replaced := 0
	err := s.transaction(ctx, func(tx *gorm.DB) (err error) {
		replaced, err = resealAll(tx, reseal)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("replace keysets: %w", err)
	}
	return replaced, nil
}

func resealAll(tx *gorm.DB, reseal func(models.Keyset) ([]byte, error)) (int, error) {
	var keysets []models.Keyset
	if err := forUpdate(tx).Order("purpose, number").Find(&keysets).Error; err != nil {
		return 0, err
	}

	for _, keyset := range keysets {
		sealed, err := reseal(keyset)
		if err != nil {
			return 0, err
		}

		row := tx.Model(&models.Keyset{}).Where("purpose = ? AND number = ?", keyset.Purpose, keyset.Number)
		if err := row.Update("sealed", sealed).Error; err != nil {
			return 0, err
		}
	}

	return len(keysets), nil
}

// DeleteKeyset deletes a keyset. It returns false if there was no such keyset.
func (s *Store) DeleteKeyset(ctx context.Context, purpose models.KeyPurpose, number int) (bool, error) {
	rows, err := s.exec(ctx, `DELETE FROM keysets WHERE purpose = ? AND number = ?`, purpose, number)
	if err != nil {
		return false, fmt.Errorf("delete a keyset: %w", err)
	}
	return rows > 0, nil
}
