package storage

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// A database that stood still runs what has reached it when it goes on, though its sender has long told the client to ask again. A session that was
// moved so late would make an honest client's repetition look like a stolen token. So the statement that moves it asks the time, and does nothing after the
// deadline of its context. It goes by the database's clock; how far that is from ours is measured on each new connection.

// inTime returns a condition that no longer holds when the deadline of ctx has passed, and its value. It is empty where there is no deadline, and on SQLite,
// where nothing is under way when its sender has given up.
func (s *Store) inTime(ctx context.Context) (condition string, values []any) {
	deadline, ok := ctx.Deadline()
	if s.dialect.ahead == nil || !ok {
		return "", nil
	}
	return "UTC_TIMESTAMP(6) < ?", []any{deadline.Add(time.Duration(s.dialect.ahead.Load())).UTC()}
}

// clockedConnector measures with each connection how far the database's clock is ahead of ours.
type clockedConnector struct {
	driver.Connector

	ahead *atomic.Int64 // nanoseconds
}

// Connect implements driver.Connector.
func (c clockedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	connection, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	asked := time.Now() //nolint:forbidigo // real time, whatever the clock of operations says
	at, err := databaseTime(ctx, connection)
	if err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	c.ahead.Store(int64(at.Sub(asked)))
	return connection, nil
}

var errNoTime = errors.New("the database does not tell the time")

func databaseTime(ctx context.Context, connection driver.Conn) (at time.Time, err error) {
	queryer, ok := connection.(driver.QueryerContext)
	if !ok {
		return at, errNoTime
	}
	rows, err := queryer.QueryContext(ctx, "SELECT UTC_TIMESTAMP(6)", nil)
	if err != nil {
		return at, fmt.Errorf("ask the time: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, 1)
	if err := rows.Next(row); err != nil {
		return at, fmt.Errorf("ask the time: %w", err)
	}
	at, ok = row[0].(time.Time)
	if !ok {
		return at, errNoTime
	}
	return at, nil
}
