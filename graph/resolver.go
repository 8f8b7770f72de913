// Package graph answers the GraphQL schema: generated code, resolvers that unpack, call and return, and the one place where errors are
// turned into what a client is told.
package graph

import (
	"context"
	"errors"
	"net/netip"

	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/tickets"
)

//go:generate go tool gqlgen generate

// Resolver answers the root fields.
type Resolver struct{ Office *tickets.Office }

// Request is what resolvers need to know of the HTTP request.
type Request struct {
	// Address is the client's.
	Address netip.Addr
	// AccessToken is the one in its headers; empty when there is none.
	AccessToken secret.Text
}

type requestKey struct{}

// WithRequest returns a context with which operations can be run. gqlgen hands resolvers nothing but the context.
func WithRequest(ctx context.Context, request Request) context.Context {
	return context.WithValue(ctx, requestKey{}, request)
}

var errNoRequest = errors.New("the context of the operation does not come from WithRequest")

func requestOf(ctx context.Context) (Request, error) {
	request, ok := ctx.Value(requestKey{}).(Request)
	if !ok {
		return request, errNoRequest
	}
	return request, nil
}
