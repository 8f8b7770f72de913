// Authtickets is a GraphQL server that issues, refreshes and ends authentication tickets for a storefront's shoppers.
package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/logpipe"
	"github.com/authtickets/authtickets/storage"
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
	Health      health              `cmd:"" help:"Ask the server that runs at --listen whether it is ready."`
	Schema      command.Schema      `cmd:"" help:"Print the GraphQL schema."`
	Version     command.Version     `cmd:"" help:"Print the program's version."`
}

func main() {
	log := logpipe.Open(os.Stderr)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], log)
	stop()
	if err != nil {
		fmt.Fprintln(log, "authtickets:", strings.ReplaceAll(err.Error(), "\n", "\n             "))
	}
	log.Close(logDrainTime)
	if err != nil {
		os.Exit(1)
	}
}

// logDrainTime is how long the program waits at its end for somebody to read what it has written.
const logDrainTime = 500 * time.Millisecond

func run(ctx context.Context, arguments []string, log *logpipe.Pipe) error {
	began := time.Now()
	var p program
	env := &command.Environment{
		Context:   ctx,
		Stdin:     os.Stdin,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
		Getenv:    os.Getenv,
		Variables: os.Environ(),
		Now:       time.Now,
		Elapsed:   func() time.Duration { return time.Since(began) },
		Random:    rand.Reader,
		Version:   version,
		SDL:       sdl,
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
	if err := collectRarely(env, &p.Settings); err != nil {
		return err
	}
	log.Report(func(out io.Writer, dropped int) {
		slog.New(p.LogHandler(out)).WarnContext(ctx,
			"lines of the log were dropped, because nobody read them", "lines", dropped)
	})
	limited := web.NewLogLimit(p.LogHandler(log))
	defer limited.Flush() //nolint:contextcheck // a summary belongs to no request
	env.Log = slog.New(inbound.LogHandler(limited))
	err = parsed.Run()
	if errors.Is(err, storage.ErrRefused) {
		return fmt.Errorf("--database (AUTHTICKETS_DATABASE): %w", err)
	}
	return err
}
