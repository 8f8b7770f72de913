package graph

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// The parts of the schema, in the order of gqlgen.yml.
const (
	ownPart    = iota // schema.graphqls
	entityPart        // what it says to a router, and then what every subgraph has
)

// NewSchema returns the schema with resolvers to answer it: that of schema.graphqls or, with federation, that of a subgraph of Apollo Federation. It
// has no @defer: a deferred field with a resolver of its own would come back null.
func NewSchema(resolvers *Resolver, federation bool) graphql.ExecutableSchema {
	parts := sources
	if !federation {
		parts = sources[:entityPart]
	}
	schema := gqlparser.MustLoadSchema(parts...) // not the generated one, which all servers of the process share
	delete(schema.Directives, "defer")
	return answeredBy(schema, resolvers)
}

// AnsweredBy returns the same schema with other resolvers to answer it.
func AnsweredBy(schema graphql.ExecutableSchema, resolvers *Resolver) graphql.ExecutableSchema {
	return answeredBy(schema.Schema(), resolvers)
}

func answeredBy(schema *ast.Schema, resolvers *Resolver) graphql.ExecutableSchema {
	return NewExecutableSchema(Config{Schema: schema, Resolvers: resolvers, Directives: DirectiveRoot{Needs: resolvers.needs}})
}
