package keyring_test

import (
	"errors"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/test/testkit"
	"github.com/authtickets/authtickets/timing"
)

// A key that signs is published for as long as verifiers may cache the keys. A key that seals is
// published for a shorter time, because only replicas need it.
func TestNotice(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, master := keyFile(t)
		r := s.load(master)
		r.SigningNotice = 24 * time.Hour
		const age = 2160 * time.Hour
		s.clock.Pass(age + time.Second)
		rotated, err := r.RotateIfDue(t.Context(), age)
		must(t, err)

		for _, keyset := range rotated {
			want := timing.KeyNotice
			if keyset.Purpose == models.SignKeys {
				want = r.SigningNotice
			}
			if got := keyset.UsedFrom.Sub(keyset.PublishedAt); got != want {
				t.Errorf("%s: published %s before its use, not %s", keyset.Purpose, got, want)
			}
		}

		if len(rotated) != 2 {
			t.Errorf("%d were rotated", len(rotated))
		}
	})
}

// One replica's clock is ahead, and another looked for keysets just before the new one was
// published. When the first uses the new keyset, the second knows that it may lack one.
func TestLeastDelay(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		const ahead, pause = 5 * time.Second, 2 * time.Second
		_, master := keyFile(t)
		one, other := s.load(master), s.load(master)
		one.rotate(models.SealKeys, timing.LeastKeyNotice)
		one.refresh()
		s.clock.Pass(timing.LeastKeyNotice - ahead)

		token := sealAt(t, one.Keys, s.clock.Now().Add(ahead))
		if opens(other.Keys, token) || !other.Keys.MayBeToken(seal.ErrUnknownKey, s.clock.Now().Add(-pause)) {
			t.Error("a token of a new keyset counts as invalid")
		}
	})
}

func TestErrTooSoon(t *testing.T) {
	t.Parallel()

	ring := &keyring.Ring{Desk: &access.Desk{Log: testkit.Silent()}}
	for _, delay := range []time.Duration{-time.Minute, 0, timing.LeastKeyNotice - 1} {
		if _, err := ring.Rotate(t.Context(), access.Operator(), models.SealKeys, delay); !errors.Is(
			err, keyring.ErrTooSoon,
		) {
			t.Errorf("%s: %v", delay, err)
		}
	}
}
