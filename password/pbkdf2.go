package password

import (
	"encoding/base64"
	"regexp"

	"github.com/go-crypt/crypt/algorithm/pbkdf2"
)

// maxPBKDF2Iterations is above the default of Django 6.1, which is 1,500,000.
const maxPBKDF2Iterations = 2_000_000

// pbkdf2Pattern is passlib's modular crypt format.
var pbkdf2Pattern = regexp.MustCompile(
	`^\$(pbkdf2(?:-sha(?:1|224|256|384|512))?)\$([1-9]\d*)\$[./A-Za-z0-9]+\$([./A-Za-z0-9]+)$`)

// readPBKDF2 accepts only digests as long as the hash function's output. A longer digest would cost
// us more than it costs an attacker.
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
