package program_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// A migration that was killed at any moment can be repeated at once. The result is the same as
// without the interruption.
func TestMigrateKilled(t *testing.T) {
	t.Parallel()

	const kills, workers, soon = 50, 8, 10 * time.Second
	storagetest.Each(t, func(t *testing.T, url string) {
		undisturbed := emptySite(t, url)
		began := time.Now()
		migrate(t, undisturbed)
		took := time.Since(began)
		want := undisturbed.schema()

		moments := make(chan time.Duration, kills)
		for i := range kills {
			moments <- (took*time.Duration(i) + rand.N(took)) / kills
		}

		close(moments)
		together(workers, func(int) {
			for moment := range moments {
				s := emptySite(t, anotherDatabase(t, url))
				p := launch(t, s.folder, s.variables(), "migrate")
				time.Sleep(moment)
				p.kill()
				began := time.Now()
				migrate(t, s)
				if repeated := time.Since(began); repeated > soon {
					t.Errorf("killed after %s: repeating it took %s", moment, repeated)
				}

				if got := s.schema(); got != want {
					t.Errorf("killed after %s: want the schema\n%s\ngot\n%s", moment, want, got)
				}
			}
		})
	})
}

// migrate runs the command, and fails unless it succeeds.
func migrate(t testing.TB, s *site) {
	t.Helper()
	if code, stdout, stderr := run(t, s.folder, s.variables(), "migrate"); code != 0 {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

// anotherDatabase returns the URL of a new, empty database of the same kind.
func anotherDatabase(t testing.TB, url string) string {
	t.Helper()
	if strings.HasPrefix(url, "sqlite://") {
		return storagetest.SQLite(t)
	}

	another, _ := storagetest.MySQL(t)
	return another
}

// schema returns the whole schema as text.
func (s *site) schema() string {
	s.t.Helper()
	queries := []string{
		"SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> 'sqlite_sequence' ORDER BY name",
	}
	if !strings.HasPrefix(s.url, "sqlite://") {
		queries = []string{
			"SELECT CONCAT_WS(' ', table_name, column_name, column_type, is_nullable, column_default, " +
				"collation_name, extra) FROM information_schema.columns " +
				"WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position",
			"SELECT CONCAT_WS(' ', table_name, index_name, seq_in_index, column_name, non_unique) " +
				"FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY 1",
		}
	}

	queries = append(queries, "SELECT version_id FROM schema_versions ORDER BY version_id",
		"SELECT id FROM applications", "SELECT id FROM purge_limits")

	var all strings.Builder
	for _, query := range queries {
		fmt.Fprintln(&all, strings.Join(s.texts(query), "\n"))
	}

	return all.String()
}
