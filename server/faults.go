package server

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/graph"
)

// faults returns what causes the faults that requests ask for. It returns nil unless the operator
// allows faults.
func (p *parts) faults(schema graphql.ExecutableSchema) *gqlhttp.Faults {
	if !p.settings.Faults {
		return nil
	}
	return &gqlhttp.Faults{
		Shifted: func(ahead time.Duration) graphql.ExecutableSchema {
			office := p.office.Shifted(ahead)
			return graph.AnsweredBy(schema, &graph.Resolver{Office: office, Accounts: office.Accounts})
		},
		Rotate: p.Ring.RotateAtOnce,
	}
}
