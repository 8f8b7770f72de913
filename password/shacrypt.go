package password

import (
	"cmp"
	"encoding/base64"
	"regexp"

	"github.com/go-crypt/crypt/algorithm/shacrypt"
)

// The specification raises smaller numbers of rounds to 1000, so no genuine hash has fewer. The
// library would not raise them.
const (
	minSHACryptRounds     = 1000
	defaultSHACryptRounds = 5000
	maxSHACryptRounds     = 1_000_000 // passlib uses 656,000
)

// shaCryptPattern is the format of SHA-256-crypt and SHA-512-crypt. See
// https://www.akkadia.org/drepper/SHA-crypt.txt.
var shaCryptPattern = regexp.MustCompile(`^\$([56])\$(?:rounds=([1-9]\d*)\$)?[./A-Za-z0-9]{1,16}\$([./A-Za-z0-9]+)$`)

func readSHACrypt(captured []string) (matcher, error) {
	rounds := cmp.Or(number(captured[2]), defaultSHACryptRounds)
	size := shacrypt.NewVariant(captured[1]).HashFunc()().Size()
	switch {
	case rounds > maxSHACryptRounds:
		return nil, ErrTooCostly
	case rounds < minSHACryptRounds, len(captured[3]) != base64.RawStdEncoding.EncodedLen(size):
		return nil, ErrUnknownFormat
	}

	return decoded(shacrypt.Decode(captured[0]))
}
