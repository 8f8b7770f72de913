package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a running program.
type process struct {
	command *exec.Cmd
	stop    context.CancelFunc
	stdin   io.WriteCloser
	stdout  *bufio.Reader
	log     string
}

// start starts a program in a directory, without the operator's settings. end stops it, and so does
// the end of ctx.
func start(
	ctx context.Context, directory string, variables []string, program string, arguments ...string,
) (p *process, err error) {
	stderr, err := os.CreateTemp(directory, "log-")
	if err != nil {
		return nil, err
	}
	defer stderr.Close() //nolint:errcheck // another process wrote it

	ctx, stop := context.WithCancel(ctx)
	defer func() {
		if err != nil {
			stop()
		}
	}()

	command := exec.CommandContext(ctx, program, arguments...)
	command.Dir, command.Env, command.Stderr = directory, variables, stderr
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 5 * time.Second
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}

	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}

	return &process{command, stop, stdin, bufio.NewReader(stdout), stderr.Name()}, nil
}

// line waits for the next line that the program prints.
func (p *process) line() (string, error) {
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		log, _ := os.ReadFile(p.log)
		return "", fmt.Errorf("%s ended early: %s", filepath.Base(p.command.Path), log)
	}
	return strings.TrimSpace(line), nil
}

// end asks the program to stop, and kills it if it does not within seconds.
func (p *process) end() {
	p.stop()
	_ = p.command.Wait() // it was asked to stop, so its exit code means nothing
	_ = os.Remove(p.log)
}

func (p *process) pid() int { return p.command.Process.Pid }

// cpuTime returns the CPU time of a process over all cores, in steps of 10 ms. It returns 0 for
// process 0.
func cpuTime(pid int) (time.Duration, error) {
	if pid == 0 {
		return 0, nil
	}

	const tick = 10 * time.Millisecond // USER_HZ, which is 100 wherever Go runs
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}

	// The name of the program is in parentheses and may contain spaces. The number after it is the
	// third field.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const utime, stime = 14 - 3, 15 - 3
	user, err := strconv.Atoi(fields[utime])
	if err != nil {
		return 0, err
	}

	system, err := strconv.Atoi(fields[stime])
	return time.Duration(user+system) * tick, err
}

// residentMemory returns how much memory a process uses, in MiB.
func residentMemory(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}

	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	return kib / 1024, err
}

// environment returns the variables of this program, without those that would configure a server,
// and with the given ones.
func environment(more ...string) []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AUTHTICKETS_") {
			kept = append(kept, variable)
		}
	}

	return append(kept, more...)
}
