// Package storage keeps the rows in MySQL or SQLite, with GORM. It opens and migrates the database,
// and holds the queries, one file per kind of row.
//
// The database decides each race, in one conditional statement. The callers decide what the outcome
// means.
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
	// or a DSN of the MySQL driver, user:password@tcp(host:3306)/name. It can contain a password.
	// Required.
	URL secret.Text
	// Authorities are the only ones that may sign the certificate of a MySQL server. With nil, the
	// parameter tls of the URL decides how a connection is encrypted, and the system's authorities
	// are trusted.
	Authorities *x509.CertPool
	// Connections is the largest number of open connections, 32 by default. They stay open. On
	// SQLite it is the number of readers.
	Connections int
	// ConnectionLifetime is how long a connection is used, 30 minutes by default. New connections
	// find the nodes of a cluster that was moved or resized. SQLite ignores it.
	ConnectionLifetime time.Duration
	// ConnectTimeout limits one attempt to connect, 3 s by default.
	ConnectTimeout time.Duration
	// StatementTimeout limits how long we wait for the answer to one statement, 5 s by default. On
	// SQLite it limits how long we wait for another process that writes.
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
	// write runs statements that change something, and read runs most others. On MySQL they are the
	// same. SQLite has one writer at a time, which should not wait for readers.
	write, read *gorm.DB
	dialect     dialect
	settings    Settings
}

// Embedded reports whether the URL names a SQLite file, which needs no server.
func Embedded(url secret.Text) bool { return strings.HasPrefix(url.Reveal(), sqliteScheme) }

// CheckURL returns ErrURL if Open would refuse the URL.
func CheckURL(address secret.Text) error {
	if Embedded(address) {
		return nil
	}
	_, err := readAddress(address)
	return err
}

// Open prepares a database for use. It opens a SQLite file, but does not connect to a server yet.
// So a program can start before its database server.
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

// WithClock returns the same database with another Settings.Now. A MySQL server keeps its own
// clock.
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

// Ping returns an error if the database does not answer.
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
// has a line for each of them, with the reason. SQLite has no such settings.
func (s *Store) CheckServer(ctx context.Context) error { return s.dialect.checkServer(ctx, s) }

// Ready returns an error while the database cannot carry out operations. It reads a row, because a
// node that has lost its cluster still answers a ping.
func (s *Store) Ready(ctx context.Context) error {
	var version int64
	query := s.write.WithContext(ctx).Raw(`SELECT version_id FROM ` + versionsTable + ` LIMIT 1`)
	if err := query.Row().Scan(&version); err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	return nil
}

// exec runs one statement that changes something, and returns how many rows it matched. It retries,
// so after a lost answer the number can be that of the second run.
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
