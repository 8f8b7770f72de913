package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Clock returns what the database's clock shows.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := s.retry(ctx, func() (err error) {
		now, err = s.dialect.readClock(s.read.WithContext(ctx))
		return err
	})
	return now, err
}

// latest runs a SELECT, and finds everything that was committed before it on any node. On MySQL it
// locks the rows for an instant, so it waits for other transactions that have locked them.
func (s *Store) latest(ctx context.Context, rows any, query string, values ...any) error {
	return s.retry(ctx, func() error {
		// A new connection can change what the dialect knows of the server, so it is asked each
		// time.
		db := s.read.WithContext(ctx).Raw(s.dialect.latest(query), values...)
		return db.Find(rows).Error // Scan would log the values
	})
}

// latestUnlocked runs a read that finds everything that was committed before it, and waits for no
// lock. If plain reads can go to a node that lags, it runs in a transaction. A proxy sends
// transactions to a node that takes writes.
func (s *Store) latestUnlocked(ctx context.Context, read func(db *gorm.DB) error) error {
	if s.dialect.mayLag() {
		return s.transaction(ctx, read)
	}
	return s.retry(ctx, func() error { return read(s.read.WithContext(ctx)) })
}

// transaction runs do in one transaction. After a temporary failure it starts again from the
// beginning. So do must have no effect except on the database.
func (s *Store) transaction(ctx context.Context, do func(tx *gorm.DB) error) error {
	return s.retry(ctx, func() error { return s.dialect.transaction(s.write.WithContext(ctx), do) })
}
