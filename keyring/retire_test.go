package keyring_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/models"
)

func TestRetire(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, master := keyFile(t)
		r := s.load(master)
		first := r.seal()
		r.rotate(models.SealKeys, time.Minute)

		for number, reason := range map[int]error{
			0: keyring.ErrNotFound, 1: keyring.ErrNeeded, 2: keyring.ErrNeeded, 3: keyring.ErrNotFound,
		} {
			if err := r.Retire(t.Context(), access.Operator(), models.SealKeys, number); !errors.Is(err, reason) {
				t.Errorf("number %d: %v", number, err)
			}
		}

		if err := r.Retire(t.Context(), access.Operator(), models.SignKeys, 1); !errors.Is(err, keyring.ErrNeeded) {
			t.Error(err)
		}

		s.clock.Pass(time.Minute)
		r.refresh()
		must(t, r.Retire(t.Context(), access.Operator(), models.SealKeys, 1))
		if !opens(r.Keys, first) {
			t.Error("a process that has not reloaded has lost a keyset")
		}

		r.refresh()
		if opens(r.Keys, first) || !opens(r.Keys, r.seal()) {
			t.Error("the retired keyset still opens, or the other does not")
		}
		if r.rotate(models.SealKeys, time.Minute).Number != 3 {
			t.Error("a number was used again")
		}
	})
}

func TestRetireExpired(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, master := keyFile(t)
		r := s.load(master)
		expired := func(want ...int) {
			t.Helper()
			must(t, s.store.RaisePurgeLimit(t.Context(), s.clock.Now()))
			entries, err := r.RetireExpired(t.Context())
			must(t, err)
			var numbers []int

			for _, entry := range entries {
				numbers = append(numbers, entry.Number)
			}

			if !slices.Equal(numbers, want) {
				t.Errorf("at %s: retired %d, not %d", s.clock.Now(), numbers, want)
			}
		}

		r.rotate(models.SealKeys, time.Minute) // 2
		s.clock.Pass(time.Minute + lives[models.SealKeys])
		r.rotate(models.SealKeys, time.Minute) // 3
		expired()
		s.clock.Pass(10*time.Minute - time.Microsecond)
		expired()
		s.clock.Pass(time.Microsecond)
		expired(1)
		expired()
		s.clock.Pass(lives[models.SealKeys] + time.Minute - time.Microsecond)
		expired()
		s.clock.Pass(time.Microsecond)
		expired(2)
		s.clock.Pass(10 * lives[models.SealKeys])
		expired()
		want(t, r.states(models.SealKeys), keyring.InUse)
	})
}
