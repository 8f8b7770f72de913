package server

import (
	"cmp"
	"context"
	"errors"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/web"
	"github.com/authtickets/authtickets/wiring"
)

// parts are the parts of a server.
type parts struct {
	*wiring.Parts

	settings *serve
	hasher   *password.Hasher
	office   *tickets.Office
}

// wire puts the server together. address is where clients reach it. The database is not used yet.
func (s *serve) wire(env *command.Environment, settings *command.Settings, address string) (*parts, error) {
	master, err := settings.LoadMaster(env)
	if err != nil {
		return nil, err
	}
	hasher, err := settings.Hasher()
	if err != nil {
		return nil, err
	}
	store, err := settings.OpenStore(env)
	if err != nil {
		return nil, err
	}

	issuer := cmp.Or(s.Issuer, "http://"+address)
	audience := s.Audience
	if len(audience) == 0 {
		audience = []string{issuer}
	}
	domain := wiring.New(wiring.Settings{
		Store:         store,
		Now:           env.Now,
		Random:        env.Random,
		Log:           env.Log,
		Hasher:        hasher,
		Master:        master,
		SigningNotice: settings.SigningKeyNotice,
		Policy:        s.Policy(),
		Elapsed:       env.Elapsed,
		Issuer:        issuer,
		Audience:      audience,

		ApplicationTicketLifetime: s.ticketLifetime(),
		UserClaims:                s.Kibo,
	})
	office, err := tickets.Open(domain.Office())
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &parts{Parts: domain, settings: s, hasher: hasher, office: office}, nil
}

// load prepares the database for the first operation, and reads what the server keeps in memory.
func (p *parts) load(ctx context.Context) error {
	settings := p.settings
	err := p.Applications.ConfigureStorefront(ctx, access.Server(), settings.Behaviors, settings.Origins)
	if err != nil {
		return err
	}

	err = errors.Join(p.Directory.Reload(ctx), p.Directory.ReloadEnded(ctx), command.LoadKeysets(ctx, p.Ring))
	if err != nil {
		return err
	}

	if p.settings.Demo {
		if err := command.LoadDemo(ctx, p.Accounts); err != nil {
			return err
		}
	}

	return p.office.ReloadEnded(ctx)
}

// handler returns the handler of all requests. cores bounds its heavy work.
func (s *serve) handler(env *command.Environment, parts *parts, database *database, cores int) (*web.Handler, error) {
	proxies, err := s.proxies()
	if err != nil {
		return nil, err
	}
	trusted, err := s.trustedDocuments()
	if err != nil {
		return nil, err
	}

	schema := graph.NewSchema(&graph.Resolver{Office: parts.office, Accounts: parts.Accounts}, s.Federation)
	return web.New(web.Settings{
		Settings: gqlhttp.Settings{
			Schema:           schema,
			Facade:           parts.kiboFacade(),
			Office:           parts.office,
			Introspection:    s.Introspection,
			Limits:           s.Limits,
			TrustedDocuments: trusted,
			TrustedOnly:      s.OperationsOnly,
			Cores:            cores,
			Deadline:         s.RequestTimeout,
			Random:           env.Random,
			Faults:           parts.faults(schema),
			Log:              env.Log,
		},
		SDL:            env.SDL,
		Kibo:           parts.kiboHandler(s.Limits.Body),
		Sites:          s.KiboSites,
		Ready:          database.ready,
		TrustedProxies: proxies,
		Playground:     s.Playground,
		Demo:           s.Demo,
		LocalPages:     s.Demo || s.Faults,
	})
}
