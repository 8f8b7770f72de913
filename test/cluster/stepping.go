package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/authtickets/authtickets/test/wire"
)

// steppingSite has servers on one database whose clock is set to another hour every few seconds.
func steppingSite(ctx context.Context, w *workshop, short bool) (_ *site, err error) {
	hosts := onLoopback().hosts
	d, err := newDatabase(w.programs, hosts[0], filepath.Join(w.folder, "stepping"), w.data)
	if err != nil {
		return nil, err
	}

	s := &site{name: "stepping"}
	s.close = func() {
		s.closeServers()
		d.close()
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()

	if err := d.start(ctx); err != nil {
		return nil, err
	}

	var ahead atomic.Int64 // in seconds
	proxy, err := wire.Listen(ctx, wire.Settings{
		Primary: d.address(),
		Rewrite: func(statement string) string { return withClock(statement, ahead.Load()) },
	})
	if err != nil {
		return nil, err
	}

	for _, h := range hosts {
		s.servers = append(s.servers, newServer(w, h, urlOf(proxy.Address())))
	}

	each := lengthOf(short, 6*time.Second, 2*time.Second)
	for _, hours := range []int64{0, 2, -2, 1, -1} {
		s.phases = append(s.phases, phase{
			name:  fmt.Sprintf("clock at %+d h", hours),
			lasts: each,
			fault: func(context.Context) error { ahead.Store(hours * 3600); return nil },
		})
	}

	return s, s.start(ctx)
}

// withClock returns a statement that runs as if the database's clock were some seconds ahead.
func withClock(statement string, ahead int64) string {
	const clock = "UTC_TIMESTAMP(6)"
	return strings.ReplaceAll(statement, clock, fmt.Sprintf("(%s + INTERVAL %d SECOND)", clock, ahead))
}
