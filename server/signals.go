package server

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/safely"
)

// surviveSignals keeps a server running when its terminal is closed, and when nobody reads its
// output any more. By default the signals SIGHUP and SIGPIPE would end the program.
func surviveSignals(env *command.Environment) {
	signal.Ignore(syscall.SIGPIPE)

	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)

	go func() {
		for range hangups {
			_ = safely.Do(func() error { // the log could panic
				env.Log.InfoContext(env.Context, "SIGHUP does nothing: settings are read at the start")
				return nil
			})
		}
	}()
}
