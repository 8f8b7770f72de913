package storage

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/ncruces/go-sqlite3"

	"github.com/authtickets/authtickets/models"
)

const (
	attempts   = 8
	firstPause = 2 * time.Millisecond
	longest    = 200 * time.Millisecond
)

// retry runs do again while the database says that it may succeed next time, at most 8 times and until ctx ends, with pauses that
// grow from 2 to 200 ms. What still fails then is a models.Error of the reason BUSY, with the cause behind it for the log; when ctx has ended it is
// the error of ctx, whatever the database calls it.
//
// A statement whose connection broke may have been carried out all the same. do must therefore be such that it can be run twice: it
// inserts a row with a known key, or its condition is made false by the first run.
func retry(ctx context.Context, do func() error) error {
	return retryIf(ctx, func(err error) bool { return undone(err) || broken(err) }, do)
}

// retryUndone is retry for what must not be run twice: it leaves it at an error that does not say whether the statement was carried out.
func retryUndone(ctx context.Context, do func() error) error {
	return retryIf(ctx, undone, do)
}

func retryIf(ctx context.Context, again func(error) bool, do func() error) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := do()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case !again(err):
			return shownBusy(err)
		}
		if attempt == attempts {
			return shownBusy(err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(pause/2 + rand.N(pause)): //nolint:gosec // spreads the attempts, keeps no secret
		}
		pause = min(2*pause, longest)
	}
}

// shownBusy makes an error that may be gone next time one that clients are told as BUSY.
func shownBusy(err error) error {
	if undone(err) || broken(err) || noSuchTable(err) || exhausted(err) || errors.Is(err, ErrRefused) {
		return fmt.Errorf("%w: %w", &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second}, err)
	}
	return err
}

// undone reports whether the database has refused a statement, done nothing of it, and may carry it out next time.
func undone(err error) bool {
	if fromMySQL, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return slices.Contains([]uint16{
			1213, // deadlock; on Galera also a failed certification
			1205, // lock wait timeout
			1020, // row changed since it was read, with MariaDB's snapshot isolation
			1180, // error during commit: Galera's certification at commit
			1047, // Galera node not ready
			1040, // too many connections
			1203, // too many connections of this user
			1053, // server shutdown in progress
			1290, // read-only after a fail-over
			1836, // read-only after a fail-over
		}, fromMySQL.Number)
	}
	return errors.Is(err, sqlite3.BUSY) || errors.Is(err, sqlite3.LOCKED)
}

// exhausted reports whether the database has run out of room on its disk, memory, files or threads.
// Trying again at once would not help it.
func exhausted(err error) bool {
	if fromMySQL, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return slices.Contains([]uint16{
			3,    // error writing a file
			1016, // cannot open a file
			1021, // disk full
			1026, // error writing a file
			1030, // an error of the storage engine
			1037, // out of memory
			1038, // out of memory for sorting
			1041, // out of memory
			1114, // the table is full
			1135, // cannot create a thread
			1226, // the user has used up a resource
		}, fromMySQL.Number)
	}
	for _, code := range []sqlite3.ErrorCode{sqlite3.FULL, sqlite3.IOERR, sqlite3.NOMEM, sqlite3.CANTOPEN} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// noSuchTable reports whether a table is missing, which it is until the first migration is over.
func noSuchTable(err error) bool {
	if fromMySQL, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return fromMySQL.Number == 1146
	}
	fromSQLite, ok := errors.AsType[*sqlite3.Error](err)
	return ok && strings.Contains(fromSQLite.Error(), "no such table")
}

// broken reports whether the connection has broken, so that nobody knows what became of the statement.
func broken(err error) bool {
	if fromMySQL, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return slices.Contains([]uint16{
			1927, // connection was killed
			2006, // server has gone away, as proxies send it
			2013, // lost connection during the query, as proxies send it
		}, fromMySQL.Number)
	}
	_, network := errors.AsType[*net.OpError](err)
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) || network ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
