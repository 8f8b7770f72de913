// Package command holds the operator's commands and the settings of the program.
package command

import (
	"context"
	"io"
	"log/slog"
	"time"
)

// Environment is what a command gets from outside the program.
type Environment struct {
	// Context ends when the operator interrupts the command.
	Context context.Context //nolint:containedctx // a command is called once, by a library that passes no context
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	// Getenv returns the value of a variable. An empty variable counts as not set.
	Getenv func(string) string
	// Variables are all variables, each as NAME=value.
	Variables []string
	// Now returns the current time.
	Now func() time.Time
	// Elapsed returns how much time has passed since the program began. Unlike Now, it never jumps.
	Elapsed func() time.Duration
	// Random must be fit for cryptography.
	Random io.Reader
	Log    *slog.Logger
	// Version is the version of the program, and SDL the text of the schema.
	Version string
	SDL     string
}
