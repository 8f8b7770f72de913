// Package program_test runs the built program as an operator does, in processes of its own, on
// every database. What it does when it starts, when it stops and when something fails can only be
// seen from outside.
package program_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authtickets/authtickets/test/testkit"
)

// executable is the program under test, built once.
var executable string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	folder, err := os.MkdirTemp("", "authtickets-program-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()

	executable = filepath.Join(folder, "authtickets")
	arguments := []string{"build", "-buildvcs=false", "-o", executable}
	if raceDetector() {
		arguments = append(arguments, "-race")
	}

	build := exec.Command("go", append(arguments, "github.com/authtickets/authtickets")...)
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the program:", err)
		return 1
	}

	return m.Run()
}

// raceDetector reports whether the tests were built with the race detector. The program is built
// the same way.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// patience is how long anything may take that is immediate on an idle machine.
const patience = 30 * time.Second

// process is one run of the program.
type process struct {
	t       testing.TB
	command *exec.Cmd
	stdout  output
	stderr  output
	ended   chan struct{}
	// failures allows the log to report operations that failed.
	failures bool
	// quiet is set if the test itself shows the output of the process.
	quiet bool
}

// launch starts the program in a folder, without the test's own environment. The test fails if the
// program panics or has a data race.
func launch(t testing.TB, folder string, variables []string, arguments ...string) *process {
	t.Helper()
	return launchCommand(t, exec.Command(executable, arguments...), folder, variables)
}

func launchCommand(t testing.TB, command *exec.Cmd, folder string, variables []string) *process {
	t.Helper()
	p := &process{t: t, command: command, ended: make(chan struct{})}
	command.Dir, command.Stdout, command.Stderr = folder, &p.stdout, &p.stderr
	command.Env = append([]string{"HOME=" + folder, "TMPDIR=" + folder, "GORACE=atexit_sleep_ms=0"}, variables...)
	must(t, command.Start())
	go func() { _ = command.Wait(); close(p.ended) }()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-p.ended
		logged := p.stderr.String()
		if strings.Contains(logged, "DATA RACE") || strings.Contains(logged, "goroutine ") {
			t.Errorf("the program raced or panicked:\n%s", logged)
		}

		if !p.failures && strings.Contains(logged, "operation failed") {
			t.Error("an operation failed with an internal error")
		}
		if records := important(logged); t.Failed() && records != "" && !p.quiet {
			t.Logf("the log of %s: %s", strings.Join(command.Args[1:], " "), records)
		}
	})

	return p
}

// important returns the end of a log, without debug records and those that repeated calls of
// /readyz cause.
func important(logged string) string {
	var kept strings.Builder
	for line := range strings.Lines(logged) {
		if !strings.Contains(line, `"level":"DEBUG"`) && !strings.Contains(line, "level=DEBUG") &&
			!strings.Contains(line, "not ready") {
			kept.WriteString(line)
		}
	}

	const longest = 4000
	return kept.String()[max(0, kept.Len()-longest):]
}

// wait waits until the process ends, and returns its exit code. The code of a process that was
// killed is -1.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("the program did not end")
	}

	return p.command.ProcessState.ExitCode()
}

// running reports whether the process has not ended.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// kill ends the process at once, like a power failure.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// run runs the program until it ends.
func run(t testing.TB, folder string, variables []string, arguments ...string) (code int, stdout, stderr string) {
	t.Helper()
	p := launch(t, folder, variables, arguments...)
	p.quiet = true
	code = p.wait()
	return code, p.stdout.String(), p.stderr.String()
}

// output keeps what a process writes.
type output struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (o *output) Write(text []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.text.Write(text)
}

func (o *output) String() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.text.String()
}

// count returns the number of lines that contain all the words.
func (o *output) count(words ...string) int {
	count := 0
	for line := range strings.Lines(o.String()) {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
			count++
		}
	}

	return count
}

// eventually waits until something is true, and fails if it never is.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// together runs something many times concurrently.
func together(times int, do func(i int)) {
	var group sync.WaitGroup
	begin := make(chan struct{})
	for i := range times {
		group.Go(func() { <-begin; do(i) })
	}

	close(begin)
	group.Wait()
}

// must ends the test if there is an error.
var must = testkit.Must

func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)
	return ctx
}
