// Package server is the program: its command line, and the command that serves tickets.
//
// It reads the settings, puts the parts together, does the background work, reports whether the
// server is ready, and stops it. It decides nothing about a ticket or an account.
package server

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/logpipe"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/web"
)

// LogDrainTime is how long the program waits at its end for others to read its output.
const LogDrainTime = 500 * time.Millisecond

// program is the command line.
type program struct {
	command.Settings

	Serve       serve               `cmd:"" default:"withargs" help:"Run the server. This is the default command."`
	Migrate     command.Migrate     `cmd:"" help:"Bring the database's schema up to date."`
	Account     command.Account     `cmd:"" help:"Create, import, show and change customer accounts."`
	Application command.Application `cmd:"" help:"Create, show and change the applications that request tickets."`
	Keys        command.Keys        `cmd:"" help:"Create a key file, or list, rotate and retire keysets."`
	Health      health              `cmd:"" help:"Ask the server that runs at --listen whether it is ready."`
	Schema      command.Schema      `cmd:"" help:"Print the GraphQL schema."`
	Version     command.Version     `cmd:"" help:"Print the program's version."`
}

// Run runs the command that the arguments name. It sets the log of the environment to one that
// writes to the pipe. The error is for the operator, and can have several lines.
func Run(env *command.Environment, arguments []string, log *logpipe.Pipe) error {
	var p program
	parsed, err := command.Parse(env, &p, arguments, &p.Settings)
	if errors.Is(err, command.ErrHelp) {
		return nil
	}

	faults := []error{err}
	if parsed != nil {
		faults = append(faults, p.Settings.Check())
		if parsed.Command() == "serve" {
			faults = append(faults, p.Serve.check(env, &p.Settings))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}

	if err := collectRarely(env, &p.Settings); err != nil {
		return err
	}
	log.Report(func(out io.Writer, dropped int) {
		slog.New(p.LogHandler(out)).WarnContext(env.Context,
			"lines of the log were dropped, because nobody read them", "lines", dropped)
	})
	limited := web.NewLogLimit(p.LogHandler(log))
	defer limited.Flush()
	env.Log = slog.New(inbound.LogHandler(limited))

	err = parsed.Run()
	if errors.Is(err, storage.ErrRefused) {
		return fmt.Errorf("--database (AUTHTICKETS_DATABASE): %w", err)
	}
	return err
}
