// Package storage keeps the rows, with GORM, on MySQL and on SQLite. It opens and migrates the
// database, and holds the queries, one file per kind of row.
//
// The database decides races, in one conditional statement each. What the outcome means is for the
// callers to decide.
package storage

import (
	"context"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/secret"
)

// Settings say which database to open and how. Zero in a field means its default.
type Settings struct {
	// URL is where the database is: sqlite:///path/to/file, mysql://user:password@host:3306/name,
	// or the DSN of the MySQL driver, user:password@tcp(host:3306)/name. It holds the password.
	// Required.
	URL secret.Text
	// Authorities may sign the certificate of a MySQL server. With nil, the parameter tls of the
	// URL decides how a connection is encrypted, and the system's authorities are trusted.
	Authorities *x509.CertPool
	// Connections is the largest number of open connections, 32 by default. They stay open. On
	// SQLite it bounds the readers.
	Connections int
	// ConnectionLifetime is how long a connection is used, 30 minutes by default. Connections are
	// replaced so that the server notices when a cluster is moved or resized.
	ConnectionLifetime time.Duration
	// ConnectTimeout bounds one attempt to connect, 3 s by default.
	ConnectTimeout time.Duration
	// StatementTimeout bounds the wait for the answer to one statement, 5 s by default. On SQLite
	// it also bounds the wait for another process that writes.
	StatementTimeout time.Duration
	// Now returns the time for the columns created_at and updated_at. It is also SQLite's clock.
	// Required.
	Now func() time.Time
	// Log gets one record per statement at the debug level, without the values. Required.
	Log *slog.Logger
}

func (s Settings) withDefaults() Settings {
	if s.Connections == 0 {
		s.Connections = 32
	}
	if s.ConnectionLifetime == 0 {
		s.ConnectionLifetime = 30 * time.Minute
	}
	if s.ConnectTimeout == 0 {
		s.ConnectTimeout = 3 * time.Second
	}
	if s.StatementTimeout == 0 {
		s.StatementTimeout = 5 * time.Second
	}
	return s
}

// Store is an open database. Its methods may be called concurrently.
type Store struct {
	// write runs statements that change something, read runs the others. On MySQL they are the
	// same. SQLite has one writer at a time, which should not queue behind readers.
	write, read *gorm.DB
	dialect     dialect
	settings    Settings
}

// Embedded reports whether the URL names a SQLite file, which needs no server.
func Embedded(url secret.Text) bool { return strings.HasPrefix(url.Reveal(), sqliteScheme) }

// CheckURL returns ErrURL if Open would not understand the URL.
func CheckURL(address secret.Text) error {
	if Embedded(address) {
		return nil
	}
	_, err := readAddress(address)
	return err
}

// Open prepares a database for use. It opens a SQLite file, but does not connect to a server yet,
// so that a program can start before its database.
func Open(settings Settings) (*Store, error) {
	settings = settings.withDefaults()
	if Embedded(settings.URL) {
		return openSQLite(settings)
	}
	return openMySQL(settings)
}

func (s Settings) open(dialector gorm.Dialector) (*gorm.DB, error) {
	db, err := gorm.Open(dialector, &gorm.Config{
		Logger:                 statementLog{s.Log, s.Now},
		NowFunc:                s.Now,
		TranslateError:         true,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
	})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return db, nil
}

// WithClock returns the same database with another clock. A server keeps its own clock.
func (s *Store) WithClock(now func() time.Time) *Store {
	other := *s
	other.settings.Now = now
	other.dialect = s.dialect.withClock(now)
	other.write = s.write.Session(&gorm.Session{NowFunc: now})
	return &other
}

// Close closes all connections.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*gorm.DB{s.write, s.read} {
		pool, err := db.DB()
		if err == nil {
			err = pool.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	pool, err := s.write.DB()
	if err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}

	if err := pool.PingContext(ctx); err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	return nil
}

// CheckServer returns ErrServer if settings of the database server must be changed first. The text
// has a line for each of them, with the reason. SQLite has nothing to check.
func (s *Store) CheckServer(ctx context.Context) error { return s.dialect.checkServer(ctx, s) }

// Ready returns an error while the database cannot carry out operations. It asks for a row, because
// a node that has lost its cluster still answers a ping.
func (s *Store) Ready(ctx context.Context) error {
	var version int64
	query := s.write.WithContext(ctx).Raw(`SELECT version_id FROM ` + versionsTable + ` LIMIT 1`)
	if err := query.Row().Scan(&version); err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	return nil
}

// exec runs one statement that changes something and returns how many rows it matched.
func (s *Store) exec(ctx context.Context, statement string, values ...any) (int64, error) {
	var rows int64
	err := s.retry(ctx, func() error {
		result := s.write.WithContext(ctx).Exec(statement, values...)
		rows = result.RowsAffected
		return result.Error
	})
	return rows, err
}

func pool(db *sql.DB, connections int, lifetime time.Duration) *sql.DB {
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxLifetime(lifetime)
	return db
}
