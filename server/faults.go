package server

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/graph"
)

// faults returns what requests may make go wrong. It returns nil unless the operator allows faults.
func (p *parts) faults(env *command.Environment, schema graphql.ExecutableSchema) *gqlhttp.Faults {
	if !p.settings.Faults {
		return nil
	}
	return &gqlhttp.Faults{
		Shifted: func(ahead time.Duration) graphql.ExecutableSchema {
			return graph.AnsweredBy(schema, p.shifted(env, ahead))
		},
		Rotate: p.Ring.RotateAtOnce,
	}
}

// shifted returns resolvers that see all clocks ahead. With only the server's clock ahead, the
// clocks would not agree, and the office would put off whatever cannot be undone.
func (p *parts) shifted(env *command.Environment, ahead time.Duration) *graph.Resolver {
	now := func() time.Time { return env.Now().Add(ahead) }

	store, book, office := p.Store.WithClock(now), *p.Accounts, *p.office
	book.Store, book.Now = store, now
	office.Store, office.Accounts, office.Now = store, &book, now
	office.Elapsed = func() time.Duration { return env.Elapsed() + ahead }

	return &graph.Resolver{Office: &office, Accounts: &book}
}
