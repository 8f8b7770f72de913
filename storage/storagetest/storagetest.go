// Package storagetest gives tests new, empty databases of each kind that the product runs on.
//
// SQLite needs nothing. MySQL needs a server, which the variable AUTHTICKETS_TEST_MYSQL names.
// `make test` starts one, and test/with-mysql starts one for any command. Without a server, a plain
// `go test ./...` skips the tests that need MySQL. In continuous integration (CI=true) they fail.
package storagetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// dropTimeout limits how long a test waits at its end for a server that does not answer.
const dropTimeout = 20 * time.Second

// Each runs test once on every kind of database, as parallel subtests "sqlite" and "mysql". The url
// names a new, empty database, in the form of the product's own setting.
func Each(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLite(t))
	})
	if !wantMySQL() {
		return
	}

	t.Run("mysql", func(t *testing.T) {
		t.Parallel()
		url, _ := MySQL(t)
		test(t, url)
	})
}

// SQLite returns the URL of a SQLite database whose file does not exist yet, in a folder that is
// removed when the test ends.
func SQLite(tb testing.TB) string {
	tb.Helper()
	return "sqlite://" + filepath.ToSlash(filepath.Join(tb.TempDir(), "authtickets.db"))
}

// MySQL returns the DSN of a new, empty MySQL database, in the format of go-sql-driver. The
// database is dropped when the test ends. Its character set is the server's default, as after a
// plain CREATE DATABASE. Without a server, MySQL returns false, or fails the test in continuous
// integration.
func MySQL(tb testing.TB) (url string, ok bool) {
	tb.Helper()
	server := os.Getenv("AUTHTICKETS_TEST_MYSQL")
	if server == "" {
		if wantMySQL() {
			tb.Fatal("AUTHTICKETS_TEST_MYSQL names no MySQL server: " +
				"run `make test`, or run this command through test/with-mysql")
		}
		return "", false
	}

	config, err := mysql.ParseDSN(server)
	if err != nil {
		tb.Fatalf("AUTHTICKETS_TEST_MYSQL: %v", err)
	}

	config.DBName = ""
	administration := config.Clone()
	// DROP DATABASE waits for every transaction that has read from it, by default for a day.
	administration.Params = map[string]string{"lock_wait_timeout": "10"}

	name := "authtickets_test_" + strings.ToLower(rand.Text())
	if err := execute(tb.Context(), administration, "CREATE DATABASE "+name); err != nil {
		tb.Fatalf("creating a database on the server of AUTHTICKETS_TEST_MYSQL: %v", err)
	}

	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), dropTimeout)
		defer cancel()
		if err := execute(ctx, administration, "DROP DATABASE "+name); err != nil {
			tb.Errorf("dropping the test's database (is a transaction still open?): %v", err)
		}
	})

	config.DBName = name
	return config.FormatDSN(), true
}

// wantMySQL reports whether tests on MySQL must run, because there is a server or must be one.
func wantMySQL() bool {
	return os.Getenv("AUTHTICKETS_TEST_MYSQL") != "" || os.Getenv("CI") == "true"
}

// execute runs one statement on a connection of its own, so that hundreds of parallel tests keep no
// connections open.
func execute(ctx context.Context, config *mysql.Config, statement string) error {
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	server := sql.OpenDB(connector)
	defer func() { _ = server.Close() }()
	_, err = server.ExecContext(ctx, statement)
	return err
}
