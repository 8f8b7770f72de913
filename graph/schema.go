package graph

import (
	"maps"

	"github.com/99designs/gqlgen/graphql"
)

// NewSchema returns the schema with resolvers to answer it. It has no @defer: a deferred field with a resolver of its own would come back null.
func NewSchema(resolvers ResolverRoot) graphql.ExecutableSchema {
	schema := *parsedSchema // which all servers of the process share
	schema.Directives = maps.Clone(schema.Directives)
	delete(schema.Directives, "defer")
	return NewExecutableSchema(Config{Schema: &schema, Resolvers: resolvers})
}
