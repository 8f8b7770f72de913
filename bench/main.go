// Bench measures the server, and judges what it has measured. README.md says how, and what the figures mean.
//
// It is several processes of one program: the one that is called, which starts the others and prints; drivers, which are clients
// in a closed loop; and a bare GraphQL server to compare with.
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

// What the other processes are called with.
const (
	driverRole = "driver"
	bareRole   = "bare"
)

var errMissed = errors.New("not every figure is as it must be")

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
	// directory holds everything that is written, and is removed at the end.
	directory string
	// program is the server, and self this program.
	program, self string
	// ownVariables are the environment of the processes of this program.
	ownVariables []string
	databasePID  int
	progress     io.Writer
}

// effort is how long it is measured.
type effort struct {
	// rounds is how often each figure is measured; the median counts.
	rounds int
	// round is how long a round takes, warmUp what goes before it.
	round, warmUp time.Duration
	// loaded is how long a round takes whose slowest answers are looked for.
	loaded time.Duration
	// idle is how long a server is left alone before its memory is looked at.
	idle time.Duration
	// tickets is how many tickets a server issues before its memory is looked at again.
	tickets int64
}

func newBench(ctx context.Context, quick bool) (*bench, error) {
	b := &bench{progress: os.Stderr, effort: effort{
		rounds: 5, round: 600 * time.Millisecond, warmUp: 100 * time.Millisecond,
		loaded: 2 * time.Second, idle: 3 * time.Second, tickets: 1_000_000,
	}}
	if quick {
		b.effort = effort{
			rounds: 1, round: 300 * time.Millisecond, warmUp: 50 * time.Millisecond,
			loaded: time.Second, idle: time.Second, tickets: 100_000,
		}
	}
	if _, err := cpuTime(os.Getpid()); err != nil {
		return nil, fmt.Errorf("CPU times are read from /proc, which Linux has: %w", err)
	}
	// Of a server that was not started for this run the process may be unknown; its CPU time is missing then.
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
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.program, "github.com/authtickets/authtickets")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("build the server: %w\n%s", err, output), os.RemoveAll(b.directory))
	}
	return b, nil
}

// settingsOfServer are what the server sets for itself on two cores. The floors have the same, so
// that a ratio tells what the server does, and not how Go is set.
func settingsOfServer() []string {
	return []string{"GOGC=400", "GOMEMLIMIT=236MiB", fmt.Sprint("GOMAXPROCS=", 2*runtime.NumCPU())}
}

// measure measures everything and prints it.
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

	contests := b.contests(onMySQL, onSQLite, bareServer)
	results, err := b.hold(ctx, contests)
	if err != nil {
		return err
	}
	rush, err := b.measureRush(ctx, onMySQL)
	if err != nil {
		return err
	}
	narrow, err := b.measureNarrowRush(ctx)
	if err != nil {
		return err
	}
	footprint, err := b.measureFootprint(ctx)
	if err != nil {
		return err
	}
	printResults(out, contests, results)
	figures := judge(results, rush, narrow, footprint)
	printFigures(out, figures)
	for _, figure := range figures {
		if figure.judged && !figure.kept {
			return errMissed
		}
	}
	return nil
}

func (b *bench) report(format string, arguments ...any) {
	fmt.Fprintf(b.progress, "bench: "+format+"\n", arguments...)
}
