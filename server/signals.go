package server

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/safely"
)

// surviveSignals keeps a server running when the terminal that started it is closed, and when
// whatever read its output has ended. Those signals end a program by default.
func surviveSignals(env *command.Environment) {
	signal.Ignore(syscall.SIGPIPE)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for range hangups {
			_ = safely.Do(func() error { // what logs could panic
				env.Log.InfoContext(env.Context, "SIGHUP does nothing: settings are read at the start")
				return nil
			})
		}
	}()
}
