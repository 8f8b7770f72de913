package password

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-crypt/crypt/algorithm"

	"github.com/authtickets/authtickets/secret"
)

// Why a hash is not accepted. The errors do not repeat the hash.
var (
	ErrUnknownFormat = errors.New("password: a hash of no format that can be checked")
	ErrTooCostly     = errors.New("password: a hash that would cost too much to check")
)

const maxHash = 512

// Inspect tells, without running it, whether [Hasher.Check] can check a hash: the error is [ErrUnknownFormat] or
// [ErrTooCostly] if not. external says that another system made it: it is not argon2id in the PHC string format.
func Inspect(hash secret.Text) (external bool, err error) {
	_, err = read(hash.Reveal())
	return !strings.HasPrefix(hash.Reveal(), "$argon2id$"), err
}

// A matcher tells whether a password is the one its hash was made from. It takes the same time whatever it tells.
type matcher func(plain string) bool

// A format is a family of hashes. Its pattern admits whole hashes only, with digests of 16 bytes or more and numbers
// that are neither zero nor padded; read weighs the costs that the pattern captured, behind the hash itself.
//
// This strictness is ours because the library has little: it takes any cost, and puts a default in the place of a zero.
type format struct {
	pattern *regexp.Regexp
	read    func(captured []string) (matcher, error)
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

// number reads captured digits; none are 0. A number beyond an int reads as the greatest int, which is too costly.
func number(digits string) int {
	value, _ := strconv.Atoi(digits)
	return value
}

// decoded takes what the library returns for a hash. Its errors repeat parts of the hash, so they end here.
func decoded(digest algorithm.Digest, err error) (matcher, error) {
	if err != nil {
		return nil, ErrUnknownFormat
	}
	return digest.Match, nil
}
