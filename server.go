// Authtickets is a GraphQL server that issues, refreshes and ends authentication tickets for the
// shoppers of a storefront.
package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/logpipe"
	"github.com/authtickets/authtickets/server"
)

//go:embed schema.graphqls
var sdl string

// version is set when a release is built.
var version = "development"

func main() {
	began := time.Now()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	log := logpipe.Open(os.Stderr)

	err := server.Run(&command.Environment{
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
	}, os.Args[1:], log)

	stop()
	if err != nil {
		fmt.Fprintln(log, "authtickets:", strings.ReplaceAll(err.Error(), "\n", "\n             "))
	}
	log.Close(server.LogDrainTime)
	if err != nil {
		os.Exit(1)
	}
}
