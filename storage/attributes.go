package storage

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/models"
)

// AttributesOf returns all attributes of several accounts, ordered by account number and name.
func (s *Store) AttributesOf(ctx context.Context, accountIDs []int64) ([]models.CustomerAttribute, error) {
	var attributes []models.CustomerAttribute
	err := s.retry(ctx, func() error {
		ordered := s.read.WithContext(ctx).Order("account_id, fully_qualified_name")
		return findIn(ordered, "account_id", accountIDs, &attributes)
	})
	if err != nil {
		return nil, fmt.Errorf("read attributes: %w", err)
	}
	return attributes, nil
}

// Attributes returns all attributes of an account, ordered by name.
func (s *Store) Attributes(ctx context.Context, accountID int64) ([]models.CustomerAttribute, error) {
	var attributes []models.CustomerAttribute
	err := s.retry(ctx, func() (err error) {
		query := gorm.G[models.CustomerAttribute](s.read).Where("account_id = ?", accountID)
		attributes, err = query.Order("fully_qualified_name").Find(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read attributes: %w", err)
	}
	return attributes, nil
}
