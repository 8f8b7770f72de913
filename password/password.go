// Package password hashes passwords and checks them. New hashes are argon2id. It also checks hashes
// of other systems, from which accounts were imported. Such a hash is renewed when its owner signs
// in.
//
// A wrong password takes the same time whether the account exists or not, except that
// [Hasher.Check] takes longer for an outdated hash. When many sign-ins arrive at once, they wait in
// line and do not overload the machine.
package password

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/authtickets/authtickets/secret"
)

// These errors say why a text can never be a password, for any account.
var (
	ErrEmpty   = errors.New("password: empty or blank")
	ErrTooLong = errors.New("password: longer than 1024 bytes")
	ErrNotText = errors.New("password: not UTF-8 text, or it contains a NUL character")
)

const maxPlain = 1024

// Acceptable returns [ErrEmpty], [ErrTooLong] or [ErrNotText] if a text can never be a password.
// [Hasher] calls it before it spends time on a hash: a long text would be expensive, and some old
// formats stop reading at a NUL.
func Acceptable(plain secret.Text) error {
	text := plain.Reveal()
	switch {
	case len(text) > maxPlain:
		return ErrTooLong
	case strings.TrimSpace(text) == "":
		return ErrEmpty
	case !utf8.ValidString(text), strings.Contains(text, "\x00"):
		return ErrNotText
	}

	return nil
}
