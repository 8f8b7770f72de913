package password

import (
	"regexp"

	"github.com/go-crypt/crypt/algorithm/argon2"
)

// What one argon2 hash may cost, in memory and in memory × iterations: 100 MiB with 2 iterations and 64 MiB with 4 are
// the defaults of Django and PHP.
const (
	maxLanes     = 16
	maxMemoryKiB = 128 << 10
	maxPassedKiB = 640 << 10
)

// argon2Pattern is the PHC string format of argon2id and argon2i 1.3, with the shortest salt of RFC 9106.
var argon2Pattern = regexp.MustCompile(
	`^\$argon2id?\$v=19\$m=([1-9]\d*),t=([1-9]\d*),p=([1-9]\d*)\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,}$`)

func readArgon2(captured []string) (matcher, error) {
	memory, iterations, lanes := number(captured[1]), number(captured[2]), number(captured[3])
	switch {
	case lanes > maxLanes, memory > maxMemoryKiB, iterations > maxPassedKiB/memory:
		return nil, ErrTooCostly
	case memory < 8*lanes:
		return nil, ErrUnknownFormat
	}
	return decoded(argon2.Decode(captured[0]))
}
