package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// purge deletes rows that meet a condition on an instant. It looks up at most limit keys first and deletes by them, because a delete by
// a range of the condition's index would lock the whole range.
func purge[Row, Key any](ctx context.Context, s *Store, key, condition string, before time.Time, limit int) (int, error) {
	var deleted int
	err := retry(ctx, func() error {
		var keys []Key
		query := gorm.G[Row](s.read).Where(condition, before).Limit(limit).Select(key)
		if err := query.Scan(ctx, &keys); err != nil || len(keys) == 0 {
			return err
		}
		rows, err := gorm.G[Row](s.write).Where(key+" IN ?", keys).Where(condition, before).Delete(ctx)
		deleted = rows
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge: %w", err)
	}
	return deleted, nil
}
