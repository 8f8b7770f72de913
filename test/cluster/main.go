// Cluster tries the server on real databases that fail: three Galera nodes, a primary with a
// lagging replica, and a database whose clock is changed. It prints a table of what honest shoppers
// saw. The exit code is 1 if a shopper lost anything. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// options are the command line's options.
type options struct {
	against string
	short   bool
	keep    bool
}

func main() {
	var o options
	flag.StringVar(&o.against, "against", "all", "galera, lagging, stepping or all")
	flag.BoolVar(&o.short, "short", false, "take little more than a minute")
	flag.BoolVar(&o.keep, "keep", false, "keep the temporary folder, which holds the logs")
	flag.Parse()

	var err error
	code := 2
	folder, isEnclosed := enclosed()
	switch {
	case flag.NArg() > 0 || !slices.Contains([]string{"all", "galera", "lagging", "stepping"}, o.against):
		flag.Usage()
	case isEnclosed:
		code, err = tryInside(o, folder)
	default:
		code, err = prepare(o)
	}

	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		code = max(code, 1)
	}

	os.Exit(code)
}

func (o options) wants(site string) bool { return o.against == "all" || o.against == site }

// prepare does what needs the outside: it installs what is missing and builds the server. The rest
// runs in an enclosure, if the system allows one.
func prepare(o options) (code int, err error) {
	ctx, stop := untilSignal()
	defer stop()

	if _, err := findPrograms(ctx, o.wants("galera")); err != nil {
		return 1, err
	}

	folder, err := os.MkdirTemp("", "authtickets-cluster-")
	if err != nil {
		return 1, err
	}
	if o.keep {
		fmt.Println("logs:", folder)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	if err := build(ctx, folder); err != nil {
		return 1, err
	}

	stop() // from here on, the program inside handles signals
	code, err = enclose(folder, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster: no namespaces here:", err)
		return try(o, folder, onLoopback())
	}

	return code, nil
}

// tryInside calls try inside the enclosure.
func tryInside(o options, folder string) (code int, err error) {
	if err := furnish(); err != nil {
		return 1, err
	}

	network, err := inNamespaces(context.Background())
	if err != nil {
		return 1, err
	}

	return try(o, folder, network)
}

// untilSignal returns a context that ends when the program gets a signal to stop.
func untilSignal() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
}

// try tries the server on each kind of database.
func try(o options, folder string, network *network) (code int, err error) {
	ctx, stop := untilSignal()
	defer stop()

	const longest = 15 * time.Minute
	ctx, cancel := context.WithTimeoutCause(ctx, longest, errNever)
	defer cancel()

	start := time.Now()

	found, err := findPrograms(ctx, o.wants("galera"))
	if err != nil {
		return 1, err
	}

	w, err := newWorkshop(ctx, folder, found)
	if err != nil {
		return 1, err
	}

	r := &report{out: os.Stdout}
	if o.wants("galera") && !network.canCut() {
		r.skip("no network namespaces here: no node is cut off")
	}

	sites := []struct {
		name string
		open func() (*site, error)
	}{
		{"galera", func() (*site, error) { return galeraSite(ctx, w, network, o.short) }},
		{"lagging", func() (*site, error) { return laggingSite(ctx, w, o.short) }},
		{"stepping", func() (*site, error) { return steppingSite(ctx, w, o.short) }},
	}

	for _, s := range sites {
		if !o.wants(s.name) {
			continue
		}
		if err := r.tryOn(ctx, s.open, folder, o.short); err != nil {
			return 1, err
		}
	}

	fmt.Printf("\n%s\n", time.Since(start).Round(time.Second))
	r.total()
	return min(r.failed, 1), nil
}

// tryOn tries the server on one site.
func (r *report) tryOn(ctx context.Context, open func() (*site, error), folder string, short bool) error {
	s, err := open()
	if err != nil {
		return err
	}
	defer s.close()

	t := newTrial(s, folder, short)
	if err := t.run(ctx); err != nil {
		return err
	}

	r.trial(t)
	return nil
}
