package kibographql

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/tickets"
)

// NewFacade returns the fields that clients of Kibo's APIs send, answered by an office.
func NewFacade(office *tickets.Office) *gqlhttp.Facade {
	schema := gqlparser.MustLoadSchema(sources...) // a copy, because @defer is deleted from it
	delete(schema.Directives, "defer")             // as from the main schema
	answeredBy := func(office *tickets.Office) graphql.ExecutableSchema {
		return NewExecutableSchema(Config{Schema: schema, Resolvers: &Resolver{office}})
	}

	return &gqlhttp.Facade{
		Schema: answeredBy(office),
		SDL:    sources[0].Input,
		Shifted: func(ahead time.Duration) graphql.ExecutableSchema {
			return answeredBy(office.Shifted(ahead))
		},
		Complete: complete,
		Refuse: func(ctx context.Context, caller *access.Caller, ahead time.Duration) (status int, body string) {
			return refuse(ctx, office.Shifted(ahead), caller)
		},
	}
}
