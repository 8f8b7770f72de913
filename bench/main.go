// Bench measures the server and judges the results. README.md explains how, and what the figures
// mean.
//
// The program runs as several processes. The main one starts the others and prints the results. The
// drivers are clients in a closed loop. One is a bare GraphQL server to compare with.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// These arguments start the other processes.
const (
	driverRole = "driver"
	bareRole   = "bare"
)

var errMissed = errors.New("a figure is out of bounds")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) == 1 && arguments[0] == driverRole {
		return drive(ctx, os.Stdin, os.Stdout)
	}
	if len(arguments) == 1 && arguments[0] == bareRole {
		return serveBare(ctx, os.Stdin, os.Stdout)
	}

	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "one short round of everything: shows that it runs, not how fast")
	if err := flags.Parse(arguments); err != nil {
		return err
	}

	b, err := newBench(ctx, *quick)
	if err != nil {
		return err
	}

	return errors.Join(b.measure(ctx, os.Stdout), os.RemoveAll(b.directory))
}

// bench is one run.
type bench struct {
	effort effort
	// directory holds all files that the run writes. It is removed at the end.
	directory string
	// program is the path of the server, and self that of this program.
	program, self string
	// ownVariables are the environment variables for the processes of this program.
	ownVariables []string
	databasePID  int
	progress     io.Writer
}

// effort is how long each measurement takes.
type effort struct {
	// rounds is how often each figure is measured. The median counts.
	rounds int
	// round is how long a round takes, and warmUp the time before it.
	round, warmUp time.Duration
	// loaded is how long a round takes that looks for the slowest answers.
	loaded time.Duration
	// idle is how long a server is left alone before its memory is measured.
	idle time.Duration
	// tickets is how many tickets a server issues before its memory is measured again.
	tickets int64
}

func newBench(ctx context.Context, quick bool) (*bench, error) {
	b := &bench{progress: os.Stderr, effort: effort{
		rounds:  5,
		round:   600 * time.Millisecond,
		warmUp:  100 * time.Millisecond,
		loaded:  2 * time.Second,
		idle:    3 * time.Second,
		tickets: 1_000_000,
	}}
	if quick {
		b.effort = effort{
			rounds:  1,
			round:   300 * time.Millisecond,
			warmUp:  50 * time.Millisecond,
			loaded:  time.Second,
			idle:    time.Second,
			tickets: 100_000,
		}
	}
	if _, err := cpuTime(os.Getpid()); err != nil {
		return nil, fmt.Errorf("CPU times are read from /proc, which Linux has: %w", err)
	}

	// If the database server was not started for this run, its process may be unknown. Then its CPU
	// time is missing.
	b.databasePID, _ = strconv.Atoi(os.Getenv("AUTHTICKETS_TEST_MYSQL_PID"))
	b.ownVariables = environment(settingsOfServer()...)
	var err error
	if b.self, err = os.Executable(); err != nil {
		return nil, err
	}

	if b.directory, err = os.MkdirTemp("", "authtickets-bench-"); err != nil {
		return nil, err
	}

	b.program = filepath.Join(b.directory, "authtickets")
	build := exec.CommandContext(
		ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.program,
		"github.com/authtickets/authtickets",
	)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("build the server: %w\n%s", err, output), os.RemoveAll(b.directory))
	}

	return b, nil
}

// settingsOfServer are the settings that the server chooses for itself on two cores. The floors use
// them too, so that a ratio depends on the work and not on the Go runtime's settings.
func settingsOfServer() []string {
	return []string{"GOGC=400", "GOMEMLIMIT=236MiB", fmt.Sprint("GOMAXPROCS=", 2*runtime.NumCPU())}
}

// measure measures everything and prints the results.
func (b *bench) measure(ctx context.Context, out io.Writer) (err error) {
	dsn, drop, err := b.newMySQL(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()

	onMySQL, err := b.startServer(ctx, dsn)
	if err != nil {
		return err
	}
	defer onMySQL.end()

	onSQLite, err := b.startServer(ctx, "")
	if err != nil {
		return err
	}
	defer onSQLite.end()

	withKibo, err := b.startServer(ctx, "", "AUTHTICKETS_KIBO=true")
	if err != nil {
		return err
	}
	defer withKibo.end()

	for _, s := range []*server{onMySQL, onSQLite} {
		if err := addAccounts(ctx, s.database); err != nil {
			return err
		}
	}

	bareServer, err := b.startBare(ctx)
	if err != nil {
		return err
	}
	defer bareServer.end()

	contests := b.contests(onMySQL, onSQLite, withKibo, bareServer)
	results, err := b.hold(ctx, contests)
	if err != nil {
		return err
	}

	figures, err := b.figures(ctx, onMySQL, results)
	if err != nil {
		return err
	}

	printResults(out, contests, results)
	printFigures(out, figures)

	for _, figure := range figures {
		if figure.judged && !figure.kept {
			return errMissed
		}
	}

	return nil
}

// figures measures everything that is not a contest, and judges all results.
func (b *bench) figures(ctx context.Context, onMySQL *server, results results) ([]figure, error) {
	rush, err := b.measureRush(ctx, onMySQL)
	if err != nil {
		return nil, err
	}

	narrow, err := b.measureNarrowRush(ctx)
	if err != nil {
		return nil, err
	}

	footprint, err := b.measureFootprint(ctx)
	if err != nil {
		return nil, err
	}

	return judge(results, rush, narrow, footprint), nil
}

func (b *bench) report(format string, arguments ...any) {
	fmt.Fprintf(b.progress, "bench: "+format+"\n", arguments...)
}
