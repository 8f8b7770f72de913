package server

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/web"
)

// parts are what a server is put together of.
type parts struct {
	settings  *serve
	hasher    *password.Hasher
	store     *storage.Store
	accounts  *accounts.Book
	operator  *applications.Book
	directory *applications.Directory
	ring      *keyring.Ring
	office    *tickets.Office
}

// wire puts a server together that clients reach at an address. It asks nothing of the database yet.
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
	p := &parts{
		settings: s, hasher: hasher, store: store, directory: &applications.Directory{Store: store},
		accounts: &accounts.Book{Store: store, Hasher: hasher, Now: env.Now, Random: env.Random},
		operator: &applications.Book{Store: store, Now: env.Now, Random: env.Random},
	}
	p.ring = &keyring.Ring{
		Store: store, Master: master, Keys: new(seal.Keys), Signers: new(seal.Signers),
		Life: s.keyLife(p.directory), SigningNotice: settings.SigningKeyNotice, Now: env.Now,
	}
	issuer := cmp.Or(s.Issuer, "http://"+address)
	audience := s.Audience
	if len(audience) == 0 {
		audience = []string{issuer}
	}
	p.office, err = tickets.Open(tickets.Office{
		Store: store, Accounts: p.accounts, Applications: p.directory, Keys: p.ring.Keys, Signers: p.ring.Signers, Hasher: hasher, Policy: s.Policy(),
		Elapsed: env.Elapsed, Issuer: issuer, Audience: audience, Now: env.Now, Random: env.Random, Log: env.Log,
	})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return p, nil
}

// load reads and writes what must be there before the first operation.
func (p *parts) load(ctx context.Context) error {
	if err := p.operator.ConfigureStorefront(ctx, p.settings.Behaviors, p.settings.Origins); err != nil {
		return err
	}
	if err := errors.Join(p.directory.Reload(ctx), command.LoadKeysets(ctx, p.ring)); err != nil {
		return err
	}
	if p.settings.Demo {
		if err := command.LoadDemo(ctx, p.accounts); err != nil {
			return err
		}
	}
	return p.office.ReloadEnded(ctx)
}

// keyLife returns how long a token of any application under a key may live.
func (s *serve) keyLife(directory *applications.Directory) func(models.KeyPurpose) time.Duration {
	return func(purpose models.KeyPurpose) time.Duration {
		longest := s.KeyLife(purpose)
		for application := range directory.All() {
			if purpose == models.SignKeys {
				longest = max(longest, application.AccessLifetime)
			} else {
				longest = max(longest, application.SessionLifetime)
			}
		}
		return longest
	}
}

// handler returns what answers requests on a number of cores.
func (s *serve) handler(env *command.Environment, parts *parts, database *database, cores int) (*web.Handler, error) {
	proxies, err := s.proxies()
	if err != nil {
		return nil, err
	}
	trusted, err := s.trustedDocuments()
	if err != nil {
		return nil, err
	}
	schema := graph.NewSchema(&graph.Resolver{Office: parts.office, Accounts: parts.accounts}, s.Federation)
	return web.New(web.Settings{
		Settings: gqlhttp.Settings{
			Schema:           schema,
			Office:           parts.office,
			Introspection:    s.Introspection,
			Limits:           s.Limits,
			TrustedDocuments: trusted,
			TrustedOnly:      s.OperationsOnly,
			Cores:            cores,
			Deadline:         s.RequestTimeout,
			Random:           env.Random,
			Faults:           parts.faults(env, schema),
			Log:              env.Log,
		},
		SDL:            env.SDL,
		Ready:          database.ready,
		TrustedProxies: proxies,
		Playground:     s.Playground,
		Demo:           s.Demo,
		LocalPages:     s.Demo || s.Faults,
	})
}
