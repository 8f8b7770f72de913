// Package password hashes passwords and checks them, also against hashes of the systems that
// accounts are imported from. New hashes are argon2id. Other kinds are only read; such a hash is
// renewed when its owner signs in.
//
// A wrong password takes the same time whether the account exists or not, with one exception that
// [Hasher.Check] describes. When many sign-ins arrive at once, they wait in line and do not
// overload the machine.
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
	ErrNotText = errors.New("password: not UTF-8 text, or with a NUL character in it")
)

const maxPlain = 1024

// Acceptable returns [ErrEmpty], [ErrTooLong] or [ErrNotText] if a text can never be a password.
// [Hasher] calls it before it spends time on a hash, because a long text would be expensive, and
// because some old formats stop reading at a NUL.
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
