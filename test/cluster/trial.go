package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/authtickets/authtickets/test/cluster/history"
	"github.com/authtickets/authtickets/test/cluster/shoppers"
)

// trial is a site with the shoppers who use it.
type trial struct {
	site    *site
	crowd   *shoppers.Crowd
	folder  string // of the logs
	short   bool
	results []result
	// These are the results of the last check of all sessions.
	sessions, unsettled int
	disagreement        error
	findings            []history.Finding
}

// result is what was measured in one phase.
type result struct {
	phase phase
	// before and after are the p99 of the refreshes on the servers that the fault does not affect.
	// after begins 5 s after the fault. Each is 0 if there is too little to measure.
	before, after time.Duration
	// noticed is how long the server took to report that its node is gone, or 0 if it need not
	// report it.
	noticed time.Duration
}

// grace is how long a fault may disturb the servers that it does not affect.
const grace = 5 * time.Second

const (
	deviceCount = 48
	rate        = 150
)

func newTrial(s *site, folder string, short bool) *trial {
	var urls []string
	for _, server := range s.servers {
		urls = append(urls, server.url())
	}

	return &trial{site: s, folder: folder, short: short, crowd: shoppers.New(shoppers.Settings{
		Servers:     urls,
		Customers:   customers(),
		Password:    customerPassword,
		Devices:     deviceCount,
		Rate:        rate,
		ReuseWindow: reuseWindow,
	})}
}

// run starts the shoppers, goes through all phases, and checks every session at the end.
func (t *trial) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	t.crowd.Start(ctx)
	for _, p := range t.site.phases {
		result, err := t.happen(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", t.site.name, p.name, err)
		}

		t.results = append(t.results, result)
	}

	t.crowd.Enter(afterwards, false)
	t.crowd.Stop()

	t.sessions, t.unsettled = t.crowd.Verify(ctx)
	if t.site.agree != nil {
		t.disagreement = t.site.agree(ctx)
	}

	const patience = 5 * time.Second
	t.findings = t.crowd.History().Check(patience)
	return errors.Join(context.Cause(ctx), t.keepLatencies())
}

// keepLatencies writes the latencies of every second into the folder of the logs.
func (t *trial) keepLatencies() error {
	file, err := os.Create(filepath.Join(t.folder, t.site.name+".latencies.csv"))
	if err != nil {
		return err
	}
	return errors.Join(t.crowd.WriteLatencies(file), file.Close())
}

// afterwards is the name of the phase after the shoppers have stopped, in which every session is
// checked.
const afterwards = "afterwards"

// happen goes through one phase.
func (t *trial) happen(ctx context.Context, p phase) (result, error) {
	r := result{phase: p}
	fmt.Fprintf(os.Stderr, "%s: %s\n", t.site.name, p.name)
	t.crowd.Enter(p.name, p.rush)
	calm := t.crowd.History().Now()
	if err := pause(ctx, p.calm); err != nil {
		return r, err
	}

	if p.fault == nil {
		return r, pause(ctx, p.lasts)
	}

	fault := t.crowd.History().Now()
	noticed := make(chan time.Duration, 1)
	if p.losesNode {
		go func() { noticed <- t.site.servers[p.victim].noticesWithin(ctx, p.lasts) }()
	}
	if err := p.fault(ctx); err != nil {
		return r, err
	}

	if err := pause(ctx, p.lasts); err != nil {
		return r, err
	}

	mended := t.crowd.History().Now()
	if p.losesNode {
		r.noticed = <-noticed
		r.before, r.after = t.p99(p.victim, calm, fault), t.p99(p.victim, fault+grace, mended)
	}

	if p.mend == nil {
		return r, nil
	}
	if err := p.mend(ctx); err != nil {
		return r, err
	}
	if err := t.site.becomesReady(ctx); err != nil {
		return r, err
	}

	return r, pause(ctx, p.rest)
}

// p99 returns the p99 of the refreshes on all servers but one, during a period.
func (t *trial) p99(except int, from, to time.Duration) time.Duration {
	const fewest = 100 // fewer do not make a p99

	var servers []int
	for number := range t.site.servers {
		if number != except {
			servers = append(servers, number)
		}
	}

	took, count := t.crowd.Percentile(0.99, from, to, servers...)
	if count < fewest {
		return 0
	}

	return took
}
