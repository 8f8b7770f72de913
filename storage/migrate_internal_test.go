package storage

import (
	"log/slog"
	"testing"
	"time"

	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// A migration waits for transactions that use its tables, longer than any other statement waits for its answer.
func TestMigrateWaits(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		const wait = 500 * time.Millisecond
		store, err := Open(Settings{URL: secret.New(url), StatementTimeout: wait, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)})
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
