package main

import (
	"runtime"
	"runtime/debug"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/password"
)

// collectRarely makes the garbage collector trade memory for time, up to a limit above what the server
// needs, unless the operator has said otherwise.
func collectRarely(env *command.Environment, settings *command.Settings) error {
	const percent, besides = 400, 160 << 20
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
	// Beside the memory of each hash that runs there is that of one which has ended. If the limit left
	// no room for it, the collector would run without pause.
	debug.SetMemoryLimit(besides + 2*hashes)
	return nil
}

// makeRoom lets more goroutines run at a time than there are cores, by as many as passwords may be
// hashed, unless the operator has said otherwise. A hash keeps one of Go's processors for 20 ms. With
// some to spare the system shares the cores out, and tickets do not wait behind hashes.
func makeRoom(env *command.Environment, hasher *password.Hasher) {
	if env.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + hasher.Concurrent())
	}
}
