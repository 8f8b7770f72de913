package seal

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tink-crypto/tink-go/v2/jwt"
)

// Signers sign JWTs, with ES256 (RFC 7518 section 3.4), and publish the public keys with which
// others verify them. The zero value has no keysets yet. Its methods may be called concurrently.
type Signers struct{ loaded atomic.Pointer[signers] }

// signers is never changed, only replaced.
type signers struct {
	newestFirst []dated[jwt.Signer]
	jwks        []byte
}

// NewSigners returns Signers with keysets that NewSignKeyset made, at least one.
func NewSigners(keysets ...Dated) (*Signers, error) {
	s := new(Signers)
	return s, s.Replace(keysets)
}

// Replace replaces the keysets for all calls that begin afterwards. It needs at least one, made by
// NewSignKeyset. If it returns an error, nothing has changed.
func (s *Signers) Replace(keysets []Dated) error {
	if len(keysets) == 0 {
		return ErrNotLoaded
	}

	keysets = slices.SortedFunc(slices.Values(keysets), newestFirst)
	next := &signers{}
	var published []json.RawMessage
	for _, of := range keysets {
		signer, err := jwt.NewSigner(of.Keyset.handle)
		if err != nil {
			return fmt.Errorf("keyset %d cannot sign: %w", of.Number, err)
		}

		next.newestFirst = append(next.newestFirst, dated[jwt.Signer]{of.UsedFrom, signer})

		keys, err := publicKeys(of.Keyset)
		if err != nil {
			return fmt.Errorf("keyset %d cannot be published: %w", of.Number, err)
		}

		published = append(published, keys...)
	}

	var err error
	if next.jwks, err = json.Marshal(map[string]any{"keys": published}); err != nil {
		return fmt.Errorf("publish keys: %w", err)
	}

	s.loaded.Store(next)
	return nil
}

// publicKeys returns the public keys of a keyset, as JWKs.
func publicKeys(keyset *Keyset) ([]json.RawMessage, error) {
	public, err := keyset.handle.Public()
	if err != nil {
		return nil, err
	}

	text, err := jwt.JWKSetFromPublicKeysetHandle(public)
	if err != nil {
		return nil, err
	}

	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}

	return set.Keys, json.Unmarshal(text, &set)
}

// Sign returns a signed JWT. In JSON the claims must be an object. The header has the type typ, the
// algorithm, and the id of the key that is in use at the instant at. Signing the same claims twice
// gives different signatures. Sign returns ErrNotLoaded while there are no keysets.
//
// Numbers are converted to 64-bit floats, so whole numbers are exact only up to 2^53.
func (s *Signers) Sign(typ string, claims any, at time.Time) (string, error) {
	loaded := s.loaded.Load()
	if loaded == nil {
		return "", ErrNotLoaded
	}

	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("sign claims: %w", err)
	}

	unsigned, err := jwt.NewRawJWTFromJSON(&typ, payload)
	if err != nil {
		return "", fmt.Errorf("sign claims: %w", err)
	}

	signed, err := usedAt(loaded.newestFirst, at).SignAndEncode(unsigned)
	if err != nil {
		return "", fmt.Errorf("sign claims: %w", err)
	}

	return signed, nil
}

// JWKS returns the public keys of all keysets as a JWK Set (RFC 7517). It includes keysets that are
// not in use yet, so that a verifier knows each key before its first signature. It returns nil
// while there are no keysets. The caller must not change the result.
func (s *Signers) JWKS() []byte {
	if loaded := s.loaded.Load(); loaded != nil {
		return loaded.jwks
	}
	return nil
}
