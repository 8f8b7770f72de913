package storage

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/gorm"
)

const sqliteScheme = "sqlite://"

// openSQLite opens the file twice: one connection writes, a pool reads. Both see a commit as soon as it is one.
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
	read, err := settings.openFile(path, settings.Connections, "_pragma=query_only(on)")
	if err != nil {
		return nil, err
	}
	return &Store{write: write, read: read, dialect: dialect{name: sqliteName, file: path}, settings: settings}, nil
}

// createPrivate makes an empty file that only its owner can read, where there is none: it is going to hold password hashes.
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
		"_pragma=journal_mode(wal)", "_pragma=synchronous(full)", // a commit that was answered survives a power failure
		"_timefmt=unixepoch_micro", // instants compare as numbers
		parameter,
	}
	db, err := driver.Open(fileURL(path) + "&" + strings.Join(parameters, "&"))
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return s.open(gormlite.OpenDB(pool(db, connections, 0)))
}

// fileURL names a SQLite file; the write-ahead log beside it gets the file's mode.
func fileURL(path string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?modeof=" + url.QueryEscape(path)
}
