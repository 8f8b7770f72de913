package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// job is the work of a driver.
type job struct {
	// Work is an operation that is sent to Address, or a floor: a statement on Database, or a hash.
	Work     string
	Address  string
	Database string
	// Connections is how many loops run at a time.
	Connections int
	// WarmUp is how long they run before the measurement.
	WarmUp time.Duration
	// Duration is how long the measurement takes. Turns that have started are completed.
	Duration time.Duration
	// Turns is how many turns all loops take at most, together. 0 means no limit.
	Turns int64
}

// outcome is what a driver measured.
type outcome struct {
	Turns    int
	Took     time.Duration
	P50, P99 time.Duration
}

// drive is what a driver process runs. It reads a job, reports when it has warmed up, waits for the
// signal to start, and prints the outcome. It stops early when its standard input is closed.
func drive(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	input := bufio.NewReader(in)
	line, err := input.ReadBytes('\n')
	if err != nil {
		return err
	}

	var j job
	if err := json.Unmarshal(line, &j); err != nil {
		return err
	}

	steps, err := prepare(ctx, j)
	if err != nil {
		return err
	}
	if _, err := loop(ctx, steps, j.WarmUp, 0); err != nil {
		return err
	}

	fmt.Fprintln(out, "ready")
	if _, err := input.ReadByte(); err != nil {
		return err
	}

	go func() {
		_, _ = input.ReadByte()
		stop()
	}()
	result, err := loop(ctx, steps, j.Duration, j.Turns)
	if err != nil {
		return err
	}

	return json.NewEncoder(out).Encode(result)
}

func prepare(ctx context.Context, j job) ([]step, error) {
	switch j.Work {
	case updateSession, selectAccount:
		return statements(ctx, j)
	case passwordHash:
		return hashes(ctx, j)
	case verification:
		return verifications(ctx, j)
	}

	steps := make([]step, j.Connections)
	group, _ := errgroup.WithContext(ctx)
	for i := range steps {
		group.Go(func() (err error) {
			steps[i], err = operate(j.Work, j.Address, i)
			return err
		})
	}

	return steps, group.Wait()
}

// loop runs all steps concurrently, again and again, until the duration is over or all turns have
// started. It completes the turns that have started.
func loop(ctx context.Context, steps []step, duration time.Duration, turns int64) (outcome, error) {
	begin := time.Now()
	var begun atomic.Int64
	took := make([][]time.Duration, len(steps))
	group, ctx := errgroup.WithContext(ctx)

	for i, step := range steps {
		group.Go(func() error {
			for {
				at := time.Now()
				if at.Sub(begin) >= duration || ctx.Err() != nil || (begun.Add(1) > turns && turns > 0) {
					return nil //nolint:nilerr // it is no error that the time is over
				}
				if err := step(); err != nil {
					return err
				}

				took[i] = append(took[i], time.Since(at))
			}
		})
	}

	if err := group.Wait(); err != nil {
		return outcome{}, err
	}

	whole := time.Since(begin)
	all := slices.Concat(took...)
	slices.Sort(all)
	if len(all) == 0 {
		return outcome{}, nil
	}

	return outcome{Turns: len(all), Took: whole, P50: all[len(all)/2], P99: all[len(all)*99/100]}, nil
}

var errIdle = errors.New("a driver has not taken a single turn")

// driver is a process of this program that does a job.
type driver struct{ *process }

// newDriver starts a driver, and returns when it has warmed up.
func (b *bench) newDriver(ctx context.Context, j job) (*driver, error) {
	p, err := start(ctx, b.directory, b.ownVariables, b.self, driverRole)
	if err != nil {
		return nil, err
	}

	d := &driver{p}
	if err := json.NewEncoder(d.stdin).Encode(j); err != nil {
		d.end()
		return nil, err
	}
	if _, err := d.line(); err != nil {
		d.end()
		return nil, fmt.Errorf("%s: %w", j.Work, err)
	}

	return d, nil
}

// begin starts the measurement. It runs until the job is done.
func (d *driver) begin() error {
	_, err := fmt.Fprintln(d.stdin)
	return err
}

// finish stops the driver now.
func (d *driver) finish() (outcome, error) {
	if err := d.stdin.Close(); err != nil {
		return outcome{}, err
	}
	return d.outcome()
}

// outcome waits until the driver has done its job.
func (d *driver) outcome() (outcome, error) {
	line, err := d.line()
	if err != nil {
		return outcome{}, err
	}

	var seen outcome
	if err := json.Unmarshal([]byte(line), &seen); err != nil {
		return outcome{}, err
	}
	if seen.Turns == 0 {
		return outcome{}, errIdle
	}

	return seen, nil
}
