// Package graph answers the GraphQL schema: generated code, resolvers that unpack, call and return, and the one place where errors are
// turned into what a client is told.
package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/tickets"
)

//go:generate go tool gqlgen generate

// Resolver answers the root fields.
type Resolver struct {
	Office   *tickets.Office
	Accounts *accounts.Book
}

type callerKey struct{}

// WithCaller returns a context in which operations can be run. gqlgen passes nothing else to
// resolvers.
func WithCaller(ctx context.Context, caller *tickets.Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, &asking{caller: caller})
}

// callerOf returns who asks. A context without one is nobody's, and may nothing.
func callerOf(ctx context.Context) *tickets.Caller {
	if present, ok := ctx.Value(callerKey{}).(*asking); ok {
		return present.caller
	}
	return &tickets.Caller{}
}

// needs implements the schema's @needs.
func (r *Resolver) needs(ctx context.Context, _ any, next graphql.Resolver, behavior string) (any, error) {
	if err := r.Office.Allow(callerOf(ctx), behavior); err != nil {
		return nil, err
	}
	return next(ctx)
}
