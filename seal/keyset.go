package seal

import (
	"errors"
	"fmt"
	"time"

	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/jwt"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// ErrNotLoaded is returned before the first keysets are loaded. The caller should try again.
var ErrNotLoaded = errors.New("the keys are not loaded yet")

// Keyset holds keys in the clear. It exists only in memory, and cannot be printed.
type Keyset struct{ handle *keyset.Handle }

// NewSealKeyset makes a keyset with one random key that seals tokens.
func NewSealKeyset() (*Keyset, error) {
	handle, err := keyset.NewHandle(daead.AESSIVKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return &Keyset{handle}, nil
}

// NewSignKeyset makes a keyset with one random key that signs JWTs, with ES256.
func NewSignKeyset() (*Keyset, error) {
	handle, err := keyset.NewHandle(jwt.ES256Template())
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return &Keyset{handle}, nil
}

// Dated is a keyset and the instant from which it may be used. Of several keysets that may be used,
// the one with the highest number is in use.
type Dated struct {
	Keyset   *Keyset
	Number   int
	UsedFrom time.Time
}

// newestFirst compares keysets, for sorting.
func newestFirst(a, b Dated) int { return b.Number - a.Number }

// dated is a Tink primitive that was made from a keyset.
type dated[T any] struct {
	usedFrom  time.Time
	primitive T
}

// usedAt returns the primitive that is in use at an instant: the newest that may be used then, or
// the oldest if none may. The list must not be empty.
func usedAt[T any](newestFirst []dated[T], at time.Time) T {
	for _, candidate := range newestFirst {
		if !candidate.usedFrom.After(at) {
			return candidate.primitive
		}
	}
	return newestFirst[len(newestFirst)-1].primitive
}
