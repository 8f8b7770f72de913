package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"time"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/logpipe"
	"github.com/authtickets/authtickets/safely"
	"github.com/authtickets/authtickets/web"
)

// Run puts the server together, serves until the context ends, and then lets requests finish.
func (s *serve) Run(env *command.Environment, settings *command.Settings) (err error) {
	surviveSignals(env)
	greeting := logpipe.Open(env.Stdout)
	defer greeting.Close(LogDrainTime)

	listener, err := s.Open(env.Context)
	if err != nil {
		return err
	}
	defer listener.Close() //nolint:errcheck // usually the server has closed it
	parts, err := s.wire(env, settings, s.address(listener.Addr()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, parts.Store.Close()) }()

	cores := runtime.GOMAXPROCS(0) // a container may use fewer than the machine has
	makeRoom(env, parts.hasher)
	reserveThreads(runtime.GOMAXPROCS(0) + settings.DatabaseConnections + otherThreads)

	database := &database{store: parts.Store, load: parts.load}
	handler, err := s.handler(env, parts, database, cores)
	if err != nil {
		return err
	}
	if s.Faults {
		env.Log.WarnContext(env.Context,
			"faults are on: requests can ask for faults with the header x-fault")
	}

	server := web.NewServer(handler, s.RequestTimeout, env.Log)
	connections := s.connections(env, settings)
	connections.Follow(server)
	served := make(chan error, 1)
	go func() {
		served <- safely.Do(func() error { return server.Serve(connections.Listen(listener)) })
	}()

	if err := database.prepare(env, settings, s.Migrate); err != nil {
		return errors.Join(err, server.Close())
	}
	if env.Context.Err() == nil {
		s.greet(greeting, env.Version, listener.Addr())
		s.warnOfSites(env, parts)
	}
	s.workInBackground(env, parts, handler)

	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-env.Context.Done():
	}
	return s.stop(env, server, handler, database)
}

// stop first makes the server unready, so that load balancers send no more requests. Then it closes
// the listener, and waits until all requests are answered.
func (s *serve) stop(env *command.Environment, server *http.Server, handler *web.Handler, database *database) error {
	database.draining.Store(true)
	time.Sleep(s.ShutdownDelay)

	patience, cancel := context.WithTimeout(context.WithoutCancel(env.Context), s.ShutdownWait)
	defer cancel()
	err := server.Shutdown(patience)
	handler.LogClients(patience)

	if err != nil {
		return fmt.Errorf("requests were still running after %s: %w", s.ShutdownWait, err)
	}
	return nil
}

// connections returns the limit of connections. By default it leaves file descriptors for the
// database and for files.
func (s *serve) connections(env *command.Environment, settings *command.Settings) *inbound.Connections {
	const files = 32
	most := cmp.Or(s.ConnectionLimit, inbound.DefaultConnections(settings.DatabaseConnections+files))
	return inbound.NewConnections(most, env.Log)
}

// address returns the address that clients can use. Its host is the one of --listen. If the server
// listens on all addresses, it is localhost.
func (s *serve) address(listener net.Addr) string {
	_, port, _ := net.SplitHostPort(listener.String())
	host, _, _ := net.SplitHostPort(s.Listen)

	if unspecified, err := netip.ParseAddr(host); host == "" || (err == nil && unspecified.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// greet prints where the server can be reached.
func (s *serve) greet(out io.Writer, version string, listener net.Addr) {
	address := s.address(listener)
	if s.Socket() != "" {
		fmt.Fprintf(out, "authtickets %s serves GraphQL at %s\n", version, s.Listen)
	} else {
		fmt.Fprintf(out, "authtickets %s serves GraphQL at http://%s/graphql\n", version, address)
	}
	if s.Playground && s.Socket() == "" {
		fmt.Fprintf(out, "Playground: http://%s/\n", address)
	}
	if s.Demo {
		fmt.Fprint(out, "\n"+command.DemoCredentials)
	}
}
