package keyring_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/timing"
)

// Tokens that earlier versions sealed with the key file stay valid. Until the first rotation,
// earlier versions can also open tokens that are sealed now.
func TestImport(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		earlier, master := keyFile(t)
		before := sealAt(t, earlier, begin.Add(-24*time.Hour))
		r := s.load(master)
		if !opens(r.Keys, before) {
			t.Error("an earlier token is invalid")
		}

		if !opens(earlier, r.seal()) {
			t.Error("an earlier version cannot open a token")
		}

		r.rotate(models.SealKeys, timing.KeyNotice)
		r.refresh()
		s.clock.Pass(time.Hour)
		if !opens(r.Keys, before) || opens(earlier, r.seal()) {
			t.Error("the rotation has invalidated an earlier token, or the new keyset is not used")
		}
	})
}

// If several processes start at once, they load the same keysets.
func TestLoadRace(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, master := keyFile(t)
		rings := make([]*ring, 6)
		var all sync.WaitGroup

		for i := range rings {
			rings[i] = s.ring(master)
			all.Go(func() {
				if err := rings[i].Load(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}

		all.Wait()
		want(t, rings[0].states(models.SealKeys), keyring.InUse)
		want(t, rings[0].states(models.SignKeys), keyring.InUse)

		for _, r := range rings[1:] {
			if string(r.Signers.JWKS()) != string(rings[0].Signers.JWKS()) ||
				r.seal().Reveal() != rings[0].seal().Reveal() {
				t.Error("two processes have different keysets")
			}
		}
	})
}

// The instant of a ticket decides which keyset seals it. So all rings make the same ticket after
// they have loaded the new keyset, even for an older session. No ring gets a token with a key that
// was not published before.
func TestRotate(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, master := keyFile(t)
		one, other := s.load(master), s.load(master)
		first := one.seal()
		row := one.rotate(models.SealKeys, time.Minute)
		if row.Number != 2 || !row.UsedFrom.Equal(begin.Add(time.Minute)) {
			t.Errorf("the new keyset is %+v", row)
		}

		want(t, one.states(models.SealKeys), keyring.InUse, keyring.Next)
		one.refresh()
		if one.seal().Reveal() != first.Reveal() {
			t.Error("the next keyset is used before its time")
		}

		s.clock.Pass(2 * time.Second)
		other.refresh()
		s.clock.Pass(time.Minute)
		want(t, one.states(models.SealKeys), keyring.Old, keyring.InUse)
		second := one.seal()
		if !opens(other.Keys, second) || !opens(one.Keys, first) {
			t.Error("a token is invalid")
		}

		for _, at := range []time.Time{begin, begin.Add(59 * time.Second), begin.Add(time.Minute), s.clock.Now()} {
			if sealAt(t, one.Keys, at).Reveal() != sealAt(t, other.Keys, at).Reveal() {
				t.Errorf("two processes make different tickets of the session that was refreshed at %s", at)
			}
		}

		if sealAt(t, other.Keys, begin).Reveal() != first.Reveal() {
			t.Error("the ticket of a session's row has changed")
		}

		want(t, one.states(models.SignKeys), keyring.InUse)
	})
}

// A verifier never gets a JWT with a key that was not published before.
func TestRotateSigners(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, master := keyFile(t)
		r := s.load(master)
		kid := func() string {
			token, err := r.Signers.Sign("at+jwt", map[string]any{"iss": "x"}, s.clock.Now())
			must(t, err)
			head, _, _ := strings.Cut(token, ".")
			return head
		}

		published := func() int { return strings.Count(string(r.Signers.JWKS()), `"kid"`) }
		first := kid()
		r.rotate(models.SignKeys, time.Minute)
		r.refresh()
		if kid() != first || published() != 2 {
			t.Error("the next keyset signs before its time, or is not published")
		}

		s.clock.Pass(time.Minute)
		if kid() == first {
			t.Error("the next keyset does not sign")
		}

		s.clock.Pass(25 * time.Hour)
		retired, err := r.RetireExpired(t.Context())
		if err != nil || len(retired) != 1 || retired[0].Purpose != models.SignKeys || retired[0].Number != 1 {
			t.Errorf("retired: %+v, %v", retired, err)
		}

		r.refresh()
		if published() != 1 {
			t.Error("a retired keyset is published")
		}
	})
}

// If several processes rotate at once, at least one succeeds. The others return ErrMeanwhile.
func TestRotateRace(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, master := keyFile(t)
		var rotated atomic.Int32
		var all sync.WaitGroup

		for range 6 {
			r := s.load(master)
			all.Go(func() {
				_, err := r.Rotate(t.Context(), access.Operator(), models.SealKeys, time.Minute)
				if err == nil {
					rotated.Add(1)
				} else if !errors.Is(err, keyring.ErrMeanwhile) {
					t.Error(err)
				}
			})
		}

		all.Wait()
		if states := s.ring(nil).states(models.SealKeys); rotated.Load() < 1 || len(states) != 1+int(rotated.Load()) {
			t.Errorf("%d have rotated: %q", rotated.Load(), states)
		}
	})
}

func TestRotateIfDue(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, master := keyFile(t)
		rings := []*ring{s.load(master), s.load(master)}
		const age = 2160 * time.Hour
		due := func(age time.Duration, count int) {
			t.Helper()
			total := 0
			for _, r := range rings {
				rotated, err := r.RotateIfDue(t.Context(), age)
				must(t, err)
				total += len(rotated)
			}

			if total != count {
				t.Errorf("%d were rotated, not %d", total, count)
			}
		}

		s.clock.Pass(age)
		due(age, 0)
		s.clock.Pass(time.Second)
		due(0, 0)
		due(age, 2)
		due(age, 0)
		want(t, rings[0].states(models.SealKeys), keyring.InUse, keyring.Next)
		s.clock.Pass(age + time.Second)
		due(age, 2)
	})
}

// A process that has loaded the keysets keeps them if somebody empties the table.
func TestEmptied(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, master := keyFile(t)
		r := s.load(master)
		token := r.seal()
		_, err := s.store.DeleteKeyset(t.Context(), models.SealKeys, 1)
		must(t, err)
		if err := r.Reload(t.Context()); err == nil || !opens(r.Keys, token) {
			t.Errorf("the empty table was accepted, or the keyset was lost: %v", err)
		}

		if _, err := r.Rotate(t.Context(), access.Operator(), models.SealKeys, time.Minute); err == nil {
			t.Error("a rotation without a keyset succeeded")
		}
	})
}
