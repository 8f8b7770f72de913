// Authtickets is a GraphQL server that issues, refreshes and ends authentication tickets for a storefront's shoppers.
package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/web"
)

//go:embed schema.graphqls
var sdl string

// version is set when a release is built.
var version = "development"

// program is the command line.
type program struct {
	command.Settings

	Serve       serve               `cmd:"" default:"withargs" help:"Serve tickets. This is what the program does without a command."`
	Migrate     command.Migrate     `cmd:"" help:"Bring the database's schema up to date."`
	Account     command.Account     `cmd:"" help:"Customer accounts."`
	Application command.Application `cmd:"" help:"Applications that ask for tickets: storefronts and services."`
	Keys        command.Keys        `cmd:"" help:"Key files, and the keys of the tickets."`
	Schema      command.Schema      `cmd:"" help:"Print the GraphQL schema."`
	Version     command.Version     `cmd:"" help:"Print the program's version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "authtickets:", strings.ReplaceAll(err.Error(), "\n", "\n             "))
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	collectRarely()
	began := time.Now()
	var p program
	env := &command.Environment{
		Context: ctx, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
		Now: time.Now, Elapsed: func() time.Duration { return time.Since(began) }, Random: rand.Reader, Version: version, SDL: sdl,
	}
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
	limited := web.NewLogLimit(p.LogHandler(os.Stderr))
	defer limited.Flush() //nolint:contextcheck // a summary belongs to no request
	env.Log = slog.New(web.LogHandler(limited))
	return parsed.Run()
}

// collectRarely makes the garbage collector trade memory for time, up to a limit far above what the server needs, unless the operator has said otherwise.
func collectRarely() {
	const percent, limit = 400, 256 << 20
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
}
