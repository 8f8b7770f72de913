package password

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-crypt/crypt/algorithm"

	"github.com/authtickets/authtickets/secret"
)

// These errors say why a hash is refused. They do not repeat the hash.
var (
	ErrUnknownFormat = errors.New("password: a hash in an unknown format")
	ErrTooCostly     = errors.New("password: a hash that would cost too much to check")
)

const maxHash = 512

// Inspect reports whether [Hasher.Check] can check a hash, and computes no hash itself. Its errors
// are [ErrUnknownFormat] and [ErrTooCostly]. external is true if another system made the hash, so
// that it is not argon2id in the PHC string format.
func Inspect(hash secret.Text) (external bool, err error) {
	_, err = read(hash.Reveal())
	return !strings.HasPrefix(hash.Reveal(), "$argon2id$"), err
}

// A matcher reports whether a password belongs to its hash. It takes the same time for any
// password.
type matcher func(plain string) bool

// A format is a family of hashes. Together, pattern and read accept only whole hashes with digests
// of at least 16 bytes and with costs that are neither zero nor too high.
//
// We are this strict because the library is not: it accepts any cost, and replaces zero with a
// default.
type format struct {
	pattern *regexp.Regexp
	// read gets the hash, followed by what the groups of the pattern captured.
	read func(captured []string) (matcher, error)
}

func formats() []format {
	return []format{
		{argon2Pattern, readArgon2},
		{bcryptPattern, readBcrypt},
		{scryptPattern, readScrypt},
		{pbkdf2Pattern, readPBKDF2},
		{shaCryptPattern, readSHACrypt},
		{phpassPattern, readPHPass},
		{djangoPattern, readDjango},
		{saltedSHAPattern, readSaltedSHA},
	}
}

func read(hash string) (matcher, error) {
	if len(hash) > maxHash {
		return nil, ErrUnknownFormat
	}

	hash = unlabelled(hash)
	for _, format := range formats() {
		if captured := format.pattern.FindStringSubmatch(hash); captured != nil {
			return format.read(captured)
		}
	}

	return nil, ErrUnknownFormat
}

// number converts captured digits. It returns 0 without digits. For a number that is too large it
// returns the largest int, which is always too costly.
func number(digits string) int {
	value, _ := strconv.Atoi(digits)
	return value
}

// decoded turns the result of the library into a matcher. It drops the library's errors, because
// they repeat parts of the hash.
func decoded(digest algorithm.Digest, err error) (matcher, error) {
	if err != nil {
		return nil, ErrUnknownFormat
	}
	return digest.Match, nil
}
