package program_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// Replicas that start together on an empty database all succeed, with one schema and one key.
func TestStartTogether(t *testing.T) {
	t.Parallel()

	const replicas = 4
	start := func(t *testing.T, launch func() *process) []*server {
		t.Helper()
		processes := make([]*process, replicas)
		for i := range processes {
			processes[i] = launch()
		}

		servers := make([]*server, replicas)
		for i, p := range processes {
			servers[i] = serving(p)
		}

		token := servers[0].anonymous().RefreshToken
		for _, s := range servers {
			s.expectStatus("/readyz", http.StatusOK)
			token = s.refresh(token).RefreshToken
		}

		return servers
	}

	oneSchema := func(t *testing.T, url string) {
		t.Helper()
		s := &site{t: t, url: url}
		if twice := s.number("SELECT COUNT(*) - COUNT(DISTINCT version_id) FROM schema_versions"); twice != 0 {
			t.Errorf("%d migrations were applied twice", twice)
		}
	}

	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()

		for range 3 {
			folder := t.TempDir()
			start(t, func() *process { return launch(t, folder, nil, "serve", "--listen=127.0.0.1:0") })
			oneSchema(t, "sqlite://"+filepath.Join(folder, "data", "authtickets.db"))

			for _, file := range []string{"authtickets.db", "authtickets.db-wal", "keys.json"} {
				info, err := os.Stat(filepath.Join(folder, "data", file))
				must(t, err)
				if info.Mode().Perm() != 0o600 {
					t.Errorf("%s has the mode %v", file, info.Mode())
				}
			}

			drafts, err := filepath.Glob(filepath.Join(folder, "data", ".keys-*"))
			if err != nil || len(drafts) > 0 {
				t.Errorf("left behind: %v %v", drafts, err)
			}
		}
	})
	if url, ok := storagetest.MySQL(t); ok {
		t.Run("mysql", func(t *testing.T) {
			t.Parallel()
			s := emptySite(t, url)
			start(t, func() *process {
				return launch(t, s.folder, s.variables(), "serve", "--listen=127.0.0.1:0", "--migrate")
			})
			oneSchema(t, url)
		})
	}
}

// If several operators migrate a database at once, one does it.
func TestMigrateTogether(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := emptySite(t, url)
		processes := make([]*process, 8)
		for i := range processes {
			processes[i] = launch(t, s.folder, s.variables(), "migrate")
		}

		applied := 0
		for _, p := range processes {
			if code := p.wait(); code != 0 {
				t.Errorf("exit code %d", code)
			}

			applied += p.stdout.count("Migrations applied")
		}

		if applied != 1 {
			t.Errorf("%d of %d have migrated", applied, len(processes))
		}
	})
}

// A server never works with a schema that it does not know.
func TestUnknownSchema(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		embedded := strings.HasPrefix(url, "sqlite://")
		s := emptySite(t, url)
		if !embedded {
			code, _, stderr := run(t, s.folder, s.variables(), "serve", "--listen=127.0.0.1:0")
			if code != 1 || !strings.Contains(stderr, "older schema") ||
				!strings.Contains(stderr, "authtickets migrate") {
				t.Errorf("empty: %d %s", code, stderr)
			}

			tables := s.number("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()")
			if tables != 0 {
				t.Errorf("a server that was not told to migrate made %d tables", tables)
			}
		}

		for _, want := range []string{"Migrations applied: ", "The schema was up to date."} {
			code, stdout, stderr := run(t, s.folder, s.variables(), "migrate")
			if code != 0 || !strings.Contains(stdout, want) {
				t.Errorf("migrate: want %q, got %d %s %s", want, code, stdout, stderr)
			}
		}

		s.start().expectStatus("/readyz", http.StatusOK)

		_, err := s.database().
			ExecContext(t.Context(), "INSERT INTO schema_versions (version_id, is_applied) VALUES (99999, TRUE)")
		must(t, err)
		for _, arguments := range [][]string{
			{"serve", "--listen=127.0.0.1:0"}, {"serve", "--listen=127.0.0.1:0", "--migrate"}, {"migrate"},
		} {
			code, stdout, stderr := run(t, s.folder, s.variables(), arguments...)
			if code != 1 || !strings.Contains(stderr, "newer schema") || strings.Contains(stdout, "serves") {
				t.Errorf("newer, %s: %d %s %s", arguments, code, stdout, stderr)
			}
		}
	})
}
