package seal_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/timing"
)

func mustKeys(t testing.TB, keysets ...seal.Dated) *seal.Keys {
	t.Helper()
	keys, err := seal.NewKeys(keysets...)
	if err != nil {
		t.Fatal(err)
	}

	return keys
}

// A token is sealed under the keyset that was in use when the token was issued, no matter what time
// it is now. Every keyset opens tokens.
func TestKeysetOfAnInstant(t *testing.T) {
	t.Parallel()

	begin := sample(seal.Access).IssuedAt
	first := dated(t, 1, begin, seal.NewSealKeyset)
	second := dated(t, 2, begin.Add(time.Minute), seal.NewSealKeyset)

	// The third replaces the second before the use of the second begins.
	third := dated(t, 3, begin.Add(30*time.Second), seal.NewSealKeyset)

	two, three := mustKeys(t, second, first), mustKeys(t, first, third, second)
	for name, c := range map[string]struct {
		keys   *seal.Keys
		offset time.Duration
		by     seal.Dated
	}{
		"before all":            {two, -time.Hour, first},
		"first":                 {two, time.Minute - time.Microsecond, first},
		"second":                {two, time.Minute, second},
		"long after":            {two, time.Hour, second},
		"before the third":      {three, 29 * time.Second, first},
		"third":                 {three, 30 * time.Second, third},
		"third, not the second": {three, time.Hour, third},
	} {
		contents := sample(seal.Access)
		contents.IssuedAt = begin.Add(c.offset)
		token := mustSeal(t, c.keys, contents)
		if token.Reveal() != mustSeal(t, mustKeys(t, c.by), contents).Reveal() {
			t.Errorf("%s: sealed under another keyset", name)
		}

		if _, err := c.keys.Open(seal.Access, token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A token under an unknown key has its own error, because the key may be in a newer keyset.
func TestErrUnknownKey(t *testing.T) {
	t.Parallel()

	begin := sample(seal.Access).IssuedAt
	first, second := dated(t, 1, begin, seal.NewSealKeyset), dated(t, 2, begin, seal.NewSealKeyset)
	keys := mustKeys(t, first)
	token := mustSeal(t, mustKeys(t, second), sample(seal.Access))
	_, err := keys.Open(seal.Access, token)
	if !errors.Is(err, seal.ErrUnknownKey) || !errors.Is(err, seal.ErrInvalid) {
		t.Error(err)
	}

	for name, token := range map[string]secret.Text{
		"of another kind": mustSeal(t, keys, sample(seal.Refresh)),
		"short":           secret.New(token.Reveal()[:20]),
		"no token":        secret.New("hello"),
		"empty":           secret.New(""),
	} {
		_, err := keys.Open(seal.Access, token)
		if errors.Is(err, seal.ErrUnknownKey) || !errors.Is(err, seal.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}

	if err := keys.Replace([]seal.Dated{first, second}); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Open(seal.Access, token); err != nil {
		t.Error(err)
	}
}

func TestMayBeToken(t *testing.T) {
	t.Parallel()

	keys := newKeys(t)
	at := time.Unix(1795512600, 0)
	if keys.MayBeToken(seal.ErrUnknownKey, at) {
		t.Error("keysets may be missing, although they never change")
	}
	if !keys.MayBeToken(seal.ErrNotLoaded, at) {
		t.Error("a text is no token, although there are no keysets yet")
	}

	keys.MarkComplete(at)
	const complete = timing.KeysetsComplete
	for _, after := range []time.Duration{-time.Hour, 0, complete, complete + 1, time.Hour} {
		if want := after > complete; keys.MayBeToken(seal.ErrUnknownKey, at.Add(after)) != want {
			t.Errorf("after %s: want %t", after, want)
		}
		if keys.MayBeToken(seal.ErrInvalid, at.Add(after)) || keys.MayBeToken(nil, at.Add(after)) {
			t.Errorf("after %s: keysets may be missing, although the text names none", after)
		}
	}
}

func TestKeysNotLoaded(t *testing.T) {
	t.Parallel()

	var keys seal.Keys
	_, err := keys.Seal(sample(seal.Access))
	_, errOpen := keys.Open(seal.Access, secret.New("hello"))

	for _, err := range []error{err, errOpen, keys.Replace(nil)} {
		if !errors.Is(err, seal.ErrNotLoaded) || errors.Is(err, seal.ErrInvalid) {
			t.Error(err)
		}
	}

	if err := keys.Replace([]seal.Dated{dated(t, 1, time.Unix(0, 0), seal.NewSignKeyset)}); err == nil {
		t.Error("Keys accepts a keyset that signs")
	}
}

// Keys can be replaced while they are in use. No token is refused meanwhile.
func TestReplaceInUse(t *testing.T) {
	t.Parallel()

	keysets := []seal.Dated{dated(t, 1, time.Unix(0, 0), seal.NewSealKeyset)}
	keys := mustKeys(t, keysets...)
	done := make(chan struct{})
	var users sync.WaitGroup

	for range 4 {
		users.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}

				token, err := keys.Seal(sample(seal.Refresh))
				if err == nil {
					_, err = keys.Open(seal.Refresh, token)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}

	for number := range 20 {
		keysets = append(keysets, dated(t, number+2, time.Unix(0, 0), seal.NewSealKeyset))
		if err := keys.Replace(keysets); err != nil {
			t.Error(err)
		}
	}

	close(done)
	users.Wait()
}
