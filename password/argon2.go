package password

import (
	"regexp"

	"github.com/go-crypt/crypt/algorithm/argon2"
)

// The limits for one argon2 hash. They allow the defaults of Django (100 MiB, 2 iterations) and PHP
// (64 MiB, 4 iterations).
const (
	maxLanes     = 16
	maxMemoryKiB = 128 << 10
	maxPassedKiB = 640 << 10 // memory × iterations
)

// argon2Pattern is the PHC string format of argon2id and argon2i, version 1.3. The salt has at
// least 8 bytes, as RFC 9106 requires.
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
