// Package seal keeps the keys, and turns a token's contents into text and back.
//
// A token is its contents, encrypted and authenticated with AES-SIV (RFC 5297), in letters and digits. Sealing the same contents under the
// same key gives the same text, so the server can hand the same ticket out twice without having kept it.
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
)

// Errors of opening a token.
var (
	// ErrInvalid is returned for any text that is not a token of these keys and of the kind asked for. It does not say why.
	ErrInvalid = errors.New("not a token of this server and kind")
	// ErrUnknownKey is an ErrInvalid for a text that names a key which none of the keysets has. Where newer keysets may have been published since they were loaded, as Behind
	// tells, it may be a token all the same.
	ErrUnknownKey = fmt.Errorf("%w: sealed under an unknown key", ErrInvalid)
)

// maxText bounds what is looked at, in bytes: far above a token with a hundred behaviors, far below what would be work.
const maxText = 16 << 10

// Keys seals tokens under the keyset that is used at the instant they are issued, and opens them under any. The zero value knows no keysets yet. Its methods may be called at
// the same time from anywhere.
type Keys struct {
	loaded atomic.Pointer[sealers]
	// complete is when these were last known to be all keysets there are, in nanoseconds since the epoch; 0 where they do not change.
	complete atomic.Int64
}

// sealers does not change.
type sealers struct {
	newestFirst []dated[tink.DeterministicAEAD]
	ids         map[uint32]bool
}

// NewKeys returns keys with keysets of NewSealKeyset, at least one.
func NewKeys(keysets ...Dated) (*Keys, error) {
	k := new(Keys)
	return k, k.Replace(keysets)
}

// Replace puts keysets of NewSealKeyset, at least one, in the place of those so far, for all calls that begin afterwards. With an error nothing has changed.
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

// Seal turns contents into a token: letters and digits, about a third longer than the contents. The instant they were issued at tells which keyset is used, so that the
// same contents give the same text at any time. It returns ErrNotLoaded as long as there are no keysets.
func (k *Keys) Seal(contents Contents) (secret.Text, error) {
	loaded := k.loaded.Load()
	if loaded == nil {
		return secret.Text{}, ErrNotLoaded
	}
	sealed, err := usedAt(loaded.newestFirst, contents.IssuedAt).EncryptDeterministically(contents.encode(), boundTo(contents.Kind))
	if err != nil {
		return secret.Text{}, fmt.Errorf("seal a token: %w", err)
	}
	return secret.New(base62.EncodeToString(sealed)), nil
}

// Open returns the contents of a token of the given kind, or ErrInvalid or, as long as there are no keysets, ErrNotLoaded. Whether it has expired is for the caller to judge.
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
	// Several texts decode to the same bytes; only the one that Seal writes is the token.
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
		if plain, err := keyset.made.DecryptDeterministically(sealed, associated); err == nil {
			return plain, nil
		}
	}
	const prefix, syntheticIV = 5, 16
	if len(sealed) > prefix+syntheticIV && sealed[0] == 1 && !s.ids[binary.BigEndian.Uint32(sealed[1:prefix])] { // Tink's prefix: a 1, and the id of the key
		return nil, ErrUnknownKey
	}
	return nil, ErrInvalid
}

// Fingerprint returns what stands for a text where the text must not be kept. Without the keys
// nobody can tell whether it is that of a certain text. It changes when the keys do, and returns
// ErrNotLoaded as long as there are none.
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

// Complete says that at an instant these were all keysets there are.
func (k *Keys) Complete(at time.Time) { k.complete.Store(at.UnixNano()) }

// LeastNotice is for how long whoever has looked for keysets knows all that are in use: each is published for longer before. keyring.LeastDelay says for how much.
const LeastNotice = 5 * time.Second

// Behind reports whether tokens may be sealed by now under keysets that are not known here. That is so when Complete was not said for LeastNotice.
func (k *Keys) Behind(now time.Time) bool {
	complete := k.complete.Load()
	return complete != 0 && now.UnixNano()-complete > int64(LeastNotice)
}

// boundTo is the associated data of a kind of token: text sealed for one purpose opens for no other.
func boundTo(kind Kind) []byte {
	if kind == Access {
		return []byte("authtickets access token")
	}
	return []byte("authtickets refresh token")
}
