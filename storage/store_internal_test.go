package storage

import (
	"bytes"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage/storagetest"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 123456000, time.UTC)

func open(t *testing.T, url string, log *slog.Logger) *Store {
	t.Helper()
	store, err := Open(Settings{URL: secret.New(url), Now: func() time.Time { return noon }, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// onEach runs a test with a migrated store on every kind of database.
func onEach(t *testing.T, test func(t *testing.T, store *Store)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) {
		store := open(t, url, slog.New(slog.DiscardHandler))
		if _, err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(t, store)
	})
}

func newID(t *testing.T) models.ID {
	t.Helper()
	var id models.ID
	if _, err := rand.Read(id[:]); err != nil {
		t.Fatal(err)
	}
	return id
}

func newSession(t *testing.T) models.Session {
	t.Helper()
	return models.Session{
		ID:          newID(t),
		Application: "storefront",
		UserID:      newID(t),
		IsAnonymous: true,
		StartedAt:   noon,
		RefreshedAt: noon,
		ExpiresAt:   noon.Add(time.Hour),
		PurgeAt:     noon.Add(2 * time.Hour),
	}
}

// insert writes the rows exactly as given.
func (s *Store) insert(t *testing.T, sessions ...models.Session) {
	t.Helper()
	for _, session := range sessions {
		if err := s.write.Create(&session).Error; err != nil {
			t.Fatal(err)
		}
	}
}

func TestSessionRoundTrip(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		want := newSession(t)
		claimant := newID(t)
		want.EndedAt, want.EndReason, want.ClaimedBy = &noon, models.ReasonSignedIn, &claimant
		if has, err := store.HasSessions(t.Context()); has || err != nil {
			t.Error(has, err)
		}

		want.ApplicationEpoch, want.AttemptHash, want.MovedAt = 1<<32-1, []byte("12345678"), &noon
		store.insert(t, want)
		if has, err := store.HasSessions(t.Context()); !has || err != nil {
			t.Error(has, err)
		}

		got, err := store.Session(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Session); diff != "" {
			t.Error(diff)
		}
		if _, err := store.Session(t.Context(), newID(t)); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	})
}

// If a hundred callers advance a session at once, exactly one succeeds.
func TestAdvanceSessionRace(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		session := newSession(t)
		store.insert(t, session)
		for generation := range int64(5) {
			var all sync.WaitGroup
			winners := make(chan bool, 100)
			for range 100 {
				all.Go(func() {
					next := session
					next.Generation, next.RefreshedAt = generation+1, noon.Add(time.Duration(generation)*time.Minute)
					won, err := store.AdvanceSession(t.Context(), &next, InTime)
					if err != nil {
						t.Error(err)
					}
					if won {
						winners <- true
					}
				})
			}

			all.Wait()
			if len(winners) != 1 {
				t.Errorf("%d winners", len(winners))
			}
		}
	})
}

// PurgeAt never moves back. After lifetimes were shortened, an earlier token can expire later than
// a newer one.
func TestAdvanceSessionKeepsPurgeAt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		session := newSession(t)
		store.insert(t, session)
		for i, c := range []struct{ purgeAt, want time.Time }{
			{noon, session.PurgeAt},
			{noon.Add(5 * time.Hour), noon.Add(5 * time.Hour)},
		} {
			next := session
			next.Generation, next.PurgeAt = int64(i+1), c.purgeAt
			if won, err := store.AdvanceSession(t.Context(), &next, InTime); !won || err != nil {
				t.Fatal(won, err)
			}

			if got, err := store.Session(t.Context(), session.ID); err != nil || !got.PurgeAt.Equal(c.want) {
				t.Errorf("purged at %v, want %v, error %v", got.PurgeAt, c.want, err)
			}
		}
	})
}

// A session takes at most 220 bytes, all columns together except the user agent.
func TestSessionRowIsSmall(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		session := newSession(t)
		claimant := newID(t)
		// These fill their columns.
		session.Application, session.EndReason = strings.Repeat("a", 32), models.Reason(strings.Repeat("R", 24))
		session.EndedAt, session.ClaimedBy, session.MovedAt = &noon, &claimant, &noon
		session.AttemptHash = make([]byte, 8)
		store.insert(t, session)
		list := `SELECT name, type FROM pragma_table_info('sessions')`
		if store.dialect.name() == "mysql" {
			list = `SELECT column_name AS name, data_type AS type FROM information_schema.columns ` +
				`WHERE table_schema = DATABASE() AND table_name = 'sessions'`
		}

		var columns []struct{ Name, Type string }
		if err := store.read.Raw(list).Find(&columns).Error; err != nil || len(columns) == 0 {
			t.Fatalf("%d columns, error %v", len(columns), err)
		}

		total := 0
		for _, column := range columns {
			if column.Name == "user_agent" { // only a customer's session has one, and the client chooses its length
				continue
			}

			var bytes *int
			switch strings.ToLower(column.Type) {
			case "boolean", "tinyint":
				bytes = new(1)
			case "int":
				bytes = new(4)
			case "integer", "bigint", "datetime":
				bytes = new(8)
			case "text", "varchar", "blob", "binary":
				length := `SELECT LENGTH(` + column.Name + `) FROM sessions`
				if err := store.read.Raw(length).Scan(&bytes).Error; err != nil {
					t.Fatal(err)
				}
			}
			if bytes == nil || *bytes == 0 {
				t.Fatalf("%s of the type %s has an unknown length", column.Name, column.Type)
			}

			total += *bytes
		}
		if total > 220 {
			t.Errorf("%d bytes", total)
		}
	})
}

func TestPurgeInBatches(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		for i := range 25 {
			session := newSession(t)
			session.PurgeAt = noon.Add(time.Duration(i) * time.Hour)
			store.insert(t, session)
		}

		for _, want := range []int{10, 10, 1, 0} {
			if got, err := store.PurgeSessions(t.Context(), noon.Add(20*time.Hour), 10); got != want || err != nil {
				t.Errorf("%d purged, want %d, error %v", got, want, err)
			}
		}
	})
}

func TestSQLiteFilesArePrivate(t *testing.T) {
	t.Parallel()
	store := open(t, storagetest.SQLite(t), slog.New(slog.DiscardHandler))
	if _, err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}

	session := newSession(t)
	store.insert(t, session)
	database := store.dialect.(sqliteDialect).file
	for _, file := range []string{database, database + "-wal"} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, error %v", file, info.Mode(), err)
		}
	}
}

// The log contains the text of each statement, and never a value.
func TestStatementsAreLoggedWithoutValues(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	handler := slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})
	store := open(t, storagetest.SQLite(t), slog.New(handler))
	if _, err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}

	session := newSession(t)
	session.Application = "valuemarker"
	store.insert(t, session)
	if err := store.RenewHash(t.Context(), 1, secret.New("oldmarker"), secret.New("newmarker"), noon); err != nil {
		t.Fatal(err)
	}

	logged := log.String()
	if !strings.Contains(logged, "INSERT INTO") || !strings.Contains(logged, "UPDATE customer_accounts") {
		t.Errorf("statements are missing: %s", logged)
	}
	if strings.Contains(logged, "marker") {
		t.Errorf("the log shows a value: %s", logged)
	}
}
