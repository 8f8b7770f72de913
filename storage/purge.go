package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// purge looks up the keys of at most limit rows that meet a condition, in which until replaces the
// placeholder. Then it deletes all rows with these keys that meet the condition, and returns how
// many.
//
// Deleting a range of the condition's index would lock the whole range.
func purge[Row, Key any](
	ctx context.Context, s *Store, key, condition string, until time.Time, limit int,
) (int, error) {
	var deleted int
	err := s.retry(ctx, func() error {
		var keys []Key
		query := gorm.G[Row](s.read).Where(condition, until).Limit(limit).Select(key)
		if err := query.Scan(ctx, &keys); err != nil || len(keys) == 0 {
			return err
		}

		rows, err := gorm.G[Row](s.write).Where(key+" IN ?", keys).Where(condition, until).Delete(ctx)
		deleted = rows
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge: %w", err)
	}
	return deleted, nil
}

// PurgeLimit returns how far purging has come. Rows that are to be purged later still exist.
func (s *Store) PurgeLimit(ctx context.Context) (time.Time, error) {
	var limit time.Time
	err := s.retry(ctx, func() error {
		return s.read.WithContext(ctx).Raw(`SELECT purged_until FROM purge_limits WHERE id = 1`).Row().Scan(&limit)
	})
	if err != nil {
		return limit, fmt.Errorf("read the limit of purging: %w", err)
	}
	return limit, nil
}

// RaisePurgeLimit records that purging may go up to the instant until. The limit never moves back.
func (s *Store) RaisePurgeLimit(ctx context.Context, until time.Time) error {
	_, err := s.exec(ctx, `UPDATE purge_limits SET purged_until = ? WHERE id = 1 AND purged_until < ?`, until, until)
	if err != nil {
		return fmt.Errorf("raise the limit of purging: %w", err)
	}
	return nil
}
