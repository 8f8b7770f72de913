// Package graph answers the GraphQL schema: generated code, resolvers that unpack, call and return,
// and the one place that turns errors into answers.
package graph

import (
	"context"

	"github.com/authtickets/authtickets/access"
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

// WithCaller returns a context for the operations of a caller. gqlgen can pass the caller to
// resolvers only in the context.
func WithCaller(ctx context.Context, caller *access.Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, &request{caller: caller})
}

// CallerOf returns the caller of a context. Without one it returns a caller that names no
// application and has no rights.
func CallerOf(ctx context.Context) *access.Caller {
	if current, ok := ctx.Value(callerKey{}).(*request); ok {
		return current.caller
	}
	return &access.Caller{}
}
