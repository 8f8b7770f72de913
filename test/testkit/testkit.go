// Package testkit holds what the tests of several packages need: a clock that they move, an open
// database, and an answer of the server.
package testkit

import (
	"log/slog"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// Must ends the test if there is an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Open opens and migrates a database, and closes it when the test ends.
func Open(t testing.TB, url string, now func() time.Time, log *slog.Logger) *storage.Store {
	t.Helper()
	store, err := storage.Open(storage.Settings{URL: secret.New(url), Now: now, Log: log})
	Must(t, err)
	t.Cleanup(func() { Must(t, store.Close()) })

	_, err = store.Migrate(t.Context())
	Must(t, err)
	return store
}

// Silent returns a log that discards everything.
func Silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

// CheapHasher returns a hasher whose hashes take almost no time, and protect nothing.
func CheapHasher(t testing.TB) *password.Hasher {
	t.Helper()
	hasher, err := password.New(password.Settings{MemoryKiB: 8, Iterations: 1})
	Must(t, err)
	return hasher
}

// Defaults returns settings with the defaults from their tags, as in a program without arguments.
func Defaults[T any](t testing.TB) *T {
	t.Helper()
	settings := new(T)
	parser, err := kong.New(settings)
	Must(t, err)
	_, err = parser.Parse(nil)
	Must(t, err)

	return settings
}
