package server

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/graph"
)

// faults are what requests may have go wrong; nil unless the operator allows that.
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

// shifted returns resolvers for whom all clocks are ahead. Were it the server's alone, what cannot
// be taken back would be put off, because the clocks would not agree.
func (p *parts) shifted(env *command.Environment, ahead time.Duration) *graph.Resolver {
	now := func() time.Time { return env.Now().Add(ahead) }
	store, book, office := p.Store.WithClock(now), *p.Accounts, *p.office
	book.Store, book.Now = store, now
	office.Store, office.Accounts, office.Now = store, &book, now
	office.Elapsed = func() time.Duration { return env.Elapsed() + ahead }
	return &graph.Resolver{Office: &office, Accounts: &book}
}
