package storage

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/models"
)

// Attributes returns all attributes of an account, in order of their names.
func (s *Store) Attributes(ctx context.Context, accountID int64) ([]models.CustomerAttribute, error) {
	var attributes []models.CustomerAttribute
	err := retry(ctx, func() (err error) {
		attributes, err = gorm.G[models.CustomerAttribute](s.read).Where("account_id = ?", accountID).Order("fully_qualified_name").Find(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read attributes: %w", err)
	}
	return attributes, nil
}
