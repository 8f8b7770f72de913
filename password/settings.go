package password

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"time"
)

const (
	saltSize = 16
	keySize  = 32
)

// Settings say what a new hash costs and how many hashes run at a time. The zero Settings follow
// OWASP's advice for argon2id. A hash then takes about 25 ms.
type Settings struct {
	// MemoryKiB is how much memory one hash allocates. It is rounded down to a multiple of 4 ×
	// Parallelism. 0 means 19456 (19 MiB).
	MemoryKiB int
	// Iterations is how often a hash passes over its memory. 0 means 2.
	Iterations int
	// Parallelism is how many threads share the work of one hash. 0 means 1, which suits a server
	// that computes many hashes at a time.
	Parallelism int
	// Concurrent is how many hashes may run at a time. 0 means one for each processor that Go may
	// use. They use at most Concurrent × MemoryKiB of memory, but with expensive imported hashes up
	// to Concurrent × 128 MiB.
	Concurrent int
	// Wait is how long a hash may wait for its turn before it fails with ErrBusy. 0 means 5 s.
	Wait time.Duration
}

func (s Settings) withDefaults() Settings {
	s.MemoryKiB = cmp.Or(s.MemoryKiB, 19456)
	s.Iterations = cmp.Or(s.Iterations, 2)
	s.Parallelism = cmp.Or(s.Parallelism, 1)
	s.MemoryKiB -= s.MemoryKiB % (4 * s.Parallelism)
	s.Concurrent = cmp.Or(s.Concurrent, runtime.GOMAXPROCS(0))
	s.Wait = cmp.Or(s.Wait, 5*time.Second)

	return s
}

// check allows only costs that read accepts, so that every hash we make can be checked.
func (s Settings) check() error {
	var faults []error
	require := func(met bool, rule string, limits ...any) {
		if !met {
			faults = append(faults, fmt.Errorf("password: "+rule, limits...))
		}
	}
	require(s.Parallelism >= 1 && s.Parallelism <= maxLanes, "parallelism: must be from 1 to %d", maxLanes)
	require(
		s.MemoryKiB >= 8*s.Parallelism && s.MemoryKiB <= maxMemoryKiB,
		"memory: must be from 8 × parallelism to %d KiB",
		maxMemoryKiB,
	)
	require(s.Iterations >= 1 && s.Iterations <= maxPassedKiB/max(s.MemoryKiB, 1),
		"iterations: must be at least 1, and memory × iterations at most %d KiB", maxPassedKiB)
	require(s.Concurrent >= 1, "concurrent: must be at least 1")
	require(s.Wait > 0, "wait: must not be negative")

	return errors.Join(faults...)
}
