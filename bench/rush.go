package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// rush describes how anonymous tickets are issued while many customers sign in.
type rush struct {
	quiet, loaded []sample
	// signIns is how many signed in meanwhile, per second.
	signIns float64
}

// These numbers define the rush.
const (
	rushConnections = 16
	rushSignIns     = mostConnections
)

// measureNarrowRush is like measureRush, on a server that runs only as many goroutines at a time as
// there are cores. Normally the server may run more, by the number of passwords that it hashes at a
// time.
func (b *bench) measureNarrowRush(ctx context.Context) (r rush, err error) {
	dsn, drop, err := b.newMySQL(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, drop()) }()

	s, err := b.startServer(ctx, dsn, fmt.Sprint("GOMAXPROCS=", runtime.NumCPU()))
	if err != nil {
		return r, err
	}
	defer s.end()

	if err := addAccounts(ctx, dsn); err != nil {
		return r, err
	}

	return b.measureRush(ctx, s)
}

// measureRush issues anonymous tickets, alternately alone and while others sign in without pause.
func (b *bench) measureRush(ctx context.Context, s *server) (rush, error) {
	b.report("%s, %d connections, while %d others sign in", anonymousTicket, rushConnections, rushSignIns)
	tickets := entrant{mysqlName, job{Work: anonymousTicket, Address: s.address}, s.pid()}
	var r rush

	for range b.effort.rounds {
		quiet, err := b.round(ctx, tickets, rushConnections, b.effort.warmUp, b.effort.loaded)
		if err != nil {
			return r, err
		}

		others, err := b.newDriver(ctx, job{
			Work:        userTicket,
			Address:     s.address,
			Connections: rushSignIns,
			WarmUp:      b.effort.warmUp,
			Duration:    time.Hour,
		})
		if err != nil {
			return r, err
		}
		defer others.end()

		if err := others.begin(); err != nil {
			return r, err
		}

		loaded, err := b.round(ctx, tickets, rushConnections, b.effort.warmUp, b.effort.loaded)
		if err != nil {
			return r, err
		}

		signedIn, err := others.finish()
		if err != nil {
			return r, err
		}

		r.quiet, r.loaded = append(r.quiet, quiet), append(r.loaded, loaded)
		r.signIns = float64(signedIn.Turns) / signedIn.Took.Seconds()
	}

	return r, nil
}
