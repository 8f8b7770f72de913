package seal

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tink-crypto/tink-go/v2/jwt"
)

// Signers sign what others verify: JWTs, with ES256 (RFC 7518 section 3.4). They publish their
// public keys. The zero value has no keysets yet. Its methods may be called concurrently.
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

// Replace replaces the keysets, for all calls that begin afterwards. It needs at least one, made by
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

// Sign returns a JWS of claims, which must be an object in JSON. Its header has the type typ, the
// algorithm, and the id of a key that is in use at the instant at. ECDSA signatures differ each
// time. It returns ErrNotLoaded while there are no keysets.
//
// Numbers become 64-bit floats on the way, so whole numbers are exact up to 2^53.
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
// not in use yet, so that a verifier knows a key before the first signature. It returns nil while
// there are no keysets. The caller must not change it.
func (s *Signers) JWKS() []byte {
	if loaded := s.loaded.Load(); loaded != nil {
		return loaded.jwks
	}
	return nil
}
