package storage

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3"

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

// onEach runs a test with a store of the right schema on every database.
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
		ID: newID(t), Application: "storefront", UserID: newID(t), IsAnonymous: true, StartedAt: noon, RefreshedAt: noon,
		ExpiresAt: noon.Add(time.Hour), PurgeAt: noon.Add(2 * time.Hour),
	}
}

// insert writes rows as they are.
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

// Of a hundred that advance a session at once, one does.
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

// PurgeAt never moves back: an earlier token may live longer than a later one when lifetimes were shortened.
func TestAdvanceSessionKeepsPurgeAt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		session := newSession(t)
		store.insert(t, session)
		for i, c := range []struct{ purgeAt, want time.Time }{
			{noon, session.PurgeAt}, {noon.Add(5 * time.Hour), noon.Add(5 * time.Hour)},
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

// A session takes at most 220 bytes, in whatever columns the table has.
func TestSessionRowIsSmall(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		session := newSession(t)
		claimant := newID(t)
		session.Application, session.EndReason = strings.Repeat("a", 32), models.Reason(strings.Repeat("R", 24)) // all there is room for
		session.EndedAt, session.ClaimedBy, session.MovedAt = &noon, &claimant, &noon
		session.AttemptHash = make([]byte, 8)
		store.insert(t, session)
		list := `SELECT name, type FROM pragma_table_info('sessions')`
		if store.dialect.name() == "mysql" {
			list = `SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'sessions'`
		}
		var columns []struct{ Name, Type string }
		if err := store.read.Raw(list).Find(&columns).Error; err != nil || len(columns) == 0 {
			t.Fatalf("%d columns, error %v", len(columns), err)
		}
		total := 0
		for _, column := range columns {
			if column.Name == "user_agent" { // only a customer's session has one, and how long it is says the client
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
				if err := store.read.Raw(`SELECT LENGTH(` + column.Name + `) FROM sessions`).Scan(&bytes).Error; err != nil {
					t.Fatal(err)
				}
			}
			if bytes == nil || *bytes == 0 {
				t.Fatalf("nobody knows how long %s can be, of the type %s", column.Name, column.Type)
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
			t.Errorf("%d migrations applied, there are %d, error %v", total, len(files), err)
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
		if err := store.write.Exec(`INSERT INTO schema_versions (version_id, is_applied) VALUES (999, TRUE)`).Error; err != nil {
			t.Fatal(err)
		}
		if err := store.CheckSchema(t.Context()); !errors.Is(err, ErrSchemaNewer) {
			t.Errorf("from the future: %v", err)
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

func TestRetry(t *testing.T) {
	t.Parallel()
	onMySQL, onSQLite := &Store{dialect: mysqlDialect{}}, &Store{dialect: sqliteDialect{}}
	for name, c := range map[string]struct {
		store *Store
		err   error
		tries int
	}{
		"deadlock":             {onMySQL, &mysql.MySQLError{Number: 1213}, attempts},
		"lock wait":            {onMySQL, &mysql.MySQLError{Number: 1205}, attempts},
		"certification":        {onMySQL, &mysql.MySQLError{Number: 1180}, attempts},
		"too many connections": {onMySQL, &mysql.MySQLError{Number: 1040}, attempts},
		"read-only":            {onMySQL, &mysql.MySQLError{Number: 1290}, attempts},
		"gone away":            {onMySQL, &mysql.MySQLError{Number: 2006}, attempts},
		"bad connection":       {onMySQL, driver.ErrBadConn, attempts},
		"invalid connection":   {onMySQL, mysql.ErrInvalidConn, attempts},
		"busy":                 {onSQLite, sqlite3.BUSY, attempts},
		"syntax":               {onMySQL, &mysql.MySQLError{Number: 1064}, 1},
		"unknown on MySQL":     {onMySQL, errors.New("unknown"), 1},
		"unknown on SQLite":    {onSQLite, errors.New("unknown"), 1},
		"OK":                   {onSQLite, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tries := 0
			err := c.store.retry(t.Context(), func() error {
				tries++
				if c.err == nil {
					return nil
				}
				return fmt.Errorf("wrapped: %w", c.err)
			})
			if tries != c.tries || !errors.Is(err, c.err) {
				t.Errorf("%d tries, error %v", tries, err)
			}
			if busy := errors.Is(err, &models.Error{Reason: models.ReasonBusy}); busy != (c.tries > 1) {
				t.Errorf("shown as busy: %v", busy)
			}
		})
	}

	for _, c := range []struct {
		store *Store
		cause error
	}{
		{onMySQL, &mysql.MySQLError{Number: 1114}},
		{onMySQL, &mysql.MySQLError{Number: 1135}},
		{onMySQL, &mysql.MySQLError{Number: 1146}},
		{onMySQL, ErrRefused},
		{onSQLite, sqlite3.FULL},
		{onSQLite, sqlite3.IOERR_WRITE},
		{onSQLite, sqlite3.CANTOPEN},
	} {
		tries := 0
		err := c.store.retry(t.Context(), func() error { tries++; return c.cause })
		if tries != 1 || !errors.Is(err, c.cause) || !errors.Is(err, &models.Error{Reason: models.ReasonBusy}) {
			t.Errorf("%v: %d tries, error %v", c.cause, tries, err)
		}
	}

	t.Run("EndsWithTheContext", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		tries := 0
		err := onMySQL.retry(ctx, func() error { tries++; cancel(); return driver.ErrBadConn })
		if !errors.Is(err, context.Canceled) || tries > 2 {
			t.Errorf("%d tries, error %v", tries, err)
		}
	})
}

// What must not be done twice is tried again only if the database has done nothing.
func TestRetryUndone(t *testing.T) {
	t.Parallel()
	store := &Store{dialect: mysqlDialect{}}
	for _, c := range []struct {
		cause error
		tries int
	}{
		{&mysql.MySQLError{Number: 1213}, attempts},
		{driver.ErrBadConn, 1},
	} {
		tries := 0
		err := store.retryUndone(t.Context(), func() error { tries++; return c.cause })
		if tries != c.tries || !errors.Is(err, &models.Error{Reason: models.ReasonBusy}) {
			t.Errorf("%v: %d tries, error %v", c.cause, tries, err)
		}
	}
}

func TestMySQLAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"mysql://shop:p%40ss@db.example/tickets":             "shop:p@ss@tcp(db.example:3306)/tickets",
		"mysql://shop:pass@db.example:3307/tickets?tls=true": "shop:pass@tcp(db.example:3307)/tickets",
		"mysql://shop@[2001:db8::1]/tickets":                 "shop@tcp([2001:db8::1]:3306)/tickets",
		"shop:pass@tcp(db.example:3306)/tickets":             "shop:pass@tcp(db.example:3306)/tickets",
		"shop:pass@unix(/run/mysqld/mysqld.sock)/tickets":    "shop:pass@unix(/run/mysqld/mysqld.sock)/tickets",
	} {
		config, err := Settings{URL: secret.New(address)}.mysqlConfig()
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got := config.FormatDSN(); !strings.HasPrefix(got, want+"?") || !config.ClientFoundRows || !config.RejectReadOnly {
			t.Errorf("%s: %s", address, got)
		}
	}
	for _, address := range []string{
		"", "x", "mysql://", "mysql://shop:hunter2@db.example", "mysql://shop:hunter2@%zz/x",
		"postgres://shop:hunter2@db/x", "shop:hunter2@tcp(db)/",
	} {
		_, err := readAddress(secret.New(address))
		if !errors.Is(err, ErrURL) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// What is logged of a statement is its text, never a value.
func TestStatementsAreLoggedWithoutValues(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	store := open(t, storagetest.SQLite(t), slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if _, err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	session := newSession(t)
	session.Application = "valuemarker"
	store.insert(t, session)
	if err := store.RenewHash(t.Context(), 1, secret.New("oldmarker"), secret.New("newmarker"), noon); err != nil {
		t.Fatal(err)
	}
	if logged := log.String(); strings.Contains(logged, "marker") || !strings.Contains(logged, "INSERT INTO") || !strings.Contains(logged, "UPDATE customer_accounts") {
		t.Error(logged)
	}
}
