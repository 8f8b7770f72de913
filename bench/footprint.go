package main

import (
	"context"
	"time"
)

// footprint is what the server needs on its embedded database.
type footprint struct {
	// firstAnswers are the times from the start in an empty directory to the first ticket, in
	// milliseconds.
	firstAnswers []float64
	// idle and used are the memory in MiB before and after issuing that many tickets.
	idle, used float64
	tickets    int64
}

// measureFootprint starts servers in empty directories. The last one then issues many tickets.
func (b *bench) measureFootprint(ctx context.Context) (footprint, error) {
	b.report("start and memory")
	f := footprint{tickets: b.effort.tickets}
	for range b.effort.rounds {
		begin := time.Now()
		s, err := b.startServer(ctx, "")
		if err != nil {
			return f, err
		}

		f.firstAnswers = append(f.firstAnswers, milliseconds(time.Since(begin)))
		s.end()
	}

	s, err := b.startServer(ctx, "")
	if err != nil {
		return f, err
	}
	defer s.end()

	time.Sleep(b.effort.idle)
	if f.idle, err = residentMemory(s.pid()); err != nil {
		return f, err
	}

	d, err := b.newDriver(
		ctx,
		job{Work: anonymousTicket, Address: s.address, Connections: 16, Duration: time.Hour, Turns: f.tickets},
	)
	if err != nil {
		return f, err
	}
	defer d.end()

	if err := d.begin(); err != nil {
		return f, err
	}
	if _, err := d.outcome(); err != nil {
		return f, err
	}

	f.used, err = residentMemory(s.pid())
	return f, err
}
