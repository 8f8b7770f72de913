package storage

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/ncruces/go-sqlite3"

	"github.com/authtickets/authtickets/models"
)

var (
	onMySQL  = &Store{dialect: mysqlDialect{}}
	onSQLite = &Store{dialect: sqliteDialect{}}
)

func TestRetry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		store *Store
		err   error
		tries int
	}{
		"deadlock":             {onMySQL, &mysql.MySQLError{Number: 1213}, attempts},
		"lock wait":            {onMySQL, &mysql.MySQLError{Number: 1205}, attempts},
		"certification":        {onMySQL, &mysql.MySQLError{Number: 1180}, attempts},
		"too many connections": {onMySQL, &mysql.MySQLError{Number: 1040}, attempts},
		"read-only":            {onMySQL, &mysql.MySQLError{Number: 1290}, attempts},
		"gone away":            {onMySQL, &mysql.MySQLError{Number: 2006}, attempts},
		"bad connection":       {onMySQL, driver.ErrBadConn, attempts},
		"invalid connection":   {onMySQL, mysql.ErrInvalidConn, attempts},
		"busy":                 {onSQLite, sqlite3.BUSY, attempts},
		"syntax":               {onMySQL, &mysql.MySQLError{Number: 1064}, 1},
		"unknown on MySQL":     {onMySQL, errors.New("unknown"), 1},
		"unknown on SQLite":    {onSQLite, errors.New("unknown"), 1},
		"OK":                   {onSQLite, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tries := 0
			err := c.store.retry(t.Context(), func() error {
				tries++
				if c.err == nil {
					return nil
				}
				return fmt.Errorf("wrapped: %w", c.err)
			})

			if tries != c.tries || !errors.Is(err, c.err) {
				t.Errorf("%d tries, error %v", tries, err)
			}
			if busy := errors.Is(err, &models.Error{Reason: models.ReasonBusy}); busy != (c.tries > 1) {
				t.Errorf("shown as busy: %v", busy)
			}
		})
	}
}

// Trying again at once does not help here. So there is one try, and clients get BUSY.
func TestRetryLater(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		store *Store
		cause error
	}{
		{onMySQL, &mysql.MySQLError{Number: 1114}},
		{onMySQL, &mysql.MySQLError{Number: 1135}},
		{onMySQL, &mysql.MySQLError{Number: 1146}},
		{onMySQL, ErrRefused},
		{onSQLite, sqlite3.FULL},
		{onSQLite, sqlite3.IOERR_WRITE},
		{onSQLite, sqlite3.CANTOPEN},
	} {
		tries := 0
		err := c.store.retry(t.Context(), func() error { tries++; return c.cause })

		if tries != 1 || !errors.Is(err, c.cause) || !errors.Is(err, &models.Error{Reason: models.ReasonBusy}) {
			t.Errorf("%v: %d tries, error %v", c.cause, tries, err)
		}
	}
}

func TestRetryEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	tries := 0
	err := onMySQL.retry(ctx, func() error { tries++; cancel(); return driver.ErrBadConn })
	if !errors.Is(err, context.Canceled) || tries > 2 {
		t.Errorf("%d tries, error %v", tries, err)
	}
}

// What must not be done twice is tried again only if the database has done nothing.
func TestRetryUndone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cause error
		tries int
	}{
		{&mysql.MySQLError{Number: 1213}, attempts},
		{driver.ErrBadConn, 1},
	} {
		tries := 0
		err := onMySQL.retryUndone(t.Context(), func() error { tries++; return c.cause })

		if tries != c.tries || !errors.Is(err, &models.Error{Reason: models.ReasonBusy}) {
			t.Errorf("%v: %d tries, error %v", c.cause, tries, err)
		}
	}
}
