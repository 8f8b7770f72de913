// Package storage keeps the rows, with GORM, on MySQL and on SQLite: opening, migrating, and the queries, one file per row type.
// Races are decided by the database, in one conditional statement each; what the outcome means is for others to say.
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

// Settings say which database to open and how. The zero value of a field means the default that is named.
type Settings struct {
	// URL is where the database is: sqlite:///path/to/file, mysql://user:password@host:3306/name, or the DSN of the
	// MySQL driver, user:password@tcp(host:3306)/name. Required. It holds the password.
	URL secret.Text
	// Authorities are those who may have signed the certificate of a MySQL server. With nil, the
	// parameter tls of the URL decides how a connection is encrypted, and the system's are asked.
	Authorities *x509.CertPool
	// Connections is how many connections the pool opens at most, all of which it keeps; 32. On SQLite it bounds the readers.
	Connections int
	// ConnectionLifetime is after how long a connection is replaced, so that a moved or resized cluster is noticed; 30 minutes.
	ConnectionLifetime time.Duration
	// ConnectTimeout bounds one attempt to connect; 3 s.
	ConnectTimeout time.Duration
	// StatementTimeout bounds the wait for an answer to one statement, and on SQLite for another process's write; 5 s.
	StatementTimeout time.Duration
	// Now tells the time for the columns created_at and updated_at. It is SQLite's clock, too. Required.
	Now func() time.Time
	// Log gets a record per statement at the debug level, never with a value. Required.
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

// Store is an open database. Its methods may be called at the same time from anywhere.
type Store struct {
	// write runs statements that change something, read the others. On MySQL they are the same; SQLite has one writer at a time, which waits less
	// when it need not queue behind readers.
	write, read *gorm.DB
	dialect     dialect
	settings    Settings
}

// Embedded reports whether the URL names a SQLite file, which needs no server.
func Embedded(url secret.Text) bool { return strings.HasPrefix(url.Reveal(), sqliteScheme) }

// CheckURL returns ErrURL unless Open would understand the URL.
func CheckURL(address secret.Text) error {
	if Embedded(address) {
		return nil
	}
	_, err := readAddress(address)
	return err
}

// Open prepares a database for use. It does not connect to a server yet, so that a program can start before its database; it does open a SQLite file.
func Open(settings Settings) (*Store, error) {
	settings = settings.withDefaults()
	if Embedded(settings.URL) {
		return openSQLite(settings)
	}
	return openMySQL(settings)
}

func (s Settings) open(dialector gorm.Dialector) (*gorm.DB, error) {
	db, err := gorm.Open(dialector, &gorm.Config{
		Logger: statementLog{s.Log, s.Now}, NowFunc: s.Now, TranslateError: true,
		SkipDefaultTransaction: true, DisableAutomaticPing: true,
	})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return db, nil
}

// WithClock returns the same database with another clock. A server's own clock stays as it is.
func (s *Store) WithClock(now func() time.Time) *Store {
	other := *s
	other.settings.Now = now
	other.dialect = s.dialect.withClock(now)
	other.write = s.write.Session(&gorm.Session{NowFunc: now})
	return &other
}

// Close gives the connections back.
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

// CheckServer returns ErrServer, with each setting of the server that must be changed, and why. SQLite
// has nothing to check.
func (s *Store) CheckServer(ctx context.Context) error { return s.dialect.checkServer(ctx, s) }

// Ready returns why the database cannot carry out operations at the moment. It asks for a row,
// because a node that has lost its cluster still answers a ping.
func (s *Store) Ready(ctx context.Context) error {
	var version int64
	query := s.write.WithContext(ctx).Raw(`SELECT version_id FROM ` + versionsTable + ` LIMIT 1`)
	if err := query.Row().Scan(&version); err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	return nil
}

// exec runs one statement that changes something and returns how many rows it has matched.
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
