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

// serve is the command that runs the server.
type serve struct {
	command.TicketSettings
	command.Address
	gqlhttp.Limits `group:"Limits:"`

	serverSettings   `group:"Server:"`
	jwtSettings      `group:"Tickets:"`
	kiboSettings     `group:"Kibo:"`
	databaseSettings `group:"Database:"`
	trialSettings    `group:"General:"`
}

// serverSettings are about clients and their requests.
type serverSettings struct {
	Issuer string `placeholder:"URL" help:"URL by which clients know the server. The default is its own address."`

	Origins []string `placeholder:"ORIGIN" help:"Origins whose pages may call as the application storefront, or *."`

	TrustedProxies []string `placeholder:"CIDR" help:"Networks of proxies whose X-Forwarded-For is trusted."`

	Playground     bool   `default:"true" negatable:"" help:"Serve the playground at /."`
	Introspection  bool   `default:"true" negatable:"" help:"Answer queries about the schema."`
	Federation     bool   `help:"Be a subgraph of Apollo Federation: answer _service and _entities."`
	Operations     string `placeholder:"FILE" help:"Manifest of trusted documents, which clients may name by hash."`
	OperationsOnly bool   `help:"Run only the trusted documents."`

	ConnectionLimit int `default:"0" help:"Most client connections at a time; 0 means up to 600, if the system allows."`

	RequestTimeout time.Duration `default:"10s" help:"How long a request may take."`
	ShutdownDelay  time.Duration `default:"250ms" help:"How long /readyz fails before the server closes its listener."`
	ShutdownWait   time.Duration `default:"20s" help:"How long a stopping server waits for requests to finish."`
}

// jwtSettings are about JWTs and the keys of all tickets.
type jwtSettings struct {
	Audience         []string      `placeholder:"NAME" help:"Audience of JWTs. The default is the issuer."`
	KeyCheckInterval time.Duration `default:"10m" help:"How often to look for keys to replace or delete."`
}

// databaseSettings are about what the server does to the database besides answering requests.
type databaseSettings struct {
	PurgeInterval time.Duration `default:"10m" help:"How often expired sessions are deleted."`
	Migrate       bool          `help:"Update the schema before serving. An embedded database is always updated."`
}

// trialSettings are for trying the server out.
type trialSettings struct {
	Demo   bool `help:"Load three sample customers into a new embedded database, and print how they sign in."`
	Faults bool `help:"Let the header x-fault cause faults. Needs the embedded database and a loopback address."`
}

// check returns all faults of the settings as one error, or nil.
func (s *serve) check(env *command.Environment, settings *command.Settings) error {
	_, errProxies := s.proxies()
	_, errDocuments := s.trustedDocuments()
	faults := []error{
		s.TicketSettings.Check(),
		s.Address.Check(),
		s.Limits.Check(),
		s.kiboSettings.check(),
		applications.CheckOrigins("--origins", s.Origins),
		settings.CheckKeys(env),
		errProxies,
		errDocuments,
	}
	fault := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}

	fault(s.ConnectionLimit < 0, "--connection-limit: must not be negative")
	fault(s.RequestTimeout <= 0, "--request-timeout: must be more than 0")
	fault(s.ShutdownDelay < 0, "--shutdown-delay: must not be negative")
	fault(s.ShutdownWait <= 0, "--shutdown-wait: must be more than 0")
	fault(s.PurgeInterval <= 0, "--purge-interval: must be more than 0")
	fault(s.KeyCheckInterval <= 0, "--key-check-interval: must be more than 0")

	fault(s.Socket() != "" && s.Issuer == "",
		"--listen: with a socket, --issuer must be set to the URL by which clients know the server")
	fault(s.Issuer != "" && !applications.IsOrigin(s.Issuer),
		"--issuer: must be a URL without a path, e.g. https://tickets.example")
	fault(s.OperationsOnly && s.Operations == "", "--operations-only: needs --operations, or no document could be run")
	fault(s.OperationsOnly && s.Federation,
		"--operations-only: cannot be combined with --federation, because routers write their own documents")
	fault(s.KeyRotation != 0 && s.KeyRotation < settings.SigningKeyNotice,
		"--key-rotation: must not be shorter than --signing-key-notice")

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
