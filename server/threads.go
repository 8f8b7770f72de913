package server

import (
	"runtime"
	"sync"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/password"
)

// makeRoom lets more goroutines run at a time than there are cores: one more for each password that
// may be hashed. A hash occupies one of Go's processors for about 20 ms. With spare processors, the
// system shares the cores, and tickets do not wait for hashes. GOMAXPROCS overrides this.
func makeRoom(env *command.Environment, hasher *password.Hasher) {
	if env.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + hasher.Concurrent())
	}
}

// otherThreads is how many threads may block in the system at a time to write the log, look up
// names and read files. Each connection to an embedded database needs one more.
const otherThreads = 8

// reserveThreads makes the system create threads now. Go keeps them. If Go needed another one later
// and the system had none left, Go would end the program.
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
