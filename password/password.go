// Package password turns passwords into hashes and checks them, also against the hashes of the systems that accounts
// are imported from. New hashes are argon2id; every other kind is read only, until its owner signs in and it is renewed.
//
// It is made so that a wrong password takes the same time where there is no account (the one exception is told at
// [Hasher.Check]), and so that a flood of sign-ins waits in line instead of using up the machine.
package password

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/authtickets/authtickets/secret"
)

// What can never be a password, whosever it is.
var (
	ErrEmpty   = errors.New("password: empty or blank")
	ErrTooLong = errors.New("password: longer than 1024 bytes")
	ErrNotText = errors.New("password: not UTF-8 text, or with a NUL character in it")
)

const maxPlain = 1024

// Acceptable returns [ErrEmpty], [ErrTooLong] or [ErrNotText] for what can never be a password. [Hasher] asks it too,
// before it spends time on a hash: a long text would be dear, and some old formats stop reading at a NUL.
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
