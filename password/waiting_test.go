package password_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/secret"
)

func TestWaiting(t *testing.T) {
	t.Parallel()

	expensive := password.Settings{MemoryKiB: 64 << 10, Iterations: 4, Concurrent: 1}
	t.Run("ErrBusy", func(t *testing.T) {
		t.Parallel()
		settings := expensive
		settings.Wait = 50 * time.Millisecond
		crowd(t.Context(), t, newHasher(t, settings), password.ErrBusy)
	})

	t.Run("ErrDeadline", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()

		settings := expensive
		settings.Wait = time.Minute
		crowd(ctx, t, newHasher(t, settings), context.DeadlineExceeded)
	})

	t.Run("ErrCanceled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := checkUnknown(ctx, newHasher(t, expensive), secret.New("pw")); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		settings := tiny()
		settings.Concurrent = 2
		crowd(t.Context(), t, newHasher(t, settings), nil)
	})
}

// crowd checks twenty passwords at once. Some checks must succeed, and all others must fail with
// want. Afterwards every turn must be free again.
func crowd(ctx context.Context, t *testing.T, hasher *password.Hasher, want error) {
	t.Helper()
	outcomes := make([]error, 20)
	var all sync.WaitGroup

	for i := range outcomes {
		all.Go(func() { outcomes[i] = checkUnknown(ctx, hasher, secret.New("pw")) })
	}

	all.Wait()

	var passed int
	for _, err := range outcomes {
		switch {
		case err == nil:
			passed++
		case !errors.Is(err, want):
			t.Errorf("%v, want %v", err, want)
		}
	}

	if passed == 0 || want != nil && passed == len(outcomes) {
		t.Errorf("%d of %d passed", passed, len(outcomes))
	}
	if err := checkUnknown(t.Context(), hasher, secret.New("pw")); err != nil {
		t.Errorf("after the crowd: %v", err)
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	for given, want := range map[int]int{0: runtime.GOMAXPROCS(0), 7: 7} {
		if got := newHasher(t, password.Settings{Concurrent: given}).Concurrent(); got != want {
			t.Errorf("%d: got %d, want %d", given, got, want)
		}
	}
}

// checkUnknown checks a password for an account that does not exist.
func checkUnknown(ctx context.Context, hasher *password.Hasher, plain secret.Text) error {
	_, err := hasher.Check(ctx, secret.Text{}, plain)
	return err
}
