package password

import (
	"encoding/base64"
	"regexp"

	"github.com/go-crypt/crypt/algorithm/pbkdf2"
)

// maxPBKDF2Iterations leaves room above the default of Django 6.1, which is 1,500,000.
const maxPBKDF2Iterations = 2_000_000

// pbkdf2Pattern is the modular crypt format of passlib.
var pbkdf2Pattern = regexp.MustCompile(
	`^\$(pbkdf2(?:-sha(?:1|224|256|384|512))?)\$([1-9]\d*)\$[./A-Za-z0-9]+\$([./A-Za-z0-9]+)$`)

// readPBKDF2 wants a digest as long as its hash function makes it: a longer one costs the checker more than the guesser.
func readPBKDF2(captured []string) (matcher, error) {
	size := pbkdf2.NewVariant(captured[1]).HashFunc()().Size()
	switch {
	case number(captured[2]) > maxPBKDF2Iterations:
		return nil, ErrTooCostly
	case len(captured[3]) != base64.RawStdEncoding.EncodedLen(size):
		return nil, ErrUnknownFormat
	}
	return decoded(pbkdf2.Decode(captured[0]))
}
