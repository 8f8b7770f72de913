package storage

import (
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// A migration waits for transactions that use its tables. It waits longer than other statements.
func TestMigrateWaits(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		const wait = 500 * time.Millisecond
		store, err := Open(Settings{
			URL:              secret.New(url),
			StatementTimeout: wait,
			Now:              func() time.Time { return noon },
			Log:              slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}

		t.Cleanup(func() { _ = store.Close() })
		earlier, err := store.migrator()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := earlier.UpTo(t.Context(), 2); err != nil { // the next one alters sessions
			t.Fatal(err)
		}
		if err := earlier.Close(); err != nil {
			t.Fatal(err)
		}

		tx := store.write.Begin()
		t.Cleanup(func() { tx.Rollback() })
		if err := tx.Exec(`UPDATE sessions SET generation = 0`).Error; err != nil {
			t.Fatal(err)
		}

		migrated := make(chan error, 1)
		go func() {
			_, err := store.Migrate(t.Context())
			migrated <- err
		}()
		select {
		case err := <-migrated:
			t.Fatalf("it does not wait: %v", err)
		case <-time.After(4 * wait):
		}
		if err := tx.Rollback().Error; err != nil {
			t.Fatal(err)
		}
		if err := <-migrated; err != nil {
			t.Error(err)
		}
		if err := store.CheckSchema(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		var all sync.WaitGroup
		var mutex sync.Mutex
		total := 0
		for range 4 {
			store := open(t, url, slog.New(slog.DiscardHandler))
			all.Go(func() {
				applied, err := store.Migrate(t.Context())
				if err != nil {
					t.Error(err)
				}
				mutex.Lock()
				defer mutex.Unlock()
				total += applied
			})
		}

		all.Wait()
		files, err := migrations.ReadDir("migrations/mysql")
		if err != nil || total != len(files) {
			t.Errorf("%d of %d migrations were applied, error %v", total, len(files), err)
		}
	})
}

func TestCheckSchema(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		store := open(t, url, slog.New(slog.DiscardHandler))
		if err := store.CheckSchema(t.Context()); !errors.Is(err, ErrSchemaOlder) {
			t.Errorf("empty: %v", err)
		}
		if _, err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := store.CheckSchema(t.Context()); err != nil {
			t.Errorf("migrated: %v", err)
		}

		insert := `INSERT INTO schema_versions (version_id, is_applied) VALUES (999, TRUE)`
		if err := store.write.Exec(insert).Error; err != nil {
			t.Fatal(err)
		}
		if err := store.CheckSchema(t.Context()); !errors.Is(err, ErrSchemaNewer) {
			t.Errorf("from the future: %v", err)
		}
	})
}
