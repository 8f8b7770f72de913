package graph

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// The parts of the schema, in the order of gqlgen.yml.
const (
	ownPart    = iota // schema.graphqls
	entityPart        // federation.graphqls, and after it subgraph.graphqls
)

// NewSchema returns the schema with resolvers. With federation, it is the schema of a subgraph of
// Apollo Federation. It has no @defer, because a deferred field that has its own resolver would be
// null.
func NewSchema(resolvers *Resolver, federation bool) graphql.ExecutableSchema {
	parts := sources
	if !federation {
		parts = sources[:entityPart]
	}
	schema := gqlparser.MustLoadSchema(parts...) // a copy, because all servers of the process share the generated one
	delete(schema.Directives, "defer")
	return answeredBy(schema, resolvers)
}

// AnsweredBy returns the same schema with other resolvers to answer it.
func AnsweredBy(schema graphql.ExecutableSchema, resolvers *Resolver) graphql.ExecutableSchema {
	return answeredBy(schema.Schema(), resolvers)
}

func answeredBy(schema *ast.Schema, resolvers *Resolver) graphql.ExecutableSchema {
	return NewExecutableSchema(Config{Schema: schema, Resolvers: resolvers})
}
