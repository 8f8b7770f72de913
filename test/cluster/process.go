package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// process is a running program.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
}

// launch starts a program on a host. Its output goes to a log file. It runs until it is killed.
func launch(on host, log string, variables []string, program string, arguments ...string) (*process, error) {
	output, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close() //nolint:errcheck // the program has a copy

	words := append(append([]string{}, on.enter...), append([]string{program}, arguments...)...)
	command := exec.Command(words[0], words[1:]...)
	command.Env = append(environment(), variables...)
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = detached()
	if err := command.Start(); err != nil {
		return nil, err
	}

	p := &process{command: command, ended: make(chan struct{})}
	go func() { _ = command.Wait(); close(p.ended) }()
	return p, nil
}

// kill ends the process at once, like a power failure.
func (p *process) kill() {
	_ = p.signal(syscall.SIGKILL) // it may have ended already
	<-p.ended
}

func (p *process) signal(signal syscall.Signal) error { return p.command.Process.Signal(signal) }

func (p *process) isRunning() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// run runs a program until it ends, and returns its output. The error contains its error output.
func run(ctx context.Context, program string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, program, arguments...)
	command.Env = environment()
	output, err := command.CombinedOutput()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}

	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", filepath.Base(program), err, tail(string(output)))
	}

	return string(output), nil
}

// environment returns this program's environment without settings for a server.
func environment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AUTHTICKETS_") {
			kept = append(kept, variable)
		}
	}

	return kept
}

// tail returns the end of a text.
func tail(text string) string {
	const longest = 2000
	return strings.TrimSpace(text[max(0, len(text)-longest):])
}

// tailOf returns the end of a log file.
func tailOf(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return tail(string(text))
}

var errNever = errors.New("waited too long")

// eventually waits until something holds. The error is from the last attempt.
func eventually(ctx context.Context, patience time.Duration, holds func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errNever)
	defer cancel()

	for {
		err := holds(ctx)
		if err == nil {
			return nil
		}

		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// pause waits. It returns the error of ctx if that ends first.
func pause(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
