package password_test

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/secret"
)

// tiny is the lowest cost that argon2 allows, for tests that do not measure time.
func tiny() password.Settings {
	return password.Settings{MemoryKiB: 8, Iterations: 1, Parallelism: 1, Wait: time.Minute}
}

func newHasher(tb testing.TB, settings password.Settings) *password.Hasher {
	tb.Helper()
	hasher, err := password.New(settings)
	if err != nil {
		tb.Fatal(err)
	}

	return hasher
}

func hashOf(tb testing.TB, hasher *password.Hasher, plain string) secret.Text {
	tb.Helper()
	hash, err := hasher.Hash(tb.Context(), secret.New(plain))
	if err != nil {
		tb.Fatal(err)
	}

	return hash
}

func check(tb testing.TB, hasher *password.Hasher, hash secret.Text, plain string) password.Result {
	tb.Helper()
	result, err := hasher.Check(tb.Context(), hash, secret.New(plain))
	if err != nil {
		tb.Fatal(err)
	}

	return result
}
