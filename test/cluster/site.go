package main

import (
	"context"
	"time"
)

// site is a set of servers with their databases, and the faults to try on it.
type site struct {
	name    string
	servers []*server
	phases  []phase
	// agree checks the databases at the end. It is nil if there is nothing to check.
	agree func(context.Context) error
	close func()
}

// phase is one fault that happens while the shoppers continue.
type phase struct {
	name string
	// rush makes the shoppers act as fast as they can.
	rush bool
	// calm is the time before the fault, to compare with.
	calm time.Duration
	// fault causes the fault. It may be nil. lasts is how long the fault takes.
	fault func(context.Context) error
	lasts time.Duration
	// mend ends the fault. It may be nil. rest is the time after that.
	mend func(context.Context) error
	rest time.Duration
	// victim is the number of the affected server. losesNode means that its database node fails.
	// Then the server must report it within noticed.
	victim    int
	losesNode bool
	noticed   time.Duration
}

// galeraSite has one server on each node of a cluster.
func galeraSite(ctx context.Context, w *workshop, n *network, short bool) (*site, error) {
	c, err := startCluster(ctx, w, n)
	if err != nil {
		return nil, err
	}

	s := &site{name: "galera", agree: c.agree}
	s.close = func() {
		s.closeServers()
		c.close()
	}
	for number, h := range n.hosts {
		s.servers = append(s.servers, newServer(w, h, c.nodes[number].url()))
	}

	if err := s.start(ctx); err != nil {
		s.close()
		return nil, err
	}

	s.phases = galeraPhases(s, c, short)
	return s, nil
}

// galeraPhases makes each machine the victim of some fault. The others need some time after each
// fault, and some before it to compare with.
func galeraPhases(s *site, c *cluster, short bool) []phase {
	const killed, frozen, restarted = 2, 1, 0
	of := func(full, brief int) time.Duration { // in seconds
		return lengthOf(short, time.Duration(full)*time.Second, time.Duration(brief)*time.Second)
	}
	phases := []phase{
		{name: "healthy", lasts: of(20, 4)},
		{name: "rush", rush: true, lasts: of(10, 2)},
		{
			name:      "node killed",
			victim:    killed,
			losesNode: true,
			noticed:   time.Second,
			calm:      of(15, 4),
			lasts:     of(25, 9),
			rest:      of(1, 1),
			fault:     func(context.Context) error { c.nodes[killed].process.kill(); return nil },
			mend:      func(ctx context.Context) error { return c.restart(ctx, killed) },
		},
		{
			name:      "node frozen",
			victim:    frozen,
			losesNode: true,
			noticed:   time.Second,
			calm:      of(15, 1),
			lasts:     of(20, 5),
			rest:      of(1, 1),
			fault:     func(context.Context) error { return c.freeze(frozen) },
			mend:      func(ctx context.Context) error { return c.thaw(ctx, frozen) },
		},
		{
			name:   "server killed",
			victim: restarted,
			calm:   of(1, 1),
			lasts:  of(10, 2),
			rest:   of(1, 1),
			fault:  func(context.Context) error { s.servers[restarted].process.kill(); return nil },
			mend:   func(ctx context.Context) error { return s.servers[restarted].start(ctx) },
		},
	}
	if !c.network.canCut() {
		return phases
	}

	return append(phases, cutOff(c, of))
}

// cutOff is the phase in which a node is cut off from the others. of returns one of two lengths in
// seconds, depending on whether the run is short.
func cutOff(c *cluster, of func(full, brief int) time.Duration) phase {
	const isolated = 2
	return phase{
		// The node itself notices only when it misses the others.
		name:      "node cut off",
		victim:    isolated,
		losesNode: true,
		noticed:   grace,
		calm:      of(15, 1),
		lasts:     of(20, 5),
		rest:      of(1, 1),
		fault:     func(ctx context.Context) error { return c.network.cut(ctx, isolated) },
		mend: func(ctx context.Context) error {
			if err := c.network.mend(ctx, isolated); err != nil {
				return err
			}
			return c.reunites(ctx)
		},
	}
}

// start starts the servers.
func (s *site) start(ctx context.Context) error {
	for _, server := range s.servers {
		if err := server.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *site) closeServers() {
	for _, server := range s.servers {
		server.close()
	}
}

func (s *site) becomesReady(ctx context.Context) error {
	for _, server := range s.servers {
		if err := server.becomesReady(ctx); err != nil {
			return err
		}
	}
	return nil
}

// lengthOf returns the length of a phase.
func lengthOf(short bool, full, brief time.Duration) time.Duration {
	if short {
		return brief
	}
	return full
}
