// Package seal keeps the keys, and turns a token's contents into text and back.
//
// A token is its contents, encrypted and authenticated with AES-SIV (RFC 5297), in letters and digits. Sealing the same contents under the
// same key gives the same text, so the server can hand the same ticket out twice without having kept it.
package seal

import (
	"errors"
	"fmt"

	"github.com/jxskiss/base62"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/authtickets/authtickets/secret"
)

// ErrInvalid is returned for any text that is not a token of these keys and of the kind asked for. It does not say why.
var ErrInvalid = errors.New("not a token of this server and kind")

// maxText bounds what is looked at, in bytes: far above a token with a hundred behaviors, far below what would be work.
const maxText = 16 << 10

// Keys opens tokens under any key of a keyset and seals under its primary one.
type Keys struct{ primitive tink.DeterministicAEAD }

// Seal turns contents into a token: letters and digits, about a third longer than the contents.
func (k *Keys) Seal(contents Contents) (secret.Text, error) {
	sealed, err := k.primitive.EncryptDeterministically(contents.encode(), boundTo(contents.Kind))
	if err != nil {
		return secret.Text{}, fmt.Errorf("seal a token: %w", err)
	}
	return secret.New(base62.EncodeToString(sealed)), nil
}

// Open returns the contents of a token of the given kind, or ErrInvalid. Whether it has expired is for the caller to judge.
func (k *Keys) Open(kind Kind, token secret.Text) (Contents, error) {
	text := token.Reveal()
	if text == "" || len(text) > maxText {
		return Contents{}, ErrInvalid
	}
	sealed, err := base62.DecodeString(text)
	// Several texts decode to the same bytes; only the one that Seal writes is the token.
	if err != nil || base62.EncodeToString(sealed) != text {
		return Contents{}, ErrInvalid
	}
	plain, err := k.primitive.DecryptDeterministically(sealed, boundTo(kind))
	if err != nil {
		return Contents{}, ErrInvalid
	}
	contents, err := decode(plain)
	if err != nil || contents.Kind != kind {
		return Contents{}, ErrInvalid
	}
	return contents, nil
}

// boundTo is the associated data of a kind of token: text sealed for one purpose opens for no other.
func boundTo(kind Kind) []byte {
	if kind == Access {
		return []byte("authtickets access token")
	}
	return []byte("authtickets refresh token")
}
