package server

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/storage"
)

// serve is the command that serves tickets.
type serve struct {
	command.TicketSettings
	command.Address
	gqlhttp.Limits `group:"Limits:"`

	Issuer          string        `help:"URL that clients and services know the server by, e.g. https://tickets.example: the issuer of JWTs. By default that of --listen." placeholder:"URL" group:"Server:"`
	Audience        []string      `help:"Audience of JWTs, as services that verify them expect it. By default the issuer." placeholder:"NAME" group:"Tickets:"`
	Origins         []string      `help:"Origins of web pages that may call as the application storefront, e.g. https://shop.example; * allows all. If given, set at each start. For others, or without a restart: authtickets application update." placeholder:"ORIGIN" group:"Server:"`
	TrustedProxies  []string      `help:"Networks of proxies whose X-Forwarded-For is believed, e.g. 10.0.0.0/8." placeholder:"CIDR" group:"Server:"`
	Playground      bool          `help:"Serve the playground at /." default:"true" negatable:"" group:"Server:"`
	Introspection   bool          `help:"Answer queries about the schema." default:"true" negatable:"" group:"Server:"`
	Federation      bool          `help:"Be a subgraph of Apollo Federation (_service, _entities)." group:"Server:"`
	Operations      string        `help:"Manifest of trusted documents, as @apollo/generate-persisted-query-manifest writes it: clients may send just the hashes." placeholder:"FILE" group:"Server:"`
	OperationsOnly  bool          `help:"Run the trusted documents, and no others." group:"Server:"`
	ConnectionLimit int           `help:"Most connections of clients. Beyond that, the one idle for longest is closed. 0 means as many as the limit of open files allows, at most 600." default:"0" group:"Server:"`
	RequestTimeout  time.Duration `help:"Longest time for a request." default:"10s" group:"Server:"`
	ShutdownDelay   time.Duration `help:"How long /readyz says no before new connections are refused: as long as a load balancer needs to notice." default:"250ms" group:"Server:"`
	ShutdownWait    time.Duration `help:"Longest wait for requests as the server stops." default:"20s" group:"Server:"`
	PurgeInterval   time.Duration `help:"How often expired sessions are deleted." default:"10m" group:"Database:"`

	KeyCheckInterval time.Duration `help:"How often the server looks for keys that are due to be replaced or deleted." default:"10m" group:"Tickets:"`

	Migrate bool `help:"Bring the schema of the database up to date before serving. The embedded one always is." group:"Database:"`
	Demo    bool `help:"Load three sample customers into a fresh embedded database, and print how they sign in." group:"General:"`
	Faults  bool `help:"Let requests say with the header x-fault what shall go wrong with them, to test clients. Only on the embedded database and a loopback address; pages on localhost may call." group:"General:"`
}

// check returns all faults of the settings together, nil when there are none.
func (s *serve) check(env *command.Environment, settings *command.Settings) error {
	faults := []error{
		s.TicketSettings.Check(), s.Address.Check(), s.Limits.Check(),
		applications.CheckOrigins("--origins", s.Origins), settings.CheckKeys(env),
	}
	fault := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	fault(s.Socket() != "" && s.Issuer == "",
		"--listen: on a socket, --issuer must say by which URL clients know the server")
	fault(s.ConnectionLimit < 0, "--connection-limit: must not be negative")
	fault(s.RequestTimeout <= 0, "--request-timeout: must be more than 0")
	fault(s.ShutdownDelay < 0, "--shutdown-delay: must not be negative")
	fault(s.ShutdownWait <= 0, "--shutdown-wait: must be more than 0")
	fault(s.PurgeInterval <= 0, "--purge-interval: must be more than 0")
	fault(s.KeyCheckInterval <= 0, "--key-check-interval: must be more than 0")
	fault(s.Issuer != "" && !applications.IsOrigin(s.Issuer), "--issuer: must be a URL without a path, e.g. https://tickets.example")
	fault(s.OperationsOnly && s.Operations == "", "--operations-only: needs --operations, or nothing would be run")
	fault(s.OperationsOnly && s.Federation, "--operations-only: not with --federation, whose routers write documents of their own")
	fault(s.KeyRotation != 0 && s.KeyRotation < settings.SigningKeyNotice,
		"--key-rotation: must not be shorter than --signing-key-notice")
	_, err := s.proxies()
	faults = append(faults, err)
	_, err = s.trustedDocuments()
	faults = append(faults, err)
	if database, err := settings.DatabaseURL(); err == nil {
		onlyHere := func(isSet bool, flag string) {
			fault(isSet && !storage.Embedded(database), flag+": only on the embedded database")
			fault(isSet && !s.IsLocal(), flag+": only on a loopback address, e.g. --listen 127.0.0.1:8080")
		}
		onlyHere(s.Demo, "--demo")
		onlyHere(s.Faults, "--faults")
	}
	return errors.Join(faults...)
}

// proxies returns the networks of the trusted proxies.
func (s *serve) proxies() ([]netip.Prefix, error) {
	var networks []netip.Prefix
	var faults []error
	for _, text := range s.TrustedProxies {
		network, err := inbound.ParseNetwork(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("--trusted-proxies: %q is %w", text, err))
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
	documents, err := gqlhttp.ReadManifest(text)
	if err != nil {
		return nil, fmt.Errorf("--operations: %w", err)
	}
	return documents, nil
}
