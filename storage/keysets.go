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

// Keysets returns all keysets, in order of their purposes and numbers.
func (s *Store) Keysets(ctx context.Context) ([]models.Keyset, error) {
	var keysets []models.Keyset
	err := s.latestUnlocked(ctx, func(db *gorm.DB) error { return db.Order("purpose, number").Find(&keysets).Error })
	if err != nil {
		return nil, fmt.Errorf("read keysets: %w", err)
	}
	return keysets, nil
}

// InsertFirstKeysets writes the first keysets of their purposes. Where somebody was faster, theirs stay.
func (s *Store) InsertFirstKeysets(ctx context.Context, keysets []models.Keyset) error {
	err := s.retry(ctx, func() error {
		return s.write.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&keysets).Error
	})
	if err != nil {
		return fmt.Errorf("insert the first keysets: %w", err)
	}
	return nil
}

// InsertKeyset writes a new keyset and reports whether it did: false means that somebody was faster. The one before it must still be encrypted as it was read. Otherwise the
// master key was changed meanwhile, and a keyset under the former one would be of no use.
func (s *Store) InsertKeyset(ctx context.Context, keyset, before *models.Keyset) (bool, error) {
	done := false
	err := s.transaction(ctx, func(tx *gorm.DB) error {
		done = false
		var present models.Keyset
		err := forUpdate(tx).Where("purpose = ? AND number = ?", before.Purpose, before.Number).Take(&present).Error
		if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && !bytes.Equal(present.Sealed, before.Sealed) {
			return nil
		}
		if err != nil {
			return err
		}
		err = tx.Create(keyset).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return nil
		}
		done = err == nil
		return err
	})
	if err != nil {
		return false, fmt.Errorf("insert a keyset: %w", err)
	}
	return done, nil
}

// ReplaceKeysets has all keysets encrypted anew, all or none, and returns how many they are. Nobody makes or replaces any meanwhile. Any error of reseal ends it.
func (s *Store) ReplaceKeysets(ctx context.Context, reseal func(models.Keyset) ([]byte, error)) (int, error) {
	var keysets []models.Keyset
	err := s.transaction(ctx, func(tx *gorm.DB) error {
		keysets = nil
		if err := forUpdate(tx).Order("purpose, number").Find(&keysets).Error; err != nil {
			return err
		}
		for _, keyset := range keysets {
			sealed, err := reseal(keyset)
			if err != nil {
				return err
			}
			row := tx.Model(&models.Keyset{}).Where("purpose = ? AND number = ?", keyset.Purpose, keyset.Number)
			if err := row.Update("sealed", sealed).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("replace keysets: %w", err)
	}
	return len(keysets), nil
}

// DeleteKeyset deletes a keyset and reports whether it did: false means that there was none any more.
func (s *Store) DeleteKeyset(ctx context.Context, purpose models.KeyPurpose, number int) (bool, error) {
	rows, err := s.exec(ctx, `DELETE FROM keysets WHERE purpose = ? AND number = ?`, purpose, number)
	if err != nil {
		return false, fmt.Errorf("delete a keyset: %w", err)
	}
	return rows > 0, nil
}
