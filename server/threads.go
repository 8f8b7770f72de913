package server

import (
	"runtime"
	"sync"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/password"
)

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
