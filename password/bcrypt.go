package password

import (
	"regexp"

	"github.com/go-crypt/crypt/algorithm/bcrypt"
)

const (
	minBcryptCost  = 4
	maxBcryptCost  = 14 // about a second
	maxBcryptPlain = 72
)

var bcryptPattern = regexp.MustCompile(`^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$`)

// readBcrypt returns a matcher that accepts no password of more than 72 bytes. Bcrypt ignores
// further bytes, so any tail would match. The comparison still runs, so that it takes the same
// time.
func readBcrypt(captured []string) (matcher, error) {
	switch cost := number(captured[1]); {
	case cost > maxBcryptCost:
		return nil, ErrTooCostly
	case cost < minBcryptCost:
		return nil, ErrUnknownFormat
	}

	matches, err := decoded(bcrypt.Decode(captured[0]))
	if err != nil {
		return nil, err
	}

	return func(plain string) bool { return matches(plain) && len(plain) <= maxBcryptPlain }, nil
}
