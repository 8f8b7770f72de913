package storage

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pressly/goose/v3/lock"
	"gorm.io/gorm"
)

// lockSchema locks a row on a Galera cluster, because its nodes share no other locks. The lock is a
// lease, which runs out after its holder is killed. On any other server the connection of the
// migrator holds the lock.
func (d mysqlDialect) lockSchema(ctx context.Context, db *gorm.DB) (unlock func() error, err error) {
	if !d.isCluster() {
		return func() error { return nil }, nil
	}
	return leaseSchema(ctx, db)
}

func leaseSchema(ctx context.Context, db *gorm.DB) (unlock func() error, err error) {
	const lease, renewal = 10 * time.Second, 2 * time.Second
	leased, err := lock.NewMySQLTableLocker(
		lock.WithTableName("schema_lock"), lock.WithTableLockTimeout(time.Second, 300),
		lock.WithTableLeaseDuration(lease), lock.WithTableHeartbeatInterval(renewal),
	)
	if err != nil {
		return nil, err
	}

	connections, err := db.DB()
	if err != nil {
		return nil, err
	}
	if err := leased.Lock(ctx, connections); err != nil {
		return nil, err
	}

	return func() error { return leased.Unlock(context.WithoutCancel(ctx), connections) }, nil
}

// locked takes the lock of the schema for each connection. The server releases the lock when the
// connection ends. If our process is killed between two statements, that happens at once. If it is
// killed during a statement, the server finishes the statement first, even an ALTER TABLE.
type locked struct {
	prepared

	log *slog.Logger
}

// takeLock waits at most a second for the lock. Each database of a server has its own lock.
const takeLock = "SELECT GET_LOCK(SHA1(CONCAT('authtickets migrate ', DATABASE())), 1)"

var errNoLock = errors.New("the database server cannot lock the schema")

// Connect implements driver.Connector. It waits for the lock until ctx ends.
func (l locked) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := l.prepared.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.lock(ctx, opened); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the schema: %w", err), opened.Close())
	}
	return opened, nil
}

func (l locked) lock(ctx context.Context, opened driver.Conn) error {
	for attempt := 1; ; attempt++ {
		row, err := firstRow(ctx, opened, takeLock)
		switch {
		case err != nil:
			return err
		case row[0] == nil:
			return errNoLock
		case row[0] == int64(1):
			return nil
		case attempt == 1:
			l.log.InfoContext(ctx, "another process migrates the database; waiting for it to finish")
		}
	}
}
