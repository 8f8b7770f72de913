package seal

import (
	"errors"
	"fmt"
	"time"

	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/jwt"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// ErrNotLoaded is returned before the first keyset is known. It says nothing of what was asked: the caller asks again.
var ErrNotLoaded = errors.New("the keys are not loaded yet")

// Keyset is keys in the clear, which they are in memory only. Its keys cannot be printed.
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

// Dated is a keyset and from when on it is used. Of several, the one with the highest number is used whose instant has come.
type Dated struct {
	Keyset   *Keyset
	Number   int
	UsedFrom time.Time
}

// newestFirst orders keysets.
func newestFirst(a, b Dated) int { return b.Number - a.Number }

// dated is what is made of a keyset to work with it, in a list with the newest in front.
type dated[T any] struct {
	usedFrom time.Time
	made     T
}

// usedAt returns what is used at an instant: the newest whose own has come, or the oldest if none has. The list must not be empty.
func usedAt[T any](newestFirst []dated[T], at time.Time) T {
	for _, candidate := range newestFirst {
		if !candidate.usedFrom.After(at) {
			return candidate.made
		}
	}
	return newestFirst[len(newestFirst)-1].made
}
