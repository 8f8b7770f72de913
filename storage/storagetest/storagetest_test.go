package storagetest_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/authtickets/authtickets/storage/storagetest"
)

func TestEachGivesEveryTestItsOwnEmptyDatabase(t *testing.T) {
	t.Parallel()
	var (
		mutex sync.Mutex
		seen  = map[string]bool{}
	)
	for range 2 {
		storagetest.Each(t, func(t *testing.T, url string) {
			mutex.Lock()
			defer mutex.Unlock()
			if seen[url] {
				t.Errorf("%s was given to two tests", url)
			}

			seen[url] = true
			if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
				requireNewFile(t, path)
			} else {
				requireNoTables(t, url)
			}
		})
	}
}

func TestMySQLDropsItsDatabase(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("using it", func(t *testing.T) {
		url, _ = storagetest.MySQL(t)
		if url != "" {
			requireNoTables(t, url)
		}
	})
	if url == "" {
		return
	}
	if err := open(t, url).PingContext(t.Context()); err == nil {
		t.Error("the database is still there after the test")
	}
}

func TestMySQLWithoutServer(t *testing.T) {
	t.Setenv("AUTHTICKETS_TEST_MYSQL", "")
	t.Run("OK outside continuous integration", func(t *testing.T) {
		t.Setenv("CI", "")
		if url, ok := storagetest.MySQL(t); ok || url != "" {
			t.Errorf("a database at %q, without a server", url)
		}
	})

	t.Run("fails in continuous integration", func(t *testing.T) {
		t.Setenv("CI", "true")
		fatal := make(chan string, 1)
		go func() {
			defer close(fatal)
			storagetest.MySQL(failing{t, fatal})
		}()
		if message := <-fatal; !strings.Contains(message, "make test") {
			t.Errorf("failed with %q, which does not say what to run", message)
		}
	})
}

// failing is a test that sends the message of its failure to a channel.
type failing struct {
	testing.TB

	fatal chan<- string
}

func (f failing) Fatal(arguments ...any) {
	f.fatal <- arguments[0].(string)
	runtime.Goexit()
}

func requireNewFile(t *testing.T, path string) {
	t.Helper()
	if !filepath.IsAbs(path) {
		t.Errorf("%s is not absolute", path)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%s exists already", path)
	}
}

func requireNoTables(t *testing.T, dsn string) {
	t.Helper()
	database := open(t, dsn)
	var tables int
	err := database.QueryRowContext(t.Context(),
		"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()").Scan(&tables)
	if err != nil || tables != 0 {
		t.Errorf("%d tables in a new database, error %v", tables, err)
	}
	if _, err := database.ExecContext(t.Context(), "CREATE TABLE t (id INT)"); err != nil {
		t.Error(err)
	}
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}

	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}

	database := sql.OpenDB(connector)
	t.Cleanup(func() { _ = database.Close() })
	return database
}
