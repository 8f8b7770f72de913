package main

import (
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/password"
)

// collectRarely makes the garbage collector trade memory for time, up to a limit above what the
// server needs, unless the operator has said otherwise.
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
	// For each hash that runs, the memory of one that has ended may still be there. If the limit left
	// no room for it, the collector would run without pause.
	debug.SetMemoryLimit(withoutHashes + 2*hashes)
	return nil
}

// makeRoom lets more goroutines run at a time than there are cores, by as many as passwords may be
// hashed, unless the operator has said otherwise. A hash keeps one of Go's processors for 20 ms.
// With some to spare the system shares the cores out, and tickets do not wait behind hashes.
func makeRoom(env *command.Environment, hasher *password.Hasher) {
	if env.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + hasher.Concurrent())
	}
}

// otherThreads are those that wait for the system, besides the connections to an embedded database:
// they write the log, look up names and read files.
const otherThreads = 8

// reserveThreads has the system make threads now. Go keeps them, and ends the program where it
// needs another one and the system has none left.
func reserveThreads(count int) {
	var begun sync.WaitGroup
	end := make(chan struct{})
	for range count {
		begun.Add(1)
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			begun.Done()
			<-end
		}()
	}
	begun.Wait()
	close(end)
}
