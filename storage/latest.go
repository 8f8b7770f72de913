package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// clock is the database's clock as an expression, with its values. A server has a clock of its own;
// SQLite uses ours.
func (s *Store) clock() (expression string, values []any) {
	if s.dialect.server == nil {
		return `?`, []any{s.settings.Now()}
	}
	return `UTC_TIMESTAMP(6)`, nil
}

// Clock returns what the database's clock shows.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := retry(ctx, func() (err error) {
		now, err = s.clockOf(s.read.WithContext(ctx))
		return err
	})
	return now, err
}

func (s *Store) clockOf(db *gorm.DB) (time.Time, error) {
	if s.dialect.server == nil {
		return s.settings.Now(), nil
	}
	var now time.Time
	if err := db.Raw(`SELECT UTC_TIMESTAMP(6)`).Row().Scan(&now); err != nil {
		return now, fmt.Errorf("ask the database's clock: %w", err)
	}
	return now, nil
}

// inTime is that of the server. On SQLite nothing is under way when its sender has given up.
func (s *Store) inTime(ctx context.Context) (condition string, values []any) {
	if s.dialect.server == nil {
		return "", nil
	}
	return s.dialect.server.inTime(ctx)
}

// canCatchUp reports whether a node can be asked to catch up with its cluster.
func (s *Store) canCatchUp() bool {
	return s.dialect.server != nil && s.dialect.server.canCatchUp.Load()
}

// isCluster reports whether the server is a node of a Galera cluster.
func (s *Store) isCluster() bool { return s.dialect.server != nil && s.dialect.server.isCluster.Load() }

// latest runs a SELECT of single rows, without its end, and finds what was committed before it. A
// proxy that splits reads and writes sends a locking read to a node that takes writes, and a Galera
// node is asked to catch up first.
func (s *Store) latest(ctx context.Context, rows any, query string, values ...any) error {
	query += s.dialect.forUpdate()
	return retry(ctx, func() error {
		text := query
		if s.canCatchUp() { // it is known once there is a connection
			text = catchUp + query
		}
		return s.read.WithContext(ctx).Raw(text, values...).Find(rows).Error // Scan would log the values
	})
}

// latestUnlocked runs a read that sees what was committed before it, and waits for no lock. It is
// in a transaction because a proxy that splits reads and writes sends those to a node that takes
// writes.
func (s *Store) latestUnlocked(ctx context.Context, read func(db *gorm.DB) error) error {
	if s.dialect.server == nil {
		return retry(ctx, func() error { return read(s.read.WithContext(ctx)) })
	}
	return s.transaction(ctx, read)
}

// catchUp begins a statement before which a Galera node applies everything that any node has
// committed.
const catchUp = `SET STATEMENT wsrep_sync_wait = 1 FOR `

// transaction runs do in one transaction, and again from its beginning when the database asks for
// that. do must therefore have no effect but on the database. A Galera node catches up first: what
// do changes may have been written on another one just before.
func (s *Store) transaction(ctx context.Context, do func(tx *gorm.DB) error) error {
	return retry(ctx, func() error {
		db := s.write.WithContext(ctx)
		if !s.canCatchUp() {
			return db.Transaction(do)
		}
		return db.Connection(func(connection *gorm.DB) error {
			if err := connection.Exec(catchUp + `SELECT 1`).Error; err != nil {
				return fmt.Errorf("catch up with the cluster: %w", err)
			}
			return connection.Transaction(do)
		})
	})
}
