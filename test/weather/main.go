// Weather attacks a server that it starts on this machine, with one kind of attack at a time, and
// prints what it measures. The exit code is 1 if a figure is out of bounds.
//
//	go run ./test/weather connections
//	go run ./test/weather -program PATH answers    # another build of the server, to compare with
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// kinds returns the kinds of weather by name.
func kinds() map[string]func(context.Context, *weather) error {
	return map[string]func(context.Context, *weather) error{
		"answers":     answers,
		"connections": connections,
		"disconnects": disconnects,
		"hashes":      hashes,
		"log":         logVolume,
	}
}

// longest is how long one kind may take. A run that takes longer has hung.
const longest = 3 * time.Minute

var (
	errMissed = errors.New("a figure is out of bounds")
	errUsage  = errors.New("usage: go run ./test/weather [-program PATH] KIND")
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "weather:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) (err error) {
	all := kinds()
	flags := flag.NewFlagSet("weather", flag.ContinueOnError)
	program := flags.String("program", "", "the server to measure; by default it is built from this tree")
	if err := flags.Parse(arguments); err != nil {
		return err
	}

	for _, name := range flags.Args() {
		if all[name] == nil {
			return fmt.Errorf("%w; the kinds are %s", errUsage, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
		}
	}

	if flags.NArg() == 0 {
		return fmt.Errorf("%w; the kinds are %s", errUsage, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}

	w, err := newWeather(ctx, *program)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(w.directory)) }()

	for _, name := range flags.Args() {
		bounded, cancel := context.WithTimeout(ctx, longest)
		err := all[name](bounded, w)
		cancel()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}

	if w.missed {
		return errMissed
	}

	return nil
}

// weather is one run.
type weather struct {
	directory, program string
	missed             bool
}

func newWeather(ctx context.Context, program string) (*weather, error) {
	directory, err := os.MkdirTemp("", "authtickets-weather-")
	if err != nil {
		return nil, err
	}
	if program != "" {
		program, err = filepath.Abs(program)
		return &weather{directory: directory, program: program}, err
	}

	w := &weather{directory: directory, program: filepath.Join(directory, "authtickets")}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", w.program, "github.com/authtickets/authtickets")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("build the server: %w\n%s", err, output), os.RemoveAll(directory))
	}

	return w, nil
}

// figure prints a figure, and remembers if it is above its limit.
func (w *weather) figure(name string, value, most float64, unit string) {
	verdict := "ok"
	if value > most {
		verdict = "MISSED"
		w.missed = true
	}

	fmt.Printf("%-64s %9.1f %-5s (at most %.1f) %s\n", name, value, unit, most, verdict)
}

// note prints a figure that has no limit.
func (w *weather) note(name string, value float64, unit string) {
	fmt.Printf("%-64s %9.1f %s\n", name, value, unit)
}
