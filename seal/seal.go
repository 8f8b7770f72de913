// Package seal holds the keys, turns a token's contents into text and back, and signs JWTs.
//
// A token is its contents, encrypted and authenticated with AES-SIV (RFC 5297), and written in
// letters and digits. The same contents under the same key always give the same text. So the server
// can issue the same ticket again without storing it.
package seal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jxskiss/base62"
	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/timing"
)

// Errors of opening a token.
var (
	// ErrInvalid is returned for any text that is not a token of these keys and of the given kind.
	// It does not say why.
	ErrInvalid = errors.New("not a token of this server and kind")
	// ErrUnknownKey is an ErrInvalid for a text that names a key which is in none of the keysets.
	// MayBeToken tells whether the text may still be a token.
	ErrUnknownKey = fmt.Errorf("%w: sealed under an unknown key", ErrInvalid)
)

// maxText is the longest text that Open decodes, in bytes. A token with a hundred behaviors is
// shorter, and decoding a text of this length is still fast.
const maxText = 16 << 10

// Keys seals tokens under the keyset that is in use when they are issued, and opens them under any
// keyset. The zero value has no keysets yet. Its methods may be called concurrently.
type Keys struct {
	loaded atomic.Pointer[sealers]
	// complete is when the loaded keysets were last known to be complete, in nanoseconds since
	// 1970. 0 means that they never change.
	complete atomic.Int64
}

// sealers is never changed, only replaced.
type sealers struct {
	newestFirst []dated[tink.DeterministicAEAD]
	ids         map[uint32]bool
}

// NewKeys returns Keys with keysets that NewSealKeyset made, at least one.
func NewKeys(keysets ...Dated) (*Keys, error) {
	k := new(Keys)
	return k, k.Replace(keysets)
}

// Replace replaces the keysets for all calls that begin afterwards. It needs at least one, made by
// NewSealKeyset. If it returns an error, nothing has changed.
func (k *Keys) Replace(keysets []Dated) error {
	if len(keysets) == 0 {
		return ErrNotLoaded
	}

	next := &sealers{ids: map[uint32]bool{}}
	for _, of := range slices.SortedFunc(slices.Values(keysets), newestFirst) {
		primitive, err := daead.New(of.Keyset.handle)
		if err != nil {
			return fmt.Errorf("keyset %d cannot seal: %w", of.Number, err)
		}

		next.newestFirst = append(next.newestFirst, dated[tink.DeterministicAEAD]{of.UsedFrom, primitive})
		for _, key := range of.Keyset.handle.KeysetInfo().GetKeyInfo() {
			next.ids[key.GetKeyId()] = true
		}
	}

	k.loaded.Store(next)
	return nil
}

// Loaded reports whether there are keysets.
func (k *Keys) Loaded() bool { return k.loaded.Load() != nil }

// Seal turns contents into a token of letters and digits, about a third longer than the encoded
// contents. It uses the keyset that was in use at contents.IssuedAt, so that the same contents
// always give the same text. It returns ErrNotLoaded while there are no keysets.
func (k *Keys) Seal(contents Contents) (secret.Text, error) {
	loaded := k.loaded.Load()
	if loaded == nil {
		return secret.Text{}, ErrNotLoaded
	}

	primitive := usedAt(loaded.newestFirst, contents.IssuedAt)
	sealed, err := primitive.EncryptDeterministically(contents.encode(), boundTo(contents.Kind))
	if err != nil {
		return secret.Text{}, fmt.Errorf("seal a token: %w", err)
	}
	return secret.New(base62.EncodeToString(sealed)), nil
}

// Open returns the contents of a token of the given kind. The caller must check whether the token
// has expired. The errors are ErrInvalid and, while there are no keysets, ErrNotLoaded.
func (k *Keys) Open(kind Kind, token secret.Text) (Contents, error) {
	loaded := k.loaded.Load()
	if loaded == nil {
		return Contents{}, ErrNotLoaded
	}

	text := token.Reveal()
	if text == "" || len(text) > maxText {
		return Contents{}, ErrInvalid
	}

	sealed, err := base62.DecodeString(text)
	// Several texts decode to the same bytes. Only the text that Seal writes is valid.
	if err != nil || base62.EncodeToString(sealed) != text {
		return Contents{}, ErrInvalid
	}

	plain, err := loaded.decrypt(sealed, boundTo(kind))
	if err != nil {
		return Contents{}, err
	}

	contents, err := decode(plain)
	if err != nil || contents.Kind != kind {
		return Contents{}, ErrInvalid
	}

	return contents, nil
}

func (s *sealers) decrypt(sealed, associated []byte) ([]byte, error) {
	for _, keyset := range s.newestFirst {
		if plain, err := keyset.primitive.DecryptDeterministically(sealed, associated); err == nil {
			return plain, nil
		}
	}

	// Tink writes a 1 and the id of the key before the ciphertext.
	const prefix, syntheticIV = 5, 16
	hasPrefix := len(sealed) > prefix+syntheticIV && sealed[0] == 1
	if hasPrefix && !s.ids[binary.BigEndian.Uint32(sealed[1:prefix])] {
		return nil, ErrUnknownKey
	}
	return nil, ErrInvalid
}

// Fingerprint returns a keyed hash of a text, to be stored in place of the text. It uses the keyset
// in use at the instant at, so it changes with the keys. Without the keys, nobody can find out
// which text it belongs to. Fingerprint returns ErrNotLoaded while there are no keysets.
func (k *Keys) Fingerprint(text string, at time.Time) ([16]byte, error) {
	loaded := k.loaded.Load()
	if loaded == nil {
		return [16]byte{}, ErrNotLoaded
	}

	primitive := usedAt(loaded.newestFirst, at)
	sealed, err := primitive.EncryptDeterministically([]byte(text), []byte("authtickets fingerprint"))
	if err != nil {
		return [16]byte{}, fmt.Errorf("take a fingerprint: %w", err)
	}

	sum := sha256.Sum256(sealed)
	return [16]byte(sum[:16]), nil
}

// MarkComplete records that at an instant the loaded keysets were all keysets that existed.
func (k *Keys) MarkComplete(at time.Time) { k.complete.Store(at.UnixNano()) }

// MayBeToken reports whether a text that Open refused with err may still be a token: there are no
// keysets yet, or the text names a key that is not loaded although it may already be in use. That
// is so if the last MarkComplete was longer ago than timing.KeysetsComplete.
func (k *Keys) MayBeToken(err error, now time.Time) bool {
	complete := k.complete.Load()
	mayLack := complete != 0 && now.UnixNano()-complete > int64(timing.KeysetsComplete)
	return errors.Is(err, ErrNotLoaded) || errors.Is(err, ErrUnknownKey) && mayLack
}

// boundTo returns the associated data of a kind of token, so that no token opens as another kind.
func boundTo(kind Kind) []byte {
	switch kind {
	case Access:
		return []byte("authtickets access token")
	case ApplicationAccess:
		return []byte("authtickets application access token")
	case ApplicationRefresh:
		return []byte("authtickets application refresh token")
	case Refresh:
	}
	return []byte("authtickets refresh token")
}
