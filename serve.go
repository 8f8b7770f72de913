package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"time"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/web"
)

// serve is the command that serves tickets.
type serve struct {
	command.TicketSettings
	web.Limits `group:"Limits:"`

	Listen         string        `help:"Address to listen on." default:"127.0.0.1:8080" group:"Server:"`
	Origins        []string      `help:"Origins of the web pages that may call the server, e.g. https://shop.example; * allows all." placeholder:"ORIGIN" group:"Server:"`
	TrustedProxies []string      `help:"Networks of the proxies whose X-Forwarded-For header is believed, e.g. 10.0.0.0/8." placeholder:"CIDR" group:"Server:"`
	Playground     bool          `help:"Serve the playground at /." default:"true" negatable:"" group:"Server:"`
	Introspection  bool          `help:"Answer questions about the schema." default:"true" negatable:"" group:"Server:"`
	Federation     bool          `help:"Be a subgraph of Apollo Federation: answer _service and _entities." group:"Server:"`
	Operations     string        `help:"Manifest of trusted documents, as @apollo/generate-persisted-query-manifest writes it: clients need to send their hashes only." placeholder:"FILE" group:"Server:"`
	OperationsOnly bool          `help:"Run the trusted documents, and no others." group:"Server:"`
	RequestTimeout time.Duration `help:"Longest time for a request." default:"10s" group:"Server:"`
	ShutdownDelay  time.Duration `help:"How long /readyz says no before the server stops to accept connections: as long as a load balancer needs to notice." default:"250ms" group:"Server:"`
	ShutdownWait   time.Duration `help:"Longest time for requests to finish when the server stops." default:"20s" group:"Server:"`
	PurgeInterval  time.Duration `help:"How often expired sessions are deleted." default:"10m" group:"Database:"`
	Migrate        bool          `help:"Bring the schema of the database up to date before serving. The embedded one always is." group:"Database:"`
	Demo           bool          `help:"Load three sample customers into a fresh embedded database, and print how they sign in." group:"General:"`
}

// check returns all faults of the settings together, nil when there are none.
func (s *serve) check(env *command.Environment, settings *command.Settings) error {
	faults := []error{s.TicketSettings.Check(), s.Limits.Check(), settings.CheckKeys(env)}
	fault := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	host, _, err := net.SplitHostPort(s.Listen)
	fault(err != nil, "--listen: must be an address and a port, e.g. 127.0.0.1:8080")
	fault(s.RequestTimeout <= 0, "--request-timeout: must be more than 0")
	fault(s.ShutdownDelay < 0, "--shutdown-delay: must not be negative")
	fault(s.ShutdownWait <= 0, "--shutdown-wait: must be more than 0")
	fault(s.PurgeInterval <= 0, "--purge-interval: must be more than 0")
	for _, origin := range s.Origins {
		fault(origin != "*" && !isOrigin(origin), fmt.Sprintf("--origins: %q is no origin; write it as a browser does, e.g. https://shop.example", origin))
	}
	fault(s.OperationsOnly && s.Operations == "", "--operations-only: needs --operations, or nothing would be run")
	fault(s.OperationsOnly && s.Federation, "--operations-only: not with --federation, whose routers write documents of their own")
	_, err = s.proxies()
	faults = append(faults, err)
	_, err = s.trustedDocuments()
	faults = append(faults, err)
	if database, err := settings.DatabaseURL(); err == nil && s.Demo {
		fault(!storage.Embedded(database), "--demo: only on the embedded database")
		fault(!isLoopback(host), "--demo: only on a loopback address, e.g. --listen 127.0.0.1:8080")
	}
	return errors.Join(faults...)
}

var (
	originForm  = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]*)?$`)
	defaultPort = regexp.MustCompile(`^(http://.*:80|https://.*:443)$`)
)

// isOrigin reports whether a browser could write an origin so: the host in lower case, and no port that goes without saying (RFC 6454 section 6.2).
func isOrigin(text string) bool {
	return originForm.MatchString(text) && !defaultPort.MatchString(text)
}

// proxies returns the networks of the trusted proxies.
func (s *serve) proxies() ([]netip.Prefix, error) {
	var networks []netip.Prefix
	var faults []error
	for _, text := range s.TrustedProxies {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("--trusted-proxies: %q is no network, e.g. 10.0.0.0/8", text))
		}
		networks = append(networks, network)
	}
	return networks, errors.Join(faults...)
}

// trustedDocuments returns the texts of the trusted documents by their hashes.
func (s *serve) trustedDocuments() (map[string]string, error) {
	if s.Operations == "" {
		return nil, nil //nolint:nilnil // there are none
	}
	text, err := os.ReadFile(s.Operations)
	if err != nil {
		return nil, fmt.Errorf("--operations: %w", err)
	}
	documents, err := web.ReadManifest(text)
	if err != nil {
		return nil, fmt.Errorf("--operations: %w", err)
	}
	return documents, nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && address.IsLoopback())
}

// Run loads, opens, wires, serves and drains.
func (s *serve) Run(env *command.Environment, settings *command.Settings) (err error) {
	keys, err := settings.LoadKeys(env)
	if err != nil {
		return err
	}
	hasher, err := settings.Hasher()
	if err != nil {
		return err
	}
	store, err := settings.OpenStore(env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	book := &accounts.Book{Store: store, Hasher: hasher, Now: env.Now, Random: env.Random}
	office, err := tickets.Open(tickets.Office{
		Store: store, Accounts: book, Keys: keys, Hasher: hasher, Policy: s.Policy(),
		Application: tickets.Application{ID: "storefront", Behaviors: s.Behaviors},
		Now:         env.Now, Random: env.Random, Log: env.Log,
	})
	if err != nil {
		return err
	}
	proxies, err := s.proxies()
	if err != nil {
		return err
	}
	trusted, err := s.trustedDocuments()
	if err != nil {
		return err
	}
	database := &database{store: store}
	handler, err := web.New(web.Settings{
		Schema: graph.NewSchema(&graph.Resolver{Office: office}, s.Federation), SDL: env.SDL, Ready: database.ready,
		Origins: s.Origins, TrustedProxies: proxies, Playground: s.Playground, Introspection: s.Introspection,
		Limits: s.Limits, TrustedDocuments: trusted, TrustedOnly: s.OperationsOnly, Deadline: s.RequestTimeout, Random: env.Random, Log: env.Log,
	})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(env.Context, "tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	server := web.NewServer(handler, s.RequestTimeout, env.Log)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	if err := database.prepare(env, settings, s.Migrate); err != nil {
		return errors.Join(err, server.Close())
	}
	if s.Demo {
		if err := command.LoadDemo(env.Context, book); err != nil {
			return errors.Join(err, server.Close())
		}
	}
	if env.Context.Err() == nil {
		s.greet(env, listener.Addr())
	}
	go purge(env, office, s.PurgeInterval)
	go logClients(env, handler)
	if env.Getenv("GOMAXPROCS") == "" {
		go makeRoom(env, hasher, handler)
	}

	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-env.Context.Done():
	}
	database.draining.Store(true)
	time.Sleep(s.ShutdownDelay)
	patience, cancel := context.WithTimeout(context.WithoutCancel(env.Context), s.ShutdownWait)
	defer cancel()
	err = server.Shutdown(patience)
	office.Drain(patience)
	handler.LogClients(patience)
	if err != nil {
		return fmt.Errorf("requests were still running after %s: %w", s.ShutdownWait, err)
	}
	return nil
}

// greet says where the server is. It goes by the host that was given: an address that stands for all is none to go to.
func (s *serve) greet(env *command.Environment, listener net.Addr) {
	_, port, _ := net.SplitHostPort(listener.String())
	host, _, _ := net.SplitHostPort(s.Listen)
	if unspecified, err := netip.ParseAddr(host); host == "" || (err == nil && unspecified.IsUnspecified()) {
		host = "localhost"
	}
	address := net.JoinHostPort(host, port)
	fmt.Fprintf(env.Stdout, "authtickets %s serves GraphQL at http://%s/graphql\n", env.Version, address)
	if s.Playground {
		fmt.Fprintf(env.Stdout, "Playground: http://%s/\n", address)
	}
	if s.Demo {
		fmt.Fprint(env.Stdout, "\n"+command.DemoCredentials)
	}
}
