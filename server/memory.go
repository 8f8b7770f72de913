package server

import (
	"runtime/debug"

	"github.com/authtickets/authtickets/command"
)

// collectRarely makes the garbage collector run less often, so that it takes less time but more
// memory. The limit is above what the server needs. GOGC and GOMEMLIMIT override this.
func collectRarely(env *command.Environment, settings *command.Settings) error {
	const percent, withoutHashes = 400, 160 << 20
	if env.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}

	if env.Getenv("GOMEMLIMIT") != "" {
		return nil
	}

	hashes, err := settings.HashesMemory()
	if err != nil {
		return err
	}

	// For each hash that runs, the memory of an earlier one may not be collected yet. If the limit
	// left no room for it, the collector would run without pause.
	debug.SetMemoryLimit(withoutHashes + 2*hashes)
	return nil
}
