package storage

import (
	"context"
	databasedriver "database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/gormlite"
	"github.com/pressly/goose/v3"
	"github.com/rogpeppe/go-internal/lockedfile"
	"gorm.io/gorm"
)

const sqliteScheme = "sqlite://"

// sqliteDialect is a SQLite file. It has no server. So there are no settings to check, no nodes
// that lag, and no statements that run after we have stopped waiting for them.
type sqliteDialect struct {
	file string
	// now is the database's clock.
	now func() time.Time
}

// openSQLite opens the file twice: one connection writes, a pool reads. Both see a commit as soon
// as it is done.
func openSQLite(settings Settings) (*Store, error) {
	path := strings.TrimPrefix(settings.URL.Reveal(), sqliteScheme)
	if path == "" {
		return nil, ErrURL
	}
	if err := createPrivate(path); err != nil {
		return nil, err
	}

	write, err := settings.openFile(path, 1, "_txlock=immediate")
	if err != nil {
		return nil, err
	}

	store := &Store{write: write, read: write, dialect: sqliteDialect{path, settings.Now}, settings: settings}
	store.read, err = settings.openFile(path, settings.Connections, "_pragma=query_only(on)")
	if err != nil {
		store.read = write
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// createPrivate creates an empty file that only its owner can read, unless the file already exists.
// It will hold password hashes.
func createPrivate(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}

	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	return file.Close()
}

func (s Settings) openFile(path string, connections int, parameter string) (*gorm.DB, error) {
	parameters := []string{
		fmt.Sprintf("_pragma=busy_timeout(%d)", s.StatementTimeout.Milliseconds()),
		"_pragma=journal_mode(wal)",
		"_pragma=synchronous(full)", // a commit that was answered survives a power failure
		"_timefmt=unixepoch_micro",  // instants compare as numbers
		parameter,
	}

	db, err := driver.Open(fileURL(path) + "&" + strings.Join(parameters, "&"))
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return s.open(gormlite.OpenDB(pool(db, connections, 0)))
}

// fileURL names a SQLite file. The write-ahead log next to it gets the file's mode.
func fileURL(path string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?modeof=" + url.QueryEscape(path)
}

func (d sqliteDialect) name() string { return "sqlite" }

// migrator opens the file without _timefmt, because goose writes its instants as text.
func (d sqliteDialect) migrator(_ Settings, files fs.FS) (*goose.Provider, error) {
	connection, err := driver.Open(fileURL(d.file))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, connection, files,
		goose.WithTableName(versionsTable), goose.WithDisableGlobalRegistry(true))
}

// lockSchema locks a file next to the database. It does not stop waiting when the context ends.
func (d sqliteDialect) lockSchema(context.Context, *gorm.DB) (unlock func() error, err error) {
	release, err := lockedfile.MutexAt(d.file + ".lock").Lock()
	return func() error { release(); return nil }, err
}

func (d sqliteDialect) checkServer(context.Context, *Store) error { return nil }

func (d sqliteDialect) withClock(now func() time.Time) dialect {
	d.now = now
	return d
}

func (d sqliteDialect) clock() (expression string, values []any) { return `?`, []any{d.now()} }

func (d sqliteDialect) clockColumn() string { return `` }

func (d sqliteDialect) readAt(_, _ time.Time) time.Time { return d.now() }

func (d sqliteDialect) readClock(*gorm.DB) (time.Time, error) { return d.now(), nil }

func (d sqliteDialect) inTime(context.Context) (condition string, values []any) { return ``, nil }

func (d sqliteDialect) endedJustNow() string { return `` }

// forUpdate needs no lock: there is one writer at a time.
func (d sqliteDialect) forUpdate() string { return `` }

func (d sqliteDialect) onDuplicateID() string { return ` ON CONFLICT (id) DO UPDATE SET ` }

func (d sqliteDialect) latest(query string) string { return query }

func (d sqliteDialect) transaction(db *gorm.DB, do func(tx *gorm.DB) error) error {
	return db.Transaction(do)
}

func (d sqliteDialect) mayLag() bool { return false }

func (d sqliteDialect) isCluster() bool { return false }

func (d sqliteDialect) failure(err error) failure {
	switch {
	case errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.LOCKED):
		return undone
	case errors.Is(err, sqlite3.FULL), errors.Is(err, sqlite3.IOERR),
		errors.Is(err, sqlite3.NOMEM), errors.Is(err, sqlite3.CANTOPEN):
		return exhausted
	case errors.Is(err, databasedriver.ErrBadConn):
		return broken
	}

	fromSQLite, ok := errors.AsType[*sqlite3.Error](err)
	if ok && strings.Contains(fromSQLite.Error(), "no such table") {
		return noTable
	}

	return permanent
}
